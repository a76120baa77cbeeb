/* backlog: is what waits so old that nothing more is accepted (PARLEY_QUEUE_AGE_LIMIT_S)?
 *
 * How deep the queue is the creating scripts see themselves, in the same step; its age they do not, for
 * no script takes a payload apart. So each process looks, at most once a second. */
#ifndef PARLEY_BACKLOG_H
#define PARLEY_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "redis.h"

struct backlog {       /* of one process; all zero at first */
	int64_t next_ms;   /* clock_mono_ms of the next look */
	int64_t age_ms;    /* of the oldest job, at the last one */
};

/* 0: go on. -1, ERR_SCRIPT "QFULL …": refuse. Costs nothing when there is no limit. While Redis does not
 * tell, it goes on: whatever comes next fails for the same reason. */
int backlog_check(struct backlog *b, struct redis *r, struct err *e);

#endif
