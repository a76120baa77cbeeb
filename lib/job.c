/* Job payloads: reading, building, failing. */
#include "job.h"

#include <ctype.h>
#include <math.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "key.h"
#include "random.h"
#include "utf8.h"

#define ARGUMENTS 3
#define RETRY_GROWTH_MAX 38400 /* 115,200 s at a base of 3 s */
#define MESSAGE_MAX 10000

static const struct {
	const char *name, *queue;
	const char *argument[ARGUMENTS]; /* as keyword arguments */
	bool chat;                       /* the id is a chat's, else an application's or a message's */
} classes[JOB_CLASS__MAX] = {
	[JOB_UNKNOWN] = { "", JOB_QUEUE_UNCLAIMED, { NULL }, false },
	[JOB_CREATE_CHAT] = { "CreateChatJob", JOB_QUEUE_DEFAULT,
			      { "chat_application_id", "number" }, false },
	[JOB_CREATE_MESSAGE] = { "CreateMessageJob", JOB_QUEUE_DEFAULT,
				 { "chat_id", "number", "body" }, true },
	[JOB_COUNT_MESSAGES] = { "UpdateChatMessageCountJob", JOB_QUEUE_COUNTS, { "chat_id" }, true },
	[JOB_COUNT_CHATS] = { "UpdateChatApplicationCountJob", JOB_QUEUE_COUNTS,
			      { "chat_application_id" }, false },
	[JOB_INDEX_MESSAGE] = { "IndexMessageJob", JOB_QUEUE_INDEX, { "message_id" }, false },
	[JOB_REINDEX] = { "ReindexMessagesJob", JOB_QUEUE_INDEX, { "from_id", "to_id" }, false },
};

static const char *const wrappers[] = {
	"ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper",
	"Sidekiq::ActiveJob::Wrapper",
};

const char *job_class_name(enum job_class c)
{
	return classes[c].name;
}

const char *job_class_queue(enum job_class c)
{
	return classes[c].queue;
}

/* ------------------------------------------------------------------ reading */

static bool is(struct json string, const char *text)
{
	return json_equals(string, text, strlen(text));
}

static enum job_class find_class(struct json name)
{
	int c;

	for (c = JOB_UNKNOWN + 1; c < JOB_CLASS__MAX; c++)
		if (is(name, classes[c].name))
			return (enum job_class)c;
	return JOB_UNKNOWN;
}

/* The ActiveJob document inside a wrapped payload; absent for a native one. */
static struct json active_job(struct json root)
{
	struct json class = json_member(root, "class");

	if (is(class, wrappers[0]) || is(class, wrappers[1]))
		return json_item(json_member(root, "args"), 0);
	return (struct json){ 0 };
}

/* A time in seconds, as Sidekiq 6 and 7 write it, in milliseconds as Sidekiq 8 does, or as ISO 8601. */
static bool read_time(struct json value, int64_t *us)
{
	struct buf text = BUF_INIT;
	double number;
	bool ok = false;

	if (json_double(value, &number) && number > 0 && number < 1e15) {
		*us = (int64_t)llround(number < 1e11 ? number * 1e6 : number * 1e3);
		return true;
	}
	if (json_kind(value) == JSON_STRING && !json_string(value, &text, NULL))
		ok = !clock_parse(buf_str(&text), us);
	buf_clear(&text);
	return ok;
}

static void read_created(struct job *j, struct json active, int64_t now_us)
{
	if (!read_time(json_member(j->root, "created_at"), &j->created_us) &&
	    !read_time(json_member(active, "enqueued_at"), &j->created_us) &&
	    !read_time(json_member(j->root, "enqueued_at"), &j->created_us))
		j->created_us = now_us;
}

static int hex_value(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Hex digits into bytes, '-' left out; false when there is anything else, or not that many. */
static bool read_hex(const char *text, size_t digits, unsigned char *out)
{
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '-')
			continue;
		if (!isxdigit((unsigned char)*text) || n == digits)
			return false;
		out[n / 2] = (unsigned char)(out[n / 2] << 4 | hex_value(*text));
		n++;
	}
	return n == digits;
}

