/* search CHAT-ID REQUESTS WORD: the limit of what a search through the API can reach: what fcgi/search would ask
 * Elasticsearch for (its first page), asked of that alone, again and again. Prints the median,
 * {"p50_us":…,"total":…}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "elastic.h"
#include "elastic_query.h"
#include "text.h"

#define LIMIT 50 /* hits of a page, unless asked for otherwise */
#define REQUESTS 10000

struct bench {
	struct conf conf;
	struct elastic el;
	struct text_query query;
	struct buf path, body;
	int64_t took_us[REQUESTS];
	size_t n;
	uint64_t total; /* hits */
};

static int one(struct bench *b, struct err *e)
{
	const struct elastic_request r = { .method = "POST", .path = buf_str(&b->path), .body = buf_str(&b->body),
					   .len = b->body.len, .timeout_ms = 10000 };
	struct elastic_answer answer;
	struct json root;
	int64_t began = clock_wall_us();

	if (elastic_json(&b->el, &r, &root, e))
		return -1;
	b->took_us[b->n++] = clock_wall_us() - began;
	if (b->el.status != 200)
		return elastic_refused(&b->el, e);
	if (elastic_answer_read(&answer, root, e))
		return -1;
	b->total = answer.total;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int run(struct bench *b, uint64_t chat, size_t requests, const char *q, struct err *e)
{
	struct elastic_query query = { .query = &b->query, .chat = chat, .wanted = LIMIT };

	if (conf_load(&b->conf, e) || elastic_init(&b->el, &b->conf, e) ||
	    text_query_init(&b->query, q, strlen(q), e))
		return -1;
	query.timeout_ms = b->conf.elasticsearch_timeout_ms;
	if (elastic_query_write(&query, b->conf.elasticsearch_index, &b->path, &b->body, e))
		return -1;
	while (b->n < requests)
		if (one(b, e))
			return -1;
	qsort(b->took_us, b->n, sizeof(*b->took_us), by_time);
	printf("{\"p50_us\":%lld,\"total\":%llu}\n", (long long)b->took_us[b->n / 2],
	       (unsigned long long)b->total);
	return 0;
}

int main(int argc, char **argv)
{
	static struct bench b;
	struct err e = ERR_INIT;
	size_t requests = argc == 4 ? strtoull(argv[2], NULL, 10) : 0;
	int rc;

	if (!requests || requests > REQUESTS)
		return 2;
	rc = run(&b, strtoull(argv[1], NULL, 10), requests, argv[3], &e);
	if (rc)
		fprintf(stderr, "search: %s\n", e.text);
	buf_clear(&b.path);
	buf_clear(&b.body);
	text_query_clear(&b.query);
	elastic_clear(&b.el);
	conf_clear(&b.conf);
	return rc != 0;
}
