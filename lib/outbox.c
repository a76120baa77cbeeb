/* What Elasticsearch has still to be told. */
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "utf8.h"

#define AT_ONCE 1000 /* rows that one statement takes by their ids, or puts in */
#define WHY_MAX 255  /* bytes of message_changes.error */

int outbox_pending(struct db *db, struct err *e)
{
	int rc = db_row(db, DB_OUTBOX_NEXT, NULL, 1, e);

	db_done(db);
	return rc;
}

/* ------------------------------------------------------------------ reading */

struct reading {
	struct outbox_batch *batch;
	struct outbox_change change; /* of the rows at hand; chat 0: none yet */
	bool told;                   /* it was handed on */
	int (*hand)(void *arg, const struct outbox_change *c, struct err *e);
	void *arg;
};

/* Ends the change at hand. 1: it was the last; 0; -1 */
static int end_change(struct reading *r, struct err *e)
{
	struct outbox_batch *b = r->batch;
	size_t end = (size_t)b->rows;

	if (!r->change.chat)
		return 0;
	if (buf_add(&b->ends, &end, sizeof(end)))
		return err_memory(e);
	return r->told ? 0 : r->hand(r->arg, &r->change, e);
}

/* A living message's text is borrowed from the row, so it is handed on at its first; of one that is gone,
 * the last row may have the highest version. */
static int begin_change(struct reading *r, const struct db *db, struct err *e)
{
	struct outbox_change *c = &r->change;

	*c = (struct outbox_change){ .chat = db_number(db, 1), .number = (uint32_t)db_number(db, 2),
				     .version = (uint32_t)db_number(db, 4), .living = db_number(db, 5) };
	r->told = c->living;
	if (!c->living)
		return 0;
	c->body = db_text(db, 6, &c->len);
	return r->hand(r->arg, c, e);
}

static bool is_another(const struct reading *r, const struct db *db)
{
	return r->change.chat != db_number(db, 1) || r->change.number != db_number(db, 2);
}

static int read_row(struct reading *r, const struct db *db, struct err *e)
{
	struct outbox_change *c = &r->change;
	uint64_t id = db_number(db, 0), version = db_number(db, 3);
	int rc = 0;

	if (is_another(r, db)) {
		rc = end_change(r, e);
		if (!rc)
			rc = begin_change(r, db, e);
		else if (rc > 0)
			c->chat = 0; /* this row is the next batch's */
	}
	if (rc < 0 || !c->chat)
		return rc;
	if (!c->living && version > c->version)
		c->version = (uint32_t)version;
	r->batch->rows++;
	if (buf_add(&r->batch->ids, &id, sizeof(id)))
		return err_memory(e);
	return rc;
}

int outbox_read(struct db *db, uint64_t most_rows, struct outbox_batch *b,
		int (*change)(void *arg, const struct outbox_change *c, struct err *e), void *arg,
		struct err *e)
{
	const struct db_value most[] = { DB_U64(most_rows) };
	struct reading r = { .batch = b, .hand = change, .arg = arg };
	int rc, enough = 0;

	buf_reset(&b->ids, (size_t)1 << 20);
	buf_reset(&b->ends, (size_t)1 << 20);
	b->rows = 0;
	if (db_stream(db, DB_OUTBOX_READ, most, 1, e))
		return -1;
	while (!enough && (rc = db_next(db, e)) != 0)
		enough = rc < 0 ? -1 : read_row(&r, db, e);
	db_done(db);
	return enough < 0 || end_change(&r, e) < 0 ? -1 : 0;
}

void outbox_batch_clear(struct outbox_batch *b)
{
	buf_clear(&b->ids);
	buf_clear(&b->ends);
}

const uint64_t *outbox_rows(const struct outbox_batch *b, size_t i, size_t *n)
{
	const size_t *ends = (const void *)b->ends.data;
	const uint64_t *ids = (const void *)b->ids.data;
	size_t from = i ? ends[i - 1] : 0;

	*n = ends[i] - from;
	return ids + from;
}

/* ------------------------------------------------------------------ taking away, marking */

