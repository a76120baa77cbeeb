/* Loads Parley over HTTP and writes down, on the client's side, what was acknowledged.
 *
 * The log has one line per finished request, nine fields with tabs between them, each written at
 * once, so that it survives a kill:
 *
 *   start, µs since 1970 | duration, µs | HTTP status, 0: no answer | number answered, or - |
 *   Retry-After, or - | index of the URL | sequence id | id that the body begins with, or - |
 *   "post", "get", or "read" (--read-back's GET) */
#include <curl/curl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "clock.h"
#include "load_figures.h"
#include "load_settings.h"

#define ID_MAX 72
#define TRIES_MAX 120       /* --retry: attempts for one message */
#define PAUSE_US 10000      /* after a failure, so that a dead server is not asked in a spin */
#define RETRY_US 250000     /* --retry: the same where no Retry-After was given */
#define RETRY_AFTER_MAX 30  /* seconds; more is not waited for */
#define AWAKE_US 200000     /* the longest sleep: a signal is seen in time */
#define LONG_BODY 1000      /* --bytes above this are of several scripts */

enum phase { IDLE, REQUEST, READ };

struct client {
	CURL *easy;
	size_t index, url;
	enum phase phase;
	bool retrying;     /* owes a request that was not acknowledged */
	unsigned tries;
	int sends;         /* how often libcurl has sent the present request */
	uint64_t seq;
	int64_t start_us;  /* wall clock */
	int64_t began_us;  /* steady clock */
	int64_t wait_until_us;
	char id[ID_MAX];
	struct buf body, answer;
};

struct load {
	struct settings set;
	struct figures figures;
	CURLM *multi;
	struct curl_slist *headers;
	struct client *clients;
	struct buf padding;  /* the end of every body */
	FILE *log;           /* or NULL */
	uint64_t seq, begun; /* requests sent; those without the repeated ones */
	size_t running;
	int64_t deadline_us; /* steady clock; or 0 */
};

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(1);
}

static int64_t mono_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- bodies ---- */

/* The fixed end of every body: whole characters, so that a cut never makes invalid UTF-8. */
static void make_padding(struct load *l)
{
	static const char *const scripts[] = {
		"Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. ",
		"Съешь же ещё этих мягких французских булок, да выпей чаю. ",
		"天地玄黃，宇宙洪荒。日月盈昃，辰宿列張。",
		"نص حكيم له سر قاطع وذو شأن عظيم. ",
		"ऋषियों को सताने वाले दुष्ट राक्षसों का नाश। ",
		"いろはにほへと ちりぬるを。", "🦜 e\u0301 👩‍👩‍👧 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ",
	};
	size_t want = l->set.bytes > ID_MAX ? (size_t)l->set.bytes - ID_MAX : 0, i;

	for (i = 0; l->set.bytes > LONG_BODY; i++) {
		const char *text = scripts[i % (sizeof(scripts) / sizeof(*scripts))];

		if (l->padding.len + strlen(text) > want)
			break;
		buf_addstr(&l->padding, text);
	}
	while (l->padding.len < want && !l->padding.failed)
		buf_addch(&l->padding, 'x');
	if (l->padding.failed)
		die("out of memory");
}

static void make_body(struct load *l, struct client *c)
{
	size_t n;

	snprintf(c->id, sizeof(c->id), "%s-%" PRIu64 "-%zu", l->set.prefix, c->seq, c->index);
	buf_reset(&c->body, SIZE_MAX);
	buf_addf(&c->body, "{\"body\":\"%s", c->id);
	for (n = strlen(c->id); n + l->padding.len < l->set.bytes; n++)
		buf_addch(&c->body, n == strlen(c->id) ? ' ' : '.');
	buf_add(&c->body, l->padding.data, l->padding.len);
	buf_addstr(&c->body, "\"}");
	if (c->body.failed)
		die("out of memory");
}

/* ---- requests ---- */

static size_t on_data(char *data, size_t size, size_t n, void *to)
{
	struct client *c = to;

	return buf_add(&c->answer, data, size * n) ? 0 : n;
}

/* libcurl sends a request again by itself when a kept connection breaks before an answer. The
 * server may have accepted the first one: here that is no answer, never a message posted twice. */
