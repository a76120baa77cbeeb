/* Tests of lib/origin. */
#include "origin.h"

#include "check.h"

static void a_list_of_origins_is_taken(void)
{
	static const char *const lists[] = {
		"", "*", "http://a", "https://chat.example.com", "http://127.0.0.1:8000 http://localhost:8000",
		"http://a,https://b:1", " http://a , http://b:65535,", "http://[::1]:8000", "http://[fe80::1]",
		"capacitor://localhost", "HTTP://A.b-c_d:80", "\thttp://a",
	};
	size_t i;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct err e = ERR_INIT;

		CHECK_CASE(!origin_check(lists[i], &e), lists[i]);
	}
}

static void what_is_no_origin_is_quoted(void)
{
	static const struct { const char *list, *quoted; } cases[] = {
		{ "chat.example.com", "\"chat.example.com\"" }, { "http://a/", "\"http://a/\"" },
		{ "http://a http://b/x", "\"http://b/x\"" }, { "http://a:", "\"http://a:\"" },
		{ "http://a:0", "\"http://a:0\"" }, { "http://a:080", "\"http://a:080\"" },
		{ "http://a:65536", "\"http://a:65536\"" }, { "http://a:1x", "\"http://a:1x\"" },
		{ "http://", "\"http://\"" }, { "http:/a", "\"http:/a\"" }, { "://a", "\"://a\"" },
		{ "null", "\"null\"" }, { "1http://a", "\"1http://a\"" }, { "http://u@a", "\"http://u@a\"" },
		{ "http://[::1", "\"http://[::1\"" }, { "http://[]", "\"http://[]\"" },
		{ "http://a?b", "\"http://a?b\"" }, { "**", "\"**\"" }, { "http://*", "\"http://*\"" },
		{ "http://[::1]x", "\"http://[::1]x\"" }, { "http://a;http://b", "\"http://a;http://b\"" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		CHECK_CASE(origin_check(cases[i].list, &e) == -1, cases[i].list);
		CHECK_INT(e.code, ERR_INVALID);
		CHECK_CASE(strstr(e.text, cases[i].quoted), cases[i].list);
	}
}

static void only_what_is_listed_is_listed(void)
{
	static const struct { const char *list, *origin; bool want; } cases[] = {
		{ "http://a", "http://a", true }, { "http://a", "HTTP://A", true },
		{ "http://a", "http://a:80", false }, { "http://a:80", "http://a", true },
		{ "https://a:443", "https://a", true }, { "https://a:80", "https://a", false },
		{ "http://a:8080", "http://a", false }, { "http://a", "https://a", false },
		{ "http://a", "http://a.b", false }, { "http://a.b", "http://a", false },
		{ "http://a", "http://b", false }, { "http://a http://b", "http://b", true },
		{ "http://a,http://b", "http://b", true }, { "http://a http://b", "http://a http://b", false },
		{ "http://a", "null", false }, { "http://a", "", false }, { "", "http://a", false },
		{ "*", "http://a", true }, { "*", "null", true }, { "*", "no origin", false }, { "*", "*", false },
		{ "*", "http://a\r\nX: y", false }, { "http://a *", "http://b", true },
		{ "http://[::1]:80", "http://[::1]", true }, { "http://a", "http://a/", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_CASE(origin_listed(cases[i].list, cases[i].origin) == cases[i].want,
			   cases[i].origin);
}

static void an_origin_ends_where_a_path_begins(void)
{
	static const struct { const char *text; size_t len; } cases[] = {
		{ "http://a", 8 }, { "http://a/b", 8 }, { "https://a:443/", 13 }, { "http://[::1]:80/", 15 },
		{ "http://a;b", 8 }, { "http://a:/", 0 }, { "http://a:70000/", 0 }, { "http:///a", 0 },
		{ "/a", 0 }, { "", 0 }, { "a", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_CASE(origin_len(cases[i].text) == cases[i].len, cases[i].text);
}

static const struct check_test tests[] = {
	CHECK_TEST(a_list_of_origins_is_taken),
	CHECK_TEST(what_is_no_origin_is_quoted),
	CHECK_TEST(only_what_is_listed_is_listed),
	CHECK_TEST(an_origin_ends_where_a_path_begins),
};

CHECK_MAIN(tests)
