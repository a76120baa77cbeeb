/* Tests of lib/job. */
#include "job.h"

#include "check.h"
#include "key.h"

#define NOW INT64_C(1700000000123456)
#define CHAT "4294967297" /* application 1, chat 1 */

static struct job parse(const char *text)
{
	struct job j;

	CHECK(!job_parse(&j, text, strlen(text), NOW, NULL));
	return j;
}

static void reads_what_others_write(void)
{
	static const struct {
		const char *text;
		enum job_class class;
		uint64_t id;
		uint32_t number;
		const char *jid;
	} cases[] = {
		{ "{\"class\":\"CreateChatJob\",\"args\":[7,3],\"jid\":\"x-1\"}", JOB_CREATE_CHAT, 7, 3,
		  "x-1" },
		{ "{\"class\":\"CreateMessageJob\",\"args\":[" CHAT ",42,\"hi\"]}", JOB_CREATE_MESSAGE,
		  4294967297, 42, "" },
		{ "{\"class\":\"CreateMessageJob\",\"args\":[{\"body\":\"hi\",\"number\":42,\"chat_id\":" CHAT
		  "}]}",
		  JOB_CREATE_MESSAGE, 4294967297, 42, "" },
		{ "{\"class\":\"CreateChatJob\",\"args\":[{\"application_id\":7,\"number\":3}]}",
		  JOB_CREATE_CHAT, 7, 3, "" },
		{ "{\"class\":\"Sidekiq::ActiveJob::Wrapper\",\"wrapped\":\"CreateChatJob\",\"args\":[{"
		  "\"job_class\":\"CreateChatJob\",\"arguments\":[7,3]}],\"jid\":\"a\"}",
		  JOB_CREATE_CHAT, 7, 3, "a" },
		{ "{\"class\":\"ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper\",\"args\":[{"
		  "\"job_class\":\"CreateMessageJob\",\"arguments\":[{\"chat_id\":" CHAT
		  ",\"number\":9,\"body\":\"\",\"_aj_ruby2_keywords\":[\"chat_id\",\"number\",\"body\"]}]}]}",
		  JOB_CREATE_MESSAGE, 4294967297, 9, "" },
		{ "{\"class\":\"UpdateChatMessageCountJob\",\"args\":[" CHAT "]}", JOB_COUNT_MESSAGES,
		  4294967297, 0, "" },
		{ "{\"class\":\"UpdateChatApplicationCountJob\",\"args\":[7]}", JOB_COUNT_CHATS, 7, 0,
		  "" },
		{ "{\"class\":\"IndexMessageJob\",\"args\":[9007199254740993]}", JOB_INDEX_MESSAGE,
		  9007199254740993, 0, "" },
		{ "{\"class\":\"ReindexMessagesJob\",\"args\":[]}", JOB_REINDEX, 0, 0, "" },
		{ "{\"class\":\"MailJob\",\"args\":[1]}", JOB_UNKNOWN, 0, 0, "" },
		{ "[1,2]", JOB_UNKNOWN, 0, 0, "" },
		{ "no json", JOB_UNKNOWN, 0, 0, "" },
		{ "", JOB_UNKNOWN, 0, 0, "" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job j = parse(cases[i].text);

		CHECK_CASE(j.class == cases[i].class && !j.fault, cases[i].text);
		CHECK_CASE(j.id == cases[i].id && j.number == cases[i].number, cases[i].text);
		CHECK_STR(j.jid, cases[i].jid);
	}
}

static void reads_ranges_of_messages(void)
{
	static const struct {
		const char *args;
		uint64_t from, to;
		bool fault;
	} cases[] = {
		{ "[]", 0, 0, false },
		{ "[null,null]", 0, 0, false },
		{ "[{}]", 0, 0, true },
		{ "[7,9]", 7, 9, false },
		{ "[7,7]", 7, 7, false },
		{ "[1,18446744073709551615]", 1, UINT64_MAX, false },
		{ "[{\"from_id\":7,\"to_id\":9}]", 7, 9, false },
		{ "[9,7]", 0, 9, true },
		{ "[0,9]", 0, 9, true },
		{ "[7]", 0, 0, true },
		{ "[7,null]", 0, 0, true },
		{ "[\"7\",\"9\"]", 0, 0, true },
		{ "[-1,9]", 0, 0, true },
		{ "[7,1.5]", 0, 0, true },
	};
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job j;

		snprintf(text, sizeof(text), "{\"class\":\"ReindexMessagesJob\",\"args\":%s}", cases[i].args);
		j = parse(text);
		CHECK_CASE(j.class == JOB_REINDEX && (j.fault != NULL) == cases[i].fault, cases[i].args);
		CHECK_CASE(j.id == cases[i].from, cases[i].args);
		CHECK_CASE(cases[i].fault || j.to_id == cases[i].to, cases[i].args);
	}
}

