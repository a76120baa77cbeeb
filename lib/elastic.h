/* elastic: one connection to Elasticsearch, through libcurl.
 *
 * A process has its own, made when it is first used. Five failures in a row (no answer in time, none at
 * all, 429, 5xx) open its breaker: for a second, then two, up to a minute, everything fails at once;
 * then one request tries. */
#ifndef PARLEY_ELASTIC_H
#define PARLEY_ELASTIC_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "json.h"
#include "metrics.h"

struct elastic {
	const struct conf *conf;  /* borrowed */
	struct metrics *metrics;  /* borrowed, may be NULL; set after elastic_init */
	CURL *curl;               /* NULL: not made yet */
	struct buf base;          /* the URL without its user and password */
	char *user, *password;    /* owned, may be NULL */
	unsigned failures;        /* in a row */
	int64_t open_ms;          /* how long the breaker was opened last */
	int64_t until_ms;         /* clock_mono_ms from which on one may try; 0: closed */
	int status;               /* of the last answer; 0: none */
	struct buf reply;         /* its body */
};

struct elastic_request {
	const char *method;  /* "GET" */
	const char *path;    /* "/messages/_search?routing=7" */
	const char *body;    /* NULL: none */
	size_t len;
	bool lines;          /* the body is NDJSON, not JSON */
	int64_t timeout_ms;  /* for all of it */
};

/* Is there an ELASTICSEARCH_URL? */
bool elastic_configured(const struct conf *conf);
/* Nothing is connected yet. -1: ERR_MEMORY (conf_load has checked the URL). */
int elastic_init(struct elastic *el, const struct conf *conf, struct err *e);
void elastic_clear(struct elastic *el);

/* Sends one request. 0: it was answered, with el->status (neither 429 nor 5xx) and el->reply. -1:
 * ERR_ELASTIC: no answer in time, none at all, 429 or 5xx (el->status says which, 0 is no answer), or the
 * breaker is open; or ERR_MEMORY. Never sent twice. */
int elastic_send(struct elastic *el, const struct elastic_request *r, struct err *e);
/* elastic_send, and the reply, checked, as *root, which lives until the next request. Also -1 when the
 * reply is no JSON: ERR_ELASTIC. */
int elastic_json(struct elastic *el, const struct elastic_request *r, struct json *root, struct err *e);
/* What the last answer says is wrong: "404 index_not_found_exception: no such index [messages]". ERR_ELASTIC,
 * returns -1. */
int elastic_refused(const struct elastic *el, struct err *e);

#endif
