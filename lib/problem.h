/* problem: the kinds of error that the HTTP API answers with (RFC 9457), as one table. */
#ifndef PARLEY_PROBLEM_H
#define PARLEY_PROBLEM_H

#include "err.h"

enum problem {
	PROBLEM_MALFORMED,       /* 400 the body is no JSON object */
	PROBLEM_BAD_PARAMETER,   /* 400 a query parameter */
	PROBLEM_NOT_FOUND,       /* 404 */
	PROBLEM_NOT_STORED_YET,  /* 404 or 409: accepted, but not a row yet */
	PROBLEM_NOT_ALLOWED,     /* 405 */
	PROBLEM_NUMBERS_FULL,    /* 409 */
	PROBLEM_TOO_LARGE,       /* 413 */
	PROBLEM_MEDIA_TYPE,      /* 415 */
	PROBLEM_INVALID,         /* 422 */
	PROBLEM_NO_NUMBERING,    /* 503 Redis */
	PROBLEM_QUEUE_FULL,      /* 503 */
	PROBLEM_NO_DATABASE,     /* 503 MySQL */
	PROBLEM_OVERLOADED,      /* 503 out of memory */
	PROBLEM__MAX
};

int problem_status(enum problem p);
const char *problem_title(enum problem p);
/* "/problems/not-found" is PROBLEM_PATH and this. */
const char *problem_name(enum problem p);
#define PROBLEM_PATH "/problems/"
/* Seconds for Retry-After; 0: no such header. */
int problem_retry_after(enum problem p);
/* What answers an error of lib/. */
enum problem problem_of(const struct err *e);

#endif
