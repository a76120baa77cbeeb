/* mend: puts right what verify has found. No message is deleted, no number given again, no counter
 * lowered. */
#ifndef PARLEY_MEND_H
#define PARLEY_MEND_H

#include "db.h"
#include "difference.h"
#include "elastic.h"
#include "redis.h"

struct mend {
	struct redis *redis; /* borrowed */
	struct db *db;       /* borrowed */
	struct elastic *elastic; /* borrowed; NULL: nothing of it was found */
	uint64_t most_numbers; /* of a gap that are filled */
	/* Called for each thing that was done (done), or is left to people. The text is in d->detail. 0 or -1. */
	int (*said)(void *arg, const struct difference *d, bool done, struct err *e);
	void *arg;
};

/* The differences, in the order of their kinds. 0, or -1 with *e: what was done was said. */
int mend_all(struct mend *m, const struct difference *d, size_t n, struct err *e);

#endif
