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

static int read_rows(struct service *s, uint64_t application, const struct page *page,
		     struct page_rows *rows, struct err *e)
{
	const struct db_value range[] = { DB_U64(application), DB_U64(page->from),
					  DB_U64(page->limit + 1) };
	struct db *db = &s->db;
	int rc;

	if (db_query(db, page->backwards ? DB_CHAT_LIST_BEFORE : DB_CHAT_LIST_AFTER, range, 1, e))
		return -1;
	while ((rc = db_next(db, e)) > 0 && rows->n < page->limit) {
		add_chat(&rows->items, db_number(db, 0), db_number(db, 1), db_text(db, 2, NULL),
			 db_text(db, 3, NULL));
		page_row(rows, db_number(db, 0));
	}
	rows->more = rc > 0;
	db_done(db);
	return rc < 0 ? -1 : 0;
}

static void list(struct service *s, struct request *r, struct reply *p)
{
	struct page_rows rows = PAGE_ROWS_INIT;
	struct err e = ERR_INIT;
	struct page page;
	uint64_t application;

	if (!page_read(&page, r, p))
		return;
	application = service_application(s, r, p);
	if (!application || !view_chats_stored(s, application, p))
		return;
	if (read_rows(s, application, &page, &rows, &e)) {
		page_rows_clear(&rows);
		reply_error(p, &e);
	} else {
		page_reply(&page, &rows, r, p);
	}
}

const struct route chat_routes[] = {
	{ HTTP_GET, "/applications/:token/chats", list, false },
	{ HTTP_GET, "/applications/:token/chats/:number", get, false },
	{ HTTP_OTHER, NULL, NULL, false },
};