static int on_send(void *to, char *ip, char *local_ip, int port, int local_port)
{
	struct client *c = to;

	(void)ip, (void)local_ip, (void)port, (void)local_port;
	return c->sends++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void start(struct load *l, struct client *c, enum phase phase)
{
	c->phase = phase;
	c->sends = 0;
	buf_reset(&c->answer, 1 << 20);
	c->start_us = clock_wall_us();
	c->began_us = mono_us();
	if (curl_multi_add_handle(l->multi, c->easy))
		die("libcurl does not take the request");
	l->running++;
}

static void start_request(struct load *l, struct client *c)
{
	bool in_turn = l->set.clients == 1 || l->set.get;

	if (!c->retrying) { /* a repeated one stays with its URL */
		c->url = (in_turn ? l->begun : c->index) % l->set.n_urls;
		l->begun++;
	}
	c->seq = ++l->seq;
	curl_easy_setopt(c->easy, CURLOPT_URL, l->set.urls[c->url]);
	if (l->set.get) {
		curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	} else {
		make_body(l, c);
		curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->body.len);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body.data);
	}
	start(l, c, REQUEST);
}

static const char *header(struct client *c, const char *name)
{
	struct curl_header *h;

	return curl_easy_header(c->easy, name, 0, CURLH_HEADER, -1, &h) ? NULL : h->value;
}

static void start_read(struct load *l, struct client *c)
{
	const char *base = l->set.read_base ? l->set.read_base : l->set.urls[c->url];
	const char *location = header(c, "Location");
	struct buf url = BUF_INIT;

	if (!location) {
		l->figures.missing++;
		return;
	}
	buf_addf(&url, "%.*s%s", (int)settings_origin(base), base, location);
	if (url.failed)
		die("out of memory");
	curl_easy_setopt(c->easy, CURLOPT_URL, url.data);
	curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	buf_clear(&url);
	start(l, c, READ);
}

/* The number in an answer; 0: none. */
static uint64_t answered_number(const struct client *c)
{
	const char *p = strstr(buf_str(&c->answer), "\"number\":");

	return p ? strtoull(p + strlen("\"number\":"), NULL, 10) : 0;
}

static void write_log(struct load *l, struct client *c, long status, int64_t duration_us)
{
	const char *after = status ? header(c, "Retry-After") : NULL;
	const char *kind = c->phase == READ ? "read" : l->set.get ? "get" : "post";
	uint64_t number = status && !l->set.get ? answered_number(c) : 0;
	char text[24] = "-";

	if (!l->log)
		return;
	if (number)
		snprintf(text, sizeof(text), "%" PRIu64, number);
	fprintf(l->log, "%" PRId64 "\t%" PRId64 "\t%ld\t%s\t%s\t%zu\t%" PRIu64 "\t%s\t%s\n",
		c->start_us, duration_us, status, text, after ? after : "-", c->url, c->seq,
		l->set.get ? "-" : c->id, kind);
}

static void fail(struct load *l, struct client *c, long status)
{
	const char *after = status ? header(c, "Retry-After") : NULL;
	long seconds = after ? strtol(after, NULL, 10) : 0;
	bool passing = status == 0 || (status >= 502 && status <= 504);
	int64_t wait_us = PAUSE_US;

	c->retrying = l->set.retry && passing && ++c->tries < TRIES_MAX;
	if (c->retrying)
		wait_us = seconds <= 0 ? RETRY_US :
			  (seconds > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : seconds) * 1000000LL;
	else
		l->figures.failed++;
	c->wait_until_us = mono_us() + wait_us;
}

static void finish_request(struct load *l, struct client *c, long status, int64_t duration_us)
{
	if (figures_add(&l->figures, c->url, status, duration_us))
		die("out of memory");
	if (status != (l->set.get ? 200 : 201)) {
		fail(l, c, status);
		return;
	}
	c->retrying = false;
	c->tries = 0;
	if (l->set.read_back)
		start_read(l, c);
}

static void finish(struct load *l, struct client *c, CURLcode result)
{
	enum phase phase = c->phase;
	long status = 0;

	l->figures.end_us = mono_us();
	curl_multi_remove_handle(l->multi, c->easy);
	l->running--;
	if (result == CURLE_OK)
		curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	else if (!l->figures.first_error)
		l->figures.first_error = result == CURLE_ABORTED_BY_CALLBACK ?
			"A kept connection broke before the answer" : curl_easy_strerror(result);
	if (status < 0 || status >= FIGURES_STATUS)
		status = 0;
	write_log(l, c, status, l->figures.end_us - c->began_us);
	c->phase = IDLE;
	if (phase == REQUEST)
		finish_request(l, c, status, l->figures.end_us - c->began_us);
	else if (status == 200 && strstr(buf_str(&c->answer), c->id))
		l->figures.found++;
	else
		l->figures.missing++;
}

/* ---- the run ---- */

static bool over(const struct load *l, int64_t now_us)
{
	return stop || (l->deadline_us && now_us >= l->deadline_us);
}

