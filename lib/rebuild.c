/* Makes a new index beside the old one. */
#include "rebuild.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "elastic_index.h"
#include "key.h"
#include "outbox.h"

#define SLOW_MS 20000  /* a slice that took longer is told again: Elasticsearch remembers deletions only so long */
#define PROBE_ROWS 16
#define GROWTH 8
#define ROUNDS 5       /* of comparing, before that is said to lead nowhere */

void rebuild_init(struct rebuild *r, struct db *db, struct elastic *el)
{
	memset(r, 0, sizeof(*r));
	r->db = db;
	r->el = el;
	r->most = bulk_rows(r->el->conf, PROBE_ROWS);
	bulk_init(&r->bulk);
}

void rebuild_clear(struct rebuild *r)
{
	bulk_clear(&r->bulk);
	index_compare_clear(&r->compare);
}

/* ------------------------------------------------------------------ locks */

static int lock_call(struct db *db, enum db_query query, const struct db_value *values, struct err *e)
{
	int rc = db_row(db, query, values, 1, e);
	bool taken = rc > 0 && db_number(db, 0) == 1;

	db_done(db);
	return rc < 0 ? -1 : taken;
}

int rebuild_take(struct db *db, const char *name, struct err *e)
{
	const struct db_value values[] = { DB_STR(name), DB_U64(0) };

	return lock_call(db, DB_INDEX_TAKE, values, e);
}

int rebuild_release(struct db *db, const char *name, struct err *e)
{
	const struct db_value values[] = { DB_STR(name) };

	return lock_call(db, DB_INDEX_RELEASE, values, e);
}

int rebuild_free(struct db *db, const char *name, struct err *e)
{
	const struct db_value values[] = { DB_STR(name) };

	return lock_call(db, DB_INDEX_FREE, values, e);
}

/* 0 or -1: also when somebody else has it all the time. */
static int lock_state(struct db *db, struct search_state *s, int64_t wait_ms, struct err *e)
{
	int rc = search_state_wait(db, s, wait_ms, e);

	if (!rc)
		return err_set(e, ERR_DB_BUSY, "somebody else is writing to the index for very long");
	return rc < 0 ? -1 : 0;
}

static int begin_in(struct db *db, struct search_state *s, enum search_phase phase, int64_t wait_ms, struct err *e)
{
	if (lock_state(db, s, wait_ms, e))
		return -1;
	if (s->phase == phase)
		return 1;
	db_rollback(db);
	return 0;
}

/* Locks the state, which must be in this phase. 1: it is; 0: it is not, and nothing is open; -1. */
static int begin(struct db *db, struct search_state *s, enum search_phase phase, struct err *e)
{
	return begin_in(db, s, phase, REBUILD_WAIT_MS, e);
}

/* Ends what begin has begun. */
static int end(struct db *db, int rc, struct err *e)
{
	if (!rc && !db_plain(db, DB_COMMIT, e))
		return 0;
	if (db->in_transaction)
		db_rollback(db);
	return -1;
}

int rebuild_ask(struct db *db, int64_t wait_ms, struct err *e)
{
	struct search_state s;
	int rc = begin_in(db, &s, SEARCH_IDLE, wait_ms, e);

	if (rc < 1)
		return rc;
	s.phase = SEARCH_ASKED;
	return end(db, search_state_write(db, &s, e), e) ? -1 : 1;
}

/* ------------------------------------------------------------------ asked, create */

struct versions {
	const struct conf *conf;
	uint64_t highest;
};

static int see_version(void *arg, const char *name, bool active, struct err *e)
{
	struct versions *v = arg;
	uint64_t version = elastic_index_version(v->conf, name);

	(void)active;
	(void)e;
	if (version > v->highest)
		v->highest = version;
	return 0;
}

/* A name that no index has. */
static int choose(struct rebuild *r, struct err *e)
{
	struct versions v = { r->el->conf, 0 };
	int rc;

	if (elastic_index_list(r->el, see_version, &v, e))
		return -1;
	rc = begin(r->db, &r->state, SEARCH_ASKED, e);
	if (rc < 1)
		return rc;
	memset(&r->state.building, 0, sizeof(r->state.building));
	elastic_index_name(r->state.building.name, r->el->conf, v.highest + 1);
	r->state.phase = SEARCH_CREATE;
	return end(r->db, search_state_write(r->db, &r->state, e), e);
}

/* Nobody tells anything while it is made: whoever comes next knows of it. What the old index had refused
 * may be taken by the new one. */
static int create_locked(struct rebuild *r, struct err *e)
{
	if (elastic_index_create(r->el, &r->state.building, e))
		return -1;
	r->state.phase = SEARCH_FILL;
	return search_backfill_begin(r->db, clock_wall_us(), e) ||
			       outbox_unrefuse(r->db, 0, UINT64_MAX, NULL, e) ||
			       search_state_write(r->db, &r->state, e)
		       ? -1
		       : 0;
}

static int create(struct rebuild *r, struct err *e)
{
	int rc = begin(r->db, &r->state, SEARCH_CREATE, e);

	return rc < 1 ? rc : end(r->db, create_locked(r, e), e);
}

