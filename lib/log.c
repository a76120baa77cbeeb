/* Log lines in logfmt on standard error. */
#include "log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"

static const char *const level_names[LOG__MAX] = { "debug", "info", "warn", "error" };
static const char *program_name = "parley";
static enum log_level lowest = LOG_INFO;

int log_init(const char *program, const char *level)
{
	int i;

	for (i = 0; i < LOG__MAX; i++)
		if (!strcmp(level_names[i], level)) {
			program_name = program;
			lowest = (enum log_level)i;
			return 0;
		}
	return -1;
}

static void add_escaped(struct buf *line, const char *text)
{
	const unsigned char *p;

	for (p = (const unsigned char *)text; *p; p++)
		if (*p == '"' || *p == '\\')
			buf_addf(line, "\\%c", *p);
		else if (*p == '\n')
			buf_addstr(line, "\\n");
		else if (*p < 0x20 || *p >= 0x7f)
			buf_addf(line, "\\x%02x", *p);
		else
			buf_addch(line, (char)*p);
}

static void add_value(struct buf *line, const char *text)
{
	if (*text && !strpbrk(text, " =\"\\\n\t")) {
		add_escaped(line, text);
		return;
	}
	buf_addch(line, '"');
	add_escaped(line, text);
	buf_addch(line, '"');
}

void log_event(enum log_level level, const char *message, const struct log_field *fields)
{
	struct buf line = BUF_INIT;
	char now[CLOCK_ISO];

	if (level < lowest)
		return;
	clock_iso(clock_wall_us(), now);
	buf_addf(&line, "%s %s %s[%d] ", now, level_names[level], program_name, (int)getpid());
	add_value(&line, message);
	for (; fields->name; fields++) {
		buf_addf(&line, " %s=", fields->name);
		if (fields->is_text)
			add_value(&line, fields->text ? fields->text : "");
		else
			buf_addf(&line, "%lld", (long long)fields->number);
	}
	buf_addch(&line, '\n');
	/* one write, so that lines of several processes do not mix; a log that cannot be
	 * written is nobody's to report */
	if (!line.failed && write(STDERR_FILENO, line.data, line.len) < 0)
		(void)0;
	buf_clear(&line);
}
