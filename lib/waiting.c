/* The numbers of all jobs that wait. */
#include "waiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "jobset.h"
#include "key.h"
#include "queue.h"

#define LOOK_MS 5000 /* for all jobs to be read at one moment: a million take a second or two */

struct reader {
	struct waiting *w;
	struct progress *progress;
	bool dead;
};

static int add(struct waiting *w, uint64_t parent, uint32_t number, bool dead, struct err *e)
{
	struct waiting_number n;

	memset(&n, 0, sizeof(n)); /* the padding, too */
	n.parent = parent;
	n.number = number;
	n.dead = dead;
	return buf_add(&w->numbers, &n, sizeof(n)) ? err_memory(e) : 0;
}

static int note(void *arg, const struct jobset_entry *entry, struct err *e)
{
	struct reader *r = arg;
	struct job j;

	r->w->jobs += !r->dead;
	if (r->progress)
		progress_add(r->progress, 1);
	if (job_parse(&j, entry->text, entry->len, 0, e))
		return -1;
	return job_numbered(&j) ? add(r->w, j.id, j.number, r->dead, e) : 0;
}

static int in_order(const void *a, const void *b)
{
	const struct waiting_number *x = a, *y = b;

	if (x->parent != y->parent)
		return x->parent < y->parent ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->dead - y->dead;
}

static void sort(struct waiting *w)
{
	if (w->numbers.len)
		qsort(w->numbers.data, w->numbers.len / sizeof(struct waiting_number),
		      sizeof(struct waiting_number), in_order);
}

/* How many there are, as far as can be told without reading them. */
static int begin_progress(struct progress *progress, struct redis *r, struct err *e)
{
	struct depth d;

	if (queue_depth(r, 0, &d, e))
		return -1;
	progress_begin(progress, "waiting jobs",
		       (uint64_t)(d.queued + d.in_flight + d.retry + d.schedule + d.dead));
	return 0;
}

int waiting_read(struct waiting *w, struct redis *r, struct progress *progress, struct err *e)
{
	struct reader reader = { w, progress, false };
	const struct jobset_visitor v = { note, &reader };
	int rc;

	memset(w, 0, sizeof(*w));
	if (progress && begin_progress(progress, r, e))
		return -1;
	rc = jobset_waiting(r, &v, e);
	reader.dead = true;
	rc = rc || jobset_scan(r, KEY_DEAD, &v, e);
	if (progress)
		progress_end(progress);
	if (rc)
		return -1;
	sort(w);
	return 0;
}

void waiting_clear(struct waiting *w)
{
	buf_clear(&w->numbers);
}

const struct waiting_number *waiting_all(const struct waiting *w, size_t *n)
{
	*n = w->numbers.len / sizeof(struct waiting_number);
	return (const void *)w->numbers.data;
}

/* The index of the first that is not before this parent. */
static size_t first(const struct waiting_number *all, size_t n, uint64_t parent)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (all[middle].parent < parent)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct waiting_number *waiting_of(const struct waiting *w, uint64_t parent, size_t *n)
{
	size_t all_n, from, to;
	const struct waiting_number *all = waiting_all(w, &all_n);

	*n = 0;
	if (!all_n)
		return NULL;
	from = first(all, all_n, parent);
	to = first(all, all_n, parent + 1);
	*n = to - from;
	return *n ? all + from : NULL;
}

uint32_t waiting_highest(const struct waiting *w, uint64_t parent)
{
	size_t n;
	const struct waiting_number *of = waiting_of(w, parent, &n);

	return n ? of[n - 1].number : 0;
}

/* ------------------------------------------------------------------ at one moment */

/* `most` as the script takes it: '' asks for the highest only. */
static void build(struct redis_call *c, uint64_t parent, const char *most)
{
	bool chat = parent >= KEY_APPLICATION_LIMIT;
	char class[64];

	snprintf(class, sizeof(class), "\"%s\"",
		 job_class_name(chat ? JOB_CREATE_MESSAGE : JOB_CREATE_CHAT));
	redis_script(c, REDIS_SCRIPT_NUMBERS);
	redis_key(c, KEY_INFLIGHT);
	redis_key(c, KEY_QUEUES);
	redis_key(c, KEY_RETRY);
	redis_key(c, KEY_SCHEDULE);
	redis_key(c, KEY_DEAD);
	redis_arg_number(c, (int64_t)parent);
	redis_arg(c, class);
	redis_arg(c, chat ? "chat_id\"" : "application_id\"");
	redis_arg(c, most);
}

int waiting_highest_now(struct redis *r, uint64_t parent, uint64_t *highest, struct err *e)
{
	struct redis_call c;
	redisReply *reply;

	build(&c, parent, "");
	if (redis_send_wait(r, &c, LOOK_MS, &reply, e))
		return -1;
	*highest = reply->type == REDIS_REPLY_INTEGER ? (uint64_t)reply->integer : 0;
	freeReplyObject(reply);
	return 0;
}

int waiting_now(struct waiting *w, struct redis *r, uint64_t parent, struct err *e)
{
	struct redis_call c;
	redisReply *reply;
	char most[24];
	size_t i;
	int rc;

	memset(w, 0, sizeof(*w));
	snprintf(most, sizeof(most), "%d", WAITING_MOST);
	build(&c, parent, most);
	if (redis_send_wait(r, &c, LOOK_MS, &reply, e))
		return -1;
	rc = reply->type == REDIS_REPLY_ARRAY;
	for (i = 0; rc == 1 && i < reply->elements; i++) {
		uint64_t number = strtoull(reply->element[i]->str, NULL, 10);

		if (number && number <= KEY_NUMBER_MAX && add(w, parent, (uint32_t)number, false, e))
			rc = -1;
	}
	freeReplyObject(reply);
	sort(w);
	return rc;
}
