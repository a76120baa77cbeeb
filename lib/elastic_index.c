/* The indexes that documents are in. */
#include "elastic_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"

#define LOOK_MS 10000    /* for an answer that takes no work */
#define CHANGE_MS 60000  /* to make or remove an index, on a cluster that has much to do */
#define VERSION_MAX UINT64_C(999999999)

char *elastic_index_next(char name[SEARCH_NAME], const struct conf *conf)
{
	snprintf(name, SEARCH_NAME, "%s_next", conf->elasticsearch_index);
	return name;
}

char *elastic_index_name(char name[SEARCH_NAME], const struct conf *conf, uint64_t version)
{
	snprintf(name, SEARCH_NAME, "%s_v%llu", conf->elasticsearch_index, (unsigned long long)version);
	return name;
}

uint64_t elastic_index_version(const struct conf *conf, const char *name)
{
	size_t len = strlen(conf->elasticsearch_index);
	const char *digits;
	uint64_t n;

	if (strncmp(name, conf->elasticsearch_index, len) != 0 || strncmp(name + len, "_v", 2) != 0)
		return 0;
	digits = name + len + 2;
	if (!*digits || digits[strspn(digits, "0123456789")] || *digits == '0')
		return 0;
	n = strtoull(digits, NULL, 10);
	return n <= VERSION_MAX ? n : 0;
}

/* ------------------------------------------------------------------ asking */

/* Asks, and reads an answer with status 200. 1; 0: the answer is 404; -1. */
static int ask(struct elastic *el, const char *method, const struct buf *path, const struct buf *body,
	       struct json *root, struct err *e)
{
	const struct elastic_request r = { .method = method, .path = buf_str(path),
					   .body = body ? body->data : NULL, .len = body ? body->len : 0,
					   .until_stop = true, .timeout_ms = strcmp(method, "GET") ? CHANGE_MS : LOOK_MS };

	if (path->failed || (body && body->failed))
		return err_memory(e);
	if (elastic_json(el, &r, root, e))
		return -1;
	if (el->status == 404)
		return 0;
	return el->status == 200 ? 1 : elastic_refused(el, e);
}

static void read_text(struct json string, char *out, size_t size)
{
	struct buf text = BUF_INIT;

	json_string(string, &text, NULL);
	snprintf(out, size, "%s", buf_str(&text));
	buf_clear(&text);
}

static void read_index(struct json name, struct json index, struct elastic_look *l)
{
	struct json settings = json_member(json_member(index, "settings"), "index");

	if (l->n++)
		return;
	read_text(name, l->index.name, sizeof(l->index.name));
	read_text(json_member(settings, "uuid"), l->index.uuid, sizeof(l->index.uuid));
	json_u64(json_member(json_member(json_member(index, "mappings"), "_meta"), "mapping"), &l->mapping);
}

int elastic_index_find(struct elastic *el, const char *name, struct elastic_look *l, struct err *e)
{
	struct buf path = BUF_INIT;
	struct json root = { 0 }, key;
	size_t at = 1;
	int rc;

	memset(l, 0, sizeof(*l));
	buf_addf(&path, "/%s?expand_wildcards=all", name);
	rc = ask(el, "GET", &path, NULL, &root, e);
	buf_clear(&path);
	if (rc < 1)
		return rc;
	while ((key = json_next(root, &at)).len)
		read_index(key, json_next(root, &at), l);
	return 0;
}

int elastic_index_look(struct elastic *el, const char *alias, struct elastic_look *l, struct err *e)
{
	if (elastic_index_find(el, alias, l, e))
		return -1;
	if (!strcmp(l->index.name, alias))
		return err_set(e, ERR_ELASTIC, "elasticsearch: %.100s is an index, where an alias is needed: set "
			       "PARLEY_ELASTICSEARCH_INDEX to another name", alias);
	return 0;
}

