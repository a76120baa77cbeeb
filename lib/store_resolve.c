/* What to do when a number or a job key is there already: redelivered, to be filled, or taken. */
#include <stdlib.h>
#include <string.h>

#include "store.h"

/* A message for which a row is to be inserted, void or not. */
static bool inserts(const struct store_item *i)
{
	if (i->job->class != JOB_CREATE_MESSAGE || i->action == STORE_FILL)
		return false;
	return i->state == STORE_WAITING ||
	       (i->state == STORE_DEAD && (i->action == STORE_VOID || i->action == STORE_SPARE));
}

/* The row will hold its job's key. */
static bool inserts_key(const struct store_item *i)
{
	return inserts(i) && i->action != STORE_SPARE;
}

static struct store_item *find_number(struct store_item *items, size_t n, uint64_t chat,
				      uint64_t number)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (inserts(&items[i]) && items[i].chat == chat && items[i].job->number == number)
			return &items[i];
	return NULL;
}

/* Every item with the key of a row that has another number: the job is stored, its number stays empty. */
static int spare(struct store_item *items, size_t n, const char *key, uint64_t chat, uint64_t number)
{
	int changed = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		struct store_item *it = &items[i];

		if (!inserts_key(it) || memcmp(it->job->key, key, JOB_KEY) != 0 ||
		    (it->chat == chat && it->job->number == number))
			continue;
		it->action = STORE_SPARE;
		changed++;
	}
	return changed;
}

/* A row has the item's number: its own, or another job's. */
static void settle_number(struct store_item *it, uint64_t version, const char *key, size_t key_len)
{
	bool own = key_len == JOB_KEY && !memcmp(key, it->job->key, JOB_KEY);

	if (it->state == STORE_DEAD)
		it->action = STORE_INSERT; /* its number has a row already: no void one is needed */
	else if (it->action == STORE_SPARE || (own && version))
		it->state = STORE_DONE;
	else if (own)
		it->action = STORE_FILL;
	else
		store_item_fail(it, STORE_RETRY, JOB_NUMBER_TAKEN,
				"another row has this number; a new one will be given");
}

static int look_up_numbers(struct store *s, struct store_item *items, size_t n,
			   struct db_value *values, struct err *e)
{
	struct store_item *it;
	size_t i, rows = 0, len;
	const char *key;
	int changed = 0, rc;

	for (i = 0; i < n; i++)
		if (inserts(&items[i])) {
			values[2 * rows] = (struct db_value)DB_U64(items[i].chat);
			values[2 * rows + 1] = (struct db_value)DB_U64(items[i].job->number);
			rows++;
		}
	if (!rows)
		return 0;
	if (db_query(s->db, DB_STORE_FIND_NUMBERS, values, rows, e))
		return -1;
	while ((rc = db_next(s->db, e)) > 0) {
		it = find_number(items, n, db_number(s->db, 0), db_number(s->db, 1));
		key = db_text(s->db, 3, &len);
		if (it) {
			settle_number(it, db_number(s->db, 2), key, len);
			changed++;
		}
	}
	return rc < 0 ? -1 : changed;
}

/* The job is stored under another number (it was given a second one in vain): this number stays
 * empty, as a void row. */
static int look_up_keys(struct store *s, struct store_item *items, size_t n,
			struct db_value *values, struct err *e)
{
	size_t i, rows = 0;
	int changed = 0, rc;

	for (i = 0; i < n; i++)
		if (inserts_key(&items[i]))
			values[rows++] = (struct db_value)DB_BYTES((const char *)items[i].job->key,
								   JOB_KEY);
	if (!rows)
		return 0;
	if (db_query(s->db, DB_STORE_FIND_KEYS, values, rows, e))
		return -1;
	while ((rc = db_next(s->db, e)) > 0)
		changed += spare(items, n, db_text(s->db, 2, NULL), db_number(s->db, 0),
				 db_number(s->db, 1));
	return rc < 0 ? -1 : changed;
}

/* The same job twice in one batch under different numbers: the later one's number stays empty. */
static int look_within(struct store_item *items, size_t n)
{
	size_t i, k;
	int changed = 0;

	for (i = 0; i < n; i++)
		for (k = i + 1; k < n && inserts_key(&items[i]); k++)
			if (inserts_key(&items[k]) &&
			    !memcmp(items[i].job->key, items[k].job->key, JOB_KEY)) {
				items[k].action = STORE_SPARE;
				changed++;
			}
	return changed;
}

int store_resolve(struct store *s, struct store_item *items, size_t n, struct err *e)
{
	struct db_value *values = calloc(2 * n + 1, sizeof(*values));
	int numbers, keys;

	if (!values)
		return err_memory(e);
	/* keys first: a job with a row under another number has nothing to do with what has its own */
	keys = look_up_keys(s, items, n, values, e);
	numbers = keys < 0 ? -1 : look_up_numbers(s, items, n, values, e);
	free(values);
	return numbers < 0 ? -1 : numbers + keys + look_within(items, n);
}
