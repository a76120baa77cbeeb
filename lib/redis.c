/* One connection to Redis. */
#define PARLEY_GEN_TEXTS /* the scripts' texts */
#include "redis.h"

#include <errno.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stop.h"
#include "word.h"

#define SHA_HEX (2 * SHA_DIGEST_LENGTH + 1)

int redis_init(struct redis *r, const struct conf *conf, struct breaker *breaker, struct err *e)
{
	memset(r, 0, sizeof(*r));
	r->conf = conf;
	r->breaker = breaker;
	return url_parse(&r->url, conf->redis_url, e);
}

void redis_clear(struct redis *r)
{
	redis_disconnect(r);
	url_clear(&r->url);
}

void redis_disconnect(struct redis *r)
{
	if (r->link)
		redisFree(r->link);
	r->link = NULL;
	r->compared = r->recovering = false;
	metrics_connection(r->metrics, METRICS_REDIS, false);
}

/* ------------------------------------------------------------------ building a call */

static void call_init(struct redis_call *c)
{
	memset(c, 0, sizeof(*c));
}

void redis_command(struct redis_call *c, const char *command)
{
	call_init(c);
	redis_arg(c, command);
}

void redis_script(struct redis_call *c, enum redis_script_id id)
{
	call_init(c);
	c->script = true;
	c->id = id;
}

void redis_arg_bytes(struct redis_call *c, const void *bytes, size_t len)
{
	buf_add(&c->bytes, bytes, len);
	buf_add(&c->ends, &c->bytes.len, sizeof(c->bytes.len));
	c->count++;
}

void redis_arg(struct redis_call *c, const char *text)
{
	redis_arg_bytes(c, text, strlen(text));
}

void redis_arg_number(struct redis_call *c, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	redis_arg(c, text);
}

void redis_key(struct redis_call *c, const char *key)
{
	redis_arg(c, key);
	c->keys++;
}

void redis_compared_only(struct redis_call *c)
{
	c->compared_only = true;
}

void redis_saw(struct redis *r, uint64_t queue_seq)
{
	if (queue_seq > r->seen)
		r->seen = queue_seq;
}

void redis_call_clear(struct redis_call *c)
{
	buf_clear(&c->bytes);
	buf_clear(&c->ends);
}

/* ------------------------------------------------------------------ the connection */

