/* Puts right what verify has found. */
#include "mend.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bury.h"
#include "clock.h"
#include "compare.h"
#include "counter.h"
#include "entry.h"
#include "heal.h"
#include "index_compare.h"
#include "jobset.h"
#include "key.h"
#include "outbox.h"
#include "parent_state.h"
#include "rebuild.h"
#include "recount.h"
#include "recover.h"
#include "tombstone.h"
#include "voids.h"

#define AT_ONCE 1000 /* numbers that one transaction fills */
#define LLU(n) ((unsigned long long)(n))

static bool is_chat(const struct difference *d)
{
	return d->id >= KEY_APPLICATION_LIMIT;
}

__attribute__((format(printf, 5, 6))) static int say(struct mend *m, const struct difference *d, bool done,
						     struct err *e, const char *fmt, ...)
{
	struct difference said = *d;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said.detail, sizeof(said.detail), fmt, ap);
	va_end(ap);
	return m->said(m->arg, &said, done, e);
}

/* ------------------------------------------------------------------ counters */

static int mend_low(struct mend *m, const struct difference *d, struct err *e)
{
	int64_t now;

	if (counter_raise(m->redis, d->id, d->floor, &now, e))
		return -1;
	/* missing by now: healed in the next round */
	return now < 0 ? 0 : say(m, d, true, e, "counter raised to %lld", (long long)now);
}

static int mend_missing(struct mend *m, const struct difference *d, struct err *e)
{
	char counter[KEY_MAX];
	uint64_t now = 0;
	int rc = is_chat(d) ? heal_chat(m->redis, m->db, d->id, e) : heal_application(m->redis, m->db, d->id, e);

	if (rc > 0)
		rc = redis_get_number(m->redis, counter_key(counter, d->id), &now, e);
	if (rc < 0)
		return -1;
	return rc ? say(m, d, true, e, "counter made, at %llu", LLU(now))
		  : say(m, d, false, e, "counter is missing, and cannot be made now");
}

static int mend_left(struct mend *m, const struct difference *d, struct err *e)
{
	char counter[KEY_MAX];
	int rc;

	if (!is_chat(d))
		rc = tombstone_finish_application(m->redis, m->db, d->id, d->token, e);
	else if (d->there)
		rc = tombstone_finish_chat(m->redis, m->db, d->id, e);
	else /* it went with its application */
		rc = redis_delete(m->redis, counter_key(counter, d->id), e);
	return rc ? -1 : say(m, d, true, e, "counter removed");
}

static int mend_leftover(struct mend *m, const struct difference *d, struct err *e)
{
	const struct db_value id[] = { DB_U64(d->id) };

	if (db_run(m->db, is_chat(d) ? DB_REPAIR_UNPURGE_CHAT : DB_REPAIR_UNPURGE_APPLICATION, id, 1, NULL, e))
		return -1;
	return say(m, d, true, e, "given to `purge` once more");
}

/* ------------------------------------------------------------------ entries */

struct rewriter {
	struct mend *m;
	const struct difference *d;
	const char *zset;
	bool scheduled;
};

static int rewrite(void *arg, const struct jobset_entry *entry, struct err *e)
{
	const struct job_failure why = { "Unknown", "completed by queue repair", clock_wall_us() };
	struct rewriter *r = arg;
	struct buf text = BUF_INIT;
	const char *fault;
	struct job j;
	int rc;

	if (job_parse(&j, entry->text, entry->len, 0, e))
		return -1;
	fault = entry_fault(&j, r->scheduled);
	if (!fault)
		return 0;
	rc = entry_complete(&j, r->scheduled, &why, &text, e) ? -1 : bury_rewrite(r->m->redis, r->zset, &j, &text, e);
	buf_clear(&text);
	if (rc > 0)
		rc = say(r->m, r->d, true, e, "%s: the job at %.32s had %s: completed", r->zset, entry->score, fault);
	return rc;
}

