/* The highest numbers in the jobs that wait. */
#include "numbers.h"

#include <stdlib.h>

#include "jobset.h"
#include "key.h"

#define SORT_AT 65536 /* entries that came since the last sorting */

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

static int add_entry(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct job j;

	return job_parse(&j, entry->text, entry->len, 0, e) ? -1 : numbers_add_job(arg, &j, e);
}

int numbers_read(struct numbers *n, struct redis *r, struct err *e)
{
	const struct jobset_visitor v = { add_entry, n };

	if (jobset_waiting(r, &v, e) || jobset_scan(r, KEY_DEAD, &v, e))
		return -1;
	numbers_sort(n);
	return 0;
}
