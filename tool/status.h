/* status: what `queue status` finds out. Reading it, saying it and the alarms are a file each. */
#ifndef PARLEY_STATUS_H
#define PARLEY_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox.h"
#include "queue.h"
#include "search_state.h"
#include "slot.h"
#include "tool.h"

#define STATUS_SAMPLE 10000 /* jobs looked at in each place, to tell their classes */
#define CENSUS_KINDS 16

/* How often names were seen; further ones count as others. */
struct census {
	struct {
		char name[64]; /* fit for a terminal */
		int64_t n;
	} kind[CENSUS_KINDS];
	size_t kinds;
	int64_t seen, others;
};

void census_add(struct census *c, const char *name);

struct status_place { /* a queue, or a zset */
	char name[KEY_MAX];
	int64_t n;
	bool sample;           /* kinds are those of a sample */
	struct census kinds;   /* of queues: classes; of retry, schedule and dead: error classes */
	int64_t oldest_us;     /* queues: when the oldest was accepted; retry, schedule: when the first is
				  due; dead: since when the first is. 0: empty */
	int64_t failing_us;    /* retry: since when the first of those seen has been failing. 0: none */
};

#define STATUS_ZSETS 3

struct status_flight { /* what a slot has in flight */
	char name[KEY_MAX]; /* "default:<node>:1" */
	int64_t n, lease_ms; /* below 0: no lease */
	bool here;           /* of this machine */
};

enum status_program { STATUS_PERSIST, STATUS_RECOUNT, STATUS_SCHEDULE, STATUS_PURGE, STATUS_INDEX, STATUS_PROGRAM__MAX };
const char *status_program_name(enum status_program p);

struct status {
	int64_t now_us;
	struct depth depth;
	struct status_place *queue; /* the four of ours, then others; owned */
	size_t queues;
	struct status_place zset[STATUS_ZSETS]; /* retry, schedule, dead */
	struct status_flight *flight; /* slots that have jobs in flight, or a lease; owned */
	size_t flights;
	int64_t held[STATUS_PROGRAM__MAX]; /* slots of this machine */
	int64_t elsewhere; /* slots of other machines that took a batch within the last lease */
	uint64_t queue_seq;
	bool queue_seq_there;
	uint64_t renumbered, losses, mark; /* of MySQL */
	bool elastic; /* there is an Elasticsearch; else nobody tells the outbox */
	struct outbox_depth outbox;
	struct search_state index;
	struct search_backfill backfill;
	struct err redis, mysql, slots;    /* ERR_NONE: that part was read */
};

/* Reads all it can; what could not be read is in redis, mysql, slots. status_clear
 * it. */
void status_read(struct status *s, struct tool *t);
void status_clear(struct status *s);
/* Only who works: held, elsewhere, flight. */
void status_read_workers(struct status *s, struct tool *t);
/* Does any program that stores work, as far as can be seen from here? */
bool status_stores(const struct status *s);

void status_text(struct buf *out, const struct status *s, const struct conf *conf);
void status_json(struct buf *out, const struct status *s);

struct alarm_limits {
	int64_t depth, age_s; /* of what waits in the queues */
	int64_t wait_s;       /* for a worker to be seen */
};

/* Appends a line per alarm. How many. */
int status_alarms(struct buf *out, struct status *s, struct tool *t, const struct alarm_limits *l);

#endif
