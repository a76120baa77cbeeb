/* queue verify. */
#include "verify.h"

#include <stdio.h>
#include <string.h>

#include "show.h"
#include "tool.h"
#include "verifying.h"

int verifying_parse(struct verifying *w, struct tool *t, const struct command *c, bool all, int words,
		    char **word)
{
	const struct db_value token[] = { DB_STR(words ? word[0] : "") };
	struct err e = ERR_INIT;
	int rc, status;

	if (all && words)
		return command_usage(c, "a token, or --all", ""), TOOL_USAGE;
	status = tool_open(t);
	if (status)
		return status;
	w->c = c;
	w->verify.redis = &t->redis;
	w->verify.db = &t->db;
	w->verify.elastic = elastic_configured(&t->conf) ? &t->elastic : NULL;
	w->verify.arg = w;
	if (!words)
		return TOOL_GOOD;
	rc = db_row(&t->db, DB_APPLICATION_ID, token, 1, &e);
	if (!rc)
		err_set(&e, ERR_INVALID, "there is no application with this token");
	if (rc < 1)
		return tool_failed(c, &e);
	w->verify.application = db_number(&t->db, 0);
	db_done(&t->db);
	return TOOL_GOOD;
}

int verifying_print(struct verifying *w, struct err *e)
{
	if (w->out.failed)
		return err_memory(e);
	if (w->out.len && fwrite(w->out.data, 1, w->out.len, stdout) != w->out.len)
		return err_sys(e, "standard output");
	buf_reset(&w->out, 65536);
	return 0;
}

static int found(void *arg, const struct difference *d, struct err *e)
{
	struct verifying *w = arg;

	if (!w->json) {
		difference_text(&w->out, d);
		buf_addch(&w->out, '\n');
		return verifying_print(w, e);
	}
	buf_addstr(&w->out, w->n++ ? "," : "");
	difference_json(&w->out, d);
	return verifying_print(w, e);
}

/* In JSON they stand behind the differences, in an array of their own. */
static int renumbered(void *arg, const struct renumbered *r, struct err *e)
{
	struct verifying *w = arg;

	if (w->json)
		buf_addf(&w->out, "%s{\"application\":\"%.6s\",\"chat\":%lu,\"number\":%lu,\"given_number\":%lu}",
			 w->renumbered++ ? "," : "],\"renumbered\":[", r->token, (unsigned long)r->chat,
			 (unsigned long)r->number, (unsigned long)r->given_number);
	else
		buf_addf(&w->out, "note: %.6s chat %lu: message %lu was accepted as %lu\n", r->token,
			 (unsigned long)r->chat, (unsigned long)r->number, (unsigned long)r->given_number);
	return verifying_print(w, e);
}

static void add_count(struct buf *out, uint64_t n, const char *what, const char *behind)
{
	show_number(out, (int64_t)n);
	buf_addf(out, " %s%s%s", what, n == 1 ? "" : "s", behind);
}

static void add_end(struct verifying *w)
{
	const struct verify *v = &w->verify;

	if (w->json) {
		buf_addf(&w->out,
			 "%s],\"applications\":%llu,\"chats\":%llu,\"messages\":%llu,\"jobs\":%llu",
			 w->renumbered ? "" : "],\"renumbered\":[", (unsigned long long)v->applications,
			 (unsigned long long)v->chats, (unsigned long long)v->messages,
			 (unsigned long long)v->jobs);
		if (v->elastic)
			buf_addf(&w->out, ",\"documents\":%llu", (unsigned long long)v->documents);
		buf_addstr(&w->out, "}\n");
		return;
	}
	if (v->differences)
		return;
	buf_addstr(&w->out, "no difference: ");
	add_count(&w->out, v->applications, "application", ", ");
	add_count(&w->out, v->chats, "chat", ", ");
	add_count(&w->out, v->messages, "message", v->elastic ? ", " : " compared; ");
	if (v->elastic)
		add_count(&w->out, v->documents, "document", " compared; ");
	add_count(&w->out, v->jobs, "job", v->jobs == 1 ? " waits\n" : " wait\n");
}

static int run(struct verifying *w)
{
	struct err e = ERR_INIT;
	int rc;

	if (w->json)
		buf_addstr(&w->out, "{\"differences\":[");
	rc = verify_all(&w->verify, &e);
	if (!rc) {
		add_end(w);
		rc = verifying_print(w, &e);
	}
	if (rc)
		return tool_failed(w->c, &e);
	if (w->verify.differences && !w->json)
		fprintf(stderr, "%llu difference%s\n", (unsigned long long)w->verify.differences,
			w->verify.differences == 1 ? "" : "s");
	return w->verify.differences ? TOOL_BAD : TOOL_GOOD;
}

int verify_run(struct tool *t, const struct command *c, int argc, char **argv)
{
	struct verifying w = { .verify = { .found = found, .renumbered = renumbered } };
	bool all = false;
	const struct command_option options[] = {
		{ "--all", NULL, "all applications, and what belongs to none (without a token, too)", &all, NULL, NULL },
		{ "--json", NULL, "one JSON document", &w.json, NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum command_start how = command_parse(c, options, &argc, argv);
	int status;

	if (how != COMMAND_RUN)
		return how == COMMAND_DONE ? TOOL_GOOD : TOOL_USAGE;
	status = verifying_parse(&w, t, c, all, argc, argv);
	status = status ? status : run(&w);
	buf_clear(&w.out);
	return status;
}
