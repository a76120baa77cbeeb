/* Finds what a read is about, and waits for it. */
#include "view.h"

#include <stdio.h>
#include <string.h>

#include "key.h"

uint64_t view_counter(struct service *s, const char *key)
{
	uint64_t counter;

	return redis_get_number(&s->redis, key, &counter, NULL) == 1 ? counter : 0;
}

void view_not_stored_yet(struct reply *p, int status)
{
	reply_problem_as(p, PROBLEM_NOT_STORED_YET, status,
			 "It was accepted and will be stored; until then it can neither be read nor "
			 "changed.");
}

/* ------------------------------------------------------------------ one chat */

struct chat_wait {
	struct db *db;
	enum db_query query; /* chat_state, or chat_state_search */
	struct view_chat *chat;
	bool gone; /* it, or its application, was deleted (or never was) */
};

static void copy_time(char to[32], const char *from)
{
	snprintf(to, 32, "%s", from);
}

static void copy_search(struct view_chat *chat, const struct db *db)
{
	snprintf(chat->index, sizeof(chat->index), "%s", db_text(db, 9, NULL));
	chat->all_told = !db_number(db, 10);
}

/* 1: there, or gone; 0: no row; -1 */
static int read_chat(void *arg, struct err *e)
{
	struct chat_wait *w = arg;
	const struct db_value at[] = { DB_U64(w->chat->id), DB_U64(w->chat->application) };
	int rc = db_row(w->db, w->query, at, 1, e);
	bool there;

	if (rc < 0)
		return -1;
	w->gone = !rc || db_number(w->db, 0) || db_number(w->db, 2);
	there = rc && db_number(w->db, 1);
	if (there) {
		w->chat->messages_stored = db_number(w->db, 3);
		w->chat->messages_count = db_number(w->db, 6);
		copy_time(w->chat->created_at, db_text(w->db, 7, NULL));
		copy_time(w->chat->updated_at, db_text(w->db, 8, NULL));
		if (w->query == DB_CHAT_STATE_SEARCH)
			copy_search(w->chat, w->db);
	}
	db_done(w->db);
	return there || w->gone;
}

static bool was_given(struct service *s, const struct view_chat *chat)
{
	char key[KEY_MAX];

	return chat->number <= view_counter(s, key_chat_counter(key, chat->application));
}

static enum view find_chat(struct service *s, const struct request *r, enum db_query query,
			   struct view_chat *chat, struct reply *p)
{
	struct chat_wait w = { .db = &s->db, .query = query };
	struct err e = ERR_INIT;
	bool given = false;
	int rc;

	memset(chat, 0, sizeof(*chat));
	w.chat = chat;
	chat->application = service_application(s, r, p);
	if (!chat->application)
		return VIEW_ANSWERED;
	chat->number = r->number[0];
	chat->id = key_chat_id(chat->application, chat->number);
	rc = read_chat(&w, &e);
	if (!rc) {
		given = was_given(s, chat);
		rc = given ? catchup_wait(&s->catchup, read_chat, &w, &e) : 0;
	}
	if (rc < 0)
		reply_error(p, &e);
	else if (rc && !w.gone)
		return VIEW_THERE;
	else if (!rc && given)
		return VIEW_QUEUED;
	else
		service_no_chat(p);
	return VIEW_ANSWERED;
}

enum view view_chat(struct service *s, const struct request *r, struct view_chat *chat,
		    struct reply *p)
{
	return find_chat(s, r, DB_CHAT_STATE, chat, p);
}

enum view view_chat_searched(struct service *s, const struct request *r, struct view_chat *chat,
			     struct reply *p)
{
	return find_chat(s, r, DB_CHAT_STATE_SEARCH, chat, p);
}

/* ------------------------------------------------------------------ all that was accepted */

struct stored_wait {
	struct db *db;
	enum db_query query; /* answers with what is stored in `column` */
	unsigned column;
	struct db_value at[2];
	uint64_t accepted;
	bool gone;
};

static int read_stored(void *arg, struct err *e)
{
	struct stored_wait *w = arg;
	int rc = db_row(w->db, w->query, w->at, 1, e);
	uint64_t stored;

	if (rc < 0)
		return -1;
	w->gone = !rc || db_number(w->db, 0);
	stored = rc ? db_number(w->db, w->column) : 0;
	db_done(w->db);
	return w->gone || stored >= w->accepted;
}

bool view_chats_stored(struct service *s, uint64_t application, struct reply *p)
{
	struct stored_wait w = { .db = &s->db, .query = DB_APPLICATION_STATE, .column = 1,
				 .at = { DB_U64(application) } };
	struct err e = ERR_INIT;
	char key[KEY_MAX];
	int rc;

	w.accepted = view_counter(s, key_chat_counter(key, application));
	rc = read_stored(&w, &e);
	if (!rc)
		rc = catchup_wait(&s->catchup, read_stored, &w, &e);
	if (rc < 0)
		reply_error(p, &e);
	else if (w.gone)
		service_no_application(p);
	return rc >= 0 && !w.gone;
}

bool view_messages_stored(struct service *s, struct view_chat *chat, struct reply *p)
{
	struct stored_wait w = { .db = &s->db, .query = DB_CHAT_STATE, .column = 3,
				 .at = { DB_U64(chat->id), DB_U64(chat->application) } };
	struct err e = ERR_INIT;
	char key[KEY_MAX];
	int rc = 1;

	w.accepted = view_counter(s, key_message_counter(key, chat->id));
	if (chat->messages_stored < w.accepted) {
		chat->all_told = false;
		rc = catchup_wait(&s->catchup, read_stored, &w, &e);
	}
	if (rc < 0)
		reply_error(p, &e);
	else if (w.gone)
		service_no_chat(p);
	return rc >= 0 && !w.gone;
}
