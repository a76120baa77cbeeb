/* Reads what applications and chats say, and what the rows below them are. */
#include "parent_state.h"

#include <stdlib.h>
#include <string.h>

#include "counter.h"
#include "key.h"

#define ROWS_AT_ONCE 200000 /* counted by one statement: a fraction of a second */
#define NUMBERS_AT_ONCE 100000

const struct parent_kind parent_applications = {
	false, DB_VERIFY_APPLICATIONS, DB_VERIFY_APPLICATIONS_SOME, DB_VERIFY_CHATS_OF,
	DB_VERIFY_CHATS_WINDOW, DB_VERIFY_CHAT_NUMBERS, "chats", "chats_stored", "chats_count",
	"last_chat_number",
};

const struct parent_kind parent_chats = {
	true, DB_VERIFY_CHATS, DB_VERIFY_CHATS_SOME, DB_VERIFY_MESSAGES_OF, DB_VERIFY_MESSAGES_WINDOW,
	DB_VERIFY_MESSAGE_NUMBERS, "messages", "messages_stored", "messages_count", "last_message_number",
};

const struct parent_kind *parent_kind_of(uint64_t id)
{
	return id < KEY_APPLICATION_LIMIT ? &parent_applications : &parent_chats;
}

int parent_states_begin(struct db *db, struct err *e)
{
	return db_plain(db, DB_REPEATABLE, e) || db_plain(db, DB_BEGIN_SNAPSHOT, e) ? -1 : 0;
}

int parent_states_end(struct db *db, struct err *e)
{
	return db_plain(db, DB_COMMIT, e);
}

/* ------------------------------------------------------------------ what they say */

static void read_row(struct parent_state *s, const struct db *db)
{
	s->id = db_number(db, 0);
	s->there = true;
	s->parent_gone = db_number(db, 1);
	s->deleted = db_number(db, 2);
	s->purged = db_number(db, 3);
	s->says = (struct parent_counts){ db_number(db, 4), db_number(db, 5), db_number(db, 6) };
}

int parent_states_list(struct db *db, const struct parent_kind *k, uint64_t after, uint64_t upto,
		       struct parent_state *s, size_t *n, struct err *e)
{
	const struct db_value range[] = { DB_U64(after), DB_U64(upto), DB_U64(PARENT_STATE_PAGE) };
	int rc;

	*n = 0;
	memset(s, 0, PARENT_STATE_PAGE * sizeof(*s));
	if (db_query(db, k->list, range, 1, e))
		return -1;
	while ((rc = db_next(db, e)) > 0 && *n < PARENT_STATE_PAGE)
		read_row(&s[(*n)++], db);
	return rc < 0 ? -1 : 0;
}

static void ids_of(struct db_value ids[PARENT_STATE_PAGE], const struct parent_state *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		ids[i] = (struct db_value)DB_U64(s[i].id);
}

int parent_states_some(struct db *db, const struct parent_kind *k, struct parent_state *s, size_t n,
		       struct err *e)
{
	struct db_value ids[PARENT_STATE_PAGE];
	size_t i = 0;
	int rc;

	if (!n)
		return 0;
	ids_of(ids, s, n);
	if (db_query(db, k->some, ids, n, e))
		return -1;
	while ((rc = db_next(db, e)) > 0) {
		while (i < n && s[i].id < db_number(db, 0))
			i++;
		if (i < n && s[i].id == db_number(db, 0))
			read_row(&s[i], db);
	}
	return rc < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------ what the rows are */

/* What is on its way to be purged is nobody's to count. */
static bool counts(const struct parent_state *s)
{
	return s->there && !s->parent_gone && (!s->deleted || s->purged);
}

static int count_window(struct db *db, const struct parent_kind *k, struct parent_state *s, uint64_t after,
			uint64_t upto, struct progress *p, struct err *e)
{
	const struct db_value window[] = { DB_U64(s->id), DB_U64(after), DB_U64(upto) };

	if (db_row(db, k->window, window, 1, e) < 1)
		return -1;
	s->is.stored += db_number(db, 0);
	progress_add(p, db_number(db, 0));
	s->is.living += db_number(db, 1);
	if (db_number(db, 2))
		s->is.last = db_number(db, 2);
	db_done(db);
	return 0;
}

static int count_big(struct db *db, const struct parent_kind *k, struct parent_state *s, struct progress *p,
		     struct err *e)
{
	uint64_t after;

	for (after = 0; after < s->says.last; after += ROWS_AT_ONCE)
		if (count_window(db, k, s, after, after + ROWS_AT_ONCE, p, e))
			return -1;
	return count_window(db, k, s, after, KEY_NUMBER_MAX, p, e);
}

static int count_together(struct db *db, const struct parent_kind *k, struct parent_state **some, size_t n,
			  struct progress *p, struct err *e)
{
	struct db_value ids[PARENT_STATE_PAGE];
	size_t i = 0;
	int rc;

