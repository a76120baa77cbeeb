/* Tests of lib/fold. */
#include "fold.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "check.h"
#include "utf8.h"

static struct fold folder;

static void fold_str(const char *s, size_t n, struct buf *out)
{
	buf_reset(out, SIZE_MAX);
	CHECK(!fold_text(&folder, s, n, out, NULL));
}

static void texts(void)
{
	static const struct {
		const char *text, *folded;
	} cases[] = {
		{ "", "" },
		{ "Hello, World! 0123 ~{}[]@`_^|\\", "hello, world! 0123 ~{}[]@`_^|\\" },
		{ " a \t\n\v\f\r  b ", " a b " },
		{ "a\u00A0\u2003 \u3000\u2028\xC2\x85" "b", "a b" },
		{ "Café CAFE\u0301", "cafe cafe" },
		{ "Straße STRASSE ẞ ß", "strasse strasse ss ss" },
		{ "Ærøskøbing Łódź Đorđe Œuvre Þór ðag Ħal Ŧ", "aeroskobing lodz dorde oeuvre thor dag hal t" },
		{ "İstanbul Iğdır ısı", "istanbul igdir isi" },
		{ "Ёлка Йод й ё Їжак", "елка иод и е іжак" },
		{ "Ὀδυσσεύς ᾳ Σ ς", "οδυσσευσ α σ σ" },
		{ "ﬁ ﬀ ² ™ № Ⅷ ½ … Å K", "fi ff 2 tm no viii 1⁄2 ... a k" },
		{ "ＡＢＣ１２３　！", "abc123 !" },
		{ "مَرْحَبًا مـــرحبا أإآ", "مرحبا مرحبا ااا" },
		{ "שָׁלוֹם שלום", "שלום שלום" },
		{ "हिन्दी किताब", "हिन्दी किताब" },
		{ "फ़ोन ज़रूर \u095B", "फोन जरूर ज" },
		{ "ภาษาไทย น้ำ", "ภาษาไทย น้\u0E4D\u0E32" },
		{ "Việt Nam Tiếng", "viet nam tieng" },
		{ "がか ガカ は\u3099 は\u309A", "がか ガカ ば ぱ" },
		{ "ｶﾞｶ ﾊﾟﾝ", "ガカ パン" },
		{ "\u3099が", "\u3099が" },
		{ "한", "\u1112\u1161\u11AB" },
		{ "\u1112\u1161\u11AB ㅎ", "\u1112\u1161\u11AB \u1112" },
		{ "中文，測試", "中文,測試" },
		{ "❤️ ❤ 👨‍👩‍👧 👍🏽", "❤ ❤ 👨👩👧 👍🏽" },
		{ "\U0001F3F4\U000E0067\U000E007F", "\U0001F3F4\U000E0067\U000E007F" },
		{ "1\uFE0F\u20E3", "1\u20E3" },
		{ "co\u00ADop \uFEFFx\u200Ey می\u200Cخواهم", "coop xy میخواهم" },
		{ "´ ¨ ¯ ¸ ˘", "´ ¨ ¯ ¸ ˘" },
		{ "\u0301", "" },
		{ "\u200B\u0640\uFE0F", "" },
		{ " \u200B \u0301 x", " x" },
		/* canonical order: Thai, and Burmese asat with dot below */
		{ "ก\u0E49\u0E38", "ก\u0E38\u0E49" },
		{ "ก\u0E38\u0E49", "ก\u0E38\u0E49" },
		{ "က\u103A\u1037", "က\u1037\u103A" },
		{ "\u0F71\u0F74\u0F71", "\u0F71\u0F71\u0F74" },
		{ "\uFDFA", "صلى الله عليه وسلم" },
		/* no UTF-8 */
		{ "a\xFF" "B\xC3", "a\xFF" "b\xC3" },
		{ "é\xE0\x83\xA9 é", "e\xE0\x83\xA9 e" }, /* é again, in three bytes */
		{ "\xC0\x80\xE0\x80\x80\xED\xA0\x80", "\xC0\x80\xE0\x80\x80\xED\xA0\x80" },
	};
	struct buf out = BUF_INIT;
	size_t i, pass;

	for (pass = 0; pass < 2; pass++) /* with nothing kept, and with all of it */
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			fold_str(cases[i].text, strlen(cases[i].text), &out);
			if (!check_same_str(buf_str(&out), cases[i].folded))
				CHECK_STR(buf_str(&out), cases[i].folded);
		}
	fold_str("A\0B\0", 4, &out);
	CHECK(out.len == 4 && !memcmp(out.data, "a\0b\0", 5));
	fold_str(NULL, 0, &out);
	CHECK_INT(out.len, 0);
	buf_clear(&out);
}

