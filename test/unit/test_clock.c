/* Tests of lib/clock. */
#include "clock.h"

#include <stdlib.h>

#include "check.h"

#define SECOND 1000000LL
#define DAY (86400 * SECOND)
#define NO_TIME (-1)

static void writes_iso_8601(void)
{
	static const struct { int64_t us; const char *iso; } cases[] = {
		{ 0, "1970-01-01T00:00:00.000000Z" },
		{ 1, "1970-01-01T00:00:00.000001Z" },
		{ -1, "1969-12-31T23:59:59.999999Z" },
		{ -SECOND, "1969-12-31T23:59:59.000000Z" },
		{ 951782400 * SECOND, "2000-02-29T00:00:00.000000Z" },
		{ 951868800 * SECOND - 1, "2000-02-29T23:59:59.999999Z" },
		{ 1709164800 * SECOND, "2024-02-29T00:00:00.000000Z" },
		{ 4107542400 * SECOND, "2100-03-01T00:00:00.000000Z" },
		{ 4107542400 * SECOND - 1, "2100-02-28T23:59:59.999999Z" },
		{ 2147483648 * SECOND, "2038-01-19T03:14:08.000000Z" },
		{ 1795551629123456, "2026-11-24T20:20:29.123456Z" },
	};
	char out[CLOCK_ISO];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		clock_iso(cases[i].us, out);
		CHECK_STR(out, cases[i].iso);
	}
}

static void writes_years_with_four_digits(void)
{
	static const struct { int64_t seconds; const char *iso; } cases[] = {
		{ -62167219200, "0000-01-01T00:00:00.000000Z" },
		{ -62135596800, "0001-01-01T00:00:00.000000Z" },
		{ -59011459200, "0100-01-01T00:00:00.000000Z" },
		{ -30641760000, "0999-01-01T00:00:00.000000Z" },
		{ 253402300799, "9999-12-31T23:59:59.000000Z" },
	};
	char out[CLOCK_ISO];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		clock_iso(cases[i].seconds * SECOND, out);
		CHECK_STR(out, cases[i].iso);
	}
}

static void holds_times_at_the_ends(void)
{
	static const struct { int64_t us; const char *iso; } cases[] = {
		{ -62167219200 * SECOND - 1, "0000-01-01T00:00:00.000000Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000000Z" },
		{ 253402300800 * SECOND - 1, "9999-12-31T23:59:59.999999Z" },
		{ 253402300800 * SECOND, "9999-12-31T23:59:59.000000Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.000000Z" },
	};
	char out[CLOCK_ISO];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		clock_iso(cases[i].us, out);
		CHECK_STR(out, cases[i].iso);
	}
}

static void writes_sql_literals(void)
{
	char out[CLOCK_ISO];

	clock_sql(1795551629123456, out);
	CHECK_STR(out, "2026-11-24 20:20:29.123456");
	clock_sql(-1, out);
	CHECK_STR(out, "1969-12-31 23:59:59.999999");
}

static void reads_times(void)
{
	static const struct { const char *text; int64_t us; } cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59.999999Z", -1 },
		{ "2026-11-24T20:20:29.123456Z", 1795551629123456 },
		{ "2026-11-24 20:20:29.123456", 1795551629123456 },     /* MySQL */
		{ "2026-11-24T20:20:29.123456789Z", 1795551629123456 }, /* ActiveJob */
		{ "2026-11-24T20:20:29.1Z", 1795551629100000 },
		{ "2026-11-24T20:20:29.000001Z", 1795551629000001 },
		{ "2026-11-24T20:20:29.99999999999999999999999999Z", 1795551629999999 },
		{ "2026-11-24T20:20:29", 1795551629000000 },
		{ "2026-11-24T22:20:29+02:00", 1795551629000000 },
		{ "2026-11-24T22:20:29.5+0200", 1795551629500000 },
		{ "2026-11-24T14:50:29-05:30", 1795551629000000 },
		{ "2026-11-25T00:05:29+03:45", 1795551629000000 },
		{ "2026-11-24T20:20:29-00:00", 1795551629000000 },
		{ "2024-02-29T00:00:00Z", 1709164800 * SECOND },
		{ "2000-02-29T00:00:00Z", 951782400 * SECOND },
		{ "2024-03-01T00:00:00Z", 1709164800 * SECOND + DAY },
		{ "2023-12-31T23:30:00-01:00", 1704069000 * SECOND }, /* over a year's end */
		{ "0000-01-01T00:00:00Z", -62167219200 * SECOND },
		{ "9999-12-31T23:59:59.999999Z", 253402300800 * SECOND - 1 },
		{ "2016-12-31T23:59:60Z", 1483228800 * SECOND }, /* a leap second */
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us = NO_TIME - 1;

		CHECK_CASE(!clock_parse(cases[i].text, &us), cases[i].text);
		CHECK_CASE(us == cases[i].us, cases[i].text);
	}
}

