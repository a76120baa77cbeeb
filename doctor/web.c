/* The web server: does it ask the programs, and hand on what they need? */
#include "doctor.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 10000L

struct answer {
	long status;      /* 0: none */
	char type[64];    /* Content-Type */
	char error[CURL_ERROR_SIZE];
};

static size_t ignore(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * n;
}

static void get(CURL *curl, const char *base, const char *path, const char *key, struct answer *a)
{
	struct curl_slist *headers = NULL;
	struct buf url = BUF_INIT, authorization = BUF_INIT;
	const char *type = NULL;

	memset(a, 0, sizeof(*a));
	buf_addf(&url, "%s%s", base, path);
	buf_addf(&authorization, "Authorization: Bearer %s", key);
	if (*key)
		headers = curl_slist_append(NULL, buf_str(&authorization));
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, buf_str(&url));
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, WAIT_MS);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, a->error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	if (!curl_easy_perform(curl)) {
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
		curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
		snprintf(a->type, sizeof(a->type), "%s", type ? type : "");
	}
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	buf_clear(&url);
	buf_clear(&authorization);
}

static bool is_json(const struct answer *a)
{
	return strstr(a->type, "json") != NULL;
}

/* A path that no program knows, with bytes that a web server might decode, or answer itself. */
static void look_at_paths(struct doctor *d, CURL *curl, const char *base)
{
	struct answer a;

	get(curl, base, "/a%2Fb//c", "", &a);
	if (a.status == 503) /* no program is there: that is said elsewhere */
		return;
	if (a.status != 404 || strncmp(a.type, "application/problem+json", 24) != 0)
		doctor_say(d, DOCTOR_WARN,
			   "have it hand on each path as it was sent (AllowEncodedSlashes NoDecode; merge_slashes off; url-normalize "
			   "disable) and to the programs alone",
			   "%s/a%%2Fb//c is answered %ld %s, not by a program", base, a.status, a.type);
}

static void look_at_key(struct doctor *d, CURL *curl, const char *base)
{
	struct answer a;

	get(curl, base, "/metrics", d->tool.conf.admin_key, &a);
	if (a.status == 401)
		doctor_say(d, DOCTOR_FAIL,
			   "have it hand on the header (Apache: CGIPassAuth On), and have the programs read the settings of now "
			   "(kill -HUP $(cat var/run/api.pid))",
			   "PARLEY_ADMIN_KEY is refused: %s keeps Authorization to itself, or api has another key", base);
}

/* Its /health is 503, too, if MySQL or Redis is away: that is said elsewhere. */
static void look_at(struct doctor *d, CURL *curl, const char *name, const char *base)
{
	unsigned before = doctor_worse(d);
	struct answer a;

	get(curl, base, "/health", "", &a);
	if (!a.status) {
		doctor_say(d, DOCTOR_FAIL,
			   "start it (parley web), or say where it is: --api URL, --writer URL; its log is in var/log", "%s: %s: %s",
			   name, base, a.error);
		return;
	}
	if ((a.status != 200 && a.status != 503) || !is_json(&a)) {
		doctor_say(d, DOCTOR_FAIL, "have it ask the program for all paths (share/parley has a snippet for each web server)",
			   "%s: %s/health is answered %ld %s", name, base, a.status, a.type);
		return;
	}
	look_at_paths(d, curl, base);
	if (*d->tool.conf.admin_key && !strcmp(name, "api"))
		look_at_key(d, curl, base);
	if (doctor_worse(d) == before)
		doctor_say(d, DOCTOR_OK, NULL, "%s answers at %s", name, base);
}

/* Where a listener on BIND can be asked from here. */
static void url_of(const struct conf *c, int64_t port, struct buf *url)
{
	const char *host = c->bind;

	if (!strcmp(host, "0.0.0.0"))
		host = "127.0.0.1";
	else if (!strcmp(host, "::"))
		host = "::1";
	buf_addf(url, strchr(host, ':') ? "http://[%s]:%lld" : "http://%s:%lld", host, (long long)port);
}

void doctor_web(struct doctor *d)
{
	const struct conf *c = &d->tool.conf;
	struct buf api = BUF_INIT, writer = BUF_INIT;
	CURL *curl = curl_easy_init();

	url_of(c, c->api_port, &api);
	url_of(c, c->writer_port, &writer);
	if (curl) {
		look_at(d, curl, "api", d->api ? d->api : buf_str(&api));
		look_at(d, curl, "writer", d->writer ? d->writer : buf_str(&writer));
		curl_easy_cleanup(curl);
	}
	buf_clear(&api);
	buf_clear(&writer);
}
