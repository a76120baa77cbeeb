/* page: keyset pages: ?limit=, ?after=, ?before=, and the Link header (RFC 8288). */
#ifndef PARLEY_PAGE_H
#define PARLEY_PAGE_H

#include "db.h"
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

/* Where the rows of a list come from. `after` and `before` take (parent's id, behind which number, up to
 * which, how many) and answer with the number in column 0, ascending and descending; `last` takes the
 * parent's id and answers with the highest number of all rows, the deleted ones too. */
struct page_source {
	enum db_query after, before, last;
	void (*add)(struct buf *json, const struct db *db); /* appends the current row as JSON */
};

/* Reads the page and answers with it: an array in ascending order, links in the Link header; or with
 * the problem that there was. Where very many were deleted the page may be a short one: then its link
 * goes on from where it was left. */
void page_answer(const struct page *page, struct db *db, const struct page_source *source,
		 uint64_t parent, const struct request *r, struct reply *p);
/* Answers with an empty page. */
void page_answer_empty(const struct page *page, const struct request *r, struct reply *p);

#endif
