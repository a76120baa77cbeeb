/* Tests of lib/text. */
#include "text.h"

#include <stdlib.h>

#include "check.h"

static void terms(void)
{
	static const struct {
		const char *q, *terms; /* each with a | behind it */
	} cases[] = {
		{ "foo", "foo|" },
		{ "  Foo \t Bar\n", "foo|bar|" },
		{ "a\u3000b\u00A0c", "a|b|c|" },
		{ "\"foo bar\"", "foo bar|" },
		{ "\"foo  bar\" baz", "foo bar|baz|" },
		{ "x \"foo bar\" y", "x|foo bar|y|" },
		{ "\"a b\"\u3000\"c d\"", "a b|c d|" },
		{ "\"foo bar", "\"foo|bar|" },
		{ "foo bar\"", "foo|bar\"|" },
		{ "\"foo\"bar baz", "\"foo\"bar|baz|" },
		{ "say\"hello you\"", "say\"hello|you\"|" },
		{ "\"", "\"|" },
		{ "\"\"", "\"\"|" },
		{ "x = \"\" y", "x|=|\"\"|y|" },
		{ "\"\"\"", "\"|" },
		{ "\" \"", " |" },
		{ "5\" 3.5\"", "5\"|3.5\"|" },
		{ "{\"a\": \"b\"}", "{\"a\":|\"b\"}|" },
		{ "“foo bar”", "“foo|bar”|" },
		{ "C++ 100% foo_bar \\ * - + ~ ( ) ? 'x", "c++|100%|foo_bar|\\|*|-|+|~|(|)|?|'x|" },
		{ "NOT foo AND -bar OR baz*", "not|foo|and|-bar|or|baz*|" },
		{ "\u0301", "|" },
		{ "a \u200B b", "a||b|" },
	};
	struct text_query q;
	struct buf all = BUF_INIT;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(!text_query_init(&q, cases[i].q, strlen(cases[i].q), &e));
		buf_reset(&all, SIZE_MAX);
		for (size_t k = 0; k < q.n; k++) {
			buf_add(&all, buf_str(&q.terms) + q.term[k].at, q.term[k].len);
			buf_addch(&all, '|');
		}
		CHECK_STR(buf_str(&all), cases[i].terms);
		CHECK_CASE(text_query_possible(&q) == (cases[i].terms[0] != '|' &&
						       !strstr(cases[i].terms, "||")),
			   cases[i].q);
		text_query_clear(&q);
	}
	buf_clear(&all);
}

static void repeat(struct buf *b, const char *s, size_t n)
{
	buf_reset(b, SIZE_MAX);
	while (n--)
		buf_addstr(b, s);
}

static int init_buf(struct text_query *q, const struct buf *b, struct err *e)
{
	int rc = text_query_init(q, buf_str(b), b->len, e);

	text_query_clear(q);
	return rc;
}

static void bounds(void)
{
	static const struct {
		const char *unit;
		size_t n;
		const char *refused; /* NULL: it is taken */
	} cases[] = {
		{ "", 0, "must not be blank" },
		{ " ", 1, "must not be blank" },
		{ "\u3000\t", 500, "must not be blank" },
		{ "x", 1000, NULL },
		{ "x", 1001, "must have at most 1000 characters" },
		{ "ß", 1000, NULL },
		{ "😀", 1000, NULL },
		{ "😀", 1001, "must have at most 1000 characters" },
		{ "x ", 32, NULL },
		{ "x ", 33, "must have at most 32 terms" },
		{ "\"x y\" ", 32, NULL },
	};
	struct text_query q;
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		repeat(&b, cases[i].unit, cases[i].n);
		CHECK_INT(init_buf(&q, &b, &e), cases[i].refused ? -1 : 0);
		CHECK_STR(e.text, cases[i].refused ? cases[i].refused : "");
		CHECK_INT(e.code, cases[i].refused ? ERR_INVALID : ERR_NONE);
	}
	buf_clear(&b);
}

/* How q stands in the body. */
static enum text_class match(const char *q, const char *body, size_t len)
{
	struct text_query query;
	enum text_class class = TEXT_NONE;
	struct err e = ERR_INIT;

	CHECK(!text_query_init(&query, q, strlen(q), &e));
	CHECK(!text_match(&query, body, len, &class, &e));
	text_query_clear(&query);
	return class;
}

