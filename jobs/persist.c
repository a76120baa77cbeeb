/* persist: makes accepted chats and messages rows of MySQL, in batches. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "counter.h"
#include "key.h"
#include "log.h"
#include "random.h"
#include "stop.h"
#include "store.h"
#include "worker.h"

#define BUSY_TRIES 50 /* deadlocks and lock waits in a row; then it is taken for an outage */

struct round { /* one batch */
	struct worker *worker;
	struct batch *batch;
	struct store store;
	struct store_item *items;
	size_t n;
	bool lost;        /* the lease is no longer ours: nothing of this batch is to be finished */
	int64_t renewed_ms;
};

/* ------------------------------------------------------------------ what kind of job it is */

/* Ours to store: not forwarded, with arguments that name a row. */
static bool storable(const struct job *j)
{
	return (j->class == JOB_CREATE_CHAT || j->class == JOB_CREATE_MESSAGE) && !j->fault;
}

/* Has a number that must end as a row even though the job cannot be stored. */
static bool leaves_void(const struct job *j)
{
	return j->class == JOB_CREATE_MESSAGE && job_numbered(j);
}

static int make_item(struct round *r, const struct job *j, struct err *e)
{
	struct store_item *i = &r->items[r->n];

	if (!storable(j) && !leaves_void(j))
		return 0;
	if (storable(j)) {
		if (store_item_init(i, j, e))
			return -1;
	} else {
		memset(i, 0, sizeof(*i));
		i->job = j;
		i->chat = j->id;
		clock_sql(j->created_us, i->created);
		store_item_fail(i, STORE_DEAD, "BadArguments", j->fault);
		i->action = STORE_VOID;
	}
	if (batch_interrupted(r->batch)) {
		store_item_fail(i, STORE_DEAD, QUEUE_INTERRUPTED, QUEUE_INTERRUPTED_MESSAGE);
		i->action = STORE_VOID;
	}
	r->n++;
	return 0;
}

static int make_items(struct round *r, struct err *e)
{
	size_t i;

	r->items = calloc(r->batch->n, sizeof(*r->items));
	if (!r->items)
		return err_memory(e);
	for (i = 0; i < r->batch->n; i++)
		if (make_item(r, &r->batch->jobs[i], e))
			return -1;
	store_sort(r->items, r->n);
	return 0;
}

/* ------------------------------------------------------------------ storing */

/* Asked right before COMMIT. A connection that is new must be compared first: drain anew. */
static int fence(void *arg, struct err *e)
{
	struct round *r = arg;
	struct worker *w = r->worker;

	if (redis_connect(&w->redis, e))
		return -1;
	if (!w->redis.compared)
		return 0;
	r->renewed_ms = clock_mono_ms();
	return queue_renew(&w->queue, e);
}

/* MySQL or Redis is away: keep the batch, keep the lease, count no attempt. */
static void wait_for_servers(struct round *r, const struct err *why)
{
	struct worker *w = r->worker;
	struct err e = ERR_INIT;

	worker_back_off(w, "cannot store", why);
	if (clock_mono_ms() - r->renewed_ms >= w->conf.lease_ms / 6) {
		r->renewed_ms = clock_mono_ms();
		if (!queue_renew(&w->queue, &e))
			r->lost = true;
	}
	if (stop_asked())
		r->lost = true;
	worker_alarm(w->conf.batch_timeout_ms);
}

static void store_part(struct round *r, struct store_item *items, size_t n);

static void halve(struct round *r, struct store_item *items, size_t n)
{
	store_part(r, items, n / 2);
	store_part(r, items + n / 2, n - n / 2);
}

/* MySQL refuses the data: find whose it is; his number ends as a void row. */
static void refused(struct round *r, struct store_item *items, size_t n, const struct err *why)
{
	if (n > 1) {
		halve(r, items, n);
		return;
	}
	if (items->state == STORE_DEAD) {
		items->action = STORE_INSERT; /* not even a void row */
		return;
	}
	store_item_fail(items, STORE_DEAD, "DataRefused", why->text);
	items->action = STORE_VOID;
	store_part(r, items, n);
}

