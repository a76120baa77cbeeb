/* Tests of lib/durability: what is said of what Redis tells. (How it is asked, test/health.bats tests.) */
#include "durability.h"

#include "check.h"

static struct durability good(void)
{
	static const char *const values[DURABILITY__MAX] = {
		[DURABILITY_APPENDONLY] = "yes",       [DURABILITY_APPENDFSYNC] = "always",
		[DURABILITY_ON_REWRITE] = "no",        [DURABILITY_POLICY] = "noeviction",
		[DURABILITY_ROLE] = "master",          [DURABILITY_REPLICAS] = "0",
		[DURABILITY_MIN_REPLICAS] = "0",       [DURABILITY_AOF_WRITE] = "ok",
		[DURABILITY_AOF_REWRITE] = "ok",       [DURABILITY_SNAPSHOT] = "ok",
	};
	struct durability d;
	int i;

	for (i = 0; i < DURABILITY__MAX; i++)
		snprintf(d.value[i], DURABILITY_VALUE, "%s", values[i]);
	return d;
}

static void each_value_has_its_word_and_its_warning(void)
{
	static const struct {
		enum durability_field field;
		const char *value, *word, *warning; /* how it begins; NULL: there is none */
	} cases[] = {
		{ DURABILITY_APPENDFSYNC, "always", "always", NULL },
		{ DURABILITY_APPENDFSYNC, "everysec", "everysec", "appendfsync is everysec: a crash" },
		{ DURABILITY_APPENDFSYNC, "no", "none", "appendfsync is no: a crash" },
		{ DURABILITY_APPENDFSYNC, "", "unknown", "appendfsync is unknown: CONFIG is refused" },
		{ DURABILITY_APPENDONLY, "no", "none", "appendonly is no: a restart of Redis loses" },
		{ DURABILITY_APPENDONLY, "", "unknown", "appendonly is unknown: INFO does not" },
		{ DURABILITY_ON_REWRITE, "yes", "always", "no-appendfsync-on-rewrite is yes:" },
		{ DURABILITY_ON_REWRITE, "", "always", NULL },
		{ DURABILITY_POLICY, "allkeys-lru", "always", "maxmemory-policy is allkeys-lru:" },
		{ DURABILITY_POLICY, "volatile-ttl", "always", "maxmemory-policy is volatile-ttl:" },
		{ DURABILITY_POLICY, "", "always", NULL },
		{ DURABILITY_ROLE, "replica", "always", "role is replica:" },
		{ DURABILITY_REPLICAS, "2", "always", NULL },
		{ DURABILITY_MIN_REPLICAS, "1", "always", NULL },
		{ DURABILITY_AOF_WRITE, "err", "always", "aof_last_write_status is err:" },
		{ DURABILITY_AOF_REWRITE, "err", "always", "aof_last_bgrewrite_status is err:" },
		{ DURABILITY_SNAPSHOT, "err", "always", "rdb_last_bgsave_status is err:" },
	};
	char warning[DURABILITY_WARNING];
	size_t i, row;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct durability d = good();

		row = 0;
		snprintf(d.value[cases[i].field], DURABILITY_VALUE, "%s", cases[i].value);
		CHECK_STR(durability_word(&d), cases[i].word);
		CHECK_INT(durability_warnings(&d), cases[i].warning != NULL);
		if (!cases[i].warning || !durability_warning(&d, &row, warning))
			continue;
		CHECK_CASE(!strncmp(warning, cases[i].warning, strlen(cases[i].warning)), warning);
		CHECK_CASE(strlen(warning) < DURABILITY_WARNING - 1, warning);
	}
}

static void what_the_file_does_is_no_matter_where_there_is_none(void)
{
	struct durability d = good();

	snprintf(d.value[DURABILITY_APPENDONLY], DURABILITY_VALUE, "no");
	snprintf(d.value[DURABILITY_APPENDFSYNC], DURABILITY_VALUE, "everysec");
	snprintf(d.value[DURABILITY_AOF_WRITE], DURABILITY_VALUE, "err");
	CHECK_INT(durability_warnings(&d), 1);
}

static void all_of_it_is_written(void)
{
	struct durability d = good();
	struct buf json = BUF_INIT;

	durability_write(&d, &json);
	CHECK_STR(buf_str(&json), ",\"appendonly\":\"yes\",\"appendfsync\":\"always\","
				  "\"maxmemory_policy\":\"noeviction\",\"role\":\"master\","
				  "\"connected_replicas\":0,\"aof_last_write_status\":\"ok\","
				  "\"durability\":\"always\",\"warnings\":[]");
	buf_clear(&json);
	memset(&d, 0, sizeof(d));
	durability_write(&d, &json);
	CHECK_STR(buf_str(&json), ",\"durability\":\"unknown\",\"warnings\":[\"appendonly is unknown: INFO does "
				  "not tell, so nobody can tell what a restart of Redis loses\"]");
	buf_clear(&json);
	d = good();
	snprintf(d.value[DURABILITY_MIN_REPLICAS], DURABILITY_VALUE, "1");
	snprintf(d.value[DURABILITY_ROLE], DURABILITY_VALUE, "replica");
	snprintf(d.value[DURABILITY_POLICY], DURABILITY_VALUE, "allkeys-lru");
	durability_write(&d, &json);
	CHECK(strstr(buf_str(&json), "\"min_replicas_to_write\":1,") != NULL);
	CHECK(strstr(buf_str(&json), "\"warnings\":[\"maxmemory-policy is allkeys-lru: ") != NULL);
	CHECK(strstr(buf_str(&json), "\",\"role is replica: ") != NULL);
	buf_clear(&json);
}

static const struct check_test tests[] = {
	CHECK_TEST(each_value_has_its_word_and_its_warning),
	CHECK_TEST(what_the_file_does_is_no_matter_where_there_is_none),
	CHECK_TEST(all_of_it_is_written),
};

CHECK_MAIN(tests)
