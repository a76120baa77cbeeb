/* purge: removes what hangs below applications and chats that were deleted, in slices.
 *
 * Chats below a deleted application become tombstones, messages below a deleted chat go. Tombstones of
 * applications and chats stay: they say for ever that their numbers were given. A deletion that broke
 * off between MySQL and Redis is finished here. */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "key.h"
#include "log.h"
#include "tombstone.h"
#include "worker.h"

#define AT_ONCE 100 /* tombstones looked at in one go */

struct grave { /* a tombstone that was not purged yet */
	uint64_t id;
	char token[33];    /* an application's */
	bool parent_gone;  /* a chat's: its application is deleted too */
};

struct graves {
	struct grave list[AT_ONCE];
	size_t n;
};

/* Ends a slice. 0 or -1 */
static int end(struct db *db, int rc, struct err *e)
{
	if (!rc)
		return db_plain(db, DB_COMMIT, e);
	db_rollback(db);
	return -1;
}

/* The disk is for the others, too. */
static void rest_after(const struct worker *w, int64_t began_ms)
{
	worker_rest(w, clock_mono_ms() + (clock_mono_ms() - began_ms) / 2);
}

/* ------------------------------------------------------------------ applications */

struct chats { /* a slice of an application's */
	uint64_t *living; /* ids; owned */
	size_t n;
	size_t seen;   /* the dead ones, too */
	uint64_t last; /* number of the last one seen: the next slice is behind it */
};

static int next_chats(struct worker *w, uint64_t application, struct chats *c, struct err *e)
{
	const struct db_value at[] = { DB_U64(application), DB_U64(c->last),
				       DB_U64(w->conf.purge_rows) };
	int rc;

	c->n = c->seen = 0;
	if (db_query(&w->db, DB_PURGE_APPLICATION_CHATS, at, 1, e))
		return -1;
	while ((rc = db_next(&w->db, e)) > 0 && c->seen < (size_t)w->conf.purge_rows) {
		c->last = db_number(&w->db, 1);
		c->seen++;
		if (db_number(&w->db, 2))
			c->living[c->n++] = db_number(&w->db, 0);
	}
	db_done(&w->db);
	return rc < 0 ? -1 : 0;
}

static int bury_chats(struct worker *w, const struct chats *c, struct err *e)
{
	struct db_value *values = calloc(c->n + 2, sizeof(*values));
	char now[CLOCK_ISO];
	size_t i;
	int rc;

	if (!values)
		return err_memory(e);
	clock_sql(clock_wall_us(), now);
	values[0] = values[1] = (struct db_value)DB_STR(now);
	for (i = 0; i < c->n; i++)
		values[2 + i] = (struct db_value)DB_U64(c->living[i]);
	rc = db_run(&w->db, DB_PURGE_BURY_CHATS, values, c->n, NULL, e);
	free(values);
	return rc;
}

static int drop_counters(struct worker *w, const struct chats *c, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call call;
	size_t i;

	redis_command(&call, "UNLINK");
	for (i = 0; i < c->n; i++)
		redis_arg(&call, key_message_counter(key, c->living[i]));
	return redis_send(&w->redis, &call, NULL, e);
}

/* 1: there may be more; 0: none is left; -1 */
static int chats_slice(struct worker *w, const struct grave *g, struct chats *c, struct err *e)
{
	if (next_chats(w, g->id, c, e))
		return -1;
	if (c->n && (drop_counters(w, c, e) || bury_chats(w, c, e)))
		return -1;
	return c->seen == (size_t)w->conf.purge_rows;
}

static int done(struct worker *w, enum db_query query, uint64_t id, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_STR(now), DB_U64(id) };

	return db_run(&w->db, query, values, 1, NULL, e);
}

static int purge_application(struct worker *w, const struct grave *g, struct err *e)
{
	struct chats c = { .living = calloc((size_t)w->conf.purge_rows, sizeof(uint64_t)) };
	int rc = 1;

	if (!c.living)
		return err_memory(e);
	if (tombstone_finish_application(&w->redis, &w->db, g->id, g->token, e))
		rc = -1;
	while (rc == 1 && worker_goes_on(w)) {
		int64_t began = clock_mono_ms();

		rc = chats_slice(w, g, &c, e);
		rest_after(w, began);
	}
	free(c.living);
	if (rc < 0)
		return -1;
	return rc ? 0 : done(w, DB_PURGE_APPLICATION_DONE, g->id, e); /* else: told to stop */
}

/* ------------------------------------------------------------------ chats */

