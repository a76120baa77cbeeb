/* doctor: looks at every setting and connection, and says what to do about what is not right
 * (doc/hosting.md). A file of doctor/ for each group of checks. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "program.h"
#include "../doctor/doctor.h"

/* In this order; what builds on something that was not found good is left out, and said to be. */
static const struct {
	const char *name;
	void (*look)(struct doctor *d);
	size_t needs; /* offset of a bool in struct doctor */
} checks[] = {
	{ "settings", doctor_settings, 0 },
	{ "access", doctor_access, offsetof(struct doctor, settings) },
	{ "folders", doctor_folders, offsetof(struct doctor, settings) },
	{ "disk", doctor_disk, offsetof(struct doctor, settings) },
	{ "redis", doctor_redis, offsetof(struct doctor, settings) },
	{ "durability", doctor_durability, offsetof(struct doctor, redis) },
	{ "mysql", doctor_mysql, offsetof(struct doctor, settings) },
	{ "schema", doctor_schema, offsetof(struct doctor, mysql) },
	{ "rights", doctor_rights, offsetof(struct doctor, mysql) },
	{ "elasticsearch", doctor_elasticsearch, offsetof(struct doctor, settings) },
	{ "programs", doctor_programs, offsetof(struct doctor, settings) },
	{ "jobs", doctor_jobs, offsetof(struct doctor, settings) },
	{ "queue", doctor_queue, offsetof(struct doctor, schema) },
	{ "web", doctor_web, offsetof(struct doctor, settings) },
};

#define CHECKS (sizeof(checks) / sizeof(checks[0]))

static const char purpose[] =
	"Looks at every setting and connection, a line each; under what is not right, what to do about it.\n\n"
	"Exit status: 0 all works (there may be warnings); 1 something does not; 2 wrong usage.";

static bool can_look(const struct doctor *d, size_t i)
{
	return !checks[i].needs || *(const bool *)((const char *)d + checks[i].needs);
}

static void look_at_all(struct doctor *d)
{
	size_t i;

	for (i = 0; i < CHECKS; i++) {
		d->check = checks[i].name;
		if (can_look(d, i))
			checks[i].look(d);
	}
	if (!d->json)
		printf("%u ok, %u warnings, %u failures\n", d->said[DOCTOR_OK], d->said[DOCTOR_WARN],
		       d->said[DOCTOR_FAIL]);
}

static int version(void)
{
	printf("doctor (Parley) %s\n", PROGRAM_VERSION);
	return TOOL_GOOD;
}

int main(int argc, char **argv)
{
	struct doctor d = { .check = "" };
	const struct command c = { "doctor", "", purpose, 0 };
	const struct command_option options[] = {
		{ "--api", "URL", "where the web server gives the full API (http://BIND:API_PORT)", NULL, NULL, &d.api },
		{ "--writer", "URL", "where it gives the fast writer (http://BIND:WRITER_PORT)", NULL, NULL, &d.writer },
		{ "--json", NULL, "a JSON document in each line", &d.json, NULL, NULL },
		{ NULL, NULL, NULL, NULL, NULL, NULL },
	};
	enum command_start how;

	if (argc == 2 && !strcmp(argv[1], "--version"))
		return version();
	argc--;
	how = command_parse(&c, options, &argc, argv + 1);
	if (how != COMMAND_RUN)
		return how == COMMAND_DONE ? TOOL_GOOD : TOOL_USAGE;
	look_at_all(&d);
	tool_close(&d.tool);
	if (fflush(stdout) || ferror(stdout)) {
		fputs("doctor: cannot write to standard output\n", stderr);
		return TOOL_BAD;
	}
	return d.said[DOCTOR_FAIL] ? TOOL_BAD : TOOL_GOOD;
}
