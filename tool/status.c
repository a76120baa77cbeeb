/* queue status. */
#include "status.h"

#include <string.h>

#include "clock.h"
#include "show.h"

/* ------------------------------------------------------------------ for people */

#define NUMBER_COLUMN 12

/* Right-aligned, with separators. */
static void add_number(struct buf *out, int64_t n)
{
	struct buf digits = BUF_INIT;

	show_number(&digits, n);
	buf_addf(out, "%*s", NUMBER_COLUMN, buf_str(&digits));
	buf_clear(&digits);
}

static void add_census(struct buf *out, const struct census *c, bool sample)
{
	size_t i;

	for (i = 0; i < c->kinds; i++) {
		buf_addf(out, "%s%s ", i ? ", " : "  ", c->kind[i].name);
		show_number(out, c->kind[i].n);
	}
	if (c->others) {
		buf_addstr(out, ", others ");
		show_number(out, c->others);
	}
	if (sample) {
		buf_addstr(out, " (of a sample of ");
		show_number(out, c->seen);
		buf_addch(out, ')');
	}
}

/* "  oldest 3.2 s" */
static void add_age(struct buf *out, const char *what, int64_t ms)
{
	buf_addf(out, "  %s ", what);
	show_span(out, ms < 0 ? 0 : ms);
}

static void add_name(struct buf *out, const char *name)
{
	struct buf plain = BUF_INIT;

	show_text(&plain, name, strlen(name), 40);
	buf_addf(out, "  %-14s", buf_str(&plain));
	buf_clear(&plain);
}

static void add_queues(struct buf *out, const struct status *s)
{
	size_t i;

	buf_addstr(out, "queues\n");
	for (i = 0; i < s->queues; i++) {
		const struct status_place *p = &s->queue[i];

		add_name(out, p->name);
		add_number(out, p->n);
		if (p->n) {
			add_age(out, "oldest", (s->now_us - p->oldest_us) / 1000);
			add_census(out, &p->kinds, p->sample);
		}
		buf_addch(out, '\n');
	}
}

static void add_flights(struct buf *out, const struct status *s)
{
	size_t i;

	buf_addf(out, "%-16s", "in flight");
	add_number(out, s->depth.in_flight);
	buf_addch(out, '\n');
	for (i = 0; i < s->flights; i++) {
		const struct status_flight *f = &s->flight[i];

		if (!f->n)
			continue;
		add_name(out, f->name);
		add_number(out, f->n);
		if (f->lease_ms < 0)
			buf_addstr(out, "  no lease: `schedule` will put them back");
		else
			add_age(out, "lease", f->lease_ms);
		buf_addch(out, '\n');
	}
}

static void add_zsets(struct buf *out, const struct status *s)
{
	size_t i;

	for (i = 0; i < STATUS_ZSETS; i++) {
		const struct status_place *p = &s->zset[i];
		int64_t ms = (p->oldest_us - s->now_us) / 1000;

		buf_addf(out, "%-16s", p->name);
		add_number(out, p->n);
		if (p->n && i == STATUS_ZSETS - 1)
			add_age(out, "since", -ms);
		else if (p->n)
			add_age(out, ms < 0 ? "overdue by" : "next in", ms < 0 ? -ms : ms);
		if (p->n)
			add_census(out, &p->kinds, p->sample);
		buf_addch(out, '\n');
	}
}

static void add_workers(struct buf *out, const struct status *s, const struct conf *conf)
{
	long long lease_s = conf->lease_ms / 1000;
	int p;

	buf_addf(out, "%-16s", "working here");
	if (s->slots.code != ERR_NONE) {
		buf_addf(out, "  %s\n", s->slots.text);
	} else {
		for (p = 0; p < STATUS_PROGRAM__MAX - !s->elastic; p++) /* the last one is `index` */
			buf_addf(out, "%s%s %lld of %lld", p ? ", " : "  ",
				 status_program_name((enum status_program)p), (long long)s->held[p],
				 p == STATUS_PERSIST ? (long long)conf->workers : 1LL);
		buf_addch(out, '\n');
	}
	buf_addf(out, "%-16s  persist %lld that took jobs within the last %lld s (idle ones cannot be seen)\n",
		 "elsewhere", (long long)s->elsewhere, lease_s);
}

static void add_history(struct buf *out, const struct status *s)
{
	buf_addf(out, "%-16s", "renumbered");
	add_number(out, (int64_t)s->renumbered);
	buf_addf(out, "\n%-16s", "losses unseen");
	add_number(out, (int64_t)s->losses);
	buf_addf(out, "%s\n%-16s", s->losses ? "  (queue verify says which)" : "", "queue_seq");
	if (s->redis.code != ERR_NONE)
		buf_addf(out, "%*s", NUMBER_COLUMN, "?");
	else if (s->queue_seq_there)
		add_number(out, (int64_t)s->queue_seq);
	else
		buf_addf(out, "%*s", NUMBER_COLUMN, "missing");
	buf_addf(out, "  MySQL has seen ");
	show_number(out, (int64_t)s->mark);
	buf_addch(out, '\n');
}

