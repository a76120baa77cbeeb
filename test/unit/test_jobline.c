/* Tests of lib/jobline: a job as a line, and back, to the byte. */
#include "jobline.h"

#include "check.h"

static void comes_back(const char *text, size_t len, const char *kind)
{
	struct buf line = BUF_INIT;
	struct err e = ERR_INIT;
	struct jobline l;

	CHECK(!jobline_write(&line, "dead", "1795560953.104305", text, len, &e));
	CHECK_CASE(line.len && line.data[line.len - 1] == '\n' && !memchr(line.data, '\n', line.len - 1), text);
	CHECK_CASE(strstr(buf_str(&line), kind), text);
	CHECK_CASE(!jobline_read(&l, line.data, line.len - 1, &e), text);
	CHECK_STR(l.place, "dead");
	CHECK_STR(buf_str(&l.score), "1795560953.104305");
	CHECK_CASE(l.payload.len == len && (!len || !memcmp(l.payload.data, text, len)), text);
	jobline_clear(&l);
	buf_clear(&line);
}

static void jobs_stay_readable(void)
{
	static const char *const jobs[] = {
		"{\"class\":\"A\"}",
		"{\"class\":\"A\",\"args\":[1.50,\"\\u0000\\ud83d\\ude00/\\/\"]}",
		"{ \"class\" :\t\"A\" , \"args\":[]}",
	};
	size_t i;

	for (i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		comes_back(jobs[i], strlen(jobs[i]), "\"job\":");
}

static void everything_else_is_base64(void)
{
	static const char *const odd[] = { "", "{", "{}", "[]", " {\"class\":\"A\"}", "{\"class\":\"A\"} ",
					   "{\"class\":\n\"A\"}", "{\"class\":7}", "\xff\xfe" };
	char deep[160] = "{\"class\":\"A\",\"args\":";
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		comes_back(odd[i], strlen(odd[i]), "\"base64\":");
	comes_back("\0\0", 2, "\"base64\":");
	/* as deep as a payload may be: around it there is the line */
	memset(deep + strlen(deep), '[', 31);
	memset(deep + strlen(deep), ']', 31);
	deep[strlen(deep)] = '}';
	comes_back(deep, strlen(deep), "\"base64\":");
}

static void endless_scores(void)
{
	static const char *const scores[] = { "inf", "-inf", "-1e+300", "0", "5" };
	size_t i;

	for (i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
		struct buf line = BUF_INIT;
		struct err e = ERR_INIT;
		struct jobline l;

		CHECK(!jobline_write(&line, "retry", scores[i], "x", 1, &e));
		CHECK_CASE(!jobline_read(&l, line.data, line.len - 1, &e), scores[i]);
		CHECK_STR(buf_str(&l.score), scores[i]);
		jobline_clear(&l);
		buf_clear(&line);
	}
}

static void bad_lines(void)
{
	static const char *const bad[] = {
		"", "x", "[]", "{}", "null",
		"{\"place\":\"dead\",\"job\":{\"class\":\"A\"}}",
		"{\"place\":7,\"score\":1,\"job\":{\"class\":\"A\"}}",
		"{\"score\":1,\"job\":{\"class\":\"A\"}}",
		"{\"place\":\"dead\",\"score\":\"1\",\"job\":{\"class\":\"A\"}}",
		"{\"place\":\"dead\",\"score\":1}",
		"{\"place\":\"dead\",\"score\":1,\"job\":[]}",
		"{\"place\":\"dead\",\"score\":1,\"job\":{\"class\":1}}",
		"{\"place\":\"dead\",\"score\":1,\"base64\":\"x\"}",
		"{\"place\":\"dead\",\"score\":1,\"base64\":7}",
		"{\"place\":\"dead\",\"score\":1e999,\"base64\":\"\"}",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;
		struct jobline l;

		CHECK_CASE(jobline_read(&l, bad[i], strlen(bad[i]), &e) && e.code == ERR_INVALID, bad[i]);
		jobline_clear(&l);
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(jobs_stay_readable),
	CHECK_TEST(everything_else_is_base64),
	CHECK_TEST(endless_scores),
	CHECK_TEST(bad_lines),
};

CHECK_MAIN(tests)
