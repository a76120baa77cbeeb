/* Tests of lib/progress: what the line says. */
#include "progress.h"

#include "check.h"

#define BAR_HALF "[############            ]"

static void the_line_says_how_far_how_fast_and_how_long(void)
{
	static const struct {
		const char *what;
		uint64_t before, done, of;
		int64_t ms;
		const char *line;
	} cases[] = {
		{ "rows", 0, 50, 100, 500, "rows             " BAR_HALF "  50 %" },
		{ "rows", 0, 5000, 10000, 2000, "rows             " BAR_HALF "  50 %  2500/s  0:02 left" },
		{ "rows", 0, 5, 10, 2000, "rows             " BAR_HALF "  50 %  2.5/s  0:02 left" },
		/* what was done before says nothing about how fast it is */
		{ "rows", 4000, 5000, 10000, 10000, "rows             " BAR_HALF "  50 %  100/s  0:50 left" },
		{ "rows", 0, 36000, 72000, 3600000, "rows             " BAR_HALF "  50 %  10/s  1:00:00 left" },
		{ "rows", 0, 1, 1000000000, 2000, "rows             [                        ]   0 %  0.5/s" },
		{ "rows", 0, 0, 100, 5000, "rows             [                        ]   0 %" },
		/* more than there were */
		{ "rows", 0, 200, 100, 2000, "rows             [########################] 100 %  100/s  0:00 left" },
		{ "import", 0, 1234, 0, 500, "import           1234" },
		{ "import", 0, 1234, 0, 2000, "import           1234  617/s" },
		{ "a name that is too long", 0, 50, 100, 0, "a name that is t " BAR_HALF "  50 %" },
	};
	char line[PROGRESS_LINE];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct progress p = { .what = cases[i].what, .before = cases[i].before, .done = cases[i].done,
					    .of = cases[i].of, .began_ms = 1000 };

		CHECK_STR(progress_text(&p, 1000 + cases[i].ms, line), cases[i].line);
	}
}

static void the_line_fits_whatever_the_numbers(void)
{
	const struct progress p = { .what = "sixteen letters.", .done = UINT64_MAX / 200, .of = UINT64_MAX / 100 };
	char line[PROGRESS_LINE];

	CHECK(strlen(progress_text(&p, 1000, line)) < PROGRESS_LINE);
}

static const struct check_test tests[] = {
	CHECK_TEST(the_line_says_how_far_how_fast_and_how_long),
	CHECK_TEST(the_line_fits_whatever_the_numbers),
};

CHECK_MAIN(tests)
