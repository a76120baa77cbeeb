/* The kinds of error that the HTTP API answers with. */
#include "problem.h"

#include <string.h>

#include "word.h"

static const struct {
	int status, retry_after;
	const char *name, *title;
} problems[PROBLEM__MAX] = {
	[PROBLEM_MALFORMED] = { 400, 0, "malformed-json", "Malformed JSON" },
	[PROBLEM_BAD_PARAMETER] = { 400, 0, "bad-parameter", "Bad query parameter" },
	[PROBLEM_NOT_FOUND] = { 404, 0, "not-found", "Not found" },
	[PROBLEM_NOT_STORED_YET] = { 404, 1, "not-stored-yet", "Not stored yet" },
	[PROBLEM_NOT_ALLOWED] = { 405, 0, "method-not-allowed", "Method not allowed" },
	[PROBLEM_NUMBERS_FULL] = { 409, 0, "number-space-full", "No number left" },
	[PROBLEM_TOO_LARGE] = { 413, 0, "content-too-large", "Content too large" },
	[PROBLEM_MEDIA_TYPE] = { 415, 0, "unsupported-media-type", "Unsupported media type" },
	[PROBLEM_INVALID] = { 422, 0, "validation-failed", "Validation failed" },
	[PROBLEM_NO_NUMBERING] = { 503, 1, "sequential-numbering-unavailable",
				   "Sequential numbering unavailable" },
	[PROBLEM_QUEUE_FULL] = { 503, 5, "queue-full", "Queue full" },
	[PROBLEM_NO_DATABASE] = { 503, 1, "database-unavailable", "Database unavailable" },
	[PROBLEM_OVERLOADED] = { 503, 1, "overloaded", "Overloaded" },
};

int problem_status(enum problem p)
{
	return problems[p].status;
}

const char *problem_title(enum problem p)
{
	return problems[p].title;
}

const char *problem_name(enum problem p)
{
	return problems[p].name;
}

int problem_retry_after(enum problem p)
{
	return problems[p].retry_after;
}

static enum problem of_word(enum word w)
{
	const char *name = word_problem(w);
	int p;

	for (p = 0; p < PROBLEM__MAX; p++)
		if (name && !strcmp(problems[p].name, name))
			return (enum problem)p;
	return PROBLEM_NO_NUMBERING;
}

enum problem problem_of(const struct err *e)
{
	switch (e->code) {
	case ERR_SCRIPT:
		return of_word(word_find(e->text));
	case ERR_REDIS:
	case ERR_UNSURE:
	case ERR_BEHIND:
		return PROBLEM_NO_NUMBERING;
	case ERR_MEMORY:
	case ERR_SYSTEM:
		return PROBLEM_OVERLOADED;
	case ERR_INVALID:
		return PROBLEM_MALFORMED;
	default:
		return PROBLEM_NO_DATABASE;
	}
}
