/* Deletes applications and chats. */
#include "tombstone.h"

#include <string.h>

#include "clock.h"
#include "compare.h"
#include "heal.h"
#include "key.h"

#define MARK_SLOT "api"   /* whose mark in redis_mark */

enum state { NOTHING, NEW, OLD, PURGED }; /* a tombstone, after the transaction */

/* ------------------------------------------------------------------ Redis */

/* `token_key` may be NULL. */
static int forget(struct redis *r, struct db *db, const char *counter, uint64_t id,
		  const char *token_key, struct err *e)
{
	char gone[KEY_MAX];
	struct redis_call c;
	int64_t seq;
	int there;

	redis_script(&c, REDIS_SCRIPT_DELETE);
	redis_compared_only(&c);
	redis_key(&c, counter);
	redis_key(&c, key_gone(gone, id));
	redis_key(&c, KEY_QUEUE_SEQ);
	if (token_key)
		redis_key(&c, token_key);
	redis_arg_number(&c, KEY_GONE_KEEP_S);
	if (compare(r, db, e) || redis_send_number(r, &c, &seq, e))
		return -1;
	const struct db_value mark[] = { DB_STR(MARK_SLOT), DB_U64(seq) };

	if (db_run(db, DB_MARK_SET, mark, 1, NULL, e))
		return -1;
	there = redis_exists(r, gone, e);
	return there < 0    ? -1
	       : there      ? 0
			    : err_set(e, ERR_BEHIND, "redis went back during a deletion");
}

int tombstone_finish_application(struct redis *r, struct db *db, uint64_t id, const char *token,
				 struct err *e)
{
	char counter[KEY_MAX], token_key[KEY_MAX];

	return forget(r, db, key_chat_counter(counter, id), id, key_token(token_key, token), e);
}

int tombstone_finish_chat(struct redis *r, struct db *db, uint64_t chat, struct err *e)
{
	char counter[KEY_MAX];

	return forget(r, db, key_message_counter(counter, chat), chat, NULL, e);
}

/* Has the deletion of what has this tombstone to be finished? One that broke off left no gone:<id>, and
 * purge has not come by. 1, 0, -1 */
static int unfinished(struct redis *r, int state, uint64_t id, struct err *e)
{
	char gone[KEY_MAX];
	int done;

	if (state != OLD)
		return state < 0 ? -1 : state == NEW;
	done = redis_exists(r, key_gone(gone, id), e);
	return done < 0 ? -1 : !done;
}

/* ------------------------------------------------------------------ MySQL */

static int end(struct db *db, int state, struct err *e)
{
	if (state == NEW)
		return db_plain(db, DB_COMMIT, e) ? -1 : NEW;
	db_rollback(db);
	return state;
}

/* Locks one row with a statement that answers (id, is deleted, is purged). *state is NEW for one that lives.
 * 1; 0: no row; -1 */
static int lock(struct db *db, enum db_query query, const struct db_value *at, uint64_t *id,
		int *state, struct err *e)
{
	int rc = db_row(db, query, at, 1, e);

	if (rc < 1)
		return rc;
	*id = db_number(db, 0);
	*state = db_number(db, 2) ? PURGED : db_number(db, 1) ? OLD : NEW;
	db_done(db);
	return 1;
}

static int bury_application(struct db *db, const char *token, uint64_t *id, struct err *e)
{
	const struct db_value at[] = { DB_STR(token) };
	char now[CLOCK_ISO];
	int state = NOTHING;

	clock_sql(clock_wall_us(), now);
	if (db_plain(db, DB_BEGIN, e) || lock(db, DB_APPLICATION_LOCK, at, id, &state, e) < 0)
		return -1;
	const struct db_value values[] = { DB_STR(now), DB_STR(now), DB_U64(*id) };

	return state == NEW && db_run(db, DB_APPLICATION_DELETE, values, 1, NULL, e) ? -1 : state;
}

static int bury_row(struct db *db, uint64_t chat, const char *now, struct err *e)
{
	const struct db_value values[] = { DB_STR(now), DB_STR(now), DB_U64(chat) };
	const struct db_value parent[] = { DB_U64(key_chat_application(chat)) };

	return db_run(db, DB_CHAT_DELETE, values, 1, NULL, e) ||
			       db_run(db, DB_APPLICATION_CHAT_DELETED, parent, 1, NULL, e)
		       ? -1
		       : NEW;
}

/* A chat that is still queued: its CreateChatJob will find the tombstone. */
static int bury_queued(struct db *db, uint64_t chat, const char *now, struct err *e)
{
	const uint64_t number = key_chat_number(chat), application = key_chat_application(chat);
	const struct db_value row[] = { DB_U64(chat), DB_U64(application), DB_U64(number),
					DB_STR(now), DB_STR(now), DB_STR(now) };
	const struct db_value counted[] = { DB_U64(number), DB_U64(application) };

	return db_run(db, DB_CHAT_INSERT_DELETED, row, 1, NULL, e) ||
			       db_run(db, DB_APPLICATION_CHAT_VOID, counted, 1, NULL, e)
		       ? -1
		       : NEW;
}

/* In the order of all locks: the application, then the chat. */
static int bury_chat(struct db *db, uint64_t chat, bool given, struct err *e)
{
	const struct db_value application[] = { DB_U64(key_chat_application(chat)) };
	const struct db_value at[] = { DB_U64(chat) };
	char now[CLOCK_ISO];
	int state = NOTHING, rc;
	uint64_t id;

	clock_sql(clock_wall_us(), now);
	if (db_plain(db, DB_BEGIN, e))
		return -1;
	rc = lock(db, DB_STORE_LOCK_APPLICATIONS, application, &id, &state, e);
	if (rc < 1 || state != NEW)
		return rc < 0 ? -1 : NOTHING;
	rc = lock(db, DB_STORE_LOCK_CHATS, at, &id, &state, e);
	if (rc < 0)
		return -1;
	if (!rc)
		return given ? bury_queued(db, chat, now, e) : NOTHING;
	return state == NEW ? bury_row(db, chat, now, e) : state;
}

/* ------------------------------------------------------------------ both */

int tombstone_application(struct redis *r, struct db *db, const char *token, struct err *e)
{
	uint64_t id = 0;
	int rc;

	if (compare(r, db, e))
		return -1;
	rc = end(db, bury_application(db, token, &id, e), e);
	rc = unfinished(r, rc, id, e);
	if (rc < 1)
		return rc;
	return tombstone_finish_application(r, db, id, token, e) ? -1 : 1;
}

/* The last number that an application gave. A counter that is lost is brought back first.
 * 1; 0: there is no such application; -1 */
static int last_given(struct redis *r, struct db *db, uint64_t application, uint64_t *last,
		      struct err *e)
{
	char counter[KEY_MAX];
	int rc = redis_get_number(r, key_chat_counter(counter, application), last, e);

	if (rc)
		return rc;
	rc = heal_application(r, db, application, e);
	return rc < 1 ? rc : redis_get_number(r, counter, last, e);
}

int tombstone_chat(struct redis *r, struct db *db, uint64_t chat, struct err *e)
{
	uint64_t last = 0;
	int rc;

	if (compare(r, db, e))
		return -1;
	rc = last_given(r, db, key_chat_application(chat), &last, e);
	if (rc < 1)
		return rc;
	rc = end(db, bury_chat(db, chat, key_chat_number(chat) <= last, e), e);
	rc = unfinished(r, rc, chat, e);
	if (rc < 1)
		return rc;
	return tombstone_finish_chat(r, db, chat, e) ? -1 : 1;
}
