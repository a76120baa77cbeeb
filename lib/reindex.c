/* Makes a new index in the foreground. */
#include "reindex.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "key.h"
#include "outbox.h"
#include "stop.h"

#define STEPS_MS 120000   /* for a step that somebody else is at */
#define LOOK_MS 50
#define PAUSE_MS 1000     /* after a failure, at first */
#define GIVE_UP_MS 600000 /* of nothing but failures */
#define AHEAD 10000       /* messages that are put into the outbox before the next look at it */
#define WINDOW 1000       /* that are put there with one statement */
#define CHATS 500

void reindex_init(struct reindex *r, const struct conf *conf, struct db *db, struct elastic *el)
{
	memset(r, 0, sizeof(*r));
	r->conf = conf;
	r->db = db;
	r->el = el;
	r->well_ms = clock_mono_ms();
	indexer_init(&r->indexer, db, el);
	rebuild_init(&r->rebuild, db, el);
	r->rebuild.progress = &r->progress;
}

void reindex_clear(struct reindex *r)
{
	progress_end(&r->progress);
	indexer_clear(&r->indexer);
	rebuild_clear(&r->rebuild);
}

int reindex_take(struct reindex *r, struct err *e)
{
	int64_t until = clock_mono_ms() + STEPS_MS;
	int rc = rebuild_take(r->db, REBUILD_HAND, e);

	if (rc < 1)
		return rc;
	while (!(rc = rebuild_take(r->db, REBUILD_STEPS, e)) && clock_mono_ms() < until && !stop_asked())
		clock_sleep_ms(LOOK_MS);
	return rc ? rc : err_set(e, ERR_DB_BUSY, "somebody else is at a step of the new index for very long");
}

/* The locks end with the connection, of which there may have been another one since: they are taken each time,
 * which is no harm. 0 or -1 */
static int hold(struct reindex *r, struct err *e)
{
	int rc = reindex_take(r, e);

	return rc ? (rc < 0 ? -1 : 0) : err_set(e, ERR_INVALID, "another one has taken this over");
}

static void rest(int64_t ms)
{
	int64_t until = clock_mono_ms() + ms;

	while (!stop_asked() && clock_mono_ms() < until)
		clock_sleep_ms(until - clock_mono_ms() < LOOK_MS ? until - clock_mono_ms() : LOOK_MS);
}

static void went_well(struct reindex *r)
{
	r->pause_ms = 0;
	r->well_ms = clock_mono_ms();
}

/* What failed may go well later: a pause. 0; -1: it has failed for too long, or always will. */
static int wait_out(struct reindex *r, const struct err *e)
{
	if (e->code == ERR_INVALID || e->code == ERR_MEMORY || clock_mono_ms() - r->well_ms > GIVE_UP_MS)
		return -1;
	r->pause_ms = r->pause_ms ? r->pause_ms * 2 : PAUSE_MS;
	if (r->pause_ms > r->conf->index_back_off_ms)
		r->pause_ms = r->conf->index_back_off_ms;
	progress_end(&r->progress);
	if (r->waits)
		r->waits(r->arg, e, r->pause_ms);
	rest(r->pause_ms);
	return 0;
}

/* What the outbox has, if it is time for it. An indexer_result, or -1. */
static int tell(struct reindex *r, struct err *e)
{
	int rc;

	if (clock_mono_ms() < r->next_ms)
		return INDEXER_IDLE;
	r->next_ms = clock_mono_ms() + r->conf->index_ms;
	rc = indexer_run(&r->indexer, e);
	r->refused += r->indexer.report.refused;
	if (rc == INDEXER_TOLD && r->indexer.report.more)
		r->next_ms = 0;
	return rc;
}

/* ------------------------------------------------------------------ a new index */

static int chats_total(struct db *db, uint64_t *chats, struct err *e)
{
	const struct db_value range[] = { DB_U64(0), DB_U64(KEY_POSITION_MAX) };

	if (db_row(db, DB_VERIFY_TOTAL, range, 1, e) < 1)
		return -1;
	*chats = db_number(db, 0);
	db_done(db);
	return 0;
}

/* What is being built, and the line for the phase that comes now. */
static int show_phase(struct reindex *r, struct err *e)
{
	struct search_state s;
	struct search_backfill b;
	uint64_t chats = 0;

	if (search_state_read(r->db, &s, e) || search_backfill_read(r->db, &b, e))
		return -1;
	if (*s.building.name)
		snprintf(r->building, sizeof(r->building), "%s", s.building.name);
	if (s.phase == r->phase)
		return 0;
	if (s.phase == SEARCH_COMPARE && chats_total(r->db, &chats, e))
		return -1;
	progress_end(&r->progress);
	r->phase = s.phase;
	if (s.phase == SEARCH_COMPARE)
		progress_begin(&r->progress, "comparing", chats);
	else if (s.phase == SEARCH_FILL)
		progress_begin(&r->progress, "filling", b.total);
	if (s.phase == SEARCH_FILL)
		progress_before(&r->progress, b.done);
	return 0;
}

