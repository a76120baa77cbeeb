/* bulk CHAT-ID INDEX: the limit of what jobs/index can reach: the messages of a chat are put into an index made for
 * this (and removed), as jobs/index would send them, and one refresh follows. All is read and written beforehand,
 * so that only Elasticsearch's own work is timed. Prints {"rows":…,"seconds":…}. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk.h"
#include "clock.h"
#include "db.h"
#include "document.h"
#include "elastic.h"

#define BATCHES 1000

struct bench {
	struct conf conf;
	struct db db;
	struct elastic el;
	struct bulk *batch[BATCHES];
	size_t n, rows;
	const char *index;
};

/* 0: there were none left */
static int read_batch(struct bench *b, uint64_t chat, uint64_t *number, struct err *e)
{
	const struct db_value values[] = { DB_U64(chat), DB_U64(*number), DB_U64((uint64_t)b->conf.index_rows) };
	struct bulk *bulk = malloc(sizeof(*bulk));
	size_t len, before = b->rows;
	const char *body;
	int rc = 0;

	if (!bulk || b->n == BATCHES || db_query(&b->db, DB_BACKFILL_REST, values, 1, e)) {
		free(bulk);
		return -1;
	}
	bulk_init(bulk);
	b->batch[b->n++] = bulk;
	while (!bulk_full(bulk) && (rc = db_next(&b->db, e)) > 0) {
		*number = db_number(&b->db, 1);
		body = db_text(&b->db, 4, &len);
		if (bulk_index(bulk, chat, (uint32_t)*number, (uint32_t)db_number(&b->db, 2), body, len, e)) {
			rc = -1;
			break;
		}
		b->rows++;
	}
	db_done(&b->db);
	return rc < 0 ? -1 : b->rows > before;
}

/* `what` is behind the index in the path. */
static int ask(struct bench *b, const char *method, const char *what, const char *body, size_t len, struct err *e)
{
	struct elastic_request r = { .method = method, .body = body, .len = len, .lines = what[0] != '\0',
				     .timeout_ms = 60000 };
	struct buf path = BUF_INIT;
	int rc;

	buf_addf(&path, "/%s%s", b->index, what);
	r.path = buf_str(&path);
	rc = elastic_send(&b->el, &r, e);
	buf_clear(&path);
	return rc ? -1 : b->el.status == 200 ? 0 : elastic_refused(&b->el, e);
}

static int send_all(struct bench *b, struct err *e)
{
	static const char what[] = "/_bulk?filter_path=items.*.status,items.*.error.type,items.*.error.reason";
	size_t i;

	for (i = 0; i < b->n; i++) {
		const struct buf *body = &b->batch[i]->body;

		if (body->len && ask(b, "POST", what, body->data, body->len, e))
			return -1;
	}
	return ask(b, "POST", "/_refresh", NULL, 0, e);
}

static int run(struct bench *b, uint64_t chat, struct err *e)
{
	const char *index = document_index();
	uint64_t number = 0;
	int64_t began;
	int rc;

	while ((rc = read_batch(b, chat, &number, e)) > 0)
		;
	if (rc || ask(b, "PUT", "", index, strlen(index), e))
		return -1;
	began = clock_mono_ms();
	rc = send_all(b, e);
	printf("{\"rows\":%zu,\"seconds\":%.3f}\n", b->rows, (double)(clock_mono_ms() - began) / 1000);
	return ask(b, "DELETE", "", NULL, 0, e) || rc ? -1 : 0;
}

int main(int argc, char **argv)
{
	static struct bench b;
	struct err e = ERR_INIT;
	int rc = 1;

	if (argc != 3)
		return 2;
	b.index = argv[2];
	if (conf_load(&b.conf, &e) || db_init(&b.db, &b.conf, DB_ROLE_JOB, NULL, &e) ||
	    elastic_init(&b.el, &b.conf, &e) || run(&b, strtoull(argv[1], NULL, 10), &e))
		fprintf(stderr, "bulk: %s\n", e.text);
	else
		rc = 0;
	while (b.n) {
		bulk_clear(b.batch[--b.n]);
		free(b.batch[b.n]);
	}
	elastic_clear(&b.el);
	db_clear(&b.db);
	conf_clear(&b.conf);
	return rc;
}
