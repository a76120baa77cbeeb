/* Tests of lib/log: standard error is a pipe while a line is written. */
#include "log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "json.h"

static char captured[1 << 16];

static int pipe_fd, saved_fd;

static void begin_capture(void)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) || (saved_fd = dup(STDERR_FILENO)) < 0 ||
	    fcntl(fd[0], F_SETFL, O_NONBLOCK) || dup2(fd[1], STDERR_FILENO) < 0)
		abort();
	close(fd[1]);
	pipe_fd = fd[0];
}

/* What was written to standard error since. */
static const char *end_capture(void)
{
	ssize_t n;

	dup2(saved_fd, STDERR_FILENO);
	close(saved_fd);
	n = read(pipe_fd, captured, sizeof(captured) - 1);
	close(pipe_fd);
	captured[n > 0 ? n : 0] = '\0';
	return captured;
}

/* What stands behind the message. */
static const char *fields(const char *line, const char *message)
{
	const char *p = strstr(line, message);

	return p ? p + strlen(message) : "(no such line)";
}

static void a_line_has_time_level_program_and_pid(void)
{
	static const struct {
		enum log_format format;
		const char *time, *begin, *rest;
	} cases[] = {
		{ LOG_LOGFMT, "time=", " level=warn program=api pid=",
		  " message=\"redis is away\" error=refused tries=-3\n" },
		{ LOG_JSON, "{\"time\":\"", "\",\"level\":\"warn\",\"program\":\"api\",\"pid\":",
		  ",\"message\":\"redis is away\",\"error\":\"refused\",\"tries\":-3}\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char begin[100], time[CLOCK_ISO];
		int64_t us = 0, before_us = clock_wall_us();
		const char *line, *error = "refused";

		log_init("api", LOG_INFO, cases[i].format);
		begin_capture();
		LOG(LOG_WARN, "redis is away", LOG_S("error", error), LOG_N("tries", -3));
		line = end_capture();
		CHECK_CASE(!strncmp(line, cases[i].time, strlen(cases[i].time)), line);
		line += strlen(cases[i].time);
		snprintf(time, sizeof(time), "%.27s", line);
		CHECK(!clock_parse(time, &us));
		CHECK(us >= before_us && us <= clock_wall_us());
		snprintf(begin, sizeof(begin), "%s%d", cases[i].begin, (int)getpid());
		CHECK_CASE(!strncmp(line + 27, begin, strlen(begin)), line);
		CHECK_STR(line + 27 + strlen(begin), cases[i].rest);
	}
}

static void outside_bytes_are_escaped(void)
{
	static const struct { const char *text, *quoted; bool bare; } cases[] = {
		{ "plain", "\"plain\"", true },
		{ "", "\"\"", false },
		{ "two words", "\"two words\"", false },
		{ "a=b", "\"a=b\"", false },
		{ "say \"x\"", "\"say \\\"x\\\"\"", false },
		{ "back\\slash", "\"back\\\\slash\"", false },
		{ "two\nlines", "\"two\\nlines\"", false },
		{ "forged\ntime=2026 level=info", "\"forged\\ntime=2026 level=info\"", false },
		{ "tab\there", "\"tab\\u0009here\"", false },
		{ "cr\rlf", "\"cr\\u000dlf\"", false },
		{ "\x1b[31mred", "\"\\u001b[31mred\"", false },
		{ "del\x7f", "\"del\\u007f\"", false },
		{ "\xc3\xbc", "\"\\u00fc\"", false },
		{ "\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\"", false },
		{ "\xff\x80 \xc3", "\"\\ufffd\\ufffd \\ufffd\"", false },
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"", false },
		{ "http://x/~a?b&c", "\"http://x/~a?b&c\"", true },
	};
	size_t i;
	int format;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (format = 0; format < LOG_FORMAT__MAX; format++) {
			bool json = format == LOG_JSON;
			char want[200];

			log_init("api", LOG_INFO, (enum log_format)format);
			begin_capture();
			LOG(LOG_INFO, "x", LOG_S("text", cases[i].text));
			snprintf(want, sizeof(want), "%s%s%s", json ? ",\"text\":" : " text=",
				 !json && cases[i].bare ? cases[i].text : cases[i].quoted,
				 json ? "}\n" : "\n");
			CHECK_STR(fields(end_capture(), json ? "message\":\"x\"" : "message=x"), want);
		}
}

