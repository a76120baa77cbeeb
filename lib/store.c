/* The transaction that stores a batch of jobs. */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "parents.h"
#include "search_state.h"

#define BODY_MAX 65535   /* bytes of a TEXT column */
#define ROWS_MAX 4000    /* of one statement: it may have 65,535 parameters */
#define ROW_BYTES 128    /* of a row without its body, as sent */
#define MESSAGE_VALUES 8
#define BESIDE_VALUES 4
#define CHAT_VALUES 5

/* ------------------------------------------------------------------ items */

void store_item_fail(struct store_item *i, enum store_state state, const char *error_class,
		     const char *error)
{
	i->state = state;
	i->error_class = error_class;
	snprintf(i->error, sizeof(i->error), "%s", error);
}

static bool is_chat(const struct store_item *i)
{
	return i->job->class == JOB_CREATE_CHAT;
}

int store_item_init(struct store_item *i, const struct job *job, struct err *e)
{
	memset(i, 0, sizeof(*i));
	i->job = job;
	clock_sql(job->created_us, i->created);
	i->chat = job_chat(job);
	if (is_chat(i))
		return 0;
	if (json_string(job->body, &i->body, e))
		return -1;
	if (i->body.len > BODY_MAX) {
		store_item_fail(i, STORE_DEAD, "BodyTooLong", "the body has more than 65,535 bytes");
		i->action = STORE_VOID;
	}
	return 0;
}

void store_item_clear(struct store_item *i)
{
	buf_clear(&i->body);
}

static int in_table_order(const void *a, const void *b)
{
	const struct store_item *x = a, *y = b;

	if (x->chat != y->chat)
		return x->chat < y->chat ? -1 : 1;
	if (is_chat(x) != is_chat(y))
		return is_chat(x) ? -1 : 1;
	if (x->job->number != y->job->number)
		return x->job->number < y->job->number ? -1 : 1;
	/* as they came: jobs lie in one array, oldest first */
	return x->job < y->job ? -1 : x->job > y->job;
}

static bool same_key(const struct store_item *a, const struct store_item *b)
{
	return !memcmp(a->job->key, b->job->key, JOB_KEY);
}

static const char taken[] = "another job has this number";

void store_sort(struct store_item *items, size_t n)
{
	size_t i;

	qsort(items, n, sizeof(*items), in_table_order);
	for (i = 1; i < n; i++) {
		struct store_item *it = &items[i], *before = &items[i - 1];

		if (it->chat != before->chat || is_chat(it) != is_chat(before) ||
		    it->job->number != before->job->number || it->state != STORE_WAITING)
			continue;
		if (is_chat(it) || same_key(it, before))
			it->state = STORE_DONE;
		else
			store_item_fail(it, STORE_RETRY, JOB_NUMBER_TAKEN, taken);
	}
}

/* A row of messages is to be written for it. */
static bool wants_row(const struct store_item *i)
{
	if (is_chat(i))
		return false;
	return i->state == STORE_WAITING ||
	       (i->state == STORE_DEAD && (i->action == STORE_VOID || i->action == STORE_SPARE));
}

/* A chat's row is written also when its job is dead: its number was given, and messages may come. */
static bool wants_parents(const struct store_item *i)
{
	return i->state == STORE_WAITING || i->action == STORE_VOID || wants_row(i);
}

/* ------------------------------------------------------------------ parents */

struct parts { /* what one transaction works on */
	struct parents applications, chats;
};

static int find_parents(struct parts *p, const struct store_item *items, size_t n, struct err *e)
{
	struct parent *chat;
	size_t i;

	if (parents_init(&p->applications, n, e) || parents_init(&p->chats, n, e))
		return -1;
	for (i = 0; i < n; i++) {
		if (!wants_parents(&items[i]))
			continue;
		parents_add(&p->applications, key_chat_application(items[i].chat));
		chat = parents_add(&p->chats, items[i].chat);
		if (!chat->created_us || is_chat(&items[i]))
			chat->created_us = items[i].job->created_us;
	}
	return 0;
}

/* An application that gets a chat is counted up, so it is locked for that; else it has only to stay as
 * it is, and other workers may store into other chats of it meanwhile. A chat that has a row keeps it,
 * so that the look without a lock is enough to choose by. */
static int lock_parents(struct parts *p, struct db *db, struct err *e)
{
	enum db_query applications;

	if (parents_read(&p->chats, db, DB_STORE_FIND_CHATS, e))
		return -1;
	applications = parents_there(&p->chats) ? DB_STORE_HOLD_APPLICATIONS
						: DB_STORE_LOCK_APPLICATIONS;
	return parents_read(&p->applications, db, applications, e) ||
			       parents_read(&p->chats, db, DB_STORE_LOCK_CHATS, e)
		       ? -1
		       : 0;
}

