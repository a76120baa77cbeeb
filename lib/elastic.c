/* One connection to Elasticsearch. */
#include "elastic.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "url.h"

#define CONNECT_MS 2000L        /* TLS included */
#define IDLE_S 30L              /* a connection that lay idle for longer is not used again */
#define REPLY_KEEP ((size_t)1 << 20)
#define FAILURES 5U             /* in a row open the breaker */
#define OPEN_MS 1000            /* for so long at first */
#define OPEN_MAX_MS 60000
#define INDEX_MAX 200           /* bytes: Elasticsearch takes 255, "_v1" and so on come behind it */

bool elastic_configured(const struct conf *conf)
{
	return *conf->elasticsearch_url != '\0';
}

int elastic_init(struct elastic *el, const struct conf *conf, struct err *e)
{
	struct url u = URL_INIT;

	memset(el, 0, sizeof(*el));
	el->conf = conf;
	if (!elastic_configured(conf))
		return 0;
	if (url_base(conf->elasticsearch_url, &el->base, e))
		return -1;
	if (url_parse(&u, conf->elasticsearch_url, e)) {
		buf_clear(&el->base);
		return -1;
	}
	el->user = u.user;
	el->password = u.password;
	u.user = u.password = NULL;
	url_clear(&u);
	return 0;
}

void elastic_clear(struct elastic *el)
{
	int i;

	curl_easy_cleanup(el->curl);
	for (i = 0; i < 2; i++)
		curl_slist_free_all(el->headers[i]);
	if (el->curl)
		metrics_connection(el->metrics, METRICS_ELASTICSEARCH, false);
	buf_clear(&el->base);
	buf_clear(&el->reply);
	free(el->user);
	free(el->password);
	memset(el, 0, sizeof(*el));
}

/* ------------------------------------------------------------------ the breaker */

static bool may_try(const struct elastic *el)
{
	return !el->open_ms || clock_mono_ms() >= el->until_ms;
}

void elastic_well(struct elastic *el)
{
	el->failures = 0;
	el->open_ms = el->until_ms = 0;
}

/* (Whoever tried when its time was over, and failed, opens it again.) */
static void failed(struct elastic *el)
{
	if (++el->failures < FAILURES)
		return;
	el->open_ms = el->open_ms ? el->open_ms * 2 : OPEN_MS;
	if (el->open_ms > OPEN_MAX_MS)
		el->open_ms = OPEN_MAX_MS;
	el->until_ms = clock_mono_ms() + el->open_ms;
}

/* ------------------------------------------------------------------ the handle */

/* Before every sending. libcurl tries again by itself when a connection that was used before broke;
 * whether the request was executed nobody knows. */
static int once(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct elastic *el = arg;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	if (el->sent)
		return CURL_PREREQFUNC_ABORT;
	el->sent = true;
	metrics_connection(el->metrics, METRICS_ELASTICSEARCH, true);
	return CURL_PREREQFUNC_OK;
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
	struct elastic *el = arg;

	n *= size;
	if (el->reply.len + n > (size_t)ELASTIC_REPLY_MAX || buf_add(&el->reply, data, n))
		return 0;
	return n;
}

/* They are blocked while libcurl is at work (perform). */
static void stop_signals(sigset_t *stops)
{
	sigemptyset(stops);
	sigaddset(stops, SIGTERM);
	sigaddset(stops, SIGINT);
	sigaddset(stops, SIGHUP);
}

/* Asked by libcurl now and then; anything but 0 ends the request. */
static int is_stopped(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	static const int stops[] = { SIGTERM, SIGINT, SIGHUP };
	struct elastic *el = arg;
	sigset_t pending;
	size_t i;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	sigpending(&pending);
	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		if (sigismember(&pending, stops[i]))
			el->stopped = true;
	return el->stopped;
}

static const struct {
	CURLoption option;
	long value;
} numbers[] = {
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_QUICK_EXIT, 1 }, /* else it waits for a resolver that hangs, whatever the time-out */
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS },
	{ CURLOPT_MAXCONNECTS, 1 },
	{ CURLOPT_MAXAGE_CONN, IDLE_S },
	{ CURLOPT_MAXFILESIZE, ELASTIC_REPLY_MAX },
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_HTTPAUTH, CURLAUTH_BASIC },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
};

