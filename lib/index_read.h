/* index_read: the same questions to an index of Elasticsearch and to MySQL: how many messages there are of
 * every thousand numbers, with the sum of their checks (lib/document.h); which ones; of which chats. */
#ifndef PARLEY_INDEX_READ_H
#define PARLEY_INDEX_READ_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "db.h"
#include "elastic.h"

#define INDEX_WINDOW 1000 /* numbers; the statement compare_windows says so too */
#define INDEX_CHATS 1000  /* that index_read_chats tells at once */

struct index_range { /* what is asked for */
	const uint64_t *chats; /* borrowed */
	size_t n;
	uint32_t from, to;     /* numbers */
};

struct index_window {
	uint64_t chat;
	uint64_t number; /* of its first, / INDEX_WINDOW */
	uint64_t count, sum;
};

struct index_row { /* a message, as either has it */
	uint32_t number;
	uint64_t version;
	uint64_t check;
};

struct index_source { /* an index, or an alias */
	struct elastic *el;
	const char *name;
	int64_t timeout_ms; /* of one question */
};

/* Windows that have any, as struct index_window, by chat and number. 0 or -1: ERR_ELASTIC (also when a shard has
 * not answered), ERR_DB…, ERR_MEMORY. */
int index_read_windows(const struct index_source *s, const struct index_range *r, struct buf *out, struct err *e);
int index_read_windows_mysql(struct db *db, const struct index_range *r, struct buf *out, struct err *e);
/* Messages of the range's first chat, at most INDEX_WINDOW, as struct index_row, by number. */
int index_read_rows(const struct index_source *s, const struct index_range *r, struct buf *out, struct err *e);
int index_read_rows_mysql(struct db *db, const struct index_range *r, struct buf *out, struct err *e);
/* Some chats of which the index has messages, behind *after in an order of its own (0: from the first), and moves
 * that on. */
int index_read_chats(const struct index_source *s, uint64_t *after, uint64_t chats[INDEX_CHATS], size_t *n,
		     struct err *e);

#endif
