/* Brings a Redis that went back up to date. */
#include "recover.h"

#include <stdlib.h>

#include "clock.h"
#include "compare.h"
#include "counter.h"
#include "key.h"
#include "numbers.h"
#include "random.h"

#define KEEP_MS 86400000 /* of the token: longer than a recovery takes */
#define PAGE 500         /* rows read, and counters set, at once */
/* queue_seq goes on this far above all that is known of it: beyond what any process has seen, so that
 * one loss is not found again by each of them. */
#define AHEAD 1000000

struct counter { /* what a counter has to be */
	uint64_t id; /* of its application or chat */
	bool remove;
	uint32_t floor;
};

struct work {
	struct redis *redis;
	struct db *db;
	char token[RANDOM_TOKEN];
	struct numbers numbers;
	struct counter chunk[PAGE]; /* still to be sent */
	size_t n;
	struct recovery *done;
};

/* ------------------------------------------------------------------ one at a time */

static int lock(struct db *db, struct err *e)
{
	uint64_t taken;

	if (db_row(db, DB_RECOVER_LOCK, NULL, 1, e) < 1)
		return -1;
	taken = db_number(db, 0);
	db_done(db);
	return taken == 1;
}

static void unlock(struct db *db)
{
	db_row(db, DB_RECOVER_UNLOCK, NULL, 1, NULL);
	db_done(db);
}

/* What is written from here on is refused once this is no longer there: another recovery has begun, or
 * Redis went back once more. */
static int leave_token(struct work *w, struct err *e)
{
	struct redis_call c;

	random_token(w->token);
	redis_script(&c, REDIS_SCRIPT_MARK);
	redis_compared_only(&c);
	redis_key(&c, KEY_RECOVERING);
	redis_arg(&c, w->token);
	redis_arg_number(&c, KEEP_MS);
	redis_arg(&c, "");
	return redis_send(w->redis, &c, NULL, e);
}

/* ------------------------------------------------------------------ counters */

static void add_counter_keys(struct redis_call *c, uint64_t id)
{
	char key[KEY_MAX];

	redis_key(c, counter_key(key, id));
	redis_key(c, key_gone(key, id));
}

static int read_sums(struct work *w, const redisReply *reply, struct err *e)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
	    reply->element[0]->integer < 0)
		return err_set(e, ERR_BEHIND, "redis went back once more, or another recovers it");
	w->done->raised += reply->element[0]->integer;
	w->done->removed += reply->element[1]->integer;
	return 0;
}

static int send_chunk(struct work *w, struct err *e)
{
	struct redis_call c;
	redisReply *reply;
	size_t i;
	int rc;

	if (!w->n)
		return 0;
	redis_script(&c, REDIS_SCRIPT_RESTORE);
	redis_compared_only(&c);
	redis_key(&c, KEY_RECOVERING);
	for (i = 0; i < w->n; i++)
		add_counter_keys(&c, w->chunk[i].id);
	redis_arg(&c, w->token);
	for (i = 0; i < w->n; i++) {
		if (w->chunk[i].remove)
			redis_arg(&c, "");
		else
			redis_arg_number(&c, w->chunk[i].floor);
	}
	w->n = 0;
	if (redis_send(w->redis, &c, &reply, e))
		return -1;
	rc = read_sums(w, reply, e);
	freeReplyObject(reply);
	return rc;
}

static int add_counter(struct work *w, struct counter c, struct err *e)
{
	w->chunk[w->n++] = c;
	return w->n == PAGE ? send_chunk(w, e) : 0;
}

/* A row of an application or a chat: id, is it deleted, the highest number that its rows know. */
static int restore_row(struct work *w, struct err *e)
{
	struct counter c = { db_number(w->db, 0), db_number(w->db, 1) != 0,
			     (uint32_t)db_number(w->db, 2) };
	struct numbers_entry *waiting = numbers_find(&w->numbers, c.id);

	if (waiting) {
		waiting->stored = true;
		waiting->living = !c.remove;
		if (waiting->highest > c.floor)
			c.floor = waiting->highest;
	}
	return add_counter(w, c, e);
}