/* ------------------------------------------------------------------ fill */

/* One row. 1: the slice is full */
static int take_row(struct rebuild *r, uint64_t *rows, struct err *e)
{
	const struct db *db = r->db;
	size_t len;
	const char *body = db_text(db, 4, &len);

	r->backfill.chat = db_number(db, 0);
	r->backfill.number = (uint32_t)db_number(db, 1);
	++*rows;
	if (!db_number(db, 3)) /* deleted */
		return 0;
	if (bulk_index(&r->bulk, r->backfill.chat, r->backfill.number, (uint32_t)db_number(db, 2), body, len, e))
		return -1;
	return bulk_full(&r->bulk);
}

/* 1: the slice is full; 0: there were no more; -1 */
static int take_rows(struct rebuild *r, enum db_query query, const struct db_value *values, uint64_t *rows,
		     struct err *e)
{
	int rc, full = 0;

	if (db_stream(r->db, query, values, 1, e))
		return -1;
	while (!full && (rc = db_next(r->db, e)) != 0)
		full = rc < 0 ? -1 : take_row(r, rows, e);
	db_done(r->db);
	return full;
}

/* The rest of the chat at hand, then chats behind it. *rows: how many there were. 1: there may be more; 0: these
 * were the last; -1 */
static int read_slice(struct rebuild *r, uint64_t *rows, struct err *e)
{
	const struct db_value rest[] = { DB_U64(r->backfill.chat), DB_U64(r->backfill.number), DB_U64(r->most) };
	int rc = 0;

	*rows = 0;
	bulk_reset(&r->bulk);
	if (r->backfill.chat)
		rc = take_rows(r, DB_BACKFILL_REST, rest, rows, e);
	if (!rc && *rows < r->most) {
		const struct db_value next[] = { DB_U64(r->backfill.chat), DB_U64(r->most - *rows) };

		rc = take_rows(r, DB_BACKFILL_NEXT, next, rows, e);
	}
	return rc < 0 ? -1 : rc || *rows == r->most;
}

/* What is not in the index although it was told: the outbox has it from now on. */
static int finish_op(struct rebuild *r, const struct bulk_op *op, bool slow, struct err *e)
{
	if (op->state == BULK_REFUSED) {
		r->refused++;
		return outbox_add_refused(r->db, op->chat, op->number, op->version, bulk_why(&r->bulk, op), e);
	}
	return slow ? outbox_add(r->db, op->chat, op->number, op->version, e) : 0;
}

static int finish_slice(struct rebuild *r, uint64_t rows, bool slow, struct err *e)
{
	size_t n, i;
	const struct bulk_op *op = bulk_ops(&r->bulk, &n);
	int rc = 0;

	r->told = n;
	if (db_plain(r->db, DB_BEGIN, e))
		return -1;
	for (i = 0; i < n && !rc; i++)
		rc = finish_op(r, &op[i], slow, e);
	r->backfill.done += rows;
	return end(r->db, rc ? rc : search_backfill_write(r->db, &r->backfill, e), e);
}

static int send_slice(struct rebuild *r, struct err *e)
{
	char next[SEARCH_NAME];
	const struct bulk_op *op;

	if (bulk_send(&r->bulk, r->el, elastic_index_next(next, r->el->conf), r->el->conf->index_timeout_ms, e))
		return -1;
	if (bulk_find(&r->bulk, BULK_MISSING))
		return err_set(e, ERR_ELASTIC, "elasticsearch: %.100s is gone", r->state.building.name);
	op = bulk_find(&r->bulk, BULK_AGAIN);
	return op ? err_set(e, ERR_ELASTIC, "elasticsearch: not now: %.200s", bulk_why(&r->bulk, op)) : 0;
}

/* Into the next phase, or back: nothing of it is done. */
static int go_on(struct rebuild *r, enum search_phase from, enum search_phase to, struct err *e)
{
	int rc = begin(r->db, &r->state, from, e);

	if (rc < 1)
		return rc;
	r->backfill.chat = r->backfill.number = 0;
	r->backfill.differences = 0;
	r->state.phase = to;
	return end(r->db, search_backfill_write(r->db, &r->backfill, e) || search_state_write(r->db, &r->state, e) ? -1 : 0,
		   e);
}

/* A slice that is not full was the last: what is stored from now on the outbox tells of, and whoever went after
 * that here, too, would never be through while others write. */
static int fill(struct rebuild *r, struct err *e)
{
	const struct search_backfill before = r->backfill;
	int64_t began = clock_mono_ms();
	uint64_t rows;
	int more = read_slice(r, &rows, e), rc = more < 0 ? -1 : send_slice(r, e);

	if (!rc && rows)
		rc = finish_slice(r, rows, clock_mono_ms() - began > SLOW_MS, e);
	if (rc) {
		r->backfill = before;
		r->most = bulk_rows(r->el->conf, PROBE_ROWS);
		return -1;
	}
	if (r->progress)
		progress_add(r->progress, rows);
	/* a full one is not read for nothing again */
	r->most = bulk_rows(r->el->conf, bulk_full(&r->bulk) ? rows + rows / 4 + 1 : r->most * GROWTH);
	return more ? 0 : go_on(r, SEARCH_FILL, SEARCH_COMPARE, e);
}