/* "": none, also none of the environment. With a CA of its own the system's do not count. */
static bool set_texts(const struct elastic *el, CURL *c)
{
	const char *ca = el->conf->elasticsearch_ca, *user = el->user || !el->password ? el->user : "";

	return !curl_easy_setopt(c, CURLOPT_PROXY, "") &&
	       !curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") &&
	       (!user || !curl_easy_setopt(c, CURLOPT_USERNAME, user)) &&
	       (!el->password || !curl_easy_setopt(c, CURLOPT_PASSWORD, el->password)) &&
	       (!*ca || (!curl_easy_setopt(c, CURLOPT_CAINFO, ca) &&
			 !curl_easy_setopt(c, CURLOPT_CAPATH, NULL)));
}

/* Behind "Expect:" nothing: libcurl would wait for a "100 Continue" before a long body. */
static bool make_headers(struct elastic *el)
{
	static const char *const lines[2][3] = {
		{ "Content-Type: application/json", "Accept: application/json", "Expect:" },
		{ "Content-Type: application/x-ndjson", "Accept: application/json", "Expect:" },
	};
	struct curl_slist *longer;
	size_t i, k;

	for (i = 0; i < 2; i++)
		for (k = el->headers[i] ? 3 : 0; k < 3; k++) {
			longer = curl_slist_append(el->headers[i], lines[i][k]);
			if (!longer) {
				curl_slist_free_all(el->headers[i]);
				el->headers[i] = NULL;
				return false;
			}
			el->headers[i] = longer;
		}
	return true;
}

static int make_handle(struct elastic *el, struct err *e)
{
	CURL *c;
	size_t i;

	if (el->curl)
		return 0;
	c = curl_easy_init();
	for (i = 0; c && i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (curl_easy_setopt(c, numbers[i].option, numbers[i].value))
			break;
	if (!c || i < sizeof(numbers) / sizeof(numbers[0]) || !set_texts(el, c) || !make_headers(el) ||
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) ||
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, el) ||
	    curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, once) ||
	    curl_easy_setopt(c, CURLOPT_PREREQDATA, el) ||
	    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, is_stopped) ||
	    curl_easy_setopt(c, CURLOPT_XFERINFODATA, el)) {
		curl_easy_cleanup(c);
		return err_memory(e);
	}
	el->curl = c;
	return 0;
}

/* ------------------------------------------------------------------ a request */

/* A POST or PUT without a body has one of no bytes. */
static bool set_body(CURL *c, const struct elastic_request *r)
{
	if (!strcmp(r->method, "HEAD"))
		return !curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	if (!r->body && r->method[0] != 'P')
		return !curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	return !curl_easy_setopt(c, CURLOPT_POST, 1L) &&
	       !curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)(r->body ? r->len : 0)) &&
	       !curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body ? r->body : "");
}

static int prepare(struct elastic *el, const struct elastic_request *r, struct err *e)
{
	struct buf url = BUF_INIT;
	bool good;

	buf_add(&url, el->base.data, el->base.len);
	buf_addstr(&url, r->path);
	good = !url.failed && !curl_easy_setopt(el->curl, CURLOPT_URL, buf_str(&url)) &&
	       set_body(el->curl, r) &&
	       !curl_easy_setopt(el->curl, CURLOPT_CUSTOMREQUEST, r->method) &&
	       !curl_easy_setopt(el->curl, CURLOPT_HTTPHEADER, el->headers[r->lines]) &&
	       !curl_easy_setopt(el->curl, CURLOPT_NOPROGRESS, r->until_stop ? 0L : 1L) &&
	       !curl_easy_setopt(el->curl, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	buf_clear(&url);
	el->sent = el->stopped = false;
	return good ? 0 : err_memory(e);
}

/* Why there is no answer. (libcurl's text names hosts and files, never user or password.) */
static int no_answer(const struct elastic *el, CURLcode code, const char *text, struct err *e)
{
	if (code == CURLE_OUT_OF_MEMORY || el->reply.failed)
		return err_memory(e);
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		text = "no answer in time";
		break;
	case CURLE_ABORTED_BY_CALLBACK:
		text = el->stopped ? "told to stop before an answer came" : "the connection broke before an answer came";
		break;
	case CURLE_WRITE_ERROR:
	case CURLE_FILESIZE_EXCEEDED:
		text = "the answer is too long";
		break;
	default:
		if (!*text)
			text = curl_easy_strerror(code);
		break;
	}
	return err_set(e, ERR_ELASTIC, "elasticsearch: %s", text);
}

/* libcurl looks names up in a thread, which may linger: it must get no signal that is meant to wake this
 * one. */
