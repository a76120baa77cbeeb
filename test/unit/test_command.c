/* Tests of lib/command: options and words of a command line. */
#include "command.h"

#include "check.h"

struct got {
	bool flag;
	int64_t number;
	const char *text;
	int words;
	char *argv[8];
};

static enum command_start parse(struct got *g, const char *const *line, int most_words)
{
	const struct command c = { "queue test", "[WORD…]", "Tests.", most_words };
	const struct command_option options[] = {
		{ "--flag", NULL, "", &g->flag, NULL, NULL },
		{ "--number", "N", "", NULL, &g->number, NULL },
		{ "--text", "TEXT", "", NULL, NULL, &g->text },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};

	*g = (struct got){ .number = 7 };
	for (; *line; line++)
		memcpy(&g->argv[g->words++], line, sizeof(*line));
	return command_parse(&c, options, &g->words, g->argv);
}

static void options_and_words_in_any_order(void)
{
	static const char *const line[] = { "a", "--flag", "b", "--number", "5", "--text", "--flag", "-", NULL };
	struct got g;

	CHECK_INT(parse(&g, line, -1), COMMAND_RUN);
	CHECK(g.flag);
	CHECK_INT(g.number, 5);
	CHECK_STR(g.text, "--flag");
	CHECK_INT(g.words, 3);
	CHECK_STR(g.argv[0], "a");
	CHECK_STR(g.argv[1], "b");
	CHECK_STR(g.argv[2], "-");
}

static void behind_two_dashes_all_are_words(void)
{
	static const char *const line[] = { "--", "--flag", "--help", NULL };
	struct got g;

	CHECK_INT(parse(&g, line, -1), COMMAND_RUN);
	CHECK(!g.flag);
	CHECK_INT(g.words, 2);
	CHECK_STR(g.argv[0], "--flag");
}

static void nothing_at_all(void)
{
	static const char *const line[] = { NULL };
	struct got g;

	CHECK_INT(parse(&g, line, 0), COMMAND_RUN);
	CHECK_INT(g.words, 0);
	CHECK_INT(g.number, 7);
}

static void wrong_usage(void)
{
	static const char *const lines[][4] = {
		{ "--nonsense", NULL }, { "-f", NULL }, { "--number", NULL }, { "--number", "x", NULL },
		{ "--number", "0", NULL }, { "--number", "-1", NULL }, { "--number", "5x", NULL },
		{ "--number", "99999999999", NULL }, { "--text", NULL }, { "a", "b", NULL },
	};
	struct got g;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		CHECK_CASE(parse(&g, lines[i], 1) == COMMAND_USAGE, lines[i][0]);
}

static const struct check_test tests[] = {
	CHECK_TEST(options_and_words_in_any_order),
	CHECK_TEST(behind_two_dashes_all_are_words),
	CHECK_TEST(nothing_at_all),
	CHECK_TEST(wrong_usage),
};

CHECK_MAIN(tests)