/* Its client was told another number: that is kept in renumbered_messages, and said once. */
static void tell_renumbered(const struct store_item *i)
{
	char id[JOB_REQUEST_ID];

	LOG(LOG_WARN, "message renumbered", LOG_S("jid", i->job->jid),
	    LOG_S("request_id", job_request_id(i->job, id)), LOG_N("chat", i->chat),
	    LOG_N("given_number", store_renumbered(i)), LOG_N("number", i->job->number));
}

static void tell_stored(const struct store_item *i)
{
	char id[JOB_REQUEST_ID];

	LOG(LOG_DEBUG, "stored", LOG_S("class", job_class_name(i->job->class)), LOG_S("jid", i->job->jid),
	    LOG_S("request_id", job_request_id(i->job, id)), LOG_N("chat", i->chat),
	    LOG_N("number", i->job->number));
}

/* Once it is committed: how many jobs have their row. */
static void count_stored(struct round *r, const struct store_item *items, size_t n)
{
	uint64_t chats = 0, messages = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (items[i].state == STORE_DONE && log_wants(LOG_DEBUG))
			tell_stored(&items[i]);
		chats += items[i].state == STORE_DONE && items[i].job->class == JOB_CREATE_CHAT;
		messages += items[i].state == STORE_DONE && items[i].job->class == JOB_CREATE_MESSAGE;
		if (items[i].state == STORE_DONE && !items[i].went && store_renumbered(&items[i]))
			tell_renumbered(&items[i]);
	}
	metrics_add(&r->worker->metrics, METRICS_STORED, "chats", chats);
	metrics_add(&r->worker->metrics, METRICS_STORED, "messages", messages);
}

/* A key is taken again and again, and nothing is found that has it: find whose it is; he waits. */
static void taken(struct round *r, struct store_item *items, size_t n, const struct err *why)
{
	if (n > 1)
		halve(r, items, n);
	else if (items->state == STORE_DEAD)
		items->action = STORE_INSERT; /* dead, without a row */
	else
		store_item_fail(items, STORE_RETRY, "KeyTaken", why->text);
}

/* Tries a part once. True: settled, or handed on to smaller parts. */
static bool try_part(struct round *r, struct store_item *items, size_t n, int *busy)
{
	struct err e = ERR_INIT;
	int rc = store_run(&r->store, items, n, &e);

	if (rc == 1) {
		if (r->store.index_given_up)
			LOG(LOG_WARN, "there is no ELASTICSEARCH_URL: the index was given up, a new one will be needed",
			    LOG_S("slot", r->worker->slot.name));
		count_stored(r, items, n);
		worker_went_well(r->worker);
		return true;
	}
	if (rc == 0) {
		r->lost = true;
		return true;
	}
	if (e.code == ERR_DB_DUP && store_resolve(&r->store, items, n, &e) > 0)
		return false;
	switch (e.code) {
	case ERR_DB_BUSY:
	case ERR_DB_DUP:
		LOG(LOG_WARN, "again", LOG_S("error", e.text), LOG_N("busy", *busy));
		clock_sleep_ms(random_below(10));
		if (++*busy < BUSY_TRIES)
			return false;
		if (e.code != ERR_DB_DUP)
			break;
		taken(r, items, n, &e);
		return true;
	case ERR_DB_SIZE:
	case ERR_DB_DATA:
		refused(r, items, n, &e);
		return true;
	default:
		break;
	}
	wait_for_servers(r, &e);
	return false;
}

static void store_part(struct round *r, struct store_item *items, size_t n)
{
	int busy = 0;

	if (!n)
		return;
	while (!r->lost && !try_part(r, items, n, &busy))
		;
}

/* ------------------------------------------------------------------ what becomes of the jobs */

static int bury(struct outcome *o, const struct job *j, const char *class, const char *message,
		struct err *e)
{
	char id[JOB_REQUEST_ID];

	LOG(LOG_ERROR, "job is dead", LOG_S("jid", j->jid), LOG_S("request_id", job_request_id(j, id)),
	    LOG_S("class", job_class_name(j->class)), LOG_S("error_class", class),
	    LOG_S("error", message));
	return outcome_bury(o, j, class, message, e);
}

