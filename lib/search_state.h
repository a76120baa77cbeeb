/* search_state: which index of Elasticsearch is searched, which is being built, and how far that is:
 * the rows of search_index and search_backfill.
 *
 * Whoever writes to an index what the outbox has, or changes this, holds the lock of search_index from
 * search_state_lock to COMMIT. */
#ifndef PARLEY_SEARCH_STATE_H
#define PARLEY_SEARCH_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"

#define SEARCH_NAME 256 /* bytes of an index's name, its NUL included */
#define SEARCH_UUID 65

enum search_phase {
	SEARCH_IDLE,    /* nothing is being built */
	SEARCH_ASKED,   /* a new index is wanted */
	SEARCH_CREATE,  /* its name is chosen; whatever has that name may go */
	SEARCH_FILL,    /* from here on it is told what changes; messages are read in order */
	SEARCH_COMPARE, /* it has all; is it what MySQL has? */
	SEARCH_SWAP,    /* it is, and is to be the one that searches use */
	SEARCH_PHASE__MAX
};

struct search_index { /* names; "" is none */
	char name[SEARCH_NAME], uuid[SEARCH_UUID];
};

struct search_state {
	struct search_index active, building;
	enum search_phase phase;
	int64_t succeeded_us; /* when index last had nothing to tell, or all of a batch was taken; 0: never */
};

struct search_backfill {
	uint64_t chat;
	uint32_t number; /* of the message that was done last */
	uint64_t done, total;
	uint64_t differences; /* found in this round of SEARCH_COMPARE */
	uint32_t rounds;
	int64_t began_us; /* 0: never */
};

const char *search_phase_name(enum search_phase p);
/* Is it told what changes, does it count as a target? */
bool search_building(const struct search_state *s);

/* Begins a transaction and locks the state. 1: it is ours until COMMIT or ROLLBACK; 0: somebody else has it,
 * nothing is open; -1 with *e, nothing is open. */
int search_state_lock(struct db *db, struct search_state *s, struct err *e);
/* The same, waiting for it up to wait_ms; a stop ends the wait. */
int search_state_wait(struct db *db, struct search_state *s, int64_t wait_ms, struct err *e);
/* Without the lock: as it was a moment ago. 0 or -1. */
int search_state_read(struct db *db, struct search_state *s, struct err *e);
/* Under the lock; all but succeeded_us. 0 or -1. */
int search_state_write(struct db *db, const struct search_state *s, struct err *e);
int search_state_succeeded(struct db *db, int64_t now_us, struct err *e);

/* For a transaction that tells the outbox nothing (there is no ELASTICSEARCH_URL): from its COMMIT on no index has what
 * MySQL has. MySQL searches until there is a new one, which is asked for. 1: an index was given up; 0: there was none;
 * -1 with *e. */
int search_state_forget(struct db *db, struct err *e);

int search_backfill_read(struct db *db, struct search_backfill *b, struct err *e);
/* All but began_us. */
int search_backfill_write(struct db *db, const struct search_backfill *b, struct err *e);
/* A new one begins: nothing is done. */
int search_backfill_begin(struct db *db, int64_t now_us, struct err *e);

#endif
