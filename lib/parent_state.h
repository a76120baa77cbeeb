/* parent_state: what an application or chat says of the rows below it, what these are, and its counter.
 *
 * All that is in MySQL is read in one snapshot, without a lock. */
#ifndef PARLEY_PARENT_STATE_H
#define PARLEY_PARENT_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "progress.h"
#include "redis.h"
#include "waiting.h"

#define PARENT_STATE_PAGE 500

struct parent_counts {
	uint64_t stored, living, last;
};

struct parent_state {
	uint64_t id;
	bool there;       /* it has a row; else nothing but the counters is known */
	bool parent_gone; /* a chat's application is deleted */
	bool deleted, purged;
	struct parent_counts says, is; /* is: of the rows below it; not read for a tombstone that purge
					  has still to come to */
	bool counter_there;
	uint64_t counter;
};

/* An application's children are chats, a chat's messages: the statements and names of each. */
struct parent_kind {
	bool chats; /* these are chats */
	enum db_query list, some, count, window, numbers;
	const char *children;          /* "messages" */
	const char *stored, *living, *last; /* the columns */
};

const struct parent_kind *parent_kind_of(uint64_t id);
extern const struct parent_kind parent_applications, parent_chats;

/* Opens and ends the snapshot in which the functions below read. 0 or -1 with *e. */
int parent_states_begin(struct db *db, struct err *e);
int parent_states_end(struct db *db, struct err *e);

/* The next page: those with after < id <= upto, at most PARENT_STATE_PAGE. *n: how many. */
int parent_states_list(struct db *db, const struct parent_kind *k, uint64_t after, uint64_t upto,
		       struct parent_state *s, size_t *n, struct err *e);
/* Those whose ids stand in s already, ascending. */
int parent_states_some(struct db *db, const struct parent_kind *k, struct parent_state *s, size_t n,
		       struct err *e);
/* Counts the rows below them. *rows is raised by how many that were; so is the progress. */
int parent_states_count(struct db *db, const struct parent_kind *k, struct parent_state *s, size_t n,
			struct progress *p, uint64_t *rows, struct err *e);

/* Reads the counters. Not of MySQL, so not of the snapshot. */
int parent_states_counters(struct redis *r, struct parent_state *s, size_t n, struct err *e);

/* Called with each run of numbers that are neither a row's nor a waiting job's: 0: go on; 1: enough; -1. */
struct parent_gaps {
	int (*found)(void *arg, uint32_t from, uint32_t to, struct err *e);
	void *arg;
};

/* Looks for such numbers from `from` to `to`. Jobs that are dead count as waiting only if `dead` is set. */
int parent_gaps(struct db *db, uint64_t id, uint64_t from, uint64_t to, const struct waiting *w, bool dead,
		const struct parent_gaps *g, struct err *e);

#endif
