/* Tests of lib/bearer. */
#include "bearer.h"

#include "check.h"

static void only_the_key_itself_is_right(void)
{
	static const struct { const char *authorization; enum bearer want; } cases[] = {
		{ "Bearer s3cret", BEARER_RIGHT }, { "bearer s3cret", BEARER_RIGHT },
		{ "BEARER   s3cret", BEARER_RIGHT }, { "Bearer s3cret \t", BEARER_RIGHT },
		{ "Bearer s3cre", BEARER_WRONG }, { "Bearer s3crets", BEARER_WRONG },
		{ "Bearer S3cret", BEARER_WRONG }, { "Bearer", BEARER_WRONG }, { "Bearer ", BEARER_WRONG },
		{ "Bearer s3cret s3cret", BEARER_WRONG }, { "Bearer ,s3cret", BEARER_WRONG },
		{ "", BEARER_NONE }, { "s3cret", BEARER_NONE }, { "Bearers3cret", BEARER_NONE },
		{ "Basic s3cret", BEARER_NONE }, { "Bear", BEARER_NONE }, { " Bearer s3cret", BEARER_NONE },
		{ "Bearer\ts3cret", BEARER_NONE },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_CASE(bearer_compare(cases[i].authorization, "s3cret") == cases[i].want,
			   cases[i].authorization);
}

static void a_key_is_of_visible_ascii(void)
{
	static const char *const bad[] = { "a b", " a", "a\t", "a\n", "\x7f", "k\xc3\xa4se", "\x01" };
	struct err e = ERR_INIT;
	size_t i;

	CHECK(!bearer_check_key("aB9-._~+/=!\"#$%&'()*,:;<>?@[]^`{|}", &e));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_CASE(bearer_check_key(bad[i], &e) == -1, bad[i]);
		CHECK_INT(e.code, ERR_INVALID);
		CHECK_CASE(!strstr(e.text, bad[i]), bad[i]);
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(only_the_key_itself_is_right),
	CHECK_TEST(a_key_is_of_visible_ascii),
};

CHECK_MAIN(tests)
