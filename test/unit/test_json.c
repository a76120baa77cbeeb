/* Tests of lib/json: what is accepted, what is refused and why, and what is read from it. */
#include "json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"

/* A text with its length, as some hold NULs. */
#define TEXT(s) { s, sizeof(s) - 1 }

struct text {
	const char *at;
	size_t len;
};

/* Checked from memory of exactly its size, so that ASan sees a read behind the end. */
static int check_copy(struct text t, struct err *e)
{
	char *copy = malloc(t.len ? t.len : 1);
	struct json root = { 0 };
	int rc;

	if (t.len)
		memcpy(copy, t.at, t.len);
	rc = json_check(copy, t.len, &root, e);
	CHECK((rc == 0) == (json_kind(root) != JSON_ABSENT));
	free(copy);
	return rc;
}

static void accepted(void)
{
	static const struct text good[] = {
		TEXT("null"), TEXT("true"), TEXT("false"), TEXT("0"), TEXT("-0"), TEXT("1"), TEXT("-1"),
		TEXT("0.0"), TEXT("10.25"), TEXT("1e5"), TEXT("1E+5"), TEXT("-0.1e-05"), TEXT("0e0"),
		TEXT("123456789012345678901234567890"), TEXT("1e99999"), TEXT("\"\""), TEXT("[]"),
		TEXT("{}"), TEXT("[ ]"), TEXT("{ }"), TEXT(" \t\r\n[1 , 2]\n"), TEXT("[1,[2,[3]],{}]"),
		TEXT("{\"a\":1}"), TEXT("{ \"a\" : { \"a\" : 1 } , \"b\" : [ ] }"), TEXT("{\"\":0}"),
		TEXT("[{\"a\":1},{\"a\":1}]"), TEXT("{\"a\":{\"b\":1},\"b\":{\"a\":1}}"),
		TEXT("{\"a\":1,\"A\":2,\"aa\":3,\"\\u0000\":4,\"\\u0000a\":5,\"\":6}"),
		TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\uFfFf\""), TEXT("\"\\ud83d\\ude00\""),
		TEXT("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), TEXT("\"\xC2\x80\xDF\xBF\xE0\xA0\x80\""),
		TEXT("\"\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\""), TEXT("\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\""),
		TEXT("\"\xEF\xBB\xBF\""), TEXT("\"\x7F\""), TEXT("\"/\""), TEXT("\"\\ud7ff\\ue000\""),
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct err e = ERR_INIT;

		CHECK_CASE(check_copy(good[i], &e) == 0, good[i].at);
	}
}

