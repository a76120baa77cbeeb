/* Searches a chat on MySQL, in windows. */
#include "scan.h"

#include "clock.h"
#include "key.h"

/* Rows of a window: few at first, so that a small answer is a quick one, then as many as make
 * WINDOW_BYTES. What is left of a window when the budget is spent has still to be taken in. */
#define WINDOW_ROWS_FIRST 256
#define WINDOW_ROWS_MAX 8192
#define WINDOW_BYTES ((size_t)1 << 20)
#define LOOK_BYTES 32768 /* between two looks at the clock */

struct window {
	uint64_t before; /* its rows have numbers below this */
	uint64_t rows;   /* at most */
	uint64_t got;
	size_t bytes;    /* of the bodies that were got */
};

struct progress {
	int64_t until_ms;
	size_t unlooked; /* bytes since the last look at the clock */
	bool spent;
};

static bool is_spent(struct progress *p, size_t bytes)
{
	p->unlooked += bytes;
	if (p->unlooked >= LOOK_BYTES) {
		p->unlooked = 0;
		p->spent = clock_mono_ms() >= p->until_ms;
	}
	return p->spent;
}

static int match_row(const struct scan *s, struct hits *hits, struct window *w, struct err *e)
{
	enum text_class class;
	size_t len;
	const char *body = db_text(s->db, 1, &len);

	w->before = db_number(s->db, 0);
	w->got++;
	w->bytes += len;
	if (db_number(s->db, 2)) /* deleted */
		return 0;
	if (text_match(s->query, body, len, &class, e))
		return -1;
	if (class != TEXT_NONE && hits_add(hits, class, (uint32_t)w->before))
		return err_memory(e);
	return 0;
}

/* 1: there may be more; 0: this was the last window; -1 */
static int read_window(const struct scan *s, struct hits *hits, struct window *w,
		       struct progress *p, struct err *e)
{
	const struct db_value range[] = { DB_U64(s->chat), DB_U64(w->before), DB_U64(w->rows) };
	size_t before;
	int rc;

	w->got = 0;
	w->bytes = 0;
	if (db_stream(s->db, DB_SCAN_WINDOW, range, 1, e))
		return -1;
	while ((rc = db_next(s->db, e)) > 0) {
		before = w->bytes;
		if (match_row(s, hits, w, e)) {
			rc = -1;
			break;
		}
		if (hits_final(hits, s->wanted) || is_spent(p, w->bytes - before))
			break;
	}
	db_done(s->db);
	return rc ? rc : w->got == w->rows;
}

static uint64_t next_rows(const struct window *w)
{
	uint64_t fit = w->got * WINDOW_BYTES / (w->bytes + 1) + 1;
	uint64_t most = w->rows * 4 < WINDOW_ROWS_MAX ? w->rows * 4 : WINDOW_ROWS_MAX;

	return fit < most ? fit : most;
}

int scan_run(const struct scan *s, struct hits *hits, struct err *e)
{
	struct progress p = { clock_mono_ms() + s->budget_ms, 0, false };
	struct window w = { .before = (uint64_t)KEY_NUMBER_MAX + 1, .rows = WINDOW_ROWS_FIRST };
	int rc = text_query_possible(s->query);

	while (rc > 0 && !p.spent && !hits_final(hits, s->wanted)) {
		rc = read_window(s, hits, &w, &p, e);
		if (rc > 0) {
			w.rows = next_rows(&w);
			p.spent = clock_mono_ms() >= p.until_ms;
		}
	}
	if (rc < 0)
		return -1;
	return !rc || hits_final(hits, s->wanted);
}
