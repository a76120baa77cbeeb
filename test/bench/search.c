/* search CHAT-ID WORD: prints the URL at which Elasticsearch answers what fcgi/search would ask it for the first page
 * of such a search: the limit of what a search through the API can reach. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "elastic_query.h"
#include "text.h"

#define LIMIT 50 /* hits of a page, unless asked for otherwise */

static int print_url(const struct conf *c, const struct buf *path, const struct buf *body)
{
	char *source = curl_easy_escape(NULL, buf_str(body), (int)body->len);

	if (!source)
		return -1;
	printf("%s%s&source_content_type=application/json&source=%s\n", c->elasticsearch_url, buf_str(path), source);
	curl_free(source);
	return 0;
}

static int write_query(const struct conf *c, uint64_t chat, struct text_query *query, struct err *e)
{
	const struct elastic_query q = { .query = query, .chat = chat, .wanted = LIMIT,
					 .timeout_ms = c->elasticsearch_timeout_ms };
	struct buf path = BUF_INIT, body = BUF_INIT;
	int rc = elastic_query_write(&q, c->elasticsearch_index, &path, &body, e);

	if (!rc && print_url(c, &path, &body))
		rc = err_memory(e);
	buf_clear(&path);
	buf_clear(&body);
	return rc;
}

int main(int argc, char **argv)
{
	static struct conf conf;
	static struct text_query query;
	struct err e = ERR_INIT;
	int rc;

	if (argc != 3)
		return 2;
	rc = conf_load(&conf, &e);
	if (!rc)
		rc = text_query_init(&query, argv[2], strlen(argv[2]), &e);
	if (!rc)
		rc = write_query(&conf, strtoull(argv[1], NULL, 10), &query, &e);
	if (rc)
		fprintf(stderr, "search: %s\n", e.text);
	text_query_clear(&query);
	conf_clear(&conf);
	return rc != 0;
}
