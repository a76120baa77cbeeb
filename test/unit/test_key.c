/* Tests of lib/key. */
#include "key.h"

#include "check.h"

static void ids(void)
{
	static const struct { uint64_t application; uint32_t number; uint64_t chat; } cases[] = {
		{ 1, 1, 4294967297 },
		{ 1, 4294967295, 8589934591 },
		{ 2097151, 4294967295, 9007199254740991 }, /* 2^53 - 1 */
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t chat = key_chat_id(cases[i].application, cases[i].number);

		CHECK(chat == cases[i].chat && key_chat_valid(chat));
		CHECK(key_chat_application(chat) == cases[i].application);
		CHECK(key_chat_number(chat) == cases[i].number);
	}
	CHECK(!key_chat_valid(0) && !key_chat_valid(1) && !key_chat_valid(UINT64_C(1) << 32));
	CHECK(!key_chat_valid((UINT64_C(1) << 53) + 1) && !key_chat_valid(UINT64_MAX));
}

static void names(void)
{
	char key[KEY_MAX];

	CHECK_STR(key_chat_counter(key, 7), "chat_app:7:chat_counter");
	CHECK_STR(key_message_counter(key, 9007199254740991), "chat:9007199254740991:message_counter");
	CHECK_STR(key_token(key, "0123456789abcdef0123456789abcdefX"),
		  "chat_app:token:0123456789abcdef0123456789abcdef");
	CHECK_STR(key_queue(key, "default"), "queue:default");
	CHECK_STR(key_inflight(key, "default", "node:1"), "inflight:default:node:1");
	CHECK_STR(key_lease(key, "default", "node:1"), "lease:default:node:1");
	CHECK_STR(key_stat_day(key, KEY_FAILED, INT64_C(1700000000000000)), "stat:failed:2023-11-14");
	CHECK_STR(key_pending(key, "X", 5), "pending:X:5");
}

static void splits_names_of_in_flight_lists(void)
{
	static const struct { const char *name; bool ok; } cases[] = {
		{ "inflight:default:node:1", true }, { "inflight:default:a.b-c:12", true },
		{ "inflight:default", false },       { "inflight::node:1", false },
		{ "inflight:default:", false },      { "queue:default:node:1", false },
		{ "inflight", false },               { "", false },
	};
	char queue[KEY_MAX], slot[KEY_MAX], again[KEY_MAX];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_CASE(key_split_inflight(cases[i].name, queue, slot) == cases[i].ok, cases[i].name);
		if (cases[i].ok)
			CHECK_STR(key_inflight(again, queue, slot), cases[i].name);
	}
}

static const struct check_test tests[] = {
	CHECK_TEST(ids),
	CHECK_TEST(names),
	CHECK_TEST(splits_names_of_in_flight_lists),
};

CHECK_MAIN(tests)
