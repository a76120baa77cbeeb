/* Tests of lib/utf8. */
#include "utf8.h"

#include <stdlib.h>

#include "check.h"

#define TEXT(s) s, sizeof(s) - 1

static void valid_and_invalid(void)
{
	static const struct {
		const char *s;
		size_t n;
		bool valid;
		size_t length; /* code points */
	} cases[] = {
		{ TEXT(""), true, 0 },
		{ TEXT("abc"), true, 3 },
		{ TEXT("a\0b"), true, 3 },
		{ TEXT("\x7F\xC2\x80\xDF\xBF"), true, 3 },
		{ TEXT("\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF"), true, 4 },
		{ TEXT("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), true, 2 },
		{ TEXT("e\xCC\x81"), true, 2 },
		{ TEXT("\x80"), false, 0 },
		{ TEXT("\xBF"), false, 0 },
		{ TEXT("\xC0\x80"), false, 0 },
		{ TEXT("\xC0\xAF"), false, 0 },
		{ TEXT("\xC1\xBF"), false, 0 },
		{ TEXT("\xE0\x9F\xBF"), false, 0 },
		{ TEXT("\xF0\x8F\xBF\xBF"), false, 0 },
		{ TEXT("\xED\xA0\x80"), false, 0 },
		{ TEXT("\xED\xBF\xBF"), false, 0 },
		{ TEXT("\xED\xA0\xBD\xED\xB8\x80"), false, 0 },
		{ TEXT("\xF4\x90\x80\x80"), false, 0 },
		{ TEXT("\xF5\x80\x80\x80"), false, 0 },
		{ TEXT("\xF8\x88\x80\x80\x80"), false, 0 },
		{ TEXT("\xFE"), false, 0 },
		{ TEXT("\xFF"), false, 0 },
		{ TEXT("\xC3"), false, 0 },
		{ TEXT("\xC3("), false, 0 },
		{ TEXT("\xE2\x82"), false, 0 },
		{ TEXT("\xE2\x82("), false, 0 },
		{ TEXT("\xF0\x9F\x98"), false, 0 },
		{ TEXT("abc\xF0"), false, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *copy = malloc(cases[i].n ? cases[i].n : 1);

		memcpy(copy, cases[i].s, cases[i].n);
		CHECK_CASE(utf8_valid(copy, cases[i].n) == cases[i].valid, cases[i].s);
		if (cases[i].valid)
			CHECK_INT(utf8_length(copy, cases[i].n), cases[i].length);
		free(copy);
	}
	CHECK(utf8_valid(NULL, 0));
	CHECK_INT(utf8_length(NULL, 0), 0);
}

/* UTF-8 written out by hand, not by the library that lib/ uses. */
static size_t encode(unsigned point, char *out)
{
	static const unsigned first[] = { 0, 0xC0, 0xE0, 0xF0 };
	size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;

	out[0] = (char)(first[more] | point >> (6 * more));
	for (size_t i = 1; i <= more; i++)
		out[i] = (char)(0x80 | (point >> (6 * (more - i)) & 0x3F));
	return more + 1;
}

/* White_Space in PropList.txt; unchanged since Unicode 6.3. */
static bool white(unsigned point)
{
	return (point >= 0x9 && point <= 0xD) || point == 0x20 || point == 0x85 || point == 0xA0 ||
	       point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 ||
	       point == 0x2029 || point == 0x202F || point == 0x205F || point == 0x3000;
}

static void every_code_point(void)
{
	unsigned invalid = 0, length = 0, spaces = 0;
	char s[4];

	for (unsigned point = 0; point <= 0x10FFFF; point++) {
		bool surrogate = point >= 0xD800 && point <= 0xDFFF;
		size_t n = encode(point, s);

		invalid += utf8_valid(s, n) == surrogate;
		length += utf8_length(s, n) != 1;
		spaces += utf8_blank(s, n) != white(point);
	}
	CHECK_INT(invalid, 0);
	CHECK_INT(length, 0);
	CHECK_INT(spaces, 0);
}

static void blank(void)
{
	CHECK(utf8_blank(NULL, 0));
	CHECK(utf8_blank(TEXT(" \t\r\n\v\f\xC2\x85\xC2\xA0\xE2\x80\xA8\xE3\x80\x80")));
	CHECK(!utf8_blank(TEXT(" \0")));
	CHECK(!utf8_blank(TEXT("  x  ")));
	CHECK(!utf8_blank(TEXT(" \xE2\x80\x8B"))); /* zero width space: no White_Space */
	CHECK(!utf8_blank(TEXT("\xEF\xBB\xBF")));
	CHECK(!utf8_blank(TEXT(" \xC2")));
	CHECK(!utf8_blank(TEXT("\x85")));
}

static void cut(void)
{
	static const char s[] = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"; /* 1 + 2 + 3 + 4 bytes */
	static const size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10, 10 };

	for (size_t most = 0; most < sizeof(want) / sizeof(want[0]); most++)
		CHECK_INT(utf8_cut(s, sizeof(s) - 1, most), want[most]);
	CHECK_INT(utf8_cut(NULL, 0, 0), 0);
	CHECK_INT(utf8_cut(NULL, 0, 5), 0);
	CHECK_INT(utf8_cut(TEXT("a\0b"), 2), 2);
	CHECK_INT(utf8_cut(TEXT("\x80\x80\x80"), 2), 0);
}

static const struct check_test tests[] = {
	CHECK_TEST(valid_and_invalid),
	CHECK_TEST(every_code_point),
	CHECK_TEST(blank),
	CHECK_TEST(cut),
};

CHECK_MAIN(tests)
