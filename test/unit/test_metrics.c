/* Tests of lib/metrics: the text that comes of what was counted. */
#include "metrics.h"

#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char var[32];
static const struct conf conf = { .var = var };

static void begin(void)
{
	snprintf(var, sizeof(var), "/tmp/parley-metrics.XXXXXX");
	if (!mkdtemp(var))
		abort();
}

static void end(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/run/metrics", var);
	unlink(path);
	snprintf(path, sizeof(path), "%s/run", var);
	rmdir(path);
	CHECK(!rmdir(var));
}

static struct metrics open_it(const char *program)
{
	struct metrics m;
	struct err e = ERR_INIT;

	if (!CHECK_CASE(!metrics_open(&m, &conf, program, &e), e.text))
		exit(1);
	return m;
}

static const struct metrics_wanted wanted[] = { { "persist", 5 }, { "index", 0 } };

/* The text has this line. */
static bool says(const struct metrics *m, const char *line)
{
	struct buf text = BUF_INIT;
	char whole[256];
	bool there;

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	metrics_write(m, wanted, sizeof(wanted) / sizeof(wanted[0]), &text);
	there = strstr(buf_str(&text), whole) != NULL;
	buf_clear(&text);
	return there;
}

#define SAYS(m, line) CHECK_CASE(says(m, line), line)
#define HISTOGRAM(part, labels) "http_request_duration_seconds_" part "{service=\"api\"," labels "}"

static void requests_are_counted_by_route_and_status(void)
{
	struct metrics m;

	begin();
	m = open_it("api");
	metrics_begin(&m);
	metrics_request(&m, "GET", "/applications/:token", 200);
	metrics_begin(&m);
	metrics_request(&m, "GET", "/applications/:token", 404);
	metrics_begin(&m);
	metrics_request(&m, "", "", 405);
	SAYS(&m, "# TYPE http_requests_total counter");
	SAYS(&m, "http_requests_total{service=\"api\",method=\"GET\",route=\"/applications/:token\","
		 "status=\"200\"} 1");
	SAYS(&m, "http_requests_total{service=\"api\",method=\"GET\",route=\"/applications/:token\","
		 "status=\"404\"} 1");
	SAYS(&m, "http_requests_total{service=\"api\",method=\"other\",route=\"none\",status=\"405\"} 1");
	SAYS(&m, HISTOGRAM("count", "method=\"GET\",route=\"/applications/:token\"") " 2");
	metrics_close(&m);
	end();
}

struct latency { int64_t us; const char *first; const char *before; };

/* Its bucket and those behind it have it, the one before has not. */
static bool falls_there(const struct latency *l)
{
	struct metrics m;
	char line[200];
	bool good;

	begin();
	m = open_it("api");
	metrics_begin(&m);
	m.began_ns -= l->us * 1000;
	metrics_request(&m, "GET", "/", 200);
	snprintf(line, sizeof(line), HISTOGRAM("bucket", "method=\"GET\",route=\"/\",le=\"%s\"") " 1", l->first);
	good = says(&m, line) && says(&m, HISTOGRAM("bucket", "method=\"GET\",route=\"/\",le=\"+Inf\"") " 1");
	snprintf(line, sizeof(line), HISTOGRAM("bucket", "method=\"GET\",route=\"/\",le=\"%s\"") " 0",
		 l->before ? l->before : "");
	good = good && (!l->before || says(&m, line));
	metrics_close(&m);
	end();
	return good;
}

/* (A busy machine may take its time between the two calls.) */
static void latencies_fall_into_their_buckets(void)
{
	static const struct latency cases[] = {
		{ 100, "0.0005", NULL }, { 700, "0.001", "0.0005" }, { 1800000, "2.5", "1" },
		{ 9000000, "10", "5" }, { 60000000, "+Inf", "10" },
	};
	size_t i;
	int tries;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (tries = 20; tries && !falls_there(&cases[i]); tries--)
			;
		CHECK_CASE(tries, cases[i].first);
	}
}

static void a_connection_is_in_use_while_there_is_work(void)
{
	struct metrics m;

	begin();
	m = open_it("writer");
	SAYS(&m, "mysql_connections{state=\"idle\"} 0");
	metrics_connection(&m, METRICS_MYSQL, true);
	SAYS(&m, "mysql_connections{state=\"idle\"} 1");
	metrics_begin(&m);
	SAYS(&m, "mysql_connections{state=\"idle\"} 1"); /* this work has not asked for it */
	SAYS(&m, "processes{program=\"writer\",state=\"busy\"} 1");
	metrics_connection(&m, METRICS_REDIS, true);
	SAYS(&m, "redis_connections{state=\"in_use\"} 1");
	metrics_end(&m);
	SAYS(&m, "redis_connections{state=\"in_use\"} 0");
	SAYS(&m, "redis_connections{state=\"idle\"} 1");
	SAYS(&m, "processes{program=\"writer\",state=\"idle\"} 1");
	metrics_connection(&m, METRICS_REDIS, false);
	SAYS(&m, "redis_connections{state=\"idle\"} 0");
	metrics_close(&m);
	end();
}