static int try_later(struct round *r, struct outcome *o, const struct store_item *i, struct err *e)
{
	const struct job_failure why = { i->error_class, i->error, clock_wall_us() };
	const struct conf *c = &r->worker->conf;
	struct buf text = BUF_INIT;
	char id[JOB_REQUEST_ID];
	int64_t delay_ms;
	int rc;

	if (!job_retry(i->job, c->retry_base_ms, c->retry_limit, &delay_ms))
		return bury(o, i->job, i->error_class, i->error, e);
	LOG(LOG_WARN, "job failed", LOG_S("jid", i->job->jid),
	    LOG_S("request_id", job_request_id(i->job, id)), LOG_S("error_class", i->error_class),
	    LOG_S("error", i->error), LOG_N("again_in_ms", delay_ms));
	rc = job_failed(i->job, &why, &text, e) ||
			     outcome_retry(o, &text, why.now_us + delay_ms * 1000, e)
		     ? -1
		     : 0;
	buf_clear(&text);
	o->failed[i->job->class]++;
	return rc;
}

/* Jobs that are not this program's: to their own queue, unchanged. */
static int forward(struct outcome *o, const struct job *j, struct err *e)
{
	int rc = outcome_forward(o, j, e);
	char id[JOB_REQUEST_ID];

	LOG(LOG_INFO, "job forwarded", LOG_S("jid", j->jid),
	    LOG_S("request_id", job_request_id(j, id)), LOG_S("queue", job_class_queue(j->class)));
	return rc;
}

static int settle_job(struct round *r, struct outcome *o, const struct job *j, struct err *e)
{
	bool ours = j->class == JOB_CREATE_CHAT || j->class == JOB_CREATE_MESSAGE;

	if (!ours && batch_interrupted(r->batch) && j->class != JOB_UNKNOWN)
		return bury(o, j, QUEUE_INTERRUPTED, QUEUE_INTERRUPTED_MESSAGE, e);
	if (!ours)
		return forward(o, j, e);
	if (j->fault && !leaves_void(j))
		return bury(o, j, "BadArguments", j->fault, e);
	return 0;
}

static int settle_item(struct round *r, struct outcome *o, const struct store_item *i, struct err *e)
{
	if (i->state == STORE_DEAD)
		return bury(o, i->job, i->error_class, i->error, e);
	return i->state == STORE_RETRY ? try_later(r, o, i, e) : 0;
}

static int ask_count(struct round *r, struct outcome *o, enum job_class class, uint64_t id,
		     struct err *e)
{
	struct buf text = BUF_INIT;
	enum job_format format = (enum job_format)r->worker->conf.job_format;
	int rc = job_build_count(&text, format, class, id, clock_wall_us(), e) ||
				 outcome_count(o, class, id, &text, e)
			 ? -1
			 : 0;

	buf_clear(&text);
	return rc;
}

/* The counts of every chat and application that was touched are to be checked. */
static int ask_counts(struct round *r, struct outcome *o, struct err *e)
{
	uint64_t chat = 0, application = 0;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->items[i].chat != chat &&
		    ask_count(r, o, JOB_COUNT_MESSAGES, r->items[i].chat, e))
			return -1;
		chat = r->items[i].chat;
		if (key_chat_application(chat) != application &&
		    ask_count(r, o, JOB_COUNT_CHATS, key_chat_application(chat), e))
			return -1;
		application = key_chat_application(chat);
	}
	return 0;
}

static int make_outcome(struct round *r, struct outcome *o, struct err *e)
{
	size_t i;

	outcome_processed(o, r->batch);
	for (i = 0; i < r->batch->n; i++)
		if (settle_job(r, o, &r->batch->jobs[i], e))
			return -1;
	for (i = 0; i < r->n; i++)
		if (settle_item(r, o, &r->items[i], e))
			return -1;
	return ask_counts(r, o, e);
}

