/* Tests of lib/path. */
#include "path.h"

#include <stdio.h>

#include "check.h"

/* The segments joined by '|', then "?query". */
static void show(const struct path *p, char *out, size_t size)
{
	size_t at = 0;

	for (unsigned i = 0; i < p->n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%.*s", i ? "|" : "",
				       (int)p->seg[i].len, p->seg[i].at);
	snprintf(out + at, size - at, "?%.*s", (int)p->query_len, p->query);
}

static void splits(void)
{
	static const struct {
		const char *uri, *want; /* NULL: refused */
	} cases[] = {
		{ "/", "?" },
		{ "/?", "?" },
		{ "/?a=/b//", "?a=/b//" },
		{ "/a", "a?" },
		{ "/a/b", "a|b?" },
		{ "/a/b?c=d?e", "a|b?c=d?e" },
		{ "/1/2/3/4/5/6/7/8", "1|2|3|4|5|6|7|8?" },
		{ "/%2F/a%20b/..", "%2F|a%20b|..?" },
		{ "/a#b", "a#b?" },
		{ "/a#b?c#d", "a#b?c#d" },
		{ "/a:b/http:", "a:b|http:?" },
		{ "/\xC3\xA9", "\xC3\xA9?" },
		{ "http://host/a/b?c", "a|b?c" },
		{ "HTTP://host:3000/a", "a?" },
		{ "https://[::1]:80/a", "a?" },
		{ "http://host", "?" },
		{ "http://host/", "?" },
		{ "http://host?x", "?x" },
		{ "http://host/?x", "?x" },
		{ "", NULL },
		{ "*", NULL },
		{ "a", NULL },
		{ "?a", NULL },
		{ "#", NULL },
		{ "//", NULL },
		{ "//a", NULL },
		{ "/a/", NULL },
		{ "/a/?b", NULL },
		{ "/a//b", NULL },
		{ "//?a", NULL },
		{ "/1/2/3/4/5/6/7/8/9", NULL },
		{ "/1/2/3/4/5/6/7/8/", NULL },
		{ "http://", NULL },
		{ "http:///a", NULL },
		{ "http://?a", NULL },
		{ "http:/a", NULL },
		{ "http:a", NULL },
		{ "ftp://host/a", NULL },
		{ "host:80", NULL },
		{ "http://host//a", NULL },
		{ "http://host/a/", NULL },
		{ " /a", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct path p = { .n = 77 };
		char shown[100];
		int rc = path_split(&p, cases[i].uri);

		CHECK_CASE(rc == (cases[i].want ? 0 : -1), cases[i].uri);
		if (rc) {
			CHECK(p.n == 77 && !p.query);
			continue;
		}
		show(&p, shown, sizeof(shown));
		CHECK_STR(shown, cases[i].want);
	}
}

static void numbers(void)
{
	static const struct {
		const char *s;
		uint32_t want; /* 0: refused */
	} cases[] = {
		{ "1", 1 }, { "9", 9 }, { "10", 10 }, { "4294967295", UINT32_MAX },
		{ "0", 0 }, { "01", 0 }, { "00", 0 }, { "+1", 0 }, { "-1", 0 }, { "", 0 },
		{ "1abc", 0 }, { "abc", 0 }, { " 1", 0 }, { "1 ", 0 }, { "1.0", 0 }, { "1e3", 0 },
		{ "0x1", 0 }, { "4294967296", 0 }, { "4294967300", 0 }, { "9999999999", 0 },
		{ "18446744073709551617", 0 }, { "%31", 0 }, { "\xD9\xA1", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t number = 0;
		bool good = path_number(cases[i].s, strlen(cases[i].s), &number);

		CHECK_CASE(good == (cases[i].want != 0), cases[i].s);
		CHECK_CASE(number == cases[i].want, cases[i].s);
	}
	CHECK(path_number("12/3", 2, &(uint32_t){ 0 }));
	CHECK(!path_number("1\0", 2, &(uint32_t){ 0 }));
}

static void tokens(void)
{
	static const struct {
		const char *s;
		bool good;
	} cases[] = {
		{ "0123456789abcdef0123456789abcdef", true },
		{ "ffffffffffffffffffffffffffffffff", true },
		{ "0123456789abcdef0123456789abcde", false },
		{ "0123456789abcdef0123456789abcdef0", false },
		{ "0123456789ABCDEF0123456789abcdef", false },
		{ "0123456789abcdef0123456789abcdeg", false },
		{ "0123456789abcdef 123456789abcdef", false },
		{ "0123456789abcdef/123456789abcdef", false },
		{ "0123456789abcdef:123456789abcdef", false },
		{ "0123456789abcdef`123456789abcdef", false },
		{ "", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_CASE(path_token(cases[i].s, strlen(cases[i].s)) == cases[i].good, cases[i].s);
	CHECK(path_token("0123456789abcdef0123456789abcdef/chats", 32));
}

static const struct check_test tests[] = {
	CHECK_TEST(splits),
	CHECK_TEST(numbers),
	CHECK_TEST(tokens),
};

CHECK_MAIN(tests)
