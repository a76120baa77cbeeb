/* jobset: reads where jobs wait (a list or a zset), in pages that hold up Redis for a moment only. */
#ifndef PARLEY_JOBSET_H
#define PARLEY_JOBSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "redis.h"

struct jobset_entry { /* borrowed, for one visit */
	const char *text;
	size_t len;
	const char *score; /* of a zset, as Redis writes it; NULL in a list */
	int64_t at_us;     /* the same as a time; 0 in a list */
};

/* Called with each entry: 0: go on; 1: enough; -1 with *e. */
struct jobset_visitor {
	int (*visit)(void *arg, const struct jobset_entry *entry, struct err *e);
	void *arg;
};

/* All of a zset, in no order. What is in it from the beginning to the end is visited once; what comes or
 * goes meanwhile perhaps. 0, or -1 with *e. */
int jobset_scan(struct redis *r, const char *zset, const struct jobset_visitor *v, struct err *e);
/* The first `most` of a zset, by score. */
int jobset_first(struct redis *r, const char *zset, int64_t most, const struct jobset_visitor *v,
		 struct err *e);
/* The oldest `most` of a list, oldest first. */
int jobset_oldest(struct redis *r, const char *list, int64_t most, const struct jobset_visitor *v,
		  struct err *e);
/* All of a list, newest first: jobs are put in at that end and taken out at the other, so that what stays
 * in the list is never missed, and visited twice at most when others come meanwhile. */
int jobset_list(struct redis *r, const char *list, const struct jobset_visitor *v, struct err *e);
/* Some of a list that is longer than `most`: pages at equal distances. 1: that was not all; 0; -1 */
int jobset_sample(struct redis *r, const char *list, int64_t most, const struct jobset_visitor *v,
		  struct err *e);

/* How long a list or zset is; 0 when there is none. 0 or -1. */
int jobset_length(struct redis *r, const char *key, bool zset, int64_t *n, struct err *e);
/* The members of a set (the queues' names, the lists in flight), sorted. The reply is the caller's. */
int jobset_names(struct redis *r, const char *set, redisReply **names, struct err *e);

/* Every job that waits or is in flight: retry, schedule, all queues, all lists in flight; not the dead. Each of
 * these is read in pages, so at no one moment. The order is the one in which jobs move, so that a job which
 * moves on meanwhile is not missed; one that moves back (it fails, or its worker died) may be. Each visit may
 * only go on (0) or fail (-1). */
int jobset_waiting(struct redis *r, const struct jobset_visitor *v, struct err *e);

#endif
