/* Gives chats and messages their numbers. */
#include "number.h"

#include "clock.h"
#include "compare.h"
#include "job.h"
#include "key.h"
#include "word.h"

/* ------------------------------------------------------------------ a missing counter */

/* A counter that is gone though MySQL knows its parent: lost; until it is healed nobody may write. */
static int lost(const char *whose, uint64_t id, struct err *e)
{
	return err_set(e, ERR_BEHIND, "the counter of %s %llu is missing in Redis", whose,
		       (unsigned long long)id);
}

/* Never was, or deleted: 0; lost: -1. FLUSHALL takes queue_seq too, and breaks no connection. */
static int missing_application(struct redis *r, struct db *db, uint64_t application, struct err *e)
{
	const struct db_value at[] = { DB_U64(application) };
	uint64_t deleted;
	int rc;

	if (compare_again(r, db, e))
		return -1;
	rc = db_row(db, DB_APPLICATION_STATE, at, 1, e);
	if (rc < 1)
		return rc;
	deleted = db_number(db, 0);
	db_done(db);
	return deleted ? 0 : lost("application", application, e);
}

/* A number that the application never gave needs no MySQL. A chat without a row was given its number
 * and is still queued, so its counter was there: lost. */
static int missing_chat(struct redis *r, struct db *db, uint64_t chat, struct err *e)
{
	uint64_t application = key_chat_application(chat), given = 0, gone;
	const struct db_value at[] = { DB_U64(chat), DB_U64(application) };
	char key[KEY_MAX];
	int rc = redis_get_number(r, key_chat_counter(key, application), &given, e);

	if (rc < 0)
		return -1;
	if (rc && key_chat_number(chat) > given)
		return 0;
	rc = db_row(db, DB_CHAT_STATE, at, 1, e);
	if (rc < 1)
		return rc;
	gone = db_number(db, 0) | db_number(db, 2);
	db_done(db);
	return gone ? 0 : lost("chat", chat, e);
}

/* ------------------------------------------------------------------ giving */

/* Sends a creating script. 1, or 0 with *word for a missing counter, or -1. */
static int give(struct redis *r, struct redis_call *c, uint32_t *number, enum word *word,
		struct err *e)
{
	redisReply *reply;

	if (redis_send(r, c, &reply, e)) {
		*word = e->code == ERR_SCRIPT ? word_find(e->text) : WORD_NONE;
		return *word == WORD_NOAPP || *word == WORD_NOCTR ? 0 : -1;
	}
	*number = 0;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3)
		*number = (uint32_t)reply->element[0]->integer;
	freeReplyObject(reply);
	return *number ? 1 : err_set(e, ERR_UNSURE, "redis: a script answered something else");
}

struct payload {
	struct buf head, tail;
};

static void payload_clear(struct payload *p)
{
	buf_clear(&p->head);
	buf_clear(&p->tail);
}

/* Redis may be written to, and the job's payload is built; the caller clears it. */
static int prepare(struct redis *r, struct db *db, struct payload *p, enum job_class class,
		   uint64_t id, const char *body, size_t len, struct err *e)
{
	enum job_format format = (enum job_format)r->conf->job_format;

	if (compare(r, db, e))
		return -1;
	if (!job_build(&p->head, &p->tail, format, class, id, body, len, clock_wall_us(), e))
		return 0;
	payload_clear(p);
	return -1;
}

static void add_payload(struct redis_call *c, const struct payload *p, const struct conf *conf)
{
	redis_arg(c, JOB_QUEUE_DEFAULT);
	redis_arg_bytes(c, buf_str(&p->head), p->head.len);
	redis_arg_bytes(c, buf_str(&p->tail), p->tail.len);
	redis_arg_number(c, conf->queue_limit);
}

int number_chat(struct redis *r, struct db *db, uint64_t application, uint32_t *number,
		struct err *e)
{
	struct payload p = { BUF_INIT, BUF_INIT };
	char key[KEY_MAX];
	struct redis_call c;
	enum word word;
	int rc;

	if (prepare(r, db, &p, JOB_CREATE_CHAT, application, NULL, 0, e))
		return -1;
	redis_script(&c, REDIS_SCRIPT_CREATE_CHAT);
	redis_key(&c, key_chat_counter(key, application));
	redis_key(&c, key_queue(key, JOB_QUEUE_DEFAULT));
	redis_key(&c, KEY_QUEUES);
	redis_key(&c, KEY_QUEUE_SEQ);
	add_payload(&c, &p, r->conf);
	redis_arg_number(&c, (int64_t)application);
	payload_clear(&p);
	rc = give(r, &c, number, &word, e);
	return rc ? rc : missing_application(r, db, application, e);
}

int number_message(struct redis *r, struct db *db, uint64_t chat, const char *body, size_t len,
		   uint32_t *number, struct err *e)
{
	uint64_t application = key_chat_application(chat);
	struct payload p = { BUF_INIT, BUF_INIT };
	char key[KEY_MAX];
	struct redis_call c;
	enum word word = WORD_NONE;
	int rc;

	if (prepare(r, db, &p, JOB_CREATE_MESSAGE, chat, body, len, e))
		return -1;
	redis_script(&c, REDIS_SCRIPT_CREATE_MESSAGE);
	redis_key(&c, key_chat_counter(key, application));
	redis_key(&c, key_message_counter(key, chat));
	redis_key(&c, key_queue(key, JOB_QUEUE_DEFAULT));
	redis_key(&c, KEY_QUEUES);
	redis_key(&c, KEY_QUEUE_SEQ);
	add_payload(&c, &p, r->conf);
	payload_clear(&p);
	rc = give(r, &c, number, &word, e);
	if (rc)
		return rc;
	return word == WORD_NOAPP ? missing_application(r, db, application, e)
				  : missing_chat(r, db, chat, e);
}

int number_begin(struct redis *r, struct db *db, uint64_t application, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;

	if (compare(r, db, e))
		return -1;
	redis_script(&c, REDIS_SCRIPT_RAISE);
	redis_key(&c, key_chat_counter(key, application));
	redis_key(&c, key_gone(key, application));
	redis_arg(&c, "0");
	redis_arg(&c, "*");
	return redis_send(r, &c, NULL, e);
}