/* A jid's 24 hex digits zero-padded, a UUID as it is, anything else hashed; without a jid the
 * payload stands for itself. */
static void make_key(struct job *j, const struct buf *jid)
{
	unsigned char digest[SHA256_DIGEST_LENGTH], bytes[JOB_KEY] = { 0 };

	if (jid->len == 24 && read_hex(buf_str(jid), 24, bytes)) {
		memcpy(j->key, bytes, JOB_KEY);
		return;
	}
	memset(bytes, 0, sizeof(bytes));
	if (jid->len == 36 && read_hex(buf_str(jid), 32, bytes)) {
		memcpy(j->key, bytes, JOB_KEY);
		return;
	}
	if (jid->len)
		SHA256((const unsigned char *)jid->data, jid->len, digest);
	else
		SHA256((const unsigned char *)j->text, j->len, digest);
	memcpy(j->key, digest, JOB_KEY);
}

static int read_jid(struct job *j, struct err *e)
{
	struct buf jid = BUF_INIT;
	struct json value = json_member(j->root, "jid");

	if (json_kind(value) == JSON_STRING && json_string(value, &jid, e)) {
		buf_clear(&jid);
		return -1;
	}
	if (jid.len && jid.len < JOB_JID && strlen(jid.data) == jid.len)
		memcpy(j->jid, jid.data, jid.len + 1);
	make_key(j, &jid);
	buf_clear(&jid);
	return 0;
}

static void read_retry(struct job *j)
{
	struct json retry = json_member(j->root, "retry");
	uint64_t limit;

	j->failed_before = json_u64(json_member(j->root, "retry_count"), &j->retry_count);
	j->retry_limit = -1;
	if (json_kind(retry) == JSON_FALSE)
		j->retry_limit = 0;
	else if (json_u64(retry, &limit) && limit < 1000000)
		j->retry_limit = (int64_t)limit;
}

static void read_given(struct job *j)
{
	uint64_t number;

	if (json_u64(json_member(j->root, "given_number"), &number) && number <= KEY_NUMBER_MAX)
		j->given_number = (uint32_t)number;
}

/* Positional arguments, or one object of keyword arguments. */
static struct json argument(struct json args, enum job_class class, unsigned index)
{
	struct json first = json_item(args, 0), value;
	const char *name = classes[class].argument[index];

	if (json_kind(first) != JSON_OBJECT || !name)
		return json_item(args, index);
	value = json_member(first, name);
	if (!value.len && !strcmp(name, "chat_application_id"))
		value = json_member(first, "application_id");
	return value;
}

/* None, or from and to. */
static const char *read_range(struct job *j, struct json args)
{
	struct json from = argument(args, j->class, 0), to = argument(args, j->class, 1);

	if (!json_count(args) || (json_kind(from) == JSON_NULL && json_kind(to) == JSON_NULL))
		return NULL;
	if (!json_u64(from, &j->id) || !json_u64(to, &j->to_id) || !j->id || j->id > j->to_id) {
		j->id = 0;
		return "the arguments are no range of ids";
	}
	return NULL;
}

static const char *read_arguments(struct job *j, struct json args)
{
	bool numbered = j->class == JOB_CREATE_CHAT || j->class == JOB_CREATE_MESSAGE;
	uint64_t number;

	if (j->class == JOB_REINDEX)
		return read_range(j, args);
	if (!json_u64(argument(args, j->class, 0), &j->id) || !j->id)
		return "the first argument is no id";
	if (classes[j->class].chat && !key_chat_valid(j->id))
		return "the first argument is no chat's id";
	if (!classes[j->class].chat && j->class != JOB_INDEX_MESSAGE && j->id >= KEY_APPLICATION_LIMIT)
		return "the first argument is no application's id";
	if (!numbered)
		return NULL;
	j->number_at = argument(args, j->class, 1);
	if (!json_u64(j->number_at, &number) || !number || number > KEY_NUMBER_MAX)
		return "the second argument is no number";
	j->number = (uint32_t)number;
	if (j->class != JOB_CREATE_MESSAGE)
		return NULL;
	j->body = argument(args, j->class, 2);
	return json_kind(j->body) == JSON_STRING ? NULL : "the third argument is no text";
}