	if (!n)
		return 0;
	for (i = 0; i < n; i++)
		ids[i] = (struct db_value)DB_U64(some[i]->id);
	if (db_query(db, k->count, ids, n, e))
		return -1;
	i = 0;
	while ((rc = db_next(db, e)) > 0) {
		while (i < n && some[i]->id < db_number(db, 0))
			i++;
		progress_add(p, db_number(db, 1));
		if (i < n)
			some[i]->is = (struct parent_counts){ db_number(db, 1), db_number(db, 2),
							      db_number(db, 3) };
	}
	return rc < 0 ? -1 : 0;
}

int parent_states_count(struct db *db, const struct parent_kind *k, struct parent_state *s, size_t n,
			struct progress *p, uint64_t *rows, struct err *e)
{
	struct parent_state *some[PARENT_STATE_PAGE];
	size_t i, together = 0;
	uint64_t sum = 0;
	int rc = 0;

	for (i = 0; i < n && !rc; i++) {
		if (!counts(&s[i]))
			continue;
		if (s[i].says.stored > ROWS_AT_ONCE) {
			rc = count_big(db, k, &s[i], p, e);
			continue;
		}
		if (sum + s[i].says.stored > ROWS_AT_ONCE) {
			rc = count_together(db, k, some, together, p, e);
			together = 0;
			sum = 0;
		}
		sum += s[i].says.stored;
		some[together++] = &s[i];
	}
	if (rc || count_together(db, k, some, together, p, e))
		return -1;
	for (i = 0; i < n; i++)
		*rows += s[i].is.stored;
	return 0;
}

/* ------------------------------------------------------------------ counters */

int parent_states_counters(struct redis *r, struct parent_state *s, size_t n, struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;
	redisReply *reply;
	size_t i;

	if (!n)
		return 0;
	redis_command(&c, "MGET");
	for (i = 0; i < n; i++)
		redis_arg(&c, counter_key(key, s[i].id));
	if (redis_send(r, &c, &reply, e))
		return -1;
	for (i = 0; i < n && i < reply->elements; i++) {
		s[i].counter_there = reply->element[i]->type == REDIS_REPLY_STRING;
		s[i].counter = s[i].counter_there ? strtoull(reply->element[i]->str, NULL, 10) : 0;
	}
	freeReplyObject(reply);
	return 0;
}

/* ------------------------------------------------------------------ gaps */

struct walk {
	const struct parent_gaps *gaps;
	uint64_t next, to; /* the next number to be accounted for, and the last */
	const struct waiting_number *waiting;
	size_t n;
	bool dead;
};

/* A number that is accounted for. */
static int present(struct walk *w, uint64_t number, struct err *e)
{
	uint64_t from = w->next, to = number - 1 < w->to ? number - 1 : w->to;

	if (number < w->next)
		return 0;
	w->next = number + 1;
	return from <= to ? w->gaps->found(w->gaps->arg, (uint32_t)from, (uint32_t)to, e) : 0;
}

/* The jobs with numbers below this. */
static int present_waiting(struct walk *w, uint64_t below, struct err *e)
{
	int rc = 0;

	while (!rc && w->n && w->waiting->number < below) {
		if (w->dead || !w->waiting->dead)
			rc = present(w, w->waiting->number, e);
		w->waiting++;
		w->n--;
	}
	return rc;
}

/* *last: the number of the last row that was seen. 1: enough; 0; -1 */
static int walk_page(struct walk *w, struct db *db, uint64_t id, uint64_t *last, uint64_t *got,
		     struct err *e)
{
	const struct db_value page[] = { DB_U64(id), DB_U64(*last), DB_U64(w->to),
					DB_U64(NUMBERS_AT_ONCE) };
	int row = 0, rc = 0;

	*got = 0;
	if (db_stream(db, parent_kind_of(id)->numbers, page, 1, e))
		return -1;
	while (!rc && (row = db_next(db, e)) > 0) {
		++*got;
		*last = db_number(db, 0);
		rc = present_waiting(w, *last, e);
		rc = rc ? rc : present(w, *last, e);
	}
	db_done(db);
	return row < 0 ? -1 : rc;
}

int parent_gaps(struct db *db, uint64_t id, uint64_t from, uint64_t to, const struct waiting *waiting,
		bool dead, const struct parent_gaps *g, struct err *e)
{
	struct walk w = { .gaps = g, .next = from, .to = to, .dead = dead };
	uint64_t last = from - 1, got;
	int rc;

	w.waiting = waiting_of(waiting, id, &w.n);
	do
		rc = walk_page(&w, db, id, &last, &got, e);
	while (!rc && got == NUMBERS_AT_ONCE && last < to);
	rc = rc ? rc : present_waiting(&w, to + 1, e);
	rc = rc ? rc : present(&w, to + 1, e);
	return rc < 0 ? -1 : 0;
}
