/* load_settings: the command line of the load generator. */
#ifndef PARLEY_TEST_LOAD_SETTINGS_H
#define PARLEY_TEST_LOAD_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#define LOAD_PREFIX 33 /* the longest prefix of a body and its NUL */

struct settings {
	uint64_t clients, requests; /* requests: UINT64_MAX when --for alone ends the run */
	uint64_t seconds;           /* 0: until `requests` are done */
	uint64_t bytes, timeout_ms;
	uint64_t rate;              /* a second; 0: as fast as it goes */
	char prefix[LOAD_PREFIX];
	const char *log, *read_base; /* borrowed from argv; or NULL */
	int get, retry, strict, read_back;
	char **urls; /* borrowed from argv, at least one */
	size_t n_urls;
};

/* Reads the command line. Prints what is wrong and exits 2, or --help and exits 0. */
void settings_read(struct settings *s, int argc, char **argv);
/* The length of "http://host:port" in a URL; 0: not a URL. */
size_t settings_origin(const char *url);

#endif