/* Only being out of memory fails; a text that is no payload is JOB_UNKNOWN. */
static int check_text(struct job *j, struct err *e)
{
	struct err why = ERR_INIT;

	if (!json_check(j->text, j->len, &j->root, &why))
		return 0;
	return why.code == ERR_MEMORY ? err_memory(e) : 0;
}

int job_parse(struct job *j, const char *text, size_t len, int64_t now_us, struct err *e)
{
	struct json active;

	memset(j, 0, sizeof(*j));
	j->text = text;
	j->len = len;
	j->created_us = now_us;
	j->retry_limit = -1;
	if (check_text(j, e))
		return -1;
	if (json_kind(j->root) != JSON_OBJECT) {
		make_key(j, &(struct buf)BUF_INIT);
		return 0;
	}
	active = active_job(j->root);
	j->name = active.len ? json_member(active, "job_class") : json_member(j->root, "class");
	j->args = active.len ? json_member(active, "arguments") : json_member(j->root, "args");
	j->class = find_class(j->name);
	if (read_jid(j, e))
		return -1;
	read_created(j, active, now_us);
	read_retry(j);
	read_given(j);
	if (j->class != JOB_UNKNOWN)
		j->fault = read_arguments(j, j->args);
	return 0;
}

/* read_arguments stops before the number when what stands before it makes no sense. */
bool job_numbered(const struct job *j)
{
	return j->number;
}

uint64_t job_chat(const struct job *j)
{
	return j->class == JOB_CREATE_CHAT ? key_chat_id(j->id, j->number) : j->id;
}

/* ------------------------------------------------------------------ building */

#define LLU(n) ((unsigned long long)(n))

/* Everything up to and including "[", the opening of the arguments. */
static void add_head(struct buf *out, enum job_format format, enum job_class class)
{
	const char *name = classes[class].name, *queue = classes[class].queue;
	char id[RANDOM_UUID];

	if (format == JOB_NATIVE) {
		buf_addf(out, "{\"class\":\"%s\",\"args\":[", name);
		return;
	}
	random_uuid(id);
	buf_addf(out,
		 "{\"class\":\"%s\",\"wrapped\":\"%s\",\"args\":[{\"job_class\":\"%s\","
		 "\"job_id\":\"%s\",\"provider_job_id\":null,\"queue_name\":\"%s\","
		 "\"priority\":null,\"arguments\":[",
		 wrappers[0], name, name, id, queue);
}

/* Everything from "]", the end of the arguments, on. */
static void add_tail(struct buf *out, enum job_format format, enum job_class class, int64_t now_us,
		     const char *request_id)
{
	char jid[RANDOM_JID], now[CLOCK_ISO], seconds[CLOCK_SECONDS];

	random_jid(jid);
	clock_seconds(now_us, seconds);
	clock_iso(now_us, now);
	buf_addch(out, ']');
	if (format == JOB_ACTIVEJOB)
		buf_addf(out,
			 ",\"executions\":0,\"exception_executions\":{},\"locale\":\"en\","
			 "\"timezone\":\"UTC\",\"enqueued_at\":\"%s\"}]",
			 now);
	buf_addf(out,
		 ",\"queue\":\"%s\",\"retry\":true,\"jid\":\"%s\",\"created_at\":%s,\"enqueued_at\":%s",
		 classes[class].queue, jid, seconds, seconds);
	if (request_id) {
		buf_addstr(out, ",\"request_id\":");
		json_quote(out, request_id, strlen(request_id));
	}
	buf_addch(out, '}');
}

