/* Tells Elasticsearch what the outbox has. */
#include "indexer.h"

#include <stdio.h>
#include <string.h>

#include "ahead.h"
#include "clock.h"
#include "document.h"
#include "elastic_index.h"

#define PROBE_ROWS 16     /* of the first batch after a failure */
#define GROWTH 8          /* and so many times as much after each success */
#define TOGETHER_MS 1000  /* for so long batches are told before one refresh shows them to searches */
#define LOOK_MS 2000      /* at the alias, while nothing waits */
#define SUCCEEDED_US 5000000 /* so exactly is it noted when all was told */

struct target { /* an index that is told */
	char alias[SEARCH_NAME];
	struct search_index index;
};

struct targets {
	struct target list[2];
	size_t n;
};

void indexer_init(struct indexer *x, struct db *db, struct elastic *el)
{
	memset(x, 0, sizeof(*x));
	x->db = db;
	x->el = el;
	x->most = bulk_rows(x->el->conf, PROBE_ROWS);
	x->careful = true;
	bulk_init(&x->bulk);
}

void indexer_clear(struct indexer *x)
{
	bulk_clear(&x->bulk);
	outbox_batch_clear(&x->batch);
}

/* ------------------------------------------------------------------ which indexes there are */

static bool same(const struct search_index *a, const struct search_index *b)
{
	return *a->name && !strcmp(a->name, b->name) && !strcmp(a->uuid, b->uuid);
}

static void ask_for_new(struct search_state *s)
{
	memset(&s->active, 0, sizeof(s->active));
	if (s->phase == SEARCH_IDLE)
		s->phase = SEARCH_ASKED;
}

/* The alias leads nowhere: somebody took it away, or the index with it, or this is another cluster.
 * 1: the state has changed; 0; -1 */
static int without_alias(struct indexer *x, struct search_state *s, struct err *e)
{
	struct elastic_look l = { .n = 0 };

	if (*s->active.name && elastic_index_find(x->el, s->active.name, &l, e))
		return -1;
	if (l.n && same(&l.index, &s->active)) {
		x->report.led_back = true;
		return elastic_index_lead(x->el, s->active.name, e);
	}
	if (!*s->active.name && s->phase != SEARCH_IDLE)
		return 0;
	x->report.lost = *s->active.name;
	ask_for_new(s);
	return 1;
}

/* The alias leads to an index that this database has not filled, or not since that was put back from a
 * snapshot. 1: the state has changed; 0; -1 */
static int with_another(struct indexer *x, struct search_state *s, const struct elastic_look *l, struct err *e)
{
	if (search_building(s) && l->n == 1 && same(&l->index, &s->building)) {
		s->active = s->building; /* whoever swapped them came no further */
		memset(&s->building, 0, sizeof(s->building));
		s->phase = SEARCH_IDLE;
		return 1;
	}
	if (l->n == 1 && !strcmp(l->index.name, s->active.name)) {
		x->report.lost = true;
		ask_for_new(s);
		return elastic_index_unlead(x->el, e) ? -1 : 1;
	}
	if (s->phase != SEARCH_IDLE)
		return 0; /* a new one will take its place */
	return err_set(e, ERR_ELASTIC, "elasticsearch: the alias %.60s leads to %.60s, which this database has not "
		       "filled: jobs/reindex makes a new index, or set PARLEY_ELASTICSEARCH_INDEX",
		       x->el->conf->elasticsearch_index, l->index.name);
}

static void add_target(struct targets *t, const char *alias, const struct search_index *i)
{
	struct target *one = &t->list[t->n++];

	snprintf(one->alias, sizeof(one->alias), "%s", alias);
	one->index = *i;
}

static bool is_target(const struct targets *t, const struct search_index *i)
{
	return t->n && same(&t->list[0].index, i);
}

/* 1: the state has changed; 0; -1 */
static int look_active(struct indexer *x, struct search_state *s, struct targets *t, struct err *e)
{
	const char *alias = x->el->conf->elasticsearch_index;
	struct elastic_look l;
	int rc = 0;

	if (elastic_index_look(x->el, alias, &l, e))
		return -1;
	if (!l.n)
		rc = without_alias(x, s, e);
	else if (l.n > 1 || !same(&l.index, &s->active))
		rc = with_another(x, s, &l, e);
	else
		x->report.old_mapping = l.mapping < DOCUMENT_MAPPING;
	if (rc >= 0 && (x->report.led_back || (l.n == 1 && same(&l.index, &s->active))))
		add_target(t, alias, &s->active);
	return rc;
}