static void tells_arguments_that_make_no_sense(void)
{
	static const char *const cases[] = {
		"{\"class\":\"CreateChatJob\",\"args\":[]}",
		"{\"class\":\"CreateChatJob\"}",
		"{\"class\":\"CreateChatJob\",\"args\":[0,1]}",
		"{\"class\":\"CreateChatJob\",\"args\":[2097152,1]}",
		"{\"class\":\"CreateChatJob\",\"args\":[1,0]}",
		"{\"class\":\"CreateChatJob\",\"args\":[1,4294967296]}",
		"{\"class\":\"CreateChatJob\",\"args\":[\"1\",\"1\"]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[1,1,\"no chat's id\"]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[9007199254740992,1,\"beyond 2^53\"]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[" CHAT ",1]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[" CHAT ",1,null]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[" CHAT ",1.5,\"x\"]}",
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_CASE(parse(cases[i]).fault, cases[i]);
}

static void makes_keys(void)
{
	static const struct { const char *jid, *key; } cases[] = {
		{ "0123456789abcdef01234567", "0123456789abcdef0123456700000000" },
		{ "0123456789ABCDEF01234567", "0123456789abcdef0123456700000000" },
		{ "01890a5d-ac96-774b-bcce-b302099a8057", "01890a5dac96774bbcceb302099a8057" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223" }, /* SHA-256, FIPS 180-4 example */
	};
	char text[128], hex[33];
	size_t i, k;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job j;

		snprintf(text, sizeof(text), "{\"class\":\"X\",\"jid\":\"%s\"}", cases[i].jid);
		j = parse(text);
		for (k = 0; k < JOB_KEY; k++)
			snprintf(hex + 2 * k, 3, "%02x", j.key[k]);
		CHECK_STR(hex, cases[i].key);
	}
	CHECK(memcmp(parse("{\"a\":1}").key, parse("{\"a\":2}").key, JOB_KEY) != 0);
}

static void reads_times(void)
{
	static const struct { const char *value; int64_t us; } cases[] = {
		{ "1600000000.123456", 1600000000123456 }, /* Sidekiq 6 and 7 */
		{ "1600000000", 1600000000000000 },
		{ "1600000000123", 1600000000123000 },     /* Sidekiq 8 */
		{ "\"2020-09-13T12:26:40.5Z\"", 1600000000500000 },
		{ "null", NOW },
		{ "-1", NOW },
		{ "\"soon\"", NOW },
	};
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "{\"class\":\"X\",\"created_at\":%s}", cases[i].value);
		CHECK_INT(parse(text).created_us, cases[i].us);
	}
}

/* What we write in either format, with a number between its halves, is what we read. */
static void reads_what_it_builds(void)
{
	static const char body[] = "\"\\ \xF0\x9F\x98\x80\n";
	const struct job_new new = { JOB_CREATE_MESSAGE, key_chat_id(1, 1), body, sizeof(body), "a.\"request\"" };
	int format;

	for (format = JOB_NATIVE; format <= JOB_ACTIVEJOB; format++) {
		struct buf head = BUF_INIT, tail = BUF_INIT, text = BUF_INIT;
		char id[JOB_REQUEST_ID];
		struct job j;

		CHECK(!job_build(&head, &tail, (enum job_format)format, &new, NOW, NULL));
		buf_add(&head, "42", 2);
		buf_add(&head, tail.data, tail.len);
		CHECK(!job_parse(&j, head.data, head.len, 0, NULL));
		CHECK(j.class == JOB_CREATE_MESSAGE && !j.fault && j.id == 4294967297);
		CHECK_INT(j.number, 42);
		CHECK_INT(j.created_us, NOW);
		CHECK_INT(strlen(j.jid), 24);
		CHECK_STR(job_request_id(&j, id), new.request_id);
		CHECK(!json_string(j.body, &text, NULL) && text.len == sizeof(body) &&
		      !memcmp(text.data, body, sizeof(body)));
		buf_clear(&head);
		buf_clear(&tail);
		buf_clear(&text);
	}
}

