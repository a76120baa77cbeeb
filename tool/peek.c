/* queue peek. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "jobset.h"
#include "key.h"
#include "place.h"
#include "show.h"
#include "tool.h"

#define CLASS_CHARS 60
#define ARGS_CHARS 100
#define ERROR_CHARS 200

struct peek {
	const struct command *c;
	struct tool *t;
	const struct place *place;
	int64_t limit, seen;
	bool json;
	struct buf out;
};

/* ------------------------------------------------------------------ for people */

static void add_field(struct buf *out, const char *name, struct json value, size_t most)
{
	if (!value.len)
		return;
	buf_addf(out, "    %-14s", name);
	show_json(out, value, most);
	buf_addch(out, '\n');
}

static void add_time(struct buf *out, const struct job *j, const char *name)
{
	char text[SHOW_TIME];
	int64_t us;

	if (job_time(j, name, &us))
		buf_addf(out, "    %-14s%s\n", name, show_time(text, us));
}

static void add_job(struct peek *p, const struct job *j, const struct jobset_entry *entry)
{
	char text[SHOW_TIME];

	buf_addf(&p->out, "%s  ", p->place->name);
	if (*j->jid)
		show_text(&p->out, j->jid, strlen(j->jid), JOB_JID);
	else
		buf_addstr(&p->out, "(no jid)");
	buf_addstr(&p->out, "  ");
	show_class(&p->out, j, CLASS_CHARS);
	buf_addch(&p->out, '\n');
	if (!j->root.len)
		buf_addstr(&p->out, "    no payload    ");
	if (!j->root.len)
		show_text(&p->out, entry->text, entry->len, ARGS_CHARS);
	if (!j->root.len)
		buf_addch(&p->out, '\n');
	add_field(&p->out, "args", j->args, ARGS_CHARS);
	add_time(&p->out, j, "created_at");
	if (entry->score)
		buf_addf(&p->out, "    %-14s%s\n", p->place->score, show_time(text, entry->at_us));
	add_field(&p->out, "retry_count", json_member(j->root, "retry_count"), 20);
	add_field(&p->out, "error_class", json_member(j->root, "error_class"), CLASS_CHARS);
	add_field(&p->out, "error_message", json_member(j->root, "error_message"), ERROR_CHARS);
	add_time(&p->out, j, "failed_at");
	add_time(&p->out, j, "retried_at");
}

/* ------------------------------------------------------------------ for scripts */

static void member(struct buf *out, const char *name, struct json value, size_t most)
{
	struct buf text = BUF_INIT;

	if (!value.len)
		return;
	show_json(&text, value, most);
	buf_addf(out, ",\"%s\":", name);
	json_quote(out, buf_str(&text), text.len);
	buf_clear(&text);
}

static void member_time(struct buf *out, const struct job *j, const char *name)
{
	int64_t us;

	if (job_time(j, name, &us))
		show_member_time(out, name, us);
}

static void add_line(struct peek *p, const struct job *j, const struct jobset_entry *entry)
{
	struct buf *out = &p->out;

	buf_addf(out, "{\"place\":\"%s\",\"bytes\":%zu", p->place->name, entry->len);
	if (*j->jid)
		show_member(out, "jid", j->jid, strlen(j->jid), JOB_JID);
	member(out, "class", j->name, CLASS_CHARS);
	member(out, "args", j->args, ARGS_CHARS);
	if (j->id)
		buf_addf(out, ",\"id\":%llu", (unsigned long long)j->id);
	if (j->number)
		buf_addf(out, ",\"number\":%lu", (unsigned long)j->number);
	member_time(out, j, "created_at");
	if (entry->score)
		show_member_time(out, p->place->score, entry->at_us);
	if (j->failed_before)
		buf_addf(out, ",\"retry_count\":%llu", (unsigned long long)j->retry_count);
	member(out, "error_class", json_member(j->root, "error_class"), CLASS_CHARS);
	member(out, "error_message", json_member(j->root, "error_message"), ERROR_CHARS);
	member_time(out, j, "failed_at");
	member_time(out, j, "retried_at");
	buf_addstr(out, "}\n");
}

/* ------------------------------------------------------------------ the command */

static int see(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct peek *p = arg;
	struct job j;

	if (job_parse(&j, entry->text, entry->len, 0, e))
		return -1;
	if (p->json)
		add_line(p, &j, entry);
	else
		add_job(p, &j, entry);
	p->seen++;
	if (p->out.failed)
		return err_memory(e);
	return tool_print(p->c, &p->out) ? 1 : p->seen >= p->limit;
}

static int peek_flights(struct peek *p, const struct jobset_visitor *v, struct err *e)
{
	redisReply *lists;
	size_t i;
	int rc = 0;

	if (jobset_names(&p->t->redis, KEY_INFLIGHT, &lists, e))
		return -1;
	for (i = 0; i < lists->elements && !rc && p->seen < p->limit; i++)
		rc = jobset_oldest(&p->t->redis, lists->element[i]->str, p->limit - p->seen, v, e);
	freeReplyObject(lists);
	return rc;
}

static int peek_place(struct peek *p, struct err *e)
{
	const struct jobset_visitor v = { see, p };
	char key[KEY_MAX];

	p->seen = 0;
	switch (p->place->kind) {
	case PLACE_ZSET:
		return jobset_first(&p->t->redis, p->place->name, p->limit, &v, e);
	case PLACE_FLIGHT:
		return peek_flights(p, &v, e);
	case PLACE_QUEUE:
		break;
	}
	return jobset_oldest(&p->t->redis, key_queue(key, p->place->name), p->limit, &v, e);
}

int peek_run(struct tool *t, const struct command *c, int argc, char **argv)
{
	struct peek p = { .c = c, .t = t, .limit = 10 };
	const struct command_option options[] = {
		{ "--limit", "N", "at most so many of each place (10)", NULL, &p.limit, NULL },
		{ "--json", NULL, "a JSON document per line and job", &p.json, NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum command_start how = command_parse(c, options, &argc, argv);
	struct place_list places;
	struct err e = ERR_INIT;
	int status, i;

	if (how != COMMAND_RUN || place_parse(&places, c, PLACE_ANY, argc, argv))
		return how == COMMAND_DONE ? TOOL_GOOD : TOOL_USAGE;
	status = tool_open(t);
	for (i = 0; i < places.n && !status; i++) {
		p.place = places.list[i];
		if (peek_place(&p, &e))
			status = tool_failed(c, &e);
	}
	buf_clear(&p.out);
	return status;
}
