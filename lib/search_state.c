/* Which index is searched, which is being built. */
#include "search_state.h"

#include <stdio.h>

#include "clock.h"
#include "stop.h"

#define LOOK_MS 10 /* between two tries for the lock */

static const char *const phases[SEARCH_PHASE__MAX] = {
	[SEARCH_IDLE] = "idle",       [SEARCH_ASKED] = "asked", [SEARCH_CREATE] = "create",
	[SEARCH_FILL] = "fill",       [SEARCH_COMPARE] = "compare", [SEARCH_SWAP] = "swap",
};

const char *search_phase_name(enum search_phase p)
{
	return phases[p];
}

bool search_building(const struct search_state *s)
{
	return s->phase >= SEARCH_FILL;
}

/* A phase that nobody knows, written by a newer program, is begun anew. */
static enum search_phase read_phase(const char *name)
{
	int p = SEARCH_IDLE;

	while (p < SEARCH_PHASE__MAX && strcmp(phases[p], name) != 0)
		p++;
	return p < SEARCH_PHASE__MAX ? (enum search_phase)p : SEARCH_ASKED;
}

static int64_t read_time(const struct db *db, unsigned column)
{
	int64_t us = 0;

	clock_parse(db_text(db, column, NULL), &us);
	return us;
}

static void read_index(const struct db *db, unsigned column, struct search_index *i)
{
	snprintf(i->name, sizeof(i->name), "%s", db_text(db, column, NULL));
	snprintf(i->uuid, sizeof(i->uuid), "%s", db_text(db, column + 1, NULL));
}

static int read_row(struct db *db, enum db_query query, struct search_state *s, struct err *e)
{
	int rc;

	memset(s, 0, sizeof(*s));
	rc = db_row(db, query, NULL, 1, e);
	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(e, ERR_DB_DATA, "mysql: search_index has lost its row: INSERT INTO search_index (id) VALUES (1)");
	read_index(db, 0, &s->active);
	read_index(db, 2, &s->building);
	s->phase = read_phase(db_text(db, 4, NULL));
	s->succeeded_us = read_time(db, 5);
	db_done(db);
	return 0;
}

int search_state_lock(struct db *db, struct search_state *s, struct err *e)
{
	struct err why = ERR_INIT;

	if (db_plain(db, DB_BEGIN, e))
		return -1;
	if (!read_row(db, DB_INDEX_LOCK, s, &why))
		return 1;
	if (db->in_transaction)
		db_rollback(db);
	if (why.code == ERR_DB_BUSY)
		return 0;
	if (e)
		*e = why;
	return -1;
}

int search_state_wait(struct db *db, struct search_state *s, int64_t wait_ms, struct err *e)
{
	int64_t until = clock_mono_ms() + wait_ms;
	int rc;

	while (!(rc = search_state_lock(db, s, e)) && clock_mono_ms() < until && !stop_asked())
		clock_sleep_ms(LOOK_MS);
	return rc;
}

int search_state_read(struct db *db, struct search_state *s, struct err *e)
{
	return read_row(db, DB_INDEX_STATE, s, e);
}

static struct db_value text_or_null(const char *text)
{
	return *text ? (struct db_value)DB_STR(text) : (struct db_value)DB_NULL;
}

int search_state_write(struct db *db, const struct search_state *s, struct err *e)
{
	const struct db_value values[] = {
		text_or_null(s->active.name),   text_or_null(s->active.uuid),
		text_or_null(s->building.name), text_or_null(s->building.uuid),
		DB_STR(phases[s->phase]),
	};

	return db_run(db, DB_INDEX_SET, values, 1, NULL, e);
}

int search_state_succeeded(struct db *db, int64_t now_us, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(now_us, now);
	const struct db_value values[] = { DB_STR(now) };

	return db_run(db, DB_INDEX_SUCCEEDED, values, 1, NULL, e);
}

static bool any_index(const struct search_state *s)
{
	return *s->active.name || *s->building.name;
}

int search_state_forget(struct db *db, struct err *e)
{
	const struct search_state none = { .phase = SEARCH_ASKED };
	struct search_state s;

	if (search_state_read(db, &s, e))
		return -1;
	if (!any_index(&s))
		return 0;
	return search_state_write(db, &none, e) ? -1 : 1;
}

/* ------------------------------------------------------------------ how far it is */

int search_backfill_read(struct db *db, struct search_backfill *b, struct err *e)
{
	int rc;

	memset(b, 0, sizeof(*b));
	rc = db_row(db, DB_BACKFILL_STATE, NULL, 1, e);
	if (rc < 0)
		return -1;
	if (!rc)
		return err_set(e, ERR_DB_DATA, "mysql: search_backfill has lost its row: INSERT INTO search_backfill (id) VALUES (1)");
	b->chat = db_number(db, 0);
	b->number = (uint32_t)db_number(db, 1);
	b->done = db_number(db, 2);
	b->total = db_number(db, 3);
	b->differences = db_number(db, 4);
	b->rounds = (uint32_t)db_number(db, 5);
	b->began_us = read_time(db, 6);
	db_done(db);
	return 0;
}

int search_backfill_write(struct db *db, const struct search_backfill *b, struct err *e)
{
	const struct db_value values[] = { DB_U64(b->chat),  DB_U64(b->number),      DB_U64(b->done),
					   DB_U64(b->total), DB_U64(b->differences), DB_U64(b->rounds) };

	return db_run(db, DB_BACKFILL_SET, values, 1, NULL, e);
}

int search_backfill_begin(struct db *db, int64_t now_us, struct err *e)
{
	struct search_backfill b = { 0 };
	char now[CLOCK_ISO];

	clock_sql(now_us, now);
	const struct db_value values[] = { DB_STR(now) };

	if (db_row(db, DB_BACKFILL_TOTAL, NULL, 1, e) < 1)
		return -1;
	b.total = db_number(db, 0);
	db_done(db);
	return search_backfill_write(db, &b, e) || db_run(db, DB_BACKFILL_BEGAN, values, 1, NULL, e) ? -1 : 0;
}
