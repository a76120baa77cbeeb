/* Tests of lib/query. */
#include "query.h"

#include "buf.h"
#include "check.h"

static int parse(struct query *q, const char *text, struct err *e)
{
	return query_parse(q, text, strlen(text), e);
}

static void parses(void)
{
	static const struct {
		const char *text, *name, *value;
		size_t n; /* parameters in all */
	} cases[] = {
		{ "", "a", NULL, 0 },
		{ "&", "", NULL, 0 },
		{ "&&&", "", NULL, 0 },
		{ "a=1", "a", "1", 1 },
		{ "a=1", "A", NULL, 1 },
		{ "a=1", "", NULL, 1 },
		{ "a", "a", "", 1 },
		{ "a=", "a", "", 1 },
		{ "=", "", "", 1 },
		{ "=1", "", "1", 1 },
		{ "a=1&b=2", "b", "2", 2 },
		{ "a=1&&b=2&", "b", "2", 2 },
		{ "&a=1", "a", "1", 1 },
		{ "a=1=2", "a", "1=2", 1 },
		{ "a=b;c=d", "a", "b;c=d", 1 },
		{ "a=1&a=2", "a", "1", 2 },
		{ "a+b=c+d", "a b", "c d", 1 },
		{ "a%2Bb=c%2bd", "a+b", "c+d", 1 },
		{ "%61=%41%62", "a", "Ab", 1 },
		{ "a=%26%3D%25%2B", "a", "&=%+", 1 },
		{ "a%3Db=c", "a=b", "c", 1 },
		{ "q=C%2B%2B+100%25+%5C*", "q", "C++ 100% \\*", 1 },
		{ "q=caf%C3%A9", "q", "caf\xC3\xA9", 1 },
		{ "q=caf\xC3\xA9", "q", "caf\xC3\xA9", 1 },
		{ "q=%F0%9F%98%80&b", "q", "\xF0\x9F\x98\x80", 2 },
		{ "q=%F0%9F%98%80&b", "b", "", 2 },
		{ "a%20&b", "a ", "", 2 },
		{ "q=a?b#c/d", "q", "a?b#c/d", 1 },
		{ "q=%01%7F", "q", "\x01\x7F", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct query q = QUERY_INIT;
		struct err e = ERR_INIT;

		CHECK_CASE(parse(&q, cases[i].text, &e) == 0, cases[i].text);
		CHECK_CASE(q.n == cases[i].n, cases[i].text);
		CHECK_STR(query_get(&q, cases[i].name), cases[i].value);
		query_clear(&q);
		CHECK(q.n == 0 && !q.text);
	}
	CHECK(query_parse(&(struct query)QUERY_INIT, NULL, 0, NULL) == 0);
}

static void refuses(void)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "a=%", "bad percent escape in the query" },
		{ "a=%4", "bad percent escape in the query" },
		{ "a=%4&b=1", "bad percent escape in the query" },
		{ "a=%&41", "bad percent escape in the query" },
		{ "a=%zz", "bad percent escape in the query" },
		{ "a=%4g", "bad percent escape in the query" },
		{ "a=%+1", "bad percent escape in the query" },
		{ "a=%u0041", "bad percent escape in the query" },
		{ "%=1", "bad percent escape in the query" },
		{ "%4=1", "bad percent escape in the query" },
		{ "a=1&b=100%", "bad percent escape in the query" },
		{ "a=%00", "NUL in the query" },
		{ "a%00=1", "NUL in the query" },
		{ "a=b%00c", "NUL in the query" },
		{ "a=%FF", "invalid UTF-8 in the query" },
		{ "a=%C0%AF", "invalid UTF-8 in the query" },
		{ "a=%ED%A0%80", "invalid UTF-8 in the query" },
		{ "a=%C3", "invalid UTF-8 in the query" },
		{ "a=%C3&b=%A9", "invalid UTF-8 in the query" },
		{ "%C3=%A9", "invalid UTF-8 in the query" },
		{ "a=\xC3", "invalid UTF-8 in the query" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct query q = { .n = 77 };
		struct err e = ERR_INIT;

		CHECK_CASE(parse(&q, cases[i].text, &e) == -1, cases[i].text);
		CHECK_INT(e.code, ERR_INVALID);
		CHECK_STR(e.text, cases[i].why);
		CHECK(q.n == 77 && !q.text);
	}
	CHECK(query_parse(&(struct query)QUERY_INIT, "a=\0", 3, NULL) == -1);
}

static void at_most_64_parameters(void)
{
	struct query q = QUERY_INIT;
	struct buf text = BUF_INIT;
	struct err e = ERR_INIT;

	for (int i = 0; i < QUERY_MAX; i++)
		buf_addf(&text, "&p%d=%d&", i, i);
	CHECK_INT(query_parse(&q, text.data, text.len, &e), 0);
	CHECK_INT(q.n, 64);
	CHECK_STR(query_get(&q, "p63"), "63");
	query_clear(&q);
	buf_addstr(&text, "x");
	CHECK_INT(query_parse(&q, text.data, text.len, &e), -1);
	CHECK_STR(e.text, "more than 64 query parameters");
	buf_clear(&text);
}

