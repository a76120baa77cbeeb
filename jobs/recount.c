/* recount: checks the counts of a chat or an application against its rows, and corrects them.
 *
 * persist keeps them exact in its own transactions; other writers (a Rails worker) may not. */
#include "clock.h"
#include "health.h"
#include "key.h"
#include "log.h"
#include "recount.h"
#include "worker.h"

#define SLOW_MS 50    /* a check of a big chat */
#define REST_FACTOR 4 /* is followed by a pause of so many times its length, */
#define REST_MAX_MS 5000

/* From now on another job for the same parent may wait: what comes after this is for it. */
static int not_pending(struct worker *w, const struct job *j, struct err *e)
{
	char key[KEY_MAX];

	return redis_delete(&w->redis, key_pending(key, job_class_name(j->class), j->id), e);
}

static int count(struct worker *w, const struct job *j, struct err *e)
{
	struct recount r;

	if (not_pending(w, j, e) || recount(&w->db, j->class, j->id, &r, e))
		return -1;
	if (!r.corrected)
		return 0;
	metrics_add(&w->metrics, METRICS_CORRECTED, job_class_name(j->class), 1);
	LOG(LOG_WARN, "counts corrected", LOG_S("class", job_class_name(j->class)), LOG_N("id", j->id),
	    LOG_N("stored", r.is.rows), LOG_N("was_stored", r.was.rows), LOG_N("living", r.is.living),
	    LOG_N("was_living", r.was.living));
	return 0;
}

/* Counted, or where else it belongs. */
static int one(struct worker *w, const struct batch *b, const struct job *j, struct outcome *o,
	       struct err *e)
{
	if (j->fault)
		return outcome_bury(o, j, "BadArguments", j->fault, e);
	if (batch_interrupted(b) && j->class != JOB_UNKNOWN)
		return outcome_bury(o, j, QUEUE_INTERRUPTED, QUEUE_INTERRUPTED_MESSAGE, e);
	return recount_knows(j->class) ? count(w, j, e) : outcome_forward(o, j, e);
}

/* Takes longer than MySQL may take to answer: it would do so again, and hold up all others. It is asked
 * for again when its chat changes. */
static bool is_too_much(struct worker *w, const struct job *j, const struct err *e)
{
	if (e->code != ERR_DB || !health_mysql(&w->db))
		return false;
	LOG(LOG_ERROR, "count given up", LOG_S("class", job_class_name(j->class)), LOG_N("id", j->id),
	    LOG_S("error", e->text));
	return true;
}

/* *slow_ms: what the slow ones among them took. */
static int each(struct worker *w, const struct batch *b, struct outcome *o, int64_t *slow_ms,
		struct err *e)
{
	int64_t began, took, renewed = clock_mono_ms();
	size_t i;

	outcome_processed(o, b);
	for (i = 0; i < b->n; i++) {
		const struct job *j = &b->jobs[i];
		int rc;

		worker_alarm(w->conf.batch_timeout_ms); /* each may be a big chat */
		began = clock_mono_ms();
		rc = one(w, b, j, o, e);
		if (rc && !is_too_much(w, j, e))
			return -1;
		took = clock_mono_ms() - began;
		if (began + took - renewed >= w->conf.lease_ms / 6) {
			renewed = began + took;
			if (queue_renew(&w->queue, e) < 1)
				return -1;
		}
		*slow_ms += took > SLOW_MS ? took : 0;
	}
	return 0;
}

static void work(struct worker *w, struct batch *b)
{
	struct outcome o = { 0 };
	struct err e = ERR_INIT;
	int64_t slow_ms = 0, rest_ms;

	if (each(w, b, &o, &slow_ms, &e) || queue_finish(&w->queue, &o, &e) < 0)
		worker_back_off(w, "cannot count", &e);
	else
		worker_went_well(w);
	worker_alarm(0);
	outcome_clear(&o);
	/* a chat of a million messages takes a while to count: leave the disk to the others, too */
	rest_ms = slow_ms * REST_FACTOR > REST_MAX_MS ? REST_MAX_MS : slow_ms * REST_FACTOR;
	if (worker_goes_on(w))
		clock_sleep_ms(rest_ms);
}

static void run(struct worker *w)
{
	worker_loop(w, work);
}

int main(int argc, char **argv)
{
	static const struct worker_kind kind = {
		.name = "recount",
		.purpose = "Checks the counts of chats and applications, and corrects them.",
		.queue = JOB_QUEUE_COUNTS,
		.role = DB_ROLE_JOB,
	};

	return worker_main(&kind, argc, argv, run);
}
