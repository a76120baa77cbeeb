/* reindex: makes a new index, or tells an application's messages again, in the foreground: all steps one after
 * the other, and what changes meanwhile told in between, so that no `index` need run.
 *
 * Failures of Elasticsearch and MySQL are waited out for ten minutes. What was done stays, and is gone on with
 * by whoever comes next. */
#ifndef PARLEY_REINDEX_H
#define PARLEY_REINDEX_H

#include "conf.h"
#include "indexer.h"
#include "progress.h"
#include "rebuild.h"

struct reindex {
	const struct conf *conf; /* borrowed */
	struct db *db;           /* borrowed; of DB_ROLE_INDEX */
	struct elastic *el;      /* borrowed */
	/* Called before each pause; may be NULL. */
	void (*waits)(void *arg, const struct err *e, int64_t pause_ms);
	void *arg;
	struct indexer indexer;
	struct rebuild rebuild;
	struct progress progress;
	enum search_phase phase; /* that the progress is of */
	char building[SEARCH_NAME]; /* the index that is being made */
	int64_t next_ms;  /* clock_mono_ms from which on the outbox is looked at again */
	int64_t pause_ms; /* the last one; 0: all goes well */
	int64_t well_ms;  /* clock_mono_ms when it went well last */
	/* the outcome */
	uint64_t told, refused;
};

void reindex_init(struct reindex *r, const struct conf *conf, struct db *db, struct elastic *el);
void reindex_clear(struct reindex *r);

/* From now on the steps are ours: 1; 0: another process like this one has them; -1 with *e. */
int reindex_take(struct reindex *r, struct err *e);
/* Makes a new index, or goes on with one that is being made. 1: searches use it: r->rebuild.state; 0: a stop was
 * asked for; -1 with *e. */
int reindex_all(struct reindex *r, struct err *e);
/* Tells all messages of an application again. 1: Elasticsearch has them; 0 and -1 likewise. */
int reindex_application(struct reindex *r, uint64_t application, struct err *e);

#endif
