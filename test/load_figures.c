/* Counts, percentiles and the summary of a run. */
#include "load_figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int figures_init(struct figures *f, size_t n_urls)
{
	memset(f, 0, sizeof(*f));
	f->latency = calloc(n_urls, sizeof(*f->latency));
	f->n_urls = n_urls;
	return f->latency ? 0 : -1;
}

void figures_clear(struct figures *f)
{
	size_t i;

	for (i = 0; i < f->n_urls; i++)
		free(f->latency[i].us);
	free(f->latency);
	memset(f, 0, sizeof(*f));
}

static int add_sample(struct samples *s, int64_t us)
{
	size_t cap = s->cap ? s->cap * 2 : 1024;
	uint32_t *more;

	if (s->n == s->cap) {
		more = reallocarray(s->us, cap, sizeof(*more));
		if (!more)
			return -1;
		s->us = more;
		s->cap = cap;
	}
	s->us[s->n++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
	return 0;
}

int figures_add(struct figures *f, size_t url, long status, int64_t duration_us)
{
	f->by_status[status]++;
	if (status < 200 || status > 299)
		return 0;
	return add_sample(&f->latency[url], duration_us);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The nearest rank of sorted samples; 0 of none. */
static uint32_t percentile(const struct samples *s, unsigned percent)
{
	size_t rank = (s->n * percent + 99) / 100;

	return s->n ? s->us[rank ? rank - 1 : 0] : 0;
}

static void print_latency(struct samples *s)
{
	if (s->n)
		qsort(s->us, s->n, sizeof(*s->us), by_size);
	printf("\"p50_us\":%u,\"p95_us\":%u,\"p99_us\":%u,\"max_us\":%u", percentile(s, 50),
	       percentile(s, 95), percentile(s, 99), percentile(s, 100));
}

static void print_counts(const struct figures *f, uint64_t ok)
{
	double seconds = (double)(f->end_us - f->begin_us) / 1e6;
	const char *comma = "";
	uint64_t finished = 0;
	int i;

	for (i = 0; i < FIGURES_STATUS; i++)
		finished += f->by_status[i];
	printf("{\"requests\":%" PRIu64 ",\"ok\":%" PRIu64 ",\"by_status\":{", finished, ok);
	for (i = 1; i < FIGURES_STATUS; i++)
		if (f->by_status[i]) {
			printf("%s\"%d\":%" PRIu64, comma, i, f->by_status[i]);
			comma = ",";
		}
	printf("},\"errors\":%" PRIu64 ",\"failed\":%" PRIu64, f->by_status[0], f->failed);
	if (f->first_error)
		printf(",\"first_error\":\"%s\"", f->first_error);
	printf(",\"found\":%" PRIu64 ",\"not_found\":%" PRIu64, f->found, f->missing);
	printf(",\"seconds\":%.3f,\"per_second\":%.1f,", seconds,
	       seconds > 0 ? (double)ok / seconds : 0.0);
}

int figures_print(struct figures *f, int success)
{
	struct samples all = { 0 };
	size_t i, j;

	for (i = 0; i < f->n_urls; i++)
		for (j = 0; j < f->latency[i].n; j++)
			if (add_sample(&all, f->latency[i].us[j])) {
				free(all.us);
				return -1;
			}
	print_counts(f, f->by_status[success]);
	print_latency(&all);
	printf(",\"urls\":[");
	for (i = 0; i < f->n_urls; i++) {
		printf("%s{\"url_index\":%zu,\"ok\":%zu,", i ? "," : "", i, f->latency[i].n);
		print_latency(&f->latency[i]);
		printf("}");
	}
	printf("]}\n");
	free(all.us);
	return 0;
}