static size_t encode(int32_t point, char *s)
{
	return (size_t)utf8proc_encode_char(point, (utf8proc_uint8_t *)s);
}

static bool folds_alike(const char *s, const char *t, struct buf *a, struct buf *b)
{
	fold_str(s, strlen(s), a);
	fold_str(t, strlen(t), b);
	return !strcmp(buf_str(a), buf_str(b));
}

/* Folding twice is folding once; and what is canonically equivalent is the same. Under valgrind, which takes
 * half a minute for them all, PARLEY_TEST_THIN leaves most of the big blocks out. */
static void every_code_point(void)
{
	struct buf once = BUF_INIT, twice = BUF_INIT;
	unsigned not_stable = 0, not_alike = 0, invalid = 0;
	char s[6];
	int32_t step = getenv("PARLEY_TEST_THIN") ? 17 : 1;

	for (int32_t point = 1; point <= 0x10FFFF; point += point < 0x3000 ? 1 : step) {
		utf8proc_uint8_t *apart, *together;

		if (point >= 0xD800 && point <= 0xDFFF)
			continue;
		s[encode(point, s)] = '\0';
		fold_str(s, strlen(s), &once);
		fold_str(buf_str(&once), once.len, &twice);
		not_stable += strcmp(buf_str(&once), buf_str(&twice)) != 0;
		invalid += !utf8_valid(once.data, once.len);
		apart = utf8proc_NFD((const utf8proc_uint8_t *)s);
		together = utf8proc_NFC((const utf8proc_uint8_t *)s);
		not_alike += !folds_alike((const char *)apart, s, &once, &twice);
		not_alike += !folds_alike((const char *)together, s, &once, &twice);
		free(apart);
		free(together);
	}
	CHECK_INT(not_stable, 0);
	CHECK_INT(not_alike, 0);
	CHECK_INT(invalid, 0);
	buf_clear(&once);
	buf_clear(&twice);
}

/* Below n; the same row of numbers in every run. */
static size_t pick(size_t n)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 16) % n;
}

/* Marks in any order: the same as what NFD makes of them. */
static void marks_in_any_order(void)
{
	static const struct {
		int32_t letter, marks[6];
	} scripts[] = {
		{ 0x0E01, { 0x0E38, 0x0E48, 0x0E31, 0x0E3A, 0x0301, 0x0323 } }, /* Thai */
		{ 0x304B, { 0x3099, 0x309A, 0x0301, 0x0323, 0x3099, 0x20DD } }, /* Japanese */
		{ 0x0915, { 0x094D, 0x093C, 0x093F, 0x0951, 0x0952, 0x0941 } }, /* Hindi */
		{ 0x1000, { 0x1037, 0x103A, 0x1039, 0x102D, 0x0301, 0x108D } }, /* Burmese */
		{ 0x0F40, { 0x0F71, 0x0F74, 0x0F72, 0x0F39, 0x0F84, 0x0F18 } }, /* Tibetan */
	};
	struct buf a = BUF_INIT, b = BUF_INIT;
	unsigned different = 0;
	char s[64];

	for (size_t n = 0; n < 20000; n++) {
		size_t len = encode(scripts[n % 5].letter, s);
		utf8proc_uint8_t *apart;

		for (size_t k = pick(6) + 1; k; k--)
			len += encode(scripts[n % 5].marks[pick(6)], s + len);
		s[len] = '\0';
		apart = utf8proc_NFD((const utf8proc_uint8_t *)s);
		different += !folds_alike((const char *)apart, s, &a, &b);
		free(apart);
	}
	CHECK_INT(different, 0);
	buf_clear(&a);
	buf_clear(&b);
}

