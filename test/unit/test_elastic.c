/* Tests of lib/elastic, against sockets that a child of the test serves: what is sent, what is made of
 * answers and of what is none, and the breaker. (A real Elasticsearch: test/elastic.bats.) */
#include "elastic.h"

#include "check.h"
#include "clock.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET "s3cret"
#define LONG_MS 20000 /* for what answers at once */
#define PIECE ((size_t)1 << 20)

/* An answer of the child. */
enum how {
	KEEP,    /* and the connection stays */
	CLOSE,   /* and it is closed */
	ENDLESS, /* and zeros behind it, until nobody takes any more */
};

struct answer {
	enum how how;
	const char *bytes; /* NULL: none */
};

static struct conf conf = { .elasticsearch_ca = (char *)(uintptr_t)"" };
static char url[96];
static int listener = -1; /* of the test; its child has it too */
static pid_t child;
static int seen[2]; /* a pipe: what the child was sent */
static struct elastic el;

/* ------------------------------------------------------------------ the other side */

static int open_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(a);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) || listen(listener, 8) ||
	    getsockname(listener, (struct sockaddr *)&a, &len))
		abort();
	return ntohs(a.sin_port);
}

/* Reads one request, hands it on with a NUL behind it; false: the client is gone. */
static bool read_request(int fd)
{
	static char text[65536];
	size_t len = 0, whole = 0;
	const char *end, *length;
	ssize_t n;

	while (!whole || len < whole) {
		n = read(fd, text + len, sizeof(text) - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		end = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		if (end)
			whole = (size_t)(end - text) + 4 + (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
	}
	return write(seen[1], text, len + 1) == (ssize_t)len + 1;
}

static void write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	while (len && (n = write(fd, bytes, len)) > 0) {
		bytes += n;
		len -= (size_t)n;
	}
}

static void write_endless(int fd)
{
	char *zeros = calloc(1, PIECE);

	while (zeros && write(fd, zeros, PIECE) > 0)
		continue;
	free(zeros);
}

static void serve(const struct answer *answers, size_t n)
{
	int fd = -1;
	size_t i;

	for (i = 0; i < n; i++) {
		while (fd < 0 || !read_request(fd)) {
			if (fd >= 0)
				close(fd);
			fd = accept(listener, NULL, NULL);
			if (fd < 0)
				return;
		}
		if (answers[i].bytes)
			write_all(fd, answers[i].bytes, strlen(answers[i].bytes));
		if (answers[i].how == ENDLESS)
			write_endless(fd);
		if (answers[i].how != KEEP) {
			close(fd);
			fd = -1;
		}
	}
	pause(); /* the last connection stays until the test ends it */
}

/* ------------------------------------------------------------------ this side */

/* `at` is what stands before the host, `below` what stands behind the port. */
static void begin_at(const char *at, const char *below, const struct answer *answers, size_t n)
{
	struct err e = ERR_INIT;

	snprintf(url, sizeof(url), "http://%s127.0.0.1:%d%s", at, open_port(), below);
	conf.elasticsearch_url = url;
	if (pipe2(seen, O_CLOEXEC))
		abort();
	child = n ? fork() : -1;
	if (!child) {
		signal(SIGPIPE, SIG_IGN);
		serve(answers, n);
		_exit(0);
	}
	if (!CHECK_CASE(!elastic_init(&el, &conf, &e), e.text))
		exit(1);
}

#define BEGIN(...)                                                                              \
	begin_at("me:" SECRET "@", "", (const struct answer[]){ __VA_ARGS__ },                  \
		 sizeof((const struct answer[]){ __VA_ARGS__ }) / sizeof(struct answer))

static void end_child(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	child = -1;
}

static void end(void)
{
	elastic_clear(&el);
	end_child();
	close(listener);
	close(seen[0]);
	close(seen[1]);
}

/* The next request that the child was sent. */
static const char *request_seen(void)
{
	static char text[65536];
	size_t len = 0;

	while (len < sizeof(text) - 1 && read(seen[0], text + len, 1) == 1 && text[len])
		len++;
	text[len] = '\0';
	return text;
}

static bool has_line(const char *request, const char *line)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "\r\n%s\r\n", line);
	return strstr(request, whole) != NULL;
}

