/* What all programs on this machine did, and what they have open. */
#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define SUM (TALLY_CELLS - 1) /* the cell of a histogram that holds its sum, in microseconds */
#define PROGRAMS 16           /* that are told apart */

struct counter {
	const char *name, *label; /* the first label; NULL: it has none */
	const char *help;
};

static const struct counter counters[METRICS_COUNTER__MAX] = {
	[METRICS_REQUESTS] = { "http_requests_total", "service", "Requests answered." },
	[METRICS_DURATION] = { "http_request_duration_seconds", "service",
			       "Time from a request's arrival at a process to its answer." },
	[METRICS_PROCESSED] = { "jobs_processed_total", "class",
				"Jobs that were worked on and acknowledged, failed ones included." },
	[METRICS_FAILED] = { "jobs_failed_total", "class",
			     "Jobs that failed, and went to retry or dead." },
	[METRICS_BATCHES] = { "job_batches_total", "queue", "Batches of jobs that were acknowledged." },
	[METRICS_STORED] = { "rows_stored_total", "table", "Jobs whose row is there (or went with its parent) since "
			     "persist's COMMIT." },
	[METRICS_CORRECTED] = { "counts_corrected_total", "class",
				"Counts that recount found wrong and set right." },
	[METRICS_RENUMBERED] = { "renumbered_total", NULL,
				 "Messages that got a new number, because another row had theirs." },
	[METRICS_RECOVERIES] = { "redis_recoveries_total", NULL,
				 "Times that Redis had lost what it had acknowledged, and was recovered." },
	[METRICS_INDEXED] = { "documents_indexed_total", "action",
			      "Documents that Elasticsearch has taken: index, delete, or fill a new index." },
	[METRICS_REFUSED] = { "documents_refused_total", NULL,
			      "Documents that Elasticsearch refused for good, and that were set aside." },
	[METRICS_INDEX_FAILURES] = { "index_failures_total", NULL,
				     "Batches that Elasticsearch has not taken, or not all of them." },
	[METRICS_FALLBACKS] = { "search_fallbacks_total", NULL,
				"Searches that MySQL did although there is an Elasticsearch." },
};

static const struct metrics_gauge servers[METRICS_SERVER__MAX] = {
	[METRICS_MYSQL] = { "mysql_connections", "Connections to MySQL of all processes." },
	[METRICS_REDIS] = { "redis_connections", "Connections to Redis of all processes." },
	[METRICS_ELASTICSEARCH] = { "elasticsearch_connections",
				    "Connections to Elasticsearch of all processes." },
};

/* Upper bounds of the histogram's cells; the last cell before the sum is beyond them all. */
static const struct { int64_t us; const char *text; } bounds[] = {
	{ 500, "0.0005" }, { 1000, "0.001" }, { 2500, "0.0025" }, { 5000, "0.005" },
	{ 10000, "0.01" }, { 25000, "0.025" }, { 50000, "0.05" }, { 100000, "0.1" },
	{ 250000, "0.25" }, { 500000, "0.5" }, { 1000000, "1" }, { 2500000, "2.5" },
	{ 5000000, "5" }, { 10000000, "10" },
};
#define BOUNDS (sizeof(bounds) / sizeof(bounds[0]))
_Static_assert(BOUNDS + 1 == SUM, "a cell for each bound, one beyond, one for the sum");
_Static_assert(METRICS_WANTED < PROGRAMS, "room for those that are there besides");
_Static_assert((int)METRICS_COUNTER__MAX <= TALLY_KINDS, "a kind for each counter");

/* States of a process's slot: of its connections, and of itself. */
enum { BUSY = METRICS_SERVER__MAX, STATE__MAX };
enum { CLOSED, IDLE, IN_USE };
_Static_assert((int)STATE__MAX <= TALLY_STATES, "a state for each connection and one for the process");

static const char *const states[] = { [IDLE] = "idle", [IN_USE] = "in_use" };

/* ------------------------------------------------------------------ open, close */

/* Whatever changes the meaning of a row or of a slot's state changes this. */
static uint64_t layout(void)
{
	uint64_t hash = TALLY_HASH;
	size_t i;

	for (i = 0; i < METRICS_COUNTER__MAX; i++)
		hash = tally_hash(hash, counters[i].name);
	for (i = 0; i < BOUNDS; i++)
		hash = tally_hash(hash, bounds[i].text);
	for (i = 0; i < METRICS_SERVER__MAX; i++)
		hash = tally_hash(hash, servers[i].name);
	return hash;
}

