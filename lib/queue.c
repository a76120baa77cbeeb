/* The reliable queue: a worker's side. */
#include "queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define SUSPECT_TRIES 3       /* of a job alone */
#define SUSPECT_KEEP_S 259200 /* how long marks of suspects are kept without a new one */
#define AGE_JOBS 8             /* looked at for the oldest job that never failed */
#define PENDING_KEEP_S 3600   /* a count job that was lost blocks the next one so long at most */

void queue_init(struct queue *q, struct redis *redis, const char *name, const char *slot)
{
	memset(q, 0, sizeof(*q));
	q->redis = redis;
	q->conf = redis->conf;
	q->name = name;
	key_queue(q->list, name);
	key_inflight(q->inflight, name, slot);
	key_lease(q->lease, name, slot);
	key_suspects(q->suspects, name);
}

/* ------------------------------------------------------------------ drain */

static bool is_drain_reply(const redisReply *r)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements == 3 &&
	       r->element[0]->type == REDIS_REPLY_INTEGER &&
	       r->element[1]->type == REDIS_REPLY_INTEGER &&
	       r->element[2]->type == REDIS_REPLY_ARRAY;
}

static int read_batch(struct batch *b, struct err *e)
{
	const redisReply *list = b->reply->element[2];
	int64_t now = clock_wall_us();
	size_t i;

	b->seq = (uint64_t)b->reply->element[0]->integer;
	b->try = b->reply->element[1]->integer;
	if (!list->elements)
		return 0;
	b->jobs = calloc(list->elements, sizeof(*b->jobs));
	if (!b->jobs)
		return err_memory(e);
	b->n = list->elements;
	for (i = 0; i < b->n; i++) {
		const redisReply *job = list->element[b->n - 1 - i];

		if (job_parse(&b->jobs[i], job->str, job->len, now, e))
			return -1;
	}
	return 0;
}

int queue_drain(struct queue *q, int64_t most_jobs, struct batch *b, struct err *e)
{
	struct redis_call c;

	memset(b, 0, sizeof(*b));
	random_token(q->token);
	redis_script(&c, REDIS_SCRIPT_DRAIN);
	redis_key(&c, q->list);
	redis_key(&c, q->inflight);
	redis_key(&c, q->lease);
	redis_key(&c, KEY_INFLIGHT);
	redis_key(&c, q->suspects);
	redis_key(&c, KEY_QUEUE_SEQ);
	redis_arg_number(&c, most_jobs);
	redis_arg_number(&c, q->conf->batch_bytes);
	redis_arg_number(&c, q->conf->lease_ms);
	redis_arg(&c, q->token);
	if (redis_send(q->redis, &c, &b->reply, e))
		return -1;
	if (!is_drain_reply(b->reply)) {
		err_set(e, ERR_REDIS, "redis: drain answered something else");
	} else if (!read_batch(b, e)) {
		redis_saw(q->redis, b->seq);
		return 0;
	}
	batch_clear(b);
	return -1;
}

void batch_clear(struct batch *b)
{
	free(b->jobs);
	if (b->reply)
		freeReplyObject(b->reply);
	memset(b, 0, sizeof(*b));
}

bool batch_interrupted(const struct batch *b)
{
	return b->try > SUSPECT_TRIES;
}

int queue_wait(struct queue *q, int64_t seconds, struct err *e)
{
	struct redis_call c;

	/* from its end to its end: woken by a job, but none is taken */
	redis_command(&c, "BLMOVE");
	redis_arg(&c, q->list);
	redis_arg(&c, q->list);
	redis_arg(&c, "RIGHT");
	redis_arg(&c, "RIGHT");
	redis_arg_number(&c, seconds);
	return redis_send_until_stop(q->redis, &c, seconds * 1000, e);
}

int queue_renew(struct queue *q, struct err *e)
{
	struct redis_call c;
	int64_t renewed;

	redis_script(&c, REDIS_SCRIPT_RENEW);
	redis_key(&c, q->lease);
	redis_arg(&c, q->token);
	redis_arg_number(&c, q->conf->lease_ms);
	return redis_send_number(q->redis, &c, &renewed, e) ? -1 : renewed == 1;
}

/* ------------------------------------------------------------------ finish */

static const struct outcome_item *items(const struct buf *b, size_t *n)
{
	*n = b->len / sizeof(struct outcome_item);
	return (const void *)b->data;
}

/* The keys that finish pushes to begin behind the eleven that it always has: first a list for each
 * class, then a mark for each count job. */
