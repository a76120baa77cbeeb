/* command: one command of a program that has several (`queue status`), its options and words. */
#ifndef PARLEY_COMMAND_H
#define PARLEY_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

/* Rows of a table that ends with a NULL name. Exactly one of the three places is not NULL. */
struct command_option {
	const char *name;     /* "--limit" */
	const char *argument; /* "N", for --help; NULL for a flag, which takes no value */
	const char *help;
	bool *flag;
	int64_t *number;      /* 1..2^31 - 1 */
	const char **text;    /* borrowed from the command line */
};

struct command {
	const char *name;    /* "queue peek", as errors and --help call it */
	const char *words;   /* "[JID…]", for --help; "" for none */
	const char *purpose; /* lines for --help */
	int most_words;      /* -1: any number */
};

enum command_start {
	COMMAND_RUN,
	COMMAND_DONE, /* --help: exit 0 */
	COMMAND_USAGE /* said on standard error: exit 2 */
};

/* Reads what stands behind the command's name. Its words come to stand in front in argv, *argc becomes
 * their number. Behind "--" everything is a word. */
enum command_start command_parse(const struct command *c, const struct command_option *options,
				 int *argc, char **argv);
/* Says what is wrong with the command line. COMMAND_USAGE */
enum command_start command_usage(const struct command *c, const char *what, const char *which);

#endif