static void counts(void)
{
	struct query q = QUERY_INIT;

	CHECK_INT(parse(&q, "a=1&b=2&%61=3&A=4&a", NULL), 0);
	CHECK_INT(query_count(&q, "a"), 3);
	CHECK_INT(query_count(&q, "b"), 1);
	CHECK_INT(query_count(&q, "c"), 0);
	CHECK_STR(query_get(&q, "a"), "1");
	query_clear(&q);
	CHECK_INT(query_count(&q, "a"), 0);
	CHECK(query_get(&q, "a") == NULL);
}

static void numbers(void)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		int rc;
		uint64_t value;
	} cases[] = {
		{ "limit=1", 1, 200, 1, 1 },
		{ "limit=200", 1, 200, 1, 200 },
		{ "limit=%35%30", 1, 200, 1, 50 },
		{ "limit=0", 0, 200, 1, 0 },
		{ "limit=18446744073709551615", 0, UINT64_MAX, 1, UINT64_MAX },
		{ "limit=9007199254740991", 1, 9007199254740992, 1, 9007199254740991 },
		{ "", 1, 200, 0, 7 },
		{ "Limit=3", 1, 200, 0, 7 },
		{ "limit=0", 1, 200, -1, 7 },
		{ "limit=201", 1, 200, -1, 7 },
		{ "limit=", 1, 200, -1, 7 },
		{ "limit", 1, 200, -1, 7 },
		{ "limit=01", 1, 200, -1, 7 },
		{ "limit=00", 0, 200, -1, 7 },
		{ "limit=%2B1", 1, 200, -1, 7 },
		{ "limit=+1", 1, 200, -1, 7 },
		{ "limit=1+", 1, 200, -1, 7 },
		{ "limit=-1", 1, 200, -1, 7 },
		{ "limit=1.0", 1, 200, -1, 7 },
		{ "limit=1e1", 1, 200, -1, 7 },
		{ "limit=0x1", 1, 200, -1, 7 },
		{ "limit=abc", 1, 200, -1, 7 },
		{ "limit=1abc", 1, 200, -1, 7 },
		{ "limit=%D9%A1", 1, 200, -1, 7 },
		{ "limit=18446744073709551616", 0, UINT64_MAX, -1, 7 },
		{ "limit=99999999999999999999999", 0, UINT64_MAX, -1, 7 },
		{ "limit=5&limit=5", 1, 200, -1, 7 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct query q = QUERY_INIT;
		struct err e = ERR_INIT;
		uint64_t value = 7;

		CHECK_CASE(parse(&q, cases[i].text, &e) == 0, cases[i].text);
		CHECK_CASE(query_number(&q, "limit", cases[i].min, cases[i].max, &value, &e) ==
				   cases[i].rc, cases[i].text);
		CHECK_CASE(value == cases[i].value, cases[i].text);
		CHECK_INT(e.code, cases[i].rc < 0 ? ERR_INVALID : ERR_NONE);
		query_clear(&q);
	}
}

static void number_errors_name_the_bounds(void)
{
	struct query q = QUERY_INIT;
	struct err e = ERR_INIT;
	uint64_t value;

	CHECK_INT(parse(&q, "limit=x&page=1&page=2", NULL), 0);
	CHECK_INT(query_number(&q, "limit", 1, 200, &value, &e), -1);
	CHECK_STR(e.text, "limit must be a number from 1 to 200");
	CHECK_INT(query_number(&q, "page", 1, 9, &value, &e), -1);
	CHECK_STR(e.text, "page is given more than once; it must be a number from 1 to 9");
	query_clear(&q);
}

static int attempt(void *text)
{
	struct query q = { .n = 77 };
	struct err e = ERR_INIT;
	int rc = parse(&q, text, &e);

	CHECK_INT(e.code, rc ? ERR_MEMORY : ERR_NONE);
	if (rc)
		CHECK(q.n == 77);
	else
		query_clear(&q);
	return rc;
}

static void failing_allocations(void)
{
	char text[] = "a=1&b=%41";

	CHECK_INT(CHECK_EACH_ALLOC(attempt, text), 1);
}

static const struct check_test tests[] = {
	CHECK_TEST(parses),
	CHECK_TEST(refuses),
	CHECK_TEST(at_most_64_parameters),
	CHECK_TEST(counts),
	CHECK_TEST(numbers),
	CHECK_TEST(number_errors_name_the_bounds),
	CHECK_TEST(failing_allocations),
};

CHECK_MAIN(tests)