static struct timeval timeval_ms(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

/* What the connection says is wrong; it is closed, and a time-out opens the breaker. */
static int broken(struct redis *r, enum err_code code, struct err *e)
{
	bool timeout = r->link && r->link->err == REDIS_ERR_IO &&
		       (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETIMEDOUT);

	if (r->link && r->link->err)
		err_set(e, code, "redis: %s", timeout ? "no answer in time" : r->link->errstr);
	else
		err_set(e, code, "redis: no connection");
	if (timeout)
		breaker_opened(r->breaker, r->conf->breaker_ms);
	redis_disconnect(r);
	return -1;
}

/* The peer is gone, or has sent what nobody asked for: this connection is of no more use. */
static bool stale(const struct redis *r)
{
	struct pollfd p = { .fd = r->link->fd, .events = POLLIN | POLLRDHUP };

	return poll(&p, 1, 0) != 0;
}

static int greet(struct redis *r, const char *command, const char *a, const char *b, struct err *e)
{
	const char *argv[3] = { command, a ? a : b, b };
	redisReply *reply = redisCommandArgv(r->link, a && b ? 3 : 2, argv, NULL);
	int rc = 0;

	if (!reply)
		return broken(r, ERR_REDIS, e);
	if (reply->type == REDIS_REPLY_ERROR) {
		rc = err_set(e, ERR_REDIS, "redis: %s: %s", command, reply->str);
		redis_disconnect(r);
	}
	freeReplyObject(reply);
	return rc;
}

static int open_link(struct redis *r, struct err *e)
{
	struct timeval limit = timeval_ms(r->conf->redis_timeout_ms);
	const struct url *u = &r->url;

	r->link = strcmp(u->scheme, "unix") == 0
			  ? redisConnectUnixWithTimeout(u->path ? u->path : "", limit)
			  : redisConnectWithTimeout(u->host ? u->host : "127.0.0.1",
						    u->port ? (int)u->port : 6379, limit);
	if (!r->link || r->link->err)
		return broken(r, ERR_REDIS, e);
	redisSetTimeout(r->link, limit);
	return 0;
}

static const char *database_of(const struct url *u)
{
	return strcmp(u->scheme, "unix") == 0 ? query_get(&u->query, "db") : u->path;
}

static int connect_anew(struct redis *r, struct err *e)
{
	const char *database = database_of(&r->url);

	redis_disconnect(r);
	r->links++;
	if (!breaker_allows(r->breaker, r->conf->redis_timeout_ms))
		return err_set(e, ERR_REDIS, "redis: no answer in time a moment ago");
	if (open_link(r, e))
		return -1;
	if (r->url.password && greet(r, "AUTH", r->url.user, r->url.password, e))
		return -1;
	if (database && strcmp(database, "0") != 0 && greet(r, "SELECT", database, NULL, e))
		return -1;
	return 0;
}

int redis_connect(struct redis *r, struct err *e)
{
	if ((!r->link || stale(r)) && connect_anew(r, e))
		return -1;
	metrics_connection(r->metrics, METRICS_REDIS, true);
	return 0;
}

/* ------------------------------------------------------------------ sending a call */

static const char *script_sha(enum redis_script_id id)
{
	static char sha[REDIS_SCRIPT__MAX][SHA_HEX];
	unsigned char digest[SHA_DIGEST_LENGTH];
	const char *text = redis_script_texts[id].text;
	int i;

	if (sha[id][0])
		return sha[id];
	SHA1((const unsigned char *)text, strlen(text), digest);
	for (i = 0; i < SHA_DIGEST_LENGTH; i++)
		snprintf(sha[id] + (size_t)i * 2, 3, "%02x", digest[i]);
	return sha[id];
}

/* The call as hiredis wants it, appended to the connection's output. */
static int append(struct redis *r, const struct redis_call *c, struct err *e)
{
	const size_t *ends = (const void *)c->ends.data;
	size_t head = c->script ? 3 : 0, n = c->count + head, i, start = 0, *lens;
	const char **argv;
	char keys[24];
	int rc;

	argv = malloc(n * sizeof(*argv));
	lens = malloc(n * sizeof(*lens));
	if (!argv || !lens || c->bytes.failed || c->ends.failed) {
		free(argv);
		free(lens);
		return err_memory(e);
	}
	if (c->script) {
		argv[0] = "EVALSHA";
		argv[1] = script_sha(c->id);
		snprintf(keys, sizeof(keys), "%zu", c->keys);
		argv[2] = keys;
		for (i = 0; i < head; i++)
			lens[i] = strlen(argv[i]);
	}
	for (i = 0; i < c->count; start = ends[i++]) {
		argv[head + i] = c->bytes.data + start;
		lens[head + i] = ends[i] - start;
	}
	rc = redisAppendCommandArgv(r->link, (int)n, argv, lens);
	free(argv);
	free(lens);
	return rc == REDIS_OK ? 0 : broken(r, ERR_REDIS, e);
}

/* Writes all that was appended. Redis executes whole commands only: a call that could not be written to
 * its end was not executed. */
static int flush(struct redis *r, struct err *e)
{
	int done = 0;

	while (!done)
		if (redisBufferWrite(r->link, &done) != REDIS_OK)
			return broken(r, ERR_REDIS, e);
	return 0;
}

static int read_reply(struct redis *r, redisReply **reply, struct err *e)
{
	void *got = NULL;

	if (redisGetReply(r->link, &got) != REDIS_OK || !got)
		return broken(r, ERR_UNSURE, e);
	*reply = got;
	breaker_closed(r->breaker);
	return 0;
}

static int load_script(struct redis *r, enum redis_script_id id, struct err *e)
{
	struct redis_call c;

	redis_command(&c, "SCRIPT");
	redis_arg(&c, "LOAD");
	redis_arg(&c, redis_script_texts[id].text);
	if (redis_send(r, &c, NULL, e))
		return e && e->code == ERR_UNSURE ? err_set(e, ERR_REDIS, "redis: no answer") : -1;
	return 0;
}

static int error_reply(struct redis *r, const redisReply *reply, struct err *e)
{
	if (word_find(reply->str) != WORD_NONE)
		return err_set(e, ERR_SCRIPT, "%s", reply->str);
	err_set(e, ERR_REDIS, "redis: %s", reply->str);
	/* a replica, or still loading: another server may answer behind this address soon */
	if (!strncmp(reply->str, "READONLY", 8) || !strncmp(reply->str, "LOADING", 7))
		redis_disconnect(r);
	return -1;
}

static int send_once(struct redis *r, const struct redis_call *c, redisReply **reply, struct err *e)
{
	if (redis_connect(r, e))
		return -1;
	if (c->compared_only && !r->compared && !r->recovering)
		return err_set(e, ERR_REDIS, "redis: the connection is new and was not compared yet");
	return append(r, c, e) || flush(r, e) ? -1 : read_reply(r, reply, e);
}

static int send_call(struct redis *r, const struct redis_call *c, redisReply **reply, struct err *e)
{
	redisReply *got = NULL;
	int rc = send_once(r, c, &got, e);

	if (!rc && got && c->script && got->type == REDIS_REPLY_ERROR &&
	    !strncmp(got->str, "NOSCRIPT", 8)) {
		freeReplyObject(got);
		got = NULL;
		rc = load_script(r, c->id, e) ? -1 : send_once(r, c, &got, e);
	}
	if (!rc && got && got->type == REDIS_REPLY_ERROR)
		rc = error_reply(r, got, e);
	if (!rc && reply) {
		*reply = got;
		return 0;
	}
	if (got)
		freeReplyObject(got);
	return rc;
}

int redis_send(struct redis *r, struct redis_call *c, redisReply **reply, struct err *e)
{
	int rc = send_call(r, c, reply, e);

	redis_call_clear(c);
	return rc;
}

int redis_send_wait(struct redis *r, struct redis_call *c, int64_t wait_ms, redisReply **reply,
		    struct err *e)
{
	int64_t usual = r->conf->redis_timeout_ms;
	int rc = redis_connect(r, e);

	if (!rc) {
		redisSetTimeout(r->link, timeval_ms(usual + wait_ms));
		rc = send_call(r, c, reply, e);
	}
	if (r->link)
		redisSetTimeout(r->link, timeval_ms(usual));
	redis_call_clear(c);
	return rc;
}

/* (hiredis itself goes on reading after a signal.) */
static int block(struct redis *r, const struct redis_call *c, int64_t wait_ms, redisReply **reply,
		 struct err *e)
{
	if (redis_connect(r, e) || append(r, c, e) || flush(r, e))
		return -1;
	if (stop_wait(r->link->fd, wait_ms))
		return read_reply(r, reply, e);
	redis_disconnect(r);
	return err_set(e, ERR_UNSURE, "redis: stopped while it waited");
}

int redis_send_until_stop(struct redis *r, struct redis_call *c, int64_t wait_ms, struct err *e)
{
	redisReply *reply = NULL;
	int rc = block(r, c, wait_ms, &reply, e);

	if (!rc && reply && reply->type == REDIS_REPLY_ERROR)
		rc = error_reply(r, reply, e);
	if (reply)
		freeReplyObject(reply);
	redis_call_clear(c);
	return rc;
}

int redis_send_number(struct redis *r, struct redis_call *c, int64_t *number, struct err *e)
{
	redisReply *reply = NULL;
	int rc = redis_send(r, c, &reply, e);

	if (rc || !reply)
		return -1;
	if (reply->type == REDIS_REPLY_INTEGER)
		*number = reply->integer;
	else
		rc = err_set(e, ERR_REDIS, "redis: a number was expected");
	freeReplyObject(reply);
	return rc;
}

static int mark(struct redis *r, const char *key, const char *value, int64_t keep_ms, const char *how,
		struct err *e)
{
	struct redis_call c;
	int64_t made = 0;

	redis_script(&c, REDIS_SCRIPT_MARK);
	redis_key(&c, key);
	redis_arg(&c, value);
	redis_arg_number(&c, keep_ms);
	redis_arg(&c, how);
	return redis_send_number(r, &c, &made, e) ? -1 : made == 1;
}

int redis_set_mark(struct redis *r, const char *key, int64_t keep_s, struct err *e)
{
	return mark(r, key, "1", keep_s * 1000, "", e) < 0 ? -1 : 0;
}

int redis_lock(struct redis *r, const char *key, const char *token, int64_t keep_ms, struct err *e)
{
	return mark(r, key, token, keep_ms, "NX", e);
}

int redis_delete(struct redis *r, const char *key, struct err *e)
{
	struct redis_call c;

	redis_command(&c, "DEL");
	redis_arg(&c, key);
	return redis_send(r, &c, NULL, e);
}

int redis_exists(struct redis *r, const char *key, struct err *e)
{
	struct redis_call c;
	int64_t n = 0;

	redis_command(&c, "EXISTS");
	redis_arg(&c, key);
	return redis_send_number(r, &c, &n, e) ? -1 : n > 0;
}

int redis_get_number(struct redis *r, const char *key, uint64_t *number, struct err *e)
{
	struct redis_call c;
	redisReply *reply = NULL;
	char *end;
	int found = 0;

	redis_command(&c, "GET");
	redis_arg(&c, key);
	if (redis_send(r, &c, &reply, e) || !reply)
		return -1;
	if (reply->type == REDIS_REPLY_STRING) {
		*number = strtoull(reply->str, &end, 10);
		found = end != reply->str && !*end;
	}
	freeReplyObject(reply);
	return found;
}

void redis_info_field(const char *info, const char *field, char *out, size_t size)
{
	size_t len = strlen(field), n;
	const char *line;

	out[0] = '\0';
	for (line = info; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, field, len) != 0 || line[len] != ':')
			continue;
		n = strcspn(line + len + 1, "\r\n");
		snprintf(out, size, "%.*s", (int)n, line + len + 1);
		return;
	}
}