/* All of them at the first one. */
static int mend_entries(struct mend *m, const struct difference *d, struct err *e)
{
	struct rewriter places[] = { { m, d, KEY_RETRY, false }, { m, d, KEY_SCHEDULE, true },
				     { m, d, KEY_DEAD, false } };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct jobset_visitor v = { rewrite, &places[i] };

		if (jobset_scan(m->redis, places[i].zset, &v, e))
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ gaps */

struct filler { /* of one gap */
	struct mend *m;
	const struct difference *d;
	struct waiting waiting;
	uint32_t numbers[AT_ONCE];
	size_t n;
	uint64_t from, filled;
	bool deep; /* the queue is too deep to be read at one moment */
};

static int gather(void *arg, uint32_t from, uint32_t to, struct err *e)
{
	struct filler *f = arg;
	uint64_t number;

	(void)e;
	for (number = from; number <= to && f->n < AT_ONCE; number++)
		f->numbers[f->n++] = (uint32_t)number;
	return f->n == AT_ONCE;
}

static bool has_job(const struct filler *f, uint32_t number)
{
	size_t n, i;
	const struct waiting_number *w = waiting_of(&f->waiting, f->d->id, &n);

	for (i = 0; i < n; i++)
		if (w[i].number == number)
			return true;
	return false;
}

/* All jobs of the parent, at one moment. 1; 0: too many; -1 */
static int read_jobs(struct filler *f, struct err *e)
{
	int rc;

	waiting_clear(&f->waiting);
	rc = waiting_now(&f->waiting, f->m->redis, f->d->id, e);
	f->deep = !rc;
	return rc;
}

/* Right before the COMMIT, the parent locked: still none of these has a job. */
static int still_none(void *arg, struct err *e)
{
	struct filler *f = arg;
	size_t i;
	int rc = read_jobs(f, e);

	for (i = 0; i < f->n && rc == 1; i++)
		rc = !has_job(f, f->numbers[i]);
	return rc;
}

/* The next numbers that have neither row nor job. Jobs are read before the rows: one that is done in
 * between has its row by then. 1: they have their rows now; 0: there are none, or it cannot be told; -1 */
static int fill_some(struct filler *f, struct err *e)
{
	const struct parent_gaps gaps = { gather, f };
	const struct voids_fence fence = { still_none, f };
	struct mend *m = f->m;
	int rc = read_jobs(f, e);

	if (rc < 1)
		return rc;
	f->n = 0;
	if (parent_gaps(m->db, f->d->id, f->from, f->d->to, &f->waiting, true, &gaps, e))
		return -1;
	if (!f->n)
		return 0;
	rc = is_chat(f->d) ? voids_messages(m->redis, m->db, f->d->id, f->numbers, f->n, &fence, e)
			   : voids_chats(m->redis, m->db, f->d->id, f->numbers, f->n, &fence, e);
	if (rc == 1) {
		f->filled += f->n;
		f->from = (uint64_t)f->numbers[f->n - 1] + 1;
	}
	return rc;
}

static int say_filled(const struct filler *f, struct err *e)
{
	const struct difference *d = f->d;
	char range[64];

	if (d->from == d->to)
		snprintf(range, sizeof(range), "%s %lu", is_chat(d) ? "message" : "chat", (unsigned long)d->from);
	else
		snprintf(range, sizeof(range), "%s %lu to %lu", is_chat(d) ? "messages" : "chats",
			 (unsigned long)d->from, (unsigned long)d->to);
	if (f->filled && say(f->m, d, true, e, "%s: %llu %s%s", range, LLU(f->filled),
			     is_chat(d) ? "void row" : "empty chat", f->filled == 1 ? " made" : "s made"))
		return -1;
	return f->deep ? say(f->m, d, false, e, "%s: more than %d jobs wait; left until they are fewer", range,
			     WAITING_MOST)
		       : 0;
}

static int mend_gap(struct mend *m, const struct difference *d, struct err *e)
{
	struct filler f = { .m = m, .d = d, .from = d->from };
	int rc;

	if (d->missing > m->most_numbers)
		return say(m, d, false, e, "%llu numbers are missing from %lu to %lu: too many (--most)",
			   LLU(d->missing), (unsigned long)d->from, (unsigned long)d->to);
	do
		rc = fill_some(&f, e);
	while (rc == 1 && f.from <= d->to);
	if (rc >= 0)
		rc = say_filled(&f, e);
	waiting_clear(&f.waiting);
	return rc;
}

/* ------------------------------------------------------------------ counts and losses */

static int mend_counts(struct mend *m, const struct difference *d, struct err *e)
{
	const char *what = is_chat(d) ? "messages" : "chats";
	struct recount r;

	if (recount(m->db, is_chat(d) ? JOB_COUNT_MESSAGES : JOB_COUNT_CHATS, d->id, &r, e))
		return -1;
	if (!r.corrected)
		return 0;
	return say(m, d, true, e, "%s counted anew: %llu rows (was %llu), %llu living (was %llu), last %llu (was %llu)",
		   what, LLU(r.is.rows), LLU(r.was.rows), LLU(r.is.living), LLU(r.was.living), LLU(r.is.last),
		   LLU(r.was.last));
}

static int mend_loss(struct mend *m, const struct difference *d, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_STR(now), DB_U64(d->id) };

	if (db_run(m->db, DB_REPAIR_LOSSES, values, 1, NULL, e))
		return -1;
	return say(m, d, true, e, "noted as seen: %.200s", d->detail);
}

