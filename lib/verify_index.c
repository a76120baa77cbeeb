/* Compares MySQL with Elasticsearch. */
#include <stdio.h>
#include <string.h>

#include "elastic_index.h"
#include "index_compare.h"
#include "key.h"
#include "outbox.h"
#include "search_state.h"
#include "verify.h"

#define RANGES_MAX 100 /* of a chat that are told one by one */
#define LLU(n) ((unsigned long long)(n))

enum kind { LACKS, DIFFERS, LEFT };

struct looking {
	struct verify *v;
	struct difference run; /* messages side by side that are alike; from 0: none */
	enum kind kind;
	uint64_t ranges;       /* of the chat at hand that were told */
	bool many;             /* run stands for all further ones of the chat */
};

static enum kind kind_of(const struct compare_finding *f)
{
	return !f->found ? LACKS : f->living ? DIFFERS : LEFT;
}

static void say(struct looking *l)
{
	static const char *const what[][2] = {
		[LACKS] = { "is not in the index", "are not in the index" },
		[DIFFERS] = { "is in the index with another version", "are in the index with other versions" },
		[LEFT] = { "is in the index, and no more in MySQL", "are in the index, and no more in MySQL" },
	};
	struct difference *d = &l->run;

	if (l->many)
		snprintf(d->detail, sizeof(d->detail), "%llu more messages from %lu to %lu are not in the index as they are",
			 LLU(d->missing), (unsigned long)d->from, (unsigned long)d->to);
	else if (d->from == d->to)
		snprintf(d->detail, sizeof(d->detail), "message %lu %s", (unsigned long)d->from, what[l->kind][0]);
	else
		snprintf(d->detail, sizeof(d->detail), "messages %lu to %lu %s", (unsigned long)d->from,
			 (unsigned long)d->to, what[l->kind][1]);
}

/* Tells the run at hand. 0 or -1 */
static int end_run(struct looking *l, struct err *e)
{
	struct difference *d = &l->run;

	if (!d->from)
		return 0;
	if (verify_name(l->v, key_chat_application(d->id), e))
		return -1;
	memcpy(d->token, l->v->token, sizeof(d->token));
	say(l);
	if (verify_found(l->v, d, e))
		return -1;
	d->from = 0;
	l->ranges++;
	l->many = false;
	return 0;
}

static bool goes_on(const struct looking *l, const struct compare_finding *f)
{
	const struct difference *d = &l->run;

	if (!d->from || d->id != f->chat)
		return false;
	return l->many || (l->kind == kind_of(f) && (uint64_t)d->to + 1 == f->number);
}

static int found(void *arg, const struct compare_finding *f, struct err *e)
{
	struct looking *l = arg;
	struct difference *d = &l->run;
	bool another = d->id != f->chat;

	if (goes_on(l, f)) {
		d->to = f->number;
		d->missing++;
		return 0;
	}
	if (end_run(l, e))
		return -1;
	l->ranges = another ? 0 : l->ranges;
	l->many = l->ranges == RANGES_MAX;
	l->kind = kind_of(f);
	*d = (struct difference){ .kind = DIFFERENCE_INDEX, .id = f->chat, .chat = key_chat_number(f->chat), .there = true,
				  .from = f->number, .to = f->number, .missing = 1 };
	return 0;
}

/* 1: searches use the index that this database has filled; 0: that was said; -1 */
static int see_alias(struct verify *v, struct err *e)
{
	const char *alias = v->elastic->conf->elasticsearch_index;
	struct difference d = { .kind = DIFFERENCE_NO_INDEX };
	struct elastic_look l;
	struct search_state s;

	if (search_state_read(v->db, &s, e) || elastic_index_look(v->elastic, alias, &l, e))
		return -1;
	if (l.n == 1 && !strcmp(l.index.uuid, s.active.uuid))
		return 1;
	if (!l.n)
		snprintf(d.detail, sizeof(d.detail), "elasticsearch: there is no index behind %.80s: MySQL searches", alias);
	else
		snprintf(d.detail, sizeof(d.detail), "elasticsearch: %.80s leads to %.80s, which this database has not filled",
			 alias, l.index.name);
	return verify_found(v, &d, e);
}

/* An error of Elasticsearch may repeat what a message says, and a terminal would take it for its own. */
static void add_plain(char *out, size_t size, const char *text)
{
	size_t len = strlen(out);

	for (; *text && len + 1 < size; text++)
		out[len++] = (char)(*text >= ' ' && *text <= '~' ? *text : '?');
	out[len] = '\0';
}

static int see_refused(struct verify *v, uint64_t from, uint64_t to, struct err *e)
{
	const struct db_value range[] = { DB_U64(from), DB_U64(to) };
	struct difference d = { .kind = DIFFERENCE_REFUSED, .id = v->application };
	uint64_t n, chat, number;
	int rc;

	if (db_row(v->db, DB_OUTBOX_COUNT_REFUSED, range, 1, e) < 1)
		return -1;
	n = db_number(v->db, 0);
	db_done(v->db);
	rc = db_row(v->db, DB_OUTBOX_FIRST_REFUSED, range, 1, e);
	if (rc < 1)
		return rc;
	chat = db_number(v->db, 0);
	number = db_number(v->db, 1);
	snprintf(d.detail, sizeof(d.detail), "elasticsearch refused %llu change%s, the first of message %llu of chat %lu: ",
		 LLU(n), n == 1 ? "" : "s", LLU(number), (unsigned long)key_chat_number(chat));
	add_plain(d.detail, sizeof(d.detail), db_text(v->db, 2, NULL));
	db_done(v->db);
	if (v->application || !verify_name(v, key_chat_application(chat), e))
		memcpy(d.token, v->token, sizeof(d.token));
	return verify_found(v, &d, e);
}

static int compare(struct looking *l, struct index_compare *c, uint64_t from, uint64_t to, struct err *e)
{
	uint64_t chat = from;
	int rc;

	do
		rc = index_compare_some(c, &chat, to, e);
	while (rc > 0);
	for (chat = 0, rc = rc < 0 ? -1 : !l->v->application; rc > 0;)
		rc = index_compare_gone(c, &chat, e);
	return rc ? -1 : end_run(l, e);
}

int verify_index(struct verify *v, struct err *e)
{
	const uint64_t a = v->application, from = a << 32, to = a ? from | KEY_NUMBER_MAX : KEY_POSITION_MAX;
	struct looking l = { .v = v };
	struct index_compare c = { .db = v->db, .index = { v->elastic, v->elastic->conf->elasticsearch_index,
							v->elastic->conf->index_timeout_ms },
				   .found = found, .arg = &l, .progress = &v->progress };
	int rc = see_alias(v, e);

	if (rc < 1)
		return rc;
	if (see_refused(v, from, to, e))
		return -1;
	progress_begin(&v->progress, "index", v->chats);
	rc = compare(&l, &c, from, to, e);
	v->documents = c.documents;
	index_compare_clear(&c);
	progress_end(&v->progress);
	return rc;
}
