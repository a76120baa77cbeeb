/* What a job needs to lie in `retry` or `dead`. */
#include "entry.h"

#include <string.h>

#include "base64.h"
#include "clock.h"
#include "random.h"

enum field { JID, ERROR_CLASS, RETRY_COUNT, FAILED_AT, RETRIED_AT, FIELD__MAX };

static const struct { const char *name, *fault; } fields[FIELD__MAX] = {
	[JID] = { "jid", "no jid" },
	[ERROR_CLASS] = { "error_class", "no error_class" },
	[RETRY_COUNT] = { "retry_count", "no retry_count" },
	[FAILED_AT] = { "failed_at", "no failed_at" },
	[RETRIED_AT] = { "retried_at", "no retried_at" },
};

static bool is_text(const struct job *j, const char *name)
{
	struct json value = json_member(j->root, name);

	return json_kind(value) == JSON_STRING && value.len > 2;
}

static bool is_there(const struct job *j, enum field f)
{
	int64_t us;

	switch (f) {
	case RETRY_COUNT:
		return j->failed_before;
	case RETRIED_AT:
		return !j->retry_count || job_time(j, fields[f].name, &us);
	case FAILED_AT:
		return job_time(j, fields[f].name, &us);
	default:
		return is_text(j, fields[f].name);
	}
}

static bool is_object(const struct job *j)
{
	return json_kind(j->root) == JSON_OBJECT;
}

/* Of what waits for its time and was never tried, only the jid is asked. */
static int last_field(bool scheduled)
{
	return scheduled ? ERROR_CLASS : FIELD__MAX;
}

const char *entry_fault(const struct job *j, bool scheduled)
{
	int f;

	if (!is_object(j))
		return "no JSON object";
	for (f = 0; f < last_field(scheduled); f++)
		if (!is_there(j, (enum field)f))
			return fields[f].fault;
	return NULL;
}

static void add_time(struct buf *out, enum field f, int64_t us)
{
	char time[CLOCK_SECONDS];

	clock_seconds(us, time);
	buf_addf(out, ",\"%s\":%s", fields[f].name, time);
}

static void add_text(struct buf *out, const char *name, const char *text)
{
	buf_addf(out, ",\"%s\":", name);
	json_quote(out, text, strlen(text));
}

static void add_field(struct buf *out, enum field f, const struct job_failure *why)
{
	char jid[RANDOM_JID];

	switch (f) {
	case JID:
		random_jid(jid);
		add_text(out, fields[f].name, jid);
		break;
	case ERROR_CLASS:
		add_text(out, fields[f].name, why->error_class);
		break;
	case RETRY_COUNT:
		buf_addf(out, ",\"%s\":0", fields[f].name);
		break;
	default:
		add_time(out, f, why->now_us);
	}
}

/* A member that is there, but is not what it should be, makes room for one that is. */
static bool stays(const struct job *j, struct json key, bool scheduled)
{
	int f;

	for (f = 0; f < last_field(scheduled); f++)
		if (!is_there(j, (enum field)f) && json_equals(key, fields[f].name, strlen(fields[f].name)))
			return false;
	return true;
}

static int wrap(const struct job *j, const struct job_failure *why, struct buf *out, struct err *e)
{
	int f;

	buf_addstr(out, "{\"class\":\"Unreadable\",\"args\":[\"");
	base64_encode(out, j->text, j->len);
	buf_addstr(out, "\"],\"queue\":\"" JOB_QUEUE_UNCLAIMED "\",\"retry\":false");
	for (f = JID; f < RETRIED_AT; f++)
		add_field(out, (enum field)f, why);
	add_text(out, "error_message", why->error_message);
	buf_addch(out, '}');
	return out->failed ? err_memory(e) : 0;
}

int entry_complete(const struct job *j, bool scheduled, const struct job_failure *why, struct buf *out,
		   struct err *e)
{
	struct json key, value;
	size_t at = 1, n = 0;
	int f;

	if (!is_object(j))
		return wrap(j, why, out, e);
	if (!entry_fault(j, scheduled))
		return buf_add(out, j->text, j->len) ? err_memory(e) : 0;
	buf_addch(out, '{');
	while ((key = json_next(j->root, &at)).len) {
		value = json_next(j->root, &at);
		if (!stays(j, key, scheduled))
			continue;
		buf_addf(out, "%s", n++ ? "," : "");
		buf_add(out, key.at, key.len);
		buf_addch(out, ':');
		buf_add(out, value.at, value.len);
	}
	if (!n)
		buf_addstr(out, "\"class\":\"\"");
	for (f = 0; f < last_field(scheduled); f++)
		if (!is_there(j, (enum field)f))
			add_field(out, (enum field)f, why);
	if (!scheduled && !json_member(j->root, "error_message").len)
		add_text(out, "error_message", why->error_message);
	buf_addch(out, '}');
	return out->failed ? err_memory(e) : 0;
}
