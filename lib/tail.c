/* Messages that Elasticsearch was not told of yet. */
#include "tail.h"

#include <stdio.h>

static int match_row(struct tail *t, const struct db *db, struct text_query *query, struct err *e)
{
	uint32_t number = (uint32_t)db_number(db, 0);
	enum text_class class = TEXT_NONE;
	size_t len;
	const char *body = db_text(db, 1, &len);

	snprintf(t->index, sizeof(t->index), "%s", db_text(db, 3, NULL));
	if (!number) /* there is no tail */
		return 0;
	t->numbers[t->n++] = number;
	if (db_number(db, 2) && text_match(query, body, len, &class, e))
		return -1;
	if (class != TEXT_NONE)
		t->hits[t->hits_n++] = (struct tail_hit){ number, class };
	return 0;
}

int tail_read(struct tail *t, struct db *db, uint64_t chat, struct text_query *query, struct err *e)
{
	const struct db_value values[] = { DB_U64(chat), DB_U64(TAIL_MAX + 1), DB_U64(chat) };
	int rc;

	t->n = t->hits_n = 0;
	*t->index = '\0';
	if (db_stream(db, DB_SEARCH_TAIL, values, 1, e))
		return -1;
	while ((rc = db_next(db, e)) > 0 && t->n < TAIL_MAX)
		if (match_row(t, db, query, e)) {
			rc = -1;
			break;
		}
	db_done(db);
	return rc < 0 ? -1 : !rc;
}
