/* Messages: list, read. */
#include "groups.h"
#include "key.h"
#include "page.h"
#include "view.h"

/* Columns from `at` on: number, body, created_at, updated_at. */
static void add_message(struct buf *json, const struct db *db, unsigned at)
{
	const char *body;
	size_t len;

	buf_addch(json, '{');
	member_number(json, "number", db_number(db, at));
	body = db_text(db, at + 1, &len);
	member_text(json, "body", body, len);
	member_time(json, "created_at", db_text(db, at + 2, NULL));
	member_time(json, "updated_at", db_text(db, at + 3, NULL));
	buf_addch(json, '}');
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

static void get(struct service *s, struct request *r, struct reply *p)
{
	struct message_wait w = { &s->db, 0, r->number[1] };
	struct err e = ERR_INIT;
	struct view_chat chat;
	enum view view = view_chat(s, r, &chat, p);
	char key[KEY_MAX];
	bool given = false;
	int rc = 0;

	if (view == VIEW_ANSWERED)
		return;
	w.chat = chat.id;
	if (view == VIEW_THERE)
		rc = read_message(&w, &e);
	if (!rc) {
		given = w.number <= view_counter(s, key_message_counter(key, chat.id));
		if (given && view == VIEW_THERE)
			rc = catchup_wait(&s->catchup, read_message, &w, &e);
	}
	if (rc < 0) {
		reply_error(p, &e);
	} else if (rc && !db_number(&s->db, 0)) {
		reply_json(p, 200);
		add_message(&p->body, &s->db, 1);
	} else if (!rc && given) {
		view_not_stored_yet(p);
	} else {
		reply_problem(p, PROBLEM_NOT_FOUND, "There is no such message.");
	}
	db_done(&s->db);
}

/* ------------------------------------------------------------------ many */

static void add_row(struct buf *json, const struct db *db)
{
	add_message(json, db, 0);
}

static void list(struct service *s, struct request *r, struct reply *p)
{
	static const struct page_source source = { DB_MESSAGE_LIST_AFTER, DB_MESSAGE_LIST_BEFORE,
						   add_row };
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
	{ HTTP_OTHER, NULL, NULL, 0 },
};
