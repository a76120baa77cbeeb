/* catchup: a read waits for what was accepted before it to be stored (contract, "Reading what was
 * just written"). */
#ifndef PARLEY_CATCHUP_H
#define PARLEY_CATCHUP_H

#include <stdint.h>

#include "err.h"

struct catchup {
	int64_t wait_ms;       /* at most; PARLEY_READ_WAIT_MS */
	int64_t not_before_ms; /* after a wait in vain: nobody waits before this */
};

/* Calls `arrived` until it says 1, with growing pauses, while waiting is allowed. The first call is
 * the caller's own: this is for what was seen missing. What `arrived` said last: 1, 0, or -1 with *e. */
int catchup_wait(struct catchup *c, int (*arrived)(void *arg, struct err *e), void *arg,
		 struct err *e);

#endif
