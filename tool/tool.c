/* What the commands of jobs/queue share. */
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "program.h"

int tool_open(struct tool *t)
{
	static const struct program_option none[] = { { NULL, NULL, NULL, NULL, NULL, NULL } };
	struct err e = ERR_INIT;
	char name[] = "queue", *argv[] = { name, NULL };
	int status;

	memset(t, 0, sizeof(*t));
	if (program_start(&t->conf, "queue", "", none, 1, argv, &status) != PROGRAM_RUN)
		return status;
	if (!redis_init(&t->redis, &t->conf, NULL, &e) &&
	    !db_init(&t->db, &t->conf, DB_ROLE_JOB, NULL, &e) && !elastic_init(&t->elastic, &t->conf, &e))
		return TOOL_GOOD;
	fprintf(stderr, "queue: %s\n", e.text);
	return TOOL_BAD;
}

void tool_close(struct tool *t)
{
	if (t->redis.conf)
		redis_clear(&t->redis);
	if (t->db.conf)
		db_clear(&t->db);
	elastic_clear(&t->elastic);
	conf_clear(&t->conf);
}

int tool_failed(const struct command *c, const struct err *e)
{
	fprintf(stderr, "%s: %s\n", c->name, e->text);
	return TOOL_BAD;
}

int tool_print(const struct command *c, struct buf *text)
{
	bool failed = text->failed;
	struct err e = ERR_INIT;

	if (failed)
		err_memory(&e);
	else if (text->len && fwrite(text->data, 1, text->len, stdout) != text->len)
		failed = err_sys(&e, "standard output");
	buf_reset(text, (size_t)1 << 20);
	return failed ? tool_failed(c, &e) : TOOL_GOOD;
}