static void several_programs_count_into_one(void)
{
	struct metrics a, b;

	begin();
	a = open_it("persist");
	b = open_it("schedule");
	SAYS(&a, "renumbered_total 0");
	metrics_add(&a, METRICS_PROCESSED, "CreateMessageJob", 2);
	metrics_add(&b, METRICS_PROCESSED, "CreateMessageJob", 3);
	metrics_add(&b, METRICS_RENUMBERED, NULL, 1);
	metrics_add(&b, METRICS_FAILED, "CreateChatJob", 0);
	SAYS(&a, "jobs_processed_total{class=\"CreateMessageJob\"} 5");
	SAYS(&a, "renumbered_total 1");
	CHECK(!says(&a, "jobs_failed_total{class=\"CreateChatJob\"} 0"));
	SAYS(&a, "processes{program=\"persist\",state=\"idle\"} 1");
	SAYS(&a, "processes{program=\"schedule\",state=\"idle\"} 1");
	metrics_close(&b);
	CHECK(!says(&a, "processes{program=\"schedule\",state=\"idle\"} 1"));
	metrics_close(&a);
	end();
}

static void a_program_that_is_wanted_and_not_there_has_no_processes(void)
{
	struct metrics m;

	begin();
	m = open_it("api");
	SAYS(&m, "processes{program=\"persist\",state=\"idle\"} 0");
	SAYS(&m, "processes{program=\"persist\",state=\"busy\"} 0");
	SAYS(&m, "processes{program=\"api\",state=\"idle\"} 1");
	SAYS(&m, "processes_wanted{program=\"persist\"} 5");
	CHECK(!says(&m, "processes{program=\"index\",state=\"idle\"} 0"));
	CHECK(!says(&m, "processes_wanted{program=\"index\"} 0"));
	metrics_close(&m);
	end();
}

static void what_has_no_room_stands_in_one_row(void)
{
	char route[32], line[80];
	unsigned long long others;
	struct metrics m;
	unsigned i;

	begin();
	m = open_it("api");
	for (i = 0; i < 4 * TALLY_ROWS; i++) {
		snprintf(route, sizeof(route), "/%u", i);
		metrics_request(&m, "GET", route, 200);
	}
	others = atomic_load(&tally_others(&m.tally, METRICS_REQUESTS)->cell[0]);
	CHECK(others > (unsigned long long)2 * TALLY_ROWS);
	snprintf(line, sizeof(line), "http_requests_total{overflow=\"true\"} %llu", others);
	SAYS(&m, line);
	metrics_close(&m);
	end();
}

static void without_a_file_nothing_happens(void)
{
	const struct conf nowhere = { .var = (char[]){ "/nonexistent" } };
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;
	struct metrics m;

	CHECK_INT(metrics_open(&m, &nowhere, "api", &e), -1);
	CHECK_INT(e.code, ERR_SYSTEM);
	metrics_begin(&m);
	metrics_begin(NULL);
	metrics_connection(&m, METRICS_REDIS, true);
	metrics_connection(NULL, METRICS_REDIS, true);
	metrics_request(&m, "GET", "/", 200);
	metrics_request(NULL, "GET", "/", 200);
	metrics_add(&m, METRICS_RENUMBERED, NULL, 1);
	metrics_add(NULL, METRICS_RENUMBERED, NULL, 1);
	metrics_end(&m);
	metrics_end(NULL);
	metrics_write(&m, wanted, 1, &text);
	metrics_write(NULL, wanted, 1, &text);
	CHECK_STR(buf_str(&text), "");
	metrics_close(&m);
}

static const struct check_test tests[] = {
	CHECK_TEST(requests_are_counted_by_route_and_status),
	CHECK_TEST(latencies_fall_into_their_buckets),
	CHECK_TEST(a_connection_is_in_use_while_there_is_work),
	CHECK_TEST(several_programs_count_into_one),
	CHECK_TEST(a_program_that_is_wanted_and_not_there_has_no_processes),
	CHECK_TEST(what_has_no_room_stands_in_one_row),
	CHECK_TEST(without_a_file_nothing_happens),
};

CHECK_MAIN(tests)
