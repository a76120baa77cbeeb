/* The reliable queue: due retries and scheduled jobs go back to their queues. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
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
	if (j->class != JOB_CREATE_MESSAGE || j->fault || !job_failed_by(j, "NumberTaken"))
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

/* Moves one job. The number moved, 0 (somebody else did, or the counter is missing), or -1. */
static int64_t move(struct redis *r, const char *zset, const redisReply *text, struct err *e)
{
	char key[KEY_MAX], counter[KEY_MAX];
	struct buf own = BUF_INIT;
	const char *queue, *tail;
	struct redis_call c;
	redisReply *reply;
	struct job j;
	int64_t moved;
	bool renumber;

	if (job_parse(&j, text->str, text->len, clock_wall_us(), e))
		return -1;
	queue = queue_of(&j, &own);
	renumber = wants_number(&j, counter);
	redis_script(&c, REDIS_SCRIPT_PROMOTE);
	redis_key(&c, zset);
	redis_key(&c, key_queue(key, queue));
	redis_key(&c, KEY_QUEUES);
	redis_key(&c, KEY_QUEUE_SEQ);
	if (renumber)
		redis_key(&c, counter);
	redis_arg(&c, queue);
	redis_arg_bytes(&c, text->str, text->len);
	redis_arg_number(&c, renumber ? 5 : 0);
	if (renumber) {
		tail = j.number_at.at + j.number_at.len;
		redis_arg_bytes(&c, j.text, (size_t)(j.number_at.at - j.text));
		redis_arg_bytes(&c, tail, (size_t)(j.text + j.len - tail));
	} else {
		redis_arg_bytes(&c, j.text, j.len);
		redis_arg(&c, "");
	}
	buf_clear(&own);
	if (redis_send(r, &c, &reply, e))
		return -1;
	moved = reply->type == REDIS_REPLY_ARRAY && reply->elements ? reply->element[0]->integer : 0;
	freeReplyObject(reply);
	if (renumber)
		metrics_add(r->metrics, METRICS_RENUMBERED, NULL, (uint64_t)moved);
	return moved;
}

/* One page of due jobs, behind `skip` that were left. *seen: how many there were. Moved, or -1. */
static int64_t promote_some(struct redis *r, const char *zset, int64_t now_us, int64_t skip,
			    int64_t *seen, struct err *e)
{
	redisReply *jobs;
	int64_t moved, sum = 0;
	size_t i;

	if (due(r, zset, now_us, skip, &jobs, e))
		return -1;
	*seen = (int64_t)jobs->elements;
	for (i = 0; i < jobs->elements && sum >= 0; i++) {
		moved = move(r, zset, jobs->element[i], e);
		sum = moved < 0 ? -1 : sum + moved;
	}
	freeReplyObject(jobs);
	return sum;
}

int64_t queue_promote(struct redis *r, const char *zset, int64_t now_us, struct err *e)
{
	int64_t sum = 0, left = 0, seen, moved;

	/* those that cannot go yet must not hold up the ones behind them */
	do {
		moved = promote_some(r, zset, now_us, left, &seen, e);
		if (moved < 0)
			return -1;
		sum += moved;
		left += seen - moved;
	} while (seen == AT_ONCE);
	return sum;
}
