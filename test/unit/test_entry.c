/* Tests of lib/entry: what a job needs to lie in `retry` or `dead`. */
#include "entry.h"

#include "check.h"

#define GOOD "\"jid\":\"a\",\"error_class\":\"X\",\"failed_at\":1.5,\"retry_count\":0"

static const struct job_failure why = { "Killed", "by hand", 1795560953104305 };

static const struct { const char *text, *fault, *scheduled; } cases[] = {
	{ "{" GOOD "}", NULL, NULL },
	{ "{\"class\":\"A\"}", "no jid", "no jid" },
	{ "{\"jid\":\"a\"}", "no error_class", NULL },
	{ "{\"jid\":\"a\",\"error_class\":\"X\"}", "no retry_count", NULL },
	{ "{\"jid\":\"a\",\"error_class\":\"X\",\"retry_count\":0}", "no failed_at", NULL },
	{ "{\"jid\":\"a\",\"error_class\":\"X\",\"retry_count\":1,\"failed_at\":1}", "no retried_at", NULL },
	{ "{\"jid\":\"a\",\"error_class\":\"X\",\"retry_count\":-1,\"failed_at\":1}", "no retry_count", NULL },
	{ "{\"jid\":\"a\",\"error_class\":\"X\",\"retry_count\":0,\"failed_at\":\"never\"}", "no failed_at", NULL },
	{ "{\"jid\":7}", "no jid", "no jid" },
	{ "{\"jid\":\"\"}", "no jid", "no jid" },
	{ "[]", "no JSON object", "no JSON object" },
	{ "{", "no JSON object", "no JSON object" },
	{ "", "no JSON object", "no JSON object" },
};

static void faults(void)
{
	struct job j;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(!job_parse(&j, cases[i].text, strlen(cases[i].text), 0, NULL));
		CHECK_STR(entry_fault(&j, false), cases[i].fault);
		CHECK_STR(entry_fault(&j, true), cases[i].scheduled);
	}
}

static void completed_they_have_none(void)
{
	struct job j, again;
	size_t i;

	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i / 2].text;
		struct buf out = BUF_INIT;

		job_parse(&j, text, strlen(text), 0, NULL);
		CHECK(!entry_complete(&j, i % 2, &why, &out, NULL));
		CHECK(!job_parse(&again, buf_str(&out), out.len, 0, NULL));
		CHECK_CASE(!entry_fault(&again, i % 2), text);
		if (!entry_fault(&j, i % 2))
			CHECK_STR(buf_str(&out), text);
		buf_clear(&out);
	}
}

static void what_is_there_stays(void)
{
	static const char text[] = "{\"args\":[1.50, \"\\u00e4\"],\"error_class\":\"X\",\"jid\":\"a\",\"retry_count\":2}";
	struct buf out = BUF_INIT;
	struct job j;

	job_parse(&j, text, strlen(text), 0, NULL);
	CHECK(!entry_complete(&j, false, &why, &out, NULL));
	CHECK_STR(buf_str(&out),
		  "{\"args\":[1.50, \"\\u00e4\"],\"error_class\":\"X\",\"jid\":\"a\",\"retry_count\":2,"
		  "\"failed_at\":1795560953.104305,\"retried_at\":1795560953.104305,\"error_message\":\"by hand\"}");
	buf_clear(&out);
}

static const struct check_test tests[] = {
	CHECK_TEST(faults),
	CHECK_TEST(completed_they_have_none),
	CHECK_TEST(what_is_there_stays),
};

CHECK_MAIN(tests)
