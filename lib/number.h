/* number: gives chats and messages their numbers: one EVALSHA that counts and queues the job.
 *
 * A number never exists without its job, nor a job without its number. */
#ifndef PARLEY_NUMBER_H
#define PARLEY_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "redis.h"

enum number {
	NUMBER_NONE,  /* there is no such application or chat */
	NUMBER_GIVEN, /* and the job is queued */
	NUMBER_HEALED /* the same, after a counter that Redis had lost was brought back (lib/heal.h) */
};

/* What a number is wanted for. */
struct number_wish {
	uint64_t parent;        /* of a chat: its application's id; of a message: its chat's */
	const char *body;       /* of a message; NULL for a chat */
	size_t body_len;
	const char *request_id; /* goes with the job, into the logs of who stores it; NULL: none */
};

/* One of enum number, with *number when it was given; or -1: ERR_SCRIPT (QFULL, FULL: lib/word.h),
 * ERR_REDIS, ERR_UNSURE (perhaps done), ERR_BEHIND, ERR_DB… (a counter is missing and MySQL cannot be
 * asked), ERR_MEMORY. */
int number_give(struct redis *r, struct db *db, const struct number_wish *wish, uint32_t *number,
		struct err *e);
/* The counter of a new application, at 0. 0 or -1. */
int number_begin(struct redis *r, struct db *db, uint64_t application, struct err *e);

#endif