static int get(struct err *e)
{
	const struct elastic_request r = { .method = "GET", .path = "/", .timeout_ms = LONG_MS };
	struct json root = { 0 };
	int rc = elastic_json(&el, &r, &root, e);

	if (e) {
		CHECK_CASE(!strstr(e->text, SECRET) && !strstr(e->text, "me:"), e->text);
		CHECK_INT(e->code != ERR_NONE, rc != 0);
	}
	return rc;
}

/* It fails, and says this. */
static void fails(const char *text)
{
	struct err e = ERR_INIT;

	CHECK_INT(get(&e), -1);
	CHECK_INT(e.code, ERR_ELASTIC);
	CHECK_STR(e.text, text);
}

static bool works(void)
{
	struct err e = ERR_INIT;

	return CHECK_CASE(!get(&e), e.text);
}

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define OK { KEEP, OK_HEAD "Content-Length: 8\r\n\r\n{\"a\":12}" }
#define ANSWER(status, length, body) { KEEP, "HTTP/1.1 " status "\r\nContent-Length: " length "\r\n\r\n" body }

/* ------------------------------------------------------------------ what is sent */

static void sends_what_was_asked_for(void)
{
	static const struct {
		struct elastic_request r;
		const char *first, *body, *header;
	} cases[] = {
		{ { .method = "GET", .path = "/a?b=c" }, "GET /es%20/x/a?b=c HTTP/1.1\r\n", "",
		  "Accept: application/json" },
		{ { .method = "GET", .path = "/a", .body = "{\"x\":1}", .len = 7 },
		  "GET /es%20/x/a HTTP/1.1\r\n", "{\"x\":1}", "Content-Type: application/json" },
		{ { .method = "POST", .path = "/_bulk", .body = "{}\n{}\n{}", .len = 6, .lines = true },
		  "POST /es%20/x/_bulk HTTP/1.1\r\n", "{}\n{}\n", "Content-Type: application/x-ndjson" },
		{ { .method = "POST", .path = "/a/_refresh" }, "POST /es%20/x/a/_refresh HTTP/1.1\r\n", "",
		  "Content-Length: 0" },
		{ { .method = "PUT", .path = "/a", .body = "{}", .len = 2 },
		  "PUT /es%20/x/a HTTP/1.1\r\n", "{}", "Content-Length: 2" },
		{ { .method = "DELETE", .path = "/a" }, "DELETE /es%20/x/a HTTP/1.1\r\n", "",
		  "Accept: application/json" },
		{ { .method = "GET", .path = "/b" }, "GET /es%20/x/b HTTP/1.1\r\n", "",
		  "Content-Type: application/json" },
	};
	const struct answer answers[] = { OK, OK, OK, OK, OK, OK, OK };
	struct elastic_request r;
	struct err e = ERR_INIT;
	const char *request;
	size_t i;

	begin_at("me:p%40%3A%C3%A9@", "/es%20/x/", answers, 7);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = cases[i].r;
		r.timeout_ms = LONG_MS;
		if (!CHECK_CASE(!elastic_send(&el, &r, &e), e.text))
			break;
		CHECK_STR(buf_str(&el.reply), "{\"a\":12}");
		request = request_seen();
		CHECK_CASE(!strncmp(request, cases[i].first, strlen(cases[i].first)), request);
		CHECK_STR(strstr(request, "\r\n\r\n") + 4, cases[i].body);
		CHECK_CASE(has_line(request, cases[i].header), request);
		CHECK_CASE(has_line(request, "Authorization: Basic bWU6cEA6w6k="), request);
		CHECK_CASE(!strstr(request, "Expect") && !strstr(request, "urlencoded"), request);
	}
	end();
}

static void a_head_has_no_body_and_what_follows_it_has_one(void)
{
	const struct elastic_request r = { .method = "HEAD", .path = "/a", .timeout_ms = LONG_MS };

	BEGIN({ KEEP, OK_HEAD "Content-Length: 8\r\n\r\n" }, OK);
	CHECK(!elastic_send(&el, &r, NULL));
	CHECK(el.status == 200 && !el.reply.len);
	CHECK(!strncmp(request_seen(), "HEAD /a HTTP", 12));
	CHECK(works());
	CHECK_STR(buf_str(&el.reply), "{\"a\":12}");
	end();
}

