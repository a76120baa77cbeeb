/* queue: the reliable queue (doc/queues.md): drain, renew, finish; reap and promote.
 *
 * A slot is a worker's place: its name "<node>:<number>" is part of its in-flight list and lease. */
#ifndef PARLEY_QUEUE_H
#define PARLEY_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "err.h"
#include "job.h"
#include "key.h"
#include "random.h"
#include "redis.h"

/* What becomes of a job that was in work too often when a worker died. */
#define QUEUE_INTERRUPTED "Interrupted"
#define QUEUE_INTERRUPTED_MESSAGE "every worker that ran this job alone died"

struct queue {
	struct redis *redis; /* borrowed */
	const struct conf *conf;
	const char *name;    /* borrowed: JOB_QUEUE_… */
	char list[KEY_MAX], inflight[KEY_MAX], lease[KEY_MAX], suspects[KEY_MAX];
	char token[RANDOM_TOKEN]; /* of the lease in force */
};

struct batch {
	uint64_t seq;  /* queue_seq when it was taken */
	int64_t try;   /* 0: an ordinary batch; n: one suspect, alone for the n-th time */
	size_t n;      /* jobs; 0: the queue is empty */
	struct job *jobs; /* oldest first; they borrow from `reply` */
	redisReply *reply;
};

/* What a batch ended in, for finish. Texts are owned by the outcome. */
struct outcome {
	struct buf retries, deaths, forwards, counts; /* of struct outcome_item each */
	struct buf applications; /* uint64_t each: one per job that was counted in `backlog` */
	size_t processed[JOB_CLASS__MAX], failed[JOB_CLASS__MAX]; /* jobs, by class */
};

struct outcome_item {
	enum job_class class; /* forwards and counts: where it goes */
	uint64_t id;          /* counts: of which one may wait */
	int64_t at_us;        /* retries: when they are due */
	char *text;           /* owned */
	size_t len;
};

void queue_init(struct queue *q, struct redis *redis, const char *name, const char *slot);

/* Takes a batch under a new lease; what an unfinished batch left comes back as it is. 0 or -1.
 * The batch is the caller's: batch_clear. */
int queue_drain(struct queue *q, int64_t most_jobs, struct batch *b, struct err *e);
void batch_clear(struct batch *b);
/* Its one job was tried alone three times, and each time the worker died: it is dead (QUEUE_INTERRUPTED),
 * not to be tried again. */
bool batch_interrupted(const struct batch *b);
/* Waits for a job without taking it, at most `seconds`, and until a stop is asked for (ERR_UNSURE). 0 or -1. */
int queue_wait(struct queue *q, int64_t seconds, struct err *e);
/* 1: the lease is prolonged; 0: it is lost: leave the batch alone; -1. */
int queue_renew(struct queue *q, struct err *e);
/* Acknowledges the batch and puts its outcome where it belongs. 1; 0: the lease is lost and nothing
 * was done; -1 (ERR_UNSURE: perhaps done). */
int queue_finish(struct queue *q, const struct outcome *o, struct err *e);
/* Puts what this slot's last process left back into the queue: at start, the slot's lock held.
 * The number of jobs, or -1. */
int64_t queue_reap_own(struct queue *q, struct err *e);

/* Puts an unfinished batch back at a stop in good order: it is not held against its jobs, and a try
 * alone is not counted. The number of jobs, or -1. */
int64_t queue_release(struct queue *q, struct err *e);

/* All jobs of the batch count as processed, and none of them as waiting for its application any more. */
void outcome_processed(struct outcome *o, const struct batch *b);
void outcome_clear(struct outcome *o);
/* Each takes over `text`'s memory and empties it. 0 or -1: ERR_MEMORY. */
int outcome_retry(struct outcome *o, struct buf *text, int64_t at_us, struct err *e);
int outcome_dead(struct outcome *o, struct buf *text, struct err *e);
/* The job can never succeed: it goes to dead with that error, and counts as failed. 0 or -1: ERR_MEMORY. */
int outcome_bury(struct outcome *o, const struct job *j, const char *error_class, const char *message,
		 struct err *e);
/* The job is another program's: it goes to its own queue, unchanged. 0 or -1: ERR_MEMORY. */
int outcome_forward(struct outcome *o, const struct job *j, struct err *e);
/* A count job, of which one per class and id may wait. */
int outcome_count(struct outcome *o, enum job_class class, uint64_t id, struct buf *text,
		  struct err *e);

/* ---- for every node's `schedule` */

/* Puts back the jobs of all workers whose lease has lapsed. The number of jobs, or -1. */
int64_t queue_reap_lapsed(struct redis *r, struct err *e);
/* Moves the jobs of a zset (KEY_RETRY, KEY_SCHEDULE) that are due to their queues. A job that failed
 * as JOB_NUMBER_TAKEN gets a new number; a counter that is missing for that is healed, and if its chat was
 * deleted the job goes as it is. One whose counter cannot be healed now stays. Returns how many were
 * moved, or -1. */
int64_t queue_promote(struct redis *r, struct db *db, const char *zset, int64_t now_us,
		      struct err *e);

/* Moves one job of a zset to its queue, due or not, in the same way. 1; 0: it is not there any more, or
 * must stay; -1. */
int queue_promote_one(struct redis *r, struct db *db, const char *zset, const char *text, size_t len,
		      struct err *e);

/* ---- for /health and /metrics */

enum depth_queue { DEPTH_DEFAULT, DEPTH_COUNTS, DEPTH_INDEX, DEPTH_QUEUE__MAX };

struct depth {
	int64_t queue[DEPTH_QUEUE__MAX]; /* jobs that wait in it */
	int64_t queued;                  /* the sum of them */
	int64_t in_flight, retry, schedule, dead;
	int64_t oldest_age_ms; /* of what waits in `default`; 0 when nothing does */
};

int queue_depth(struct redis *r, int64_t now_us, struct depth *d, struct err *e);
/* How long the oldest job of `default` has been waiting; 0: none waits, or the last eight all failed
 * before, and nobody can tell how long they wait this time. 0 or -1. */
int queue_age(struct redis *r, int64_t now_us, int64_t *age_ms, struct err *e);
const char *depth_queue_name(enum depth_queue q);

#endif
