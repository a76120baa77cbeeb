/* Reads what `queue status` says. */
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "jobset.h"
#include "show.h"
#include "utf8.h"

static const char *const ours[] = { JOB_QUEUE_DEFAULT, JOB_QUEUE_COUNTS, JOB_QUEUE_INDEX,
				    JOB_QUEUE_UNCLAIMED };

#define OURS (sizeof(ours) / sizeof(ours[0]))

const char *status_program_name(enum status_program p)
{
	static const char *const names[STATUS_PROGRAM__MAX] = {
		[STATUS_PERSIST] = "persist", [STATUS_RECOUNT] = "recount",
		[STATUS_SCHEDULE] = "schedule", [STATUS_PURGE] = "purge",
		[STATUS_INDEX] = "index",
	};

	return names[p];
}

void census_add(struct census *c, const char *name)
{
	size_t i;

	c->seen++;
	for (i = 0; i < c->kinds && strcmp(c->kind[i].name, name) != 0; i++)
		;
	if (i == c->kinds && i < CENSUS_KINDS)
		snprintf(c->kind[c->kinds++].name, sizeof(c->kind[0].name), "%s", name);
	if (i < CENSUS_KINDS)
		c->kind[i].n++;
	else
		c->others++;
}

/* ------------------------------------------------------------------ places */

#define NAME_CHARS 60

static void note(struct census *c, struct json name, const struct job *j)
{
	struct buf text = BUF_INIT;

	if (!j)
		show_json(&text, name, NAME_CHARS);
	else
		show_class(&text, j, NAME_CHARS);
	if (text.len >= sizeof(c->kind[0].name)) /* what had to be escaped is cut shorter */
		text.data[utf8_cut(text.data, text.len, sizeof(c->kind[0].name) - 1)] = '\0';
	census_add(c, text.len ? buf_str(&text) : "(none)");
	buf_clear(&text);
}

static int see_class(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct status_place *p = arg;
	struct job j;

	if (job_parse(&j, entry->text, entry->len, 0, e))
		return -1;
	note(&p->kinds, j.name, &j);
	return 0;
}

static int see_error(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct status_place *p = arg;
	struct job j;
	int64_t failed;

	if (job_parse(&j, entry->text, entry->len, 0, e))
		return -1;
	if (!p->oldest_us)
		p->oldest_us = entry->at_us;
	if (job_time(&j, "failed_at", &failed) && (!p->failing_us || failed < p->failing_us))
		p->failing_us = failed;
	note(&p->kinds, json_member(j.root, "error_class"), NULL);
	return 0;
}

static int see_oldest(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct status_place *p = arg;
	struct job j;

	if (job_parse(&j, entry->text, entry->len, 0, e))
		return -1;
	p->oldest_us = j.created_us;
	return 1;
}

