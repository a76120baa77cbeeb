/* compare: has Redis gone back behind what MySQL has stored of it?
 *
 * Every script that gives a number raises queue_seq, and what MySQL stores carries it as a mark
 * (redis_mark). Scripts are atomic and the AOF is a prefix of what happened, so queue_seq >= the
 * highest mark means that nothing MySQL has was turned back. The mark is read first, by a locking
 * read that waits for open transactions; then queue_seq. */
#ifndef PARLEY_COMPARE_H
#define PARLEY_COMPARE_H

#include "db.h"
#include "redis.h"

/* Compares once per connection of `r`; costs nothing when that is done. A comparison that anybody
 * made with this very Redis process counts too (recovered:<run_id>:<replid>), so it can succeed while
 * MySQL is away. The first start of all begins queue_seq at 0.
 * 0: go on. -1: ERR_REDIS, ERR_DB…, or ERR_BEHIND: Redis went back; nothing may be written to it. */
int compare(struct redis *r, struct db *db, struct err *e);
/* Compare again at the next opportunity: queue_seq was seen missing (FLUSHALL breaks no connection). */
int compare_again(struct redis *r, struct db *db, struct err *e);

#endif
