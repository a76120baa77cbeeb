/* queue repair. */
#include <stdio.h>

#include "mend.h"
#include "verifying.h"

#define ROUNDS 6 /* what is mended may show more: a counter that was made, what was given above the rows */

static int keep(void *arg, const struct difference *d, struct err *e)
{
	struct verifying *w = arg;

	return buf_add(&w->found, d, sizeof(*d)) ? err_memory(e) : 0;
}

static int said(void *arg, const struct difference *d, bool done, struct err *e)
{
	struct verifying *w = arg;

	w->left += !done;
	if (w->json) {
		buf_addstr(&w->out, w->n ? "," : "");
		buf_addf(&w->out, "{\"mended\":%s,\"difference\":", done ? "true" : "false");
		difference_json(&w->out, d);
		buf_addch(&w->out, '}');
	} else {
		buf_addstr(&w->out, done ? "" : "left: ");
		difference_text(&w->out, d);
		buf_addch(&w->out, '\n');
	}
	w->n++;
	return verifying_print(w, e);
}

/* Looks for what is left, and mends it. 1: once more; 0: nothing is left, or nothing can be done; -1 */
static int round_of(struct verifying *w, struct mend *m, struct err *e)
{
	uint64_t before = w->n;

	buf_reset(&w->found, 65536);
	w->left = 0;
	w->verify.differences = 0;
	if (verify_all(&w->verify, e))
		return -1;
	if (!w->verify.differences)
		return 0;
	if (mend_all(m, (const void *)w->found.data, w->found.len / sizeof(struct difference), e))
		return -1;
	return w->n - before > w->left;
}

static int run(struct verifying *w, struct tool *t, int64_t most)
{
	struct mend m = { &t->redis, &t->db, w->verify.elastic, (uint64_t)most, said, w };
	struct err e = ERR_INIT;
	int rounds = 0, rc;

	if (w->json)
		buf_addstr(&w->out, "{\"repairs\":[");
	do
		rc = round_of(w, &m, &e);
	while (rc == 1 && ++rounds < ROUNDS);
	if (rc < 0)
		return tool_failed(w->c, &e);
	if (w->json)
		buf_addf(&w->out, "],\"left\":%llu}\n", (unsigned long long)w->verify.differences);
	else if (!w->n)
		buf_addstr(&w->out, "nothing to mend\n");
	if (verifying_print(w, &e))
		return tool_failed(w->c, &e);
	if (w->verify.differences && !w->json)
		fprintf(stderr, "%s: %llu left: queue verify says which\n", w->c->name,
			(unsigned long long)w->verify.differences);
	return w->verify.differences ? TOOL_BAD : TOOL_GOOD;
}

int repair_run(struct tool *t, const struct command *c, int argc, char **argv)
{
	struct verifying w = { .verify = { .found = keep } };
	int64_t most = 100000;
	bool all = false;
	const struct command_option options[] = {
		{ "--all", NULL, "all applications, and what belongs to none (without a token, too)", &all, NULL, NULL },
		{ "--most", "N", "fill gaps of at most so many numbers (100000)", NULL, &most, NULL },
		{ "--json", NULL, "one JSON document", &w.json, NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum command_start how = command_parse(c, options, &argc, argv);
	int status;

	if (how != COMMAND_RUN)
		return how == COMMAND_DONE ? TOOL_GOOD : TOOL_USAGE;
	status = verifying_parse(&w, t, c, all, argc, argv);
	status = status ? status : run(&w, t, most);
	buf_clear(&w.out);
	buf_clear(&w.found);
	return status;
}
