/* hits: the best hits of a search: by class, the newest first within one. */
#ifndef PARLEY_HITS_H
#define PARLEY_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "text.h"

#define HITS_MAX 10000 /* that are kept, counted and shown */

struct hits {
	struct buf numbers[TEXT_NONE]; /* a uint32_t each, at most HITS_MAX; for each class; owned */
	size_t more; /* worse ones, which are counted and not kept */
};

#define HITS_INIT { { BUF_INIT }, 0 }

/* Hits of one class come in falling order of their numbers. 0, or -1: out of memory. */
int hits_add(struct hits *h, enum text_class class, uint32_t number);
void hits_clear(struct hits *h);
/* How many there are, at most HITS_MAX. */
size_t hits_total(const struct hits *h);
/* Can no further hit change the first `wanted` ones nor their number? */
bool hits_final(const struct hits *h, size_t wanted);
/* The numbers of the hits from `first` (0: the best) on, at most n. Returns how many there are. */
size_t hits_get(const struct hits *h, size_t first, size_t n, uint32_t *numbers);

#endif
