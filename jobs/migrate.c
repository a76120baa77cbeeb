/* migrate: brings the schema to the level of these programs. */
#include <stdio.h>

#include "log.h"
#include "migrate.h"
#include "program.h"

int main(int argc, char **argv)
{
	static const struct program_option none[] = { { NULL, NULL, NULL, NULL, NULL, NULL } };
	struct err e = ERR_INIT;
	struct conf conf;
	struct db db;
	int status = 0, applied = -1;

	if (program_start(&conf, "migrate", "Applies the migrations that the database lacks.", none,
			  argc, argv, &status) != PROGRAM_RUN) {
		conf_clear(&conf);
		return status;
	}
	if (!db_init(&db, &conf, DB_ROLE_MIGRATE, NULL, &e)) {
		applied = migrate_run(&db, &e);
		db_clear(&db);
	}
	if (applied < 0)
		fprintf(stderr, "migrate: %s\n", e.text);
	else
		LOG(LOG_INFO, "migrated", LOG_N("applied", applied), LOG_N("level", MIGRATE_LEVEL));
	conf_clear(&conf);
	return applied < 0;
}
