/* queue export and queue import. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "counter.h"
#include "job.h"
#include "jobline.h"
#include "jobset.h"
#include "key.h"
#include "place.h"
#include "progress.h"
#include "tool.h"

#define DASH "-"

/* "-" and NULL: the standard stream. NULL: said on standard error. */
static FILE *open_file(const struct command *c, const char *name, const char *mode, FILE *standard)
{
	FILE *f = !name || !strcmp(name, DASH) ? standard : fopen(name, mode);
	struct err e = ERR_INIT;

	if (!f) {
		err_sys(&e, "%s", name);
		tool_failed(c, &e);
	}
	return f;
}

/* ------------------------------------------------------------------ export */

struct export {
	const char *place;
	FILE *file;
	struct buf line;
	uint64_t n;
	struct progress progress;
};

static int write_job(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct export *x = arg;

	buf_reset(&x->line, (size_t)1 << 20);
	if (jobline_write(&x->line, x->place, entry->score, entry->text, entry->len, e))
		return -1;
	if (fwrite(x->line.data, 1, x->line.len, x->file) != x->line.len)
		return err_sys(e, "cannot write");
	x->n++;
	progress_add(&x->progress, 1);
	return 0;
}

static int write_place(struct tool *t, struct export *x, struct err *e)
{
	const struct jobset_visitor v = { write_job, x };
	int64_t n;
	int rc;

	if (jobset_length(&t->redis, x->place, true, &n, e))
		return -1;
	progress_begin(&x->progress, x->place, (uint64_t)n);
	rc = jobset_scan(&t->redis, x->place, &v, e);
	progress_end(&x->progress);
	return rc;
}

static int write_all(struct tool *t, const struct command *c, const struct place_list *places,
		     const char *name)
{
	struct export x = { .file = open_file(c, name, "we", stdout) };
	struct err e = ERR_INIT;
	int rc = 0, i;

	if (!x.file)
		return TOOL_BAD;
	for (i = 0; i < places->n && !rc; i++) {
		x.place = places->list[i]->name;
		rc = write_place(t, &x, &e);
	}
	if (x.file != stdout && fclose(x.file) && !rc)
		rc = err_sys(&e, "%s", name);
	buf_clear(&x.line);
	if (rc)
		return tool_failed(c, &e);
	fprintf(stderr, "%llu jobs written\n", (unsigned long long)x.n);
	return TOOL_GOOD;
}

int export_run(struct tool *t, const struct command *c, int argc, char **argv)
{
	const char *name = NULL;
	const struct command_option options[] = {
		{ "--file", "FILE", "write there, not to standard output", NULL, NULL, &name },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum command_start how = command_parse(c, options, &argc, argv);
	struct place_list places;
	int status;

	if (how != COMMAND_RUN || place_parse(&places, c, PLACE_ZSETS, argc, argv))
		return how == COMMAND_DONE ? TOOL_GOOD : TOOL_USAGE;
	status = tool_open(t);
	return status ? status : write_all(t, c, &places, name);
}

/* ------------------------------------------------------------------ import */

struct import {
	struct tool *t;
	const struct command *c;
	uint64_t line, added, there, bad;
	struct progress progress;
};

/* The number of the job was given, whatever Redis knows of that: it must not be given again. */
static int reserve(struct import *x, const struct jobline *l, struct err *e)
{
	struct job j;
	int64_t now;

	if (job_parse(&j, buf_str(&l->payload), l->payload.len, 0, e))
		return -1;
	if (!job_numbered(&j))
		return 0;
	return counter_raise(&x->t->redis, j.id, j.number, &now, e);
}

/* *added: 0: it is there. */
static int add(struct import *x, const struct jobline *l, int64_t *added, struct err *e)
{
	struct redis_call c;

	if (reserve(x, l, e))
		return -1;
	redis_command(&c, "ZADD");
	redis_compared_only(&c);
	redis_arg(&c, l->place);
	redis_arg(&c, "NX");
	redis_arg(&c, buf_str(&l->score));
	redis_arg_bytes(&c, buf_str(&l->payload), l->payload.len);
	return redis_send_number(&x->t->redis, &c, added, e);
}

/* 0: done, or the line is bad, which was said; -1 with *e: nothing more can be done. */
static int read_line(struct import *x, const char *text, size_t len, struct err *e)
{
	const struct place *place;
	struct jobline l;
	int64_t added = 0;
	int rc = jobline_read(&l, text, len, e);

	place = place_find(l.place);
	if (!rc && (!place || place->kind != PLACE_ZSET))
		rc = err_set(e, ERR_INVALID, "no such place: \"%s\"", l.place);
	if (!rc)
		rc = add(x, &l, &added, e);
	jobline_clear(&l);
	if (rc && e->code == ERR_INVALID) {
		progress_end(&x->progress);
		fprintf(stderr, "%s: line %llu: %s\n", x->c->name, (unsigned long long)x->line, e->text);
		x->bad++;
		return 0;
	}
	x->added += added == 1;
	x->there += !rc && !added;
	return rc;
}

static int read_file(struct import *x, FILE *file, struct err *e)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t len;
	int rc = compare(&x->t->redis, &x->t->db, e);

	progress_begin(&x->progress, "import", 0);
	while (!rc && (len = getline(&text, &cap, file)) > 0) {
		x->line++;
		rc = read_line(x, text, (size_t)(len - (text[len - 1] == '\n')), e);
		progress_add(&x->progress, 1);
	}
	if (!rc && ferror(file))
		rc = err_sys(e, "cannot read");
	progress_end(&x->progress);
	free(text);
	return rc;
}

int import_run(struct tool *t, const struct command *c, int argc, char **argv)
{
	const char *name = NULL;
	const struct command_option options[] = {
		{ "--file", "FILE", "read that, not standard input", NULL, NULL, &name },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum command_start how = command_parse(c, options, &argc, argv);
	struct import x = { .t = t, .c = c };
	struct err e = ERR_INIT;
	FILE *file;
	int status;

	if (how != COMMAND_RUN)
		return how == COMMAND_DONE ? TOOL_GOOD : TOOL_USAGE;
	status = tool_open(t);
	file = status ? NULL : open_file(c, name, "re", stdin);
	if (!file)
		return status ? status : TOOL_BAD;
	status = read_file(&x, file, &e) ? tool_failed(c, &e) : TOOL_GOOD;
	if (file != stdin)
		fclose(file);
	printf("%llu jobs added, %llu were there already, %llu bad lines\n", (unsigned long long)x.added,
	       (unsigned long long)x.there, (unsigned long long)x.bad);
	return status || x.bad ? TOOL_BAD : TOOL_GOOD;
}
