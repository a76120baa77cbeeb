/* load_figures: what a run of the load generator counted, and its summary. */
#ifndef PARLEY_TEST_LOAD_FIGURES_H
#define PARLEY_TEST_LOAD_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#define FIGURES_STATUS 600

struct samples {
	uint32_t *us; /* owned */
	size_t n, cap;
};

struct figures {
	uint64_t by_status[FIGURES_STATUS]; /* 0: no answer */
	uint64_t failed;                    /* requests given up */
	uint64_t found, missing;            /* of --read-back */
	int64_t begin_us, end_us;           /* steady clock */
	const char *first_error;            /* of those without an answer; static text, or NULL */
	struct samples *latency;            /* owned: of the 2xx, one for each URL */
	size_t n_urls;
};

/* 0, or -1: out of memory. */
int figures_init(struct figures *f, size_t n_urls);
void figures_clear(struct figures *f);
/* Counts a finished request. 0, or -1: out of memory. */
int figures_add(struct figures *f, size_t url, long status, int64_t duration_us);
/* Prints one JSON object; `success` is the status wanted. 0, or -1: out of memory. */
int figures_print(struct figures *f, int success);

#endif
