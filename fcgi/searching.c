/* Searching a chat's messages. */
#include <string.h>

#include "clock.h"
#include "groups.h"
#include "indexed.h"
#include "log.h"
#include "messages.h"
#include "page.h"
#include "scan.h"
#include "view.h"

struct search {
	struct text_query query;
	const char *q; /* borrowed from the request */
	uint64_t limit, page;
	struct hits hits;
	uint32_t number[PAGE_LIMIT_MAX]; /* the page's messages, in the order of the answer */
	struct buf item[PAGE_LIMIT_MAX]; /* their JSON; owned */
	size_t n;
	bool incomplete;
	const char *source; /* the engine that has found the hits */
};

#define ON_MYSQL "mysql"
#define ON_ELASTICSEARCH "elasticsearch"

static uint64_t page_of(uint64_t hit, uint64_t limit)
{
	return (hit + limit - 1) / limit;
}

/* ------------------------------------------------------------------ the parameters */

static bool bad_parameter(struct reply *p, const char *text)
{
	reply_problem(p, PROBLEM_BAD_PARAMETER, text);
	return false;
}

static bool read_q(struct search *s, const struct request *r, struct reply *p)
{
	struct err e = ERR_INIT, why = ERR_INIT;

	s->q = query_get(&r->query, "q");
	if (query_count(&r->query, "q") != 1)
		return bad_parameter(p, s->q ? "q is given twice" : "q is missing");
	if (!text_query_init(&s->query, s->q, strlen(s->q), &why))
		return true;
	err_set(&e, why.code, why.code == ERR_INVALID ? "q %s" : "%s", why.text);
	if (e.code == ERR_INVALID)
		return bad_parameter(p, e.text);
	reply_error(p, &e);
	return false;
}

/* False: the reply is filled in. */
static bool read_parameters(struct search *s, const struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;

	s->page = 1;
	if (!read_q(s, r, p) || !page_limit(&s->limit, r, p))
		return false;
	if (query_number(&r->query, "page", 1, page_of(HITS_MAX, s->limit), &s->page, &e) < 0)
		return bad_parameter(p, e.text);
	return true;
}

/* ------------------------------------------------------------------ the page */

static void add_hit(struct buf *json, const struct db *db, const struct buf *highlight)
{
	buf_addch(json, '{');
	message_members(json, db, 0);
	member_text(json, "highlight", buf_str(highlight), highlight->len);
	buf_addch(json, '}');
}

/* The current row's JSON; none when it was edited since it was found and matches no longer. */
static int make_item(struct search *s, const struct db *db, struct buf *item, struct err *e)
{
	struct buf highlight = BUF_INIT;
	enum text_class class;
	size_t len;
	const char *body = db_text(db, 1, &len);
	int rc = text_match(&s->query, body, len, &class, e);

	if (!rc && class != TEXT_NONE) {
		rc = text_highlight(&s->query, body, len, &highlight, e);
		if (!rc)
			add_hit(item, db, &highlight);
	}
	buf_clear(&highlight);
	return rc;
}

static size_t place_of(const struct search *s, uint64_t number)
{
	size_t i = 0;

	while (i < s->n && s->number[i] != number)
		i++;
	return i;
}

/* Items stand where their hit stands; the rows come in another order. */
static int read_items(struct search *s, struct db *db, uint64_t chat, struct err *e)
{
	struct db_value values[1 + PAGE_LIMIT_MAX] = { DB_U64(chat) };
	size_t i;
	int rc;

	for (i = 0; i < s->n; i++)
		values[1 + i] = (struct db_value)DB_U64(s->number[i]);
	if (db_query(db, DB_SEARCH_PAGE, values, s->n, e))
		return -1;
	while ((rc = db_next(db, e)) > 0) {
		i = place_of(s, db_number(db, 0));
		if (i < s->n && make_item(s, db, &s->item[i], e)) {
			rc = -1;
			break;
		}
	}
	db_done(db);
	return rc;
}

static void add_items(const struct search *s, struct buf *json)
{
	size_t i, n = 0;

	buf_addch(json, '[');
	for (i = 0; i < s->n; i++) {
		if (s->item[i].failed)
			json->failed = true;
		if (!s->item[i].len)
			continue;
		buf_addstr(json, n++ ? "," : "");
		buf_add(json, s->item[i].data, s->item[i].len);
	}
	buf_addch(json, ']');
}

/* ------------------------------------------------------------------ the links */

/* Whatever is not unreserved (RFC 3986) is escaped. */
static void add_encoded(struct buf *out, const char *text)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";

	for (; *text; text++) {
		if (strchr(unreserved, *text))
			buf_addch(out, *text);
		else
			buf_addf(out, "%%%02X", (unsigned char)*text);
	}
}

static void link_to(struct buf *out, const struct search *s, const struct request *r,
		    uint64_t page, const char *rel)
{
	buf_addf(out, "%s</applications/%s/chats/%u/messages/search?q=", out->len ? ", " : "",
		 r->token, r->number[0]);
	add_encoded(out, s->q);
	buf_addf(out, "&limit=%llu&page=%llu>; rel=\"%s\"", (unsigned long long)s->limit,
		 (unsigned long long)page, rel);
}