/* The slice of a chat's messages that lies first. *removed: how many. In the order of all locks. */
static int remove_messages(struct worker *w, uint64_t chat, uint64_t *removed, struct err *e)
{
	const struct db_value parent[] = { DB_U64(chat) };
	const struct db_value slice[] = { DB_U64(chat), DB_U64(w->conf.purge_rows) };
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value changes[] = { DB_STR(now), slice[0], slice[1] };

	if (db_plain(&w->db, DB_BEGIN, e) || db_row(&w->db, DB_STORE_LOCK_CHATS, parent, 1, e) < 0)
		return -1;
	db_done(&w->db);
	if (*w->conf.elasticsearch_url && db_run(&w->db, DB_PURGE_CHANGES, changes, 1, NULL, e))
		return -1;
	if (db_run(&w->db, DB_PURGE_MESSAGES, slice, 1, removed, e) ||
	    db_run(&w->db, DB_PURGE_RENUMBERED, parent, 1, NULL, e))
		return -1;
	return *removed < (uint64_t)w->conf.purge_rows ? done(w, DB_PURGE_CHAT_DONE, chat, e) : 0;
}

/* Its application's deletion made sure of the counter, if that is gone too. */
static int purge_chat(struct worker *w, const struct grave *g, struct err *e)
{
	uint64_t removed = (uint64_t)w->conf.purge_rows, sum = 0;

	if (!g->parent_gone && tombstone_finish_chat(&w->redis, &w->db, g->id, e))
		return -1;
	while (removed == (uint64_t)w->conf.purge_rows && worker_goes_on(w)) {
		int64_t began = clock_mono_ms();

		if (end(&w->db, remove_messages(w, g->id, &removed, e), e))
			return -1;
		sum += removed;
		rest_after(w, began);
	}
	if (sum)
		LOG(LOG_INFO, "purged", LOG_N("chat", g->id), LOG_N("messages", sum));
	return 0;
}

/* ------------------------------------------------------------------ the loop */

struct kind { /* what can be purged */
	enum db_query find; /* the first that are not purged */
	void (*read)(struct grave *g, const struct db *db);
	int (*purge)(struct worker *w, const struct grave *g, struct err *e);
};

static void read_application(struct grave *g, const struct db *db)
{
	g->id = db_number(db, 0);
	snprintf(g->token, sizeof(g->token), "%s", db_text(db, 1, NULL));
}

static void read_chat(struct grave *g, const struct db *db)
{
	g->id = db_number(db, 0);
	g->parent_gone = db_number(db, 1);
}

/* Applications come first: what they leave are chats. */
static const struct kind kinds[] = {
	{ DB_PURGE_APPLICATIONS, read_application, purge_application },
	{ DB_PURGE_CHATS, read_chat, purge_chat },
};

static int find(struct worker *w, const struct kind *k, struct graves *found, struct err *e)
{
	const struct db_value most[] = { DB_U64(AT_ONCE) };
	int rc;

	found->n = 0;
	if (db_query(&w->db, k->find, most, 1, e))
		return -1;
	while ((rc = db_next(&w->db, e)) > 0 && found->n < AT_ONCE)
		k->read(&found->list[found->n++], &w->db);
	db_done(&w->db);
	return rc < 0 ? -1 : 0;
}

/* What is there to purge of one kind. One that fails does not hold up the others.
 * 1: there may be more; 0: that was all; -1 */
static int some(struct worker *w, const struct kind *k, struct err *e)
{
	struct graves found;
	bool failed = false;
	size_t i;

	if (find(w, k, &found, e))
		return -1;
	for (i = 0; i < found.n && worker_goes_on(w); i++)
		if (k->purge(w, &found.list[i], e)) {
			LOG(LOG_WARN, "cannot purge", LOG_N("id", found.list[i].id),
			    LOG_S("error", e->text));
			failed = true;
		}
	return failed ? -1 : found.n == AT_ONCE;
}

static int all(struct worker *w, struct err *e)
{
	size_t k;
	int rc = 0;

	for (k = 0; rc >= 0 && k < sizeof(kinds) / sizeof(kinds[0]); k++)
		do {
			rc = some(w, &kinds[k], e);
		} while (rc > 0 && worker_goes_on(w));
	return rc;
}

static void loop(struct worker *w)
{
	while (worker_goes_on(w)) {
		struct err e = ERR_INIT;
		int64_t next = clock_mono_ms() + w->conf.purge_ms;

		if (!worker_ready(w))
			continue;
		if (all(w, &e) < 0) {
			worker_back_off(w, "cannot purge", &e);
			continue;
		}
		worker_went_well(w);
		worker_rest(w, next);
	}
}

int main(int argc, char **argv)
{
	static const struct worker_kind kind = {
		.name = "purge",
		.purpose = "Removes what hangs below applications and chats that were deleted.",
		.role = DB_ROLE_JOB,
	};

	return worker_main(&kind, argc, argv, loop);
}
