/* waiting: the numbers of all jobs that wait, are in flight or dead: what was given and may have no row.
 *
 * Read in pages, so at no one moment (jobset_waiting), the dead last. */
#ifndef PARLEY_WAITING_H
#define PARLEY_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "progress.h"
#include "redis.h"

struct waiting_number {
	uint64_t parent; /* a chat's id, or an application's (below 2^21) */
	uint32_t number;
	bool dead;
};

struct waiting {
	struct buf numbers; /* of struct waiting_number, sorted; owned */
	uint64_t jobs;      /* all of them, whatever their class */
};

/* `progress`, which may be NULL, is begun and ended. 0, or -1 with *e. waiting_clear it in any case. */
int waiting_read(struct waiting *w, struct redis *r, struct progress *progress, struct err *e);
void waiting_clear(struct waiting *w);

/* The numbers of one parent, sorted, and how many; NULL and 0: none. */
const struct waiting_number *waiting_of(const struct waiting *w, uint64_t parent, size_t *n);
/* All of them. */
const struct waiting_number *waiting_all(const struct waiting *w, size_t *n);
/* The highest number of a parent, dead ones included; 0: none. */
uint32_t waiting_highest(const struct waiting *w, uint64_t parent);

#define WAITING_MOST 50000 /* jobs that waiting_now reads: some 50 ms */

/* The numbers of one parent in all of these places at one moment, dead ones included (and not told apart).
 * It holds up Redis. 1; 0: there are more than WAITING_MOST jobs, nothing was read; -1 with *e. */
int waiting_now(struct waiting *w, struct redis *r, uint64_t parent, struct err *e);
/* The highest of them, however many jobs there are; 0: there is none. It holds up Redis, about 0.1 s for 100,000
 * jobs. 0, or -1 with *e. */
int waiting_highest_now(struct redis *r, uint64_t parent, uint64_t *highest, struct err *e);

#endif