int elastic_index_list(struct elastic *el, int (*seen)(void *arg, const char *name, bool active, struct err *e),
		       void *arg, struct err *e)
{
	const char *alias = el->conf->elasticsearch_index;
	struct buf path = BUF_INIT;
	struct json root = { 0 }, key, index;
	char name[SEARCH_NAME];
	size_t at = 1;
	int rc;

	buf_addf(&path, "/%s_v*/_alias?expand_wildcards=all", alias);
	rc = ask(el, "GET", &path, NULL, &root, e);
	buf_clear(&path);
	while (rc > 0 && (key = json_next(root, &at)).len) {
		index = json_next(root, &at);
		read_text(key, name, sizeof(name));
		if (elastic_index_version(el->conf, name) &&
		    seen(arg, name, json_member(json_member(index, "aliases"), alias).len, e))
			rc = -1;
	}
	return rc < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------ changing */

/* Asks for a change that Elasticsearch has to acknowledge. 0 or -1. */
static int change(struct elastic *el, const char *method, const struct buf *path, const struct buf *body,
		  struct err *e)
{
	struct json root = { 0 };
	int rc = ask(el, method, path, body, &root, e);

	if (rc < 0)
		return -1;
	if (!rc)
		return elastic_refused(el, e);
	if (json_kind(json_member(root, "acknowledged")) != JSON_TRUE)
		return err_set(e, ERR_ELASTIC, "elasticsearch: %s %.100s was not acknowledged in time", method,
			       buf_str(path));
	return 0;
}

static void add_alias_action(struct buf *body, const char *verb, const char *index, const char *alias)
{
	buf_addf(body, "%s{\"%s\":{\"index\":\"%s\",\"alias\":\"%s\"%s}}", body->len ? "," : "{\"actions\":[", verb,
		 index, alias, strcmp(verb, "add") ? ",\"must_exist\":false" : "");
}

static int send_actions(struct elastic *el, struct buf *body, struct err *e)
{
	struct buf path = BUF_INIT;
	int rc;

	buf_addstr(&path, "/_aliases");
	buf_addstr(body, "]}");
	rc = change(el, "POST", &path, body, e);
	buf_clear(&path);
	return rc;
}

/* Takes an alias from every index that has it. */
static int add_removals(struct elastic *el, const char *alias, struct buf *body, struct err *e)
{
	struct buf path = BUF_INIT;
	struct json root = { 0 }, key;
	char name[SEARCH_NAME];
	size_t at = 1;
	int rc;

	buf_addf(&path, "/_alias/%s?expand_wildcards=all", alias);
	rc = ask(el, "GET", &path, NULL, &root, e);
	buf_clear(&path);
	while (rc > 0 && (key = json_next(root, &at)).len) {
		json_next(root, &at);
		read_text(key, name, sizeof(name));
		add_alias_action(body, "remove", name, alias);
	}
	return rc < 0 ? -1 : 0;
}

/* The alias leads to this index and to no other; `less` (may be NULL) leads nowhere. */
static int lead(struct elastic *el, const char *name, const char *alias, const char *less, struct err *e)
{
	struct elastic_look l;
	struct buf body = BUF_INIT;
	int rc = add_removals(el, alias, &body, e);

	if (!rc && less)
		rc = add_removals(el, less, &body, e);
	if (!rc) {
		add_alias_action(&body, "add", name, alias);
		rc = send_actions(el, &body, e);
	}
	buf_clear(&body);
	if (rc || elastic_index_look(el, alias, &l, e))
		return -1;
	if (l.n != 1 || strcmp(l.index.name, name) != 0)
		return err_set(e, ERR_ELASTIC, "elasticsearch: the alias %.80s leads elsewhere than to %.80s", alias,
			       name);
	return 0;
}

static int put(struct elastic *el, const char *name, struct err *e)
{
	struct buf path = BUF_INIT, body = BUF_INIT;
	int rc;

	buf_addf(&path, "/%s", name);
	buf_addstr(&body, document_index());
	rc = change(el, "PUT", &path, &body, e);
	buf_clear(&path);
	buf_clear(&body);
	return rc;
}

int elastic_index_create(struct elastic *el, struct search_index *i, struct err *e)
{
	char next[SEARCH_NAME];
	struct elastic_look l;

	elastic_index_next(next, el->conf);
	if (elastic_index_delete(el, i->name, e) || put(el, i->name, e) || lead(el, i->name, next, NULL, e) ||
	    elastic_index_look(el, next, &l, e))
		return -1;
	*i = l.index;
	return 0;
}

int elastic_index_swap(struct elastic *el, const char *name, struct err *e)
{
	char next[SEARCH_NAME];

	return lead(el, name, el->conf->elasticsearch_index, elastic_index_next(next, el->conf), e);
}

int elastic_index_lead(struct elastic *el, const char *name, struct err *e)
{
	return lead(el, name, el->conf->elasticsearch_index, NULL, e);
}

int elastic_index_unlead(struct elastic *el, struct err *e)
{
	struct buf body = BUF_INIT;
	int rc = add_removals(el, el->conf->elasticsearch_index, &body, e);

	if (!rc && body.len)
		rc = send_actions(el, &body, e);
	buf_clear(&body);
	return rc;
}

int elastic_index_delete(struct elastic *el, const char *name, struct err *e)
{
	struct buf path = BUF_INIT;
	struct json root = { 0 };
	int rc;

	buf_addf(&path, "/%s", name);
	rc = ask(el, "DELETE", &path, NULL, &root, e);
	buf_clear(&path);
	return rc < 0 ? -1 : 0;
}

/* A shard that is away is not counted among those that failed. */
int elastic_index_refresh(struct elastic *el, const char *name, int64_t timeout_ms, struct err *e)
{
	struct buf path = BUF_INIT;
	struct elastic_request r = { .method = "POST", .until_stop = true, .timeout_ms = timeout_ms };
	struct json root = { 0 }, shards;
	uint64_t failed = 1, good = 0;
	int rc;

	buf_addf(&path, "/%s/_refresh", name);
	r.path = buf_str(&path);
	rc = path.failed ? err_memory(e) : elastic_json(el, &r, &root, e);
	buf_clear(&path);
	if (rc)
		return -1;
	if (el->status == 404)
		return 0;
	if (el->status != 200)
		return elastic_refused(el, e);
	shards = json_member(root, "_shards");
	json_u64(json_member(shards, "failed"), &failed);
	json_u64(json_member(shards, "successful"), &good);
	if (failed || !good)
		return err_set(e, ERR_ELASTIC, "elasticsearch: a shard of %.100s did not refresh", name);
	return 1;
}
