/* Tests of lib/elastic_index: the names of indexes. */
#include "elastic_index.h"

#include "check.h"

static char alias[] = "messages";
static const struct conf conf = { .elasticsearch_index = alias };

static void a_version_makes_a_name_and_a_name_tells_its_version(void)
{
	static const struct {
		const char *name;
		uint64_t version;
	} cases[] = {
		{ "messages_v1", 1 },           { "messages_v10", 10 },      { "messages_v999999999", 999999999 },
		{ "messages_v", 0 },            { "messages_v0", 0 },        { "messages_v01", 0 },
		{ "messages_v1000000000", 0 },  { "messages_v1x", 0 },       { "messages_v-1", 0 },
		{ "messages_v1_v2", 0 },        { "messages", 0 },           { "messages_next", 0 },
		{ "other_v1", 0 },              { "messages2_v1", 0 },       { "message_v1", 0 },
		{ "messages_v99999999999999999999999999", 0 },               { "", 0 },
		{ "m", 0 },                     { "messages_", 0 },
	};
	char name[SEARCH_NAME];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_CASE(elastic_index_version(&conf, cases[i].name) == cases[i].version, cases[i].name);
		if (cases[i].version)
			CHECK_STR(elastic_index_name(name, &conf, cases[i].version), cases[i].name);
	}
	CHECK_STR(elastic_index_next(name, &conf), "messages_next");
}

static void the_longest_name_fits(void)
{
	char longest[201], name[SEARCH_NAME];
	const struct conf c = { .elasticsearch_index = longest };

	memset(longest, 'm', 200);
	longest[200] = '\0';
	CHECK_INT(elastic_index_version(&c, elastic_index_name(name, &c, 999999999)), 999999999);
	CHECK_INT(strlen(elastic_index_next(name, &c)), 205);
}

static const struct check_test tests[] = {
	CHECK_TEST(a_version_makes_a_name_and_a_name_tells_its_version),
	CHECK_TEST(the_longest_name_fits),
};

CHECK_MAIN(tests)
