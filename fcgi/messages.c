/* Messages: list, read, edit, delete. */
#include "messages.h"

#include "clock.h"
#include "groups.h"
#include "input.h"
#include "key.h"
#include "page.h"
#include "view.h"

void message_members(struct buf *json, const struct db *db, unsigned at)
{
	const char *body;
	size_t len;

	member_number(json, "number", db_number(db, at));
	body = db_text(db, at + 1, &len);
	member_text(json, "body", body, len);
	member_time(json, "created_at", db_text(db, at + 2, NULL));
	member_time(json, "updated_at", db_text(db, at + 3, NULL));
}

static void add_message(struct buf *json, const struct db *db, unsigned at)
{
	buf_addch(json, '{');
	message_members(json, db, at);
	buf_addch(json, '}');
}

static void no_message(struct reply *p)
{
	reply_problem(p, PROBLEM_NOT_FOUND, "There is no such message.");
}

/* ------------------------------------------------------------------ one */

struct message_wait {
	struct db *db;
	uint64_t chat;
	uint32_t number;
};

/* 1: there is a row, and it is open; 0: there is none; -1 */
static int read_message(void *arg, struct err *e)
{
	struct message_wait *w = arg;
	const struct db_value at[] = { DB_U64(w->chat), DB_U64(w->number) };

	return db_row(w->db, DB_MESSAGE_GET, at, 1, e);
}

/* Finds the path's message. VIEW_THERE: its row is open (columns of message_get; db_done closes it).
 * VIEW_QUEUED: it was accepted, but even after a wait it has no row. Else it was answered. */
static enum view find(struct service *s, const struct request *r, struct view_chat *chat,
		      struct reply *p)
{
	struct message_wait w = { &s->db, 0, r->number[1] };
	struct err e = ERR_INIT;
	enum view view = view_chat(s, r, chat, p);
	char key[KEY_MAX];
	bool given = false;
	int rc = 0;

	if (view == VIEW_ANSWERED)
		return view;
	w.chat = chat->id;
	if (view == VIEW_THERE)
		rc = read_message(&w, &e);
	if (!rc) {
		given = w.number <= view_counter(s, key_message_counter(key, chat->id));
		if (given && view == VIEW_THERE)
			rc = catchup_wait(&s->catchup, read_message, &w, &e);
	}
	if (rc > 0 && !db_number(&s->db, 0))
		return VIEW_THERE;
	db_done(&s->db);
	if (!rc && given)
		return VIEW_QUEUED;
	if (rc < 0)
		reply_error(p, &e);
	else
		no_message(p);
	return VIEW_ANSWERED;
}

/* With the open row of message_get. */
static void answer_row(struct service *s, struct reply *p)
{
	reply_json(p, 200);
	add_message(&p->body, &s->db, 1);
}

static void get(struct service *s, struct request *r, struct reply *p)
{
	struct view_chat chat;

	switch (find(s, r, &chat, p)) {
	case VIEW_ANSWERED:
		break;
	case VIEW_QUEUED:
		view_not_stored_yet(p, 404);
		break;
	case VIEW_THERE:
		answer_row(s, p);
		db_done(&s->db);
		break;
	}
}

/* For a change: the message's chat, its row closed again. False: answered. */
static bool find_to_change(struct service *s, const struct request *r, struct view_chat *chat,
			   struct reply *p)
{
	enum view view = find(s, r, chat, p);

	db_done(&s->db);
	if (view == VIEW_QUEUED)
		view_not_stored_yet(p, 409);
	return view == VIEW_THERE;
}

/* Ends a transaction that changed so many rows. True: committed; false: answered, with 404 when somebody
 * else was faster in deleting it. */
static bool committed(struct service *s, int rc, uint64_t changed, struct err *e, struct reply *p)
{
	if (!rc && changed)
		rc = db_plain(&s->db, DB_COMMIT, e);
	else
		db_rollback(&s->db);
	if (rc)
		reply_error(p, e);
	else if (!changed)
		no_message(p);
	return !rc && changed;
}

/* Changes one message by a statement with these values, and tells Elasticsearch, in a transaction that
 * is open. *changed: 0 when somebody else was faster in deleting it. */