static void add_links(const struct search *s, const struct request *r, struct reply *p)
{
	uint64_t last = page_of(hits_total(&s->hits), s->limit);
	struct buf links = BUF_INIT;

	if (s->page < last)
		link_to(&links, s, r, s->page + 1, "next");
	if (s->page > 1 && s->page <= last)
		link_to(&links, s, r, s->page - 1, "prev");
	if (last)
		link_to(&links, s, r, last, "last");
	if (links.len)
		reply_header(p, "Link", "%s", buf_str(&links));
	if (links.failed)
		p->headers.failed = true;
	buf_clear(&links);
}

/* ------------------------------------------------------------------ the answer */

static void answer(const struct search *s, const struct request *r, struct reply *p)
{
	reply_json(p, 200);
	add_links(s, r, p);
	reply_header(p, "X-Total-Count", "%zu", hits_total(&s->hits));
	reply_header(p, "X-Search-Source", "%s", s->source);
	if (s->incomplete)
		reply_header(p, "X-Search-Incomplete", "true");
	add_items(s, &p->body);
}

/* ------------------------------------------------------------------ the two engines */

/* Once for all searches that follow each other on the same engine. */
static void tell(struct service *service, bool fell_back, const struct err *why)
{
	if (fell_back && !service->fell_back)
		LOG(LOG_WARN, "searches fall back to MySQL", LOG_S("error", why->text));
	if (!fell_back && service->fell_back)
		LOG(LOG_INFO, "searches go to Elasticsearch again",
		    LOG_S("index", service->conf.elasticsearch_index));
	service->fell_back = fell_back;
}

/* 1: done; 0: Elasticsearch cannot answer now; -1 */
static int on_elasticsearch(struct search *s, struct service *service, const struct view_chat *chat,
			    struct err *e)
{
	const struct conf *c = &service->conf;
	int64_t share = c->search_budget_ms / 2 + 1;
	const struct indexed indexed = {
		.db = &service->db,
		.elastic = &service->elastic,
		.query = &s->query,
		.index = chat->index,
		.chat = chat->id,
		.all_told = chat->all_told,
		.timeout_ms = share < c->elasticsearch_timeout_ms ? share : c->elasticsearch_timeout_ms,
		.wanted = s->page * s->limit,
	};
	struct err why = ERR_INIT;
	int rc = indexed_run(&indexed, &s->hits, &why);

	if (rc < 0)
		return err_set(e, why.code, "%s", why.text);
	if (rc)
		s->source = ON_ELASTICSEARCH;
	else
		metrics_add(&service->metrics, METRICS_FALLBACKS, NULL, 1);
	if (rc || why.code)
		tell(service, !rc, &why);
	return rc;
}

/* Scans until `until_ms`. 0 or -1 */
static int on_mysql(struct search *s, struct service *service, uint64_t chat, int64_t until_ms,
		    struct err *e)
{
	int64_t left_ms = until_ms - clock_mono_ms();
	const struct scan scan = { &service->db, &s->query, chat, left_ms > 1 ? left_ms : 1,
				   s->page * s->limit };
	int rc = scan_run(&scan, &s->hits, e);

	s->source = ON_MYSQL;
	s->incomplete = !rc;
	return rc < 0 ? -1 : 0;
}

static int find_hits(struct search *s, struct service *service, const struct view_chat *chat, struct err *e)
{
	int64_t until_ms = clock_mono_ms() + service->conf.search_budget_ms;
	int rc = 0;

	if (elastic_configured(&service->conf) && text_query_possible(&s->query))
		rc = on_elasticsearch(s, service, chat, e);
	return rc ? rc : on_mysql(s, service, chat->id, until_ms, e);
}

static int find(struct search *s, struct service *service, const struct view_chat *chat, struct err *e)
{
	if (find_hits(s, service, chat, e) < 0)
		return -1;
	s->n = hits_get(&s->hits, (s->page - 1) * s->limit, s->limit, s->number);
	return s->n ? read_items(s, &service->db, chat->id, e) : 0;
}

static void search_chat(struct search *s, struct service *service, const struct view_chat *chat,
			const struct request *r, struct reply *p)
{
	struct err e = ERR_INIT;

	if (find(s, service, chat, &e))
		reply_error(p, &e);
	else
		answer(s, r, p);
}

static void search_clear(struct search *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		buf_clear(&s->item[i]);
	hits_clear(&s->hits);
	text_query_clear(&s->query);
}

static void search(struct service *service, struct request *r, struct reply *p)
{
	struct search s = { .hits = HITS_INIT, .source = ON_MYSQL };
	struct view_chat chat;

	if (read_parameters(&s, r, p)) {
		switch (view_chat_searched(service, r, &chat, p)) {
		case VIEW_ANSWERED:
			break;
		case VIEW_QUEUED: /* accepted, and empty so far */
			answer(&s, r, p);
			break;
		case VIEW_THERE:
			if (view_messages_stored(service, &chat, p))
				search_chat(&s, service, &chat, r, p);
			break;
		}
	}
	search_clear(&s);
}

const struct route searching_routes[] = {
	{ HTTP_GET, "/applications/:token/chats/:number/messages/search", search, 0 },
	{ HTTP_OTHER, NULL, NULL, 0 },
};
