/* A job as a line of text. */
#include "jobline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "job.h"

/* Could the payload stand in a line as it is: an object, nothing around it, no line break in it? */
static bool is_plain(const struct job *j)
{
	return json_kind(j->root) == JSON_OBJECT && j->root.len == j->len &&
	       !memchr(j->text, '\n', j->len) && json_kind(j->name) == JSON_STRING;
}

static void add_head(struct buf *out, const char *place, const char *score)
{
	const char *quote = isfinite(strtod(score, NULL)) ? "" : "\"";

	buf_addf(out, "{\"place\":\"%s\",\"score\":%s%s%s,", place, quote, score, quote);
}

/* 1: written; 0: the line would not be read again (too deep, with the line around it); -1 */
static int add_job(struct buf *out, const struct job *j, size_t from, struct err *e)
{
	struct err why = ERR_INIT;
	struct json line;

	buf_addstr(out, "\"job\":");
	buf_add(out, j->text, j->len);
	if (buf_addch(out, '}'))
		return err_memory(e);
	if (!json_check(out->data + from, out->len - from, &line, &why))
		return 1;
	return why.code == ERR_MEMORY ? err_memory(e) : 0;
}

int jobline_write(struct buf *out, const char *place, const char *score, const char *text, size_t len,
		  struct err *e)
{
	size_t from = out->len;
	struct job j;
	int rc;

	if (job_parse(&j, text, len, 0, e))
		return -1;
	add_head(out, place, score);
	rc = is_plain(&j) ? add_job(out, &j, from, e) : 0;
	if (rc < 0)
		return -1;
	if (!rc) {
		out->len = from;
		add_head(out, place, score);
		buf_addstr(out, "\"base64\":\"");
		base64_encode(out, text, len);
		buf_addstr(out, "\"}");
	}
	return buf_addch(out, '\n') ? err_memory(e) : 0;
}

/* ------------------------------------------------------------------ reading */

static int read_score(struct jobline *l, struct json score, struct err *e)
{
	double number;

	if (json_double(score, &number))
		return buf_add(&l->score, score.at, score.len) ? err_memory(e) : 0;
	if (json_equals(score, "inf", 3) || json_equals(score, "-inf", 4))
		return json_string(score, &l->score, e);
	return err_set(e, ERR_INVALID, "no score");
}

static int read_job(struct jobline *l, struct json job, struct err *e)
{
	struct job j;

	if (job_parse(&j, job.at, job.len, 0, e))
		return -1;
	if (json_kind(j.root) != JSON_OBJECT || json_kind(j.name) != JSON_STRING)
		return err_set(e, ERR_INVALID, "\"job\" is no job: it has no class");
	return buf_add(&l->payload, job.at, job.len) ? err_memory(e) : 0;
}

static int read_base64(struct jobline *l, struct json value, struct err *e)
{
	struct buf text = BUF_INIT;
	int rc = json_string(value, &text, e);

	if (!rc)
		rc = base64_decode(&l->payload, buf_str(&text), text.len) - 1;
	buf_clear(&text);
	if (rc == -2)
		return err_memory(e);
	return rc ? err_set(e, ERR_INVALID, "neither \"job\" nor \"base64\" has a payload") : 0;
}

int jobline_read(struct jobline *l, const char *line, size_t len, struct err *e)
{
	struct json root = { 0 }, place, job;
	struct buf name = BUF_INIT;

	memset(l, 0, sizeof(*l));
	if (json_check(line, len, &root, e))
		return -1;
	place = json_member(root, "place");
	if (json_kind(place) != JSON_STRING || json_string(place, &name, e)) {
		buf_clear(&name);
		return err_set(e, ERR_INVALID, "no place");
	}
	if (name.len < sizeof(l->place))
		memcpy(l->place, buf_str(&name), name.len + 1);
	buf_clear(&name);
	if (read_score(l, json_member(root, "score"), e))
		return -1;
	job = json_member(root, "job");
	return job.len ? read_job(l, job, e) : read_base64(l, json_member(root, "base64"), e);
}

void jobline_clear(struct jobline *l)
{
	buf_clear(&l->score);
	buf_clear(&l->payload);
}
