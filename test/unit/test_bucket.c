/* Tests of lib/bucket. */
#include "bucket.h"

#include <stdlib.h>

#include "check.h"

static void lists_are_taken_and_others_refused(void)
{
	static const char *const good[] = { "00-ff", "00", "ff", "00-3f,80", "7a-7a", "80,00-3f,00" };
	static const char *const bad[] = {
		"", "0", "000", "00-", "-00", "3f-00", "00,", ",00", "00,,01", "00 01", "00-FF", "0g", "g0",
		"00-1", "00-10-20", "00x", "*",
	};
	struct err e = ERR_INIT;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CHECK_CASE(!bucket_check(good[i], &e), good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_CASE(bucket_check(bad[i], &e) == -1, bad[i]);
		CHECK_INT(e.code, ERR_INVALID);
	}
}

/* Each of the 67 is missed by 4000 tokens with a probability of 10^-26. */
static void tokens_are_in_all_buckets_of_the_list_and_in_no_other(void)
{
	unsigned seen[256] = { 0 }, i;
	char token[RANDOM_TOKEN], begin[3] = "";

	for (i = 0; i < 4000; i++) {
		bucket_token("00-3f,80,fe-ff", token);
		CHECK_CASE(strlen(token) == 32 && strspn(token, "0123456789abcdef") == 32, token);
		memcpy(begin, token, 2);
		seen[strtoul(begin, NULL, 16)]++;
	}
	for (i = 0; i < 256; i++)
		CHECK_INT(seen[i] > 0, i <= 0x3f || i == 0x80 || i >= 0xfe);
}

static void the_rest_of_a_token_is_random(void)
{
	char a[RANDOM_TOKEN], b[RANDOM_TOKEN];

	bucket_token("2a", a);
	bucket_token("2a", b);
	CHECK(!memcmp(a, "2a", 2) && !memcmp(b, "2a", 2));
	CHECK(strcmp(a, b) != 0);
}

static const struct check_test tests[] = {
	CHECK_TEST(lists_are_taken_and_others_refused),
	CHECK_TEST(tokens_are_in_all_buckets_of_the_list_and_in_no_other),
	CHECK_TEST(the_rest_of_a_token_is_random),
};

CHECK_MAIN(tests)
