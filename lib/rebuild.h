/* rebuild: makes a new index beside the one that searches use, and puts it in its place.
 *
 *   asked     a name is chosen
 *   create    the index is made, and from then on indexer_run tells it, too, what changes
 *   fill      all messages are read in order, in slices
 *   compare   is it what MySQL has? What is not goes into the outbox, and all is compared again
 *   swap      searches use it from now on; the old one stays, and is told nothing more
 *
 * Each step begins with what the state of MySQL says (lib/search_state.h), and may be broken off anywhere and
 * begun again, by another process, too. */
#ifndef PARLEY_REBUILD_H
#define PARLEY_REBUILD_H

#include "bulk.h"
#include "db.h"
#include "elastic.h"
#include "index_compare.h"
#include "search_state.h"

struct rebuild {
	struct db *db;      /* borrowed; of DB_ROLE_INDEX */
	struct elastic *el; /* borrowed */
	struct bulk bulk;
	struct index_compare compare;
	uint64_t most;      /* rows of the next slice */
	struct progress *progress; /* of rows, then of chats; borrowed, may be NULL */
	/* as of the last step */
	struct search_state state;
	struct search_backfill backfill;
	uint64_t told, refused; /* messages that Elasticsearch was told, and refused, by the last step */
};

enum rebuild_result {
	REBUILD_NONE, /* none is being built */
	REBUILD_STEP, /* a step was done */
	REBUILD_DONE  /* that was the last one: state.active is the new one */
};

void rebuild_init(struct rebuild *r, struct db *db, struct elastic *el);
void rebuild_clear(struct rebuild *r);

/* Who does the steps holds this lock, which ends with the connection to MySQL. `name`: REBUILD_STEPS, or
 * REBUILD_HAND for who does all of them in the foreground. 1: taken, also when
 * it was ours before; 0: somebody else has it; -1. */
#define REBUILD_STEPS "rebuild"
#define REBUILD_HAND "reindex"
int rebuild_take(struct db *db, const char *name, struct err *e);
int rebuild_release(struct db *db, const char *name, struct err *e);
/* Does nobody hold it? 1, 0, -1. */
int rebuild_free(struct db *db, const char *name, struct err *e);

/* Asks for a new index. 1; 0: one is being built already; -1 with *e, ERR_DB_BUSY: the lock was not to be had in
 * wait_ms. */
int rebuild_ask(struct db *db, int64_t wait_ms, struct err *e);
#define REBUILD_WAIT_MS 120000 /* longer than a batch of `index` takes */
/* The next step. A rebuild_result, or -1 with *e; the same step comes again then. */
int rebuild_step(struct rebuild *r, struct err *e);
/* Gives up the one that is being built, and removes it. 1; 0: none is; -1. */
int rebuild_cancel(struct db *db, struct elastic *el, struct err *e);

#endif