static void a_password_needs_no_user(void)
{
	begin_at(":" SECRET "@", "", (const struct answer[]){ OK }, 1);
	CHECK(works());
	CHECK(has_line(request_seen(), "Authorization: Basic OnMzY3JldA=="));
	end();
	begin_at("", "", (const struct answer[]){ OK }, 1);
	CHECK(works());
	CHECK(!strstr(request_seen(), "Authorization"));
	end();
}

static void no_proxy_of_the_environment_is_used(void)
{
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	BEGIN(OK);
	CHECK(works());
	end();
	unsetenv("http_proxy");
	unsetenv("all_proxy");
}

static void a_connection_is_kept_and_a_new_one_made_when_it_is_closed(void)
{
	BEGIN(OK, OK, { CLOSE, OK_HEAD "Content-Length: 2\r\n\r\n{}" }, OK);
	CHECK(works() && works() && works() && works());
	CHECK_INT(el.failures, 0);
	end();
}

/* (libcurl would: whether the first was executed nobody knows.) */
static void nothing_is_sent_twice(void)
{
	BEGIN(OK, { CLOSE, NULL }, OK);
	CHECK(works());
	fails("elasticsearch: the connection broke before an answer came");
	CHECK_INT(el.status, 0);
	CHECK(works());
	CHECK(!strncmp(request_seen(), "GET", 3) && !strncmp(request_seen(), "GET", 3) &&
	      !strncmp(request_seen(), "GET", 3));
	end_child();
	close(seen[1]);
	CHECK_STR(request_seen(), ""); /* no fourth */
	end();
}

/* ------------------------------------------------------------------ what is made of answers */

#define JSON_ERROR(type, reason) \
	"{\"error\":{\"root_cause\":[],\"type\":\"" type "\",\"reason\":\"" reason "\"}}"

static void an_answer_has_a_status_and_says_what_is_wrong(void)
{
	static const struct {
		const char *status, *body;
		int rc, number;
		const char *refused;
	} cases[] = {
		{ "200 OK", "{}", 0, 200, "200" },
		{ "404 Not Found", JSON_ERROR("index_not_found_exception", "no such index [m]"), 0, 404,
		  "404 index_not_found_exception: no such index [m]" },
		{ "400 Bad Request", "{\"error\":{\"root_cause\":[{\"type\":\"a\",\"reason\":\"b \\\"c\\\"\"}],"
				     "\"type\":\"search_phase_execution_exception\",\"reason\":\"all\"}}",
		  0, 400, "400 a: b \"c\"" },
		{ "405 Method Not Allowed", "{\"error\":\"Incorrect method\",\"status\":405}", 0, 405,
		  "405: Incorrect method" },
		{ "409 Conflict", "{\"error\":{\"type\":7}}", 0, 409, "409" },
		{ "403 Forbidden", JSON_ERROR("security_exception", "not for [me]"), 0, 403,
		  "403 security_exception" },
		{ "301 Moved", "{}", 0, 301, "301" },
		{ "401 Unauthorized", JSON_ERROR("security_exception", "not for [me]"), 0, 401,
		  "401: the user or the password is wrong" },
		{ "401 Unauthorized", "<html>", -1, 401, "401: the user or the password is wrong" },
		{ "429 Busy", JSON_ERROR("es_rejected_execution_exception", "full"), -1, 429,
		  "429 es_rejected_execution_exception: full" },
		{ "502 Bad Gateway", "<html>", -1, 502, "502" },
		{ "503 Unavailable", "", -1, 503, "503" },
	};
	struct err e;
	char bytes[512], want[128];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e = (struct err)ERR_INIT;
		snprintf(bytes, sizeof(bytes),
			 "HTTP/1.1 %s\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: %zu\r\n\r\n%s",
			 cases[i].status, strlen(cases[i].body), cases[i].body);
		snprintf(want, sizeof(want), "elasticsearch: %s", cases[i].refused);
		BEGIN({ KEEP, bytes });
		CHECK_INT(get(&e), cases[i].rc);
		CHECK_INT(el.status, cases[i].number);
		CHECK_INT(el.failures, cases[i].rc ? 1 : 0);
		if (cases[i].rc)
			CHECK_STR(e.text, want);
		CHECK_INT(elastic_refused(&el, &e), -1);
		CHECK_STR(e.text, want);
		end();
	}
}

