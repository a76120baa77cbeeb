/* Compares Redis and MySQL. */
#include "verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "key.h"
#include "verify_look.h"

#define PAUSE_MS 200 /* between two looks at the same: what was in work has settled */
#define SCAN_COUNT 1000

static int suspect(struct look *l, uint64_t id, struct err *e)
{
	struct suspect s;

	memset(&s, 0, sizeof(s));
	s.id = id;
	return buf_add(&l->suspects, &s, sizeof(s)) ? err_memory(e) : 0;
}

int verify_name(struct verify *v, uint64_t application, struct err *e)
{
	const struct db_value id[] = { DB_U64(application) };
	int rc;

	if (v->token_of == application)
		return 0;
	rc = db_row(v->db, DB_VERIFY_TOKEN, id, 1, e);
	if (rc < 0)
		return -1;
	snprintf(v->token, sizeof(v->token), "%s", rc ? db_text(v->db, 0, NULL) : "");
	v->token_deleted = rc ? db_number(v->db, 1) : false;
	v->token_of = application;
	db_done(v->db);
	return 0;
}

int verify_found(struct verify *v, const struct difference *d, struct err *e)
{
	v->differences++;
	progress_end(&v->progress);
	return v->found(v->arg, d, e);
}

/* ------------------------------------------------------------------ the first look */

/* Nothing to look at twice: all numbers were given to rows, and all agree. */
static bool is_plain(const struct look *l, const struct parent_state *s)
{
	if (s->deleted || s->parent_gone)
		return !s->counter_there && !(s->purged && s->is.living + s->is.stored);
	return s->counter_there && s->says.stored == s->is.stored && s->says.living == s->is.living &&
	       s->says.last == s->is.last && s->is.stored == s->is.last && s->counter == s->is.last &&
	       waiting_highest(&l->waiting, s->id) <= s->counter;
}

static int first_page(struct look *l, const struct parent_kind *k, struct parent_state *s, uint64_t after,
		      uint64_t upto, size_t *n, struct err *e)
{
	struct verify *v = l->v;
	uint64_t rows = 0;
	size_t i;

	if (parent_states_begin(v->db, e) || parent_states_list(v->db, k, after, upto, s, n, e) ||
	    parent_states_count(v->db, k, s, *n, &v->progress, &rows, e) || parent_states_end(v->db, e) ||
	    parent_states_counters(v->redis, s, *n, e))
		return -1;
	for (i = 0; i < *n; i++)
		if (!is_plain(l, &s[i]) && suspect(l, s[i].id, e))
			return -1;
	*(k->chats ? &v->chats : &v->applications) += *n;
	v->messages += k->chats ? rows : 0;
	progress_add(&v->progress, k->chats ? *n : 0);
	return 0;
}

static int first_look(struct look *l, const struct parent_kind *k, uint64_t after, uint64_t upto, struct err *e)
{
	struct parent_state s[PARENT_STATE_PAGE];
	size_t n;

	do {
		if (first_page(l, k, s, after, upto, &n, e)) {
			if (l->v->db->in_transaction)
				db_rollback(l->v->db);
			return -1;
		}
		after = n ? s[n - 1].id : after;
	} while (n == PARENT_STATE_PAGE);
	return 0;
}

/* ------------------------------------------------------------------ chats that have no row */

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_asked_for(const struct verify *v, uint64_t chat)
{
	return key_chat_valid(chat) && (!v->application || key_chat_application(chat) == v->application);
}

static void add_id(struct look *l, uint64_t chat)
{
	if (is_asked_for(l->v, chat))
		buf_add(&l->ids, &chat, sizeof(chat));
}

/* Chats of jobs, and those that are queued. */
static void ids_of_jobs(struct look *l)
{
	size_t n, i;
	const struct waiting_number *w = waiting_all(&l->waiting, &n);

	for (i = 0; i < n; i++)
		if (w[i].parent >= KEY_APPLICATION_LIMIT && (!i || w[i].parent != w[i - 1].parent))
			add_id(l, w[i].parent);
		else if (w[i].parent < KEY_APPLICATION_LIMIT)
			add_id(l, key_chat_id(w[i].parent, w[i].number));
}

