/* Tests of lib/word and lib/problem: what an error is answered with. */
#include "word.h"

#include "check.h"
#include "problem.h"

static void words(void)
{
	CHECK(word_find("NOAPP application counter missing") == WORD_NOAPP);
	CHECK(word_find("QFULL") == WORD_QFULL);
	CHECK(word_find("QFULLER x") == WORD_NONE && word_find("OOM command not allowed") == WORD_NONE);
	CHECK(word_find("") == WORD_NONE);
}

static void each_error_has_its_status(void)
{
	static const struct { enum err_code code; const char *text; int status; bool retry; } cases[] = {
		{ ERR_SCRIPT, "FULL no number left", 409, false },
		{ ERR_SCRIPT, "QFULL queue too deep", 503, true },
		{ ERR_REDIS, "", 503, true },
		{ ERR_UNSURE, "", 503, true },
		{ ERR_BEHIND, "", 503, true },
		{ ERR_DB, "", 503, true },
		{ ERR_DB_BUSY, "", 503, true },
		{ ERR_MEMORY, "", 503, true },
		{ ERR_INVALID, "", 400, false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { .code = cases[i].code };

		snprintf(e.text, sizeof(e.text), "%s", cases[i].text);
		CHECK_INT(problem_status(problem_of(&e)), cases[i].status);
		CHECK((problem_retry_after(problem_of(&e)) > 0) == cases[i].retry);
	}
}

/* The words' own table of statuses says the same. */
static void both_tables_agree(void)
{
	static const char *const texts[WORD__MAX] = {
		[WORD_NONE] = "OOM x", [WORD_QFULL] = "QFULL x", [WORD_FULL] = "FULL x",
	};
	int w;

	for (w = 0; w < WORD__MAX; w++) {
		struct err e = { .code = ERR_SCRIPT };

		if (!word_problem((enum word)w))
			continue;
		snprintf(e.text, sizeof(e.text), "%s", texts[w]);
		CHECK_INT(problem_status(problem_of(&e)), word_status((enum word)w));
		CHECK_STR(problem_name(problem_of(&e)), word_problem((enum word)w));
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(words),
	CHECK_TEST(each_error_has_its_status),
	CHECK_TEST(both_tables_agree),
};

CHECK_MAIN(tests)
