/* bulk: one `_bulk` of Elasticsearch: what it is made of, sending it, and what became of each item.
 *
 * Every operation carries the version of the message that it was made of, and is done where the document has
 * none that is higher (external_gte): so it may be sent again, and late, and whoever writes an older state
 * is refused by Elasticsearch. */
#ifndef PARLEY_BULK_H
#define PARLEY_BULK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "elastic.h"
#include "fold.h"

#define BULK_BYTES ((size_t)4 << 20) /* a body that has so many is full */
#define BULK_WHY 256

/* What became of an operation. Of two indexes that it was sent to, the later of these two counts. */
enum bulk_state {
	BULK_DONE,
	BULK_AHEAD,   /* done, if not by us: Elasticsearch has, or had, a higher version than ours */
	BULK_REFUSED, /* this document, for good */
	BULK_AGAIN,   /* not now: too busy, blocked, a shard is away, or nobody knows */
	BULK_MISSING, /* there is no such index */
	BULK_STATE__MAX
};

struct bulk_op {
	uint64_t chat;
	uint32_t number, version;
	bool gone;             /* a deletion */
	enum bulk_state state; /* over all indexes that it was sent to */
	enum bulk_state here;  /* in the index that it was sent to last */
	size_t at;             /* in body */
	size_t why;            /* in whys, when it was refused or is to be sent again; 0: nothing is known */
};

struct bulk {
	struct buf body; /* NDJSON */
	struct buf ops;  /* of struct bulk_op */
	struct buf whys; /* texts with their NULs, at most BULK_WHY bytes each; valid UTF-8 */
	struct fold fold;
};

void bulk_init(struct bulk *b);
void bulk_clear(struct bulk *b);
/* Empties it. */
void bulk_reset(struct bulk *b);

/* Adds an operation: the message is to be found, or is not. 0 or -1: ERR_MEMORY. */
int bulk_index(struct bulk *b, uint64_t chat, uint32_t number, uint32_t version, const char *body, size_t len,
	       struct err *e);
int bulk_delete(struct bulk *b, uint64_t chat, uint32_t number, uint32_t version, struct err *e);
bool bulk_full(const struct bulk *b);
/* So many rows that are wanted of MySQL at once; at most what the settings allow (PARLEY_INDEX_ROWS). */
uint64_t bulk_rows(const struct conf *c, uint64_t wanted);
struct bulk_op *bulk_ops(const struct bulk *b, size_t *n);
/* Why it was refused, or is to be sent again; "" when nothing is known. */
const char *bulk_why(const struct bulk *b, const struct bulk_op *op);
/* Our own refusal, whatever Elasticsearch has answered; `why` is copied. */
void bulk_refuse(struct bulk *b, struct bulk_op *op, const char *why);
/* Some operation that is in this state, or NULL. */
const struct bulk_op *bulk_find(const struct bulk *b, enum bulk_state state);

/* Sends all of it to `alias`, which must be one. A server that finds it too big gets halves, down to the one
 * document, which is then refused. 0: every operation has its state. -1: ERR_ELASTIC, ERR_MEMORY: nothing is
 * known of them. */
int bulk_send(struct bulk *b, struct elastic *el, const char *alias, int64_t timeout_ms, struct err *e);

/* Reads an answer to n operations from the i-th on. 0, or -1: ERR_ELASTIC, it has not one item for each (then
 * none has got a state). */
int bulk_read(struct bulk *b, size_t i, size_t n, struct json reply, struct err *e);

#endif
