/* doctor: what `parley doctor` looks at, and how it says what it found. A file for each group of checks. */
#ifndef PARLEY_DOCTOR_H
#define PARLEY_DOCTOR_H

#include <stdbool.h>

#include "../tool/tool.h"

enum doctor_verdict {
	DOCTOR_OK,
	DOCTOR_WARN, /* works, but something may go wrong or get lost */
	DOCTOR_FAIL, /* does not work */
	DOCTOR__MAX
};

struct doctor {
	struct tool tool;           /* settings and connections */
	const char *check;          /* name of the one at hand */
	const char *api, *writer;   /* where the web server is asked; NULL: BIND and the ports of the settings */
	bool json;
	bool settings, redis, mysql, schema; /* found good enough for what builds on them */
	unsigned said[DOCTOR__MAX]; /* how often */
};

/* Says one finding of the check at hand, and under it what to do about it: `advice`, NULL only with DOCTOR_OK. */
void doctor_say(struct doctor *d, enum doctor_verdict verdict, const char *advice, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* How many findings so far were not ok. */
unsigned doctor_worse(const struct doctor *d);

/* The checks. Each says at least one line. */
void doctor_settings(struct doctor *d); /* all others need the settings */
void doctor_access(struct doctor *d);
void doctor_folders(struct doctor *d);
void doctor_disk(struct doctor *d);
void doctor_redis(struct doctor *d);
void doctor_durability(struct doctor *d);
void doctor_mysql(struct doctor *d);
void doctor_schema(struct doctor *d);
void doctor_rights(struct doctor *d);
void doctor_elasticsearch(struct doctor *d);
void doctor_programs(struct doctor *d);
void doctor_jobs(struct doctor *d);
void doctor_queue(struct doctor *d);
void doctor_web(struct doctor *d);

#endif
