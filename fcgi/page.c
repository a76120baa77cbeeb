/* Keyset pages. */
#include "page.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "key.h"

#define WINDOW UINT64_C(20000) /* numbers that one statement looks at, at most */
#define BUDGET_MS 1000         /* of a page; a statement takes some 10 ms */

bool page_limit(uint64_t *limit, const struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;

	*limit = PAGE_LIMIT;
	if (query_number(&r->query, "limit", 1, PAGE_LIMIT_MAX, limit, &e) >= 0)
		return true;
	reply_problem(p, PROBLEM_BAD_PARAMETER, e.text);
	return false;
}

bool page_read(struct page *page, const struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;
	int after, before;

	memset(page, 0, sizeof(*page));
	if (!page_limit(&page->limit, r, p))
		return false;
	after = query_number(&r->query, "after", 0, KEY_POSITION_MAX, &page->from, &e);
	before = after < 0 ? -1
			   : query_number(&r->query, "before", 0, KEY_POSITION_MAX, &page->from, &e);
	if (before < 0) {
		reply_problem(p, PROBLEM_BAD_PARAMETER, e.text);
		return false;
	}
	if (after && before) {
		reply_problem(p, PROBLEM_BAD_PARAMETER, "after and before exclude each other.");
		return false;
	}
	page->backwards = before;
	page->given = after || before;
	return true;
}

/* The rows of a page as they come from the statement, and what is known of them. */
struct page_rows {
	struct buf items;     /* the JSON of the rows, one behind the other */
	struct buf ends;      /* size_t each: where they end */
	size_t n;
	uint64_t first, last; /* numbers, in the order they came */
	bool more;            /* there was one beyond the limit */
	bool cut;             /* the time was over; it goes on from `reached` */
	uint64_t reached;
};

#define PAGE_ROWS_INIT { .items = BUF_INIT, .ends = BUF_INIT }

/* A row is done: its JSON was appended to rows->items. */
static void page_row(struct page_rows *rows, uint64_t number)
{
	buf_add(&rows->ends, &rows->items.len, sizeof(rows->items.len));
	if (!rows->n++)
		rows->first = number;
	rows->last = number;
}

static void page_rows_clear(struct page_rows *rows)
{
	buf_clear(&rows->items);
	buf_clear(&rows->ends);
}

/* Only the path, without the query, and no host: it holds behind any proxy. */
static void link_to(struct buf *out, const struct page *page, const struct request *r,
		    const char *parameter, uint64_t from, const char *rel)
{
	unsigned i;

	buf_addstr(out, out->len ? ", <" : "<");
	for (i = 0; i < r->path.n; i++)
		buf_addf(out, "/%.*s", (int)r->path.seg[i].len, r->path.seg[i].at);
	buf_addf(out, "?%s=%llu&limit=%llu>; rel=\"%s\"", parameter, (unsigned long long)from,
		 (unsigned long long)page->limit, rel);
}

static void add_links(const struct page *page, const struct page_rows *rows,
		      const struct request *r, struct reply *p)
{
	uint64_t low = page->backwards ? rows->last : rows->first;
	uint64_t high = page->backwards ? rows->first : rows->last;
	bool next = page->backwards ? page->from <= KEY_NUMBER_MAX : rows->more;
	bool prev = page->backwards ? rows->more : page->given && page->from;
	struct buf links = BUF_INIT;

	if (rows->cut && !page->backwards)
		link_to(&links, page, r, "after", rows->reached, "next");
	else if (rows->n && next)
		link_to(&links, page, r, "after", high, "next");
	if (rows->cut && page->backwards)
		link_to(&links, page, r, "before", rows->reached, "prev");
	else if (rows->n && prev)
		link_to(&links, page, r, "before", low, "prev");
	link_to(&links, page, r, "before", KEY_POSITION_MAX - 1, "last");
	reply_header(p, "Link", "%s", buf_str(&links));
	if (links.failed)
		p->headers.failed = true;
	buf_clear(&links);
}

