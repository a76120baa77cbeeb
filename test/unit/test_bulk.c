/* Tests of lib/bulk: what is sent, and what each kind of answer makes of each operation. */
#include "bulk.h"

#include "check.h"

#include <stdlib.h>

#define CHAT UINT64_C(4294967297)

static void add_both(struct bulk *b)
{
	CHECK(!bulk_index(b, CHAT, 7, 3, "Hello", 5, NULL));
	CHECK(!bulk_delete(b, CHAT, 8, 2, NULL));
}

static void a_message_is_an_action_and_a_document_and_one_that_is_gone_an_action(void)
{
	static const char first[] = "{\"index\":{\"_id\":\"4294967297-7\",\"routing\":\"4294967297\",\"version\":3,"
				    "\"version_type\":\"external_gte\"}}\n{\"chat_id\":\"4294967297\",\"number\":7,",
			  last[] = "}\n{\"delete\":{\"_id\":\"4294967297-8\",\"routing\":\"4294967297\",\"version\":2,"
				   "\"version_type\":\"external_gte\"}}\n";
	const struct bulk_op *op;
	struct bulk b;
	size_t n;

	bulk_init(&b);
	add_both(&b);
	op = bulk_ops(&b, &n);
	CHECK_INT(n, 2);
	CHECK(!strncmp(buf_str(&b.body), first, strlen(first)));
	CHECK_STR(strstr(buf_str(&b.body), "}\n{\"delete\""), last);
	CHECK_INT(op[0].at, 0);
	CHECK(!strncmp(b.body.data + op[1].at, "{\"delete\"", 9));
	CHECK(!op[0].gone && op[1].gone);
	CHECK(!bulk_full(&b));
	bulk_reset(&b);
	bulk_ops(&b, &n);
	CHECK_INT(n, 0);
	bulk_clear(&b);
}

static int read_text(struct bulk *b, size_t i, size_t n, const char *text, struct err *e)
{
	struct json reply;

	return json_check(text, strlen(text), &reply, e) ? -2 : bulk_read(b, i, n, reply, e);
}

/* The first is an index, the second a delete. */
static void each_item_says_what_became_of_its_operation(void)
{
#define ITEM(action, status, rest) "{\"" action "\":{\"status\":" status rest "}}"
#define ERROR(type, reason) ",\"error\":{\"type\":\"" type "\",\"reason\":\"" reason "\"}"
	static const struct {
		const char *item;
		bool gone;
		enum bulk_state state;
		const char *why;
	} cases[] = {
		{ ITEM("index", "201", ""), false, BULK_DONE, "" },
		{ ITEM("index", "200", ""), false, BULK_DONE, "" },
		{ ITEM("delete", "200", ""), true, BULK_DONE, "" },
		{ ITEM("delete", "404", ""), true, BULK_DONE, "" },
		{ ITEM("index", "404", ""), false, BULK_AGAIN, "404" },
		{ ITEM("index", "409", ERROR("version_conflict_engine_exception", "x")), false, BULK_AHEAD, "" },
		{ ITEM("delete", "409", ERROR("version_conflict_engine_exception", "x")), true, BULK_AHEAD, "" },
		{ ITEM("index", "400", ERROR("document_parsing_exception", "failed to parse")), false, BULK_REFUSED,
		  "400 document_parsing_exception: failed to parse" },
		{ ITEM("index", "413", ""), false, BULK_REFUSED, "413" },
		{ ITEM("index", "429", ERROR("cluster_block_exception", "disk")), false, BULK_AGAIN,
		  "429 cluster_block_exception: disk" },
		{ ITEM("index", "403", ERROR("cluster_block_exception", "index write")), false, BULK_AGAIN,
		  "403 cluster_block_exception: index write" },
		{ ITEM("index", "401", ERROR("security_exception", "x")), false, BULK_AGAIN, "401 security_exception: x" },
		{ ITEM("index", "500", ""), false, BULK_AGAIN, "500" },
		{ ITEM("index", "503", ERROR("unavailable_shards_exception", "gone")), false, BULK_AGAIN,
		  "503 unavailable_shards_exception: gone" },
		{ ITEM("index", "404", ERROR("index_not_found_exception", "no such index")), false, BULK_MISSING, "" },
		{ ITEM("delete", "404", ERROR("index_not_found_exception", "no such index")), true, BULK_MISSING, "" },
		{ ITEM("delete", "404", ERROR("shard_not_found_exception", "x")), true, BULK_AGAIN,
		  "404 shard_not_found_exception: x" },
		{ ITEM("index", "302", ""), false, BULK_AGAIN, "302" },
	};
	char text[512];
	struct err e = ERR_INIT;
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bulk_op *op;
		struct bulk b;

		bulk_init(&b);
		add_both(&b);
		op = bulk_ops(&b, &n) + cases[i].gone;
		snprintf(text, sizeof(text), "{\"items\":[%s]}", cases[i].item);
		CHECK_CASE(!read_text(&b, cases[i].gone, 1, text, &e), cases[i].item);
		CHECK_CASE(op->state == cases[i].state && op->here == cases[i].state, cases[i].item);
		CHECK_STR(bulk_why(&b, op), cases[i].why);
		CHECK_CASE(bulk_find(&b, cases[i].state) != NULL, cases[i].item);
		bulk_clear(&b);
	}
}

