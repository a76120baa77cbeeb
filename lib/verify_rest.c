/* What verify looks at beside applications and chats. */
#include <stdio.h>
#include <string.h>

#include "entry.h"
#include "jobset.h"
#include "key.h"
#include "verify.h"

#define LLU(n) ((unsigned long long)(n))

/* ------------------------------------------------------------------ how far Redis is */

static int see_mark(struct verify *v, struct err *e)
{
	struct difference d = { .kind = DIFFERENCE_BEHIND };
	uint64_t mark, seq = 0;
	int there;

	/* the mark first: queue_seq is at least that by then */
	if (db_row(v->db, DB_TOOL_HISTORY, NULL, 1, e) < 1)
		return -1;
	mark = db_number(v->db, 2);
	db_done(v->db);
	there = redis_get_number(v->redis, KEY_QUEUE_SEQ, &seq, e);
	if (there < 0)
		return -1;
	if (!mark || (there && seq >= mark))
		return 0;
	if (there)
		snprintf(d.detail, sizeof(d.detail),
			 "redis: queue_seq is %llu, MySQL has seen %llu: it has gone back", LLU(seq), LLU(mark));
	else
		snprintf(d.detail, sizeof(d.detail),
			 "redis: queue_seq is missing, MySQL has seen %llu: it has gone back", LLU(mark));
	return verify_found(v, &d, e);
}

static int see_losses(struct verify *v, struct err *e)
{
	uint64_t known, seq;
	int rc;

	if (db_query(v->db, DB_VERIFY_LOSSES, NULL, 1, e))
		return -1;
	while ((rc = db_next(v->db, e)) > 0) {
		struct difference d = { .kind = DIFFERENCE_LOSS, .id = db_number(v->db, 0) };

		known = db_number(v->db, 1);
		seq = db_number(v->db, 3);
		if (db_number(v->db, 2))
			snprintf(d.detail, sizeof(d.detail),
				 "redis: went back at %.19s: queue_seq was %llu, MySQL had seen %llu, so at least %llu "
				 "writes were turned back",
				 db_text(v->db, 4, NULL), LLU(seq), LLU(known), LLU(known > seq ? known - seq : 0));
		else
			snprintf(d.detail, sizeof(d.detail),
				 "redis: went back at %.19s: it had lost all, MySQL had seen queue_seq %llu",
				 db_text(v->db, 4, NULL), LLU(known));
		if (verify_found(v, &d, e)) {
			rc = -1;
			break;
		}
	}
	db_done(v->db);
	return rc < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------ entries */

struct place {
	struct verify *v;
	const char *name;
	bool scheduled;
};

static int see_entry(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct place *p = arg;
	struct difference d = { .kind = DIFFERENCE_ENTRY };
	const char *fault;
	struct job j;

	progress_add(&p->v->progress, 1);
	if (job_parse(&j, entry->text, entry->len, 0, e))
		return -1;
	fault = entry_fault(&j, p->scheduled);
	if (!fault)
		return 0;
	/* a jid is somebody else's text: only a plain one is shown */
	if (*j.jid && !j.jid[strspn(j.jid, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-")])
		snprintf(d.detail, sizeof(d.detail), "%s: job %s at %.32s: %s", p->name, j.jid, entry->score,
			 fault);
	else
		snprintf(d.detail, sizeof(d.detail), "%s: the job at %.32s: %s", p->name, entry->score, fault);
	return verify_found(p->v, &d, e);
}

static int see_entries(struct verify *v, struct err *e)
{
	struct place places[] = { { v, KEY_RETRY, false }, { v, KEY_SCHEDULE, true }, { v, KEY_DEAD, false } };
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct jobset_visitor visitor = { see_entry, &places[i] };

		if (jobset_scan(v->redis, places[i].name, &visitor, e))
			return -1;
	}
	return 0;
}

int verify_rest(struct verify *v, struct err *e)
{
	int rc;

	progress_begin(&v->progress, "failed jobs", 0);
	rc = see_mark(v, e) || see_losses(v, e) || see_entries(v, e) ? -1 : 0;
	progress_end(&v->progress);
	return rc;
}

/* ------------------------------------------------------------------ renumbered */

/* Of one application after the other: its name is asked for between two of them. */
int verify_renumbered(struct verify *v, struct err *e)
{
	const uint64_t a = v->application;
	const struct db_value range[] = { DB_U64(a << 32), DB_U64(a ? a << 32 | KEY_NUMBER_MAX : INT64_MAX) };
	struct buf rows = BUF_INIT;
	const uint64_t *row;
	size_t i, n;
	int rc;

	if (!v->renumbered)
		return 0;
	if (db_query(v->db, DB_VERIFY_RENUMBERED, range, 1, e))
		return -1;
	while ((rc = db_next(v->db, e)) > 0) {
		const uint64_t one[3] = { db_number(v->db, 0), db_number(v->db, 1), db_number(v->db, 2) };

		buf_add(&rows, one, sizeof(one));
	}
	if (rows.failed)
		rc = err_memory(e);
	row = (const void *)rows.data;
	n = rows.len / (3 * sizeof(*row));
	for (i = 0; i < n && !rc; i++, row += 3) {
		struct renumbered r = { .chat = key_chat_number(row[0]), .number = (uint32_t)row[1],
					.given_number = (uint32_t)row[2] };

		rc = verify_name(v, key_chat_application(row[0]), e);
		memcpy(r.token, v->token, sizeof(r.token));
		rc = rc ? rc : v->renumbered(v->arg, &r, e);
	}
	buf_clear(&rows);
	return rc < 0 ? -1 : 0;
}
