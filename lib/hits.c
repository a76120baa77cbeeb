/* The best hits of a search: a list for each class, filled from the newest on. */
#include "hits.h"

static size_t count(const struct hits *h, size_t class)
{
	return h->numbers[class].len / sizeof(uint32_t);
}

int hits_add(struct hits *h, enum text_class class, uint32_t number)
{
	if (count(h, class) == HITS_MAX)
		return 0;
	return buf_add(&h->numbers[class], &number, sizeof(number));
}

void hits_clear(struct hits *h)
{
	size_t class;

	for (class = 0; class < TEXT_NONE; class++)
		buf_clear(&h->numbers[class]);
	h->more = 0;
}

size_t hits_total(const struct hits *h)
{
	size_t class, sum = h->more;

	for (class = 0; class < TEXT_NONE; class++)
		sum += count(h, class);
	return sum < HITS_MAX ? sum : HITS_MAX;
}

/* What comes later is older: only a better class would get it in front of what is there. */
bool hits_final(const struct hits *h, size_t wanted)
{
	return hits_total(h) == HITS_MAX && count(h, TEXT_WORD) >= wanted;
}

size_t hits_get(const struct hits *h, size_t first, size_t n, uint32_t *numbers)
{
	size_t class, at = first, got = 0, total = hits_total(h);
	const uint32_t *list;

	if (first >= total)
		return 0;
	n = n < total - first ? n : total - first;
	for (class = 0; class < TEXT_NONE; class++) {
		list = (const void *)h->numbers[class].data;
		for (; at < count(h, class) && got < n; at++)
			numbers[got++] = list[at];
		at = at > count(h, class) ? at - count(h, class) : 0;
	}
	return got;
}
