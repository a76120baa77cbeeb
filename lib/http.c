/* Requests and replies. */
#include "http.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_BYTES 65536 /* of a buffer's memory, between requests */

void request_clear(struct request *r)
{
	struct buf body = r->body;

	query_clear(&r->query);
	buf_reset(&body, KEEP_BYTES);
	memset(r, 0, sizeof(*r));
	r->body = body;
}

void reply_clear(struct reply *p)
{
	struct buf body = p->body, headers = p->headers;

	buf_reset(&body, KEEP_BYTES);
	buf_reset(&headers, KEEP_BYTES);
	*p = (struct reply){ .body = body, .headers = headers };
}

const char *http_method_name(enum http_method m)
{
	static const char *const names[HTTP__MAX] = {
		[HTTP_GET] = "GET",     [HTTP_POST] = "POST",     [HTTP_PUT] = "PUT",
		[HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
		[HTTP_OTHER] = "",
	};

	return names[m];
}

const char *http_reason(int status)
{
	static const struct { int status; const char *reason; } reasons[] = {
		{ 200, "OK" }, { 201, "Created" }, { 204, "No Content" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 408, "Request Timeout" }, { 409, "Conflict" },
		{ 411, "Length Required" }, { 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" }, { 422, "Unprocessable Content" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" },
		{ 501, "Not Implemented" }, { 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Status";
}

void reply_header(struct reply *p, const char *name, const char *fmt, ...)
{
	va_list ap;

	buf_addf(&p->headers, "%s: ", name);
	va_start(ap, fmt);
	buf_addv(&p->headers, fmt, ap);
	va_end(ap);
	buf_addstr(&p->headers, "\r\n");
}

void reply_json(struct reply *p, int status)
{
	p->status = status;
	p->type = "application/json";
}

void reply_empty(struct reply *p)
{
	p->status = 204;
}

static void member(struct buf *json, const char *name)
{
	bool first = !json->len || json->data[json->len - 1] == '{';

	buf_addf(json, first ? "\"%s\":" : ",\"%s\":", name);
}

void member_text(struct buf *json, const char *name, const char *text, size_t len)
{
	member(json, name);
	json_quote(json, text, len);
}

void member_number(struct buf *json, const char *name, uint64_t number)
{
	member(json, name);
	buf_addf(json, "%llu", (unsigned long long)number);
}

void member_time(struct buf *json, const char *name, const char *sql_time)
{
	member(json, name);
	buf_addf(json, "\"%.10sT%sZ\"", sql_time, sql_time + 11);
}

void reply_problem(struct reply *p, enum problem kind, const char *detail)
{
	reply_problem_as(p, kind, problem_status(kind), detail);
}

void reply_problem_as(struct reply *p, enum problem kind, int status, const char *detail)
{
	char type[80];
	int n = snprintf(type, sizeof(type), "%s%s", PROBLEM_PATH, problem_name(kind));

	buf_reset(&p->body, KEEP_BYTES);
	p->status = status;
	p->type = "application/problem+json";
	buf_addch(&p->body, '{');
	member_text(&p->body, "type", type, (size_t)n);
	member_text(&p->body, "title", problem_title(kind), strlen(problem_title(kind)));
	member_number(&p->body, "status", (uint64_t)p->status);
	member_text(&p->body, "detail", detail, strlen(detail));
	buf_addch(&p->body, '}');
	if (problem_retry_after(kind))
		reply_header(p, "Retry-After", "%d", problem_retry_after(kind));
}

void reply_invalid(struct reply *p, const char *field, const char *reason)
{
	char detail[160];

	snprintf(detail, sizeof(detail), "%s %s", field, reason);
	reply_problem(p, PROBLEM_INVALID, detail);
	if (p->body.failed)
		return;
	p->body.data[--p->body.len] = '\0'; /* open the object again */
	buf_addf(&p->body, ",\"errors\":{\"%s\":[\"%s\"]}}", field, reason);
}

void reply_error(struct reply *p, const struct err *e)
{
	static const char *const details[PROBLEM__MAX] = {
		[PROBLEM_NO_NUMBERING] = "Redis does not answer, or must be recovered first.",
		[PROBLEM_NO_DATABASE] = "MySQL does not answer. Try again.",
		[PROBLEM_QUEUE_FULL] = "Too much is waiting to be stored, or for too long.",
		[PROBLEM_NUMBERS_FULL] = "Every number up to 4294967295 has been given.",
		[PROBLEM_OVERLOADED] = "Out of memory. Try again.",
	};
	enum problem kind = problem_of(e);

	if (e->code == ERR_UNSURE)
		reply_problem(p, kind, "Redis broke off before it answered: this request may have been "
				       "accepted.");
	else
		reply_problem(p, kind, details[kind] ? details[kind] : e->text);
}