/* Is there anything to say of the index? */
static bool has_index(const struct status *s)
{
	return s->elastic || s->outbox.waiting || s->outbox.refused;
}

static void add_index(struct buf *out, const struct status *s)
{
	const struct search_backfill *b = &s->backfill;

	buf_addf(out, "%-16s", "outbox");
	add_number(out, (int64_t)s->outbox.waiting);
	if (s->outbox.waiting)
		add_age(out, "oldest", (s->now_us - s->outbox.oldest_us) / 1000);
	buf_addf(out, "\n%-16s", "set aside");
	add_number(out, (int64_t)s->outbox.refused);
	buf_addf(out, "%s\n%-16s  %s", s->outbox.refused ? "  (queue verify says why)" : "", "index",
		 *s->index.active.name ? s->index.active.name : "none");
	if (s->index.phase == SEARCH_FILL && b->total)
		buf_addf(out, ", a new one is filled: %llu %%",
			 (unsigned long long)(b->done < b->total ? b->done * 100 / b->total : 100));
	else if (s->index.phase != SEARCH_IDLE)
		buf_addf(out, ", a new one is being built: %s", search_phase_name(s->index.phase));
	buf_addch(out, '\n');
}

void status_text(struct buf *out, const struct status *s, const struct conf *conf)
{
	if (s->redis.code == ERR_NONE) {
		add_queues(out, s);
		add_flights(out, s);
		add_zsets(out, s);
	}
	add_workers(out, s, conf);
	if (s->mysql.code == ERR_NONE)
		add_history(out, s);
	if (s->mysql.code == ERR_NONE && has_index(s))
		add_index(out, s);
}

/* ------------------------------------------------------------------ for scripts */

static void json_census(struct buf *out, const struct status_place *p)
{
	size_t i;

	buf_addstr(out, ",\"kinds\":{");
	for (i = 0; i < p->kinds.kinds; i++) {
		if (i)
			buf_addch(out, ',');
		json_quote(out, p->kinds.kind[i].name, strlen(p->kinds.kind[i].name));
		buf_addf(out, ":%lld", (long long)p->kinds.kind[i].n);
	}
	buf_addf(out, "},\"kinds_of\":%lld,\"kinds_others\":%lld,\"sample\":%s",
		 (long long)p->kinds.seen, (long long)p->kinds.others, p->sample ? "true" : "false");
}

static void json_place(struct buf *out, const struct status_place *p, const char *oldest)
{
	buf_addstr(out, "{\"name\":");
	json_quote(out, p->name, strlen(p->name));
	buf_addf(out, ",\"jobs\":%lld", (long long)p->n);
	if (p->oldest_us)
		show_member_time(out, oldest, p->oldest_us);
	json_census(out, p);
	buf_addch(out, '}');
}

static void json_flights(struct buf *out, const struct status *s)
{
	size_t i;

	buf_addf(out, ",\"in_flight\":{\"jobs\":%lld,\"slots\":[", (long long)s->depth.in_flight);
	for (i = 0; i < s->flights; i++) {
		const struct status_flight *f = &s->flight[i];

		buf_addstr(out, i ? ",{\"slot\":" : "{\"slot\":");
		json_quote(out, f->name, strlen(f->name));
		buf_addf(out, ",\"jobs\":%lld,\"lease_ms\":%lld,\"here\":%s}", (long long)f->n,
			 (long long)f->lease_ms, f->here ? "true" : "false");
	}
	buf_addstr(out, "]}");
}

static void json_error(struct buf *out, const char *name, const struct err *e)
{
	buf_addf(out, ",\"%s\":", name);
	if (e->code == ERR_NONE)
		buf_addstr(out, "null");
	else
		json_quote(out, e->text, strlen(e->text));
}

static void json_redis(struct buf *out, const struct status *s)
{
	static const char *const oldest[STATUS_ZSETS] = { "due_at", "due_at", "dead_since" };
	long long depth = s->depth.queued + s->depth.in_flight;
	size_t i;

	buf_addf(out, ",\"depth\":%lld,\"oldest_age_s\":%.3f,\"queues\":[", depth,
		 (double)s->depth.oldest_age_ms / 1000);
	for (i = 0; i < s->queues; i++) {
		if (i)
			buf_addch(out, ',');
		json_place(out, &s->queue[i], "oldest_at");
	}
	buf_addch(out, ']');
	json_flights(out, s);
	for (i = 0; i < STATUS_ZSETS; i++) {
		buf_addf(out, ",\"%s\":", s->zset[i].name);
		json_place(out, &s->zset[i], oldest[i]);
	}
	buf_addstr(out, ",\"queue_seq\":");
	if (s->queue_seq_there)
		buf_addf(out, "%llu", (unsigned long long)s->queue_seq);
	else
		buf_addstr(out, "null");
}

