/* Compares what MySQL has with what Elasticsearch has. */
#include "index_compare.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "key.h"

#define WINDOWS_MIN 8    /* that are compared with one question, about: as many as to begin with */
#define WINDOWS_MAX 1024 /* and at most */
#define QUICK_MS 500     /* an answer within this lets the next question be twice as big; one that takes */
#define SLOW_MS 2000     /* longer than this, or fails, half as big */
#define CHATS 500        /* that are compared with one question at most */
#define KEEP 65536

uint32_t compare_version(const struct compare_finding *f)
{
	if (f->living)
		return f->version;
	return f->there < UINT32_MAX ? (uint32_t)f->there : UINT32_MAX;
}

void index_compare_clear(struct index_compare *c)
{
	buf_clear(&c->ours);
	buf_clear(&c->theirs);
	buf_clear(&c->before);
	buf_clear(&c->after);
	buf_clear(&c->numbers);
}

/* ------------------------------------------------------------------ one by one */

static int numbers_of_outbox(struct index_compare *c, const struct index_range *r, struct err *e)
{
	const struct db_value range[] = { DB_U64(r->chats[0]), DB_U64(r->from), DB_U64(r->to) };
	int rc;

	buf_reset(&c->numbers, KEEP);
	if (db_query(c->db, DB_OUTBOX_NUMBERS, range, 1, e))
		return -1;
	while ((rc = db_next(c->db, e)) > 0) {
		uint32_t number = (uint32_t)db_number(c->db, 0);

		buf_add(&c->numbers, &number, sizeof(number));
	}
	return c->numbers.failed ? err_memory(e) : rc;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static bool in_outbox(const struct index_compare *c, uint32_t number)
{
	return c->numbers.len && bsearch(&number, c->numbers.data, c->numbers.len / sizeof(number), sizeof(number),
					 by_number);
}

/* What one look finds of a message, which at least one of them has. */
static void judge(struct index_compare *c, uint64_t chat, const struct index_row *ours,
		  const struct index_row *theirs, struct buf *out)
{
	struct compare_finding f = { .chat = chat, .living = ours, .found = theirs };

	if (ours) {
		f.number = ours->number;
		f.version = (uint32_t)ours->version;
	}
	if (theirs) {
		f.number = theirs->number;
		f.there = theirs->version;
	}
	if (ours && theirs && ours->version == theirs->version && ours->check == theirs->check)
		return;
	if (!in_outbox(c, f.number))
		buf_add(out, &f, sizeof(f));
}

static int look(struct index_compare *c, const struct index_range *r, struct buf *out, struct err *e)
{
	const struct index_row *ours, *theirs, *ours_end, *theirs_end;

	buf_reset(out, KEEP);
	if (index_read_rows(&c->index, r, &c->theirs, e) || index_read_rows_mysql(c->db, r, &c->ours, e) ||
	    numbers_of_outbox(c, r, e))
		return -1;
	ours = (const void *)c->ours.data;
	ours_end = ours + c->ours.len / sizeof(*ours);
	theirs = (const void *)c->theirs.data;
	theirs_end = theirs + c->theirs.len / sizeof(*theirs);
	while (ours < ours_end || theirs < theirs_end) {
		bool take_ours = ours < ours_end && (theirs == theirs_end || ours->number <= theirs->number);
		bool take_theirs = theirs < theirs_end && (ours == ours_end || theirs->number <= ours->number);

		judge(c, r->chats[0], take_ours ? ours : NULL, take_theirs ? theirs : NULL, out);
		ours += take_ours;
		theirs += take_theirs;
	}
	return out->failed ? err_memory(e) : 0;
}

static bool same(const struct compare_finding *a, const struct compare_finding *b)
{
	return a->number == b->number && a->living == b->living && a->version == b->version && a->found == b->found &&
	       a->there == b->there;
}

/* What was found before, and is found again. */
static int tell_both(struct index_compare *c, struct err *e)
{
	const struct compare_finding *b = (const void *)c->before.data, *a = (const void *)c->after.data;
	size_t nb = c->before.len / sizeof(*b), na = c->after.len / sizeof(*a), i, k = 0;

	for (i = 0; i < na; i++) {
		while (k < nb && b[k].number < a[i].number)
			k++;
		if (k < nb && same(&b[k], &a[i]) && c->found(c->arg, &a[i], e))
			return -1;
	}
	return 0;
}

static int compare_window(struct index_compare *c, const struct index_range *r, struct err *e)
{
	if (look(c, r, &c->before, e))
		return -1;
	if (!c->before.len)
		return 0;
	return look(c, r, &c->after, e) || tell_both(c, e) ? -1 : 0;
}

/* The part of the window that begins at `first`, a multiple of INDEX_WINDOW, which lies in from..to. */
static struct index_range window_range(const uint64_t *chat, uint64_t first, uint32_t from, uint32_t to)
{
	uint64_t last = first + INDEX_WINDOW - 1;

	return (struct index_range){ chat, 1, first < from ? from : (uint32_t)first, last > to ? to : (uint32_t)last };
}

int index_compare_numbers(struct index_compare *c, uint64_t chat, uint32_t from, uint32_t to, struct err *e)
{
	uint64_t first;

	for (first = from - from % INDEX_WINDOW; first <= to; first += INDEX_WINDOW) {
		const struct index_range r = window_range(&chat, first, from, to);

		if (compare_window(c, &r, e))
			return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ some chats */

static int order(const struct index_window *a, const struct index_window *b)
{
	if (a->chat != b->chat)
		return a->chat < b->chat ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

/* Windows that differ, as struct index_window each. */
static int differing(struct index_compare *c, struct buf *out, struct err *e)
{
	const struct index_window *ours = (const void *)c->ours.data, *theirs = (const void *)c->theirs.data;
	const struct index_window *ours_end = ours + c->ours.len / sizeof(*ours);
	const struct index_window *theirs_end = theirs + c->theirs.len / sizeof(*theirs);

	while (ours < ours_end || theirs < theirs_end) {
		int which = ours == ours_end ? 1 : theirs == theirs_end ? -1 : order(ours, theirs);
		const struct index_window *w = which <= 0 ? ours : theirs;

		if (which || ours->count != theirs->count || ours->sum != theirs->sum)
			buf_add(out, w, sizeof(*w));
		c->documents += which >= 0 ? theirs->count : 0;
		ours += which <= 0;
		theirs += which >= 0;
	}
	return out->failed ? err_memory(e) : 0;
}

static uint64_t windows(const struct index_compare *c)
{
	return c->windows ? c->windows : WINDOWS_MIN;
}

/* How much is asked for next, after a question that took so long. */
static void adapt(struct index_compare *c, int64_t took_ms, bool failed)
{
	uint64_t now = windows(c);

	if (failed || took_ms > SLOW_MS)
		c->windows = now / 2 > 1 ? now / 2 : 1;
	else if (took_ms < QUICK_MS)
		c->windows = now * 2 < WINDOWS_MAX ? now * 2 : WINDOWS_MAX;
}

/* Both sides, window by window; those that differ go to `out`. */
static int compare_sums(struct index_compare *c, const struct index_range *r, struct buf *out, struct err *e)
{
	int64_t began = clock_mono_ms();
	int rc = index_read_windows(&c->index, r, &c->theirs, e) || index_read_windows_mysql(c->db, r, &c->ours, e) ||
				 differing(c, out, e)
			 ? -1
			 : 0;

	adapt(c, clock_mono_ms() - began, rc);
	return rc;
}

static int compare(struct index_compare *c, const struct index_range *r, struct err *e)
{
	struct buf found = BUF_INIT;
	const struct index_window *w;
	size_t i, n;
	int rc;

	if (!r->n)
		return 0;
	rc = compare_sums(c, r, &found, e);
	w = (const void *)found.data;
	n = found.len / sizeof(*w);
	for (i = 0; i < n && !rc; i++) {
		const struct index_range one = window_range(&w[i].chat, w[i].number * INDEX_WINDOW, 0, UINT32_MAX);

		rc = compare_window(c, &one, e);
	}
	buf_clear(&found);
	return rc;
}

/* A chat with more windows than one question takes. `last` is its highest number, as far as is known. */
static int compare_big(struct index_compare *c, uint64_t chat, uint64_t last, struct err *e)
{
	uint64_t from, step;

	for (from = 0; from <= last; from += step) {
		step = windows(c) * INDEX_WINDOW;
		const struct index_range r = { &chat, 1, (uint32_t)from,
					       from + step > last ? UINT32_MAX : (uint32_t)(from + step - 1) };

		if (compare(c, &r, e))
			return -1;
	}
	return 0;
}

struct chats { /* to be compared with one question */
	uint64_t id[CHATS];
	size_t n;
	uint64_t windows;
};

static int compare_chats(struct index_compare *c, const struct chats *some, struct err *e)
{
	const struct index_range r = { some->id, some->n, 0, UINT32_MAX };

	return compare(c, &r, e);
}

/* Adds a chat; those that were added before are compared if they are enough. */
static int add_chat(struct index_compare *c, struct chats *some, uint64_t chat, uint64_t last, struct err *e)
{
	uint64_t its = last / INDEX_WINDOW + 1;

	if (its > windows(c))
		return compare_big(c, chat, last, e);
	if (some->n == CHATS || some->windows + its > windows(c)) {
		if (compare_chats(c, some, e))
			return -1;
		some->n = 0;
		some->windows = 0;
	}
	some->id[some->n++] = chat;
	some->windows += its;
	return 0;
}

struct page { /* of MySQL's chats */
	uint64_t id[CHATS], last[CHATS];
	size_t n;
};

static int read_page(struct index_compare *c, struct page *p, uint64_t after, uint64_t upto, struct err *e)
{
	const struct db_value values[] = { DB_U64(after), DB_U64(upto), DB_U64(CHATS) };
	int rc;

	p->n = 0;
	if (db_query(c->db, DB_COMPARE_CHATS, values, 1, e))
		return -1;
	while ((rc = db_next(c->db, e)) > 0 && p->n < CHATS) {
		p->id[p->n] = db_number(c->db, 0);
		p->last[p->n++] = db_number(c->db, 1);
	}
	db_done(c->db);
	return rc < 0 ? -1 : 0;
}

int index_compare_some(struct index_compare *c, uint64_t *chat, uint64_t upto, struct err *e)
{
	struct chats some = { .n = 0 };
	struct page p;
	size_t i;

	if (read_page(c, &p, *chat, upto, e))
		return -1;
	for (i = 0; i < p.n; i++) {
		if (add_chat(c, &some, p.id[i], p.last[i], e))
			return -1;
		if (c->progress)
			progress_add(c->progress, 1);
	}
	if (compare_chats(c, &some, e))
		return -1;
	*chat = p.n ? p.id[p.n - 1] : *chat;
	return p.n == CHATS;
}

/* ------------------------------------------------------------------ chats that are gone */

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Takes those away that may still have messages. */
static int keep_gone(struct index_compare *c, uint64_t *chats, size_t *n, struct err *e)
{
	struct db_value values[INDEX_CHATS];
	size_t i, kept = 0, k = 0;
	int rc;

	qsort(chats, *n, sizeof(*chats), by_id);
	for (i = 0; i < *n; i++)
		values[i] = (struct db_value)DB_U64(chats[i]);
	if (db_query(c->db, DB_COMPARE_UNPURGED, values, *n, e))
		return -1;
	while ((rc = db_next(c->db, e)) > 0) {
		while (k < *n && chats[k] < db_number(c->db, 0))
			chats[kept++] = chats[k++];
		k += k < *n && chats[k] == db_number(c->db, 0);
	}
	while (k < *n)
		chats[kept++] = chats[k++];
	*n = kept;
	return rc;
}

int index_compare_gone(struct index_compare *c, uint64_t *chat, struct err *e)
{
	uint64_t chats[INDEX_CHATS], before = c->documents;
	size_t n, page, i;
	int rc = 0;

	if (index_read_chats(&c->index, chat, chats, &n, e))
		return -1;
	page = n;
	if (n && keep_gone(c, chats, &n, e))
		return -1;
	for (i = 0; i < n && !rc; i += CHATS) {
		const struct index_range r = { chats + i, n - i < CHATS ? n - i : CHATS, 0, UINT32_MAX };

		rc = compare(c, &r, e);
	}
	c->documents = before; /* those that belong to nobody do not count */
	return rc < 0 ? -1 : page == INDEX_CHATS;
}
