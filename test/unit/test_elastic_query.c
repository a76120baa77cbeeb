/* Tests of lib/elastic_query: what is asked, and every answer that is none. */
#include "elastic_query.h"

#include "check.h"
#include "hits.h"

#define M "\uFDD1"

static int written(const char *text, const struct elastic_query *more, struct buf *path, struct buf *body)
{
	struct text_query query;
	struct elastic_query q = *more;
	struct err e = ERR_INIT;
	int rc = text_query_init(&query, text, strlen(text), &e);

	q.query = &query;
	if (!rc)
		rc = elastic_query_write(&q, "messages", path, body, &e);
	text_query_clear(&query);
	return rc;
}

static void what_is_asked(void)
{
	static const uint32_t without[] = { 9, 4 };
	const struct elastic_query q = { NULL, 4294967297, 50, 250, without, 2 };
	struct buf path = BUF_INIT, body = BUF_INIT;

	CHECK(!written("Word c\"", &q, &path, &body));
	CHECK_STR(buf_str(&path), "/messages/_search?routing=4294967297&filter_path=timed_out,_shards.failed,"
				  "hits.total.value,hits.hits.sort");
	CHECK_STR(buf_str(&body),
		  "{\"size\":50,\"track_total_hits\":10000,\"timeout\":\"250ms\",\"stored_fields\":\"_none_\","
		  "\"sort\":[\"_score\",{\"number\":\"desc\"}],\"query\":{\"bool\":{\"filter\":["
		  "{\"term\":{\"chat_id\":\"4294967297\"}},{\"match_phrase\":{\"g3\":\"wor ord\"}},"
		  "{\"match_phrase\":{\"g3\":\"c" M "\\\"\"}}],"
		  "\"must_not\":[{\"terms\":{\"number\":[9,4]}}],"
		  "\"should\":[{\"constant_score\":{\"filter\":{\"bool\":{\"filter\":[{\"match_all\":{}},"
		  "{\"match_phrase\":{\"g3\":\"" M "wo wor ord\"}},"
		  "{\"match_phrase\":{\"g3\":\"" M "c" M " c" M "\\\"\"}}]}}}},"
		  "{\"constant_score\":{\"filter\":{\"bool\":{\"filter\":[{\"match_all\":{}},"
		  "{\"match_phrase\":{\"g3\":\"" M "wo wor ord rd" M "\"}},"
		  "{\"match_phrase\":{\"g3\":\"" M "c" M " c" M "\\\"\"}}]}}}}]}}}");
	buf_clear(&path);
	buf_clear(&body);
}

static void what_is_short_is_one_term(void)
{
	const struct elastic_query q = { NULL, 1, 1, 1, NULL, 0 };
	struct buf path = BUF_INIT, body = BUF_INIT;

	CHECK(!written("x ++", &q, &path, &body));
	CHECK(strstr(buf_str(&body), "{\"term\":{\"g12\":\"x\"}},{\"term\":{\"g12\":\"++\"}}]"));
	CHECK(strstr(buf_str(&body), "{\"term\":{\"g12\":\"" M "x\"}},{\"term\":{\"g12\":\"++\"}}]"));
	CHECK(strstr(buf_str(&body), "{\"match_phrase\":{\"g3\":\"" M "x" M "\"}}"));
	CHECK(!strstr(buf_str(&body), "must_not"));
	buf_clear(&path);
	buf_clear(&body);
}

/* ------------------------------------------------------------------ answers */

#define HEAD "{\"timed_out\":false,\"_shards\":{\"failed\":0},\"hits\":{\"total\":{\"value\":3}"

/* How many hits are read, or -1. */
static int read_all(const char *text, struct elastic_answer *a, struct elastic_hit hits[8])
{
	struct json reply;
	struct err e = ERR_INIT;
	int n = 0, rc;

	CHECK_CASE(!json_check(text, strlen(text), &reply, &e), text);
	if (elastic_answer_read(a, reply, &e)) {
		CHECK_INT(e.code, ERR_ELASTIC);
		return -1;
	}
	while (n < 8 && (rc = elastic_answer_next(a, &hits[n], &e)) > 0)
		n++;
	return rc < 0 ? -1 : n;
}

static void what_is_answered(void)
{
	struct elastic_answer a;
	struct elastic_hit hits[8];

	CHECK_INT(read_all(HEAD ",\"hits\":[{\"sort\":[2.0,4294967295]},{\"sort\":[1,7]},{\"sort\":[0.0,9]}]}}",
			   &a, hits), 3);
	CHECK_INT(a.total, 3);
	CHECK(hits[0].class == TEXT_WORD && hits[0].number == UINT32_MAX);
	CHECK(hits[1].class == TEXT_BEGINNING && hits[1].number == 7);
	CHECK(hits[2].class == TEXT_INSIDE && hits[2].number == 9);
	/* no hit, or none asked for: the filter leaves the list out */
	CHECK_INT(read_all(HEAD "}}", &a, hits), 0);
	CHECK_INT(a.total, 3);
	CHECK_INT(read_all("{\"timed_out\":false,\"_shards\":{\"failed\":0},\"hits\":{\"total\":{\"value\":12345}}}", &a,
			   hits), 0);
	CHECK_INT(a.total, HITS_MAX);
}

static void what_is_no_answer(void)
{
	static const char *const cases[] = {
		"{}", "[]", "\"\"", "{\"hits\":{}}",
		"{\"timed_out\":true,\"_shards\":{\"failed\":0},\"hits\":{\"total\":{\"value\":3}}}",
		"{\"_shards\":{\"failed\":0},\"hits\":{\"total\":{\"value\":3}}}",
		"{\"timed_out\":false,\"_shards\":{\"failed\":1},\"hits\":{\"total\":{\"value\":3}}}",
		"{\"timed_out\":false,\"hits\":{\"total\":{\"value\":3}}}",
		"{\"timed_out\":false,\"_shards\":{\"failed\":0},\"hits\":{\"total\":3}}",
		HEAD ",\"hits\":[{}]}}",
		HEAD ",\"hits\":[{\"sort\":[]}]}}",
		HEAD ",\"hits\":[{\"sort\":[3,1]}]}}",
		HEAD ",\"hits\":[{\"sort\":[-1,1]}]}}",
		HEAD ",\"hits\":[{\"sort\":[\"NaN\",1]}]}}",
		HEAD ",\"hits\":[{\"sort\":[1,4294967296]}]}}",
		HEAD ",\"hits\":[{\"sort\":[1,-1]}]}}",
		HEAD ",\"hits\":[{\"sort\":[1,1]},7]}}",
	};
	struct elastic_answer a;
	struct elastic_hit hits[8];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_CASE(read_all(cases[i], &a, hits) == -1, cases[i]);
}

static int attempt(void *arg)
{
	const struct elastic_query q = { NULL, 1, 1, 1, arg, 1 };
	struct buf path = BUF_INIT, body = BUF_INIT;
	int rc = written("hello a", &q, &path, &body);

	buf_clear(&path);
	buf_clear(&body);
	return rc;
}

static void out_of_memory(void)
{
	uint32_t without = 3;

	CHECK(CHECK_EACH_ALLOC(attempt, &without) >= 6);
}

static const struct check_test tests[] = {
	CHECK_TEST(what_is_asked),
	CHECK_TEST(what_is_short_is_one_term),
	CHECK_TEST(what_is_answered),
	CHECK_TEST(what_is_no_answer),
	CHECK_TEST(out_of_memory),
};

CHECK_MAIN(tests)
