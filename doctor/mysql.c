/* MySQL or MariaDB: is it there, is its schema ours, may we change it? */
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "migrate.h"

#define PACKET_BYTES (1ULL << 20) /* a request's body may be as long */
#define SKEW_MS 2000

static long long connections(const struct conf *c)
{
	return (long long)(c->api_processes + c->writer_processes + c->search_processes) + c->workers + 5;
}

static void look_at_limits(struct doctor *d, uint64_t packet, uint64_t most)
{
	long long ours = connections(&d->tool.conf);
	static const char fewer[] = "lower PARLEY_API_PROCESSES, PARLEY_WRITER_PROCESSES, PARLEY_SEARCH_PROCESSES and "
				    "PARLEY_WORKERS, or raise max_connections";

	if (packet < PACKET_BYTES)
		doctor_say(d, DOCTOR_FAIL, "set it to 16M", "max_allowed_packet is %llu: long messages cannot be stored",
			   (unsigned long long)packet);
	if (most && (long long)most < ours)
		doctor_say(d, DOCTOR_FAIL, fewer, "max_connections is %llu, and Parley may have %lld", (unsigned long long)most,
			   ours);
	else if (most && (long long)most < 2 * ours)
		doctor_say(d, DOCTOR_WARN, fewer,
			   "max_connections is %llu: while programs are replaced Parley may have %lld",
			   (unsigned long long)most, 2 * ours);
}

static void look_at_server(struct doctor *d)
{
	char version[64], charset[64];
	struct db *db = &d->tool.db;
	uint64_t packet, most;
	long long skew_ms;

	snprintf(version, sizeof(version), "%s", db_text(db, 0, NULL));
	packet = db_number(db, 1);
	most = db_number(db, 2);
	skew_ms = (long long)(db_number(db, 3) / 1000) - clock_wall_us() / 1000;
	snprintf(charset, sizeof(charset), "%s", db_text(db, 4, NULL));
	db_done(db);
	doctor_say(d, DOCTOR_OK, NULL, "%s answers", version);
	look_at_limits(d, packet, most);
	if (llabs(skew_ms) > SKEW_MS)
		doctor_say(d, DOCTOR_WARN, "have both machines keep the time (chrony, systemd-timesyncd)",
			   "its clock is %lld ms off this machine's", skew_ms);
	if (strcmp(charset, "utf8mb4") != 0)
		doctor_say(d, DOCTOR_WARN, "ALTER DATABASE … CHARACTER SET utf8mb4 (the tables that migrate makes name their own)",
			   "the database's character set is %s", charset);
}

void doctor_mysql(struct doctor *d)
{
	struct err e = ERR_INIT;

	if (db_row(&d->tool.db, DB_DOCTOR_SERVER, NULL, 1, &e) < 1) {
		doctor_say(d, DOCTOR_FAIL,
			   "start it, and see that DATABASE_URL names it, its user, password and database "
			   "(a special character in a password is written %40 and so on)",
			   "%s", e.text);
		return;
	}
	d->mysql = true;
	look_at_server(d);
}

void doctor_schema(struct doctor *d)
{
	struct err e = ERR_INIT;
	unsigned long long level;

	if (db_row(&d->tool.db, DB_MIGRATE_LEVEL, NULL, 1, &e) < 1) {
		doctor_say(d, DOCTOR_FAIL, "parley migrate", "there is none yet: %s", e.text);
		return;
	}
	level = db_number(&d->tool.db, 0);
	db_done(&d->tool.db);
	d->schema = level == MIGRATE_LEVEL || level == MIGRATE_LEVEL + 1;
	if (level < MIGRATE_LEVEL)
		doctor_say(d, DOCTOR_FAIL, "parley migrate", "it is at level %llu, these programs need %d", level,
			   MIGRATE_LEVEL);
	else if (level > MIGRATE_LEVEL)
		doctor_say(d, d->schema ? DOCTOR_WARN : DOCTOR_FAIL, "install the newer programs, of which the schema is",
			   "it is at level %llu, these programs are of level %d", level, MIGRATE_LEVEL);
	else
		doctor_say(d, DOCTOR_OK, NULL, "at level %llu", level);
}

/* ------------------------------------------------------------------ rights */

static const struct {
	const char *name;
	bool migrate; /* only `parley migrate` needs it */
} rights[] = {
	{ "SELECT", false }, { "INSERT", false }, { "UPDATE", false }, { "DELETE", false },
	{ "CREATE", true },  { "ALTER", true },	  { "INDEX", true },
};

#define RIGHTS (sizeof(rights) / sizeof(rights[0]))

/* Is it a grant of "*.*", or of a database and all its tables? (Of which one: it was let into ours.) */
static bool is_wide(const char *grant)
{
	const char *on = strstr(grant, " ON ");

	return on && strstr(on, ".*");
}

/* "GRANT SELECT, INSERT ON …": each right between its commas. */
static void note_rights(const char *grant, bool has[RIGHTS])
{
	const char *at = grant + strlen("GRANT "), *on = strstr(grant, " ON ");
	size_t len, i;

	for (; at < on; at += len + strspn(at + len, ", ")) {
		len = strcspn(at, ",");
		if (len > (size_t)(on - at))
			len = (size_t)(on - at);
		for (i = 0; i < RIGHTS; i++)
			if ((strlen(rights[i].name) == len && !strncasecmp(at, rights[i].name, len)) ||
			    (len >= 3 && !strncasecmp(at, "ALL", 3)))
				has[i] = true;
	}
}

void doctor_rights(struct doctor *d)
{
	unsigned before = doctor_worse(d);
	struct db *db = &d->tool.db;
	bool has[RIGHTS] = { false };
	const char *grant;
	size_t i;
	int rc = db_query(db, DB_DOCTOR_RIGHTS, NULL, 1, NULL);

	while (!rc && db_next(db, NULL) > 0) {
		grant = db_text(db, 0, NULL);
		if (!strncmp(grant, "GRANT ", 6) && is_wide(grant))
			note_rights(grant, has);
	}
	db_done(db);
	for (i = 0; i < RIGHTS; i++)
		if (!has[i])
			doctor_say(d, rights[i].migrate ? DOCTOR_WARN : DOCTOR_FAIL,
				   "have the database's administrator grant it (GRANT ALL ON the database is enough)",
				   "this user may not %s%s", rights[i].name,
				   rights[i].migrate ? ", which the next `parley migrate` will need" : "");
	if (doctor_worse(d) == before)
		doctor_say(d, DOCTOR_OK, NULL, "this user has all that programs and migrations need");
}
