/* The loop of one FastCGI process. */
#include "serve.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "random.h"
#include "stop.h"

#define DRAIN_MAX ((size_t)4 * HTTP_BODY_MAX) /* of a body that is too large, read before the answer */

static const char *param(const FCGX_Request *f, const char *name)
{
	const char *value = FCGX_GetParam(name, f->envp);

	return value ? value : "";
}

/* ------------------------------------------------------------------ reading */

static enum http_method method_of(const char *name, bool *head)
{
	int m;

	*head = !strcmp(name, "HEAD");
	if (*head)
		return HTTP_GET;
	for (m = 0; m < HTTP_OTHER; m++)
		if (!strcmp(http_method_name((enum http_method)m), name))
			return (enum http_method)m;
	return HTTP_OTHER;
}

/* The client's id when it is one that cannot do harm in a log, else a new one. */
static void take_id(struct request *r, const char *given)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len = strlen(given);

	if (len && len <= HTTP_ID_MAX && !given[strspn(given, allowed)])
		memcpy(r->id, given, len + 1);
	else
		random_jid(r->id);
}

/* No Content-Type is taken as JSON. */
static bool is_json(const char *type)
{
	size_t len = strcspn(type, "; \t");

	if (!len)
		return true;
	if (len == 16 && !strncasecmp(type, "application/json", 16))
		return true;
	return len > 17 && !strncasecmp(type, "application/", 12) &&
	       !strncasecmp(type + len - 5, "+json", 5);
}

/* Reads up to `most` bytes. True: the body ended there; false: there was more. */
static bool read_bytes(const FCGX_Request *f, struct buf *body, size_t most)
{
	int n;

	while (body->len < most) {
		size_t step = most - body->len < 65536 ? most - body->len : 65536;

		if (buf_grow(body, step))
			return true;
		n = FCGX_GetStr(body->data + body->len, (int)step, f->in);
		if (n <= 0)
			return true;
		body->len += (size_t)n;
		body->data[body->len] = '\0';
	}
	return FCGX_GetChar(f->in) == EOF;
}

/* A client that is still sending reads no answer: take in what is bearable before giving it. */
static void discard(const FCGX_Request *f)
{
	char bytes[4096];
	size_t sum = 0;
	int n;

	while (sum < DRAIN_MAX && (n = FCGX_GetStr(bytes, sizeof(bytes), f->in)) > 0)
		sum += (size_t)n;
}

/* True: the body is there. False: the reply says why not. */
static bool read_body(const FCGX_Request *f, struct request *r, struct reply *p)
{
	const char *length = param(f, "CONTENT_LENGTH");
	unsigned long long announced = strtoull(length, NULL, 10);

	if (announced > HTTP_BODY_MAX || !read_bytes(f, &r->body, HTTP_BODY_MAX)) {
		discard(f);
		reply_problem(p, PROBLEM_TOO_LARGE, "A body has at most 1 MiB.");
		return false;
	}
	if (r->body.failed) {
		reply_problem(p, PROBLEM_OVERLOADED, "Out of memory. Try again.");
		return false;
	}
	if (*length && r->body.len != announced) {
		reply_problem(p, PROBLEM_MALFORMED, "The body broke off.");
		return false;
	}
	return true;
}

static bool check_body(const FCGX_Request *f, struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;

	if (!r->body.len)
		return true;
	if (!is_json(param(f, "CONTENT_TYPE"))) {
		reply_problem(p, PROBLEM_MEDIA_TYPE,
			      "Bodies are JSON: send Content-Type: application/json "
			      "(curl: --json '{…}', since -d sends a form).");
		return false;
	}
	if (json_check(r->body.data, r->body.len, &r->json, &e)) {
		reply_error(p, &e);
		return false;
	}
	if (json_kind(r->json) != JSON_OBJECT) {
		reply_problem(p, PROBLEM_MALFORMED, "The body must be a JSON object.");
		return false;
	}
	return true;
}

/* ------------------------------------------------------------------ answering */

