/* Void rows for numbers whose messages will not come. */
#include "voids.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "compare.h"
#include "key.h"
#include "store.h"

#define SLOT "tool" /* whose mark in redis_mark */
#define TRIES 50

/* What is written must carry how far Redis was, and Redis must not have gone back. */
static int begin(struct store *s, struct redis *r, struct db *db, struct err *e)
{
	s->db = db;
	s->slot = SLOT;
	if (compare(r, db, e) || redis_get_number(r, KEY_QUEUE_SEQ, &s->seq, e) < 0)
		return -1;
	return 0;
}

static int run(struct store *s, struct store_item *items, size_t n, struct err *e)
{
	int tries, rc = -1;

	for (tries = 0; tries < TRIES; tries++) {
		rc = store_run(s, items, n, e);
		if (rc >= 0)
			break;
		if (e->code == ERR_DB_DUP && store_resolve(s, items, n, e) < 0)
			break;
		if (e->code != ERR_DB_DUP && e->code != ERR_DB_BUSY)
			break;
	}
	return rc;
}

/* ------------------------------------------------------------------ a job that is given up */

static int always(void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	return 1;
}

int voids_bury(struct redis *r, struct db *db, const struct job *j, struct err *e)
{
	struct store s = { .fence = always };
	struct store_item item = { .job = j, .action = STORE_VOID };

	if (!job_numbered(j))
		return 0;
	item.chat = job_chat(j);
	clock_sql(j->created_us, item.created);
	store_item_fail(&item, STORE_DEAD, "Killed", "");
	return begin(&s, r, db, e) || run(&s, &item, 1, e) < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------ numbers without a job */

/* Stands in for the jobs that are lost. */
static void stand_in(struct store_item *item, struct job *j, enum job_class class, uint64_t id,
		     uint32_t number)
{
	*j = (struct job){ .class = class, .id = id, .number = number,
			   .created_us = clock_wall_us() };
	*item = (struct store_item){ .job = j, .chat = job_chat(j) };
	clock_sql(j->created_us, item->created);
	if (class == JOB_CREATE_CHAT)
		return;
	item->action = STORE_SPARE;
	store_item_fail(item, STORE_DEAD, "", "");
}

static int fill(struct redis *r, struct db *db, enum job_class class, uint64_t id,
		const uint32_t *numbers, size_t n, const struct voids_fence *f, struct err *e)
{
	struct store s = { .fence = f->ask, .fence_arg = f->arg };
	struct store_item *items = calloc(n + 1, sizeof(*items));
	struct job *jobs = calloc(n + 1, sizeof(*jobs));
	size_t i;
	int rc = -1;

	if (!items || !jobs) {
		err_memory(e);
	} else {
		for (i = 0; i < n; i++)
			stand_in(&items[i], &jobs[i], class, id, numbers[i]);
		rc = begin(&s, r, db, e) ? -1 : run(&s, items, n, e);
	}
	free(items);
	free(jobs);
	return rc;
}

int voids_messages(struct redis *r, struct db *db, uint64_t chat, const uint32_t *numbers, size_t n,
		   const struct voids_fence *f, struct err *e)
{
	return fill(r, db, JOB_CREATE_MESSAGE, chat, numbers, n, f, e);
}

int voids_chats(struct redis *r, struct db *db, uint64_t application, const uint32_t *numbers, size_t n,
		const struct voids_fence *f, struct err *e)
{
	return fill(r, db, JOB_CREATE_CHAT, application, numbers, n, f, e);
}
