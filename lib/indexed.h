/* indexed: searches a chat on Elasticsearch, and what that was not told of yet (lib/tail.h) on MySQL. */
#ifndef PARLEY_INDEXED_H
#define PARLEY_INDEXED_H

#include "db.h"
#include "elastic.h"
#include "hits.h"
#include "text.h"

struct indexed {
	struct db *db;            /* borrowed */
	struct elastic *elastic;  /* borrowed */
	struct text_query *query; /* borrowed; text_query_possible */
	uint64_t chat;
	bool all_told;      /* the outbox has nothing of the chat: there is no tail, */
	const char *index;  /* and this index was told all; borrowed; "": none is complete */
	int64_t timeout_ms; /* for Elasticsearch */
	size_t wanted;      /* this many of the best hits will be shown */
};

/* Adds the hits to `hits`, which is empty. 1: all of them, as far as they count; 0: nothing was added, *e
 * says why: ERR_ELASTIC, or ERR_NONE: the tail is too long; -1: what db_query says, or ERR_MEMORY. */
int indexed_run(const struct indexed *s, struct hits *hits, struct err *e);

#endif
