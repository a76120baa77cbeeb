/* recount: checks the counts of a chat or an application against its rows, and corrects them.
 *
 * persist keeps them exact in its own transactions; other writers (a Rails worker) may not. A check
 * is one statement, so it reads both in one snapshot and takes no lock; only what differs is locked
 * and counted again. */
#include <stdlib.h>

#include "clock.h"
#include "health.h"
#include "key.h"
#include "log.h"
#include "worker.h"

#define SLOW_MS 50    /* a check of a big chat */
#define REST_FACTOR 4 /* is followed by a pause of so many times its length, */
#define REST_MAX_MS 5000

struct subject { /* a job class and its statements */
	enum job_class class;
	enum db_query count, lock, set;
};

static const struct subject subjects[] = {
	{ JOB_COUNT_MESSAGES, DB_RECOUNT_MESSAGES, DB_RECOUNT_MESSAGES_LOCK,
	  DB_RECOUNT_MESSAGES_SET },
	{ JOB_COUNT_CHATS, DB_RECOUNT_CHATS, DB_RECOUNT_CHATS_LOCK, DB_RECOUNT_CHATS_SET },
};

struct counts {
	uint64_t rows, living, last;
};

static const struct subject *find_subject(enum job_class class)
{
	size_t i;

	for (i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		if (subjects[i].class == class)
			return &subjects[i];
	return NULL;
}

/* 1: the counts differ; 0: they are right, or there is nothing to count; -1 */
static int check(struct db *db, const struct subject *s, uint64_t id, struct counts *says,
		 struct counts *is, struct err *e)
{
	const struct db_value at[] = { DB_U64(id) };
	int rc = db_row(db, s->count, at, 1, e);

	if (rc < 1)
		return rc;
	*says = (struct counts){ db_number(db, 0), db_number(db, 1), db_number(db, 2) };
	*is = (struct counts){ db_number(db, 3), db_number(db, 4), db_number(db, 5) };
	db_done(db);
	return is->rows != says->rows || is->living != says->living || is->last > says->last;
}

static int correct_locked(struct db *db, const struct subject *s, uint64_t id, struct err *e)
{
	const struct db_value at[] = { DB_U64(id) };
	struct counts says = { 0 }, is = { 0 };
	int differs;

	if (db_plain(db, DB_BEGIN, e) || db_run(db, s->lock, at, 1, NULL, e))
		return -1;
	differs = check(db, s, id, &says, &is, e);
	if (differs < 0)
		return -1;
	const struct db_value now[] = { DB_U64(is.rows), DB_U64(is.living), DB_U64(is.last),
					DB_U64(id) };
	if ((differs && db_run(db, s->set, now, 1, NULL, e)) || db_plain(db, DB_COMMIT, e))
		return -1;
	if (!differs)
		return 0;
	metrics_add(db->metrics, METRICS_CORRECTED, job_class_name(s->class), 1);
	LOG(LOG_WARN, "counts corrected", LOG_S("class", job_class_name(s->class)),
	    LOG_N("id", id), LOG_N("stored", is.rows), LOG_N("was_stored", says.rows),
	    LOG_N("living", is.living), LOG_N("was_living", says.living));
	return 0;
}

static int correct(struct db *db, const struct subject *s, uint64_t id, struct err *e)
{
	int rc = correct_locked(db, s, id, e);

	if (rc)
		db_rollback(db);
	return rc;
}

/* From now on another job for the same parent may wait: what comes after this is for it. */
static int not_pending(struct worker *w, const struct job *j, struct err *e)
{
	char key[KEY_MAX];

	return redis_delete(&w->redis, key_pending(key, job_class_name(j->class), j->id), e);
}

static int recount(struct worker *w, const struct job *j, struct err *e)
{
	const struct subject *s = find_subject(j->class);
	struct counts says, is;
	int differs;

	if (not_pending(w, j, e))
		return -1;
	differs = check(&w->db, s, j->id, &says, &is, e);
	return differs > 0 ? correct(&w->db, s, j->id, e) : differs;
}

static int forward(const struct job *j, struct outcome *o, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc;

	buf_add(&text, j->text, j->len);
	rc = outcome_forward(o, j->class, &text, e);
	buf_clear(&text);
	return rc;
}

/* Counted, or where else it belongs. */
static int one(struct worker *w, const struct batch *b, const struct job *j, struct outcome *o,
	       struct err *e)
{
	if (j->fault)
		return outcome_bury(o, j, "BadArguments", j->fault, e);
	if (batch_interrupted(b) && j->class != JOB_UNKNOWN)
		return outcome_bury(o, j, QUEUE_INTERRUPTED, QUEUE_INTERRUPTED_MESSAGE, e);
	return find_subject(j->class) ? recount(w, j, e) : forward(j, o, e);
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
		"recount", "Checks the counts of chats and applications, and corrects them.",
		JOB_QUEUE_COUNTS, false,
	};

	return worker_main(&kind, argc, argv, run);
}