static int read_queue(struct status_place *p, struct redis *r, struct err *e)
{
	const struct jobset_visitor oldest = { see_oldest, p }, class = { see_class, p };
	char key[KEY_MAX];
	int rc = 0;

	key_queue(key, p->name);
	if (jobset_length(r, key, false, &p->n, e) || (p->n && jobset_oldest(r, key, 1, &oldest, e)))
		return -1;
	if (p->n)
		rc = jobset_sample(r, key, STATUS_SAMPLE, &class, e);
	p->sample = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int read_zset(struct status_place *p, struct redis *r, const char *key, struct err *e)
{
	const struct jobset_visitor v = { see_error, p };

	snprintf(p->name, sizeof(p->name), "%s", key);
	if (jobset_length(r, key, true, &p->n, e))
		return -1;
	p->sample = p->n > STATUS_SAMPLE;
	return jobset_first(r, key, STATUS_SAMPLE, &v, e);
}

static bool is_ours(const char *name)
{
	size_t i;

	for (i = 0; i < OURS; i++)
		if (!strcmp(ours[i], name))
			return true;
	return false;
}

static int name_queues(struct status *s, struct redis *r, struct err *e)
{
	redisReply *names;
	size_t i;

	if (jobset_names(r, KEY_QUEUES, &names, e))
		return -1;
	s->queue = calloc(OURS + names->elements, sizeof(*s->queue));
	for (i = 0; s->queue && i < OURS; i++)
		snprintf(s->queue[s->queues++].name, KEY_MAX, "%s", ours[i]);
	for (i = 0; s->queue && i < names->elements; i++)
		if (!is_ours(names->element[i]->str))
			snprintf(s->queue[s->queues++].name, KEY_MAX, "%.*s", KEY_MAX / 2,
				 names->element[i]->str);
	freeReplyObject(names);
	return s->queue ? 0 : err_memory(e);
}

static int read_places(struct status *s, struct redis *r, struct err *e)
{
	static const char *const zsets[STATUS_ZSETS] = { KEY_RETRY, KEY_SCHEDULE, KEY_DEAD };
	size_t i;
	int rc;

	if (queue_depth(r, s->now_us, &s->depth, e) || name_queues(s, r, e))
		return -1;
	for (i = 0; i < s->queues; i++)
		if (read_queue(&s->queue[i], r, e))
			return -1;
	for (i = 0; i < STATUS_ZSETS; i++)
		if (read_zset(&s->zset[i], r, zsets[i], e))
			return -1;
	rc = redis_get_number(r, KEY_QUEUE_SEQ, &s->queue_seq, e);
	s->queue_seq_there = rc > 0;
	return rc < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------ workers */

/* *ms: how long the lease lasts; below 0: there is none. */
static int lease_left(struct redis *r, const char *queue, const char *slot, int64_t *ms,
		      struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;

	redis_command(&c, "PTTL");
	redis_arg(&c, key_lease(key, queue, slot));
	return redis_send_number(r, &c, ms, e);
}

static int read_flight(struct status *s, struct redis *r, const char *list, const char *node,
		       struct err *e)
{
	char queue[KEY_MAX], slot[KEY_MAX];
	struct status_flight *f = &s->flight[s->flights];
	size_t len = strlen(node);

	if (!key_split_inflight(list, queue, slot))
		return 0;
	if (jobset_length(r, list, false, &f->n, e) ||
	    lease_left(r, queue, slot, &f->lease_ms, e))
		return -1;
	if (!f->n && f->lease_ms < 0)
		return 0;
	snprintf(f->name, sizeof(f->name), "%s", list + strlen(KEY_INFLIGHT) + 1);
	f->here = len && !strncmp(slot, node, len) && slot[len] == ':';
	s->elsewhere += !f->here && f->lease_ms >= 0 && !strcmp(queue, JOB_QUEUE_DEFAULT);
	s->flights++;
	return 0;
}

static int read_flights(struct status *s, struct redis *r, const char *node, struct err *e)
{
	redisReply *lists;
	size_t i;
	int rc = 0;

	s->flights = 0;
	s->elsewhere = 0;
	free(s->flight);
	s->flight = NULL;
	if (jobset_names(r, KEY_INFLIGHT, &lists, e))
		return -1;
	s->flight = calloc(lists->elements + 1, sizeof(*s->flight));
	if (!s->flight)
		rc = err_memory(e);
	for (i = 0; i < lists->elements && !rc; i++)
		rc = read_flight(s, r, lists->element[i]->str, node, e);
	freeReplyObject(lists);
	return rc;
}

void status_read_workers(struct status *s, struct tool *t)
{
	char node[SLOT_NODE] = "";
	int p;

	s->slots = (struct err)ERR_INIT;
	if (!slot_node(&t->conf, node, &s->slots))
		for (p = 0; p < STATUS_PROGRAM__MAX; p++)
			if (slot_held(&t->conf, status_program_name((enum status_program)p), &s->held[p],
				      &s->slots))
				break;
	if (s->redis.code == ERR_NONE)
		read_flights(s, &t->redis, node, &s->redis);
}

bool status_stores(const struct status *s)
{
	return s->held[STATUS_PERSIST] > 0 || s->elsewhere > 0;
}

/* ------------------------------------------------------------------ all */

static int read_history(struct status *s, struct db *db, struct err *e)
{
	if (db_row(db, DB_TOOL_HISTORY, NULL, 1, e) < 1)
		return -1;
	s->renumbered = db_number(db, 0);
	s->losses = db_number(db, 1);
	s->mark = db_number(db, 2);
	db_done(db);
	return outbox_depth(db, &s->outbox, e) || search_state_read(db, &s->index, e) ||
			       search_backfill_read(db, &s->backfill, e)
		       ? -1
		       : 0;
}

void status_read(struct status *s, struct tool *t)
{
	memset(s, 0, sizeof(*s));
	s->now_us = clock_wall_us();
	s->elastic = elastic_configured(&t->conf);
	read_history(s, &t->db, &s->mysql); /* before Redis: queue_seq is not behind what was read here */
	read_places(s, &t->redis, &s->redis);
	status_read_workers(s, t);
}

void status_clear(struct status *s)
{
	free(s->queue);
	free(s->flight);
	s->queue = NULL;
	s->flight = NULL;
}
