/* index: tells Elasticsearch what changes, makes a new index when there is none or one is asked for, and does the
 * jobs of the queue `index`.
 *
 * What has changed stands in MySQL, so all but those jobs goes on while Redis is away. */
#include <stdlib.h>

#include "clock.h"
#include "indexer.h"
#include "log.h"
#include "outbox.h"
#include "rebuild.h"
#include "stop.h"
#include "worker.h"

#define PAUSE_MS 1000       /* after a failure, at first */
#define REDIS_MAX_MS 5000
#define ASK_MS 1000         /* for the lock of another machine's; then the job waits */

struct pause { /* nothing is tried before it is over */
	int64_t until_ms, ms;
};

struct indexing {
	struct worker *w;
	struct elastic el;
	struct indexer indexer;
	struct rebuild rebuild;
	struct pause elastic, redis;
	enum search_phase phase;
	bool told_old; /* that the mapping is old was said */
};

static bool is_over(const struct pause *p)
{
	return clock_mono_ms() >= p->until_ms;
}

static void begin_pause(struct pause *p, int64_t most_ms)
{
	p->ms = p->ms ? p->ms * 2 : PAUSE_MS;
	if (p->ms > most_ms)
		p->ms = most_ms;
	p->until_ms = clock_mono_ms() + p->ms;
}

/* ------------------------------------------------------------------ jobs of the queue */

/* A long range: the lease is renewed, and the alarm begins anew, after each part. */
static int add_range(struct worker *w, const struct job *j, struct err *e)
{
	uint64_t from = j->id;
	int rc;

	do {
		worker_alarm(w->conf.batch_timeout_ms);
		rc = outbox_add_ids(&w->db, &from, j->to_id, e);
		if (rc > 0 && queue_renew(&w->queue, e) < 1)
			return e->code ? -1 : err_set(e, ERR_REDIS, "redis: the lease was lost");
	} while (rc > 0);
	return rc;
}

static int reindex(struct worker *w, const struct job *j, struct err *e)
{
	int asked;

	if (j->id)
		return add_range(w, j, e);
	asked = rebuild_ask(&w->db, ASK_MS, e);
	if (asked >= 0)
		LOG(LOG_INFO, asked ? "a new index is asked for" : "a new index is being built already",
		    LOG_S("jid", j->jid));
	return asked < 0 ? -1 : 0;
}

static int one(struct worker *w, const struct batch *b, const struct job *j, struct outcome *o, struct err *e)
{
	if (j->fault)
		return outcome_bury(o, j, "BadArguments", j->fault, e);
	if (batch_interrupted(b) && j->class != JOB_UNKNOWN)
		return outcome_bury(o, j, QUEUE_INTERRUPTED, QUEUE_INTERRUPTED_MESSAGE, e);
	if (j->class == JOB_INDEX_MESSAGE)
		return outbox_add_message(&w->db, j->id, e);
	return j->class == JOB_REINDEX ? reindex(w, j, e) : outcome_forward(o, j, e);
}

static int work(struct worker *w, const struct batch *b, struct err *e)
{
	struct outcome o = { 0 };
	int rc = 0;
	size_t i;

	worker_alarm(w->conf.batch_timeout_ms);
	outcome_processed(&o, b);
	for (i = 0; i < b->n && !rc; i++)
		rc = one(w, b, &b->jobs[i], &o, e);
	if (!rc && queue_finish(&w->queue, &o, e) < 0)
		rc = -1;
	worker_alarm(0);
	outcome_clear(&o);
	return rc;
}

/* True: there were some, there may be more. */
static bool do_jobs(struct indexing *x)
{
	struct worker *w = x->w;
	struct batch b = { .n = 0 };
	struct err e = ERR_INIT;
	bool any = false;
	int rc;

	if (!is_over(&x->redis))
		return false;
	rc = worker_prepare(w, &e) || queue_drain(&w->queue, w->conf.batch_jobs, &b, &e) ? -1 : 0;
	if (!rc && b.n)
		rc = work(w, &b, &e);
	any = !rc && b.n;
	batch_clear(&b);
	if (!rc) {
		x->redis.ms = 0;
		return any;
	}
	begin_pause(&x->redis, REDIS_MAX_MS);
	LOG(LOG_WARN, "cannot do the jobs of the queue", LOG_S("error", e.text), LOG_N("pause_ms", x->redis.ms));
	return false;
}

/* ------------------------------------------------------------------ the outbox */

static void say_index(struct indexing *x, const struct indexer_report *r)
{
	const char *alias = x->w->conf.elasticsearch_index;

	if (r->lost)
		LOG(LOG_ERROR, "the index is gone: a new one is made, until then MySQL searches",
		    LOG_S("alias", alias));
	if (r->lost_building)
		LOG(LOG_ERROR, "the index that was being built is gone: begun again", LOG_S("alias", alias));
	if (r->led_back)
		LOG(LOG_WARN, "the alias was gone, and leads to the index again", LOG_S("alias", alias));
	if (r->old_mapping && !x->told_old)
		LOG(LOG_WARN, "the index was made for an older version: run jobs/reindex", LOG_S("alias", alias));
	x->told_old = x->told_old || r->old_mapping;
}

