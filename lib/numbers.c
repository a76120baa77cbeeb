/* The highest numbers in the jobs that wait. */
#include "numbers.h"

#include <stdlib.h>

#include "clock.h"
#include "key.h"

#define PAGE 200          /* jobs asked for at once: a body may have 64 KiB */
#define SORT_AT 65536     /* entries that came since the last sorting */

static struct numbers_entry *entries(const struct numbers *n)
{
	return (void *)n->list.data;
}

static size_t count(const struct numbers *n)
{
	return n->list.len / sizeof(struct numbers_entry);
}

void numbers_clear(struct numbers *n)
{
	buf_clear(&n->list);
	n->sorted = 0;
}

/* ------------------------------------------------------------------ in order */

static int by_id(const void *a, const void *b)
{
	const struct numbers_entry *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

void numbers_sort(struct numbers *n)
{
	struct numbers_entry *list = entries(n);
	size_t all = count(n), kept = 0, i;

	if (!all)
		return;
	qsort(list, all, sizeof(*list), by_id);
	for (i = 1; i < all; i++) {
		if (list[i].id != list[kept].id)
			list[++kept] = list[i];
		else if (list[i].highest > list[kept].highest)
			list[kept].highest = list[i].highest;
	}
	n->sorted = kept + 1;
	n->list.len = n->sorted * sizeof(*list);
}

struct numbers_entry *numbers_find(const struct numbers *n, uint64_t id)
{
	const struct numbers_entry key = { .id = id };

	return n->sorted ? bsearch(&key, entries(n), n->sorted, sizeof(key), by_id) : NULL;
}

struct numbers_entry *numbers_all(const struct numbers *n, size_t *all)
{
	*all = n->sorted;
	return entries(n);
}

/* ------------------------------------------------------------------ adding */

static int add(struct numbers *n, uint64_t id, uint32_t number, struct err *e)
{
	const struct numbers_entry entry = { .id = id, .highest = number };

	if (count(n) - n->sorted >= SORT_AT + n->sorted)
		numbers_sort(n);
	return buf_add(&n->list, &entry, sizeof(entry)) ? err_memory(e) : 0;
}

int numbers_add_job(struct numbers *n, const struct job *j, struct err *e)
{
	uint64_t chat = job_chat(j);

	if (!job_numbered(j))
		return 0;
	if (add(n, key_chat_application(chat), key_chat_number(chat), e))
		return -1;
	return add(n, chat, j->class == JOB_CREATE_CHAT ? 0 : j->number, e);
}

/* ------------------------------------------------------------------ reading */

static int add_jobs(struct numbers *n, const redisReply *jobs, struct err *e)
{
	int64_t now = clock_wall_us();
	struct job j;
	size_t i;

	for (i = 0; i < jobs->elements; i++)
		if (job_parse(&j, jobs->element[i]->str, jobs->element[i]->len, now, e) ||
		    numbers_add_job(n, &j, e))
			return -1;
	return 0;
}

/* `command` is LRANGE or ZRANGE. */
static int read_key(struct numbers *n, struct redis *r, const char *command, const char *key,
		    struct err *e)
{
	struct redis_call c;
	redisReply *jobs;
	int64_t from;
	size_t got = PAGE;
	int rc = 0;

	for (from = 0; !rc && got == PAGE; from += PAGE) {
		redis_command(&c, command);
		redis_compared_only(&c);
		redis_arg(&c, key);
		redis_arg_number(&c, from);
		redis_arg_number(&c, from + PAGE - 1);
		if (redis_send(r, &c, &jobs, e))
			return -1;
		got = jobs->elements;
		rc = add_jobs(n, jobs, e);
		freeReplyObject(jobs);
	}
	return rc;
}

/* The lists that a set names: `prefixed` are names of queues, else they are keys. */
static int read_lists(struct numbers *n, struct redis *r, const char *set, bool prefixed,
		      struct err *e)
{
	char key[KEY_MAX];
	struct redis_call c;
	redisReply *names;
	size_t i;
	int rc = 0;

	redis_command(&c, "SMEMBERS");
	redis_compared_only(&c);
	redis_arg(&c, set);
	if (redis_send(r, &c, &names, e))
		return -1;
	for (i = 0; !rc && i < names->elements; i++) {
		const char *name = names->element[i]->str;

		rc = read_key(n, r, "LRANGE", prefixed ? key_queue(key, name) : name, e);
	}
	freeReplyObject(names);
	return rc;
}

int numbers_read(struct numbers *n, struct redis *r, struct err *e)
{
	static const char *const zsets[] = { KEY_RETRY, KEY_SCHEDULE, KEY_DEAD };
	size_t i;

	for (i = 0; i < sizeof(zsets) / sizeof(zsets[0]); i++)
		if (read_key(n, r, "ZRANGE", zsets[i], e))
			return -1;
	if (read_lists(n, r, KEY_QUEUES, true, e) || read_lists(n, r, KEY_INFLIGHT, false, e))
		return -1;
	numbers_sort(n);
	return 0;
}
