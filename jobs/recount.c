/* recount: checks the counts of a chat or an application against its rows, and corrects them.
 *
 * persist keeps them exact in its own transactions; other writers (a Rails worker) may not. A check
 * reads both in one snapshot and takes no lock; only what differs is locked and counted again. */
#include <stdlib.h>

#include "clock.h"
#include "key.h"
#include "log.h"
#include "worker.h"

#define REST_FACTOR 4 /* a check that took long is followed by a pause of so many times its length */

struct subject { /* a job class and its statements */
	enum job_class class;
	enum db_query count, read, lock, set;
};

static const struct subject subjects[] = {
	{ JOB_COUNT_MESSAGES, DB_RECOUNT_MESSAGES, DB_RECOUNT_CHAT, DB_RECOUNT_CHAT_LOCK,
	  DB_RECOUNT_CHAT_SET },
	{ JOB_COUNT_CHATS, DB_RECOUNT_CHATS, DB_RECOUNT_APPLICATION, DB_RECOUNT_APPLICATION_LOCK,
	  DB_RECOUNT_APPLICATION_SET },
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

/* 1: there; 0: no such row; -1 */
static int read_counts(struct db *db, enum db_query query, uint64_t id, struct counts *c,
		       struct err *e)
{
	const struct db_value at[] = { DB_U64(id) };
	int rc = db_row(db, query, at, 1, e);

	if (rc < 1)
		return rc;
	*c = (struct counts){ db_number(db, 0), db_number(db, 1), db_number(db, 2) };
	db_done(db);
	return 1;
}

/* The parent comes first: when that locks it, nobody adds rows behind the count; in a snapshot the
 * order does not matter. */
static int read_both(struct db *db, const struct subject *s, enum db_query said, uint64_t id,
		     struct counts *is, struct counts *says, struct err *e)
{
	int there = read_counts(db, said, id, says, e);

	return there < 1 ? there : read_counts(db, s->count, id, is, e);
}

static bool differ(const struct counts *is, const struct counts *says)
{
	return is->rows != says->rows || is->living != says->living || is->last > says->last;
}

/* 1: the counts differ; 0: they are right (or there is nothing to count) */
static int check(struct db *db, const struct subject *s, uint64_t id, struct err *e)
{
	struct counts is = { 0 }, says = { 0 };
	int there;

	if (db_plain(db, DB_SNAPSHOT_ISOLATION, e) || db_plain(db, DB_SNAPSHOT, e))
		return -1;
	there = read_both(db, s, s->read, id, &is, &says, e);
	if (there >= 0 && db_plain(db, DB_COMMIT, e))
		return -1;
	return there < 1 ? there : differ(&is, &says);
}

static int correct(struct db *db, const struct subject *s, uint64_t id, struct err *e)
{
	struct counts is = { 0 }, says = { 0 };

	if (db_plain(db, DB_BEGIN, e) || read_both(db, s, s->lock, id, &is, &says, e) < 0)
		return -1;
	const struct db_value now[] = { DB_U64(is.rows), DB_U64(is.living), DB_U64(is.last),
					DB_U64(id) };
	if (db_run(db, s->set, now, 1, NULL, e) || db_plain(db, DB_COMMIT, e))
		return -1;
	LOG(LOG_WARN, "counts corrected", LOG_S("class", job_class_name(s->class)), LOG_N("id", id),
	    LOG_N("stored", is.rows), LOG_N("was_stored", says.rows), LOG_N("living", is.living),
	    LOG_N("was_living", says.living));
	return 0;
}

/* From now on another job for the same parent may wait: what comes after this is for it. */
static int not_pending(struct worker *w, const struct job *j, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;

	redis_command(&c, "DEL");
	redis_arg(&c, key_pending(key, job_class_name(j->class), j->id));
	return redis_send(&w->redis, &c, NULL, e);
}

static int recount(struct worker *w, const struct job *j, struct err *e)
{
	const struct subject *s = find_subject(j->class);
	int differs;

	if (not_pending(w, j, e))
		return -1;
	differs = check(&w->db, s, j->id, e);
	if (differs < 0 || (differs && correct(&w->db, s, j->id, e))) {
		if (w->db.link)
			db_plain(&w->db, DB_ROLLBACK, NULL);
		return -1;
	}
	return 0;
}

/* Not ours, or no sense in it: to its own queue, or buried. */
static int pass_on(const struct job *j, struct outcome *o, struct err *e)
{
	const struct job_failure why = { "BadArguments", j->fault ? j->fault : "", clock_wall_us() };
	struct buf text = BUF_INIT;
	int rc;

	if (j->fault) {
		o->failed++;
		rc = job_failed(j, &why, &text, e) || outcome_dead(o, &text, e) ? -1 : 0;
	} else {
		buf_add(&text, j->text, j->len);
		rc = outcome_forward(o, j->class, &text, e);
	}
	buf_clear(&text);
	return rc;
}

static int each(struct worker *w, const struct batch *b, struct outcome *o, struct err *e)
{
	size_t i;

	o->processed = b->n;
	for (i = 0; i < b->n; i++) {
		const struct job *j = &b->jobs[i];
		int rc;

		worker_alarm(w->conf.batch_timeout_ms); /* each may be a big chat */
		rc = j->fault || !find_subject(j->class) ? pass_on(j, o, e) : recount(w, j, e);

		if (rc || queue_renew(&w->queue, e) < 1)
			return -1;
	}
	return 0;
}

static void work(struct worker *w, struct batch *b)
{
	int64_t began = clock_mono_ms(), took;
	struct outcome o = { 0 };
	struct err e = ERR_INIT;

	if (each(w, b, &o, &e) || queue_finish(&w->queue, &o, &e) < 0)
		worker_back_off(w, "cannot count", &e);
	worker_alarm(0);
	outcome_clear(&o);
	/* a chat of a million messages takes a while to count: leave the disk to the others, too */
	took = clock_mono_ms() - began;
	if (worker_goes_on(w) && took > 50)
		clock_sleep_ms(took * REST_FACTOR > 5000 ? 5000 : took * REST_FACTOR);
}

int main(int argc, char **argv)
{
	static const struct worker_kind kind = {
		"recount", "Checks the counts of chats and applications, and corrects them.",
		JOB_QUEUE_COUNTS, false,
	};
	struct worker w;
	int status;

	if (!worker_start(&w, &kind, argc, argv, &status))
		return status;
	worker_loop(&w, work);
	worker_end(&w);
	return 0;
}
