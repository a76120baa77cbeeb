/* The settings, and who may use what they open. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define KEY_LENGTH 16   /* characters of a key that is not guessed */
#define STOP_MS 5000    /* libfcgi may wait two seconds for a client */

/* Where they come from: the path of a file, or NULL: there is none. Owned by the caller. */
static char *settings_file(const struct conf *c)
{
	const char *named = getenv("PARLEY_CONFIG");

	return named && *named ? strdup(named) : conf_path(c, "parley.conf");
}

static void say_file(struct doctor *d)
{
	char *path = settings_file(&d->tool.conf);
	struct stat st;

	if (!path || stat(path, &st))
		doctor_say(d, DOCTOR_OK, NULL, "all are good; no file %s, so they are the environment's and the defaults",
			   path ? path : "");
	else
		doctor_say(d, DOCTOR_OK, NULL, "all are good; %s has mode %04o", path,
			   (unsigned)(st.st_mode & 07777));
	free(path);
}

void doctor_settings(struct doctor *d)
{
	struct err e = ERR_INIT;

	if (conf_load(&d->tool.conf, &e)) {
		doctor_say(d, DOCTOR_FAIL, "put that right; nothing else can be looked at before. `parley api --help` says what "
					   "each setting may be",
			   "%s", e.text);
		return;
	}
	log_init("doctor", (enum log_level)d->tool.conf.log_level, (enum log_format)d->tool.conf.log_format);
	if (redis_init(&d->tool.redis, &d->tool.conf, NULL, &e) ||
	    db_init(&d->tool.db, &d->tool.conf, DB_ROLE_LOOK, NULL, &e) ||
	    elastic_init(&d->tool.elastic, &d->tool.conf, &e)) {
		doctor_say(d, DOCTOR_FAIL, "this machine is short of memory", "%s", e.text);
		return;
	}
	d->settings = true;
	say_file(d);
	if (d->tool.conf.stop_ms < STOP_MS)
		doctor_say(d, DOCTOR_WARN, "set it to 5000 or more",
			   "PARLEY_STOP_MS is %lld: a request may be cut when a program is replaced",
			   (long long)d->tool.conf.stop_ms);
	if (!d->tool.conf.queue_limit)
		doctor_say(d, DOCTOR_WARN, "set it to what Redis' memory can take (a job takes about 1 KB and its text)",
			   "PARLEY_QUEUE_LIMIT is 0: while nothing is stored Redis fills up");
}

/* ------------------------------------------------------------------ who may do what */

static bool is_loopback(const char *address)
{
	return !strncmp(address, "127.", 4) || !strcmp(address, "::1") || !strcmp(address, "localhost");
}

void doctor_access(struct doctor *d)
{
	const struct conf *c = &d->tool.conf;
	unsigned before = doctor_worse(d);
	static const char make_key[] = "set PARLEY_ADMIN_KEY in parley.conf (`openssl rand -hex 24` makes one)";

	if (!*c->admin_key && !is_loopback(c->bind))
		doctor_say(d, c->open ? DOCTOR_WARN : DOCTOR_FAIL, make_key,
			   "whoever reaches %s may create, list and delete applications", c->bind);
	else if (!*c->admin_key && (d->api || d->writer))
		doctor_say(d, DOCTOR_WARN, make_key,
			   "whoever reaches %s may create, list and delete applications",
			   d->api ? d->api : d->writer);
	if (*c->admin_key && strlen(c->admin_key) < KEY_LENGTH)
		doctor_say(d, DOCTOR_WARN, make_key, "PARLEY_ADMIN_KEY has %zu characters: it can be guessed",
			   strlen(c->admin_key));
	if (!strcmp(c->cors_origins, "*"))
		doctor_say(d, DOCTOR_WARN, "name the origins of your own pages instead",
			   "PARLEY_CORS_ORIGINS is *: every web page may use this API from its visitors' browsers");
	if (doctor_worse(d) == before)
		doctor_say(d, DOCTOR_OK, NULL, *c->admin_key ? "applications are behind PARLEY_ADMIN_KEY"
							     : "no PARLEY_ADMIN_KEY, and only this machine is listened to");
}