#define FIRST_LIST 12

static void add_keys(struct redis_call *c, const struct queue *q, const struct outcome *o,
		     int64_t now_us)
{
	const struct outcome_item *item;
	char key[KEY_MAX];
	size_t n, i;
	int class;

	redis_key(c, q->inflight);
	redis_key(c, q->lease);
	redis_key(c, q->suspects);
	redis_key(c, KEY_RETRY);
	redis_key(c, KEY_DEAD);
	redis_key(c, KEY_PROCESSED);
	redis_key(c, key_stat_day(key, KEY_PROCESSED, now_us));
	redis_key(c, KEY_FAILED);
	redis_key(c, key_stat_day(key, KEY_FAILED, now_us));
	redis_key(c, KEY_QUEUES);
	redis_key(c, KEY_BACKLOG);
	for (class = 0; class < JOB_CLASS__MAX; class++)
		redis_key(c, key_queue(key, job_class_queue((enum job_class)class)));
	for (i = 0, item = items(&o->counts, &n); i < n; i++)
		redis_key(c, key_pending(key, job_class_name(item[i].class), item[i].id));
}

static void add_target(struct redis_call *c, const struct outcome_item *item)
{
	redis_arg_number(c, FIRST_LIST + (int)item->class);
	redis_arg(c, job_class_queue(item->class));
	redis_arg_bytes(c, item->text, item->len);
}

static void add_seconds(struct redis_call *c, int64_t us)
{
	char text[CLOCK_SECONDS];

	clock_seconds(us, text);
	redis_arg(c, text);
}

static const uint64_t *ids_of(const struct buf *ids, size_t *n)
{
	*n = ids->len / sizeof(uint64_t);
	return (const void *)ids->data;
}

/* Each application once, with the number of its jobs, taken off: the ids are sorted. */
static void add_applications(struct redis_call *c, const struct buf *ids)
{
	size_t n, i, first;
	const uint64_t *id = ids_of(ids, &n);

	for (i = 0; i < n; i++) {
		for (first = i; i + 1 < n && id[i + 1] == id[first]; i++)
			;
		redis_arg_number(c, (int64_t)id[i]);
		redis_arg_number(c, (int64_t)first - (int64_t)i - 1);
	}
}

static int64_t count_applications(const struct buf *ids)
{
	int64_t different = 0;
	size_t n, i;
	const uint64_t *id = ids_of(ids, &n);

	for (i = 0; i < n; i++)
		different += !i || id[i] != id[i - 1];
	return different;
}

static void add_items(struct redis_call *c, const struct outcome *o)
{
	const struct outcome_item *item;
	size_t n, i;

	for (i = 0, item = items(&o->retries, &n); i < n; i++) {
		add_seconds(c, item[i].at_us);
		redis_arg_bytes(c, item[i].text, item[i].len);
	}
	for (i = 0, item = items(&o->deaths, &n); i < n; i++)
		redis_arg_bytes(c, item[i].text, item[i].len);
	for (i = 0, item = items(&o->forwards, &n); i < n; i++)
		add_target(c, &item[i]);
	add_applications(c, &o->applications);
	for (i = 0, item = items(&o->counts, &n); i < n; i++) {
		redis_arg_number(c, FIRST_LIST + JOB_CLASS__MAX + (int64_t)i);
		redis_arg_number(c, PENDING_KEEP_S);
		add_target(c, &item[i]);
	}
}

static int64_t sum(const size_t n[JOB_CLASS__MAX])
{
	int64_t all = 0;
	int class;

	for (class = 0; class < JOB_CLASS__MAX; class++)
		all += (int64_t)n[class];
	return all;
}

static void count(const struct queue *q, const struct outcome *o)
{
	struct metrics *m = q->redis->metrics;
	int class;

	metrics_add(m, METRICS_BATCHES, q->name, 1);
	for (class = 0; class < JOB_CLASS__MAX; class++) {
		const char *name = job_class_name((enum job_class)class);

		name = *name ? name : "other";
		metrics_add(m, METRICS_PROCESSED, name, o->processed[class]);
		metrics_add(m, METRICS_FAILED, name, o->failed[class]);
	}
}