static void refuses_what_is_no_time(void)
{
	static const char *const cases[] = {
		"", "x", "2026", "2026-11-24", "2026-11-24T", "2026-11-24T20:20",
		"2026-11-24T20:20:2", "26-11-24T20:20:29Z", "2026/11/24T20:20:29Z",
		"2026-11-24T20.20.29Z", "2026-1-24T20:20:29Z", "2026-11-24T20:20:29z",
		"2026-11-24T20:20:29ZZ", "2026-11-24T20:20:29Z ", " 2026-11-24T20:20:29Z",
		"2026-11-24T20:20:29 UTC", "2026-11-24T20:20:29+", "2026-11-24T20:20:29+2",
		"2026-11-24T20:20:29+02", "2026-11-24T20:20:29+02:", "2026-11-24T20:20:29+02:0",
		"2026-11-24T20:20:29+02:000", "2026-00-24T20:20:29Z", "2026-13-24T20:20:29Z",
		"2026-11-00T20:20:29Z", "2026-11-32T20:20:29Z", "2026-11-24T24:20:29Z",
		"2026-11-24T20:60:29Z", "2026-11-24T20:20:61Z", "-026-11-24T20:20:29Z",
		"+2026-11-24T20:20:29Z", "2026-11-24T20:20:29,5Z", "2026-11-24T20:20:29.5.5Z",
		"2026-11-24T20:20:29.-5Z", "99999-11-24T20:20:29Z", "2026-11-24TT20:20:29Z",
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us = 4711;

		CHECK_CASE(clock_parse(cases[i], &us) == -1, cases[i]);
		CHECK_CASE(us == 4711, cases[i]);
	}
}

static void refuses_days_that_are_not(void)
{
	static const char *const cases[] = {
		"2026-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2100-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-31T00:00:00Z",
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us = 4711;

		CHECK_CASE(clock_parse(cases[i], &us) == -1, cases[i]);
		CHECK_CASE(us == 4711, cases[i]);
	}
}

static void refuses_offsets_that_are_not(void)
{
	static const char *const cases[] = {
		"2026-11-24T20:20:29+24:00", "2026-11-24T20:20:29-99:00",
		"2026-11-24T20:20:29+02:60", "2026-11-24T20:20:29+0299",
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t us = 4711;

		CHECK_CASE(clock_parse(cases[i], &us) == -1, cases[i]);
		CHECK_CASE(us == 4711, cases[i]);
	}
}

/* Every 37th day of 400 years, and an odd time of that day. */
static void reads_what_it_writes(void)
{
	char out[CLOCK_ISO];
	int64_t us, back;

	for (us = 1234567891; us < 146097 * DAY; us += 37 * DAY + 3661000001) {
		clock_iso(us, out);
		back = NO_TIME;
		CHECK_CASE(!clock_parse(out, &back) && back == us, out);
		clock_sql(us, out);
		CHECK_CASE(!clock_parse(out, &back) && back == us, out);
	}
}

static void does_not_look_at_the_local_zone(void)
{
	char out[CLOCK_ISO];
	int64_t us = NO_TIME;

	setenv("TZ", "America/St_Johns", 1);
	clock_iso(1795551629123456, out);
	CHECK_STR(out, "2026-11-24T20:20:29.123456Z");
	CHECK(!clock_parse(out, &us));
	CHECK_INT(us, 1795551629123456);
	unsetenv("TZ");
}

static void clocks_go_on(void)
{
	int64_t wall_us = clock_wall_us(), began_ms = clock_mono_ms();

	CHECK(wall_us > 1600000000 * SECOND);
	clock_sleep_ms(20);
	CHECK(clock_mono_ms() - began_ms >= 19);
	CHECK(clock_mono_ms() - began_ms < 5000);
	began_ms = clock_mono_ms();
	clock_sleep_ms(0);
	clock_sleep_ms(-1000);
	CHECK(clock_mono_ms() - began_ms < 1000);
}

static const struct check_test tests[] = {
	CHECK_TEST(writes_iso_8601),
	CHECK_TEST(writes_years_with_four_digits),
	CHECK_TEST(holds_times_at_the_ends),
	CHECK_TEST(writes_sql_literals),
	CHECK_TEST(reads_times),
	CHECK_TEST(refuses_what_is_no_time),
	CHECK_TEST(refuses_days_that_are_not),
	CHECK_TEST(refuses_offsets_that_are_not),
	CHECK_TEST(reads_what_it_writes),
	CHECK_TEST(does_not_look_at_the_local_zone),
	CHECK_TEST(clocks_go_on),
};

CHECK_MAIN(tests)
