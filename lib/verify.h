/* verify: compares Redis and MySQL, and MySQL and Elasticsearch, while the system is in use.
 *
 * A first look over everything finds what may differ: it reads in pages and in no one moment. What it
 * suspects is looked at twice more, in the order counters, jobs, rows, counters again: a number that was
 * given before the jobs were read waits then, or has its row when the rows are read. Only what both looks
 * find is a difference. Nothing is locked, and no script scans. */
#ifndef PARLEY_VERIFY_H
#define PARLEY_VERIFY_H

#include "difference.h"
#include "elastic.h"
#include "progress.h"
#include "redis.h"
#include "db.h"

struct renumbered { /* a message that is stored under another number than it was accepted with */
	char token[33];
	uint32_t chat, number, given_number;
};

struct verify {
	struct redis *redis; /* borrowed */
	struct db *db;       /* borrowed */
	struct elastic *elastic; /* borrowed; NULL: there is none, or it is not to be looked at */
	uint64_t application; /* 0: all of them, and what belongs to none */
	int (*found)(void *arg, const struct difference *d, struct err *e); /* 0 or -1 */
	int (*renumbered)(void *arg, const struct renumbered *r, struct err *e); /* may be NULL */
	void *arg;
	/* the outcome */
	uint64_t differences, applications, chats, messages, jobs, documents;
	struct progress progress;
	/* the application named last */
	uint64_t token_of;
	char token[33];
	bool token_deleted;
};

/* 0: done, whatever was found; -1 with *e. */
int verify_all(struct verify *v, struct err *e);

/* Names the application: v->token, "" when it has no row. 0 or -1. */
int verify_name(struct verify *v, uint64_t application, struct err *e);
/* Counts a difference and hands it on. */
int verify_found(struct verify *v, const struct difference *d, struct err *e);
/* What is of no application: entries of retry, schedule and dead, losses, how far Redis is. */
int verify_rest(struct verify *v, struct err *e);
/* Elasticsearch: is there an index, was anything refused, has it what MySQL has? Chats were counted before. */
int verify_index(struct verify *v, struct err *e);
/* Messages that are stored under another number. */
int verify_renumbered(struct verify *v, struct err *e);

#endif