int job_build(struct buf *head, struct buf *tail, enum job_format format, const struct job_new *new,
	      int64_t now_us, struct err *e)
{
	add_head(head, format, new->class);
	buf_addf(head, "%llu,", LLU(new->id));
	if (new->body) {
		buf_addch(tail, ',');
		json_quote(tail, new->body, new->body_len);
	}
	add_tail(tail, format, new->class, now_us, new->request_id);
	return head->failed || tail->failed ? err_memory(e) : 0;
}

int job_build_count(struct buf *out, enum job_format format, enum job_class class, uint64_t id,
		    int64_t now_us, struct err *e)
{
	add_head(out, format, class);
	buf_addf(out, "%llu", LLU(id));
	add_tail(out, format, class, now_us, NULL);
	return out->failed ? err_memory(e) : 0;
}

/* ------------------------------------------------------------------ failing */

/* What this failure says anew; the time of the first one stays. */
static bool replaced(struct json key, bool again)
{
	return is(key, "error_message") || is(key, "error_class") || is(key, "retry_count") ||
	       is(key, again ? "retried_at" : "failed_at");
}

int job_failed(const struct job *j, const struct job_failure *f, struct buf *out, struct err *e)
{
	size_t at = 1, len = strlen(f->error_message);
	struct json key, value;
	char jid[RANDOM_JID], now[CLOCK_SECONDS];

	clock_seconds(f->now_us, now);
	buf_addch(out, '{');
	while ((key = json_next(j->root, &at)).len) {
		value = json_next(j->root, &at);
		if (replaced(key, j->failed_before))
			continue;
		buf_add(out, key.at, key.len);
		buf_addch(out, ':');
		buf_add(out, value.at, value.len);
		buf_addch(out, ',');
	}
	if (!json_member(j->root, "jid").len) {
		random_jid(jid);
		buf_addf(out, "\"jid\":\"%s\",", jid);
	}
	if (!strcmp(f->error_class, JOB_NUMBER_TAKEN) && !json_member(j->root, "given_number").len)
		buf_addf(out, "\"given_number\":%u,", j->number);
	buf_addf(out, "\"error_class\":\"%s\",\"error_message\":", f->error_class);
	json_quote(out, f->error_message, utf8_cut(f->error_message, len, MESSAGE_MAX));
	if (j->failed_before)
		buf_addf(out, ",\"retried_at\":%s,\"retry_count\":%llu}", now, LLU(j->retry_count + 1));
	else
		buf_addf(out, ",\"failed_at\":%s,\"retry_count\":0}", now);
	return out->failed ? err_memory(e) : 0;
}

bool job_retry(const struct job *j, int64_t base_ms, int64_t limit, int64_t *delay_ms)
{
	int64_t count = j->failed_before ? (int64_t)(j->retry_count + 1) : 0, factor = 1, i;

	if (j->retry_limit >= 0)
		limit = j->retry_limit;
	if (count >= limit)
		return false;
	for (i = 0; i < count && factor < RETRY_GROWTH_MAX; i++)
		factor *= 3;
	if (factor > RETRY_GROWTH_MAX)
		factor = RETRY_GROWTH_MAX;
	*delay_ms = base_ms * factor;
	*delay_ms += random_below((uint32_t)(*delay_ms / 10 + 1));
	return true;
}

const char *job_request_id(const struct job *j, char out[JOB_REQUEST_ID])
{
	struct json value = json_member(j->root, "request_id");
	struct buf id = BUF_INIT;

	if (json_kind(value) == JSON_STRING)
		json_string(value, &id, NULL); /* without memory the line goes without it */
	snprintf(out, JOB_REQUEST_ID, "%s", buf_str(&id));
	buf_clear(&id);
	return out;
}

bool job_time(const struct job *j, const char *member, int64_t *us)
{
	return read_time(json_member(j->root, member), us);
}

bool job_failed_by(const struct job *j, const char *name)
{
	return is(json_member(j->root, "error_class"), name);
}
