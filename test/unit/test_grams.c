/* Tests of lib/grams: what it writes, and that a phrase of windows stands in a message's exactly where text_match
 * finds the term. */
#include "grams.h"

#include "check.h"
#include "text.h"

static struct buf written(const char *text, bool before, bool behind,
			  int (*write)(struct grams *, struct buf *))
{
	struct grams g = GRAMS_INIT;
	struct buf out = BUF_INIT;

	CHECK(!grams_take(&g, text, strlen(text), before, behind) && !write(&g, &out));
	grams_clear(&g);
	return out;
}

static int windows(struct grams *g, struct buf *out)
{
	return grams_windows(g, out);
}

static int whole(struct grams *g, struct buf *out)
{
	return grams_whole(g, out);
}

#define S "\uFDD0"
#define M "\uFDD1"

static void what_is_written(void)
{
	static const struct {
		const char *text;
		bool before, behind;
		int (*write)(struct grams *, struct buf *);
		const char *want;
	} cases[] = {
		{ "", true, true, windows, "" },
		{ "", true, true, grams_short, "" },
		{ "ab", false, false, windows, "" },
		{ "ab", true, true, windows, M "ab ab" M },
		{ "abcd", false, false, windows, "abc bcd" },
		{ "a b", false, false, windows, "a" M S " " M S M " " S M "b" },
		{ "c++", true, true, whole, M "c" M "++" },
		{ "++c", true, true, whole, "++" M "c" M },
		{ "aab", false, false, grams_short, "a b aa ab" },
		{ "\"\\\x01", false, false, whole, "\\\"\\\\\\u0001" },
		{ "\x1C\x1F", false, false, whole, "\uFDD2\uFDD5" },
		{ "\uFDCF\uFDD0\uFDD5\uFDD6", false, false, whole, "\uFDCF\uFFFD\uFFFD\uFDD6" },
		{ "日本語", false, true, windows, "日本語 本語" M },
		{ "😀a", true, false, whole, "😀" M "a" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = written(cases[i].text, cases[i].before, cases[i].behind, cases[i].write);

		if (!CHECK_STR(buf_str(&out), cases[i].want))
			printf("# text: %s\n", cases[i].text);
		buf_clear(&out);
	}
}

/* ------------------------------------------------------------------ as the index finds it */

struct indexed {
	struct buf g3, g12; /* with a space at both ends */
};

static bool found(const struct indexed *x, const struct text_query *q, const struct text_term *t,
		  enum text_class class)
{
	struct grams g = GRAMS_INIT;
	struct buf wanted = BUF_INIT;
	bool is_short, there;

	CHECK(!grams_take(&g, q->terms.data + t->at, t->len, class <= TEXT_BEGINNING, class == TEXT_WORD));
	is_short = grams_length(&g) < GRAMS_WINDOW;
	buf_addch(&wanted, ' ');
	CHECK(!(is_short ? grams_whole(&g, &wanted) : grams_windows(&g, &wanted)));
	buf_addch(&wanted, ' ');
	there = strstr(buf_str(is_short ? &x->g12 : &x->g3), buf_str(&wanted)) != NULL;
	buf_clear(&wanted);
	grams_clear(&g);
	return there;
}

static enum text_class class_by_grams(const struct indexed *x, const struct text_query *q)
{
	size_t class, i;

	for (class = TEXT_WORD; class < TEXT_NONE; class++) {
		for (i = 0; i < q->n && found(x, q, &q->term[i], (enum text_class)class); i++)
			;
		if (i == q->n)
			break;
	}
	return (enum text_class)class;
}

static void index_text(struct indexed *x, struct fold *f, const char *body)
{
	struct grams g = GRAMS_INIT;
	struct buf folded = BUF_INIT;

	CHECK(!fold_text(f, body, strlen(body), &folded, NULL));
	CHECK(!grams_take(&g, buf_str(&folded), folded.len, true, true));
	buf_addch(&x->g3, ' ');
	buf_addch(&x->g12, ' ');
	CHECK(!grams_windows(&g, &x->g3) && !grams_short(&g, &x->g12));
	buf_addch(&x->g3, ' ');
	buf_addch(&x->g12, ' ');
	grams_clear(&g);
	buf_clear(&folded);
}

/* Numerical Recipes' generator: the same texts in each run. */
static uint32_t draw(uint32_t below)
{
	static uint32_t state = 5;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % below;
}

/* Few letters, so that texts often have parts of each other. */
static void random_text(struct buf *out, uint32_t most)
{
	static const char *const points[] = { "a", "b", "A", "é", "e", " ", " ", "+", "_", "1", "ß", "s", "か",
					      "\u3099", "-", "\t", "\uFDD1", "ø", "o", "😀", "\u00AD", "하" };
	uint32_t n = 1 + draw(most);

	buf_reset(out, SIZE_MAX);
	while (n--)
		buf_addstr(out, points[draw(sizeof(points) / sizeof(points[0]))]);
}

static void same_as_text_match(void)
{
	struct buf texts[2] = { BUF_INIT, BUF_INIT };
	struct err e = ERR_INIT;
	unsigned classes[TEXT_NONE + 1] = { 0 };

	for (int i = 0; i < 30000; i++) {
		struct indexed x = { BUF_INIT, BUF_INIT };
		struct text_query query;
		enum text_class class = TEXT_NONE;
		const char *body, *q;

		random_text(&texts[0], 24);
		random_text(&texts[1], 5);
		body = buf_str(&texts[0]);
		q = buf_str(&texts[1]);
		if (strstr(body, "\uFDD1") && strstr(q, "\uFDD1"))
			continue; /* is taken for U+FFFD */
		if (!text_query_init(&query, q, strlen(q), &e) && text_query_possible(&query)) {
			CHECK(!text_match(&query, body, strlen(body), &class, &e));
			index_text(&x, &query.fold, body);
			if (!CHECK(class_by_grams(&x, &query) == class))
				printf("# body \"%s\", q \"%s\", class %d\n", body, q, class);
			classes[class]++;
		}
		text_query_clear(&query);
		buf_clear(&x.g3);
		buf_clear(&x.g12);
	}
	for (int class = 0; class <= TEXT_NONE; class++)
		CHECK(classes[class] > 500);
	buf_clear(&texts[0]);
	buf_clear(&texts[1]);
}

static int attempt(void *arg)
{
	struct grams g = GRAMS_INIT;
	struct buf out = BUF_INIT;
	int rc = grams_take(&g, "hello", 5, true, true) || grams_windows(&g, &out) || grams_short(&g, &out) ||
		 grams_whole(&g, &out);

	(void)arg;
	grams_clear(&g);
	buf_clear(&out);
	return rc ? -1 : 0;
}

static void out_of_memory(void)
{
	CHECK(CHECK_EACH_ALLOC(attempt, NULL) >= 4);
}

static const struct check_test tests[] = {
	CHECK_TEST(what_is_written),
	CHECK_TEST(same_as_text_match),
	CHECK_TEST(out_of_memory),
};

CHECK_MAIN(tests)
