/* Creating chats and messages: the two routes that the full API and the writer share. */
#include "groups.h"
#include "key.h"
#include "number.h"
#include "service.h"
#include "utf8.h"

#define BODY_MAX_BYTES 65535

/* True: a number was given. False: the reply says why not. */
static bool was_given(int rc, const char *missing, const struct err *e, struct reply *p)
{
	if (rc < 0)
		reply_error(p, e);
	else if (!rc)
		reply_problem(p, PROBLEM_NOT_FOUND, missing);
	else
		reply_json(p, 201);
	return rc > 0;
}

static void create_chat(struct service *s, struct request *r, struct reply *p)
{
	uint64_t application = service_application(s, r, p);
	struct err e = ERR_INIT;
	uint32_t number;
	int rc;

	if (!application)
		return;
	rc = number_chat(&s->redis, &s->db, application, &number, &e);
	if (!was_given(rc, "There is no such application.", &e, p))
		return;
	reply_header(p, "Location", "/applications/%s/chats/%u", r->token, number);
	buf_addf(&p->body, "{\"number\":%u,\"messages_count\":0}", number);
}

static bool read_body_text(const struct request *r, struct buf *body, struct reply *p)
{
	static const char *const wraps[] = { "message", NULL };

	if (!service_text(r, wraps, "body", body, p))
		return false;
	if (utf8_blank(buf_str(body), body->len))
		reply_invalid(p, "body", "must not be blank");
	else if (body->len > BODY_MAX_BYTES)
		reply_invalid(p, "body", "must have at most 65535 bytes of UTF-8");
	else
		return true;
	return false;
}

static void give_number(struct service *s, const struct request *r, const struct buf *body,
			struct reply *p)
{
	uint64_t application = service_application(s, r, p);
	struct err e = ERR_INIT;
	uint32_t number;
	int rc;

	if (!application)
		return;
	rc = number_message(&s->redis, &s->db, key_chat_id(application, r->number[0]), buf_str(body),
			    body->len, &number, &e);
	if (!was_given(rc, "There is no such chat.", &e, p))
		return;
	reply_header(p, "Location", "/applications/%s/chats/%u/messages/%u", r->token, r->number[0],
		     number);
	buf_addf(&p->body, "{\"number\":%u}", number);
}

static void create_message(struct service *s, struct request *r, struct reply *p)
{
	struct buf body = BUF_INIT;

	if (read_body_text(r, &body, p))
		give_number(s, r, &body, p);
	buf_clear(&body);
}

const struct route creating_routes[] = {
	{ HTTP_POST, "/applications/:token/chats", create_chat, ROUTE_BODY },
	{ HTTP_POST, "/applications/:token/chats/:number/messages", create_message, ROUTE_BODY },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