static int change(struct service *s, enum db_query query, const struct db_value *values,
		  uint64_t chat, uint32_t number, uint64_t *changed, struct err *e)
{
	const struct db_value at[] = { DB_U64(chat), DB_U64(number) };

	if (db_run(&s->db, query, values, 1, changed, e))
		return -1;
	return *s->conf.elasticsearch_url ? db_run(&s->db, DB_MESSAGE_CHANGED, at, 1, NULL, e) : 0;
}

static int write_body(struct service *s, uint64_t chat, uint32_t number, const struct buf *body,
		      uint64_t *changed, struct err *e)
{
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_BYTES(buf_str(body), body->len), DB_STR(now),
					   DB_U64(chat), DB_U64(number) };

	if (db_plain(&s->db, DB_BEGIN, e))
		return -1;
	return change(s, DB_MESSAGE_EDIT, values, chat, number, changed, e);
}

/* The message as it is now. */
static void answer(struct service *s, uint64_t chat, uint32_t number, struct reply *p)
{
	struct message_wait w = { &s->db, chat, number };
	struct err e = ERR_INIT;
	int rc = read_message(&w, &e);

	if (rc > 0 && !db_number(&s->db, 0))
		answer_row(s, p);
	else if (rc < 0)
		reply_error(p, &e);
	else
		no_message(p);
	db_done(&s->db);
}

static void edit(struct service *s, struct request *r, struct reply *p)
{
	struct buf body = BUF_INIT;
	struct err e = ERR_INIT;
	struct view_chat chat;
	uint64_t changed = 0;
	int rc;

	if (!input_body(r, &body, p))
		return;
	if (find_to_change(s, r, &chat, p)) {
		rc = write_body(s, chat.id, r->number[1], &body, &changed, &e);
		if (committed(s, rc, changed, &e, p))
			answer(s, chat.id, r->number[1], p);
	}
	buf_clear(&body);
}

/* In the order of all locks: the chat, then the message. */
static int bury(struct service *s, uint64_t chat, uint32_t number, uint64_t *changed, struct err *e)
{
	const struct db_value parent[] = { DB_U64(chat) };
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	const struct db_value values[] = { DB_STR(now), DB_STR(now), DB_U64(chat), DB_U64(number) };

	if (db_plain(&s->db, DB_BEGIN, e) ||
	    db_run(&s->db, DB_CHAT_MESSAGE_DELETED, parent, 1, NULL, e))
		return -1;
	return change(s, DB_MESSAGE_DELETE, values, chat, number, changed, e);
}

static void delete(struct service *s, struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;
	struct view_chat chat;
	uint64_t changed = 0;
	int rc;

	if (!find_to_change(s, r, &chat, p))
		return;
	rc = bury(s, chat.id, r->number[1], &changed, &e);
	if (committed(s, rc, changed, &e, p))
		reply_empty(p);
}

/* ------------------------------------------------------------------ many */

static void add_row(struct buf *json, const struct db *db)
{
	add_message(json, db, 0);
}

static void list(struct service *s, struct request *r, struct reply *p)
{
	static const struct page_source source = { DB_MESSAGE_LIST_AFTER, DB_MESSAGE_LIST_BEFORE,
						   DB_MESSAGE_LAST, add_row };
	struct view_chat chat;
	struct page page;

	if (!page_read(&page, r, p))
		return;
	switch (view_chat(s, r, &chat, p)) {
	case VIEW_ANSWERED:
		break;
	case VIEW_QUEUED: /* accepted, and empty so far */
		page_answer_empty(&page, r, p);
		break;
	case VIEW_THERE:
		if (view_messages_stored(s, &chat, p))
			page_answer(&page, &s->db, &source, chat.id, r, p);
		break;
	}
}

const struct route message_routes[] = {
	{ HTTP_GET, "/applications/:token/chats/:number/messages", list, 0 },
	{ HTTP_GET, "/applications/:token/chats/:number/messages/:number", get, 0 },
	{ HTTP_PATCH, "/applications/:token/chats/:number/messages/:number", edit, ROUTE_BODY },
	{ HTTP_PUT, "/applications/:token/chats/:number/messages/:number", edit, ROUTE_BODY },
	{ HTTP_DELETE, "/applications/:token/chats/:number/messages/:number", delete, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
