/* Are the parts there? */
#include "health.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

#define ELASTIC_TIMEOUT_MS 1000L

const char *health_word(enum health_status s)
{
	static const char *const words[] = {
		[HEALTH_OK] = "ok", [HEALTH_DOWN] = "down", [HEALTH_DISABLED] = "disabled",
	};

	return words[s];
}

bool health_redis(struct redis *r)
{
	struct redis_call c;

	redis_command(&c, "PING");
	return !redis_send(r, &c, NULL, NULL);
}

bool health_mysql(struct db *db)
{
	int rc = db_row(db, DB_PING, NULL, 1, NULL);

	db_done(db);
	return rc == 1;
}

static size_t ignore(char *data, size_t size, size_t n, void *arg)
{
	(void)data;
	(void)arg;
	return size * n;
}

static bool health_elasticsearch(const char *url)
{
	CURL *curl = curl_easy_init();
	char address[1024];
	CURLcode rc;

	if (!curl)
		return false;
	snprintf(address, sizeof(address), "%s/_cluster/health?timeout=1s", url);
	curl_easy_setopt(curl, CURLOPT_URL, address);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ELASTIC_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	rc = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	return rc == CURLE_OK;
}

static void note(struct health_part *part, bool ok, int64_t began_us)
{
	part->status = ok ? HEALTH_OK : HEALTH_DOWN;
	part->latency_us = clock_wall_us() - began_us;
}

void health_check(struct health *h, struct redis *r, struct db *db)
{
	int64_t began = clock_wall_us();

	memset(h, 0, sizeof(*h));
	note(&h->redis, health_redis(r), began);
	/* also when it answers PING with an error: what it tells of itself says why */
	h->durability_known = !durability_read(&h->durability, r, NULL);
	if (h->redis.status == HEALTH_OK)
		h->depth_known = !queue_depth(r, clock_wall_us(), &h->depth, NULL);
	began = clock_wall_us();
	note(&h->mysql, health_mysql(db), began);
	if (!*r->conf->elasticsearch_url) {
		h->elasticsearch.status = HEALTH_DISABLED;
		return;
	}
	began = clock_wall_us();
	note(&h->elasticsearch, health_elasticsearch(r->conf->elasticsearch_url), began);
}

bool health_good(const struct health *h)
{
	return h->mysql.status != HEALTH_DOWN && h->redis.status != HEALTH_DOWN &&
	       h->elasticsearch.status != HEALTH_DOWN;
}
