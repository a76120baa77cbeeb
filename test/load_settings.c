/* The command line of the load generator. */
#include "load_settings.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

static const char usage_text[] =
	"usage: load [OPTION]... URL...\n"
	"POST messages to the URLs of messages or chats (clients are dealt out over the URLs;\n"
	"a single client takes them in turn), then print a summary as JSON.\n"
	"  --clients N     connections at work at once (1)\n"
	"  --requests N    so many requests (1000, without --for)\n"
	"  --for SECONDS   start requests for so long\n"
	"  --bytes N       bytes of text in a body (100); over 1000 in several scripts\n"
	"  --unique PREFIX what the bodies begin with (random)\n"
	"  --log FILE      a line per finished request\n"
	"  --timeout-ms N  of one request (10000)\n"
	"  --rate N        start at most N requests a second, all clients together\n"
	"  --retry         after 502, 503, 504 or no answer wait and try again with a new body;\n"
	"                  --requests then counts acknowledged ones\n"
	"  --get           GET the URLs in turn instead\n"
	"  --read-back     GET the Location of each 201 at once\n"
	"  --read-base URL from this server (http://host:port), not the one written to\n"
	"  --strict        exit 3 unless every request succeeded\n";

static void refuse(const char *why)
{
	fprintf(stderr, "load: %s\n%s", why, usage_text);
	exit(2);
}

static uint64_t whole(const char *text, const char *name, uint64_t min, uint64_t max)
{
	char *end, why[80];
	unsigned long long n = strtoull(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && n >= min && n <= max)
		return n;
	snprintf(why, sizeof(why), "--%s wants a whole number of %" PRIu64 "..%" PRIu64, name, min,
		 max);
	refuse(why);
	return 0;
}

size_t settings_origin(const char *url)
{
	if (strncmp(url, "http://", 7) != 0)
		return 0;
	return 7 + strcspn(url + 7, "/");
}

static void set_prefix(struct settings *s, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";

	if (!*text || strlen(text) >= LOAD_PREFIX || text[strspn(text, plain)])
		refuse("--unique wants 1..32 of A-Z a-z 0-9 . _ -");
	snprintf(s->prefix, LOAD_PREFIX, "%s", text);
}

static void check(struct settings *s)
{
	size_t i;

	if (!s->requests)
		s->requests = s->seconds ? UINT64_MAX : 1000;
	if (s->read_base && !settings_origin(s->read_base))
		refuse("--read-base wants http://host:port");
	if (s->get && (s->read_back || s->retry))
		refuse("--get goes with neither --read-back nor --retry");
	if (!s->n_urls)
		refuse("a URL is missing");
	for (i = 0; i < s->n_urls; i++)
		if (!settings_origin(s->urls[i]))
			refuse("a URL begins with http://");
}

static void set_defaults(struct settings *s)
{
	char token[RANDOM_TOKEN];

	memset(s, 0, sizeof(*s));
	s->clients = 1;
	s->bytes = 100;
	s->timeout_ms = 10000;
	random_token(token);
	snprintf(s->prefix, LOAD_PREFIX, "%.8s", token);
}

enum { CLIENTS = 1, REQUESTS, FOR, BYTES, TIMEOUT, RATE, UNIQUE, LOG_FILE, READ_BASE, HELP };

static void set(struct settings *s, int option, const char *value)
{
	const struct { const char *name; uint64_t *to, min, max; } numbers[] = {
		[CLIENTS] = { "clients", &s->clients, 1, 10000 },
		[REQUESTS] = { "requests", &s->requests, 1, UINT32_MAX },
		[FOR] = { "for", &s->seconds, 1, 1000000 },
		[BYTES] = { "bytes", &s->bytes, 1, 4 << 20 },
		[TIMEOUT] = { "timeout-ms", &s->timeout_ms, 1, 3600000 },
		[RATE] = { "rate", &s->rate, 1, 1000000 },
	};

	if (option == UNIQUE)
		set_prefix(s, value);
	else if (option == LOG_FILE)
		s->log = value;
	else if (option == READ_BASE)
		s->read_base = value;
	else if (numbers[option].to)
		*numbers[option].to = whole(value, numbers[option].name, numbers[option].min,
					    numbers[option].max);
}

void settings_read(struct settings *s, int argc, char **argv)
{
	const struct option options[] = {
		{ "clients", 1, NULL, CLIENTS }, { "requests", 1, NULL, REQUESTS },
		{ "for", 1, NULL, FOR }, { "bytes", 1, NULL, BYTES },
		{ "timeout-ms", 1, NULL, TIMEOUT }, { "rate", 1, NULL, RATE },
		{ "unique", 1, NULL, UNIQUE }, { "log", 1, NULL, LOG_FILE },
		{ "read-base", 1, NULL, READ_BASE }, { "help", 0, NULL, HELP },
		{ "get", 0, &s->get, 1 }, { "retry", 0, &s->retry, 1 },
		{ "strict", 0, &s->strict, 1 }, { "read-back", 0, &s->read_back, 1 }, { 0 },
	};
	int option;

	set_defaults(s);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == HELP)
			exit(fputs(usage_text, stdout) < 0);
		if (option == '?')
			refuse("no such option, or its value is missing");
		if (option)
			set(s, option, optarg);
	}
	s->urls = argv + optind;
	s->n_urls = (size_t)(argc - optind);
	check(s);
}