int metrics_open(struct metrics *m, const struct conf *conf, const char *program, struct err *e)
{
	char *folder = conf_path(conf, "run"), *path = conf_path(conf, "run/metrics");
	int rc;

	memset(m, 0, sizeof(*m));
	m->program = program;
	if (!folder || !path)
		rc = err_memory(e);
	else if (mkdir(folder, 0750) && errno != EEXIST)
		rc = err_sys(e, "%s", folder);
	else
		rc = tally_open(&m->tally, path, layout(), program, e);
	free(folder);
	free(path);
	return rc;
}

void metrics_close(struct metrics *m)
{
	tally_close(&m->tally);
}

/* ------------------------------------------------------------------ counting */

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void metrics_begin(struct metrics *m)
{
	if (!m)
		return;
	m->began_ns = now_ns();
	tally_set(&m->tally, BUSY, IN_USE);
}

void metrics_end(struct metrics *m)
{
	unsigned i;

	if (!m)
		return;
	tally_set(&m->tally, BUSY, IDLE);
	for (i = 0; i < METRICS_SERVER__MAX; i++)
		if (tally_get(&m->tally, i) == IN_USE)
			tally_set(&m->tally, i, IDLE);
}

void metrics_connection(struct metrics *m, enum metrics_server server, bool open)
{
	if (m)
		tally_set(&m->tally, server,
			  !open ? CLOSED : tally_get(&m->tally, BUSY) == IN_USE ? IN_USE : IDLE);
}

static void observe(struct tally_row *row, int64_t us)
{
	unsigned i = 0;

	while (i < BOUNDS && us > bounds[i].us)
		i++;
	tally_add(row, i, 1);
	tally_add(row, SUM, (uint64_t)us);
}

void metrics_request(struct metrics *m, const char *method, const char *route, int status)
{
	char name[TALLY_NAME];
	int len;

	if (!m || !m->tally.file)
		return;
	metrics_end(m);
	len = snprintf(name, sizeof(name), "service=\"%s\",method=\"%s\",route=\"%s\"", m->program,
		       *method ? method : "other", *route ? route : "none");
	if (len < 0 || (size_t)len >= sizeof(name))
		return;
	observe(tally_row(&m->tally, METRICS_DURATION, name), (now_ns() - m->began_ns) / 1000);
	snprintf(name + len, sizeof(name) - (size_t)len, ",status=\"%d\"", status);
	tally_add(tally_row(&m->tally, METRICS_REQUESTS, name), 0, 1);
}

void metrics_add(struct metrics *m, enum metrics_counter counter, const char *value, uint64_t n)
{
	char name[TALLY_NAME] = "";

	if (!m || !m->tally.file || !n)
		return;
	if (value)
		snprintf(name, sizeof(name), "%s=\"%s\"", counters[counter].label, value);
	tally_add(tally_row(&m->tally, counter, name), 0, n);
}

/* ------------------------------------------------------------------ writing */

