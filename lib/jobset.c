/* Reads lists and zsets of jobs in pages. */
#include "jobset.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"

#define PAGE_MAX 5000
#define PAGE_FIRST 100
#define PAGE_BYTES ((size_t)1 << 20) /* what a page should have at most, as far as can be foreseen */
#define SAMPLE_PAGE 500

/* As many entries as should make PAGE_BYTES. */
static int64_t next_page(size_t bytes, size_t entries)
{
	size_t each = entries ? bytes / entries + 1 : PAGE_BYTES / PAGE_FIRST, n = PAGE_BYTES / each;

	return n < 1 ? 1 : n > PAGE_MAX ? PAGE_MAX : (int64_t)n;
}

static int64_t time_of(const char *score)
{
	double s = strtod(score, NULL);

	return isfinite(s) && fabs(s) < 9e12 ? (int64_t)llround(s * 1e6) : 0;
}

/* `step` replies make an entry: 1: text, 2: text and score. */
static int visit_all(const redisReply *page, size_t step, bool backwards,
		     const struct jobset_visitor *v, size_t *bytes, struct err *e)
{
	size_t i, n = page->elements / step;
	int rc = 0;

	*bytes = 0;
	for (i = 0; i < n && !rc; i++) {
		const redisReply *const *at =
			(const redisReply *const *)page->element + (backwards ? n - 1 - i : i) * step;
		struct jobset_entry entry = { .text = at[0]->str, .len = at[0]->len };

		if (step == 2) {
			entry.score = at[1]->str;
			entry.at_us = time_of(at[1]->str);
		}
		*bytes += entry.len;
		rc = v->visit(v->arg, &entry, e);
	}
	return rc;
}

static int array(struct redis *r, struct redis_call *c, redisReply **reply, struct err *e)
{
	if (redis_send(r, c, reply, e))
		return -1;
	if ((*reply)->type == REDIS_REPLY_ARRAY)
		return 0;
	freeReplyObject(*reply);
	return err_set(e, ERR_REDIS, "redis: a list was expected");
}

/* One page of a zset's scan. 1: enough; 0; -1 */
static int scan_page(struct redis *r, const char *zset, char cursor[24], int64_t *page,
		     const struct jobset_visitor *v, struct err *e)
{
	struct redis_call c;
	redisReply *reply;
	size_t bytes;
	int rc = -1;

	redis_command(&c, "ZSCAN");
	redis_arg(&c, zset);
	redis_arg(&c, cursor);
	redis_arg(&c, "COUNT");
	redis_arg_number(&c, *page);
	if (array(r, &c, &reply, e))
		return -1;
	if (reply->elements != 2 || reply->element[1]->type != REDIS_REPLY_ARRAY) {
		err_set(e, ERR_REDIS, "redis: ZSCAN answered something else");
	} else {
		snprintf(cursor, 24, "%s", reply->element[0]->str);
		rc = visit_all(reply->element[1], 2, false, v, &bytes, e);
		*page = next_page(bytes, reply->element[1]->elements / 2);
	}
	freeReplyObject(reply);
	return rc;
}

int jobset_scan(struct redis *r, const char *zset, const struct jobset_visitor *v, struct err *e)
{
	int64_t page = PAGE_FIRST;
	char cursor[24] = "0";
	int rc;

	do
		rc = scan_page(r, zset, cursor, &page, v, e);
	while (!rc && (cursor[0] != '0' || cursor[1]));
	return rc < 0 ? -1 : 0;
}

/* LRANGE or ZRANGE. *got: how many there were. 1: enough; 0; -1 */
static int range(struct redis *r, const char *key, int64_t from, int64_t to, bool zset,
		 bool backwards, const struct jobset_visitor *v, size_t *got, size_t *bytes,
		 struct err *e)
{
	size_t step = zset ? 2 : 1;
	struct redis_call c;
	redisReply *reply;
	int rc;

	*got = *bytes = 0;
	redis_command(&c, zset ? "ZRANGE" : "LRANGE");
	redis_arg(&c, key);
	redis_arg_number(&c, from);
	redis_arg_number(&c, to);
	if (zset)
		redis_arg(&c, "WITHSCORES");
	if (array(r, &c, &reply, e))
		return -1;
	*got = reply->elements / step;
	rc = visit_all(reply, step, backwards, v, bytes, e);
	freeReplyObject(reply);
	return rc;
}