static CURLcode perform(CURL *c)
{
	sigset_t stops, before;
	CURLcode code;

	stop_signals(&stops);
	pthread_sigmask(SIG_BLOCK, &stops, &before);
	code = curl_easy_perform(c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

static int exchange(struct elastic *el, struct err *e)
{
	char text[CURL_ERROR_SIZE] = "";
	curl_socket_t open = CURL_SOCKET_BAD;
	long status = 0;
	CURLcode code;

	curl_easy_setopt(el->curl, CURLOPT_ERRORBUFFER, text);
	code = perform(el->curl);
	curl_easy_setopt(el->curl, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_getinfo(el->curl, CURLINFO_ACTIVESOCKET, &open);
	metrics_connection(el->metrics, METRICS_ELASTICSEARCH, open != CURL_SOCKET_BAD);
	if (code)
		return no_answer(el, code, text, e);
	curl_easy_getinfo(el->curl, CURLINFO_RESPONSE_CODE, &status);
	el->status = (int)status;
	return el->status == 429 || el->status >= 500 ? elastic_refused(el, e) : 0;
}

static int read_reply(const struct elastic *el, struct json *root, struct err *e)
{
	struct err why = ERR_INIT;

	if (!json_check(buf_str(&el->reply), el->reply.len, root, &why))
		return 0;
	if (why.code == ERR_MEMORY)
		return err_memory(e);
	if (el->status >= 400)
		return elastic_refused(el, e);
	return err_set(e, ERR_ELASTIC, "elasticsearch: %d, and the answer is no JSON", el->status);
}

/* `root` may be NULL. */
static int ask(struct elastic *el, const struct elastic_request *r, struct json *root, struct err *e)
{
	struct err why = ERR_INIT;
	int rc;

	assert(el->base.len);
	el->status = 0;
	buf_reset(&el->reply, REPLY_KEEP);
	if (!r->check && !may_try(el))
		return err_set(e, ERR_ELASTIC, "elasticsearch: it failed %u times in a row, and is left alone "
			       "for a while", el->failures);
	rc = make_handle(el, &why) || prepare(el, r, &why) || exchange(el, &why) ||
	     (root && read_reply(el, root, &why));
	if (rc && !r->check && why.code == ERR_ELASTIC)
		failed(el);
	else if (!rc && !r->check)
		elastic_well(el);
	if (rc && e)
		*e = why;
	return rc ? -1 : 0;
}

int elastic_send(struct elastic *el, const struct elastic_request *r, struct err *e)
{
	return ask(el, r, NULL, e);
}

int elastic_json(struct elastic *el, const struct elastic_request *r, struct json *root, struct err *e)
{
	return ask(el, r, root, e);
}

/* ------------------------------------------------------------------ what it says is wrong */

static void add(struct buf *out, const char *between, struct json text)
{
	if (json_kind(text) != JSON_STRING)
		return;
	buf_addstr(out, between);
	json_string(text, out, NULL);
}

/* The root cause says more than "all shards failed". Reasons of security_exception name the user. */
static void describe(const struct elastic *el, struct buf *out)
{
	struct json root = { 0 }, error, cause;

	if (el->status == 401) {
		buf_addstr(out, ": the user or the password is wrong");
		return;
	}
	if (json_check(buf_str(&el->reply), el->reply.len, &root, NULL))
		return;
	error = json_member(root, "error");
	cause = json_item(json_member(error, "root_cause"), 0);
	if (cause.len)
		error = cause;
	add(out, ": ", error);
	add(out, " ", json_member(error, "type"));
	if (!json_equals(json_member(error, "type"), "security_exception", 18))
		add(out, ": ", json_member(error, "reason"));
}

int elastic_refused(const struct elastic *el, struct err *e)
{
	struct buf text = BUF_INIT;

	describe(el, &text);
	err_set(e, ERR_ELASTIC, "elasticsearch: %d%s", el->status, buf_str(&text));
	buf_clear(&text);
	return -1;
}

/* ------------------------------------------------------------------ for the settings */

/* Stricter than Elasticsearch: the name stands in paths as it is. */
int elastic_check_index(const char *name, struct err *e)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789",
			  allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

	if (strlen(name) > INDEX_MAX || !strspn(name, first) || name[strspn(name, allowed)])
		return err_set(e, ERR_INVALID, "at most %d of a-z0-9._-, the first a letter or a digit",
			       INDEX_MAX);
	return 0;
}

int elastic_check_ca(const char *path, struct err *e)
{
	return *path == '/' ? 0 : err_set(e, ERR_INVALID, "a whole path is needed, from / on");
}
