/* elastic_query: a search of one chat, as Elasticsearch is asked for it and as it answers.
 *
 * The documents are made so (lib/document.h) that what it finds is what text_match would: the class of a
 * hit is its score, 2 where every term is a whole word, 1 where every term is at least a beginning. */
#ifndef PARLEY_ELASTIC_QUERY_H
#define PARLEY_ELASTIC_QUERY_H

#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "json.h"
#include "text.h"

/* One search. */
struct elastic_query {
	const struct text_query *query; /* borrowed; text_query_possible */
	uint64_t chat;
	size_t wanted;             /* so many of the best hits, at most HITS_MAX */
	int64_t timeout_ms;        /* that Elasticsearch gives itself */
	const uint32_t *without;   /* borrowed: numbers that are left out */
	size_t without_n;
};

struct elastic_hit {
	uint32_t number;
	enum text_class class;
};

/* What was found; `hits` is best first. */
struct elastic_answer {
	uint64_t total; /* at most HITS_MAX */
	struct json hits; /* borrowed */
	size_t at;        /* for elastic_answer_next */
};

/* Appends the path of the request (index is an alias that needs no escaping) and its body. 0 or -1:
 * ERR_MEMORY. */
int elastic_query_write(const struct elastic_query *q, const char *index, struct buf *path, struct buf *body,
			struct err *e);
/* Reads the reply, which has to live as long. -1: ERR_ELASTIC: it is not whole (a shard failed, the time was
 * over), or not what was asked for. */
int elastic_answer_read(struct elastic_answer *a, struct json reply, struct err *e);
/* The next hit: 1; 0: there is none; -1: ERR_ELASTIC. */
int elastic_answer_next(struct elastic_answer *a, struct elastic_hit *hit, struct err *e);

#endif
