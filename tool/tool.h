/* tool: what the commands of jobs/queue share. One file is one command. */
#ifndef PARLEY_TOOL_H
#define PARLEY_TOOL_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"
#include "conf.h"
#include "db.h"
#include "elastic.h"
#include "redis.h"

#define TOOL_GOOD 0
#define TOOL_BAD 1   /* an alarm, a difference, nothing matched, or an error */
#define TOOL_USAGE 2

struct tool {
	struct conf conf;
	struct redis redis;
	struct db db;
	struct elastic elastic;
};

struct tool_command {
	struct command c;
	/* argv: what stands behind the command's name. The exit status. */
	int (*run)(struct tool *t, const struct command *c, int argc, char **argv);
};

/* Reads the settings; nothing is connected yet. TOOL_GOOD, or an exit status: said on standard error. */
int tool_open(struct tool *t);
void tool_close(struct tool *t);
/* Says on standard error what went wrong. TOOL_BAD */
int tool_failed(const struct command *c, const struct err *e);
/* Writes a text to standard output and empties it. TOOL_GOOD, or TOOL_BAD: said on standard error. */
int tool_print(const struct command *c, struct buf *text);

int status_run(struct tool *t, const struct command *c, int argc, char **argv);
int peek_run(struct tool *t, const struct command *c, int argc, char **argv);
int retry_run(struct tool *t, const struct command *c, int argc, char **argv);
int kill_run(struct tool *t, const struct command *c, int argc, char **argv);
int export_run(struct tool *t, const struct command *c, int argc, char **argv);
int import_run(struct tool *t, const struct command *c, int argc, char **argv);
int verify_run(struct tool *t, const struct command *c, int argc, char **argv);
int repair_run(struct tool *t, const struct command *c, int argc, char **argv);

#endif