/* Chats that have no row yet: their CreateChatJob is in this batch, or still on its way. */
static int insert_chats(struct parts *p, struct db *db, struct err *e)
{
	size_t n = p->chats.n, i, rows = 0;
	struct db_value *values = calloc(n ? n * CHAT_VALUES : 1, sizeof(*values));
	char(*created)[CLOCK_ISO] = calloc(n ? n : 1, sizeof(*created));
	int rc = 0;

	if (!values || !created) {
		free(values);
		free(created);
		return err_memory(e);
	}
	for (i = 0; i < n; i++) {
		const struct parent *chat = &p->chats.list[i];
		struct parent *app =
			parents_find(&p->applications, key_chat_application(chat->id));
		struct db_value *v = values + rows * CHAT_VALUES;

		if (chat->there || !app->there || app->deleted)
			continue;
		clock_sql(chat->created_us, created[rows]);
		v[0] = (struct db_value)DB_U64(chat->id);
		v[1] = (struct db_value)DB_U64(app->id);
		v[2] = (struct db_value)DB_U64(key_chat_number(chat->id));
		v[3] = v[4] = (struct db_value)DB_STR(created[rows]);
		parent_count(app, key_chat_number(chat->id), true, true);
		rows++;
	}
	if (rows)
		rc = db_run(db, DB_STORE_CHATS, values, rows, NULL, e);
	free(values);
	free(created);
	return rc;
}

/* What becomes of an item whose parents are as they are: STORE_WAITING goes on. */
static enum store_state fate(const struct parts *p, const struct store_item *i)
{
	const struct parent *app = parents_find(&p->applications, key_chat_application(i->chat));
	const struct parent *chat = parents_find(&p->chats, i->chat);

	if (!app->there)
		return STORE_RETRY;
	if (app->deleted || (chat->there && chat->deleted))
		return STORE_DONE; /* it went with its parent */
	return STORE_WAITING;
}

/* A chat that a message made was dated by that message; its own job knows better. */
static int date_chat(const struct parts *p, struct db *db, const struct store_item *i, struct err *e)
{
	const struct db_value values[] = { DB_STR(i->created), DB_U64(i->chat) };

	if (!parents_find(&p->chats, i->chat)->there)
		return 0;
	return db_run(db, DB_STORE_CHAT_CREATED, values, 1, NULL, e);
}

/* ------------------------------------------------------------------ messages */

static bool is_void(const struct store_item *i)
{
	return i->action == STORE_VOID || i->action == STORE_SPARE;
}

static void message_values(struct db_value *v, const struct store_item *i)
{
	const char *key = (const char *)i->job->key;
	bool empty = is_void(i);

	v[0] = (struct db_value)DB_U64(i->chat);
	v[1] = (struct db_value)DB_U64(i->job->number);
	v[2] = (struct db_value)DB_U64(empty ? 0 : 1);
	v[3] = i->action == STORE_SPARE ? (struct db_value)DB_NULL
					: (struct db_value)DB_BYTES(key, JOB_KEY);
	v[4] = v[5] = (struct db_value)DB_STR(i->created);
	v[6] = empty ? v[4] : (struct db_value)DB_NULL;
	v[7] = empty ? (struct db_value)DB_STR("")
		     : (struct db_value)DB_BYTES(buf_str(&i->body), i->body.len);
}

struct chunk { /* rows for one statement */
	struct db *db;
	struct db_value *values;
	size_t rows, bytes, most_bytes;
};

static int chunk_flush(struct chunk *c, struct err *e)
{
	int rc = c->rows ? db_run(c->db, DB_STORE_MESSAGES, c->values, c->rows, NULL, e) : 0;

	c->rows = c->bytes = 0;
	return rc;
}

/* No statement is over a quarter of what the server takes. */
static int chunk_add(struct chunk *c, const struct store_item *i, struct err *e)
{
	size_t bytes = i->body.len + ROW_BYTES;

	if (c->rows && (c->bytes + bytes > c->most_bytes || c->rows == ROWS_MAX) &&
	    chunk_flush(c, e))
		return -1;
	message_values(c->values + c->rows * MESSAGE_VALUES, i);
	c->rows++;
	c->bytes += bytes;
	return 0;
}

/* *filled: 0 when somebody else was faster. */
static int fill_void(struct db *db, const struct store_item *i, uint64_t *filled, struct err *e)
{
	const struct db_value values[] = {
		DB_BYTES((const char *)i->job->key, JOB_KEY), DB_STR(i->created), DB_STR(i->created),
		DB_BYTES(buf_str(&i->body), i->body.len), DB_U64(i->chat), DB_U64(i->job->number),
	};

	return db_run(db, DB_STORE_FILL_VOID, values, 1, filled, e);
}

static int write_messages(struct parts *p, struct db *db, const struct store_item *items,
			  const enum store_state *fates, size_t n, struct err *e)
{
	struct chunk c = { .db = db, .most_bytes = db->max_packet / 4 };
	uint64_t written;
	size_t i;
	int rc = 0;

	c.values = calloc((n < ROWS_MAX ? n : ROWS_MAX) * MESSAGE_VALUES + 1, sizeof(*c.values));
	if (!c.values)
		return err_memory(e);
	for (i = 0; i < n && !rc; i++) {
		const struct store_item *it = &items[i];

		if (fates[i] != STORE_WAITING || !wants_row(it))
			continue;
		written = 1;
		rc = it->action == STORE_FILL ? fill_void(db, it, &written, e)
					      : chunk_add(&c, it, e);
		parent_count(parents_find(&p->chats, it->chat), it->job->number,
			     written && !is_void(it), it->action != STORE_FILL);
	}
	if (!rc)
		rc = chunk_flush(&c, e);
	free(c.values);
	return rc;
}