static void json_name(struct buf *out, const char *member, const char *name)
{
	buf_addf(out, *name ? ",\"%s\":\"%s\"" : ",\"%s\":null", member, name);
}

static void json_index(struct buf *out, const struct status *s)
{
	buf_addf(out, ",\"outbox\":{\"waiting\":%llu", (unsigned long long)s->outbox.waiting);
	if (s->outbox.oldest_us)
		show_member_time(out, "oldest_at", s->outbox.oldest_us);
	buf_addf(out, ",\"refused\":%llu},\"index\":{\"phase\":\"%s\"", (unsigned long long)s->outbox.refused,
		 search_phase_name(s->index.phase));
	json_name(out, "active", s->index.active.name);
	json_name(out, "building", s->index.building.name);
	buf_addf(out, ",\"done\":%llu,\"total\":%llu}", (unsigned long long)s->backfill.done,
		 (unsigned long long)s->backfill.total);
}

void status_json(struct buf *out, const struct status *s)
{
	int p;

	buf_addstr(out, "{\"workers\":{");
	for (p = 0; p < STATUS_PROGRAM__MAX; p++)
		buf_addf(out, "\"%s\":%lld,", status_program_name((enum status_program)p),
			 (long long)s->held[p]);
	buf_addf(out, "\"elsewhere\":%lld}", (long long)s->elsewhere);
	if (s->redis.code == ERR_NONE)
		json_redis(out, s);
	if (s->mysql.code == ERR_NONE)
		json_index(out, s);
	if (s->mysql.code == ERR_NONE)
		buf_addf(out, ",\"renumbered\":%llu,\"losses_unseen\":%llu,\"mark\":%llu",
			 (unsigned long long)s->renumbered, (unsigned long long)s->losses,
			 (unsigned long long)s->mark);
	json_error(out, "redis_error", &s->redis);
	json_error(out, "mysql_error", &s->mysql);
	json_error(out, "slots_error", &s->slots);
	buf_addstr(out, "}\n");
}

/* ------------------------------------------------------------------ the command */

static int say_all(struct tool *t, const struct command *c, struct status *s, bool json)
{
	const struct err *errors[] = { &s->redis, &s->mysql, &s->slots };
	struct buf out = BUF_INIT;
	int status;
	size_t i;

	if (json)
		status_json(&out, s);
	else
		status_text(&out, s, &t->conf);
	status = tool_print(c, &out);
	buf_clear(&out);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i]->code != ERR_NONE)
			status = tool_failed(c, errors[i]);
	return status;
}

static int say_alarms(struct tool *t, const struct command *c, struct status *s,
		      const struct alarm_limits *limits)
{
	struct buf out = BUF_INIT;
	int alarms = status_alarms(&out, s, t, limits);
	int status = tool_print(c, &out);

	buf_clear(&out);
	return alarms ? TOOL_BAD : status;
}

int status_run(struct tool *t, const struct command *c, int argc, char **argv)
{
	struct alarm_limits limits = { .depth = 10000, .age_s = 300, .wait_s = 5 };
	bool alert = false, json = false;
	const struct command_option options[] = {
		{ "--alert", NULL, "print a line per alarm and exit 1; nothing when all is well", &alert, NULL, NULL },
		{ "--depth", "N", "alarm above so many jobs, queued and in flight (10000)", NULL, &limits.depth, NULL },
		{ "--age", "SECONDS", "alarm when the oldest waits longer (300)", NULL, &limits.age_s, NULL },
		{ "--wait", "SECONDS", "look so long for a worker before that is an alarm (5)", NULL, &limits.wait_s, NULL },
		{ "--json", NULL, "one JSON document", &json, NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum command_start how = command_parse(c, options, &argc, argv);
	struct status s;
	int status;

	if (how != COMMAND_RUN)
		return how == COMMAND_DONE ? TOOL_GOOD : TOOL_USAGE;
	if (alert && json)
		return command_usage(c, "--alert and --json exclude each other", ""), TOOL_USAGE;
	status = tool_open(t);
	if (status)
		return status;
	status_read(&s, t);
	status = alert ? say_alarms(t, c, &s, &limits) : say_all(t, c, &s, json);
	status_clear(&s);
	return status;
}