/* Chats that have a counter. */
static int ids_of_counters(struct look *l, struct err *e)
{
	char cursor[24] = "0";
	struct redis_call c;
	redisReply *reply;
	uint64_t chat;
	size_t i;

	do {
		redis_command(&c, "SCAN");
		redis_arg(&c, cursor);
		redis_arg(&c, "MATCH");
		redis_arg(&c, KEY_MESSAGE_COUNTERS);
		redis_arg(&c, "COUNT");
		redis_arg_number(&c, SCAN_COUNT);
		if (redis_send(l->v->redis, &c, &reply, e))
			return -1;
		if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
			freeReplyObject(reply);
			return err_set(e, ERR_REDIS, "redis: SCAN answered something else");
		}
		snprintf(cursor, sizeof(cursor), "%s", reply->element[0]->str);
		for (i = 0; i < reply->element[1]->elements; i++)
			if (key_read_message_counter(reply->element[1]->element[i]->str, &chat))
				add_id(l, chat);
		freeReplyObject(reply);
	} while (strcmp(cursor, "0") != 0);
	return 0;
}

/* Sorts the ids; each once. How many. */
static size_t sort_ids(struct look *l)
{
	uint64_t *ids = (void *)l->ids.data;
	size_t n = l->ids.len / sizeof(*ids), i, kept = 0;

	if (n)
		qsort(ids, n, sizeof(*ids), by_id);
	for (i = 0; i < n; i++)
		if (!kept || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	return kept;
}

/* Those of the ids that have no row are suspects: the first look has not come by them. */
static int suspect_rowless(struct look *l, struct err *e)
{
	struct parent_state s[PARENT_STATE_PAGE];
	size_t n = sort_ids(l), i, k, len;
	const uint64_t *ids = (const void *)l->ids.data;

	for (i = 0; i < n; i += len) {
		len = n - i < PARENT_STATE_PAGE ? n - i : PARENT_STATE_PAGE;
		memset(s, 0, sizeof(s));
		for (k = 0; k < len; k++)
			s[k].id = ids[i + k];
		if (parent_states_some(l->v->db, &parent_chats, s, len, e))
			return -1;
		for (k = 0; k < len; k++)
			if (!s[k].there && suspect(l, s[k].id, e))
				return -1;
	}
	return 0;
}

static int look_for_rowless(struct look *l, struct err *e)
{
	int rc;

	ids_of_jobs(l);
	rc = l->v->application ? 0 : ids_of_counters(l, e);
	if (!rc)
		rc = l->ids.failed ? err_memory(e) : suspect_rowless(l, e);
	buf_clear(&l->ids);
	return rc;
}

/* ------------------------------------------------------------------ all */

static int by_suspect(const void *a, const void *b)
{
	return by_id(&((const struct suspect *)a)->id, &((const struct suspect *)b)->id);
}

/* Applications' rows are chats: these are counted there, and once more themselves. */
static int begin_rows(struct verify *v, struct err *e)
{
	const uint64_t a = v->application;
	const struct db_value range[] = { DB_U64(a << 32), DB_U64(a ? a << 32 | KEY_NUMBER_MAX : KEY_POSITION_MAX) };

	if (db_row(v->db, DB_VERIFY_TOTAL, range, 1, e) < 1)
		return -1;
	progress_begin(&v->progress, "rows", 2 * db_number(v->db, 0) + db_number(v->db, 1));
	db_done(v->db);
	return 0;
}

static int look_first(struct look *l, struct err *e)
{
	struct verify *v = l->v;
	const uint64_t a = v->application;
	size_t n;
	int rc;

	rc = waiting_read(&l->waiting, v->redis, &v->progress, e);
	v->jobs = l->waiting.jobs;
	rc = rc || begin_rows(v, e) || first_look(l, &parent_applications, a ? a - 1 : 0, a ? a : KEY_APPLICATION_LIMIT, e) ||
			     first_look(l, &parent_chats, a << 32, a ? a << 32 | KEY_NUMBER_MAX : KEY_POSITION_MAX, e) ||
			     look_for_rowless(l, e)
		     ? -1
		     : 0;
	progress_end(&v->progress);
	if (!rc && l->suspects.len) {
		struct suspect *s = look_suspects(l, &n);

		qsort(s, n, sizeof(*s), by_suspect);
	}
	return rc;
}

static int looks(struct look *l, struct err *e)
{
	if (look_first(l, e) || look_again(l, LOOK_SECOND, e))
		return -1;
	if (l->suspects.len)
		clock_sleep_ms(PAUSE_MS);
	return look_again(l, LOOK_THIRD, e);
}

int verify_all(struct verify *v, struct err *e)
{
	struct look l = { .v = v };
	int rc = v->application ? 0 : verify_rest(v, e);

	if (!rc)
		rc = looks(&l, e) || (v->elastic && verify_index(v, e)) || verify_renumbered(v, e) ? -1 : 0;
	waiting_clear(&l.waiting);
	buf_clear(&l.suspects);
	buf_clear(&l.ids);
	buf_clear(&l.gaps);
	return rc;
}
