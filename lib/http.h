/* http: a request as handlers see it, and the reply they fill in. */
#ifndef PARLEY_HTTP_H
#define PARLEY_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "json.h"
#include "path.h"
#include "problem.h"
#include "query.h"

enum http_method {
	HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER, HTTP__MAX
};

#define HTTP_BODY_MAX 1048576 /* bytes */
#define HTTP_ID_MAX 64        /* characters of a request id */
#define HTTP_NUMBERS 2        /* ":number" segments of a route, at most */

struct request {
	enum http_method method;
	bool head;             /* a GET whose body is left out */
	struct path path;      /* borrows from the web server's variables */
	struct query query;    /* owned */
	struct buf body;       /* owned */
	struct json json;      /* the body, checked; absent when there is none */
	char token[33];        /* of the path; "" when its route has none */
	uint32_t number[HTTP_NUMBERS]; /* of the path */
	char id[HTTP_ID_MAX + 1];
	const char *origin;    /* of the page that a browser asks for; "": none said. Borrowed */
	bool origin_listed;    /* that page may use the API */
	bool preflight;        /* its browser asks first what it may send (Fetch, 4.8) */
};

struct reply {
	int status;
	const char *type;  /* of the body, borrowed */
	struct buf headers; /* further ones, each with its line end; owned */
	struct buf body;    /* owned */
};

void request_clear(struct request *r);
void reply_clear(struct reply *p);
const char *http_method_name(enum http_method m);
/* "Created" */
const char *http_reason(int status);

void reply_header(struct reply *p, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* An answer in JSON: the status now; the handler appends to p->body. */
void reply_json(struct reply *p, int status);
/* 204, without a body. */
void reply_empty(struct reply *p);
void reply_problem(struct reply *p, enum problem kind, const char *detail);
/* The same with another status than the kind's usual one. */
void reply_problem_as(struct reply *p, enum problem kind, int status, const char *detail);
/* 422: one field and what is wrong with it. */
void reply_invalid(struct reply *p, const char *field, const char *reason);
/* The problem that answers an error of lib/. */
void reply_error(struct reply *p, const struct err *e);

/* A JSON member ("name": value), a comma before it unless it is the first. */
void member_text(struct buf *json, const char *name, const char *text, size_t len);
void member_number(struct buf *json, const char *name, uint64_t number);
/* A DATETIME(6) of MySQL as ISO 8601. */
void member_time(struct buf *json, const char *name, const char *sql_time);

#endif