static void classes(void)
{
	static const struct {
		const char *q, *body;
		enum text_class class;
	} cases[] = {
		{ "hello", "hello", TEXT_WORD },
		{ "hello", "Hello, world", TEXT_WORD },
		{ "hello", "say hello", TEXT_WORD },
		{ "hell", "Hello", TEXT_BEGINNING },
		{ "ell", "Hello", TEXT_INSIDE },
		{ "ello", "Hello", TEXT_INSIDE },
		{ "x", "Hello", TEXT_NONE },
		/* the best place counts */
		{ "ell", "hello ellipse", TEXT_BEGINNING },
		{ "ell", "hello ellipse ell", TEXT_WORD },
		/* the worst term counts */
		{ "hello wor", "hello world", TEXT_BEGINNING },
		{ "ello wor", "hello world", TEXT_INSIDE },
		{ "hello mars", "hello world", TEXT_NONE },
		{ "world hello", "hello world", TEXT_WORD },
		{ "\"hello world\"", "hello\n world", TEXT_WORD },
		{ "\"world hello\"", "hello world", TEXT_NONE },
		{ "\"lo wo\"", "hello world", TEXT_INSIDE },
		/* what makes words */
		{ "foo", "foo_bar", TEXT_WORD },
		{ "bar", "foo_bar", TEXT_WORD },
		{ "foo", "foo2", TEXT_BEGINNING },
		{ "2", "foo2", TEXT_INSIDE },
		{ "c++", "C++20", TEXT_WORD },
		{ "++", "C++20", TEXT_WORD },
		{ "168", "192.168.1.1", TEXT_WORD },
		{ "192.168.1", "192.168.1.1", TEXT_WORD },
		{ "192.168.1.1", "192.168.1.12", TEXT_BEGINNING },
		{ "cafe", "Café", TEXT_WORD },
		{ "caf", "Cafe\u0301", TEXT_BEGINNING },
		{ "ह", "हिन्दी", TEXT_BEGINNING },
		{ "हिन्दी", "हिन्दी में", TEXT_WORD },
		{ "中国", "我爱中国", TEXT_INSIDE },
		{ "中国", "中国,北京", TEXT_WORD },
		{ "한", "한국", TEXT_BEGINNING },
		{ "하", "한국", TEXT_BEGINNING },
		{ "한국", "한국 사람", TEXT_WORD },
		{ "국", "한국", TEXT_INSIDE },
		{ "😀", "a😀b", TEXT_WORD },
		{ "か", "がか", TEXT_INSIDE },
		{ "か", "が", TEXT_NONE },
		{ "\" \"", "a b", TEXT_WORD },
		{ "\" b\"", "a b", TEXT_WORD },
		{ "\u0301", "e\u0301", TEXT_NONE },
		{ "e \u0301", "e\u0301", TEXT_NONE },
		{ "x", "", TEXT_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_CASE(match(cases[i].q, cases[i].body, strlen(cases[i].body)) == cases[i].class,
			   cases[i].q);
	CHECK_INT(match("b", "a\0b", 3), TEXT_WORD);
	CHECK_INT(match("x", NULL, 0), TEXT_NONE);
}

static int highlight(const char *q, const char *body, size_t len, struct buf *out)
{
	struct text_query query;
	struct err e = ERR_INIT;
	int rc = text_query_init(&query, q, strlen(q), &e);

	buf_reset(out, SIZE_MAX);
	if (!rc)
		rc = text_highlight(&query, body, len, out, &e);
	CHECK(!rc || e.code == ERR_MEMORY);
	text_query_clear(&query);
	return rc;
}

static void highlights(void)
{
	static const struct {
		const char *q, *body, *highlight;
	} cases[] = {
		{ "ell", "hello", "h<em>ell</em>o" },
		{ "L", "hello", "he<em>ll</em>o" },
		{ "o", "foo boo", "f<em>oo</em> b<em>oo</em>" },
		{ "foo bar", "bar foobar", "<em>bar</em> <em>foobar</em>" },
		{ "abc bcd", "xabcdx", "x<em>abcd</em>x" },
		{ "aba", "ababa", "<em>ababa</em>" },
		{ "x", "<b>x & \"x\" 'x'</b>",
		  "&lt;b&gt;<em>x</em> &amp; &quot;<em>x</em>&quot; &#39;<em>x</em>&#39;&lt;/b&gt;" },
		{ "<em>", "a <em>b", "a <em>&lt;em&gt;</em>b" },
		{ "&amp;", "&amp; & &", "<em>&amp;amp;</em> &amp; &amp;" },
		{ "cafe", "Café Cafe\u0301s", "<em>Café</em> <em>Cafe\u0301</em>s" },
		{ "s", "Straße", "<em>S</em>tra<em>ß</em>e" },
		{ "sse", "Straße", "Stra<em>ße</em>" },
		{ "fi", "oﬃce", "o<em>ﬃ</em>ce" },
		{ "\"a b\"", "a \n\t b", "<em>a \n\t b</em>" },
		{ "\"a \"", "a  b", "<em>a </em> b" },
		{ "ह", "हिन्दी", "<em>हि</em>न्दी" },
		{ "하", "한국", "<em>한</em>국" },
		{ "👩", "👩‍👩‍👧 👩", "<em>👩‍👩‍👧</em> <em>👩</em>" },
		{ "👍", "👍🏽", "<em>👍🏽</em>" },
		{ "❤", "a❤️b", "a<em>❤️</em>b" },
		{ "か", "か\u3099か", "か\u3099<em>か</em>" },
		{ "が", "か\u3099か", "<em>か\u3099</em>か" },
		{ "ก", "ก\u0E49\u0E38x", "<em>ก\u0E49\u0E38</em>x" },
		{ "coop", "co\u00ADop", "<em>co\u00ADop</em>" },
		{ "中", "中文中", "<em>中</em>文<em>中</em>" },
		{ "nothing", "a < b", "a &lt; b" },
		{ "\u0301", "e\u0301", "e\u0301" },
		{ "x", "", "" },
		{ "\xFF", "a\xFF" "b", "a<em>\xFF</em>b" },
	};
	struct buf out = BUF_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(!highlight(cases[i].q, cases[i].body, strlen(cases[i].body), &out));
		CHECK_STR(buf_str(&out), cases[i].highlight);
	}
	CHECK(!highlight("b", "a\0b\0", 4, &out));
	CHECK(out.len == 13 && !memcmp(out.data, "a\0<em>b</em>\0", 13));
	buf_clear(&out);
}

/* Below n; the same row of numbers in every run. */
static size_t pick(size_t n)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 16) % n;
}

