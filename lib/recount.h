/* recount: the counts of a chat or an application, checked against its rows and corrected.
 *
 * A check is one statement, so it reads both in one snapshot and takes no lock; only what differs is
 * locked and counted again. */
#ifndef PARLEY_RECOUNT_H
#define PARLEY_RECOUNT_H

#include "db.h"
#include "job.h"

struct recount {
	bool corrected;
	struct { uint64_t rows, living, last; } was, is; /* if it was */
};

/* Can jobs of this class be counted? JOB_COUNT_MESSAGES, JOB_COUNT_CHATS. */
bool recount_knows(enum job_class class);
/* `id` is a chat's or an application's; one that is deleted is left alone. 0, or -1 with *e. */
int recount(struct db *db, enum job_class class, uint64_t id, struct recount *r, struct err *e);

#endif