static const struct {
	struct text text;
	const char *why;
} refused_texts[] = {
	{ TEXT(""), "the text is empty" },
	{ TEXT(" \n"), "the text is empty" },
	{ TEXT("\xEF\xBB\xBF{}"), "byte order mark at byte 0" },
	{ TEXT("{} {}"), "something follows the value at byte 3" },
	{ TEXT("1 2"), "something follows the value at byte 2" },
	{ TEXT("null\0"), "something follows the value at byte 4" },
	{ TEXT("[]]"), "something follows the value at byte 2" },
	{ TEXT("\"a\"b"), "something follows the value at byte 3" },
	{ TEXT("nul"), "unexpected character at byte 0" },
	{ TEXT("nulL"), "unexpected character at byte 0" },
	{ TEXT("True"), "unexpected character at byte 0" },
	{ TEXT("nullx"), "something follows the value at byte 4" },
	{ TEXT("NaN"), "unexpected character at byte 0" },
	{ TEXT("[nan]"), "unexpected character at byte 1" },
	{ TEXT("Infinity"), "unexpected character at byte 0" },
	{ TEXT("-Infinity"), "unexpected character at byte 1" },
	{ TEXT("+1"), "unexpected character at byte 0" },
	{ TEXT(".5"), "unexpected character at byte 0" },
	{ TEXT("1."), "the text ends too early at byte 2" },
	{ TEXT("[1.]"), "unexpected character at byte 3" },
	{ TEXT("[1.e1]"), "unexpected character at byte 3" },
	{ TEXT("01"), "leading zero at byte 1" },
	{ TEXT("-01"), "leading zero at byte 2" },
	{ TEXT("-"), "the text ends too early at byte 1" },
	{ TEXT("1e"), "the text ends too early at byte 2" },
	{ TEXT("[1e+]"), "unexpected character at byte 4" },
	{ TEXT("0x10"), "something follows the value at byte 1" },
	{ TEXT("["), "the text ends too early at byte 1" },
	{ TEXT("[1"), "the text ends too early at byte 2" },
	{ TEXT("[1,"), "the text ends too early at byte 3" },
	{ TEXT("[1,]"), "unexpected character at byte 3" },
	{ TEXT("[,1]"), "unexpected character at byte 1" },
	{ TEXT("[1 2]"), "unexpected character at byte 3" },
	{ TEXT("[1}"), "unexpected character at byte 2" },
	{ TEXT("{"), "the text ends too early at byte 1" },
	{ TEXT("{]"), "unexpected character at byte 1" },
	{ TEXT("{\"a\""), "the text ends too early at byte 4" },
	{ TEXT("{\"a\":"), "the text ends too early at byte 5" },
	{ TEXT("{\"a\":}"), "unexpected character at byte 5" },
	{ TEXT("{\"a\" 1}"), "unexpected character at byte 5" },
	{ TEXT("{\"a\":1,}"), "unexpected character at byte 7" },
	{ TEXT("{\"a\":1"), "the text ends too early at byte 6" },
	{ TEXT("{a:1}"), "unexpected character at byte 1" },
	{ TEXT("{1:1}"), "unexpected character at byte 1" },
	{ TEXT("{'a':1}"), "unexpected character at byte 1" },
	{ TEXT("[1]/*x*/"), "something follows the value at byte 3" },
	{ TEXT("[\v1]"), "unexpected character at byte 1" },
	{ TEXT("[\xC2\xA0]"), "unexpected character at byte 1" },
	{ TEXT("{\"a\":1,\"a\":2}"), "duplicate key at byte 7" },
	{ TEXT("{\"a\":1,\"\\u0061\":2}"), "duplicate key at byte 7" },
	{ TEXT("{\"\\n\":1,\"\\u000a\":2}"), "duplicate key at byte 8" },
	{ TEXT("{\"\":1,\"\":2}"), "duplicate key at byte 6" },
	{ TEXT("{\"\xF0\x9F\x98\x80\":1,\"\\ud83d\\ude00\":2}"), "duplicate key at byte 10" },
	{ TEXT("[0,{\"x\":{\"k\":1,\"l\":2,\"k\":3}}]"), "duplicate key at byte 21" },
	{ TEXT("{\"a\":0,\"b\":0,\"c\":0,\"b\":0,\"a\":0}"), "duplicate key at byte 19" },
	{ TEXT("\""), "unterminated string at byte 0" },
	{ TEXT("[\"ab]"), "unterminated string at byte 1" },
	{ TEXT("\"\\"), "bad escape at byte 1" },
	{ TEXT("\"\\\""), "unterminated string at byte 0" },
	{ TEXT("\"\\x41\""), "bad escape at byte 1" },
	{ TEXT("\"\\'\""), "bad escape at byte 1" },
	{ TEXT("\"\\\0\""), "bad escape at byte 1" },
	{ TEXT("\"\\u\""), "bad escape at byte 1" },
	{ TEXT("\"\\u12\""), "bad escape at byte 1" },
	{ TEXT("\"\\u12g4\""), "bad escape at byte 1" },
	{ TEXT("\"\\u+123\""), "bad escape at byte 1" },
	{ TEXT("\"\\u123"), "bad escape at byte 1" },
	{ TEXT("\"\\U0041\""), "bad escape at byte 1" },
	{ TEXT("\"\\ud83d\""), "lone surrogate at byte 1" },
	{ TEXT("\"\\ude00\""), "lone surrogate at byte 1" },
	{ TEXT("\"\\ud83dx\""), "lone surrogate at byte 1" },
	{ TEXT("\"\\ud83d\\u0041\""), "lone surrogate at byte 1" },
	{ TEXT("\"\\ud83d\\ud83d\\ude00\""), "lone surrogate at byte 1" },
	{ TEXT("\"\\ude00\\ud83d\""), "lone surrogate at byte 1" },
	{ TEXT("{\"\\udfff\":1}"), "lone surrogate at byte 2" },
	{ TEXT("\"a\nb\""), "raw control character at byte 2" },
	{ TEXT("\"\x01\""), "raw control character at byte 1" },
	{ TEXT("\"\x1F\""), "raw control character at byte 1" },
	{ TEXT("\"\0\""), "raw control character at byte 1" },
	{ TEXT("{\"\t\":1}"), "raw control character at byte 2" },
	{ TEXT("\"\x80\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"a\xFF\""), "invalid UTF-8 at byte 2" },
	{ TEXT("\"\xC0\xAF\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xC1\xBF\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xE0\x9F\xBF\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xF0\x8F\xBF\xBF\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xED\xA0\x80\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xED\xBF\xBF\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xF4\x90\x80\x80\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xF5\x80\x80\x80\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xF8\x88\x80\x80\x80\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xC3\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xE2\x82\""), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xF0\x9F\x98"), "invalid UTF-8 at byte 1" },
	{ TEXT("\"\xC3"), "invalid UTF-8 at byte 1" },
};

static void refused(void)
{
	for (size_t i = 0; i < sizeof(refused_texts) / sizeof(refused_texts[0]); i++) {
		struct err e = ERR_INIT;

		CHECK_CASE(check_copy(refused_texts[i].text, &e) == -1, refused_texts[i].text.at);
		CHECK_INT(e.code, ERR_INVALID);
		CHECK_STR(e.text, refused_texts[i].why);
	}
}

static void a_failure_changes_nothing(void)
{
	struct json root = { "x", 1 };
	struct err e = ERR_INIT;

	CHECK(json_check("[", 1, &root, &e) == -1);
	CHECK(root.len == 1 && *root.at == 'x');
	CHECK(json_check("[", 1, &root, NULL) == -1);
}

static void depth(void)
{
	static const char open[4] = { '{', '"', '"', ':' };
	struct err e = ERR_INIT;
	char text[512];

	for (size_t n = 1; n <= 40; n++) {
		struct text t = { text, 2 * n };

		memset(text, '[', n);
		memset(text + n, ']', n);
		CHECK_INT(check_copy(t, &e), n <= JSON_DEPTH ? 0 : -1);
		t.len = 0;
		for (size_t i = 0; i < n; i++, t.len += 4)
			memcpy(text + t.len, open, sizeof(open));
		text[t.len++] = '1';
		memset(text + t.len, '}', n);
		t.len += n;
		CHECK_INT(check_copy(t, &e), n <= JSON_DEPTH ? 0 : -1);
	}
	CHECK_STR(e.text, "nesting too deep at byte 128");
}

static struct json parse(const char *text)
{
	struct json root = { 0 };
	struct err e = ERR_INIT;

	CHECK_CASE(json_check(text, strlen(text), &root, &e) == 0, text);
	return root;
}

static bool is(struct json value, const char *text)
{
	return value.len == strlen(text) && !memcmp(value.at, text, value.len);
}

static void kinds(void)
{
	struct json absent = { 0 };

	CHECK_INT(json_kind(absent), JSON_ABSENT);
	CHECK_INT(json_kind(parse("null")), JSON_NULL);
	CHECK_INT(json_kind(parse(" false")), JSON_FALSE);
	CHECK_INT(json_kind(parse("true ")), JSON_TRUE);
	CHECK_INT(json_kind(parse("0")), JSON_NUMBER);
	CHECK_INT(json_kind(parse("-1.5")), JSON_NUMBER);
	CHECK_INT(json_kind(parse("\"\"")), JSON_STRING);
	CHECK_INT(json_kind(parse("[]")), JSON_ARRAY);
	CHECK_INT(json_kind(parse("{}")), JSON_OBJECT);
}

static void members(void)
{
	struct json o = parse(" { \"a\" : 1 , \"b\":[ 1,{\"z\":\"]}\"} ] ,\"c\\n\":\"x\\\"}\", \"\":null,"
			      "\"\\u0064\\u00e9\\ud83d\\ude00\": { \"a\" : true } , \"e\\u0000f\":7, \"t\": -1.5e3 } ");

	CHECK(is(json_member(o, "a"), "1"));
	CHECK(is(json_member(o, "b"), "[ 1,{\"z\":\"]}\"} ]"));
	CHECK(is(json_member(json_item(json_member(o, "b"), 1), "z"), "\"]}\""));
	CHECK(is(json_member(o, "c\n"), "\"x\\\"}\""));
	CHECK(is(json_member(o, ""), "null"));
	CHECK(is(json_member(o, "d\xC3\xA9\xF0\x9F\x98\x80"), "{ \"a\" : true }"));
	CHECK(is(json_member(o, "t"), "-1.5e3"));
	CHECK_INT(json_count(o), 7);
	CHECK(!json_member(o, "z").len);
	CHECK(!json_member(o, "e").len);
	CHECK(!json_member(o, "c\\n").len);
	CHECK(!json_member(o, "d").len);
	CHECK(!json_member(o, "A").len);
	CHECK(!json_member(parse("[\"a\",1]"), "a").len);
	CHECK(!json_member((struct json){ 0 }, "a").len);
	CHECK(!json_member(parse("{}"), "").len);
	CHECK(is(json_member(parse("{\"a\\\\\":\"\\\\\",\"b\":2}"), "b"), "2"));
}

static void items(void)
{
	struct json a = parse("[ 1,\"a,b\" ,[2,3] , {\"x\":[4]},null,-5e1 ]");
	static const char *const want[] = { "1", "\"a,b\"", "[2,3]", "{\"x\":[4]}", "null", "-5e1" };

	CHECK_INT(json_count(a), 6);
	for (size_t i = 0; i < 6; i++)
		CHECK_CASE(is(json_item(a, i), want[i]), want[i]);
	CHECK(!json_item(a, 6).len);
	CHECK(!json_item(a, SIZE_MAX).len);
	CHECK(!json_item(parse("[]"), 0).len);
	CHECK(!json_item(parse("{\"a\":1}"), 0).len);
	CHECK(!json_item((struct json){ 0 }, 0).len);
	CHECK_INT(json_count(parse("[ ]")), 0);
	CHECK_INT(json_count(parse("{ }")), 0);
	CHECK_INT(json_count(parse("\"ab\"")), 0);
	CHECK_INT(json_count((struct json){ 0 }), 0);
}

static void only_what_nests_is_walked(void)
{
	static const char *const texts[] = { "5", "true", "null", "\"\"", "\"[\"", "\"ok\"" };
	size_t i, at = 1;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++, at = 1)
		CHECK_CASE(!json_next(parse(texts[i]), &at).len, texts[i]);
	CHECK(!json_next((struct json){ 0 }, &at).len);
}

