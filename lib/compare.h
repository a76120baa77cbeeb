/* compare: has Redis gone back behind what is known of it?
 *
 * Every script that gives a number raises queue_seq, and what MySQL stores carries it as a mark
 * (redis_mark). Scripts are atomic and the AOF is a prefix of what happened, so queue_seq >= the
 * highest mark means that nothing MySQL has was turned back. The mark is read first, by a locking
 * read that waits for open transactions; then queue_seq. A process also remembers the highest
 * queue_seq that it was answered itself: with that it notices some losses of which MySQL knows nothing. */
#ifndef PARLEY_COMPARE_H
#define PARLEY_COMPARE_H

#include "db.h"
#include "redis.h"

struct standing {
	uint64_t known;  /* the highest queue_seq that MySQL or this process has seen */
	uint64_t seq;    /* queue_seq as it is */
	bool missing;    /* there is none */
	bool only_seen;  /* it is behind what this process has seen, not behind MySQL */
};

/* Compares once per connection of `r`; costs nothing when that is done. A comparison that anybody
 * made with this very Redis process counts too (recovered:<run_id>:<replid>), so it can succeed while
 * MySQL is away. The first start of all begins queue_seq at 0.
 * 0: go on. -1: ERR_REDIS, ERR_DB…, or ERR_BEHIND: Redis went back; nothing may be written to it
 * before it is recovered (lib/recover.h), and r->behind is set. */
int compare(struct redis *r, struct db *db, struct err *e);
/* Compare again now: queue_seq was seen missing (FLUSHALL breaks no connection). */
int compare_again(struct redis *r, struct db *db, struct err *e);
/* How they stand to each other. 1: Redis is behind; 0: it is not; -1: ERR_REDIS, ERR_DB…; *s is filled
 * in unless -1. */
int compare_standing(struct redis *r, struct db *db, struct standing *s, struct err *e);

#endif
