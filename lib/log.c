/* Log lines on standard error. */
#include "log.h"

#include <string.h>
#include <unistd.h>
#include <utf8proc.h>

#include "buf.h"
#include "clock.h"

#define REPLACEMENT 0xFFFD /* for a byte that is no UTF-8 */

static const char *const level_names[LOG__MAX] = { "debug", "info", "warn", "error" };

/* What stands around names and values. */
static const struct form {
	const char *first, *next, *name_end, *end;
	bool bare; /* a simple text needs no quotes */
} forms[LOG_FORMAT__MAX] = {
	[LOG_LOGFMT] = { "", " ", "=", "\n", true },
	[LOG_JSON] = { "{\"", ",\"", "\":", "}\n", false },
};

static const char *program_name = "parley";
static enum log_level lowest_level = LOG_INFO;
static const struct form *form = &forms[LOG_LOGFMT];

void log_init(const char *program, enum log_level lowest, enum log_format format)
{
	program_name = program;
	lowest_level = lowest;
	form = &forms[format];
}

bool log_wants(enum log_level level)
{
	return level >= lowest_level;
}

/* Above U+FFFF by a pair of surrogates. */
static void add_point(struct buf *line, utf8proc_int32_t point)
{
	unsigned rest = (unsigned)point - 0x10000;

	if (point < 0x10000)
		buf_addf(line, "\\u%04x", (unsigned)point);
	else
		buf_addf(line, "\\u%04x\\u%04x", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
}

static void add_quoted(struct buf *line, const char *text)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)text;
	utf8proc_int32_t point;
	utf8proc_ssize_t len;

	buf_addch(line, '"');
	for (; *p; p += len) {
		len = utf8proc_iterate(p, -1, &point);
		if (len < 1) {
			len = 1;
			point = REPLACEMENT;
		}
		if (point == '"' || point == '\\')
			buf_addf(line, "\\%c", (char)point);
		else if (point == '\n')
			buf_addstr(line, "\\n");
		else if (point < 0x20 || point >= 0x7f)
			add_point(line, point);
		else
			buf_addch(line, (char)point);
	}
	buf_addch(line, '"');
}

/* Nothing in it has a meaning in a line of logfmt. */
static bool is_simple(const char *text)
{
	const char *p;

	for (p = text; *p > ' ' && *p < 0x7f && !strchr("=\"\\", *p); p++)
		;
	return p > text && !*p;
}

static void add_field(struct buf *line, const struct log_field *f)
{
	const char *text = f->text ? f->text : "";

	buf_addf(line, "%s%s%s", line->len ? form->next : form->first, f->name, form->name_end);
	if (!f->is_text)
		buf_addf(line, "%lld", (long long)f->number);
	else if (form->bare && is_simple(text))
		buf_addstr(line, text);
	else
		add_quoted(line, text);
}

static void add_fields(struct buf *line, const struct log_field *fields)
{
	for (; fields->name; fields++)
		add_field(line, fields);
}

void log_event(enum log_level level, const char *message, const struct log_field *fields)
{
	struct buf line = BUF_INIT;
	char now[CLOCK_ISO];
	const struct log_field head[] = {
		LOG_S("time", now), LOG_S("level", level_names[level]), LOG_S("program", program_name),
		LOG_N("pid", getpid()), LOG_S("message", message), { NULL, false, NULL, 0 },
	};

	if (!log_wants(level))
		return;
	clock_iso(clock_wall_us(), now);
	add_fields(&line, head);
	add_fields(&line, fields);
	buf_addstr(&line, form->end);
	/* one write, so that lines of several processes do not mix; a log that cannot be
	 * written is nobody's to report */
	if (!line.failed && write(STDERR_FILENO, line.data, line.len) < 0)
		(void)0;
	buf_clear(&line);
}