static bool may_begin(const struct load *l, int64_t now_us)
{
	return !over(l, now_us) && l->begun < l->set.requests;
}

/* When the rate allows the next request. */
static int64_t next_by_rate(const struct load *l)
{
	if (!l->set.rate)
		return 0;
	return l->figures.begin_us + (int64_t)((double)l->seq * 1e6 / (double)l->set.rate);
}

/* Starts what is due. The microseconds until more is, at most AWAKE_US; -1: nothing will be. */
static int64_t start_due(struct load *l)
{
	int64_t now_us = mono_us(), wait_us = l->running ? AWAKE_US : -1;
	size_t i;

	for (i = 0; i < l->set.clients; i++) {
		struct client *c = &l->clients[i];
		int64_t due_us = next_by_rate(l);

		if (c->phase != IDLE || !(c->retrying ? !over(l, now_us) : may_begin(l, now_us)))
			continue;
		if (due_us < c->wait_until_us)
			due_us = c->wait_until_us;
		if (due_us <= now_us) {
			start_request(l, c);
			due_us = now_us + AWAKE_US;
		}
		if (wait_us < 0 || due_us - now_us < wait_us)
			wait_us = due_us - now_us;
	}
	return wait_us > AWAKE_US ? AWAKE_US : wait_us;
}

static void run(struct load *l)
{
	struct CURLMsg *m;
	int64_t wait_us;
	int left;

	while ((wait_us = start_due(l)) >= 0) {
		struct client *c;

		curl_multi_perform(l->multi, &left);
		for (left = 0; (m = curl_multi_info_read(l->multi, &left));) {
			if (m->msg != CURLMSG_DONE)
				continue;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &c);
			finish(l, c, m->data.result);
			wait_us = 0; /* this client may go on at once */
		}
		if (wait_us)
			curl_multi_poll(l->multi, NULL, 0, (int)((wait_us + 999) / 1000), NULL);
	}
}

/* ---- setting up ---- */

static void client_init(struct load *l, struct client *c, size_t index)
{
	c->index = index;
	c->easy = curl_easy_init();
	if (!c->easy)
		die("out of memory");
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, l->headers);
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)l->set.timeout_ms);
	curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_PREREQFUNCTION, on_send);
	curl_easy_setopt(c->easy, CURLOPT_PREREQDATA, c);
}

static void load_init(struct load *l)
{
	size_t i;

	l->clients = calloc((size_t)l->set.clients, sizeof(*l->clients));
	l->multi = curl_multi_init();
	/* nobody waits for "100 Continue" */
	l->headers = curl_slist_append(NULL, "Expect:");
	if (!l->clients || !l->multi || !l->headers || figures_init(&l->figures, l->set.n_urls) ||
	    !curl_slist_append(l->headers, "Content-Type: application/json"))
		die("out of memory");
	/* a kept connection per client and server, however few are at work */
	curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS,
			  (long)(l->set.clients * (l->set.n_urls + 1)));
	for (i = 0; i < l->set.clients; i++)
		client_init(l, &l->clients[i], i);
	if (l->set.log) {
		l->log = fopen(l->set.log, "we");
		if (!l->log || setvbuf(l->log, NULL, _IOLBF, 1 << 12))
			die("the log cannot be written");
	}
	make_padding(l);
	l->figures.begin_us = l->figures.end_us = mono_us();
	if (l->set.seconds)
		l->deadline_us = l->figures.begin_us + (int64_t)l->set.seconds * 1000000;
}

static void load_clear(struct load *l)
{
	size_t i;

	for (i = 0; i < l->set.clients; i++) {
		curl_easy_cleanup(l->clients[i].easy);
		buf_clear(&l->clients[i].body);
		buf_clear(&l->clients[i].answer);
	}
	figures_clear(&l->figures);
	curl_multi_cleanup(l->multi);
	curl_slist_free_all(l->headers);
	buf_clear(&l->padding);
	free(l->clients);
	if (l->log && fclose(l->log))
		die("the log cannot be written");
}

int main(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct load l = { 0 };
	bool good;
	size_t i;

	settings_read(&l.set, argc, argv);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		die("libcurl does not start");
	load_init(&l);
	run(&l);
	for (i = 0; i < l.set.clients; i++)
		l.figures.failed += l.clients[i].retrying; /* given up when the time was over */
	if (figures_print(&l.figures, l.set.get ? 200 : 201))
		die("out of memory");
	good = !l.figures.failed && !l.figures.missing;
	load_clear(&l);
	curl_global_cleanup();
	if (fflush(stdout))
		die("the summary cannot be written");
	return l.set.strict && !good ? 3 : 0;
}
