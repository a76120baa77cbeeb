/* Chats: list, read, delete. */
#include "groups.h"
#include "key.h"
#include "page.h"
#include "tombstone.h"
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
		view_not_stored_yet(p, 404);
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
	static const struct page_source source = { DB_CHAT_LIST_AFTER, DB_CHAT_LIST_BEFORE, DB_CHAT_LAST,
						   add_row };
	struct page page;
	uint64_t application;

	if (!page_read(&page, r, p))
		return;
	application = service_application(s, r, p);
	if (application && view_chats_stored(s, application, p))
		page_answer(&page, &s->db, &source, application, r, p);
}

/* A queued one too, at once. */
static void delete(struct service *s, struct request *r, struct reply *p)
{
	uint64_t application = service_application(s, r, p);
	struct err e = ERR_INIT;
	int rc;

	if (!application)
		return;
	rc = tombstone_chat(&s->redis, &s->db, key_chat_id(application, r->number[0]), &e);
	if (rc < 0)
		reply_error(p, &e);
	else if (!rc)
		service_no_chat(p);
	else
		reply_empty(p);
}

const struct route chat_routes[] = {
	{ HTTP_GET, "/applications/:token/chats", list, 0 },
	{ HTTP_GET, "/applications/:token/chats/:number", get, 0 },
	{ HTTP_DELETE, "/applications/:token/chats/:number", delete, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