static void garbage_is_no_answer(void)
{
	static const struct {
		struct answer answer;
		int status;
		const char *text; /* NULL: libcurl's words, which have changed */
	} cases[] = {
		{ { CLOSE, NULL }, 0, "Empty reply from server" },
		{ { CLOSE, "SSH-2.0-OpenSSH_9.2\r\n" }, 0, NULL },
		{ { CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}" }, 0, NULL },
		{ { CLOSE, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz" }, 0, NULL },
		{ { KEEP, "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}" }, 0,
		  "the answer is too long" },
		{ { ENDLESS, "HTTP/1.1 200 OK\r\n\r\n{}" }, 0, "the answer is too long" },
		{ ANSWER("200 OK", "6", "<html>"), 200, "200, and the answer is no JSON" },
		{ ANSWER("200 OK", "0", ""), 200, "200, and the answer is no JSON" },
		{ ANSWER("200 OK", "4", "{\"a\""), 200, "200, and the answer is no JSON" },
		{ ANSWER("302 Found", "0", ""), 302, "302, and the answer is no JSON" },
	};
	struct err e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e = (struct err)ERR_INIT;
		BEGIN(cases[i].answer);
		CHECK_INT(get(&e), -1);
		CHECK_INT(e.code, ERR_ELASTIC);
		CHECK_INT(el.status, cases[i].status);
		CHECK_INT(el.failures, 1);
		CHECK_CASE(!strncmp(e.text, "elasticsearch: ", 15) && e.text[15], e.text);
		if (cases[i].text)
			CHECK_STR(e.text + 15, cases[i].text);
		CHECK(el.reply.cap < (size_t)ELASTIC_REPLY_MAX * 2);
		end();
	}
}

static void a_long_answer_is_no_longer_kept_with_the_next(void)
{
	static char bytes[3U << 20];
	struct json root = { 0 };
	const struct elastic_request r = { .method = "GET", .path = "/", .timeout_ms = LONG_MS };
	int n = snprintf(bytes, sizeof(bytes), "%sContent-Length: %zu\r\n\r\n\"", OK_HEAD, PIECE + 2);

	memset(bytes + n, 'x', PIECE);
	bytes[(size_t)n + PIECE] = '"';
	BEGIN({ KEEP, bytes }, OK);
	CHECK(!elastic_json(&el, &r, &root, NULL));
	CHECK_INT(root.len, PIECE + 2);
	CHECK(works());
	CHECK(el.reply.cap < PIECE);
	end();
}

/* ------------------------------------------------------------------ who does not answer */

static int64_t timed(int *rc, struct err *e, int64_t timeout_ms)
{
	const struct elastic_request r = { .method = "GET", .path = "/", .timeout_ms = timeout_ms };
	int64_t began = clock_mono_ms();

	*rc = elastic_send(&el, &r, e);
	return clock_mono_ms() - began;
}

/* It is connected to, since it listens, but nobody accepts. */
static void a_server_that_hangs_costs_no_more_than_the_time_given(void)
{
	struct err e = ERR_INIT;
	int64_t ms;
	int rc;

	begin_at("", "", NULL, 0);
	ms = timed(&rc, &e, 100);
	CHECK_INT(rc, -1);
	CHECK_STR(e.text, "elasticsearch: no answer in time");
	CHECK_INT(e.code, ERR_ELASTIC);
	CHECK_INT(el.status, 0);
	CHECK_INT(el.failures, 1);
	CHECK_CASE(ms >= 95 && ms < 5000, "100 ms");
	end();
}

static void nobody_there_is_said_and_with_five_in_a_row_nobody_asks(void)
{
	struct err e = ERR_INIT;

	begin_at("me:" SECRET "@", "", NULL, 0);
	close(listener); /* nobody listens */
	for (unsigned i = 1; i <= 5; i++) {
		CHECK_INT(get(&e), -1);
		CHECK_CASE(strstr(e.text, "elasticsearch: Failed to connect to 127.0.0.1") == e.text, e.text);
		CHECK_INT(el.failures, i);
		CHECK_INT(el.open_ms, i < 5 ? 0 : 1000);
	}
	el.until_ms = INT64_MAX; /* however long this test takes */
	CHECK_INT(get(&e), -1);
	CHECK_STR(e.text, "elasticsearch: it failed 5 times in a row, and is left alone for a while");
	CHECK_INT(el.failures, 5);
	end();
}

#define BUSY ANSWER("429 Busy", "2", "{}")

static void then_one_tries_and_each_failure_doubles_the_time(void)
{
	static const int64_t opened[] = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
	int64_t before;
	size_t i;

	BEGIN(BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, OK, BUSY, OK);
	for (i = 0; i < 4; i++)
		fails("elasticsearch: 429");
	for (i = 0; i < sizeof(opened) / sizeof(opened[0]); i++) {
		before = clock_mono_ms();
		fails("elasticsearch: 429");
		CHECK_INT(el.open_ms, opened[i]);
		CHECK(el.until_ms >= before + opened[i]);
		CHECK(el.until_ms <= clock_mono_ms() + opened[i]);
		el.until_ms = INT64_MAX;
		CHECK_INT(get(NULL), -1); /* left alone: no BUSY is used up */
		el.until_ms = clock_mono_ms(); /* its time is over */
	}
	CHECK(works());
	CHECK(!el.failures && !el.open_ms);
	fails("elasticsearch: 429"); /* one of a new five */
	CHECK(works());
	CHECK(!el.failures);
	end();
}

static void a_check_is_let_through_and_does_not_count(void)
{
	const struct elastic_request r = { .method = "GET", .path = "/", .check = true, .timeout_ms = LONG_MS };

	BEGIN(BUSY, BUSY, BUSY, BUSY, BUSY, BUSY, OK, OK);
	for (int i = 0; i < 5; i++)
		fails("elasticsearch: 429");
	CHECK_INT(elastic_send(&el, &r, NULL), -1);
	CHECK_INT(el.status, 429);
	CHECK(!elastic_send(&el, &r, NULL));
	CHECK(el.failures == 5 && el.open_ms == 1000);
	elastic_well(&el);
	CHECK(works());
	end();
}

/* ------------------------------------------------------------------ the rest */

static bool metrics_say(const struct metrics *m, const char *line)
{
	struct buf text = BUF_INIT;
	bool there;

	metrics_write(m, NULL, 0, &text);
	there = strstr(buf_str(&text), line) != NULL;
	buf_clear(&text);
	return there;
}

static void the_connection_is_counted_while_it_stands(void)
{
	char var[] = "/tmp/parley-elastic.XXXXXX", path[64];
	struct metrics m;

	if (!mkdtemp(var))
		abort();
	conf.var = var;
	CHECK(!metrics_open(&m, &conf, "test", NULL));
	BEGIN(OK, { CLOSE, OK_HEAD "Connection: close\r\nContent-Length: 2\r\n\r\n{}" }, OK);
	el.metrics = &m;
	metrics_begin(&m);
	CHECK(works());
	CHECK(metrics_say(&m, "elasticsearch_connections{state=\"in_use\"} 1\n"));
	metrics_end(&m);
	CHECK(metrics_say(&m, "elasticsearch_connections{state=\"idle\"} 1\n"));
	CHECK(works());
	CHECK(metrics_say(&m, "elasticsearch_connections{state=\"idle\"} 0\n"));
	CHECK(works());
	CHECK(metrics_say(&m, "elasticsearch_connections{state=\"idle\"} 1\n"));
	end();
	CHECK(metrics_say(&m, "elasticsearch_connections{state=\"idle\"} 0\n"));
	metrics_close(&m);
	snprintf(path, sizeof(path), "%s/run/metrics", var);
	unlink(path);
	snprintf(path, sizeof(path), "%s/run", var);
	rmdir(path);
	CHECK(!rmdir(var));
}

static void signals_stay_as_they_were(void)
{
	sigset_t now;

	BEGIN(OK);
	CHECK(works());
	sigprocmask(SIG_BLOCK, NULL, &now);
	CHECK(!sigismember(&now, SIGTERM) && !sigismember(&now, SIGINT) && !sigismember(&now, SIGHUP));
	end();
}

static void without_a_url_there_is_nothing(void)
{
	static char none[] = "";

	conf.elasticsearch_url = none;
	CHECK(!elastic_configured(&conf));
	CHECK(!elastic_init(&el, &conf, NULL));
	CHECK(!el.base.len && !el.curl);
	elastic_clear(&el);
}

static void names_of_indexes_and_files(void)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = {
		{ "messages", true }, { "a", true }, { "7", true }, { "a-b_c.d7", true },
		{ "Messages", false }, { "-a", false }, { "_all", false }, { ".a", false }, { "a b", false },
		{ "a,b", false }, { "a*", false }, { "a/b", false }, { "a#", false }, { "a:b", false },
		{ "\xc3\xa9", false }, { "a\n", false }, { "", false },
	};
	char name[202];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_CASE(!elastic_check_index(cases[i].name, NULL) == cases[i].good, cases[i].name);
	memset(name, 'a', 201);
	name[201] = '\0';
	CHECK(elastic_check_index(name, NULL));
	CHECK(!elastic_check_index(name + 1, NULL));
	CHECK(!elastic_check_ca("/etc/ca.pem", NULL));
	CHECK(elastic_check_ca("ca.pem", NULL) && elastic_check_ca("./ca.pem", NULL));
}

static int attempt(void *arg)
{
	const struct elastic_request r = { .method = "GET", .path = "/", .timeout_ms = LONG_MS };
	struct json root = { 0 };
	struct err e = ERR_INIT;
	int rc;

	(void)arg;
	rc = elastic_init(&el, &conf, &e);
	if (!rc) {
		rc = elastic_json(&el, &r, &root, &e);
		CHECK_INT(el.failures, 0);
		elastic_clear(&el);
	} else {
		CHECK(!el.base.data && !el.user && !el.password);
	}
	CHECK_INT(e.code, rc ? ERR_MEMORY : ERR_NONE);
	return rc;
}

/* (Those of libcurl are its own.) */
static void failing_allocations(void)
{
	struct answer answers[32];
	size_t i;

	for (i = 0; i < 32; i++)
		answers[i] = (struct answer)OK;
	begin_at("me:" SECRET "@", "/prefix", answers, 32);
	elastic_clear(&el);
	CHECK(CHECK_EACH_ALLOC(attempt, NULL) >= 8);
	end();
}

static const struct check_test tests[] = {
	CHECK_TEST(sends_what_was_asked_for),
	CHECK_TEST(a_head_has_no_body_and_what_follows_it_has_one),
	CHECK_TEST(a_password_needs_no_user),
	CHECK_TEST(no_proxy_of_the_environment_is_used),
	CHECK_TEST(a_connection_is_kept_and_a_new_one_made_when_it_is_closed),
	CHECK_TEST(nothing_is_sent_twice),
	CHECK_TEST(an_answer_has_a_status_and_says_what_is_wrong),
	CHECK_TEST(garbage_is_no_answer),
	CHECK_TEST(a_long_answer_is_no_longer_kept_with_the_next),
	CHECK_TEST(a_server_that_hangs_costs_no_more_than_the_time_given),
	CHECK_TEST(nobody_there_is_said_and_with_five_in_a_row_nobody_asks),
	CHECK_TEST(then_one_tries_and_each_failure_doubles_the_time),
	CHECK_TEST(a_check_is_let_through_and_does_not_count),
	CHECK_TEST(the_connection_is_counted_while_it_stands),
	CHECK_TEST(signals_stay_as_they_were),
	CHECK_TEST(without_a_url_there_is_nothing),
	CHECK_TEST(names_of_indexes_and_files),
	CHECK_TEST(failing_allocations),
};

CHECK_MAIN(tests)
