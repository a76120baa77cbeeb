/* Gives chats and messages their numbers. */
#include "number.h"

#include "clock.h"
#include "compare.h"
#include "heal.h"
#include "job.h"
#include "key.h"
#include "word.h"

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
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3) {
		*number = (uint32_t)reply->element[0]->integer;
		redis_saw(r, (uint64_t)reply->element[2]->integer);
	}
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
static int prepare(struct redis *r, struct db *db, struct payload *p, const struct number_wish *wish,
		   struct err *e)
{
	enum job_format format = (enum job_format)r->conf->job_format;
	const struct job_new new = {
		.class = wish->body ? JOB_CREATE_MESSAGE : JOB_CREATE_CHAT, .id = wish->parent,
		.body = wish->body, .body_len = wish->body_len, .request_id = wish->request_id,
	};

	if (compare(r, db, e))
		return -1;
	if (!job_build(&p->head, &p->tail, format, &new, clock_wall_us(), e))
		return 0;
	payload_clear(p);
	return -1;
}

/* What a number is wanted for: a chat of the application, or (with its chat's id) a message. */
struct wanted {
	uint64_t application, chat;
	const struct payload *payload;
};

static void add_arguments(struct redis_call *c, const struct wanted *w, const struct conf *conf)
{
	const struct payload *p = w->payload;

	redis_arg(c, JOB_QUEUE_DEFAULT);
	redis_arg_bytes(c, buf_str(&p->head), p->head.len);
	redis_arg_bytes(c, buf_str(&p->tail), p->tail.len);
	redis_arg_number(c, conf->queue_limit);
	redis_arg_number(c, (int64_t)w->application);
}

static int give_chat(struct redis *r, const struct wanted *w, uint32_t *number, enum word *word,
		     struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;

	redis_script(&c, REDIS_SCRIPT_CREATE_CHAT);
	redis_compared_only(&c);
	redis_key(&c, key_chat_counter(key, w->application));
	redis_key(&c, key_queue(key, JOB_QUEUE_DEFAULT));
	redis_key(&c, KEY_QUEUES);
	redis_key(&c, KEY_QUEUE_SEQ);
	redis_key(&c, KEY_BACKLOG);
	add_arguments(&c, w, r->conf);
	return give(r, &c, number, word, e);
}

static int give_message(struct redis *r, const struct wanted *w, uint32_t *number, enum word *word,
			struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;

	redis_script(&c, REDIS_SCRIPT_CREATE_MESSAGE);
	redis_compared_only(&c);
	redis_key(&c, key_chat_counter(key, w->application));
	redis_key(&c, key_message_counter(key, w->chat));
	redis_key(&c, key_queue(key, JOB_QUEUE_DEFAULT));
	redis_key(&c, KEY_QUEUES);
	redis_key(&c, KEY_QUEUE_SEQ);
	redis_key(&c, KEY_BACKLOG);
	add_arguments(&c, w, r->conf);
	return give(r, &c, number, word, e);
}

/* Both counters may be missing: each is healed once. One of enum number, or -1 */
static int give_and_heal(struct redis *r, struct db *db, const struct wanted *w, uint32_t *number,
			 struct err *e)
{
	enum word word = WORD_NONE;
	int tries, rc;

	for (tries = 0; tries < 3; tries++) {
		rc = w->chat ? give_message(r, w, number, &word, e)
			     : give_chat(r, w, number, &word, e);
		if (rc)
			return rc == 1 && tries ? NUMBER_HEALED : rc;
		rc = word == WORD_NOCTR ? heal_chat(r, db, w->chat, e)
					: heal_application(r, db, w->application, e);
		if (rc < 1)
			return rc;
	}
	return err_set(e, ERR_BEHIND, "a counter is lost as often as it is healed");
}

int number_give(struct redis *r, struct db *db, const struct number_wish *wish, uint32_t *number,
		struct err *e)
{
	struct payload p = { BUF_INIT, BUF_INIT };
	struct wanted w = { wish->parent, 0, &p };
	int rc;

	if (wish->body) {
		w.application = key_chat_application(wish->parent);
		w.chat = wish->parent;
	}
	if (prepare(r, db, &p, wish, e))
		return -1;
	rc = give_and_heal(r, db, &w, number, e);
	payload_clear(&p);
	return rc;
}

int number_begin(struct redis *r, struct db *db, uint64_t application, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;

	if (compare(r, db, e))
		return -1;
	redis_command(&c, "SETNX"); /* not a script that a full Redis lets through */
	redis_compared_only(&c);
	redis_arg(&c, key_chat_counter(key, application));
	redis_arg(&c, "0");
	return redis_send(r, &c, NULL, e);
}