static void maps(void)
{
	static const struct {
		const char *text;
		uint32_t from[16];
	} cases[] = {
		{ "aB", { 0, 1 } },
		{ "a \n b", { 0, 1, 4 } },
		{ "éx", { 0, 2 } },
		{ "e\u0301x", { 0, 3 } },
		{ "ßx", { 0, 0, 2 } },
		{ "a\u200Bb", { 0, 4 } },
		{ "x\u304B\u3099y", { 0, 1, 1, 1, 7 } },
		{ "\u0E01\u0E49\u0E38x", { 0, 0, 0, 3, 3, 3, 3, 3, 3, 9 } },
		{ "\xFFx", { 0, 1 } },
	};
	struct buf out = BUF_INIT, plain = BUF_INIT, map = BUF_INIT;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_reset(&out, SIZE_MAX);
		buf_reset(&map, SIZE_MAX);
		CHECK(!fold_text(&folder, cases[i].text, strlen(cases[i].text), &out, &map));
		fold_str(cases[i].text, strlen(cases[i].text), &plain);
		CHECK_CASE(!strcmp(buf_str(&out), buf_str(&plain)), cases[i].text);
		CHECK_INT(map.len, out.len * sizeof(uint32_t));
		CHECK_CASE(!memcmp(map.data, cases[i].from, map.len), cases[i].text);
	}
	buf_clear(&out);
	buf_clear(&plain);
	buf_clear(&map);
}

/* Texts that grow, and marks without end, take no more than they must. */
static void long_texts(void)
{
	struct buf text = BUF_INIT, out = BUF_INIT;

	for (int i = 0; i < 20000; i++)
		buf_addstr(&text, "\uFDFA");
	fold_str(text.data, text.len, &out);
	CHECK_INT(out.len, 20000 * strlen("صلى الله عليه وسلم"));
	buf_clear(&out);
	buf_reset(&text, SIZE_MAX);
	for (int i = 0; i < 20000; i++)
		buf_addstr(&text, "½");
	fold_str(text.data, text.len, &out);
	CHECK_INT(out.len, 20000 * strlen("1⁄2"));
	buf_reset(&text, SIZE_MAX);
	for (int i = 0; i < 20000; i++)
		buf_addstr(&text, i < 10000 ? "\u0E48" : "\u0E38");
	fold_str(text.data, text.len, &out);
	CHECK_INT(out.len, text.len);
	CHECK(utf8_valid(out.data, out.len));
	/* appends behind what is there */
	CHECK(!fold_text(&folder, " X", 2, &out, NULL));
	CHECK_STR(out.data + text.len, " x");
	buf_clear(&text);
	buf_clear(&out);
}

static int attempt(void *arg)
{
	struct buf out = BUF_INIT, map = BUF_INIT;
	int rc = fold_text(&folder, arg, strlen(arg), &out, &map);

	CHECK(!rc || out.failed || map.failed);
	buf_clear(&out);
	buf_clear(&map);
	return rc;
}

static void without_memory(void)
{
	char text[] = "some text, ﷺﷺﷺﷺﷺﷺﷺ \u0E49\u0E38 and  more of it";

	CHECK(CHECK_EACH_ALLOC(attempt, text) >= 3);
}

static const struct check_test tests[] = {
	CHECK_TEST(texts),
	CHECK_TEST(every_code_point),
	CHECK_TEST(marks_in_any_order),
	CHECK_TEST(maps),
	CHECK_TEST(long_texts),
	CHECK_TEST(without_memory),
};

CHECK_MAIN(tests)