int queue_finish(struct queue *q, const struct outcome *o, struct err *e)
{
	int64_t now = clock_wall_us(), done;
	struct redis_call c;
	size_t n;

	redis_script(&c, REDIS_SCRIPT_FINISH);
	add_keys(&c, q, o, now);
	redis_arg(&c, q->token);
	redis_arg_number(&c, sum(o->processed));
	redis_arg_number(&c, sum(o->failed));
	add_seconds(&c, now);
	items(&o->retries, &n);
	redis_arg_number(&c, (int64_t)n);
	items(&o->deaths, &n);
	redis_arg_number(&c, (int64_t)n);
	items(&o->forwards, &n);
	redis_arg_number(&c, (int64_t)n);
	redis_arg_number(&c, count_applications(&o->applications));
	add_items(&c, o);
	if (redis_send_number(q->redis, &c, &done, e))
		return -1;
	if (done == 1)
		count(q, o);
	return done == 1;
}

/* ------------------------------------------------------------------ outcomes */

/* The application that a job was counted for when it was created; 0: none, or it is a retry, which
 * was taken off when it failed first. */
static uint64_t counted_for(const struct job *j)
{
	if (j->fault || j->failed_before)
		return 0;
	return j->class == JOB_CREATE_CHAT      ? j->id
	       : j->class == JOB_CREATE_MESSAGE ? key_chat_application(j->id)
						: 0;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* `backlog` is an estimate: what is not noted because memory is short is taken off by its next beginning. */
void outcome_processed(struct outcome *o, const struct batch *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		uint64_t application = counted_for(&b->jobs[i]);

		o->processed[b->jobs[i].class]++;
		if (application)
			buf_add(&o->applications, &application, sizeof(application));
	}
	if (o->applications.len)
		qsort(o->applications.data, o->applications.len / sizeof(uint64_t), sizeof(uint64_t),
		      by_id);
}

static void clear_items(struct buf *b)
{
	const struct outcome_item *item;
	size_t n, i;

	for (i = 0, item = items(b, &n); i < n; i++)
		free(item[i].text);
	buf_clear(b);
}

void outcome_clear(struct outcome *o)
{
	clear_items(&o->retries);
	clear_items(&o->deaths);
	clear_items(&o->forwards);
	clear_items(&o->counts);
	buf_clear(&o->applications);
	memset(o, 0, sizeof(*o));
}

static int add_item(struct buf *to, struct outcome_item item, struct buf *text, struct err *e)
{
	item.len = text->len;
	item.text = text->data;
	if (text->failed || !text->data || buf_add(to, &item, sizeof(item)))
		return err_memory(e);
	buf_detach(text);
	return 0;
}

int outcome_retry(struct outcome *o, struct buf *text, int64_t at_us, struct err *e)
{
	return add_item(&o->retries, (struct outcome_item){ .at_us = at_us }, text, e);
}

int outcome_dead(struct outcome *o, struct buf *text, struct err *e)
{
	return add_item(&o->deaths, (struct outcome_item){ 0 }, text, e);
}

int outcome_bury(struct outcome *o, const struct job *j, const char *error_class, const char *message,
		 struct err *e)
{
	const struct job_failure why = { error_class, message, clock_wall_us() };
	struct buf text = BUF_INIT;
	int rc = job_failed(j, &why, &text, e) || outcome_dead(o, &text, e) ? -1 : 0;

	buf_clear(&text);
	o->failed[j->class]++;
	return rc;
}

int outcome_forward(struct outcome *o, const struct job *j, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	buf_add(&text, j->text, j->len);
	rc = add_item(&o->forwards, (struct outcome_item){ .class = j->class }, &text, e);
	buf_clear(&text);
	return rc;
}

int outcome_count(struct outcome *o, enum job_class class, uint64_t id, struct buf *text,
		  struct err *e)
{
	return add_item(&o->counts, (struct outcome_item){ .class = class, .id = id }, text, e);
}

/* ------------------------------------------------------------------ reap */

/* *moved: the number of jobs, or -1: the lease is alive. */
static int reap(struct redis *r, const char *inflight, const char *how, int64_t *moved,
		struct err *e)
{
	char key[KEY_MAX], queue[KEY_MAX], slot[KEY_MAX];
	struct redis_call c;

	*moved = 0;
	if (!key_split_inflight(inflight, queue, slot))
		return 0;
	redis_script(&c, REDIS_SCRIPT_REAP);
	redis_key(&c, inflight);
	redis_key(&c, key_lease(key, queue, slot));
	redis_key(&c, key_queue(key, queue));
	redis_key(&c, key_suspects(key, queue));
	redis_key(&c, KEY_INFLIGHT);
	redis_arg_number(&c, SUSPECT_KEEP_S);
	redis_arg(&c, how);
	return redis_send_number(r, &c, moved, e);
}

