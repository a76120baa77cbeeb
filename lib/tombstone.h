/* tombstone: deletes applications and chats, in constant time whatever hangs below them.
 *
 * First the tombstone in MySQL (deleted_at; a chat that is still queued gets its row as one), then one
 * script in Redis: the counter goes, gone:<id> keeps everybody from bringing it back. Its queue_seq is
 * stored as a mark, and gone:<id> looked at once more, before the deletion may be answered: a Redis
 * that went back in between is noticed. What hangs below goes by and by (jobs/purge). */
#ifndef PARLEY_TOMBSTONE_H
#define PARLEY_TOMBSTONE_H

#include "db.h"
#include "redis.h"

/* 1: deleted, or a deletion that had broken off was finished; 0: there is no such application or chat,
 * or it was deleted before; -1: ERR_REDIS, ERR_UNSURE, ERR_BEHIND (Redis must be recovered first),
 * ERR_DB…, ERR_MEMORY: it may be half done, and asking again finishes it, as jobs/purge does. */
int tombstone_application(struct redis *r, struct db *db, const char *token, struct err *e);
int tombstone_chat(struct redis *r, struct db *db, uint64_t chat, struct err *e);

/* The part that Redis has in it, for tombstones that may have been left half done. 0 or -1. */
int tombstone_finish_application(struct redis *r, struct db *db, uint64_t id, const char *token,
				 struct err *e);
int tombstone_finish_chat(struct redis *r, struct db *db, uint64_t chat, struct err *e);

#endif