static void send_reply(const FCGX_Request *f, const struct request *r, const struct reply *p)
{
	struct buf head = BUF_INIT;

	buf_addf(&head, "Status: %d %s\r\n", p->status, http_reason(p->status));
	if (p->body.len)
		buf_addf(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n", p->type, p->body.len);
	buf_addf(&head,
		 "X-Request-Id: %s\r\nCache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n"
		 "X-Content-Type-Options: nosniff\r\n%s\r\n",
		 r->id, buf_str(&p->headers));
	if (!head.failed) {
		FCGX_PutStr(head.data, (int)head.len, f->out);
		if (!r->head && p->body.len)
			FCGX_PutStr(p->body.data, (int)p->body.len, f->out);
	}
	buf_clear(&head);
}

/* An error of the web server's own, which it sends here for the words: the request is whatever it made
 * of it. Ordinary requests have 200 there, or nothing. */
static bool answer_for_web_server(const FCGX_Request *f, struct reply *p)
{
	long status = strtol(param(f, "REDIRECT_STATUS"), NULL, 10);
	enum problem kind;

	if (status < 400)
		return false;
	kind = problem_of_status((int)status);
	reply_problem(p, kind, problem_means(kind));
	return true;
}

/* A failure of ours is logged once, here. (501 and 505 are the client's.) A body may hold what is nobody's
 * business: only a failure's words are shown. */
static void log_reply(const struct request *r, const struct reply *p, const char *route, int64_t began_us)
{
	const char *method = r->head ? "HEAD" : http_method_name(r->method);

	if (p->status == 500 || p->status == 503)
		LOG(LOG_WARN, "request failed", LOG_S("request_id", r->id), LOG_S("method", method),
		    LOG_S("route", route), LOG_N("status", p->status), LOG_S("body", buf_str(&p->body)));
	else if (log_wants(LOG_DEBUG))
		LOG(LOG_DEBUG, "request", LOG_S("request_id", r->id), LOG_S("method", method),
		    LOG_S("route", route), LOG_N("status", p->status),
		    LOG_N("us", clock_mono_us() - began_us));
}

static const char *answer(const struct serve *s, const FCGX_Request *f, struct request *r,
			  struct reply *p)
{
	const char *uri = param(f, "REQUEST_URI");
	const struct route *route;
	struct err e = ERR_INIT;

	if (r->method == HTTP_OPTIONS && !strcmp(uri, "*")) {
		route_options(s->tables, r, p);
		return "";
	}
	if (path_split(&r->path, uri)) {
		reply_problem(p, PROBLEM_NOT_FOUND, "There is nothing at this path.");
		return "";
	}
	route = route_find(s->tables, r, p);
	if (!route)
		return "";
	if (!guard_admits(&s->guard, route, r, param(f, "HTTP_AUTHORIZATION"), p))
		return route->pattern;
	if (query_parse(&r->query, r->path.query, r->path.query_len, &e))
		reply_problem(p, PROBLEM_BAD_PARAMETER, e.text);
	else if (!(route->flags & ROUTE_BODY) || (read_body(f, r, p) && check_body(f, r, p)))
		route->handle(s->service, r, p);
	return route->pattern;
}

static void one_request(const struct serve *s, const FCGX_Request *f, struct request *r,
			struct reply *p)
{
	int64_t began_us = clock_mono_us();
	const char *route = "";

	metrics_begin(s->metrics);
	take_id(r, param(f, "HTTP_X_REQUEST_ID"));
	r->method = method_of(param(f, "REQUEST_METHOD"), &r->head);
	guard_read(&s->guard, r, param(f, "HTTP_ORIGIN"),
		   param(f, "HTTP_ACCESS_CONTROL_REQUEST_METHOD"));
	if (!answer_for_web_server(f, p))
		route = answer(s, f, r, p);
	if (p->body.failed || p->headers.failed) {
		reply_clear(p);
		reply_problem(p, PROBLEM_OVERLOADED, "Out of memory. Try again.");
	}
	guard_headers(r, p);
	log_reply(r, p, route, began_us);
	metrics_request(s->metrics, r->head ? "HEAD" : http_method_name(r->method), route, p->status);
	send_reply(f, r, p);
	request_clear(r);
	reply_clear(p);
}

/* ------------------------------------------------------------------ the loop */

/* Waits for a connection, TERM let in; only some of the siblings are woken for each. False: to stop.
 * Where connections never cease epoll_pwait does not let the signal in: it stays pending. */
static bool wait_for_connection(int epoll)
{
	struct epoll_event event;
	sigset_t mask, pending;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigdelset(&mask, SIGTERM);
	epoll_pwait(epoll, &event, 1, -1, &mask);
	sigpending(&pending);
	return !stop_asked() && !sigismember(&pending, SIGTERM);
}

static int open_epoll(int socket)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event)) {
		close(epoll);
		return -1;
	}
	return epoll;
}

/* 1: a request; 0: none this time; -1: the socket is of no use. */
static int accept_request(FCGX_Request *f)
{
	int rc = FCGX_Accept_r(f);

	if (!rc)
		return 1;
	switch (-rc) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		LOG(LOG_ERROR, "cannot accept", LOG_N("errno", -rc));
		clock_sleep_ms(1000);
		return 0;
	case EBADF:
	case EINVAL:
	case ENOTSOCK:
		return -1;
	default: /* EAGAIN: a sibling took it; EINTR, ECONNABORTED, a broken request */
		return 0;
	}
}

/* Does it stay after what accept_request said? Told to stop, it tries once more, since the kernel wakes
 * one process for a connection, and that may be this one; and when it is to drain, until nobody waits.
 * Then `requests` does not count: nobody would take its place. */
static bool goes_on(const struct serve *s, int got, int64_t served, int64_t stop_at_ms)
{
	if (stop_at_ms)
		return got == 1 && atomic_load(s->drain) && clock_mono_ms() < stop_at_ms;
	return got >= 0 && (!s->requests || served < s->requests);
}

/* -1: the socket is of no use. */
static int loop(const struct serve *s, FCGX_Request *f, int epoll)
{
	struct request r = { 0 };
	struct reply p = { 0 };
	int64_t served = 0, stop_at_ms = 0;
	int got;

	atomic_store(s->up, true);
	do {
		if (!stop_at_ms && !wait_for_connection(epoll))
			stop_at_ms = clock_mono_ms() + s->drain_ms;
		got = accept_request(f);
		if (got == 1) {
			one_request(s, f, &r, &p);
			FCGX_Finish_r(f);
			if (!stop_at_ms)
				s->after(s->service);
			served++;
		}
	} while (goes_on(s, got, served, stop_at_ms));
	buf_clear(&r.body);
	buf_clear(&p.body);
	buf_clear(&p.headers);
	return got < 0 && !stop_at_ms ? -1 : 0;
}

int serve(const struct serve *s)
{
	FCGX_Request f;
	int epoll, rc;

	if (FCGX_Init() || FCGX_InitRequest(&f, s->socket, FCGI_FAIL_ACCEPT_ON_INTR))
		return 1;
	stop_catch(); /* after FCGX_Init, which installs handlers of its own */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	epoll = open_epoll(s->socket);
	if (epoll < 0)
		return 1;
	rc = loop(s, &f, epoll);
	FCGX_Free(&f, 1);
	close(epoll);
	return rc < 0;
}