static void strings(void)
{
	static const struct {
		const char *json;
		struct text want;
	} cases[] = {
		{ "\"\"", TEXT("") },
		{ "\"abc\"", TEXT("abc") },
		{ "\"a\\u0000b\\u0000\"", TEXT("a\0b\0") },
		{ "\"\\ud83d\\ude00\\uDBFF\\uDFFF\\ud800\\udc00\"",
		  TEXT("\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF\xF0\x90\x80\x80") },
		{ "\"\\ud836\\udc00 \\ud836\\udfff \\ud87f\\udc00\"", /* what json-c 0.16 gets wrong */
		  TEXT("\xF0\x9D\xA0\x80 \xF0\x9D\xAF\xBF \xF0\xAF\xB0\x80") },
		{ "\"\\u00e9\xC3\xA9\\u20ac\"", TEXT("\xC3\xA9\xC3\xA9\xE2\x82\xAC") },
		{ "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u007f\"", TEXT("\"\\/\b\f\n\r\t\x7F") },
		{ "\"\\uffff\\ufeff\\ufffd\\ud7ff\\ue000\"",
		  TEXT("\xEF\xBF\xBF\xEF\xBB\xBF\xEF\xBF\xBD\xED\x9F\xBF\xEE\x80\x80") },
		{ "\"\\\\u0041\"", TEXT("\\u0041") },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT;
		struct err e = ERR_INIT;

		buf_addstr(&b, ">");
		CHECK_CASE(json_string(parse(cases[i].json), &b, &e) == 0, cases[i].json);
		CHECK_CASE(b.len == cases[i].want.len + 1 &&
				   !memcmp(b.data + 1, cases[i].want.at, b.len - 1), cases[i].json);
		buf_clear(&b);
	}
}