/* 1: that was the last step; 0; -1 */
static int step(struct reindex *r, struct err *e)
{
	int rc;

	if (hold(r, e) || show_phase(r, e) || tell(r, e) < 0)
		return -1;
	rc = rebuild_step(&r->rebuild, e);
	r->told += r->rebuild.told;
	r->refused += r->rebuild.refused;
	if (rc == REBUILD_NONE) /* the last step was done by somebody else, or before this was begun */
		return *r->building && !strcmp(r->building, r->rebuild.state.active.name)
			       ? 1
			       : err_set(e, ERR_INVALID, "the new index was given up by somebody else");
	return rc < 0 ? -1 : rc == REBUILD_DONE;
}

int reindex_all(struct reindex *r, struct err *e)
{
	int rc = rebuild_ask(r->db, REBUILD_WAIT_MS, e) < 0 ? -1 : 0;

	r->phase = SEARCH_IDLE;
	while (!rc && !stop_asked()) {
		rc = step(r, e);
		if (rc < 0)
			rc = wait_out(r, e);
		else
			went_well(r);
	}
	progress_end(&r->progress);
	return rc;
}

/* ------------------------------------------------------------------ an application */

/* How many of its changes wait, as far as that one of all. -1: failed. */
static int64_t left(struct reindex *r, uint64_t upto, uint64_t application, struct err *e)
{
	const struct db_value range[] = { DB_U64(upto), DB_U64(application << 32),
					  DB_U64(application << 32 | KEY_NUMBER_MAX) };
	int64_t n;

	if (db_row(r->db, DB_OUTBOX_LEFT, range, 1, e) < 1)
		return -1;
	n = (int64_t)db_number(r->db, 0);
	db_done(r->db);
	return n;
}

static int highest(struct reindex *r, uint64_t *id, struct err *e)
{
	if (db_row(r->db, DB_OUTBOX_HIGHEST, NULL, 1, e) < 1)
		return -1;
	*id = db_number(r->db, 0);
	db_done(r->db);
	return 0;
}

/* One try. 1: Elasticsearch has all; 0: not yet; -1 */
static int look_if_told(struct reindex *r, uint64_t application, uint64_t upto, struct err *e)
{
	int64_t waiting;
	int rc = tell(r, e);

	waiting = rc < 0 ? -1 : left(r, upto, application, e);
	if (waiting > 0 && rc != INDEXER_TOLD)
		rest(LOOK_MS);
	return waiting < 0 ? -1 : !waiting;
}

/* Until what is in the outbox of it now was told. 1; 0: a stop; -1 */
static int wait_until_told(struct reindex *r, uint64_t application, struct err *e)
{
	uint64_t upto;
	int rc = 0;

	if (highest(r, &upto, e))
		return -1;
	while (!rc && !stop_asked()) {
		rc = look_if_told(r, application, upto, e);
		if (rc < 0)
			rc = wait_out(r, e);
		else
			went_well(r);
	}
	return rc;
}

/* 1; 0: a stop; -1 */
static int tell_chat(struct reindex *r, uint64_t chat, uint64_t last, uint64_t *ahead, struct err *e)
{
	uint64_t from, n;
	int rc = 1;

	for (from = 1; from <= last && rc > 0; from += WINDOW) {
		uint64_t to = from + WINDOW - 1 < last ? from + WINDOW - 1 : last;

		if (outbox_add_numbers(r->db, chat, (uint32_t)from, (uint32_t)to, &n, e))
			return -1;
		r->told += n;
		*ahead += n;
		if (*ahead >= AHEAD) {
			*ahead = 0;
			rc = wait_until_told(r, key_chat_application(chat), e);
		}
		progress_add(&r->progress, n);
	}
	return rc;
}

/* A page of its chats behind *after. 1: there may be more; 0: these were the last, or a stop; -1 */
static int tell_chats(struct reindex *r, uint64_t *after, uint64_t upto, uint64_t *ahead, struct err *e)
{
	const struct db_value page[] = { DB_U64(*after), DB_U64(upto), DB_U64(CHATS) };
	uint64_t list[CHATS][2];
	size_t n = 0, i;
	int rc;

	if (db_query(r->db, DB_COMPARE_CHATS, page, 1, e))
		return -1;
	while ((rc = db_next(r->db, e)) > 0 && n < CHATS) {
		list[n][0] = db_number(r->db, 0);
		list[n++][1] = db_number(r->db, 1);
	}
	db_done(r->db);
	for (i = 0, rc = rc < 0 ? -1 : 1; i < n && rc > 0; i++) {
		rc = tell_chat(r, list[i][0], list[i][1], ahead, e);
		*after = list[i][0];
	}
	return rc < 1 ? rc : n == CHATS;
}

int reindex_application(struct reindex *r, uint64_t application, struct err *e)
{
	const uint64_t first = application << 32, last = first | KEY_NUMBER_MAX;
	const struct db_value range[] = { DB_U64(first), DB_U64(last) };
	uint64_t after = first, ahead = 0;
	int rc = 1;

	if (db_row(r->db, DB_VERIFY_TOTAL, range, 1, e) < 1)
		return -1;
	progress_begin(&r->progress, "telling", db_number(r->db, 1));
	db_done(r->db);
	if (outbox_unrefuse(r->db, first, last, NULL, e))
		return -1;
	while (rc > 0 && !stop_asked())
		rc = tell_chats(r, &after, last, &ahead, e);
	if (!rc)
		rc = wait_until_told(r, application, e);
	else
		rc = rc < 0 ? -1 : 0;
	progress_end(&r->progress);
	return rc;
}
