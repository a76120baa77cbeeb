/* queue retry and queue kill. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bury.h"
#include "clock.h"
#include "compare.h"
#include "jobset.h"
#include "key.h"
#include "place.h"
#include "progress.h"
#include "queue.h"
#include "tool.h"

struct mover { /* the command */
	const char *done;              /* "%s" */
	const char *from[2];           /* where it looks without --from */
	int (*move)(struct tool *t, const char *zset, const struct job *j, struct err *e);
};

struct move { /* one run of it */
	struct tool *t;
	const struct mover *kind;
	const char *zset;
	bool all;
	const char *class, *error_class; /* NULL: any */
	char **jids;                     /* sorted */
	int n;
	bool *found;
	int64_t began_us;
	uint64_t moved, left;
	struct progress progress;
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_named(struct move *m, const struct job *j)
{
	const char *jid = j->jid;
	char **at = *jid ? bsearch(&jid, m->jids, (size_t)m->n, sizeof(*m->jids), by_text) : NULL;

	if (at)
		m->found[at - m->jids] = true;
	return at;
}

/* It failed again since this run began: it was moved already. */
static bool is_new(const struct move *m, const struct job *j)
{
	int64_t us;

	return (job_time(j, "retried_at", &us) && us > m->began_us) ||
	       (job_time(j, "failed_at", &us) && us > m->began_us);
}

static bool is_meant(struct move *m, const struct job *j)
{
	if (!m->all && !is_named(m, j))
		return false;
	if (m->class && !json_equals(j->name, m->class, strlen(m->class)))
		return false;
	if (m->error_class && !job_failed_by(j, m->error_class))
		return false;
	return !m->all || !is_new(m, j);
}

static int visit(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct move *m = arg;
	struct job j;
	int rc;

	progress_add(&m->progress, 1);
	if (job_parse(&j, entry->text, entry->len, clock_wall_us(), e))
		return -1;
	if (!is_meant(m, &j))
		return 0;
	rc = m->kind->move(m->t, m->zset, &j, e);
	if (rc < 0)
		return -1;
	m->moved += rc == 1;
	m->left += rc == 0;
	return 0;
}

static int look(struct move *m, const char *from, struct err *e)
{
	const struct jobset_visitor v = { visit, m };
	struct redis *r = &m->t->redis;
	size_t i, places = from ? 1 : 2;
	int64_t n;
	int rc = 0;

	m->began_us = clock_wall_us();
	for (i = 0; i < places && !rc; i++) {
		m->zset = from ? from : m->kind->from[i];
		if (jobset_length(r, m->zset, true, &n, e))
			return -1;
		progress_begin(&m->progress, m->zset, (uint64_t)n);
		rc = jobset_scan(r, m->zset, &v, e);
		progress_end(&m->progress);
	}
	return rc;
}

static int say(const struct move *m, const struct command *c)
{
	int status = m->moved ? TOOL_GOOD : TOOL_BAD, i;

	for (i = 0; i < m->n; i++)
		if (!m->found[i]) {
			fprintf(stderr, "%s: no such job: %s\n", c->name, m->jids[i]);
			status = TOOL_BAD;
		}
	if (m->left) {
		fprintf(stderr, "%s: left where they are: %llu (gone meanwhile, or no new number can be given now)\n",
			c->name, (unsigned long long)m->left);
		status = TOOL_BAD;
	}
	printf("%llu %s %s\n", (unsigned long long)m->moved, m->moved == 1 ? "job" : "jobs", m->kind->done);
	return status;
}

static int run(struct move *m, const struct command *c, const char *from)
{
	struct err e = ERR_INIT;
	int status;

	m->found = calloc((size_t)m->n + 1, sizeof(*m->found));
	if (!m->found) {
		err_memory(&e);
		return tool_failed(c, &e);
	}
	qsort(m->jids, (size_t)m->n, sizeof(*m->jids), by_text);
	status = compare(&m->t->redis, &m->t->db, &e) || look(m, from, &e) ? tool_failed(c, &e)
									    : TOOL_GOOD;
	if (!status || m->moved)
		status = say(m, c) || status ? TOOL_BAD : TOOL_GOOD;
	free(m->found);
	return status;
}

static int move_run(struct tool *t, const struct command *c, const struct mover *kind,
		    const char *from_help, int argc, char **argv)
{
	struct move m = { .t = t, .kind = kind, .jids = argv };
	const char *from = NULL;
	const struct command_option options[] = {
		{ "--all", NULL, "all jobs, not those with the given jids", &m.all, NULL, NULL },
		{ "--class", "CLASS", "of them, those of this class", NULL, NULL, &m.class },
		{ "--error-class", "CLASS", "of them, those that failed with this", NULL, NULL, &m.error_class },
		{ "--from", "PLACE", from_help, NULL, NULL, &from },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum command_start how = command_parse(c, options, &argc, argv);
	int status;

	if (how == COMMAND_RUN && m.all == (argc > 0))
		how = command_usage(c, "jids, or --all", "");
	if (how == COMMAND_RUN && from && strcmp(from, kind->from[0]) && strcmp(from, kind->from[1]))
		how = command_usage(c, "bad value for --from:", from);
	if (how != COMMAND_RUN)
		return how == COMMAND_DONE ? TOOL_GOOD : TOOL_USAGE;
	m.n = argc;
	status = tool_open(t);
	return status ? status : run(&m, c, from);
}

/* ------------------------------------------------------------------ the commands */

static int retry(struct tool *t, const char *zset, const struct job *j, struct err *e)
{
	return queue_promote_one(&t->redis, &t->db, zset, j->text, j->len, e);
}

static int kill_job(struct tool *t, const char *zset, const struct job *j, struct err *e)
{
	return bury(&t->redis, &t->db, zset, j, e);
}

int retry_run(struct tool *t, const struct command *c, int argc, char **argv)
{
	static const struct mover kind = { "put back into the queue", { KEY_RETRY, KEY_DEAD }, retry };

	return move_run(t, c, &kind, "retry or dead; without it both", argc, argv);
}

int kill_run(struct tool *t, const struct command *c, int argc, char **argv)
{
	static const struct mover kind = { "put among the dead", { KEY_RETRY, KEY_SCHEDULE }, kill_job };

	return move_run(t, c, &kind, "retry or schedule; without it both", argc, argv);
}