int64_t queue_reap_own(struct queue *q, struct err *e)
{
	int64_t moved;

	return reap(q->redis, q->inflight, "own", &moved, e) ? -1 : moved;
}

int64_t queue_release(struct queue *q, struct err *e)
{
	int64_t moved;

	return reap(q->redis, q->inflight, "stop", &moved, e) ? -1 : moved;
}

int64_t queue_reap_lapsed(struct redis *r, struct err *e)
{
	int64_t moved, sum = 0;
	struct redis_call c;
	redisReply *lists;
	size_t i;

	redis_command(&c, "SMEMBERS");
	redis_arg(&c, KEY_INFLIGHT);
	if (redis_send(r, &c, &lists, e))
		return -1;
	for (i = 0; i < lists->elements && sum >= 0; i++) {
		if (reap(r, lists->element[i]->str, "", &moved, e))
			sum = -1;
		else if (moved > 0)
			sum += moved;
	}
	freeReplyObject(lists);
	return sum;
}

/* ------------------------------------------------------------------ depth */

static int64_t since_ms(const struct job *j, int64_t now_us)
{
	return j->created_us < now_us ? (now_us - j->created_us) / 1000 : 0;
}

static int64_t age_ms(const redisReply *oldest, int64_t now_us)
{
	struct job j;

	if (oldest->type != REDIS_REPLY_STRING || !oldest->len)
		return 0;
	return job_parse(&j, oldest->str, oldest->len, now_us, NULL) ? 0 : since_ms(&j, now_us);
}

/* How long the oldest one waits: of jobs from the queue's end, the first that never failed, for what
 * waits for a second time is older than its wait. */
static int64_t wait_ms(const redisReply *jobs, int64_t now_us)
{
	struct job j;
	size_t i = jobs->type == REDIS_REPLY_ARRAY ? jobs->elements : 0;

	while (i-- > 0) {
		const redisReply *job = jobs->element[i];

		if (job_parse(&j, job->str, job->len, now_us, NULL))
			break;
		if (!j.failed_before)
			return since_ms(&j, now_us);
	}
	return 0;
}

int queue_age(struct redis *r, int64_t now_us, int64_t *age_ms, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;
	redisReply *jobs;

	redis_command(&c, "LRANGE");
	redis_arg(&c, key_queue(key, JOB_QUEUE_DEFAULT));
	redis_arg_number(&c, -AGE_JOBS);
	redis_arg(&c, "-1");
	if (redis_send(r, &c, &jobs, e))
		return -1;
	*age_ms = wait_ms(jobs, now_us);
	freeReplyObject(jobs);
	return 0;
}

const char *depth_queue_name(enum depth_queue q)
{
	static const char *const names[DEPTH_QUEUE__MAX] = {
		[DEPTH_DEFAULT] = JOB_QUEUE_DEFAULT, [DEPTH_COUNTS] = JOB_QUEUE_COUNTS,
		[DEPTH_INDEX] = JOB_QUEUE_INDEX,
	};

	return names[q];
}

static bool is_depth_reply(const redisReply *r)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements == 6 &&
	       r->element[5]->type == REDIS_REPLY_ARRAY && r->element[5]->elements == DEPTH_QUEUE__MAX;
}

int queue_depth(struct redis *r, int64_t now_us, struct depth *d, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;
	redisReply *reply;
	int i;

	redis_script(&c, REDIS_SCRIPT_DEPTH);
	redis_key(&c, KEY_INFLIGHT);
	redis_key(&c, KEY_RETRY);
	redis_key(&c, KEY_SCHEDULE);
	redis_key(&c, KEY_DEAD);
	for (i = 0; i < DEPTH_QUEUE__MAX; i++)
		redis_key(&c, key_queue(key, depth_queue_name((enum depth_queue)i)));
	if (redis_send(r, &c, &reply, e))
		return -1;
	if (!is_depth_reply(reply)) {
		freeReplyObject(reply);
		return err_set(e, ERR_REDIS, "redis: depth answered something else");
	}
	*d = (struct depth){ .in_flight = reply->element[0]->integer,
			     .retry = reply->element[1]->integer,
			     .schedule = reply->element[2]->integer,
			     .dead = reply->element[3]->integer,
			     .oldest_age_ms = age_ms(reply->element[4], now_us) };
	for (i = 0; i < DEPTH_QUEUE__MAX; i++) {
		d->queue[i] = reply->element[5]->element[i]->integer;
		d->queued += d->queue[i];
	}
	freeReplyObject(reply);
	return 0;
}
