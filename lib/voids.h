/* voids: numbers whose messages will not come get void rows, so that a gap can be told from a loss.
 *
 * In one transaction per chat, in the order of all locks (lib/store.h). */
#ifndef PARLEY_VOIDS_H
#define PARLEY_VOIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "job.h"
#include "redis.h"

/* The job is given up: its number, if it has one and no row has it, ends as a void row with the job's
 * key, which is filled should the job be done after all. A CreateChatJob's chat is made, since messages
 * may have been accepted for it. Nothing for other classes, and below tombstones. 0, or -1 with *e. */
int voids_bury(struct redis *r, struct db *db, const struct job *j, struct err *e);

struct voids_fence { /* asked right before the COMMIT: 1: go on; 0: take it back; -1 with *e */
	int (*ask)(void *arg, struct err *e);
	void *arg;
};

/* Numbers that were given and whose jobs are nowhere: messages of a chat get void rows without a key,
 * chats of an application are made, empty: their 201 was a promise. Those that have a row by now stay as
 * they are. 1; 0: the fence took it back, or the parent is deleted; -1 with *e. */
int voids_messages(struct redis *r, struct db *db, uint64_t chat, const uint32_t *numbers, size_t n,
		   const struct voids_fence *f, struct err *e);
int voids_chats(struct redis *r, struct db *db, uint64_t application, const uint32_t *numbers, size_t n,
		const struct voids_fence *f, struct err *e);

#endif
