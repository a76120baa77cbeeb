/* tail: the messages of a chat that Elasticsearch was not told of yet, matched from MySQL.
 *
 * They are what the outbox has of the chat: new, edited and deleted ones. An outbox row goes only when
 * searches see what it told of, so a search that has read the tail first and then asks Elasticsearch for
 * everything else misses nothing that was stored before. Which index has to be asked is read together with the
 * tail: as soon as another takes its place, only that is told. */
#ifndef PARLEY_TAIL_H
#define PARLEY_TAIL_H

#include <stdint.h>

#include "db.h"
#include "search_state.h"
#include "text.h"

#define TAIL_MAX 1000 /* messages; with more, the chat is searched on MySQL alone */

struct tail_hit {
	uint32_t number;
	enum text_class class;
};

struct tail {
	char index[SEARCH_NAME];    /* that has been told all the rest; "": none has */
	uint32_t numbers[TAIL_MAX]; /* all of it, hits or not, in falling order */
	size_t n;
	struct tail_hit hits[TAIL_MAX]; /* in falling order of their numbers */
	size_t hits_n;
};

/* 1: read and matched; 0: it is too long; -1: what db_query says, or ERR_MEMORY. */
int tail_read(struct tail *t, struct db *db, uint64_t chat, struct text_query *query, struct err *e);

#endif