/* ------------------------------------------------------------------ compare */

static int found(void *arg, const struct compare_finding *f, struct err *e)
{
	struct rebuild *r = arg;

	r->backfill.differences++;
	return outbox_add(r->db, f->chat, f->number, compare_version(f), e);
}

/* In `number` stands which of the two ways it goes: MySQL's chats, then those that Elasticsearch has. */
static int compare_some(struct rebuild *r, struct err *e)
{
	struct search_backfill *b = &r->backfill;
	int rc;

	if (!b->number) {
		rc = index_compare_some(&r->compare, &b->chat, KEY_POSITION_MAX, e);
		if (rc == 0) {
			b->number = 1;
			b->chat = 0;
			rc = 1;
		}
		return rc;
	}
	return index_compare_gone(&r->compare, &b->chat, e);
}

/* All was compared. What differed is in the outbox, and so is no difference any more. */
static int compared(struct rebuild *r, struct err *e)
{
	struct search_backfill *b = &r->backfill;
	uint64_t differences = b->differences;
	int rc;

	if (!differences)
		return go_on(r, SEARCH_COMPARE, SEARCH_SWAP, e);
	b->rounds++;
	rc = go_on(r, SEARCH_COMPARE, SEARCH_COMPARE, e);
	if (!rc && b->rounds % ROUNDS == 0)
		return err_set(e, ERR_ELASTIC, "elasticsearch: %s was compared %lu times, and still differs in %llu "
			       "messages", r->state.building.name, (unsigned long)b->rounds,
			       (unsigned long long)differences);
	return rc;
}

static int compare(struct rebuild *r, struct err *e)
{
	struct search_backfill *b = &r->backfill;
	const struct search_backfill before = *b;
	int rc = 1;

	r->compare = (struct index_compare){
		.db = r->db, .index = { r->el, r->state.building.name, r->el->conf->index_timeout_ms },
		.found = found, .arg = r, .progress = r->progress, .ours = r->compare.ours, .theirs = r->compare.theirs,
		.before = r->compare.before, .after = r->compare.after, .numbers = r->compare.numbers,
	};
	if (!b->chat && !b->number) /* what was filled in is to be seen */
		rc = elastic_index_refresh(r->el, r->state.building.name, r->el->conf->index_timeout_ms, e);
	if (!rc)
		err_set(e, ERR_ELASTIC, "elasticsearch: %.100s is gone", r->state.building.name);
	rc = rc < 1 ? -1 : compare_some(r, e);
	if (rc > 0)
		rc = search_backfill_write(r->db, b, e);
	else if (!rc)
		rc = compared(r, e);
	if (rc)
		*b = before;
	return rc;
}

/* ------------------------------------------------------------------ swap */

static int swap_locked(struct rebuild *r, struct err *e)
{
	struct search_state *s = &r->state;

	if (elastic_index_swap(r->el, s->building.name, e))
		return -1;
	s->active = s->building;
	memset(&s->building, 0, sizeof(s->building));
	s->phase = SEARCH_IDLE;
	return search_state_write(r->db, s, e);
}

static int swap(struct rebuild *r, struct err *e)
{
	int rc = begin(r->db, &r->state, SEARCH_SWAP, e);

	if (rc < 1)
		return rc;
	return end(r->db, swap_locked(r, e), e) ? -1 : REBUILD_DONE;
}

/* ------------------------------------------------------------------ steps */

/* 0: it was done, or somebody else has done it; REBUILD_DONE; -1 */
static int (*const steps[SEARCH_PHASE__MAX])(struct rebuild *r, struct err *e) = {
	[SEARCH_ASKED] = choose,    [SEARCH_CREATE] = create, [SEARCH_FILL] = fill,
	[SEARCH_COMPARE] = compare, [SEARCH_SWAP] = swap,
};

int rebuild_step(struct rebuild *r, struct err *e)
{
	int rc;

	r->told = r->refused = 0;
	if (search_state_read(r->db, &r->state, e) || search_backfill_read(r->db, &r->backfill, e))
		return -1;
	if (r->state.phase == SEARCH_IDLE)
		return REBUILD_NONE;
	rc = steps[r->state.phase](r, e);
	return rc < 0 ? -1 : rc ? rc : REBUILD_STEP;
}

static int cancel_locked(struct db *db, struct elastic *el, struct search_state *s, struct err *e)
{
	struct search_index index = s->building;

	memset(&s->building, 0, sizeof(s->building));
	s->phase = SEARCH_IDLE;
	if (search_state_write(db, s, e))
		return -1;
	return *index.name ? elastic_index_delete(el, index.name, e) : 0;
}

int rebuild_cancel(struct db *db, struct elastic *el, struct err *e)
{
	struct search_state s;

	if (lock_state(db, &s, REBUILD_WAIT_MS, e))
		return -1;
	if (s.phase == SEARCH_IDLE) {
		db_rollback(db);
		return 0;
	}
	return end(db, cancel_locked(db, el, &s, e), e) ? -1 : 1;
}