static void add_rows(const struct page *page, const struct page_rows *rows, struct reply *p)
{
	const size_t *ends = (const void *)rows->ends.data;
	size_t i, k, start;

	buf_addch(&p->body, '[');
	for (i = 0; i < rows->n; i++) {
		k = page->backwards ? rows->n - 1 - i : i;
		start = k ? ends[k - 1] : 0;
		buf_addstr(&p->body, i ? "," : "");
		buf_add(&p->body, rows->items.data + start, ends[k] - start);
	}
	buf_addch(&p->body, ']');
}

static void page_reply(const struct page *page, struct page_rows *rows, const struct request *r,
		       struct reply *p)
{
	reply_json(p, 200);
	add_links(page, rows, r, p);
	if (rows->items.failed || rows->ends.failed)
		p->body.failed = true;
	else
		add_rows(page, rows, p);
	page_rows_clear(rows);
}

struct walk { /* through the numbers of a parent's rows */
	const struct page *page;
	const struct page_source *source;
	struct db *db;
	uint64_t parent;
};

/* The rows behind `from`, up to `to`, as far as the page has room. */
static int read_window(struct page_rows *rows, const struct walk *w, uint64_t from, uint64_t to,
		       struct err *e)
{
	const struct db_value range[] = { DB_U64(w->parent), DB_U64(from), DB_U64(to),
					  DB_U64(w->page->limit + 1 - rows->n) };
	enum db_query query = w->page->backwards ? w->source->before : w->source->after;
	int rc;

	if (db_query(w->db, query, range, 1, e))
		return -1;
	while ((rc = db_next(w->db, e)) > 0 && rows->n < w->page->limit) {
		w->source->add(&rows->items, w->db);
		page_row(rows, db_number(w->db, 0));
	}
	rows->more = rc > 0;
	db_done(w->db);
	return rc < 0 ? -1 : 0;
}

static int read_last(const struct walk *w, uint64_t *last, struct err *e)
{
	const struct db_value at[] = { DB_U64(w->parent) };

	if (db_row(w->db, w->source->last, at, 1, e) < 1)
		return -1;
	*last = db_number(w->db, 0);
	db_done(w->db);
	return 0;
}

static int read_forwards(struct page_rows *rows, const struct walk *w, int64_t until_ms,
			 struct err *e)
{
	uint64_t from = w->page->from, last = 0;

	for (;; from += WINDOW) {
		if (read_window(rows, w, from, from + WINDOW, e))
			return -1;
		/* only where the page is not full the end matters */
		if (rows->more || (!last && read_last(w, &last, e)))
			return rows->more ? 0 : -1;
		if (from + WINDOW >= last)
			return 0;
		if (clock_mono_ms() >= until_ms)
			break;
	}
	rows->cut = true;
	rows->reached = from + WINDOW;
	return 0;
}

static int read_backwards(struct page_rows *rows, const struct walk *w, int64_t until_ms,
			  struct err *e)
{
	uint64_t from, to, last;

	if (read_last(w, &last, e))
		return -1;
	for (from = w->page->from <= last ? w->page->from : last + 1;; from = to) {
		to = from > WINDOW ? from - WINDOW : 1;
		if (read_window(rows, w, from, to, e))
			return -1;
		if (rows->more || to == 1)
			return 0;
		if (clock_mono_ms() >= until_ms)
			break;
	}
	rows->cut = true;
	rows->reached = to;
	return 0;
}

/* Deleted rows are walked over, a window of numbers after the other, for so long. */
static int read_rows(struct page_rows *rows, const struct walk *w, struct err *e)
{
	int64_t until_ms = clock_mono_ms() + BUDGET_MS;

	return w->page->backwards ? read_backwards(rows, w, until_ms, e)
				  : read_forwards(rows, w, until_ms, e);
}

void page_answer(const struct page *page, struct db *db, const struct page_source *source,
		 uint64_t parent, const struct request *r, struct reply *p)
{
	const struct walk w = { page, source, db, parent };
	struct page_rows rows = PAGE_ROWS_INIT;
	struct err e = ERR_INIT;

	if (read_rows(&rows, &w, &e)) {
		page_rows_clear(&rows);
		reply_error(p, &e);
	} else {
		page_reply(page, &rows, r, p);
	}
}

void page_answer_empty(const struct page *page, const struct request *r, struct reply *p)
{
	struct page_rows rows = PAGE_ROWS_INIT;

	page_reply(page, &rows, r, p);
}
