/* The applications or chats that a batch touches. */
#include "parents.h"

#include <stdlib.h>

int parents_init(struct parents *p, size_t most, struct err *e)
{
	p->n = 0;
	p->list = calloc(most ? most : 1, sizeof(*p->list));
	return p->list ? 0 : err_memory(e);
}

void parents_clear(struct parents *p)
{
	free(p->list);
	p->list = NULL;
	p->n = 0;
}

struct parent *parents_add(struct parents *p, uint64_t id)
{
	if (!p->n || p->list[p->n - 1].id != id)
		p->list[p->n++] = (struct parent){ .id = id };
	return &p->list[p->n - 1];
}

static int by_id(const void *key, const void *parent)
{
	uint64_t id = *(const uint64_t *)key, other = ((const struct parent *)parent)->id;

	return id < other ? -1 : id > other;
}

struct parent *parents_find(const struct parents *p, uint64_t id)
{
	return bsearch(&id, p->list, p->n, sizeof(*p->list), by_id);
}

int parents_read(struct parents *p, struct db *db, enum db_query query, struct err *e)
{
	struct db_value *ids = calloc(p->n ? p->n : 1, sizeof(*ids));
	struct parent *found;
	size_t i;
	int rc;

	if (!ids)
		return err_memory(e);
	for (i = 0; i < p->n; i++)
		ids[i] = (struct db_value)DB_U64(p->list[i].id);
	rc = p->n ? db_query(db, query, ids, p->n, e) : 0;
	while (!rc && p->n && (rc = db_next(db, e)) > 0) {
		found = parents_find(p, db_number(db, 0));
		if (found) {
			found->there = true;
			found->deleted = db_number(db, 1) != 0;
		}
		rc = 0;
	}
	free(ids);
	return rc;
}

bool parents_there(const struct parents *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (!p->list[i].there)
			return false;
	return true;
}

void parent_count(struct parent *p, uint32_t number, bool living, bool is_new)
{
	p->living += living;
	p->rows += is_new;
	if (number > p->last)
		p->last = number;
}

int parents_write(const struct parents *p, struct db *db, enum db_query query, struct err *e)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct parent *one = &p->list[i];
		const struct db_value values[] = { DB_U64(one->living), DB_U64(one->rows),
						   DB_U64(one->last), DB_U64(one->id) };

		if (one->last && db_run(db, query, values, 1, NULL, e))
			return -1;
	}
	return 0;
}
