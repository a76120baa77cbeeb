/* elastic: one connection to Elasticsearch, through libcurl.
 *
 * A process has its own, made when it is first used. Five failures in a row (no answer in time, none at
 * all, 429, 5xx, or what is no JSON where it has to be) open its breaker: for a second, then two, up to a
 * minute, everything fails at once; then one request tries. */
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

#define ELASTIC_REPLY_MAX (64L << 20) /* bytes of an answer; a longer one is refused */

struct elastic {
	const struct conf *conf;       /* borrowed */
	struct metrics *metrics;       /* borrowed, may be NULL; set after elastic_init */
	CURL *curl;                    /* NULL: not made yet */
	struct curl_slist *headers[2]; /* of a JSON body, of NDJSON */
	struct buf base;               /* the URL without user, password, query; empty: there is no URL */
	char *user, *password;         /* owned, may be NULL */
	unsigned failures;             /* in a row */
	int64_t open_ms;               /* how long the breaker was opened last; 0: closed */
	int64_t until_ms;              /* clock_mono_ms from which on one may try */
	bool sent;                     /* the request at hand went out */
	bool stopped;                  /* and was ended by a signal */
	int status;                    /* of the last answer; 0: none */
	struct buf reply;              /* its body */
};

struct elastic_request {
	const char *method;  /* "GET" */
	const char *path;    /* "/messages/_search?routing=7" */
	const char *body;    /* NULL: none */
	size_t len;
	bool lines;          /* the body is NDJSON, not JSON */
	bool check;          /* asks how the server is: also while the breaker is open, and it counts neither
			      * as a failure nor as an answer (elastic_well) */
	bool until_stop;     /* a TERM, INT or HUP that comes meanwhile ends it, within about a second */
	int64_t timeout_ms;  /* for all of it */
};

/* Is there an ELASTICSEARCH_URL? */
bool elastic_configured(const struct conf *conf);
/* Nothing is connected yet; without a URL there will be nothing. -1: ERR_MEMORY (conf_load has checked the
 * URL). */
int elastic_init(struct elastic *el, const struct conf *conf, struct err *e);
void elastic_clear(struct elastic *el);

/* Sends one request. 0: it was answered, with el->status (neither 429 nor 5xx) and el->reply. -1:
 * ERR_ELASTIC: no answer in time, none at all, 429 or 5xx (el->status says which, 0 is no answer), or the
 * breaker is open; or ERR_MEMORY. Never sent twice, redirections are not followed. No text holds anything
 * of the user or the password. */
int elastic_send(struct elastic *el, const struct elastic_request *r, struct err *e);
/* elastic_send, and the reply, checked, as *root, which lives until the next request. Also -1 when the
 * reply is no JSON: ERR_ELASTIC. */
int elastic_json(struct elastic *el, const struct elastic_request *r, struct json *root, struct err *e);
/* What the last answer says is wrong: "elasticsearch: 404 index_not_found_exception: no such index
 * [messages]". ERR_ELASTIC, returns -1. */
int elastic_refused(const struct elastic *el, struct err *e);
/* The server was found well: the breaker is closed. */
void elastic_well(struct elastic *el);

/* For the settings. Is this a name for the index, from which those of its versions can be made? Is this a
 * file's whole path? 0, or -1 with ERR_INVALID. */
int elastic_check_index(const char *name, struct err *e);
int elastic_check_ca(const char *path, struct err *e);

#endif
