/* view: finds the chat that a read is about, and waits for what was accepted before the read. */
#ifndef PARLEY_VIEW_H
#define PARLEY_VIEW_H

#include "search_state.h"
#include "service.h"

enum view { VIEW_ANSWERED, VIEW_THERE, VIEW_QUEUED };

struct view_chat {
	uint64_t application, id;
	uint32_t number;
	uint64_t messages_stored, messages_count;
	char created_at[32], updated_at[32]; /* as MySQL writes them */
	/* by view_chat_searched: */
	char index[SEARCH_NAME]; /* of Elasticsearch, that has been told all but what the outbox has; "": none */
	bool all_told;           /* the outbox had nothing of the chat's messages that were stored */
};

/* The path's chat. VIEW_THERE: it has a row and lives. VIEW_QUEUED: it was accepted, but even after
 * a wait it has no row. VIEW_ANSWERED: the reply is filled in (404, 503). */
enum view view_chat(struct service *s, const struct request *r, struct view_chat *chat,
		    struct reply *p);
/* The same for a search. */
enum view view_chat_searched(struct service *s, const struct request *r, struct view_chat *chat,
			     struct reply *p);
/* The application lives, and its chats that were accepted are stored (or it was waited for in vain).
 * False: the reply is filled in. */
bool view_chats_stored(struct service *s, uint64_t application, struct reply *p);
/* The same for the messages of a chat. Those that were waited for came after all_told, which becomes false. */
bool view_messages_stored(struct service *s, struct view_chat *chat, struct reply *p);
/* A counter in Redis; 0 when it is missing or Redis is away. */
uint64_t view_counter(struct service *s, const char *key);
/* 404 (to a read) or 409 (to a change) of the type that asks to try again. */
void view_not_stored_yet(struct reply *p, int status);

#endif
