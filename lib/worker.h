/* worker: what every job program is made of: options, a slot, connections, waiting and backing off. */
#ifndef PARLEY_WORKER_H
#define PARLEY_WORKER_H

#include <stdbool.h>

#include "conf.h"
#include "db.h"
#include "metrics.h"
#include "queue.h"
#include "redis.h"
#include "slot.h"

struct worker {
	struct conf conf;
	struct metrics metrics;
	struct redis redis;
	struct db db;
	struct slot slot;
	struct queue queue;
	int64_t until_ms;   /* clock_mono_ms at which --for is over; INT64_MAX: never */
	int64_t back_off_ms; /* the next pause; 0 after something went well */
	bool reaped;        /* what this slot's last process left was put back */
};

struct worker_kind {
	const char *name;    /* "persist" */
	const char *purpose; /* for --help */
	const char *queue;   /* JOB_QUEUE_…; NULL: works on none */
	bool many;           /* PARLEY_WORKERS slots on this machine, else one */
	enum db_role role;   /* of its connection to MySQL: DB_ROLE_JOB or DB_ROLE_INDEX */
	bool (*wanted)(const struct conf *conf); /* is there anything for it to do? NULL: there is */
};

/* A whole job program: reads options and settings, takes a slot, makes `run` work until the end.
 * Returns the exit status: 0 also when every slot is taken, or it is not wanted. */
int worker_main(const struct worker_kind *kind, int argc, char **argv, void (*run)(struct worker *w));

/* Neither told to stop nor over its time. */
bool worker_goes_on(const struct worker *w);
/* Makes the connections good: Redis compared with MySQL, and what this slot's last process left put
 * back. True: go on with work; false: it was logged and a pause was made. */
bool worker_ready(struct worker *w);
/* The same without a pause, for who has other things to do: 0 or -1 with *e. */
int worker_prepare(struct worker *w, struct err *e);
/* Logs what failed and pauses: 100 ms, doubling up to 5 s, until something goes well. */
void worker_back_off(struct worker *w, const char *what, const struct err *e);
void worker_went_well(struct worker *w);
/* Sleeps until clock_mono_ms is `until_ms`, or until the end. */
void worker_rest(const struct worker *w, int64_t until_ms);
/* From now on this process may work so long; then SIGALRM ends it. 0: no limit. */
void worker_alarm(int64_t ms);

/* Drains, hands each batch to `work` and waits while there is nothing, until the end. `work` does all
 * about a batch but clearing it, and says worker_went_well when it did. */
void worker_loop(struct worker *w, void (*work)(struct worker *w, struct batch *b));

#endif
