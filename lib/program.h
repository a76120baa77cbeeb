/* program: what every program begins with: options, settings, log. */
#ifndef PARLEY_PROGRAM_H
#define PARLEY_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

#define PROGRAM_VERSION "0.1.0"

/* One option, with a value ("--slot N") or without. Rows of a table that ends with a NULL name. */
struct program_option {
	const char *name;     /* "--slot" */
	const char *argument; /* "N", for --help; "" when it has no value */
	const char *help;
	int64_t *number;      /* where a number goes (1..2^31), or */
	const char **text;    /* where a text goes; or */
	bool *given;          /* that it was given, when it has no value */
};

enum program_start {
	PROGRAM_RUN,  /* settings are loaded, the log is set up */
	PROGRAM_DONE, /* --help, --version, --print-config, --markdown, --check: exit 0 */
	PROGRAM_USAGE /* a bad option (exit 2) or a bad setting (exit 1): said on standard error */
};

/* Reads the command line and the settings. With PROGRAM_USAGE, *status is the exit status. */
enum program_start program_start(struct conf *conf, const char *name, const char *purpose,
				 const struct program_option *options, int argc, char **argv,
				 int *status);

#endif