static int restore_rows(struct work *w, enum db_query page, struct err *e)
{
	uint64_t id = 0, rows = PAGE;
	int rc = 1;

	while (rc >= 0 && rows == PAGE) {
		const struct db_value values[] = { DB_U64(id), DB_U64(PAGE) };

		if (db_query(w->db, page, values, 1, e))
			return -1;
		for (rows = 0; (rc = db_next(w->db, e)) > 0; rows++) {
			id = db_number(w->db, 0);
			if (restore_row(w, e))
				return -1;
		}
	}
	return rc < 0 ? -1 : send_chunk(w, e);
}

/* Chats that wait themselves, or for which messages wait before it has a row. */
static int restore_queued(struct work *w, struct err *e)
{
	struct numbers_entry *all, *application;
	size_t n, i;

	all = numbers_all(&w->numbers, &n);
	for (i = 0; i < n; i++) {
		const struct counter c = { all[i].id, false, all[i].highest };

		if (all[i].stored || c.id < KEY_APPLICATION_LIMIT)
			continue;
		application = numbers_find(&w->numbers, key_chat_application(c.id));
		if (application && application->living && add_counter(w, c, e))
			return -1;
	}
	return send_chunk(w, e);
}

/* First what waits, then what is stored: a job that is stored in between is seen at least once. */
static int restore(struct work *w, struct err *e)
{
	if (numbers_read(&w->numbers, w->redis, e) ||
	    restore_rows(w, DB_RECOVER_APPLICATIONS, e) || restore_rows(w, DB_RECOVER_CHATS, e))
		return -1;
	return restore_queued(w, e);
}

/* ------------------------------------------------------------------ a recovery */

static int note_loss(struct work *w, struct err *e)
{
	char now[CLOCK_ISO];
	const struct recovery *d = w->done;
	struct db_value values[] = { DB_U64(d->known_seq), DB_U64(d->queue_seq), DB_STR("") };

	clock_sql(clock_wall_us(), now);
	values[2] = (struct db_value)DB_STR(now);
	if (d->missing)
		values[1] = (struct db_value)DB_NULL;
	return db_run(w->db, DB_LOSS_FOUND, values, 1, NULL, e);
}

static int note_recovered(struct work *w, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_STR(now) };
	return db_run(w->db, DB_LOSS_RECOVERED, values, 1, NULL, e);
}

static int set_sequence(struct work *w, struct err *e)
{
	struct redis_call c;
	int64_t set;

	redis_script(&c, REDIS_SCRIPT_RECOVERED);
	redis_compared_only(&c);
	redis_key(&c, KEY_RECOVERING);
	redis_key(&c, KEY_QUEUE_SEQ);
	redis_arg(&c, w->token);
	redis_arg_number(&c, (int64_t)w->done->known_seq + AHEAD);
	if (redis_send_number(w->redis, &c, &set, e))
		return -1;
	if (set != 1)
		return err_set(e, ERR_BEHIND, "redis went back once more, or another recovers it");
	return 0;
}

/* 1, 0: it is not behind (any more), -1 */
static int recover_locked(struct work *w, struct err *e)
{
	struct standing s;
	int behind;

	if (leave_token(w, e))
		return -1;
	behind = compare_standing(w->redis, w->db, &s, e);
	if (!behind)
		redis_delete(w->redis, KEY_RECOVERING, NULL);
	if (behind < 1)
		return behind;
	*w->done = (struct recovery){ s.known, s.seq, s.missing, 0, 0 };
	/* what only this process had seen was not drained: MySQL has nothing of what was turned back */
	if (note_loss(w, e) || (!s.only_seen && restore(w, e)) || set_sequence(w, e))
		return -1;
	metrics_add(w->redis->metrics, METRICS_RECOVERIES, NULL, 1);
	return note_recovered(w, e) ? -1 : 1;
}

int recover(struct redis *r, struct db *db, struct recovery *done, struct err *e)
{
	struct work *w;
	int rc;

	rc = redis_connect(r, e) ? -1 : lock(db, e);
	if (rc < 1)
		return rc;
	w = calloc(1, sizeof(*w));
	if (w) {
		w->redis = r;
		w->db = db;
		w->done = done;
		r->recovering = true;
		rc = recover_locked(w, e);
		r->recovering = r->compared = false; /* the next comparison says that it is good */
		numbers_clear(&w->numbers);
		free(w);
	} else {
		rc = err_memory(e);
	}
	unlock(db);
	return rc;
}
