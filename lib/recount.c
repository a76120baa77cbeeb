/* Checks counts and corrects them. */
#include "recount.h"

#include <string.h>

struct subject { /* a job class and its statements */
	enum job_class class;
	enum db_query count, lock, set;
};

static const struct subject subjects[] = {
	{ JOB_COUNT_MESSAGES, DB_RECOUNT_MESSAGES, DB_RECOUNT_MESSAGES_LOCK,
	  DB_RECOUNT_MESSAGES_SET },
	{ JOB_COUNT_CHATS, DB_RECOUNT_CHATS, DB_RECOUNT_CHATS_LOCK, DB_RECOUNT_CHATS_SET },
};

static const struct subject *find_subject(enum job_class class)
{
	size_t i;

	for (i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		if (subjects[i].class == class)
			return &subjects[i];
	return NULL;
}

bool recount_knows(enum job_class class)
{
	return find_subject(class);
}

/* 1: the counts differ; 0: they are right, or there is nothing to count; -1 */
static int check(struct db *db, const struct subject *s, uint64_t id, struct recount *r, struct err *e)
{
	const struct db_value at[] = { DB_U64(id) };
	int rc = db_row(db, s->count, at, 1, e);

	if (rc < 1)
		return rc;
	r->was.rows = db_number(db, 0);
	r->was.living = db_number(db, 1);
	r->was.last = db_number(db, 2);
	r->is.rows = db_number(db, 3);
	r->is.living = db_number(db, 4);
	r->is.last = db_number(db, 5);
	db_done(db);
	return r->is.rows != r->was.rows || r->is.living != r->was.living || r->is.last > r->was.last;
}

static int correct_locked(struct db *db, const struct subject *s, uint64_t id, struct recount *r,
			  struct err *e)
{
	const struct db_value at[] = { DB_U64(id) };
	int differs;

	if (db_plain(db, DB_BEGIN, e) || db_run(db, s->lock, at, 1, NULL, e))
		return -1;
	differs = check(db, s, id, r, e);
	if (differs < 0)
		return -1;
	const struct db_value now[] = { DB_U64(r->is.rows), DB_U64(r->is.living), DB_U64(r->is.last),
					DB_U64(id) };
	if ((differs && db_run(db, s->set, now, 1, NULL, e)) || db_plain(db, DB_COMMIT, e))
		return -1;
	r->corrected = differs;
	return 0;
}

int recount(struct db *db, enum job_class class, uint64_t id, struct recount *r, struct err *e)
{
	const struct subject *s = find_subject(class);
	int rc;

	memset(r, 0, sizeof(*r));
	rc = check(db, s, id, r, e);
	if (rc < 1)
		return rc;
	rc = correct_locked(db, s, id, r, e);
	if (rc)
		db_rollback(db);
	return rc;
}
