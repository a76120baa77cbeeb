/* outbox: message_changes: which messages Elasticsearch has still to be told of.
 *
 * A row is written in the transaction that stores, edits, deletes or purges a message. It goes when
 * searches find in Elasticsearch what it stands for: so a message without a row is as it is there. One that
 * Elasticsearch refuses for good stays, marked. */
#ifndef PARLEY_OUTBOX_H
#define PARLEY_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "db.h"

#define OUTBOX_COUNTED 1000000 /* outbox_depth counts no further */

/* A message that has changed, as it is now, whatever its rows were written for. */
struct outbox_change {
	uint64_t chat;
	uint32_t number;
	uint32_t version; /* a living one's; else the highest that it, or a row of it, has */
	bool living;      /* else it is deleted, or has no row any more */
	const char *body; /* a living one's; borrowed for the call */
	size_t len;
};

struct outbox_batch {
	struct buf ids;  /* of uint64_t: rows, those of a change one behind the other; owned */
	struct buf ends; /* of size_t: where each change's rows end in ids; owned */
	uint64_t rows;   /* in ids */
};

/* Is anything waiting? 1, 0 or -1. */
int outbox_pending(struct db *db, struct err *e);
/* Reads the oldest rows that are not marked, at most so many, and hands each of their messages to `change`
 * once, in the order of chats and numbers. That answers 0; 1: this one was the last; -1. What was
 * read is in *b, which is emptied first. 0 or -1. */
int outbox_read(struct db *db, uint64_t most_rows, struct outbox_batch *b,
		int (*change)(void *arg, const struct outbox_change *c, struct err *e), void *arg,
		struct err *e);
void outbox_batch_clear(struct outbox_batch *b);
/* The rows of the change that was handed out as the i-th. */
const uint64_t *outbox_rows(const struct outbox_batch *b, size_t i, size_t *n);

/* Takes rows away by their ids, and marked ones of the same messages that are no newer. */
int outbox_delete(struct db *db, const uint64_t *ids, size_t n, struct err *e);
/* Marks rows as refused, and says why. */
int outbox_refuse(struct db *db, const uint64_t *ids, size_t n, const char *why, struct err *e);
/* Those that are marked, of chats from..to, wait again. *n: how many. */
int outbox_unrefuse(struct db *db, uint64_t from, uint64_t to, uint64_t *n, struct err *e);

/* Puts in one message, with a version of ours. */
int outbox_add(struct db *db, uint64_t chat, uint32_t number, uint32_t version, struct err *e);
/* Puts in one that Elasticsearch refused, marked. */
int outbox_add_refused(struct db *db, uint64_t chat, uint32_t number, uint32_t version, const char *why,
		       struct err *e);
/* Puts in all messages of a chat with these numbers; *n: how many. May be NULL. */
int outbox_add_numbers(struct db *db, uint64_t chat, uint32_t from, uint32_t to, uint64_t *n, struct err *e);
/* Puts in the message that has this messages.id, if there is one. */
int outbox_add_message(struct db *db, uint64_t id, struct err *e);
/* Puts in messages from messages.id *from to `to`, at most a thousand; *from is then where to go on. 1: there
 * may be more; 0: that was all; -1. */
int outbox_add_ids(struct db *db, uint64_t *from, uint64_t to, struct err *e);

struct outbox_depth {
	uint64_t waiting;  /* at most OUTBOX_COUNTED */
	int64_t oldest_us; /* when the oldest of them changed; 0: none waits */
	uint64_t refused;
};

int outbox_depth(struct db *db, struct outbox_depth *d, struct err *e);

#endif
