/* Command lines of programs that have several commands. */
#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void help(const struct command *c, const struct command_option *o)
{
	printf("usage: %s [options]%s%s\n%s\n\nOptions:\n", c->name, *c->words ? " " : "", c->words,
	       c->purpose);
	for (; o->name; o++)
		printf("  %s %-*s %s\n", o->name, 20 - (int)strlen(o->name),
		       o->argument ? o->argument : "", o->help);
	printf("  %-21s %s\n", "--help", "print this");
}

enum command_start command_usage(const struct command *c, const char *what, const char *which)
{
	fprintf(stderr, "%s: %s%s%s (see %s --help)\n", c->name, what, *which ? " " : "", which,
		c->name);
	return COMMAND_USAGE;
}

static bool set_number(int64_t *number, const char *value)
{
	char *end;
	long long n = strtoll(value, &end, 10);

	if (end == value || *end || n < 1 || n > INT32_MAX)
		return false;
	*number = n;
	return true;
}

static bool set_value(const struct command_option *o, const char *value)
{
	if (o->number)
		return set_number(o->number, value);
	*o->text = value;
	return true;
}

static const struct command_option *find(const struct command_option *o, const char *name)
{
	while (o->name && strcmp(o->name, name) != 0)
		o++;
	return o;
}

enum command_start command_parse(const struct command *c, const struct command_option *options,
				 int *argc, char **argv)
{
	const struct command_option *o;
	bool all_words = false;
	int i, words = 0;

	for (i = 0; i < *argc; i++) {
		if (all_words || argv[i][0] != '-' || !argv[i][1]) {
			argv[words++] = argv[i];
			continue;
		}
		all_words = !strcmp(argv[i], "--");
		if (all_words)
			continue;
		if (!strcmp(argv[i], "--help")) {
			help(c, options);
			return COMMAND_DONE;
		}
		o = find(options, argv[i]);
		if (!o->name)
			return command_usage(c, "unknown option", argv[i]);
		if (o->flag)
			*o->flag = true;
		else if (i + 1 == *argc)
			return command_usage(c, "no value for", argv[i]);
		else if (!set_value(o, argv[++i]))
			return command_usage(c, "bad value for", argv[i - 1]);
	}
	*argc = words;
	if (c->most_words >= 0 && words > c->most_words)
		return command_usage(c, "too many words:", argv[c->most_words]);
	return COMMAND_RUN;
}
