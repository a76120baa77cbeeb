/* Brings back lost counters. */
#include "heal.h"

#include "clock.h"
#include "compare.h"
#include "key.h"
#include "random.h"
#include "waiting.h"

#define LOCK_MS 15000   /* longer than all that is done under it */
#define PATIENCE_MS 400 /* with somebody else who heals it */
#define PAUSE_MS 20

struct lost { /* a counter that is missing */
	uint64_t id, application;
	const char *counter;
	enum db_query query; /* is it deleted, and its highest number */
};

/* Nothing was found to heal: the next one need not wait for the lock to lapse. Should it have lapsed
 * and be another's by now, that one's raise fails and is tried again. */
static void unlock(struct redis *r, const char *key)
{
	redis_delete(r, key, NULL);
}

/* Somebody else looks after it. 1: it is there; 0: it was found to be deleted; -1 */
static int wait_for_it(struct redis *r, const struct lost *l, const char *gone, struct err *e)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	int there = 0, deleted = 0;

	while (!there && !deleted && clock_mono_ms() < until) {
		clock_sleep_ms(PAUSE_MS);
		there = redis_exists(r, l->counter, e);
		deleted = there ? 0 : redis_exists(r, gone, e);
	}
	if (there)
		return there;
	if (deleted)
		return deleted < 0 ? -1 : 0;
	return err_set(e, ERR_BEHIND, "the counter %s is being healed", l->counter);
}

/* Whoever asks next for what has a tombstone is answered by Redis, for a day. */
static void remember_gone(struct redis *r, uint64_t id)
{
	char key[KEY_MAX];

	redis_set_mark(r, key_gone(key, id), KEY_GONE_KEEP_S, NULL);
}

/* 1: it lives, and *highest is raised to what its rows know; 0; -1 */
static int read_rows(struct redis *r, struct db *db, const struct lost *l, uint64_t *highest,
		     struct err *e)
{
	const struct db_value chat[] = { DB_U64(l->id), DB_U64(l->application) };
	const struct db_value application[] = { DB_U64(l->id) };
	int rc = db_row(db, l->query, l->id == l->application ? application : chat, 1, e);
	bool lives;

	if (rc < 1)
		return rc;
	lives = !db_number(db, 0);
	if (db_number(db, 1) > *highest)
		*highest = db_number(db, 1);
	db_done(db);
	if (!lives)
		remember_gone(r, l->id);
	return lives;
}

static int raise_it(struct redis *r, const struct lost *l, const char *heal, const char *token,
		    uint64_t highest, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;
	int64_t now;

	redis_script(&c, REDIS_SCRIPT_RAISE);
	redis_compared_only(&c);
	redis_key(&c, l->counter);
	redis_key(&c, key_gone(key, l->id));
	redis_key(&c, heal);
	redis_arg_number(&c, (int64_t)highest);
	redis_arg(&c, token);
	if (redis_send_number(r, &c, &now, e))
		return -1;
	if (now == -2)
		return err_set(e, ERR_BEHIND, "the lock %s was lost", heal);
	return now >= 0;
}

/* What is done under the lock. */
static int heal_locked(struct redis *r, struct db *db, const struct lost *l, const char *heal,
		       const char *token, struct err *e)
{
	uint64_t highest = 0;
	int rc = redis_exists(r, l->counter, e);

	if (rc)
		return rc;
	if (waiting_highest_now(r, l->id, &highest, e))
		return -1;
	rc = read_rows(r, db, l, &highest, e);
	return rc < 1 ? rc : raise_it(r, l, heal, token, highest, e);
}

/* A tombstone stays for ever, so the first look at the rows may spare all that follows: the queues,
 * whose reading holds up Redis, are read for what lives. */
static int heal(struct redis *r, struct db *db, const struct lost *l, struct err *e)
{
	char gone[KEY_MAX], key[KEY_MAX], token[RANDOM_TOKEN];
	int rc = redis_exists(r, key_gone(gone, l->id), e);
	uint64_t ignored = 0;

	if (rc)
		return rc < 0 ? -1 : 0;
	rc = read_rows(r, db, l, &ignored, e);
	if (rc < 1)
		return rc;
	if (compare_again(r, db, e))
		return -1;
	random_token(token);
	rc = redis_lock(r, key_heal(key, l->id), token, LOCK_MS, e);
	if (rc < 1)
		return rc < 0 ? -1 : wait_for_it(r, l, gone, e);
	rc = heal_locked(r, db, l, key, token, e);
	unlock(r, key);
	return rc;
}

int heal_application(struct redis *r, struct db *db, uint64_t application, struct err *e)
{
	char counter[KEY_MAX];
	const struct lost l = { application, application, key_chat_counter(counter, application),
				DB_HEAL_APPLICATION };

	return heal(r, db, &l, e);
}

int heal_chat(struct redis *r, struct db *db, uint64_t chat, struct err *e)
{
	uint64_t application = key_chat_application(chat), given = 0;
	char counter[KEY_MAX], parent[KEY_MAX];
	const struct lost l = { chat, application, key_message_counter(counter, chat), DB_HEAL_CHAT };
	int rc = redis_get_number(r, key_chat_counter(parent, application), &given, e);

	if (rc < 0)
		return -1;
	if (rc && key_chat_number(chat) > given)
		return 0;
	return heal(r, db, &l, e);
}
