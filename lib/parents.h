/* parents: the applications or chats that a batch touches: read and locked in id order, counted up, written. */
#ifndef PARLEY_PARENTS_H
#define PARLEY_PARENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"

struct parent {
	uint64_t id;
	bool there;         /* it has a row */
	bool deleted;       /* which is a tombstone */
	int64_t created_us; /* a chat that is missing: when it was accepted */
	uint32_t living;    /* children that this batch adds to the living */
	uint32_t rows;      /* children that this batch adds at all */
	uint32_t last;      /* the highest number among them */
};

struct parents {
	struct parent *list; /* by id; owned */
	size_t n;
};

/* Room for `most`; nothing in it yet. 0 or -1: ERR_MEMORY. */
int parents_init(struct parents *p, size_t most, struct err *e);
void parents_clear(struct parents *p);
/* The parent with this id, added when it is new. Ids must come in ascending order. */
struct parent *parents_add(struct parents *p, uint64_t id);
/* The parent with this id, which was added. */
struct parent *parents_find(const struct parents *p, uint64_t id);
/* Reads, and locks if the statement does, all of them; it answers (id, is deleted) in id order.
 * 0 or -1: ERR_DB…. */
int parents_read(struct parents *p, struct db *db, enum db_query query, struct err *e);
/* Has every one a row, as far as was read? */
bool parents_there(const struct parents *p);
/* Adds a child that this batch stores. */
void parent_count(struct parent *p, uint32_t number, bool living, bool is_new);
/* Writes what was counted, with a statement that takes (living, rows, last, id). */
int parents_write(const struct parents *p, struct db *db, enum db_query query, struct err *e);

#endif
