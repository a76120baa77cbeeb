/* problem: the kinds of error that the HTTP API answers with (RFC 9457), as one table. */
#ifndef PARLEY_PROBLEM_H
#define PARLEY_PROBLEM_H

#include <stddef.h>

#include "err.h"

enum problem {
	PROBLEM_BAD_REQUEST,     /* 400 no request by HTTP's rules: the web server says it */
	PROBLEM_MALFORMED,       /* 400 the body is no JSON object */
	PROBLEM_BAD_PARAMETER,   /* 400 a query parameter */
	PROBLEM_ADMIN_KEY,       /* 401 missing or wrong */
	PROBLEM_FORBIDDEN,       /* 403 the web server says it */
	PROBLEM_FORBIDDEN_ORIGIN, /* 403 a page of another origin */
	PROBLEM_NOT_FOUND,       /* 404 */
	PROBLEM_NOT_STORED_YET,  /* 404 or 409: accepted, but not a row yet */
	PROBLEM_NOT_ALLOWED,     /* 405 */
	PROBLEM_TIMEOUT,         /* 408 the web server says it */
	PROBLEM_NUMBERS_FULL,    /* 409 */
	PROBLEM_LENGTH_REQUIRED, /* 411 the web server says it */
	PROBLEM_TOO_LARGE,       /* 413 */
	PROBLEM_URI_TOO_LONG,    /* 414 the web server says it */
	PROBLEM_MEDIA_TYPE,      /* 415 */
	PROBLEM_INVALID,         /* 422 */
	PROBLEM_HEADERS_TOO_LARGE, /* 431 the web server says it */
	PROBLEM_INTERNAL,        /* 500 the web server says it */
	PROBLEM_NOT_IMPLEMENTED, /* 501 the web server says it */
	PROBLEM_NO_NUMBERING,    /* 503 Redis */
	PROBLEM_QUEUE_FULL,      /* 503 */
	PROBLEM_NO_DATABASE,     /* 503 MySQL */
	PROBLEM_OVERLOADED,      /* 503 out of memory */
	PROBLEM_UNAVAILABLE,     /* 503 the web server gets no answer from a program */
	PROBLEM_HTTP_VERSION,    /* 505 the web server says it */
	PROBLEM__MAX
};

int problem_status(enum problem p);
const char *problem_title(enum problem p);
/* "/problems/not-found" is PROBLEM_PATH and this. */
const char *problem_name(enum problem p);
#define PROBLEM_PATH "/problems/"
/* Seconds for Retry-After; 0: no such header. */
int problem_retry_after(enum problem p);
/* For developers, in a few sentences: what it means, and what to do about it. */
const char *problem_means(enum problem p);
const char *problem_advice(enum problem p);
/* The problem of that name, or PROBLEM__MAX. */
enum problem problem_find(const char *name, size_t len);
/* What answers an error of lib/. */
enum problem problem_of(const struct err *e);
/* What answers a status that the web server itself wanted to give. */
enum problem problem_of_status(int status);

#endif
