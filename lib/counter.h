/* counter: raises the counter of an application or a chat. */
#ifndef PARLEY_COUNTER_H
#define PARLEY_COUNTER_H

#include <stdint.h>

#include "key.h"
#include "redis.h"

/* The key of an application's or a chat's counter: their ids don't overlap. Fills `out` and returns it. */
char *counter_key(char out[KEY_MAX], uint64_t id);
/* To at least `floor`; never lowers it, nor makes one that is missing. *now: what it is; below 0: it is
 * missing, or deleted. Only on a connection that was compared. 0 or -1 with *e. */
int counter_raise(struct redis *r, uint64_t id, uint64_t floor, int64_t *now, struct err *e);

#endif
