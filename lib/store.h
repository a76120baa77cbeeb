/* store: the transaction that makes a batch of jobs rows of MySQL.
 *
 * Order of locks, the same for everybody: the slot's own row of redis_mark, applications by id, chats
 * by id, messages. Without it several workers on one chat end in deadlocks all the time. */
#ifndef PARLEY_STORE_H
#define PARLEY_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "clock.h"
#include "db.h"
#include "job.h"

enum store_state {
	STORE_WAITING, /* not stored yet */
	STORE_DONE,    /* stored, or was stored before, or went with its deleted parent */
	STORE_RETRY,   /* failed, may succeed later */
	STORE_DEAD     /* can never be stored; its number ends as a void row */
};

enum store_action {
	STORE_INSERT, /* a new row */
	STORE_FILL,   /* a void row of this job gets its text */
	STORE_VOID,   /* a void row: the number was given, its job is dead */
	STORE_SPARE   /* a void row without key: this job has a row under another number */
};

struct store_item {
	const struct job *job; /* borrowed: JOB_CREATE_CHAT or JOB_CREATE_MESSAGE without a fault */
	uint64_t chat;         /* the chat's id */
	enum store_state state;
	enum store_action action;
	bool went;             /* STORE_DONE: not stored, it went with its deleted chat or application */
	struct buf body;       /* decoded; owned */
	char created[CLOCK_ISO];
	const char *error_class; /* of STORE_RETRY and STORE_DEAD */
	char error[240];
};

struct store {
	struct db *db;    /* borrowed */
	const char *slot; /* borrowed: whose mark, "persist:<node>:<number>" */
	uint64_t seq;     /* queue_seq at the drain */
	bool outbox;      /* write message_changes; else no index of Elasticsearch counts as complete any more */
	bool index_given_up; /* an outcome: there was one */
	/* Asked right before COMMIT: 1: the lease is ours; 0: it is lost; -1 with *e. */
	int (*fence)(void *arg, struct err *e);
	void *fence_arg;
};

/* Makes the item of a job: decodes the body; one that cannot be a row is STORE_DEAD.
 * 0 or -1: ERR_MEMORY. */
int store_item_init(struct store_item *i, const struct job *job, struct err *e);
/* The number that the job was accepted with, when it is another than the one it has now; else 0. */
uint64_t store_renumbered(const struct store_item *i);
void store_item_clear(struct store_item *i);
/* Puts items in the order of the tables and settles jobs that are there twice: the same job is done,
 * another job with the same number fails. Call it once before store_run. */
void store_sort(struct store_item *items, size_t n);

/* Stores all items that are STORE_WAITING (or whose action is STORE_VOID) in one transaction.
 * 1: committed, each item has its state. 0: the lease is lost, rolled back. -1 with *e: rolled back,
 * items as before; ERR_DB_DUP asks for store_resolve, then again. */
int store_run(struct store *s, struct store_item *items, size_t n, struct err *e);
/* After ERR_DB_DUP: looks up which rows are there, and settles or redirects the items they concern.
 * The number of items that were changed, or -1 with *e. */
int store_resolve(struct store *s, struct store_item *items, size_t n, struct err *e);

/* An item's job failed for this reason. */
void store_item_fail(struct store_item *i, enum store_state state, const char *error_class,
		     const char *error);

#endif