/* Rows of another table for the messages that get a living row: chat, number, `third`, time. One for
 * which `third` is 0 gets none. */
static int write_beside(struct db *db, enum db_query query, uint64_t (*third)(const struct store_item *),
			const struct store_item *items, const enum store_state *fates, size_t n,
			struct err *e)
{
	struct db_value *values = calloc(n * BESIDE_VALUES + 1, sizeof(*values));
	size_t i, rows = 0;
	int rc = 0;

	if (!values)
		return err_memory(e);
	for (i = 0; i < n; i++) {
		struct db_value *v = values + rows * BESIDE_VALUES;

		if (fates[i] != STORE_WAITING || !wants_row(&items[i]) || is_void(&items[i]) ||
		    !third(&items[i]))
			continue;
		v[0] = (struct db_value)DB_U64(items[i].chat);
		v[1] = (struct db_value)DB_U64(items[i].job->number);
		v[2] = (struct db_value)DB_U64(third(&items[i]));
		v[3] = (struct db_value)DB_STR(items[i].created);
		rows++;
	}
	if (rows)
		rc = db_run(db, query, values, rows, NULL, e);
	free(values);
	return rc;
}

static uint64_t first_version(const struct store_item *i)
{
	(void)i;
	return 1;
}

uint64_t store_renumbered(const struct store_item *i)
{
	return i->job->given_number != i->job->number ? i->job->given_number : 0;
}

/* ------------------------------------------------------------------ the transaction */

static int begin(struct store *s, struct err *e)
{
	const struct db_value mark[] = { DB_STR(s->slot), DB_U64(s->seq) };

	return db_plain(s->db, DB_BEGIN, e) || db_run(s->db, DB_MARK_SET, mark, 1, NULL, e) ? -1 : 0;
}

static int tell_outbox(struct store *s, const struct store_item *items, const enum store_state *fates, size_t n,
		       struct err *e)
{
	int rc;

	if (s->outbox)
		return write_beside(s->db, DB_STORE_CHANGES, first_version, items, fates, n, e);
	rc = search_state_forget(s->db, e);
	s->index_given_up = rc > 0;
	return rc < 0 ? -1 : 0;
}

static int write_all(struct store *s, struct parts *p, const struct store_item *items,
		     enum store_state *fates, size_t n, struct err *e)
{
	struct db *db = s->db;
	size_t i;

	if (begin(s, e) || lock_parents(p, db, e) || insert_chats(p, db, e))
		return -1;
	for (i = 0; i < n; i++) {
		fates[i] = STORE_DONE;
		if (items[i].state != STORE_WAITING && !wants_row(&items[i]))
			continue;
		fates[i] = fate(p, &items[i]);
		if (is_chat(&items[i]) && fates[i] == STORE_WAITING &&
		    date_chat(p, db, &items[i], e))
			return -1;
	}
	if (write_messages(p, db, items, fates, n, e) ||
	    parents_write(&p->chats, db, DB_STORE_CHAT_COUNTS, e) ||
	    parents_write(&p->applications, db, DB_STORE_APPLICATION_COUNTS, e) ||
	    write_beside(db, DB_STORE_RENUMBERED, store_renumbered, items, fates, n, e))
		return -1;
	return tell_outbox(s, items, fates, n, e);
}

/* Fences off a Redis that went back under the batch, and a lease that was lost. */
static int commit(struct store *s, struct err *e)
{
	int ours = s->fence(s->fence_arg, e);

	if (ours < 1)
		return ours;
	return db_plain(s->db, DB_COMMIT, e) ? -1 : 1;
}

static void settle(struct store_item *items, const enum store_state *fates, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (items[i].state != STORE_WAITING)
			continue;
		if (fates[i] == STORE_RETRY)
			store_item_fail(&items[i], STORE_RETRY, "ApplicationMissing",
					"MySQL has no such application");
		else
			items[i].state = STORE_DONE;
		items[i].went = fates[i] == STORE_DONE;
	}
}

int store_run(struct store *s, struct store_item *items, size_t n, struct err *e)
{
	enum store_state *fates = calloc(n + 1, sizeof(*fates));
	struct parts p = { 0 };
	int rc;

	if (!fates)
		return err_memory(e);
	rc = find_parents(&p, items, n, e) || write_all(s, &p, items, fates, n, e) ? -1
										   : commit(s, e);
	if (rc == 1)
		settle(items, fates, n);
	else
		db_rollback(s->db);
	parents_clear(&p.applications);
	parents_clear(&p.chats);
	free(fates);
	return rc;
}