void metrics_write_head(struct buf *text, const char *name, const char *type, const char *help)
{
	buf_addf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static unsigned long long cell(const struct tally_row *row, unsigned i)
{
	return atomic_load_explicit(&row->cell[i], memory_order_relaxed);
}

static void write_histogram(struct buf *text, const char *name, const char *labels,
			    const struct tally_row *row)
{
	unsigned long long below = 0, sum = cell(row, SUM);
	unsigned i;

	for (i = 0; i <= BOUNDS; i++) {
		below += cell(row, i);
		buf_addf(text, "%s_bucket{%s,le=\"%s\"} %llu\n", name, labels,
			 i < BOUNDS ? bounds[i].text : "+Inf", below);
	}
	buf_addf(text, "%s_sum{%s} %llu.%06llu\n%s_count{%s} %llu\n", name, labels, sum / 1000000,
		 sum % 1000000, name, labels, below);
}

static void write_row(struct buf *text, enum metrics_counter counter, const char *labels,
		      const struct tally_row *row)
{
	const char *name = counters[counter].name;

	if (counter == METRICS_DURATION)
		write_histogram(text, name, labels, row);
	else if (*labels)
		buf_addf(text, "%s{%s} %llu\n", name, labels, cell(row, 0));
	else
		buf_addf(text, "%s %llu\n", name, cell(row, 0));
}

static bool is_used(const struct tally_row *row)
{
	unsigned i;

	for (i = 0; i < TALLY_CELLS; i++)
		if (cell(row, i))
			return true;
	return false;
}

static void write_counter(const struct tally *t, enum metrics_counter counter, struct buf *text)
{
	const struct tally_row *row, *others = tally_others(t, counter);
	bool any = false;
	unsigned i = 0;

	metrics_write_head(text, counters[counter].name,
			   counter == METRICS_DURATION ? "histogram" : "counter",
			   counters[counter].help);
	while ((row = tally_next(t, &i)))
		if (row->kind == (uint32_t)counter) {
			write_row(text, counter, row->name, row);
			any = true;
		}
	if (!counters[counter].label && !any) /* it is there from the start: its rise from 0 is seen */
		buf_addf(text, "%s 0\n", counters[counter].name);
	if (is_used(others))
		write_row(text, counter, "overflow=\"true\"", others);
}

/* How many living processes are in each state. */
struct census {
	unsigned connections[METRICS_SERVER__MAX][IN_USE + 1];
	struct {
		const char *name;
		unsigned n[IN_USE + 1];
	} program[PROGRAMS];
};

static void expect(struct census *c, const struct metrics_wanted *wanted, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++)
		if (wanted[i].processes)
			c->program[k++].name = wanted[i].program;
}

static void count_program(struct census *c, const struct tally_slot *s)
{
	unsigned i = 0;

	while (i < PROGRAMS - 1 && c->program[i].name && strcmp(c->program[i].name, s->owner) != 0)
		i++;
	c->program[i].name = i < PROGRAMS - 1 ? s->owner : "other";
	c->program[i].n[s->state[BUSY] == IN_USE ? IN_USE : IDLE]++;
}

static void count_slots(const struct tally *t, struct census *c)
{
	const struct tally_slot *s;
	unsigned k;
	int i;

	for (i = 0; i < TALLY_SLOTS; i++) {
		s = tally_slot(t, i);
		if (!s)
			continue;
		for (k = 0; k < METRICS_SERVER__MAX; k++)
			if (s->state[k] <= IN_USE)
				c->connections[k][s->state[k]]++;
		count_program(c, s);
	}
}

static void write_census(const struct census *c, struct buf *text)
{
	unsigned i, k;

	for (i = 0; i < METRICS_SERVER__MAX; i++) {
		metrics_write_head(text, servers[i].name, "gauge", servers[i].help);
		for (k = IDLE; k <= IN_USE; k++)
			buf_addf(text, "%s{state=\"%s\"} %u\n", servers[i].name, states[k],
				 c->connections[i][k]);
	}
	metrics_write_head(text, "processes", "gauge",
			   "Processes, by whether they work on a request or a batch.");
	for (i = 0; i < PROGRAMS && c->program[i].name; i++)
		for (k = IDLE; k <= IN_USE; k++)
			buf_addf(text, "processes{program=\"%.*s\",state=\"%s\"} %u\n", TALLY_OWNER - 1,
				 c->program[i].name, k == IN_USE ? "busy" : states[k],
				 c->program[i].n[k]);
}

static void write_wanted(const struct metrics_wanted *wanted, size_t n, struct buf *text)
{
	size_t i;

	metrics_write_head(text, "processes_wanted", "gauge",
			   "Processes of a program that this machine's settings ask for.");
	for (i = 0; i < n; i++)
		if (wanted[i].processes)
			buf_addf(text, "processes_wanted{program=\"%s\"} %lld\n", wanted[i].program,
				 (long long)wanted[i].processes);
}

void metrics_write(const struct metrics *m, const struct metrics_wanted *wanted, size_t n,
		   struct buf *text)
{
	struct census c = { 0 };
	int i;

	if (!m || !m->tally.file)
		return;
	for (i = 0; i < METRICS_COUNTER__MAX; i++)
		write_counter(&m->tally, (enum metrics_counter)i, text);
	expect(&c, wanted, n);
	count_slots(&m->tally, &c);
	write_census(&c, text);
	write_wanted(wanted, n, text);
}
