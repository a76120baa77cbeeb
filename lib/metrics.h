/* metrics: what all programs on this machine did, and what they have open: counted in one file,
 * $PARLEY_VAR/run/metrics (lib/tally.h), and written as Prometheus' text (doc/protocol.md).
 *
 * Every function takes a NULL, or metrics that could not be opened, and then does nothing: a program
 * without metrics works on. A process opens its own, after the fork. */
#ifndef PARLEY_METRICS_H
#define PARLEY_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "tally.h"

enum metrics_counter {
	METRICS_REQUESTS,  /* by service, method, route, status */
	METRICS_DURATION,  /* by service, method, route */
	METRICS_PROCESSED, /* jobs, by class */
	METRICS_FAILED,    /* jobs, by class */
	METRICS_BATCHES,   /* by queue */
	METRICS_STORED,    /* rows, by table */
	METRICS_CORRECTED, /* counts, by class */
	METRICS_RENUMBERED,
	METRICS_RECOVERIES,
	METRICS_INDEXED,   /* documents, by what became of them */
	METRICS_REFUSED,   /* documents */
	METRICS_INDEX_FAILURES,
	METRICS_FALLBACKS, /* searches */
	METRICS_COUNTER__MAX
};

/* What a process has one connection to. */
enum metrics_server { METRICS_MYSQL, METRICS_REDIS, METRICS_ELASTICSEARCH, METRICS_SERVER__MAX };

struct metrics {
	struct tally tally;
	const char *program; /* borrowed */
	int64_t began_ns;
};

/* A row of a table of gauges. */
struct metrics_gauge {
	const char *name, *help;
};

/* 0, or -1: ERR_SYSTEM, ERR_MEMORY; then *m counts nothing. */
int metrics_open(struct metrics *m, const struct conf *conf, const char *program, struct err *e);
void metrics_close(struct metrics *m);

/* Work on a request or a batch begins and ends; connections that it used are idle again. */
void metrics_begin(struct metrics *m);
void metrics_end(struct metrics *m);
/* A request ends. `route` is its pattern, "" when there is none; method "" is one that nobody knows. */
void metrics_request(struct metrics *m, const char *method, const char *route, int status);
/* Adds n; `value` is that of the counter's one label, NULL for a counter without. */
void metrics_add(struct metrics *m, enum metrics_counter counter, const char *value, uint64_t n);
/* The connection is open (and in use while there is work), or closed. */
void metrics_connection(struct metrics *m, enum metrics_server server, bool open);

/* How many processes of a program there should be on this machine. */
struct metrics_wanted {
	const char *program; /* borrowed */
	int64_t processes;   /* 0: none; then only those that are there are written */
};

/* All counters, connections and processes as text. A program that is wanted is in it also when it has no
 * process: what is not there can be seen. At most METRICS_WANTED of them. */
#define METRICS_WANTED 12
void metrics_write(const struct metrics *m, const struct metrics_wanted *wanted, size_t n,
		   struct buf *text);
/* The two comment lines that stand before a metric's values. */
void metrics_write_head(struct buf *text, const char *name, const char *type, const char *help);

#endif