/* A number that another row has: the counter must be beyond every row before a new one is given. */
static int raise_counter(struct worker *w, uint64_t chat, struct err *e)
{
	const struct db_value id[] = { DB_U64(chat) };
	uint64_t last;
	int64_t now;

	if (db_row(&w->db, DB_MESSAGE_LAST, id, 1, e) < 1)
		return -1;
	last = db_number(&w->db, 0);
	db_done(&w->db);
	return counter_raise(&w->redis, chat, last, &now, e);
}

static int raise_counters(struct round *r, struct err *e)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->items[i].state == STORE_RETRY &&
		    !strcmp(r->items[i].error_class, JOB_NUMBER_TAKEN) &&
		    raise_counter(r->worker, r->items[i].chat, e))
			return -1;
	return 0;
}

/* The counters of chats that went with their application before they had a row: nobody else knows
 * them. Only memory is at stake, so whether it works is not looked at. */
static void drop_counters(struct round *r)
{
	char key[KEY_MAX];
	struct redis_call c;
	size_t i, n = 0;

	redis_command(&c, "UNLINK");
	for (i = 0; i < r->n; i++)
		if (r->items[i].went) {
			redis_arg(&c, key_message_counter(key, r->items[i].chat));
			n++;
		}
	if (n)
		redis_send(&r->worker->redis, &c, NULL, NULL);
	else
		redis_call_clear(&c);
}

/* ------------------------------------------------------------------ a batch */

static void finish(struct round *r)
{
	struct outcome o = { 0 };
	struct err e = ERR_INIT;
	int rc;

	drop_counters(r);
	rc = raise_counters(r, &e) || make_outcome(r, &o, &e) ? -1
								   : queue_finish(&r->worker->queue, &o, &e);

	outcome_clear(&o);
	/* stored, but not acknowledged: the batch comes again and is recognised by its job keys */
	if (rc < 0)
		worker_back_off(r->worker, "cannot acknowledge", &e);
	else if (!rc)
		LOG(LOG_WARN, "lease lost before the acknowledgement", LOG_N("jobs", r->batch->n));
}

/* The lease is lost: whoever has the jobs now does them. Or MySQL was away until a stop was asked:
 * they go back, and a try that never was is not counted. */
static void leave(struct round *r)
{
	struct err e = ERR_INIT;

	LOG(LOG_WARN, "batch left alone", LOG_N("jobs", r->batch->n));
	if (stop_asked() && queue_release(&r->worker->queue, &e) < 0)
		LOG(LOG_WARN, "cannot put it back", LOG_S("error", e.text));
}

static void work(struct worker *w, struct batch *b)
{
	char slot[SLOT_NAME + 16];
	struct round r = { .worker = w, .batch = b, .renewed_ms = clock_mono_ms() };
	struct err e = ERR_INIT;
	int64_t began = clock_mono_ms();
	size_t i;

	snprintf(slot, sizeof(slot), "persist:%s", w->slot.name);
	r.store = (struct store){ .db = &w->db, .slot = slot, .seq = b->seq, .fence = fence,
				  .fence_arg = &r, .outbox = *w->conf.elasticsearch_url != '\0' };
	worker_alarm(w->conf.batch_timeout_ms);
	if (make_items(&r, &e)) {
		worker_back_off(w, "cannot read a batch", &e);
	} else {
		store_part(&r, r.items, r.n);
		if (r.lost)
			leave(&r);
		else
			finish(&r);
	}
	worker_alarm(0);
	LOG(LOG_DEBUG, "batch", LOG_N("jobs", b->n), LOG_N("try", b->try),
	    LOG_N("ms", clock_mono_ms() - began));
	for (i = 0; i < r.n; i++)
		store_item_clear(&r.items[i]);
	free(r.items);
}

static void run(struct worker *w)
{
	worker_loop(w, work);
}

int main(int argc, char **argv)
{
	static const struct worker_kind kind = {
		.name = "persist",
		.purpose = "Stores the chats and messages that wait in the queue `default`.",
		.queue = JOB_QUEUE_DEFAULT,
		.many = true,
		.role = DB_ROLE_JOB,
	};

	return worker_main(&kind, argc, argv, run);
}
