/* Creating chats and messages: the two routes that the full API and the writer share. */
#include "groups.h"
#include "input.h"
#include "key.h"
#include "log.h"
#include "number.h"
#include "service.h"

/* True: *number was given. False: the reply says why not. */
static bool give(struct service *s, const struct number_wish *wish, void (*missing)(struct reply *p),
		 uint32_t *number, struct reply *p)
{
	struct err e = ERR_INIT;
	int rc = backlog_check(&s->backlog, &s->redis, &e);

	if (!rc)
		rc = number_give(&s->redis, &s->db, wish, number, &e);
	if (rc == NUMBER_HEALED)
		LOG(LOG_WARN, "a counter that Redis had lost was healed",
		    LOG_S("request_id", wish->request_id));
	if (rc < 0)
		reply_error(p, &e);
	else if (rc == NUMBER_NONE)
		missing(p);
	else
		reply_json(p, 201);
	return rc > 0;
}

static void create_chat(struct service *s, struct request *r, struct reply *p)
{
	const struct number_wish wish = { .parent = service_application(s, r, p), .request_id = r->id };
	uint32_t number = 0;

	if (!wish.parent || !give(s, &wish, service_no_application, &number, p))
		return;
	reply_header(p, "Location", "/applications/%s/chats/%u", r->token, number);
	buf_addf(&p->body, "{\"number\":%u,\"messages_count\":0}", number);
}

static void give_message(struct service *s, const struct request *r, const struct buf *body,
			 struct reply *p)
{
	struct number_wish wish = { 0, buf_str(body), body->len, r->id };
	uint64_t application = service_application(s, r, p);
	uint32_t number = 0;

	wish.parent = key_chat_id(application, r->number[0]);
	if (!application || !give(s, &wish, service_no_chat, &number, p))
		return;
	reply_header(p, "Location", "/applications/%s/chats/%u/messages/%u", r->token, r->number[0],
		     number);
	buf_addf(&p->body, "{\"number\":%u}", number);
}

static void create_message(struct service *s, struct request *r, struct reply *p)
{
	struct buf body = BUF_INIT;

	if (!input_body(r, &body, p))
		return;
	give_message(s, r, &body, p);
	buf_clear(&body);
}

const struct route creating_routes[] = {
	{ HTTP_POST, "/applications/:token/chats", create_chat, ROUTE_BODY },
	{ HTTP_POST, "/applications/:token/chats/:number/messages", create_message, ROUTE_BODY },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