/* The first `most`, in pages: of a zset those with the lowest scores, of a list those at its end. */
static int first_ones(struct redis *r, const char *key, bool zset, int64_t most,
		      const struct jobset_visitor *v, struct err *e)
{
	int64_t from = 0, page = PAGE_FIRST;
	size_t got = 1, bytes = 0;
	int rc = 0;

	while (!rc && got && from < most) {
		if (page > most - from)
			page = most - from;
		rc = range(r, key, zset ? from : -from - page, zset ? from + page - 1 : -from - 1, zset,
			   !zset, v, &got, &bytes, e);
		from += page;
		page = next_page(bytes, got);
	}
	return rc < 0 ? -1 : 0;
}

int jobset_first(struct redis *r, const char *zset, int64_t most, const struct jobset_visitor *v,
		 struct err *e)
{
	return first_ones(r, zset, true, most, v, e);
}

int jobset_oldest(struct redis *r, const char *list, int64_t most, const struct jobset_visitor *v,
		  struct err *e)
{
	return first_ones(r, list, false, most, v, e);
}

int jobset_list(struct redis *r, const char *list, const struct jobset_visitor *v, struct err *e)
{
	int64_t from = 0, page = PAGE_FIRST;
	size_t got = 0, bytes = 0;
	int rc;

	do {
		rc = range(r, list, from, from + page - 1, false, false, v, &got, &bytes, e);
		from += page;
		page = next_page(bytes, got);
	} while (!rc && got);
	return rc < 0 ? -1 : 0;
}

int jobset_sample(struct redis *r, const char *list, int64_t most, const struct jobset_visitor *v,
		  struct err *e)
{
	int64_t n, pages = most / SAMPLE_PAGE, i;
	size_t got = 0, bytes = 0;
	int rc = 0;

	if (jobset_length(r, list, false, &n, e))
		return -1;
	if (n <= most)
		return jobset_list(r, list, v, e);
	for (i = 0; i < pages && !rc; i++)
		rc = range(r, list, n / pages * i, n / pages * i + SAMPLE_PAGE - 1, false, false, v,
			   &got, &bytes, e);
	return rc < 0 ? -1 : 1;
}

int jobset_length(struct redis *r, const char *key, bool zset, int64_t *n, struct err *e)
{
	struct redis_call c;

	redis_command(&c, zset ? "ZCARD" : "LLEN");
	redis_arg(&c, key);
	return redis_send_number(r, &c, n, e);
}

static int by_text(const void *a, const void *b)
{
	const redisReply *const *x = a, *const *y = b;

	return strcmp((*x)->str, (*y)->str);
}

int jobset_names(struct redis *r, const char *set, redisReply **names, struct err *e)
{
	struct redis_call c;

	redis_command(&c, "SMEMBERS");
	redis_arg(&c, set);
	if (array(r, &c, names, e))
		return -1;
	if ((*names)->elements) /* else there is no array at all */
		qsort((*names)->element, (*names)->elements, sizeof(redisReply *), by_text);
	return 0;
}

/* The lists that a set names: queues, or those in flight. */
static int visit_lists(struct redis *r, const char *set, bool queues, const struct jobset_visitor *v,
		       struct err *e)
{
	redisReply *names;
	char key[KEY_MAX];
	size_t i;
	int rc = 0;

	if (jobset_names(r, set, &names, e))
		return -1;
	for (i = 0; i < names->elements && !rc; i++) {
		const char *name = names->element[i]->str;

		if (names->element[i]->len < KEY_MAX / 2)
			rc = jobset_list(r, queues ? key_queue(key, name) : name, v, e);
	}
	freeReplyObject(names);
	return rc;
}

int jobset_waiting(struct redis *r, const struct jobset_visitor *v, struct err *e)
{
	if (jobset_scan(r, KEY_RETRY, v, e) || jobset_scan(r, KEY_SCHEDULE, v, e))
		return -1;
	return visit_lists(r, KEY_QUEUES, true, v, e) || visit_lists(r, KEY_INFLIGHT, false, v, e) ? -1 : 0;
}