static void every_byte_stays_in_one_line(void)
{
	char bytes[256] = { 0 };
	const char *text, *line, *p;
	struct json root;
	int i, format;

	for (i = 1; i < 256; i++)
		bytes[i - 1] = (char)i;
	text = bytes;
	for (format = 0; format < LOG_FORMAT__MAX; format++) {
		log_init("api", LOG_INFO, (enum log_format)format);
		begin_capture();
		LOG(LOG_INFO, "all", LOG_S("text", text));
		line = end_capture();
		CHECK(strchr(line, '\n') == line + strlen(line) - 1);
		for (p = line; *p && *p != '\n'; p++)
			CHECK(*p >= 0x20 && *p < 0x7f);
		CHECK(format != LOG_JSON || !json_check(line, strlen(line), &root, NULL));
	}
	log_init("api", LOG_INFO, LOG_LOGFMT);
}

static void numbers_and_null(void)
{
	const char *none = NULL;

	begin_capture();
	LOG(LOG_ERROR, "x", LOG_N("zero", 0), LOG_N("max", INT64_MAX), LOG_N("min", INT64_MIN),
	    LOG_S("none", none));
	CHECK_STR(fields(end_capture(), "message=x"), " zero=0 max=9223372036854775807 "
						      "min=-9223372036854775808 none=\"\"\n");
}

static void long_texts_are_whole(void)
{
	static char bytes[20001];
	const char *text = bytes, *line;

	memset(bytes, 'y', sizeof(bytes) - 1);
	begin_capture();
	LOG(LOG_INFO, "long", LOG_S("text", text));
	line = fields(end_capture(), "message=long");
	CHECK_INT(strlen(line), strlen(" text=") + sizeof(bytes) - 1 + 1);
}

static void levels_below_are_not_written(void)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	int lowest, level;

	for (lowest = 0; lowest < LOG__MAX; lowest++)
		for (level = 0; level < LOG__MAX; level++) {
			log_init("api", (enum log_level)lowest, LOG_LOGFMT);
			begin_capture();
			LOG((enum log_level)level, "x", LOG_N("n", 1));
			CHECK_CASE((*end_capture() != '\0') == (level >= lowest), names[lowest]);
			CHECK(log_wants((enum log_level)level) == (level >= lowest));
			CHECK_CASE(level < lowest || strstr(captured, names[level]), names[level]);
		}
	log_init("api", LOG_INFO, LOG_LOGFMT);
}

/* Without memory there is no line, rather than half of one. */
static void a_line_is_whole_or_not_there(void)
{
	const char *text = "of more than sixty-four bytes, so that the buffer has to grow once and "
			   "again, and again, and again";
	unsigned long n;
	bool failed = true;

	for (n = 1; failed; n++) {
		check_fail_alloc(0);
		begin_capture();
		check_fail_alloc(n);
		LOG(LOG_INFO, "a line", LOG_S("text", text));
		failed = check_alloc_failed();
		end_capture();
		CHECK((*captured == '\0') == failed);
	}
	CHECK(n > 3);
}

static void a_closed_standard_error_does_no_harm(void)
{
	int fd = dup(STDERR_FILENO);

	close(STDERR_FILENO);
	LOG(LOG_ERROR, "nobody reads this", LOG_N("n", 1));
	CHECK(dup2(fd, STDERR_FILENO) == STDERR_FILENO);
	close(fd);
}

static const struct check_test tests[] = {
	CHECK_TEST(a_line_has_time_level_program_and_pid),
	CHECK_TEST(outside_bytes_are_escaped),
	CHECK_TEST(every_byte_stays_in_one_line),
	CHECK_TEST(numbers_and_null),
	CHECK_TEST(long_texts_are_whole),
	CHECK_TEST(levels_below_are_not_written),
	CHECK_TEST(a_line_is_whole_or_not_there),
	CHECK_TEST(a_closed_standard_error_does_no_harm),
};

CHECK_MAIN(tests)
