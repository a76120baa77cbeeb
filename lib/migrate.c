/* The schema's migrations. */
#define PARLEY_GEN_TEXTS /* the migrations' texts */
#include "migrations.h"

#include "migrate.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define LOCK_WAIT_S 60

_Static_assert(MIGRATION__MAX == MIGRATE_LEVEL, "MIGRATE_LEVEL is the number of files in sql/");

static int take_lock(struct db *db, struct err *e)
{
	const struct db_value wait[] = { DB_U64(LOCK_WAIT_S) };
	uint64_t taken;

	if (db_row(db, DB_MIGRATE_LOCK, wait, 1, e) < 1)
		return -1;
	taken = db_number(db, 0);
	db_done(db);
	return taken ? 0 : err_set(e, ERR_DB_BUSY, "another migration is running");
}

static int read_level(struct db *db, unsigned *level, struct err *e)
{
	if (db_row(db, DB_MIGRATE_LEVEL, NULL, 1, e) < 1)
		return -1;
	*level = (unsigned)db_number(db, 0);
	db_done(db);
	return 0;
}

/* DDL commits by itself: a migration that broke off is run again, so each can be. */
static int apply(struct db *db, unsigned index, struct err *e)
{
	const char *name = migration_texts[index].name;
	char now[CLOCK_ISO];

	clock_sql(clock_wall_us(), now);
	if (db_script(db, migration_texts[index].text, e))
		return -1;
	const struct db_value done[] = { DB_U64(index + 1), DB_STR(name), DB_STR(now) };
	return db_run(db, DB_MIGRATE_DONE, done, 1, NULL, e);
}

int migrate_run(struct db *db, struct err *e)
{
	unsigned level, i;

	if (take_lock(db, e) || db_run(db, DB_MIGRATE_TABLE, NULL, 1, NULL, e) ||
	    read_level(db, &level, e))
		return -1;
	if (level > MIGRATE_LEVEL)
		return err_set(e, ERR_INVALID, "the database is at level %u, these migrations end "
			       "at %d: use the newer programs", level, MIGRATE_LEVEL);
	for (i = level; i < MIGRATE_LEVEL; i++)
		if (apply(db, i, e))
			return -1;
	return (int)(MIGRATE_LEVEL - level);
}
