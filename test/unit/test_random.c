/* Tests of lib/random. */
#include "random.h"

#include <stdlib.h>

#include "check.h"
#include "clock.h"

#define MANY 2000
#define HEX "0123456789abcdef"

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void wait_for_next_ms(void)
{
	int64_t ms = clock_wall_us() / 1000;

	while (clock_wall_us() / 1000 <= ms)
		;
}

static void bytes_fill_all_and_no_more(void)
{
	unsigned char seen[256] = { 0 }, b[258];
	int i, j, zeros = 0;

	/* 64 times 256 random bytes leave one value out with a probability of 10^-25 */
	for (i = 0; i < 64; i++) {
		b[0] = b[257] = 0xA5;
		random_bytes(b + 1, 256);
		CHECK(b[0] == 0xA5 && b[257] == 0xA5);
		for (j = 1; j <= 256; j++)
			seen[b[j]] = 1;
	}
	for (i = 0; i < 256; i++)
		zeros += !seen[i];
	CHECK_INT(zeros, 0);
}

static void below_stays_below(void)
{
	static const uint32_t bounds[] = { 1, 2, 3, 10, 1000, 0x80000000, 0xffffffff };
	size_t i;
	int n;

	for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++)
		for (n = 0; n < MANY; n++)
			if (!CHECK(random_below(bounds[i]) < bounds[i]))
				return;
}

static void below_reaches_every_value(void)
{
	int n, seen[10] = { 0 };

	for (n = 0; n < MANY; n++)
		seen[random_below(10)]++;
	/* 200 expected, sigma 13: out of these bounds once in 10^13 runs */
	for (n = 0; n < 10; n++)
		CHECK(seen[n] > 100 && seen[n] < 300);
}

static void tokens_are_32_hex_digits(void)
{
	static char t[MANY][RANDOM_TOKEN];
	int n;

	for (n = 0; n < MANY; n++) {
		random_token(t[n]);
		CHECK_INT(strlen(t[n]), 32);
		CHECK_CASE(strspn(t[n], HEX) == 32, t[n]);
	}
	qsort(t, MANY, sizeof(t[0]), by_text);
	for (n = 1; n < MANY; n++)
		CHECK_CASE(strcmp(t[n - 1], t[n]) != 0, t[n]);
}

/* Every digit is random: each has all sixteen values among so many. */
static void tokens_vary_in_every_digit(void)
{
	unsigned seen[32] = { 0 };
	char t[RANDOM_TOKEN];
	int n, i;

	for (n = 0; n < MANY; n++) {
		random_token(t);
		for (i = 0; i < 32; i++)
			seen[i] |= 1U << (strchr(HEX, t[i]) - HEX);
	}
	for (i = 0; i < 32; i++)
		CHECK_INT(seen[i], 0xffff);
}

static void jids_are_24_hex_digits(void)
{
	static char t[MANY][RANDOM_JID];
	int n;

	for (n = 0; n < MANY; n++) {
		random_jid(t[n]);
		CHECK_INT(strlen(t[n]), 24);
		CHECK_CASE(strspn(t[n], HEX) == 24, t[n]);
	}
	qsort(t, MANY, sizeof(t[0]), by_text);
	for (n = 1; n < MANY; n++)
		CHECK_CASE(strcmp(t[n - 1], t[n]) != 0, t[n]);
}

static void jids_grow_with_time(void)
{
	char last[RANDOM_JID] = "", jid[RANDOM_JID];
	int n;

	for (n = 0; n < 10; n++) {
		random_jid(jid);
		CHECK_CASE(strcmp(last, jid) < 0, jid);
		memcpy(last, jid, sizeof(last));
		wait_for_next_ms();
	}
}

static void jids_begin_with_milliseconds(void)
{
	int64_t before_ms = clock_wall_us() / 1000, ms;
	char jid[RANDOM_JID], begin[12];

	random_jid(jid);
	memcpy(begin, jid, 11);
	begin[11] = '\0';
	ms = strtoll(begin, NULL, 16);
	CHECK(ms >= before_ms && ms <= clock_wall_us() / 1000);
}

static void uuids_are_version_7(void)
{
	char last[RANDOM_UUID] = "", uuid[RANDOM_UUID];
	int n, i;

	for (n = 0; n < 10; n++) {
		random_uuid(uuid);
		CHECK_INT(strlen(uuid), 36);
		for (i = 0; i < 36; i++)
			CHECK_CASE(strchr(i == 8 || i == 13 || i == 18 || i == 23 ? "-" : HEX,
					  uuid[i]), uuid);
		CHECK_CASE(uuid[14] == '7', uuid);
		CHECK_CASE(strchr("89ab", uuid[19]), uuid);
		CHECK_CASE(strcmp(last, uuid) < 0, uuid);
		memcpy(last, uuid, sizeof(last));
		wait_for_next_ms();
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(bytes_fill_all_and_no_more),
	CHECK_TEST(below_stays_below),
	CHECK_TEST(below_reaches_every_value),
	CHECK_TEST(tokens_are_32_hex_digits),
	CHECK_TEST(tokens_vary_in_every_digit),
	CHECK_TEST(jids_are_24_hex_digits),
	CHECK_TEST(jids_grow_with_time),
	CHECK_TEST(jids_begin_with_milliseconds),
	CHECK_TEST(uuids_are_version_7),
};

CHECK_MAIN(tests)
