/* The texts that clients send. */
#include "input.h"

#include "utf8.h"

#define NAME_MAX_CHARACTERS 255
#define BODY_MAX_BYTES 65535

static struct json find_field(const struct request *r, const char *const *wraps, const char *field)
{
	struct json value = json_member(r->json, field);

	for (; !value.len && *wraps; wraps++)
		value = json_member(json_member(r->json, *wraps), field);
	return value;
}

/* A text member of the body, or of an object in it that one of `wraps` names. */
static bool read_text(const struct request *r, const char *const *wraps, const char *field,
		      struct buf *text, struct reply *p)
{
	struct json value = find_field(r, wraps, field);
	struct err e = ERR_INIT;

	if (json_kind(value) == JSON_ABSENT)
		reply_invalid(p, field, "is missing");
	else if (json_kind(value) != JSON_STRING)
		reply_invalid(p, field, "must be a text");
	else if (json_string(value, text, &e))
		reply_error(p, &e);
	else if (utf8_blank(buf_str(text), text->len))
		reply_invalid(p, field, "must not be blank");
	else
		return true;
	buf_clear(text);
	return false;
}

static bool too_long(struct buf *text, const char *field, const char *reason, struct reply *p)
{
	buf_clear(text);
	reply_invalid(p, field, reason);
	return false;
}

bool input_name(const struct request *r, struct buf *text, struct reply *p)
{
	static const char *const wraps[] = { "chat_application", "application", NULL };

	if (!read_text(r, wraps, "name", text, p))
		return false;
	return utf8_length(buf_str(text), text->len) <= NAME_MAX_CHARACTERS ||
	       too_long(text, "name", "must have at most 255 characters", p);
}

bool input_body(const struct request *r, struct buf *text, struct reply *p)
{
	static const char *const wraps[] = { "message", NULL };

	if (!read_text(r, wraps, "body", text, p))
		return false;
	return text->len <= BODY_MAX_BYTES ||
	       too_long(text, "body", "must have at most 65535 bytes of UTF-8", p);
}
