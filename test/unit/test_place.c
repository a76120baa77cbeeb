/* Tests of lib/place. */
#include "place.h"

#include "check.h"

static void a_port_a_path_and_an_address_are_places(void)
{
	static const char *const words[] = {
		":3000", ":1", ":65535", "/", "/api", "/api/v1.0/", "/a-b_c~d", "http://a", "https://a",
		"http://a/", "https://api.example.com:8443/parley/api", "http://127.0.0.1:3000", "http://[::1]:3000/x",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct err e = ERR_INIT;

		CHECK_CASE(!place_check(words[i], &e), words[i]);
	}
}

static void anything_else_is_quoted(void)
{
	static const char *const words[] = {
		"3000", ":", ":0", ":080", ":65536", ":3000/", ": 3000", ":3000 ", "api", "//host", "/a b", "/a?b",
		"/a#b", "/a;b", "/a\"b", "/a\\b", "/%41", "/a,b", "/a'b", "http://", "http:///a", "http://a//b", "http://a?b",
		"http://u:p@a", "http://a:0", "http://a:1x", "http://a http://b", "http://a;http://b", "HTTP://a",
		"ftp://a", "ws://a", "http://*", "*", "'self'", "/\n", "http://a/\xc3\xa4",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct err e = ERR_INIT;

		CHECK_CASE(place_check(words[i], &e) == -1, words[i]);
		CHECK_INT(e.code, ERR_INVALID);
		CHECK_CASE(strstr(e.text, words[i]), words[i]);
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(a_port_a_path_and_an_address_are_places),
	CHECK_TEST(anything_else_is_quoted),
};

CHECK_MAIN(tests)
