/* The reliable queue: due retries and scheduled jobs go back to their queues. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "heal.h"
#include "queue.h"

#define AT_ONCE 100 /* jobs looked at in one go */

static int due(struct redis *r, const char *zset, int64_t now_us, int64_t skip, redisReply **jobs,
	       struct err *e)
{
	struct redis_call c;

	redis_command(&c, "ZRANGEBYSCORE");
	redis_arg(&c, zset);
	redis_arg(&c, "-inf");
	redis_arg_number(&c, now_us / 1000000);
	redis_arg(&c, "LIMIT");
	redis_arg_number(&c, skip);
	redis_arg_number(&c, AT_ONCE);
	return redis_send(r, &c, jobs, e);
}

/* A job whose number is another row's gets a new one, from the counter that `key` names. */
static bool wants_number(const struct job *j, char key[KEY_MAX])
{
	if (j->class != JOB_CREATE_MESSAGE || j->fault || !job_failed_by(j, JOB_NUMBER_TAKEN))
		return false;
	key_message_counter(key, j->id);
	return true;
}

/* Where the job belongs: ours by their class, a foreign one where its payload says. */
static const char *queue_of(const struct job *j, struct buf *own)
{
	if (j->class == JOB_UNKNOWN && !json_string(json_member(j->root, "queue"), own, NULL) &&
	    own->len && own->len < KEY_MAX / 2)
		return buf_str(own);
	return job_class_queue(j->class);
}

struct due_job {
	const char *zset;
	struct job job;
	bool renumber;
	char counter[KEY_MAX];
};

static void add_job(struct redis_call *c, const struct due_job *d)
{
	const struct job *j = &d->job;
	const char *tail = d->renumber ? j->number_at.at + j->number_at.len : j->text + j->len;
	const char *head_end = d->renumber ? j->number_at.at : tail;

	redis_arg_bytes(c, j->text, j->len);
	redis_arg_number(c, d->renumber ? 5 : 0);
	redis_arg_bytes(c, j->text, (size_t)(head_end - j->text));
	redis_arg_bytes(c, tail, (size_t)(j->text + j->len - tail));
}

/* 1: moved; 0: somebody else did; -1; -2: the counter that it needs is missing */
static int send(struct redis *r, const struct due_job *d, struct err *e)
{
	struct buf own = BUF_INIT;
	const char *queue = queue_of(&d->job, &own);
	char key[KEY_MAX];
	struct redis_call c;
	redisReply *reply;
	int rc = 0;

	redis_script(&c, REDIS_SCRIPT_PROMOTE);
	redis_compared_only(&c);
	redis_key(&c, d->zset);
	redis_key(&c, key_queue(key, queue));
	redis_key(&c, KEY_QUEUES);
	redis_key(&c, KEY_QUEUE_SEQ);
	if (d->renumber)
		redis_key(&c, d->counter);
	redis_arg(&c, queue);
	add_job(&c, d);
	buf_clear(&own);
	if (redis_send(r, &c, &reply, e))
		return -1;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
		rc = reply->element[0]->integer ? 1 : reply->element[1]->elements ? -2 : 0;
	freeReplyObject(reply);
	if (rc == 1 && d->renumber)
		metrics_add(r->metrics, METRICS_RENUMBERED, NULL, 1);
	return rc;
}

int queue_promote_one(struct redis *r, struct db *db, const char *zset, const char *text, size_t len,
		      struct err *e)
{
	struct due_job d = { .zset = zset };
	int rc, healed;

	if (job_parse(&d.job, text, len, clock_wall_us(), e))
		return -1;
	d.renumber = wants_number(&d.job, d.counter);
	rc = send(r, &d, e);
	if (rc != -2)
		return rc;
	healed = heal_chat(r, db, d.job.id, NULL);
	if (healed < 0)
		return 0;
	d.renumber = healed; /* else the chat is gone, and the job will go the same way */
	rc = send(r, &d, e);
	return rc == -2 ? 0 : rc;
}

/* One page of due jobs, behind `skip` that were left. *seen: how many there were. Moved, or -1. */
static int64_t promote_some(struct redis *r, struct db *db, const char *zset, int64_t now_us,
			    int64_t skip, int64_t *seen, struct err *e)
{
	redisReply *jobs;
	int64_t sum = 0;
	size_t i;
	int moved;

	if (due(r, zset, now_us, skip, &jobs, e))
		return -1;
	*seen = (int64_t)jobs->elements;
	for (i = 0; i < jobs->elements && sum >= 0; i++) {
		moved = queue_promote_one(r, db, zset, jobs->element[i]->str, jobs->element[i]->len, e);
		sum = moved < 0 ? -1 : sum + moved;
	}
	freeReplyObject(jobs);
	return sum;
}

int64_t queue_promote(struct redis *r, struct db *db, const char *zset, int64_t now_us,
		      struct err *e)
{
	int64_t sum = 0, left = 0, seen, moved;

	/* those that cannot go yet must not hold up the ones behind them */
	do {
		moved = promote_some(r, db, zset, now_us, left, &seen, e);
		if (moved < 0)
			return -1;
		sum += moved;
		left += seen - moved;
	} while (seen == AT_ONCE);
	return sum;
}
