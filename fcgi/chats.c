/* Chats: list, read. */
#include "groups.h"
#include "page.h"
#include "view.h"

static void add_chat(struct buf *json, uint64_t number, uint64_t messages_count,
		     const char *created_at, const char *updated_at)
{
	buf_addch(json, '{');
	member_number(json, "number", number);
	member_number(json, "messages_count", messages_count);
	member_time(json, "created_at", created_at);
	member_time(json, "updated_at", updated_at);
	buf_addch(json, '}');
}

static void get(struct service *s, struct request *r, struct reply *p)
{
	struct view_chat chat;

	switch (view_chat(s, r, &chat, p)) {
	case VIEW_ANSWERED:
		break;
	case VIEW_QUEUED:
		view_not_stored_yet(p);
		break;
	case VIEW_THERE:
		reply_json(p, 200);
		add_chat(&p->body, chat.number, chat.messages_count, chat.created_at,
			 chat.updated_at);
		break;
	}
}

static void add_row(struct buf *json, const struct db *db)
{
	add_chat(json, db_number(db, 0), db_number(db, 1), db_text(db, 2, NULL),
		 db_text(db, 3, NULL));
}

static void list(struct service *s, struct request *r, struct reply *p)
{
	static const struct page_source source = { DB_CHAT_LIST_AFTER, DB_CHAT_LIST_BEFORE, add_row };
	struct page page;
	uint64_t application;

	if (!page_read(&page, r, p))
		return;
	application = service_application(s, r, p);
	if (application && view_chats_stored(s, application, p))
		page_answer(&page, &s->db, &source, application, r, p);
}

const struct route chat_routes[] = {
	{ HTTP_GET, "/applications/:token/chats", list, 0 },
	{ HTTP_GET, "/applications/:token/chats/:number", get, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