static void notes_failures(void)
{
	const struct job_failure why = { "NumberTaken", "taken: \"42\"", NOW };
	struct buf once = BUF_INIT, twice = BUF_INIT;
	struct job j = parse("{\"class\":\"CreateChatJob\", \"args\":[7,3],\"x\":[{}]}");

	CHECK(!job_failed(&j, &why, &once, NULL));
	CHECK(!job_parse(&j, once.data, once.len, NOW, NULL));
	CHECK(j.failed_before && j.retry_count == 0 && j.number == 3 && j.given_number == 3);
	CHECK_INT(strlen(j.jid), 24);
	CHECK(job_failed_by(&j, "NumberTaken") && !job_failed_by(&j, "Other"));
	CHECK(json_member(j.root, "failed_at").len && !json_member(j.root, "retried_at").len);
	CHECK(json_count(json_member(j.root, "x")) == 1);
	CHECK(!job_failed(&j, &why, &twice, NULL));
	CHECK(!job_parse(&j, twice.data, twice.len, NOW, NULL));
	CHECK_INT(j.retry_count, 1);
	CHECK_INT(j.given_number, 3);
	CHECK(json_member(j.root, "failed_at").len && json_member(j.root, "retried_at").len);
	buf_clear(&once);
	buf_clear(&twice);
}

static void waits_ever_longer(void)
{
	static const struct { const char *text; bool again; int64_t delay_ms; } cases[] = {
		{ "{\"class\":\"X\"}", true, 3000 },
		{ "{\"class\":\"X\",\"retry_count\":0}", true, 9000 },
		{ "{\"class\":\"X\",\"retry_count\":1}", true, 27000 },
		{ "{\"class\":\"X\",\"retry_count\":8}", true, 59049000 },
		{ "{\"class\":\"X\",\"retry_count\":9}", true, 115200000 },
		{ "{\"class\":\"X\",\"retry_count\":23}", true, 115200000 },
		{ "{\"class\":\"X\",\"retry_count\":24}", false, 0 },
		{ "{\"class\":\"X\",\"retry\":false}", false, 0 },
		{ "{\"class\":\"X\",\"retry\":1}", true, 3000 },
		{ "{\"class\":\"X\",\"retry\":1,\"retry_count\":0}", false, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job j = parse(cases[i].text);
		int64_t delay = 0;

		CHECK_CASE(job_retry(&j, 3000, 25, &delay) == cases[i].again, cases[i].text);
		CHECK_CASE(delay >= cases[i].delay_ms && delay <= cases[i].delay_ms * 11 / 10,
			   cases[i].text);
	}
}

static int build_and_fail(void *arg)
{
	const struct job_failure why = { "E", "m", NOW };
	static const char text[] = "{\"class\":\"CreateChatJob\",\"args\":[7,3],\"jid\":\"a\"}";
	struct job j;
	struct buf out = BUF_INIT, count = BUF_INIT;
	int rc = job_parse(&j, text, sizeof(text) - 1, NOW, NULL) || job_failed(&j, &why, &out, NULL) ||
			 job_build_count(&count, JOB_ACTIVEJOB, JOB_COUNT_CHATS, 7, NOW, NULL)
		     ? -1
		     : 0;

	(void)arg;
	buf_clear(&out);
	buf_clear(&count);
	return rc;
}

static void survives_failing_allocations(void)
{
	CHECK(CHECK_EACH_ALLOC(build_and_fail, NULL) > 0);
}

static const struct check_test tests[] = {
	CHECK_TEST(reads_what_others_write),
	CHECK_TEST(reads_ranges_of_messages),
	CHECK_TEST(tells_arguments_that_make_no_sense),
	CHECK_TEST(makes_keys),
	CHECK_TEST(reads_times),
	CHECK_TEST(reads_what_it_builds),
	CHECK_TEST(notes_failures),
	CHECK_TEST(waits_ever_longer),
	CHECK_TEST(survives_failing_allocations),
};

CHECK_MAIN(tests)
