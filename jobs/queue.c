/* queue: looks at the queue, puts right what went wrong (doc/queue-tool.md). A file of tool/ for each
 * command. */
#include <stdio.h>
#include <string.h>

#include "program.h"
#include "../tool/tool.h"

static const struct tool_command commands[] = {
	{ { "queue status", "", "Says what waits, what failed, and who works.", 0 }, status_run },
	{ { "queue peek", "[PLACE…]",
	    "Shows the oldest jobs of each place.\nPLACE: retry, schedule, dead, default, counts, index, "
	    "unclaimed, in-flight. Without one: retry and dead.",
	    -1 }, peek_run },
	{ { "queue retry", "[JID…]", "Puts failed jobs back into the queue at once.", -1 }, retry_run },
	{ { "queue kill", "[JID…]",
	    "Puts jobs that wait for a retry among the dead; their numbers stay empty.", -1 }, kill_run },
	{ { "queue export", "[PLACE…]",
	    "Writes the jobs of each place, a line each.\nPLACE: retry, schedule, dead. Without one: retry and dead.",
	    -1 }, export_run },
	{ { "queue import", "", "Puts back what `queue export` has written; a job that is there stays one.", 0 },
	  import_run },
	{ { "queue verify", "[TOKEN]", "Compares Redis, MySQL and Elasticsearch, and names each difference.", 1 }, verify_run },
	{ { "queue repair", "[TOKEN]", "Mends what `queue verify` finds, and says each thing that it does.", 1 },
	  repair_run },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* "queue status" without "queue " */
static const char *short_name(const struct tool_command *t)
{
	return strchr(t->c.name, ' ') + 1;
}

static void purpose(struct buf *text)
{
	size_t i;

	buf_addstr(text, "       queue COMMAND [options] [WORD…]; queue COMMAND --help says more\n"
			 "Looks at the queue and puts right what went wrong.\n\nCommands:\n");
	for (i = 0; i < COMMANDS; i++)
		buf_addf(text, "  %-19s %.*s\n", short_name(&commands[i]),
			 (int)strcspn(commands[i].c.purpose, "\n"), commands[i].c.purpose);
	buf_addstr(text, "\nExit status: 0 good; 1 an alarm, a difference, nothing matched, or an error,\n"
			 "which is said on standard error; 2 wrong usage.");
}

/* --help, --version, --print-config, or no command at all. */
static int general(int argc, char **argv)
{
	static const struct program_option none[] = { { NULL, NULL, NULL, NULL, NULL, NULL } };
	struct buf text = BUF_INIT;
	struct conf conf;
	int status;

	purpose(&text);
	if (program_start(&conf, "queue", buf_str(&text), none, argc, argv, &status) == PROGRAM_RUN) {
		fputs("queue: which command? (see queue --help)\n", stderr);
		status = TOOL_USAGE;
	}
	conf_clear(&conf);
	buf_clear(&text);
	return status;
}

int main(int argc, char **argv)
{
	struct tool t = { 0 };
	size_t i;
	int status;

	if (argc < 2 || argv[1][0] == '-')
		return general(argc, argv);
	for (i = 0; i < COMMANDS && strcmp(short_name(&commands[i]), argv[1]) != 0; i++)
		;
	if (i == COMMANDS) {
		fprintf(stderr, "queue: no command %s (see queue --help)\n", argv[1]);
		return TOOL_USAGE;
	}
	status = commands[i].run(&t, &commands[i].c, argc - 2, argv + 2);
	tool_close(&t);
	if (fflush(stdout) || ferror(stdout)) {
		fputs("queue: cannot write to standard output\n", stderr);
		status = TOOL_BAD;
	}
	return status;
}