static void an_answer_that_has_not_an_item_for_each_says_nothing(void)
{
	static const char *const cases[] = {
		"{}",
		"[]",
		"null",
		"{\"items\":{}}",
		"{\"items\":[]}",
		"{\"items\":[{\"index\":{\"status\":400}}]}",
		"{\"items\":[{\"index\":{\"status\":400}},{\"delete\":{\"status\":400}},{\"index\":{\"status\":400}}]}",
		"{\"items\":[{\"index\":{\"status\":400}},{\"delete\":{}}]}",
		"{\"items\":[{\"index\":{\"status\":400}},{\"delete\":{\"status\":\"400\"}}]}",
		"{\"items\":[{\"index\":{\"status\":400}},{}]}",
		"{\"items\":[{\"index\":{\"status\":400}},7]}",
		"{\"items\":[\"\"]}",
		"{\"items\":[\"[\"]}",
		"7",
		"{\"items\":[{\"index\":{\"status\":400}},[{\"status\":400}]]}",
		"{\"items\":[{\"index\":{\"status\":-400}},{\"delete\":{\"status\":400}}]}",
		"{\"error\":{\"type\":\"x\"},\"status\":400}",
	};
	size_t i, n;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		const struct bulk_op *op;
		struct bulk b;

		bulk_init(&b);
		add_both(&b);
		CHECK_CASE(read_text(&b, 0, 2, cases[i], &e) == -1, cases[i]);
		CHECK_CASE(e.code == ERR_ELASTIC, cases[i]);
		op = bulk_ops(&b, &n);
		CHECK_CASE(op[0].state == BULK_DONE && op[1].state == BULK_DONE, cases[i]);
		bulk_clear(&b);
	}
}

/* A batch goes to the index that searches use, and to the one that is being built. */
static void of_two_indexes_the_worse_answer_counts(void)
{
	static const char good[] = "{\"items\":[{\"index\":{\"status\":200}},{\"delete\":{\"status\":200}}]}",
			  bad[] = "{\"items\":[{\"index\":{\"status\":400}},{\"delete\":{\"status\":409}}]}",
			  again[] = "{\"items\":[{\"index\":{\"status\":429}},{\"delete\":{\"status\":200}}]}";
	const struct bulk_op *op;
	struct bulk b;
	size_t n;

	bulk_init(&b);
	add_both(&b);
	op = bulk_ops(&b, &n);
	CHECK(!read_text(&b, 0, 2, bad, NULL));
	CHECK(!read_text(&b, 0, 2, good, NULL));
	CHECK(op[0].state == BULK_REFUSED && op[0].here == BULK_DONE);
	CHECK(op[1].state == BULK_AHEAD && op[1].here == BULK_DONE);
	CHECK(!read_text(&b, 0, 2, again, NULL));
	CHECK(op[0].state == BULK_AGAIN);
	CHECK_STR(bulk_why(&b, &op[0]), "429");
	CHECK(!read_text(&b, 0, 2, bad, NULL));
	CHECK(op[0].state == BULK_AGAIN && op[0].here == BULK_REFUSED);
	CHECK_STR(bulk_why(&b, &op[0]), "429");
	bulk_clear(&b);
}

static void a_long_reason_is_cut_between_two_characters(void)
{
	char text[2048], reason[1024] = "";
	const struct bulk_op *op;
	struct bulk b;
	size_t n, i;

	for (i = 0; i < 300; i++)
		memcpy(reason + 2 * i, "é", 3);
	snprintf(text, sizeof(text), "{\"items\":[{\"index\":{\"status\":400,\"error\":{\"type\":\"tt\",\"reason\":\"%s\"}}}]}",
		 reason);
	bulk_init(&b);
	add_both(&b);
	CHECK(!read_text(&b, 0, 1, text, NULL));
	op = bulk_ops(&b, &n);
	CHECK_INT(strlen(bulk_why(&b, op)), BULK_WHY - 2); /* behind "400 tt: " an odd number of bytes is left */
	CHECK(!strncmp(bulk_why(&b, op), "400 tt: éé", 12));
	bulk_clear(&b);
}

static void it_is_full_from_four_megabytes_on(void)
{
	size_t len = 65535, n = 0;
	char *body = malloc(len);
	struct bulk b;

	memset(body, 'x', len);
	bulk_init(&b);
	while (!bulk_full(&b) && n < 1000 && CHECK(!bulk_index(&b, CHAT, (uint32_t)++n, 1, body, len, NULL)))
		;
	CHECK(n > 1 && n < 1000);
	CHECK(b.body.len >= BULK_BYTES && b.body.len < 2 * BULK_BYTES);
	bulk_clear(&b);
	free(body);
}

static int attempt(void *arg)
{
	struct err e = ERR_INIT;
	struct bulk b;
	int rc;

	(void)arg;
	bulk_init(&b);
	rc = bulk_index(&b, CHAT, 7, 3, "Hello", 5, &e) || bulk_delete(&b, CHAT, 8, 2, &e) ? -1 : 0;
	CHECK(!rc || e.code == ERR_MEMORY);
	bulk_clear(&b);
	return rc;
}

static void out_of_memory_is_said(void)
{
	CHECK(CHECK_EACH_ALLOC(attempt, NULL) > 1);
}

static const struct check_test tests[] = {
	CHECK_TEST(a_message_is_an_action_and_a_document_and_one_that_is_gone_an_action),
	CHECK_TEST(each_item_says_what_became_of_its_operation),
	CHECK_TEST(an_answer_that_has_not_an_item_for_each_says_nothing),
	CHECK_TEST(of_two_indexes_the_worse_answer_counts),
	CHECK_TEST(a_long_reason_is_cut_between_two_characters),
	CHECK_TEST(it_is_full_from_four_megabytes_on),
	CHECK_TEST(out_of_memory_is_said),
};

CHECK_MAIN(tests)