/* Runs a statement over ids, in parts; `first` values come before them. */
static int with_ids(struct db *db, enum db_query query, const struct db_value *first, size_t firsts,
		    const uint64_t *ids, size_t n, struct err *e)
{
	struct db_value *values = calloc(firsts + AT_ONCE, sizeof(*values));
	size_t done, i, len;
	int rc = 0;

	if (!values)
		return err_memory(e);
	if (firsts)
		memcpy(values, first, firsts * sizeof(*values));
	for (done = 0; done < n && !rc; done += len) {
		len = n - done < AT_ONCE ? n - done : AT_ONCE;
		for (i = 0; i < len; i++)
			values[firsts + i] = (struct db_value)DB_U64(ids[done + i]);
		rc = db_run(db, query, values, len, NULL, e);
	}
	free(values);
	return rc;
}

int outbox_delete(struct db *db, const uint64_t *ids, size_t n, struct err *e)
{
	int any = db_row(db, DB_OUTBOX_ANY_REFUSED, NULL, 1, e);

	db_done(db);
	if (any < 0 || (any && with_ids(db, DB_OUTBOX_DROP_REFUSED, NULL, 0, ids, n, e)))
		return -1;
	return with_ids(db, DB_OUTBOX_DELETE, NULL, 0, ids, n, e);
}

/* As much of it as the column takes. */
static struct db_value reason(const char *why)
{
	size_t len = strlen(why);

	return (struct db_value)DB_BYTES(why, utf8_cut(why, len, WHY_MAX));
}

int outbox_refuse(struct db *db, const uint64_t *ids, size_t n, const char *why, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value first[] = { DB_STR(now), reason(why) };

	return with_ids(db, DB_OUTBOX_REFUSE, first, 2, ids, n, e);
}

int outbox_unrefuse(struct db *db, uint64_t from, uint64_t to, uint64_t *n, struct err *e)
{
	const struct db_value chats[] = { DB_U64(from), DB_U64(to) };

	return db_run(db, DB_OUTBOX_UNREFUSE, chats, 1, n, e);
}

/* ------------------------------------------------------------------ putting in */

int outbox_add(struct db *db, uint64_t chat, uint32_t number, uint32_t version, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_U64(chat), DB_U64(number), DB_U64(version), DB_STR(now) };

	return db_run(db, DB_STORE_CHANGES, values, 1, NULL, e);
}

int outbox_add_refused(struct db *db, uint64_t chat, uint32_t number, uint32_t version, const char *why,
		       struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_U64(chat), DB_U64(number), DB_U64(version),
					   DB_STR(now),  DB_STR(now),    reason(why) };

	return db_run(db, DB_OUTBOX_ADD_REFUSED, values, 1, NULL, e);
}

int outbox_add_numbers(struct db *db, uint64_t chat, uint32_t from, uint32_t to, uint64_t *n, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_STR(now), DB_U64(chat), DB_U64(from), DB_U64(to) };

	return db_run(db, DB_OUTBOX_ADD_NUMBERS, values, 1, n, e);
}

int outbox_add_message(struct db *db, uint64_t id, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_STR(now), DB_U64(id) };

	return db_run(db, DB_OUTBOX_ADD_MESSAGE, values, 1, NULL, e);
}

int outbox_add_ids(struct db *db, uint64_t *from, uint64_t to, struct err *e)
{
	const struct db_value range[] = { DB_U64(*from), DB_U64(to), DB_U64(AT_ONCE) };
	char now[CLOCK_ISO];
	uint64_t last;

	clock_sql(clock_wall_us(), now);
	if (db_row(db, DB_OUTBOX_LAST_OF_IDS, range, 1, e) < 1)
		return -1;
	last = db_number(db, 0);
	db_done(db);
	if (!last)
		return 0;
	const struct db_value values[] = { DB_STR(now), DB_U64(*from), DB_U64(last) };

	*from = last + 1;
	return db_run(db, DB_OUTBOX_ADD_IDS, values, 1, NULL, e) ? -1 : last < to;
}

/* ------------------------------------------------------------------ how much it is */

int outbox_depth(struct db *db, struct outbox_depth *d, struct err *e)
{
	const struct db_value most[] = { DB_U64(OUTBOX_COUNTED) };

	memset(d, 0, sizeof(*d));
	if (db_row(db, DB_OUTBOX_DEPTH, most, 1, e) < 1)
		return -1;
	d->waiting = db_number(db, 0);
	clock_parse(db_text(db, 1, NULL), &d->oldest_us);
	d->refused = db_number(db, 2);
	db_done(db);
	return 0;
}
