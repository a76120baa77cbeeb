/* Tests of lib/numbers: what jobs say of numbers. (Reading them from Redis: test/recovery.bats.) */
#include "numbers.h"

#include "check.h"
#include "key.h"

#define CHAT "30064771074" /* 7 * 2^32 + 2 */
#define CHAT_ID UINT64_C(30064771074)

static int add(struct numbers *n, const char *text)
{
	struct job j;

	return job_parse(&j, text, strlen(text), 1, NULL) || numbers_add_job(n, &j, NULL);
}

static void highest_of_each_parent(void)
{
	static const struct { uint64_t id; uint32_t highest; } want[] = {
		{ 7, 9 }, { 8, 1 }, { CHAT_ID, 12 }, { CHAT_ID + 7, 0 }, { UINT64_C(8) << 32 | 1, 3 },
	};
	static const char *const texts[] = {
		"{\"class\":\"CreateMessageJob\",\"args\":[" CHAT ",11,\"x\"]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[" CHAT ",12,\"x\"]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[" CHAT ",4,null]}", /* can't be stored; given all the same */
		"{\"class\":\"CreateChatJob\",\"args\":[7,9]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[34359738369,3,\"x\"]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[5,3,\"no chat\"]}",
		"{\"class\":\"CreateMessageJob\",\"args\":[" CHAT ",0,\"x\"]}",
		"{\"class\":\"UpdateChatMessageCountJob\",\"args\":[" CHAT "]}",
		"{\"class\":\"Other\",\"args\":[7,77]}", "nothing", "",
	};
	struct numbers n = NUMBERS_INIT;
	struct numbers_entry *all;
	size_t count, i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		CHECK_CASE(!add(&n, texts[i]), texts[i]);
	numbers_sort(&n);
	all = numbers_all(&n, &count);
	CHECK_INT(count, sizeof(want) / sizeof(want[0]));
	for (i = 0; i < count && i < sizeof(want) / sizeof(want[0]); i++) {
		CHECK_INT(all[i].id, want[i].id);
		CHECK_INT(all[i].highest, want[i].highest);
		CHECK(numbers_find(&n, want[i].id) == &all[i]);
	}
	CHECK(!numbers_find(&n, 9));
	numbers_clear(&n);
	CHECK(!numbers_find(&n, 7));
}

/* More than are kept unsorted. */
static void many(void)
{
	struct numbers n = NUMBERS_INIT;
	struct numbers_entry *found;
	struct job j = { .class = JOB_CREATE_MESSAGE, .id = CHAT_ID };
	size_t count;

	for (j.number = 1; j.number <= 200000; j.number++)
		CHECK(!numbers_add_job(&n, &j, NULL));
	CHECK(n.list.cap < (size_t)400000 * sizeof(struct numbers_entry));
	numbers_sort(&n);
	numbers_all(&n, &count);
	CHECK_INT(count, 2);
	found = numbers_find(&n, CHAT_ID);
	CHECK(found && found->highest == 200000);
	numbers_clear(&n);
}

static int attempt(void *arg)
{
	struct numbers n = NUMBERS_INIT;
	struct job j = { .class = JOB_CREATE_CHAT, .id = 7, .number = 1 };
	int rc = 0;

	(void)arg;
	for (; j.number < 100 && !rc; j.number++)
		rc = numbers_add_job(&n, &j, NULL);
	numbers_clear(&n);
	return rc;
}

static void without_memory(void)
{
	CHECK(CHECK_EACH_ALLOC(attempt, NULL) >= 2);
}

static const struct check_test tests[] = {
	CHECK_TEST(highest_of_each_parent),
	CHECK_TEST(many),
	CHECK_TEST(without_memory),
};

CHECK_MAIN(tests)
