/* numbers: the highest number of each parent (an application, a chat) in the jobs that wait. */
#ifndef PARLEY_NUMBERS_H
#define PARLEY_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "job.h"
#include "redis.h"

struct numbers_entry {
	uint64_t id;      /* of the application or the chat: their ids don't overlap */
	uint32_t highest; /* 0: it is named, and nothing below it waits */
	bool stored;      /* for the caller: MySQL has it */
	bool living;      /* for the caller: and it is not deleted */
};

struct numbers {
	struct buf list; /* of struct numbers_entry */
	size_t sorted;   /* entries at its beginning that are in order, an id once */
};

#define NUMBERS_INIT { BUF_INIT, 0 }

void numbers_clear(struct numbers *n);
/* What a job says: the number in its parent, and that chat and application exist. A job without a
 * number says nothing. 0 or -1: ERR_MEMORY. */
int numbers_add_job(struct numbers *n, const struct job *j, struct err *e);
/* Reads all waiting jobs, and the dead. In pages, so it is exact only while nobody moves jobs back
 * (jobset_waiting). 0 or -1. */
int numbers_read(struct numbers *n, struct redis *r, struct err *e);
/* Puts the entries in order, an id once, after the last numbers_add_job and before numbers_find. */
void numbers_sort(struct numbers *n);
/* NULL: no job names it. Borrowed until the next numbers_add_job. */
struct numbers_entry *numbers_find(const struct numbers *n, uint64_t id);
/* All entries, in the order of ids. */
struct numbers_entry *numbers_all(const struct numbers *n, size_t *all);

#endif
