/* Creating chats and messages: the two routes that the full API and the writer share. */
#include "groups.h"
#include "input.h"
#include "key.h"
#include "log.h"
#include "number.h"
#include "service.h"

/* True: a number was given. False: the reply says why not. */
static bool was_given(int rc, void (*missing)(struct reply *p), const struct request *r,
		      const struct err *e, struct reply *p)
{
	if (rc == NUMBER_HEALED)
		LOG(LOG_WARN, "a counter that Redis had lost was healed", LOG_S("request", r->id));
	if (rc < 0)
		reply_error(p, e);
	else if (rc == NUMBER_NONE)
		missing(p);
	else
		reply_json(p, 201);
	return rc > 0;
}

static void create_chat(struct service *s, struct request *r, struct reply *p)
{
	uint64_t application = service_application(s, r, p);
	struct err e = ERR_INIT;
	uint32_t number = 0;
	int rc;

	if (!application)
		return;
	rc = backlog_check(&s->backlog, &s->redis, &e);
	if (!rc)
		rc = number_chat(&s->redis, &s->db, application, &number, &e);
	if (!was_given(rc, service_no_application, r, &e, p))
		return;
	reply_header(p, "Location", "/applications/%s/chats/%u", r->token, number);
	buf_addf(&p->body, "{\"number\":%u,\"messages_count\":0}", number);
}

static void give_number(struct service *s, const struct request *r, const struct buf *body,
			struct reply *p)
{
	uint64_t application = service_application(s, r, p);
	struct err e = ERR_INIT;
	uint32_t number = 0;
	int rc;

	if (!application)
		return;
	rc = backlog_check(&s->backlog, &s->redis, &e);
	if (!rc)
		rc = number_message(&s->redis, &s->db, key_chat_id(application, r->number[0]),
				    buf_str(body), body->len, &number, &e);
	if (!was_given(rc, service_no_chat, r, &e, p))
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
	give_number(s, r, &body, p);
	buf_clear(&body);
}

const struct route creating_routes[] = {
	{ HTTP_POST, "/applications/:token/chats", create_chat, ROUTE_BODY },
	{ HTTP_POST, "/applications/:token/chats/:number/messages", create_message, ROUTE_BODY },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