/* Redis is as far as MySQL, or is brought there. 0 or -1 */
static int keep_up(struct mend *m, const struct difference *d,
		   int (*look)(struct redis *r, struct db *db, struct err *e), struct err *e)
{
	struct recovery done;
	int rc = look(m->redis, m->db, e);

	if (!rc || e->code != ERR_BEHIND)
		return rc;
	rc = recover(m->redis, m->db, &done, e);
	if (rc < 0 || compare_again(m->redis, m->db, e)) /* 0: somebody else was at it */
		return -1;
	return rc ? say(m, d, true, e, "redis: recovered, counters raised: %lld, removed: %lld", (long long)done.raised,
			(long long)done.removed)
		  : 0;
}

static int mend_behind(struct mend *m, const struct difference *d, struct err *e)
{
	return keep_up(m, d, compare_again, e);
}

/* ------------------------------------------------------------------ the index */

static int mend_no_index(struct mend *m, const struct difference *d, struct err *e)
{
	int asked = rebuild_ask(m->db, REBUILD_WAIT_MS, e);

	if (asked < 0)
		return -1;
	return asked ? say(m, d, true, e, "elasticsearch: a new index is asked for: `index` makes it")
		     : say(m, d, false, e, "elasticsearch: a new index is being made");
}

static int mend_refused(struct mend *m, const struct difference *d, struct err *e)
{
	const uint64_t from = d->id << 32, to = d->id ? from | KEY_NUMBER_MAX : UINT64_MAX;
	uint64_t n;

	if (outbox_unrefuse(m->db, from, to, &n, e))
		return -1;
	return say(m, d, true, e, "elasticsearch: %llu change%s, refused before, wait%s for `index` once more", LLU(n),
		   n == 1 ? "" : "s", n == 1 ? "s" : "");
}

struct teller { /* of messages to the outbox */
	struct mend *m;
	uint64_t n;
};

static int tell_again(void *arg, const struct compare_finding *f, struct err *e)
{
	struct teller *t = arg;

	t->n++;
	return outbox_add(t->m->db, f->chat, f->number, compare_version(f), e);
}

static int mend_index(struct mend *m, const struct difference *d, struct err *e)
{
	struct teller t = { m, 0 };
	struct index_compare c = { .db = m->db, .index = { m->elastic, m->elastic->conf->elasticsearch_index,
							m->elastic->conf->index_timeout_ms },
				   .found = tell_again, .arg = &t };
	int rc = index_compare_numbers(&c, d->id, d->from, d->to, e);

	index_compare_clear(&c);
	if (rc || !t.n)
		return rc;
	if (d->from == d->to)
		return say(m, d, true, e, "message %lu put into the outbox", (unsigned long)d->from);
	return say(m, d, true, e, "%llu of messages %lu to %lu put into the outbox", LLU(t.n), (unsigned long)d->from,
		   (unsigned long)d->to);
}

