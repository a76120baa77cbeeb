/* The kinds of error that the HTTP API answers with. */
#include "problem.h"

#include <string.h>

#include "word.h"

static const struct problem_row {
	int status, retry_after;
	const char *name, *title;
	const char *means, *advice; /* plain text */
} problems[PROBLEM__MAX] = {
	[PROBLEM_BAD_REQUEST] = {
		400, 0, "bad-request", "Bad request",
		"The web server could not read this as an HTTP request.",
		"Look at the request line and the header: a character that does not belong there, two "
		"different lengths, no Host, an escape that is none.",
	},
	[PROBLEM_MALFORMED] = {
		400, 0, "malformed-json", "Malformed JSON",
		"The body is not one JSON object in UTF-8 by the letter of RFC 8259, or it broke off. "
		"A key that stands twice, nesting deeper than 32, NaN, a raw control character, a lone "
		"surrogate and a byte order mark are refused too.",
		"Write the body with a JSON library. The detail says what was wrong, and where.",
	},
	[PROBLEM_BAD_PARAMETER] = {
		400, 0, "bad-parameter", "Bad query parameter",
		"A parameter of the query is out of its bounds, not written as it should be, given twice "
		"or together with one that it excludes; or the query is not valid percent-encoded UTF-8.",
		"The detail names the parameter. Take the address of a next page from the Link header "
		"instead of building it.",
	},
	[PROBLEM_ADMIN_KEY] = {
		401, 0, "admin-key", "Admin key needed",
		"This server has an admin key, and the request did not carry it or carried another. "
		"Creating, listing, renaming and deleting applications and reading the metrics need it; "
		"everything below an application needs only that application's token.",
		"Send the header Authorization: Bearer and the value of PARLEY_ADMIN_KEY. Keep the key on "
		"servers: never hand it to a browser.",
	},
	[PROBLEM_FORBIDDEN] = {
		403, 0, "forbidden", "Forbidden",
		"The web server does not give this out.",
		"Nothing that the API offers is answered so: look at the address, or ask who runs the "
		"server.",
	},
	[PROBLEM_FORBIDDEN_ORIGIN] = {
		403, 0, "forbidden-origin", "Origin not allowed",
		"A browser sent this for a page of an origin that may not use this API, so nothing was "
		"done.",
		"Who runs the server adds the page's origin to PARLEY_CORS_ORIGINS. Programs that are no "
		"browsers send no Origin header and are not concerned.",
	},
	[PROBLEM_NOT_FOUND] = {
		404, 0, "not-found", "Not found",
		"There is nothing at this path: no such route, application, chat or message. What was "
		"deleted is not found either.",
		"Compare the path with the documentation, letter by letter: tokens are 32 lower-case "
		"hexadecimal digits, numbers have no leading zero, and there is no slash at the end.",
	},
	[PROBLEM_NOT_STORED_YET] = {
		404, 1, "not-stored-yet", "Not stored yet",
		"The chat or message was accepted for good but is not stored yet, so it cannot be read (404) "
		"or changed (409). That takes milliseconds, unless the database or the workers are away.",
		"Try again after the seconds that Retry-After names.",
	},
	[PROBLEM_NOT_ALLOWED] = {
		405, 0, "method-not-allowed", "Method not allowed",
		"The path exists, but not with this method.",
		"The Allow header names the methods that it has.",
	},
	[PROBLEM_TIMEOUT] = {
		408, 0, "request-timeout", "Request time-out",
		"The request did not arrive completely in time.",
		"Send it again, over a new connection.",
	},
	[PROBLEM_NUMBERS_FULL] = {
		409, 0, "number-space-full", "No number left",
		"Numbers go up to 4294967295 and are given once: this chat or application has used up its "
		"own, or the server its applications'. Deleting frees none.",
		"Go on in a new chat or application.",
	},
	[PROBLEM_LENGTH_REQUIRED] = {
		411, 0, "length-required", "Length required",
		"A request of this method must say how long its body is, also when it has none.",
		"Send a Content-Length. With curl: --json '{}'.",
	},
	[PROBLEM_TOO_LARGE] = {
		413, 0, "content-too-large", "Content too large",
		"A body has at most 1 MiB (1,048,576 bytes).",
		"Send less. A message's text may have 65,535 bytes of UTF-8.",
	},
	[PROBLEM_URI_TOO_LONG] = {
		414, 0, "uri-too-long", "URI too long",
		"The address of the request is longer than the web server takes.",
		"Shorten the query.",
	},
	[PROBLEM_MEDIA_TYPE] = {
		415, 0, "unsupported-media-type", "Unsupported media type",
		"The body says that it is something else than JSON.",
		"Send Content-Type: application/json. With curl: --json '{…}', since -d sends a form.",
	},
	[PROBLEM_INVALID] = {
		422, 0, "validation-failed", "Validation failed",
		"The body is JSON, but a field is missing, blank, too long or of a wrong type.",
		"The member errors says for each such field what is wrong with it.",
	},
	[PROBLEM_HEADERS_TOO_LARGE] = {
		431, 0, "header-fields-too-large", "Header fields too large",
		"The request's header is larger than the web server takes.",
		"Send fewer or shorter header fields. Cookies are the usual reason, and none are needed.",
	},
	[PROBLEM_INTERNAL] = {
		500, 0, "internal-error", "Internal error",
		"Something went wrong that should not have. The request may have been carried out or not.",
		"Tell who runs the server, with the X-Request-Id of the answer: it stands in the logs.",
	},
	[PROBLEM_NOT_IMPLEMENTED] = {
		501, 0, "not-implemented", "Not implemented",
		"The web server does not know this method.",
		"Use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.",
	},
	[PROBLEM_NO_NUMBERING] = {
		503, 1, "sequential-numbering-unavailable", "Sequential numbering unavailable",
		"Redis, which gives the numbers, is away or must be recovered, so nothing can be created. "
		"Reading goes on. Where the detail says that the request may have been accepted, it is "
		"there once or not at all.",
		"Try again after the seconds that Retry-After names.",
	},
	[PROBLEM_QUEUE_FULL] = {
		503, 5, "queue-full", "Queue full",
		"More is waiting to be stored than the server wants to hold, or for longer than it wants to "
		"keep anybody waiting, so nothing is accepted; of applications that share the server perhaps "
		"only from this one, which has its share of what waits.",
		"Try again after the seconds that Retry-After names, more slowly each time. Who runs the "
		"server looks whether the job programs and MySQL keep up.",
	},
	[PROBLEM_NO_DATABASE] = {
		503, 1, "database-unavailable", "Database unavailable",
		"MySQL, which this request needs, is away. An application that was to be created may be "
		"there nevertheless, if the connection broke at the very end.",
		"Try again after the seconds that Retry-After names.",
	},
	[PROBLEM_OVERLOADED] = {
		503, 1, "overloaded", "Overloaded",
		"The server has no memory left for this request. Nothing was done.",
		"Try again after the seconds that Retry-After names.",
	},
	[PROBLEM_UNAVAILABLE] = {
		503, 1, "unavailable", "Unavailable",
		"The web server got no answer from the program that should have given it: it is just "
		"being started, or away. If it went away in mid-request, that may have been carried out.",
		"Try again after the seconds that Retry-After names.",
	},
	[PROBLEM_HTTP_VERSION] = {
		505, 0, "http-version-not-supported", "HTTP version not supported",
		"The web server does not speak this version of HTTP.",
		"Use HTTP/1.1.",
	},
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

const char *problem_means(enum problem p)
{
	return problems[p].means;
}

const char *problem_advice(enum problem p)
{
	return problems[p].advice;
}

enum problem problem_find(const char *name, size_t len)
{
	int p;

	for (p = 0; p < PROBLEM__MAX; p++)
		if (strlen(problems[p].name) == len && !memcmp(problems[p].name, name, len))
			break;
	return (enum problem)p;
}

static enum problem of_word(enum word w)
{
	const char *name = word_problem(w);
	enum problem p = name ? problem_find(name, strlen(name)) : PROBLEM__MAX;

	return p < PROBLEM__MAX ? p : PROBLEM_NO_NUMBERING;
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

/* 494 is nginx' own word for a header that is too large. */
enum problem problem_of_status(int status)
{
	static const struct { int status; enum problem problem; } known[] = {
		{ 403, PROBLEM_FORBIDDEN }, { 404, PROBLEM_NOT_FOUND }, { 405, PROBLEM_NOT_ALLOWED },
		{ 408, PROBLEM_TIMEOUT }, { 411, PROBLEM_LENGTH_REQUIRED }, { 413, PROBLEM_TOO_LARGE },
		{ 414, PROBLEM_URI_TOO_LONG }, { 415, PROBLEM_MEDIA_TYPE },
		{ 431, PROBLEM_HEADERS_TOO_LARGE }, { 494, PROBLEM_HEADERS_TOO_LARGE },
		{ 501, PROBLEM_NOT_IMPLEMENTED }, { 502, PROBLEM_UNAVAILABLE },
		{ 503, PROBLEM_UNAVAILABLE }, { 504, PROBLEM_UNAVAILABLE },
		{ 505, PROBLEM_HTTP_VERSION },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].status == status)
			return known[i].problem;
	return status >= 400 && status < 500 ? PROBLEM_BAD_REQUEST : PROBLEM_INTERNAL;
}