static void only_strings_are_strings(void)
{
	static const char *const others[] = { "null", "1", "true", "[\"a\"]", "{\"a\":\"b\"}" };
	struct buf b = BUF_INIT;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		CHECK_CASE(json_string(parse(others[i]), &b, &e) == -1, others[i]);
		CHECK_INT(e.code, ERR_INVALID);
	}
	CHECK(json_string((struct json){ 0 }, &b, &e) == -1);
	CHECK_STR(e.text, "not a string");
	CHECK(b.len == 0 && !b.failed);
}

static void numbers(void)
{
	static const struct {
		const char *json;
		bool is_u64, is_double;
		uint64_t u64;
		double number;
	} cases[] = {
		{ "0", true, true, 0, 0 },
		{ "42", true, true, 42, 42 },
		{ "18446744073709551615", true, true, UINT64_MAX, 18446744073709551615.0 },
		{ "18446744073709551616", false, true, 0, 18446744073709551616.0 },
		{ "99999999999999999999", false, true, 0, 1e20 },
		{ "-0", false, true, 0, 0 },
		{ "-1", false, true, 0, -1 },
		{ "1.0", false, true, 0, 1 },
		{ "1e2", false, true, 0, 100 },
		{ "-2.5E-1", false, true, 0, -0.25 },
		{ "1e400", false, false, 0, 0 },
		{ "-1e400", false, false, 0, 0 },
		{ "1e-400", false, true, 0, 0 },
		{ "\"1\"", false, false, 0, 0 },
		{ "null", false, false, 0, 0 },
		{ "[1]", false, false, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t u64 = 7;
		double number = 7;

		CHECK_CASE(json_u64(parse(cases[i].json), &u64) == cases[i].is_u64, cases[i].json);
		CHECK_CASE(u64 == (cases[i].is_u64 ? cases[i].u64 : 7), cases[i].json);
		CHECK_CASE(json_double(parse(cases[i].json), &number) == cases[i].is_double, cases[i].json);
		CHECK_CASE(fabs(number - (cases[i].is_double ? cases[i].number : 7)) <= 0, cases[i].json);
	}
	CHECK(!json_u64((struct json){ 0 }, &(uint64_t){ 0 }));
	CHECK(!json_double((struct json){ 0 }, &(double){ 0 }));
}

static void long_numbers(void)
{
	char text[600];
	double number = 7;

	memset(text, '1', sizeof(text));
	memcpy(text, "0.", 2);
	text[511] = '\0';
	CHECK(json_double(parse(text), &number) && number < 0.2);
	text[511] = '1';
	text[512] = '\0';
	CHECK(!json_double(parse(text), &number));
}

static void quoting(void)
{
	static const struct {
		struct text text;
		const char *want;
	} cases[] = {
		{ TEXT(""), "\"\"" },
		{ TEXT("abc"), "\"abc\"" },
		{ TEXT("a\0b"), "\"a\\u0000b\"" },
		{ TEXT("\"\\/<>&'"), "\"\\\"\\\\/<>&'\"" },
		{ TEXT("\b\f\n\r\t\x01\x1F\x7F"), "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7F\"" },
		{ TEXT("\xC3\xA9\xF0\x9F\x98\x80\xE2\x80\xA8"), "\"\xC3\xA9\xF0\x9F\x98\x80\xE2\x80\xA8\"" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf b = BUF_INIT, back = BUF_INIT;

		CHECK_INT(json_quote(&b, cases[i].text.at, cases[i].text.len), 0);
		CHECK_STR(buf_str(&b), cases[i].want);
		CHECK_INT(json_string(parse(buf_str(&b)), &back, NULL), 0);
		CHECK(back.len == cases[i].text.len &&
		      !memcmp(buf_str(&back), cases[i].text.at, back.len));
		buf_clear(&b);
		buf_clear(&back);
	}
	CHECK_INT(json_quote(&(struct buf){ .failed = true }, "a", 1), -1);
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

/* One code point as \u escapes: decodes to what it should, and comes back when quoted? */
static bool survives(unsigned point, struct buf *text, struct buf *quoted)
{
	char escaped[16], want[4];
	size_t len = encode(point, want);
	struct json root;

	if (point < 0x10000)
		snprintf(escaped, sizeof(escaped), "\"\\u%04X\"", point);
	else
		snprintf(escaped, sizeof(escaped), "\"\\u%04x\\u%04x\"",
			 0xD800 + ((point - 0x10000) >> 10), 0xDC00 + (point & 0x3FF));
	if (json_check(escaped, strlen(escaped), &root, NULL))
		return false;
	for (int i = 0; i < 2; i++) {
		buf_reset(text, 1000);
		if (json_string(root, text, NULL))
			return false;
		buf_reset(quoted, 1000);
		if (text->len != len ||
		    memcmp(text->data, want, len) || json_quote(quoted, text->data, len) ||
		    json_check(quoted->data, quoted->len, &root, NULL))
			return false;
	}
	return true;
}

static void code_points(void)
{
	struct buf quoted = BUF_INIT, text = BUF_INIT;
	unsigned wrong = 0;

	/* Beyond the first plane every 17th will do: all of them take half a minute under valgrind. */
	for (unsigned point = 0; point <= 0x10FFFF; point += point < 0x10000 ? 1 : 17)
		wrong += survives(point, &text, &quoted) == (point >= 0xD800 && point <= 0xDFFF);
	CHECK_INT(wrong, 0);
	buf_clear(&quoted);
	buf_clear(&text);
}

/* An object of the form {"key0":0,"key1":0,…}; `same`: and the first key again at its end. */
static struct buf big_object(unsigned n, bool same)
{
	struct buf b = BUF_INIT;

	for (unsigned i = 0; i < n; i++)
		buf_addf(&b, "%c\"%x\":0", i ? ',' : '{', i);
	buf_addstr(&b, same ? ",\"0\":0}" : "}");
	return b;
}

static double cpu_ms(void)
{
	return (double)clock() * 1000 / CLOCKS_PER_SEC;
}

/* Bounds with room for sanitizers and valgrind: quadratic behaviour takes minutes. */
static void big_texts_are_fast(void)
{
	struct buf keys = big_object(150000, false), dup = big_object(150000, true);
	struct buf zeros = BUF_INIT;
	struct json root;
	struct err e = ERR_INIT;
	double start = cpu_ms();

	buf_addch(&zeros, '[');
	for (unsigned i = 0; i < 500000; i++)
		buf_addstr(&zeros, "0,");
	buf_addstr(&zeros, "0]");
	CHECK_INT(json_check(zeros.data, zeros.len, &root, &e), 0);
	CHECK_INT(json_check(dup.data, dup.len, &root, &e), -1);
	CHECK(strstr(e.text, "duplicate key") != NULL);
	CHECK_INT(json_check(keys.data, keys.len, &root, &e), 0);
	CHECK_INT(json_count(root), 150000);
	CHECK(is(json_member(root, "249ef"), "0"));
	CHECK(cpu_ms() - start < 10000);
	buf_clear(&keys);
	buf_clear(&dup);
	buf_clear(&zeros);
}

static int check_object(void *arg)
{
	struct buf *text = arg;
	struct json root = { "x", 1 };
	struct err e = ERR_INIT;
	int rc = json_check(text->data, text->len, &root, &e);

	CHECK_INT(e.code, rc ? ERR_MEMORY : ERR_NONE);
	CHECK(!rc || root.len == 1);
	return rc;
}

static int read_string(void *arg)
{
	struct buf b = BUF_INIT, quoted = BUF_INIT;
	struct err e = ERR_INIT;
	int rc = json_string(*(struct json *)arg, &b, &e);

	CHECK_INT(e.code, rc ? ERR_MEMORY : ERR_NONE);
	CHECK(!rc || !b.len);
	if (!rc) {
		rc = json_quote(&quoted, b.data, b.len);
		CHECK((rc == -1) == quoted.failed);
	}
	buf_clear(&b);
	buf_clear(&quoted);
	return rc;
}

static void failing_allocations(void)
{
	struct buf text = big_object(500, false);
	struct json string = parse("\"a\\u0000 string \\ud83d\\ude00\"");

	CHECK(CHECK_EACH_ALLOC(check_object, &text) > 2);
	CHECK_INT(CHECK_EACH_ALLOC(read_string, &string), 2);
	buf_clear(&text);
}

static const struct check_test tests[] = {
	CHECK_TEST(accepted),
	CHECK_TEST(refused),
	CHECK_TEST(a_failure_changes_nothing),
	CHECK_TEST(depth),
	CHECK_TEST(kinds),
	CHECK_TEST(members),
	CHECK_TEST(items),
	CHECK_TEST(only_what_nests_is_walked),
	CHECK_TEST(strings),
	CHECK_TEST(only_strings_are_strings),
	CHECK_TEST(numbers),
	CHECK_TEST(long_numbers),
	CHECK_TEST(quoting),
	CHECK_TEST(code_points),
	CHECK_TEST(big_texts_are_fast),
	CHECK_TEST(failing_allocations),
};

CHECK_MAIN(tests)
