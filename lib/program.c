/* What all programs share: how they begin, and the recovery of Redis. */
#include "program.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
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
	if (log_init(name, conf->log_level)) {
		fprintf(stderr, "%s: PARLEY_LOG_LEVEL: \"%s\" is none of debug, info, warn, error\n",
			name, conf->log_level);
		return 1;
	}
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
	*status = read_options(name, options, argc, argv);
	if (!*status)
		*status = load(conf, name);
	return *status ? PROGRAM_USAGE : PROGRAM_RUN;
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
