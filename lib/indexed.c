/* Searches a chat on Elasticsearch. */
#include "indexed.h"

#include <stdio.h>

#include "elastic_query.h"
#include "tail.h"

/* Hits of the tail find their places among those of Elasticsearch. */
struct merge {
	struct hits *hits;
	const struct tail *tail;
	size_t at[TEXT_NONE]; /* in tail->hits: the next one of each class is here or behind */
};

/* The tail's next hit of this class that is above `number`, which it leaves in *found. */
static bool next_of_tail(struct merge *m, enum text_class class, uint32_t number, uint32_t *found)
{
	const struct tail_hit *hits = m->tail->hits;
	size_t *at = &m->at[class];

	while (*at < m->tail->hits_n && hits[*at].class != class)
		++*at;
	if (*at == m->tail->hits_n || hits[*at].number <= number)
		return false;
	*found = hits[(*at)++].number;
	return true;
}

static int add_of_tail(struct merge *m, enum text_class class, uint32_t above)
{
	uint32_t number;

	while (next_of_tail(m, class, above, &number))
		if (hits_add(m->hits, class, number))
			return -1;
	return 0;
}

static int add_rest_of_tail(struct merge *m)
{
	int class;

	for (class = 0; class < TEXT_NONE; class++)
		if (add_of_tail(m, (enum text_class)class, 0))
			return -1;
	return 0;
}

static int merge(struct hits *hits, const struct tail *tail, struct elastic_answer *answer, struct err *e)
{
	struct merge m = { .hits = hits, .tail = tail };
	struct elastic_hit hit;
	size_t listed = 0;
	int rc;

	while ((rc = elastic_answer_next(answer, &hit, e)) > 0) {
		if (add_of_tail(&m, hit.class, hit.number) || hits_add(hits, hit.class, hit.number))
			return err_memory(e);
		listed++;
	}
	if (rc < 0)
		return -1;
	hits->more = answer->total > listed ? answer->total - listed : 0;
	return add_rest_of_tail(&m) ? err_memory(e) : 0;
}

static int send_search(const struct indexed *s, const struct buf *path, const struct buf *body,
		const struct tail *tail, struct hits *hits, struct err *e)
{
	const struct elastic_request request = { .method = "POST", .path = buf_str(path),
						 .body = buf_str(body), .len = body->len,
						 .timeout_ms = s->timeout_ms };
	struct elastic_answer answer;
	struct json reply;

	if (elastic_json(s->elastic, &request, &reply, e))
		return -1;
	if (s->elastic->status != 200)
		return elastic_refused(s->elastic, e);
	return elastic_answer_read(&answer, reply, e) || merge(hits, tail, &answer, e) ? -1 : 0;
}

static int ask(const struct indexed *s, const struct tail *tail, struct hits *hits, struct err *e)
{
	const struct elastic_query q = { s->query, s->chat, s->wanted < HITS_MAX ? s->wanted : HITS_MAX,
					 s->timeout_ms, tail->numbers, tail->n };
	struct buf path = BUF_INIT, body = BUF_INIT;
	int rc = elastic_query_write(&q, tail->index, &path, &body, e);

	if (!rc)
		rc = send_search(s, &path, &body, tail, hits, e);
	buf_clear(&path);
	buf_clear(&body);
	return rc;
}

static void no_tail(struct tail *t, const char *index)
{
	t->n = t->hits_n = 0;
	snprintf(t->index, sizeof(t->index), "%s", index);
}

int indexed_run(const struct indexed *s, struct hits *hits, struct err *e)
{
	struct tail tail;
	int rc = 1;

	if (s->all_told)
		no_tail(&tail, s->index);
	else
		rc = tail_read(&tail, s->db, s->chat, s->query, e);
	if (rc <= 0)
		return rc;
	if (!*tail.index)
		err_set(e, ERR_ELASTIC, "no index is complete");
	else if (!ask(s, &tail, hits, e))
		return 1;
	hits_clear(hits);
	return e->code == ERR_ELASTIC ? 0 : -1;
}