/* ------------------------------------------------------------------ the dead */

struct bearer { /* of dead jobs whose numbers are in gaps */
	struct mend *m;
	const struct difference *d;
	size_t n;
};

static const struct difference *gap_of(const struct bearer *b, uint64_t id, uint32_t number)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (b->d[i].kind == DIFFERENCE_GAP && b->d[i].id == id && b->d[i].from <= number &&
		    b->d[i].to >= number)
			return &b->d[i];
	return NULL;
}

static int bury_number(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct bearer *b = arg;
	const struct difference *d;
	struct job j;

	if (job_parse(&j, entry->text, entry->len, clock_wall_us(), e))
		return -1;
	if (j.class != JOB_CREATE_MESSAGE && j.class != JOB_CREATE_CHAT)
		return 0;
	d = gap_of(b, j.id, j.number);
	if (!d)
		return 0;
	if (voids_bury(b->m->redis, b->m->db, &j, e))
		return -1;
	return say(b->m, d, true, e, "%s %lu, whose job is dead, has its row", is_chat(d) ? "message" : "chat",
		   (unsigned long)j.number);
}

/* A number whose job is dead gets the void row of that job, which is filled if it is ever retried. */
static int mend_dead(struct mend *m, const struct difference *d, size_t n, struct err *e)
{
	struct bearer b = { m, d, n };
	const struct jobset_visitor v = { bury_number, &b };
	size_t i;

	for (i = 0; i < n && d[i].kind != DIFFERENCE_GAP; i++)
		;
	return i < n ? jobset_scan(m->redis, KEY_DEAD, &v, e) : 0;
}

/* ------------------------------------------------------------------ all */

static const struct {
	int (*mend)(struct mend *m, const struct difference *d, struct err *e);
	bool all_at_once; /* by the first one */
} menders[DIFFERENCE__MAX] = {
	[DIFFERENCE_BEHIND] = { mend_behind, true },
	[DIFFERENCE_COUNTER_LOW] = { mend_low, false },
	[DIFFERENCE_COUNTER_MISSING] = { mend_missing, false },
	[DIFFERENCE_COUNTER_LEFT] = { mend_left, false },
	[DIFFERENCE_LEFTOVER] = { mend_leftover, false },
	[DIFFERENCE_ENTRY] = { mend_entries, true },
	[DIFFERENCE_GAP] = { mend_gap, false },
	[DIFFERENCE_STORED] = { mend_counts, false },
	[DIFFERENCE_COUNT] = { mend_counts, false },
	[DIFFERENCE_LAST] = { mend_counts, false },
	[DIFFERENCE_LOSS] = { mend_loss, false },
	[DIFFERENCE_NO_INDEX] = { mend_no_index, false },
	[DIFFERENCE_REFUSED] = { mend_refused, false },
	[DIFFERENCE_INDEX] = { mend_index, false },
};

static int mend_kind(struct mend *m, enum difference_kind kind, const struct difference *d, size_t n,
		     struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (d[i].kind != kind)
			continue;
		if (menders[kind].mend(m, &d[i], e))
			return -1;
		if (menders[kind].all_at_once)
			return 0;
	}
	return 0;
}

int mend_all(struct mend *m, const struct difference *d, size_t n, struct err *e)
{
	int k;

	if (n && keep_up(m, &(struct difference){ .kind = DIFFERENCE_BEHIND }, compare, e))
		return -1;
	for (k = 0; k < DIFFERENCE__MAX; k++) {
		if (k == DIFFERENCE_GAP && mend_dead(m, d, n, e))
			return -1;
		if (mend_kind(m, (enum difference_kind)k, d, n, e))
			return -1;
	}
	return 0;
}
