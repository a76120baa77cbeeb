/* recover: brings a Redis that went back up to what MySQL and the waiting jobs know, so that no number
 * is given twice (doc/queues.md). Whoever finds ERR_BEHIND may call it; one does it, under a lock of MySQL. */
#ifndef PARLEY_RECOVER_H
#define PARLEY_RECOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "redis.h"

struct recovery {
	uint64_t known_seq;       /* queue_seq, as MySQL or this process had seen it */
	uint64_t queue_seq;       /* as it was found */
	bool missing;             /* there was none at all */
	int64_t raised, removed;  /* counters */
};

/* 1: Redis went back and is recovered, see *done; 0: nothing was to be done, or somebody else is at it;
 * -1 with *e: it stays as it is, and is to be tried again. May take as long as reading all waiting jobs
 * and all chats; the connections are used all the time. */
int recover(struct redis *r, struct db *db, struct recovery *done, struct err *e);

#endif