static int look_building(struct indexer *x, struct search_state *s, struct targets *t, struct err *e)
{
	char next[SEARCH_NAME];
	struct elastic_look l;

	if (!search_building(s))
		return 0;
	if (elastic_index_look(x->el, elastic_index_next(next, x->el->conf), &l, e))
		return -1;
	if (l.n == 1 && same(&l.index, &s->building)) {
		add_target(t, next, &s->building);
		return 0;
	}
	x->report.lost_building = true;
	memset(&s->building, 0, sizeof(s->building));
	s->phase = SEARCH_ASKED;
	return 1;
}

/* Looks where the aliases lead, and puts the state right. What searches ask must be told all that another index is:
 * while it cannot be, since the alias leads elsewhere, nobody is. */
static int look(struct indexer *x, struct search_state *s, struct targets *t, struct err *e)
{
	int active = look_active(x, s, t, e), building;

	if (active < 0)
		return -1;
	building = look_building(x, s, t, e);
	if (*s->active.name && !is_target(t, &s->active))
		t->n = 0;
	x->look_ms = clock_mono_ms() + LOOK_MS;
	if (building < 0)
		return -1;
	return active || building ? search_state_write(x->db, s, e) : 0;
}

/* ------------------------------------------------------------------ a batch */

static int take(void *arg, const struct outbox_change *c, struct err *e)
{
	struct indexer *x = arg;
	int rc = c->living ? bulk_index(&x->bulk, c->chat, c->number, c->version, c->body, c->len, e)
			   : bulk_delete(&x->bulk, c->chat, c->number, c->version, e);

	return rc ? -1 : bulk_full(&x->bulk);
}

static int read_batch(struct indexer *x, struct err *e)
{
	bulk_reset(&x->bulk);
	if (outbox_read(x->db, x->most, &x->batch, take, x, e))
		return -1;
	x->report.rows += x->batch.rows;
	x->report.more = x->batch.rows == x->most || bulk_full(&x->bulk);
	return 0;
}

static int gone(const struct target *t, struct err *e)
{
	return err_set(e, ERR_ELASTIC, "elasticsearch: %.100s is gone", t->index.name);
}

static int tell(struct indexer *x, const struct target *t, struct err *e)
{
	int64_t timeout_ms = x->el->conf->index_timeout_ms;
	uint64_t raised;

	if (bulk_send(&x->bulk, x->el, t->alias, timeout_ms, e))
		return -1;
	if (bulk_find(&x->bulk, BULK_MISSING))
		return gone(t, e);
	if (ahead_settle(x->db, x->el, t->alias, &x->bulk, timeout_ms, &raised, e))
		return -1;
	x->report.raised += raised;
	return 0;
}

static int tell_all(struct indexer *x, const struct targets *t, struct err *e)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (tell(x, &t->list[i], e))
			return -1;
	return 0;
}

static int refresh_all(struct indexer *x, const struct targets *t, struct err *e)
{
	size_t i;
	int rc;

	for (i = 0; i < t->n; i++) {
		rc = elastic_index_refresh(x->el, t->list[i].index.name, x->el->conf->index_timeout_ms, e);
		if (rc < 1)
			return rc ? -1 : gone(&t->list[i], e);
	}
	return 0;
}

static void note_refused(struct indexer *x, const struct bulk_op *op)
{
	if (x->report.refused++)
		return;
	x->report.refused_chat = op->chat;
	x->report.refused_number = op->number;
	snprintf(x->report.why, sizeof(x->report.why), "%s", bulk_why(&x->bulk, op));
}

/* One operation's rows: `done` gets those that go. */
static int finish_op(struct indexer *x, size_t i, const struct bulk_op *op, struct buf *done, struct err *e)
{
	size_t n;
	const uint64_t *rows = outbox_rows(&x->batch, i, &n);

	switch (op->state) {
	case BULK_DONE:
	case BULK_AHEAD:
		*(op->gone ? &x->report.deleted : &x->report.indexed) += 1;
		return buf_add(done, rows, n * sizeof(*rows)) ? err_memory(e) : 0;
	case BULK_REFUSED:
		note_refused(x, op);
		return outbox_refuse(x->db, rows, n, bulk_why(&x->bulk, op), e);
	case BULK_AGAIN:
	case BULK_MISSING:
	case BULK_STATE__MAX:
		break;
	}
	x->report.again++;
	return 0;
}

