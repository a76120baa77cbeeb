/* What all programs share: how they begin, and what they say of Redis and do when it went back. */
#include "program.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "durability.h"
#include "log.h"
#include "recover.h"

/* Big blocks come from mmap whatever was freed before, and so go back when they are freed. */
#define BIG_BLOCK 131072

static void help(const char *name, const char *purpose, const struct program_option *options)
{
	printf("usage: %s [options]\n%s\n\nOptions:\n", name, purpose);
	for (; options->name; options++)
		printf("  %s %-*s %s\n", options->name, 18 - (int)strlen(options->name),
		       options->argument, options->help);
	puts("  --print-config      print the settings in force, secrets masked\n"
	     "  --check             (the last) say nothing and exit with 0 if it would start so\n"
	     "  --version           print the version\n"
	     "  --help              print this\n");
	conf_help(stdout);
}

static int usage(const char *name, const char *what, const char *option)
{
	fprintf(stderr, "%s: %s %s (see %s --help)\n", name, what, option, name);
	return 2;
}

static int set_option(const struct program_option *o, const char *value)
{
	char *end;
	long long n;

	if (o->text) {
		*o->text = value;
		return 0;
	}
	n = strtoll(value, &end, 10);
	if (end == value || *end || n < 1 || n > INT32_MAX)
		return -1;
	*o->number = n;
	return 0;
}

static int read_options(const char *name, const struct program_option *options, int argc,
			char **argv)
{
	const struct program_option *o;
	int i;

	for (i = 1; i < argc; i++) {
		for (o = options; o->name && strcmp(o->name, argv[i]) != 0; o++)
			;
		if (!o->name)
			return usage(name, "unknown option", argv[i]);
		if (o->given) {
			*o->given = true;
			continue;
		}
		if (i + 1 == argc)
			return usage(name, "no value for", argv[i]);
		if (set_option(o, argv[++i]))
			return usage(name, "bad value for", argv[i - 1]);
	}
	return 0;
}

static int load(struct conf *conf, const char *name)
{
	struct err e = ERR_INIT;

	if (conf_load(conf, &e)) {
		fprintf(stderr, "%s: %s\n", name, e.text);
		return 1;
	}
	log_init(name, (enum log_level)conf->log_level, (enum log_format)conf->log_format);
	return 0;
}

static bool wants(int argc, char **argv, const char *option)
{
	return argc == 2 && !strcmp(argv[1], option);
}

enum program_start program_start(struct conf *conf, const char *name, const char *purpose,
				 const struct program_option *options, int argc, char **argv,
				 int *status)
{
	bool check;

	memset(conf, 0, sizeof(*conf));
	*status = 0;
	mallopt(M_MMAP_THRESHOLD, BIG_BLOCK);
	mallopt(M_TRIM_THRESHOLD, BIG_BLOCK);
	umask(027);
	if (wants(argc, argv, "--help")) {
		help(name, purpose, options);
		return PROGRAM_DONE;
	}
	if (wants(argc, argv, "--version")) {
		printf("%s (Parley) %s\n", name, PROGRAM_VERSION);
		return PROGRAM_DONE;
	}
	if (wants(argc, argv, "--markdown")) {
		conf_markdown(stdout);
		return PROGRAM_DONE;
	}
	if (wants(argc, argv, "--print-config")) {
		*status = load(conf, name);
		if (*status)
			return PROGRAM_USAGE;
		conf_print(conf, stdout);
		return PROGRAM_DONE;
	}
	check = argc > 1 && !strcmp(argv[argc - 1], "--check");
	*status = read_options(name, options, argc - check, argv);
	if (!*status)
		*status = load(conf, name);
	if (*status)
		return PROGRAM_USAGE;
	return check ? PROGRAM_DONE : PROGRAM_RUN;
}

bool program_recover(struct redis *r, struct db *db)
{
	struct recovery done;
	struct err e = ERR_INIT;
	int64_t began = clock_mono_ms();
	int rc = recover(r, db, &done, &e);

	if (rc < 0)
		LOG(LOG_ERROR, "redis went back and is not recovered yet", LOG_S("error", e.text));
	if (rc > 0)
		LOG(LOG_ERROR, "redis had lost acknowledged writes, and is recovered",
		    LOG_N("known_seq", done.known_seq), LOG_N("queue_seq", done.queue_seq),
		    LOG_N("missing", done.missing), LOG_N("counters_raised", done.raised),
		    LOG_N("counters_removed", done.removed), LOG_N("ms", clock_mono_ms() - began));
	return rc > 0;
}

static void add_warnings(struct buf *text, const struct durability *d)
{
	char warning[DURABILITY_WARNING];
	size_t row = 0;

	while (durability_warning(d, &row, warning))
		buf_addf(text, "%s%s", text->len ? "; " : "", warning);
}

void program_check_redis(const struct conf *conf)
{
	struct buf text = BUF_INIT;
	struct durability d;
	struct redis r;

	if (redis_init(&r, conf, NULL, NULL))
		return;
	if (!durability_read(&d, &r, NULL))
		add_warnings(&text, &d);
	if (text.len)
		LOG(LOG_WARN, "redis may lose or refuse writes", LOG_S("durability", durability_word(&d)),
		    LOG_S("because", buf_str(&text)));
	buf_clear(&text);
	redis_clear(&r);
}
