/* Where jobs are. */
#include "place.h"

#include <string.h>

#include "job.h"
#include "key.h"

static const struct place places[] = {
	{ KEY_RETRY, PLACE_ZSET, "due_at" },
	{ KEY_SCHEDULE, PLACE_ZSET, "due_at" },
	{ KEY_DEAD, PLACE_ZSET, "died_at" },
	{ JOB_QUEUE_DEFAULT, PLACE_QUEUE, NULL },
	{ JOB_QUEUE_COUNTS, PLACE_QUEUE, NULL },
	{ JOB_QUEUE_INDEX, PLACE_QUEUE, NULL },
	{ JOB_QUEUE_UNCLAIMED, PLACE_QUEUE, NULL },
	{ "in-flight", PLACE_FLIGHT, NULL },
};

const struct place *place_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!strcmp(places[i].name, name))
			return &places[i];
	return NULL;
}

int place_parse(struct place_list *p, const struct command *c, bool zsets_only, int words, char **word)
{
	int i;

	p->n = 0;
	if (!words) {
		p->list[p->n++] = place_find(KEY_RETRY);
		p->list[p->n++] = place_find(KEY_DEAD);
	}
	for (i = 0; i < words; i++) {
		const struct place *found = place_find(word[i]);

		if (!found || (zsets_only && found->kind != PLACE_ZSET)) {
			command_usage(c, "no such place:", word[i]);
			return -1;
		}
		if (p->n == PLACE_MOST) {
			command_usage(c, "too many places", "");
			return -1;
		}
		p->list[p->n++] = found;
	}
	return 0;
}