static int finish(struct indexer *x, struct err *e)
{
	size_t n, i;
	const struct bulk_op *op = bulk_ops(&x->bulk, &n);
	struct buf done = BUF_INIT;
	int rc = 0;

	for (i = 0; i < n && !rc; i++)
		rc = finish_op(x, i, &op[i], &done, e);
	if (!rc)
		rc = outbox_delete(x->db, (const void *)done.data, done.len / sizeof(uint64_t), e);
	buf_clear(&done);
	return rc;
}

/* What some are to be told again for. */
static int not_now(const struct indexer *x, struct err *e)
{
	const struct bulk_op *op = bulk_find(&x->bulk, BULK_AGAIN);

	return err_set(e, ERR_ELASTIC, "elasticsearch: not now: %.200s", bulk_why(&x->bulk, op));
}

static int note_success(struct indexer *x, const struct search_state *s, struct err *e)
{
	int64_t now = clock_wall_us();

	if (x->report.again || (!x->report.rows && now - s->succeeded_us < SUCCEEDED_US && now >= s->succeeded_us))
		return 0;
	return search_state_succeeded(x->db, now, e);
}

/* After a batch. One whose bytes were enough is not read for nothing again. */
static void grow(struct indexer *x)
{
	uint64_t rows = x->batch.rows;
	bool full = bulk_full(&x->bulk);

	x->most = bulk_rows(x->el->conf, full ? rows + rows / 4 + 1 : x->most * GROWTH);
	if (full || x->most == (uint64_t)x->el->conf->index_rows)
		x->careful = false;
}

static int tell_batch(struct indexer *x, const struct targets *t, struct err *e)
{
	return read_batch(x, e) || tell_all(x, t, e) || finish(x, e) ? -1 : 0;
}

/* A refresh costs Elasticsearch as much as hundreds of messages, so batches share one while more wait. What each
 * was made of is gone for this transaction only, until all of it is to be seen. One that fails takes
 * those before it with it: so after a failure each stands alone until they are as big as ever. While a new
 * index is being built, who does that is let through after each. */
static int tell_batches(struct indexer *x, const struct search_state *s, const struct targets *t, struct err *e)
{
	int64_t until_ms = clock_mono_ms() + TOGETHER_MS;
	bool together;

	do {
		together = s->phase == SEARCH_IDLE && !x->careful;
		if (tell_batch(x, t, e))
			return -1;
		grow(x);
	} while (together && x->report.more && !x->report.again && clock_mono_ms() < until_ms);
	return refresh_all(x, t, e);
}

/* Under the lock. An indexer_result, or -1. */
static int run_locked(struct indexer *x, struct search_state *s, struct err *e)
{
	struct targets t = { .n = 0 };
	int waits = outbox_pending(x->db, e);

	if (waits < 0)
		return -1;
	if (!waits && clock_mono_ms() < x->look_ms)
		return INDEXER_IDLE;
	if (look(x, s, &t, e))
		return -1;
	if (!t.n) /* nothing can be told, so nothing has succeeded */
		return INDEXER_IDLE;
	if (waits && tell_batches(x, s, &t, e))
		return -1;
	return note_success(x, s, e) ? -1 : waits ? INDEXER_TOLD : INDEXER_IDLE;
}

int indexer_run(struct indexer *x, struct err *e)
{
	struct search_state s;
	int rc;

	memset(&x->report, 0, sizeof(x->report));
	rc = search_state_lock(x->db, &s, e);
	if (rc < 1)
		return rc ? -1 : INDEXER_BUSY;
	rc = run_locked(x, &s, e);
	if (rc >= 0 && db_plain(x->db, DB_COMMIT, e))
		rc = -1;
	if (rc < 0 && x->db->in_transaction)
		db_rollback(x->db);
	if (rc == INDEXER_TOLD && x->report.again)
		rc = not_now(x, e);
	if (rc < 0) {
		x->most = bulk_rows(x->el->conf, PROBE_ROWS);
		x->careful = true;
	}
	return rc;
}
