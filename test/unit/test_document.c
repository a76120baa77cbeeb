/* Tests of lib/document: a message's document, and that the index's definition is what it seems. */
#include "document.h"

#include "check.h"
#include "json.h"

#define M "\uFDD1"
#define S "\uFDD0"

static struct fold fold;

static void a_document(void)
{
	static const char body[] = "É \"b";
	struct buf out = BUF_INIT;
	struct json json;
	struct err e = ERR_INIT;

	CHECK(!document_write(&out, &fold, 4294967297, 7, 3, body, strlen(body), &e));
	CHECK_STR(buf_str(&out), "{\"chat_id\":\"4294967297\",\"number\":7,\"version\":3,\"check\":1100943870,"
				 "\"g3\":\"" M "e" M " e" M S " " M S "\\\" " S "\\\"" M " \\\"" M "b " M "b" M "\","
				 "\"g12\":\"" M " e " S " \\\" b " M "e e" M " " M S " " S "\\\" \\\"" M " " M "b b"
				 M "\"}");
	CHECK(!json_check(out.data, out.len, &json, &e));
	buf_clear(&out);
	CHECK(!document_write(&out, &fold, 1, 1, 1, "", 0, &e));
	CHECK(!json_check(out.data, out.len, &json, &e));
	buf_clear(&out);
}

static void ids_and_checks(void)
{
	char id[DOCUMENT_ID];

	CHECK_STR(document_id(id, 9007199254740991, 4294967295), "9007199254740991-4294967295");
	/* as MySQL's CRC32('7-3') */
	CHECK_INT(document_check(7, 3), 1100943870);
	CHECK(document_check(1, 11) != document_check(11, 1));
}

static void the_index(void)
{
	struct json json, mappings;
	struct err e = ERR_INIT;
	uint64_t level;

	CHECK(!json_check(document_index(), strlen(document_index()), &json, &e));
	mappings = json_member(json, "mappings");
	CHECK(json_u64(json_member(json_member(mappings, "_meta"), "mapping"), &level) && level == DOCUMENT_MAPPING);
	CHECK_INT(json_count(json_member(mappings, "properties")), 6);
}

static int attempt(void *arg)
{
	struct buf out = BUF_INIT;
	struct err e = ERR_INIT;
	int rc = document_write(&out, &fold, 1, 2, 3, "hello", 5, &e);

	(void)arg;
	buf_clear(&out);
	return rc;
}

static void out_of_memory(void)
{
	CHECK(CHECK_EACH_ALLOC(attempt, NULL) >= 4);
}

static const struct check_test tests[] = {
	CHECK_TEST(a_document),
	CHECK_TEST(ids_and_checks),
	CHECK_TEST(the_index),
	CHECK_TEST(out_of_memory),
};

CHECK_MAIN(tests)
