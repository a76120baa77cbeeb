/* A search of one chat, in Elasticsearch's words. */
#include "elastic_query.h"

#include "grams.h"
#include "hits.h"

/* ------------------------------------------------------------------ what is asked */

/* The query for one term; a mark stands before and behind it where the class asks for that. */
static int add_term(struct buf *out, struct grams *g, const struct text_query *q, const struct text_term *t,
		    enum text_class class)
{
	if (grams_take(g, q->terms.data + t->at, t->len, class <= TEXT_BEGINNING, class == TEXT_WORD))
		return -1;
	if (grams_length(g) < GRAMS_WINDOW) {
		buf_addstr(out, "{\"term\":{\"g12\":\"");
		if (grams_whole(g, out))
			return -1;
	} else {
		buf_addstr(out, "{\"match_phrase\":{\"g3\":\"");
		if (grams_windows(g, out))
			return -1;
	}
	return buf_addstr(out, "\"}}");
}

/* All of them, each behind a comma. */
static int add_terms(struct buf *out, struct grams *g, const struct text_query *q, enum text_class class)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (buf_addch(out, ',') || add_term(out, g, q, &q->term[i], class))
			return -1;
	return 0;
}

/* A point for each class that a hit reaches. */
static int add_class(struct buf *out, struct grams *g, const struct elastic_query *q, enum text_class class)
{
	buf_addstr(out, "{\"constant_score\":{\"filter\":{\"bool\":{\"filter\":[{\"match_all\":{}}");
	if (add_terms(out, g, q->query, class))
		return -1;
	return buf_addstr(out, "]}}}}");
}

static void add_without(struct buf *out, const struct elastic_query *q)
{
	size_t i;

	buf_addstr(out, "\"must_not\":[{\"terms\":{\"number\":[");
	for (i = 0; i < q->without_n; i++)
		buf_addf(out, "%s%u", i ? "," : "", q->without[i]);
	buf_addstr(out, "]}}],");
}

static int add_query(struct buf *out, struct grams *g, const struct elastic_query *q)
{
	buf_addf(out, "{\"bool\":{\"filter\":[{\"term\":{\"chat_id\":\"%llu\"}}",
		 (unsigned long long)q->chat);
	if (add_terms(out, g, q->query, TEXT_INSIDE))
		return -1;
	buf_addstr(out, "],");
	if (q->without_n)
		add_without(out, q);
	buf_addstr(out, "\"should\":[");
	if (add_class(out, g, q, TEXT_BEGINNING) || buf_addch(out, ',') ||
	    add_class(out, g, q, TEXT_WORD))
		return -1;
	return buf_addstr(out, "]}}");
}

int elastic_query_write(const struct elastic_query *q, const char *index, struct buf *path, struct buf *body,
			struct err *e)
{
	struct grams g = GRAMS_INIT;
	int rc;

	buf_addf(path, "/%s/_search?routing=%llu&filter_path=timed_out,_shards.failed,hits.total.value,"
		 "hits.hits.sort", index, (unsigned long long)q->chat);
	buf_addf(body, "{\"size\":%zu,\"track_total_hits\":%d,\"timeout\":\"%lldms\",\"stored_fields\":"
		 "\"_none_\",\"sort\":[\"_score\",{\"number\":\"desc\"}],\"query\":", q->wanted, HITS_MAX,
		 (long long)q->timeout_ms);
	rc = add_query(body, &g, q);
	buf_addch(body, '}');
	grams_clear(&g);
	return rc || path->failed || body->failed ? err_memory(e) : 0;
}

/* ------------------------------------------------------------------ what is answered */

static int odd(struct err *e)
{
	return err_set(e, ERR_ELASTIC, "Elasticsearch answers a search with something else");
}

int elastic_answer_read(struct elastic_answer *a, struct json reply, struct err *e)
{
	struct json hits = json_member(reply, "hits");
	uint64_t failed;

	if (!json_u64(json_member(json_member(hits, "total"), "value"), &a->total) ||
	    !json_u64(json_member(json_member(reply, "_shards"), "failed"), &failed))
		return odd(e);
	if (failed || json_kind(json_member(reply, "timed_out")) != JSON_FALSE)
		return err_set(e, ERR_ELASTIC, "Elasticsearch has not searched all of the chat");
	a->total = a->total < HITS_MAX ? a->total : HITS_MAX;
	a->hits = json_member(hits, "hits"); /* absent when there is none */
	a->at = 1;
	return 0;
}

/* A hit's sort values are its score and its number. */
int elastic_answer_next(struct elastic_answer *a, struct elastic_hit *hit, struct err *e)
{
	static const enum text_class classes[] = { TEXT_INSIDE, TEXT_BEGINNING, TEXT_WORD };
	struct json one, values;
	uint64_t number;
	double score;

	if (json_kind(a->hits) != JSON_ARRAY)
		return 0;
	one = json_next(a->hits, &a->at);
	if (!one.len)
		return 0;
	values = json_member(one, "sort");
	if (!json_double(json_item(values, 0), &score) || !json_u64(json_item(values, 1), &number) ||
	    !(score >= 0) || score > TEXT_INSIDE || number > UINT32_MAX)
		return odd(e);
	hit->class = classes[(int)score];
	hit->number = (uint32_t)number;
	return 1;
}
