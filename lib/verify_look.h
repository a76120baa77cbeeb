/* verify_look: how verify.c looks at what it suspects: in the order counters, jobs, rows, counters again. */
#ifndef PARLEY_VERIFY_LOOK_H
#define PARLEY_VERIFY_LOOK_H

#include "parent_state.h"
#include "verify.h"

struct suspect {
	uint64_t id;
	uint64_t counter; /* before the jobs were read; 0: there was none */
	uint32_t kinds;   /* what the look before found: a bit each */
};

enum look_number { LOOK_FIRST, LOOK_SECOND, LOOK_THIRD };

struct look {
	struct verify *v;
	enum look_number number;
	struct waiting waiting;
	struct buf suspects; /* of struct suspect; owned: who is to be looked at next, by id */
	struct buf ids;      /* of uint64_t, owned: chats that are found without MySQL */
	/* at hand, in the second and third look */
	const struct parent_state *state;
	struct suspect *suspect;
	struct buf gaps;        /* of struct difference, owned */
	uint64_t ranges;
	struct difference more; /* the gaps beyond those that are told one by one, as one */
};

struct suspect *look_suspects(const struct look *l, size_t *n);
/* Looks at the suspects. The second look remembers what it finds of each, and keeps those of which it found
 * something; the third tells what both have found. 0 or -1 with *e. */
int look_again(struct look *l, enum look_number number, struct err *e);

#endif
