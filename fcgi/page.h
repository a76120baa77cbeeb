/* page: keyset pages: ?limit=, ?after=, ?before=, and the Link header (RFC 8288). */
#ifndef PARLEY_PAGE_H
#define PARLEY_PAGE_H

#include "http.h"

#define PAGE_LIMIT 50
#define PAGE_LIMIT_MAX 200

struct page {
	uint64_t limit;
	uint64_t from;  /* after or before this number */
	bool backwards; /* `before`: the rows come in falling order and are turned round */
	bool given;     /* `after` or `before` was in the query */
};

/* Reads the parameters. False: the reply is 400. */
bool page_read(struct page *page, const struct request *r, struct reply *p);
/* Just the limit, for lists that go by something else than a number. */
bool page_limit(uint64_t *limit, const struct request *r, struct reply *p);

/* The rows of a page as they come from the statement (limit + 1 of them are asked for), and the
 * answer made of them: an array in ascending order, with its Link header. */
struct page_rows {
	struct buf items;  /* the JSON of the rows, one behind the other */
	struct buf ends;   /* size_t each: where they end */
	size_t n;
	uint64_t first, last; /* numbers of the page's rows, in the order they came */
	bool more;            /* there was one beyond the limit */
};

#define PAGE_ROWS_INIT { BUF_INIT, BUF_INIT, 0, 0, 0, false }

/* A row is done: its JSON was appended to rows->items. */
void page_row(struct page_rows *rows, uint64_t number);
void page_rows_clear(struct page_rows *rows);
/* Puts the array into the reply and the links above it, and frees the rows. */
void page_reply(const struct page *page, struct page_rows *rows, const struct request *r,
		struct reply *p);

#endif