static void ab(char *s, size_t n)
{
	s[n] = '\0';
	while (n--)
		s[n] = "ab"[pick(2)];
}

/* The highlight of a body of plain letters, found the slow way. */
static void mark_slowly(const char *q, const char *body, char *out)
{
	size_t n = strlen(body), m = strlen(q), at, from;
	bool marked = false, covered;

	for (at = 0; at <= n; at++) {
		covered = false;
		for (from = at < m ? 0 : at - m + 1; at < n && from <= at; from++)
			covered = covered || !strncmp(body + from, q, m);
		if (covered != marked)
			out += sprintf(out, covered ? "<em>" : "</em>");
		marked = covered;
		*out++ = body[at];
	}
}

static void places_that_overlap(void)
{
	char q[8], body[32], want[400];
	struct buf out = BUF_INIT;
	unsigned wrong = 0;

	for (int i = 0; i < 20000; i++) {
		ab(q, pick(sizeof(q) - 1) + 1);
		ab(body, pick(sizeof(body) - 1));
		mark_slowly(q, body, want);
		CHECK(!highlight(q, body, strlen(body), &out));
		wrong += strcmp(buf_str(&out), want) != 0;
	}
	CHECK_INT(wrong, 0);
	buf_clear(&out);
}

static int attempt(void *arg)
{
	struct buf *body = arg, out = BUF_INIT;
	struct text_query q;
	enum text_class class = TEXT_NONE;
	struct err e = ERR_INIT;
	int rc = text_query_init(&q, "more \"of it\"", 12, &e);

	if (!rc)
		rc = text_match(&q, body->data, body->len, &class, &e);
	if (!rc)
		rc = text_highlight(&q, body->data, body->len, &out, &e);
	CHECK(rc ? e.code == ERR_MEMORY : class == TEXT_WORD);
	text_query_clear(&q);
	buf_clear(&out);
	return rc;
}

static void without_memory(void)
{
	struct buf body = BUF_INIT;

	repeat(&body, "some <text> and more of it ", 10);
	CHECK(CHECK_EACH_ALLOC(attempt, &body) >= 5);
	buf_clear(&body);
}

static const struct check_test tests[] = {
	CHECK_TEST(terms),
	CHECK_TEST(bounds),
	CHECK_TEST(classes),
	CHECK_TEST(highlights),
	CHECK_TEST(places_that_overlap),
	CHECK_TEST(without_memory),
};

CHECK_MAIN(tests)
