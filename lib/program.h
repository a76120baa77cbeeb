/* program: what every program begins with: options, settings, log. */
#ifndef PARLEY_PROGRAM_H
#define PARLEY_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "db.h"
#include "redis.h"

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

/* Redis was found to have gone back (ERR_BEHIND): recovers it, unless somebody else is at it, and logs
 * what came of it. True: it is recovered, by us. */
bool program_recover(struct redis *r, struct db *db);

/* At the start: one warning if Redis may lose what it acknowledges, or refuse writes (lib/durability.h). A
 * connection of its own, ended before this returns; a Redis that is away is no matter, and is waited for
 * no longer than for two answers. */
void program_check_redis(const struct conf *conf);

#endif