static void say(struct indexing *x)
{
	const struct indexer_report *r = &x->indexer.report;
	struct metrics *m = &x->w->metrics;

	say_index(x, r);
	if (r->refused)
		LOG(LOG_ERROR, "refused by elasticsearch, and set aside: MySQL finds them",
		    LOG_N("messages", r->refused), LOG_N("chat", r->refused_chat),
		    LOG_N("number", r->refused_number), LOG_S("error", r->why));
	if (r->raised)
		LOG(LOG_WARN, "elasticsearch had higher versions: they are told again", LOG_N("messages", r->raised));
	metrics_add(m, METRICS_INDEXED, "index", r->indexed);
	metrics_add(m, METRICS_INDEXED, "delete", r->deleted);
	metrics_add(m, METRICS_REFUSED, NULL, r->refused);
	if (r->rows)
		LOG(LOG_DEBUG, "batch", LOG_N("rows", r->rows), LOG_N("indexed", r->indexed),
		    LOG_N("deleted", r->deleted));
}

/* ------------------------------------------------------------------ a new index */

static void say_step(struct indexing *x, int result)
{
	const struct rebuild *r = &x->rebuild;

	metrics_add(&x->w->metrics, METRICS_INDEXED, "fill", r->told);
	metrics_add(&x->w->metrics, METRICS_REFUSED, NULL, r->refused);
	if (result == REBUILD_DONE)
		LOG(LOG_INFO, "searches use a new index", LOG_S("index", r->state.active.name),
		    LOG_N("rows", r->backfill.done));
	else if (r->state.phase != x->phase)
		LOG(LOG_INFO, "a new index is being built", LOG_S("phase", search_phase_name(r->state.phase)),
		    LOG_S("index", r->state.building.name));
	x->phase = r->state.phase;
}

/* A step of it, unless somebody does them by hand or on another machine. 1: there is more to do; 0; -1 */
static int build(struct indexing *x, struct err *e)
{
	struct db *db = &x->w->db;
	struct search_state s;
	int rc, taken;

	if (search_state_read(db, &s, e))
		return -1;
	if (s.phase == SEARCH_IDLE)
		return 0;
	rc = rebuild_free(db, REBUILD_HAND, e);
	if (rc < 1)
		return rc;
	taken = rebuild_take(db, REBUILD_STEPS, e);
	if (taken < 1)
		return taken;
	rc = rebuild_step(&x->rebuild, e);
	if (rc >= 0)
		say_step(x, rc);
	if (db->link) /* else the lock went with it */
		rebuild_release(db, REBUILD_STEPS, NULL);
	return rc < 0 ? -1 : rc == REBUILD_STEP;
}

/* ------------------------------------------------------------------ the loop */

/* Without MySQL nothing goes on at all; without Elasticsearch the jobs do. */
static void failed(struct indexing *x, const struct err *e)
{
	if (stop_asked())
		return;
	if (e->code != ERR_ELASTIC) {
		worker_back_off(x->w, "cannot index", e);
		return;
	}
	metrics_add(&x->w->metrics, METRICS_INDEX_FAILURES, NULL, 1);
	begin_pause(&x->elastic, x->w->conf.index_back_off_ms);
	LOG(LOG_WARN, "cannot index", LOG_S("error", e->text), LOG_N("pause_ms", x->elastic.ms));
}

/* True: there is more to do at once. */
static bool do_index(struct indexing *x)
{
	struct err e = ERR_INIT;
	int told, more;

	if (!is_over(&x->elastic))
		return false;
	metrics_begin(&x->w->metrics);
	told = indexer_run(&x->indexer, &e);
	if (told != INDEXER_BUSY)
		say(x);
	more = told < 0 ? -1 : build(x, &e);
	metrics_end(&x->w->metrics);
	if (more < 0) {
		failed(x, &e);
		return false;
	}
	x->elastic.ms = 0;
	worker_went_well(x->w);
	return more || (told == INDEXER_TOLD && x->indexer.report.more);
}

static void loop(struct indexing *x)
{
	while (worker_goes_on(x->w)) {
		int64_t next = clock_mono_ms() + x->w->conf.index_ms;
		bool jobs = do_jobs(x), more = do_index(x);

		if (!jobs && !more)
			worker_rest(x->w, next);
	}
}

static void run(struct worker *w)
{
	struct indexing *x = calloc(1, sizeof(*x));
	struct err e = ERR_INIT;

	if (!x || elastic_init(&x->el, &w->conf, &e)) {
		LOG(LOG_ERROR, "cannot start", LOG_S("error", x ? e.text : "out of memory"));
		free(x);
		return;
	}
	x->w = w;
	x->el.metrics = &w->metrics;
	indexer_init(&x->indexer, &w->db, &x->el);
	rebuild_init(&x->rebuild, &w->db, &x->el);
	loop(x);
	rebuild_clear(&x->rebuild);
	indexer_clear(&x->indexer);
	elastic_clear(&x->el);
	free(x);
}

int main(int argc, char **argv)
{
	static const struct worker_kind kind = {
		.name = "index",
		.purpose = "Keeps Elasticsearch up to date. Without ELASTICSEARCH_URL there is nothing to do, and it ends.",
		.queue = JOB_QUEUE_INDEX,
		.role = DB_ROLE_INDEX,
		.wanted = elastic_configured,
	};

	return worker_main(&kind, argc, argv, run);
}
