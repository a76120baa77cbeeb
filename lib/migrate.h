/* migrate: the schema's numbered migrations (sql/NNNN_name.sql), built into the programs. */
#ifndef PARLEY_MIGRATE_H
#define PARLEY_MIGRATE_H

#include "db.h"

/* The level this code is written for: it runs on it and on the next (migrations only add). */
#define MIGRATE_LEVEL 4

/* Applies what is missing, one runner at a time. Returns the number applied, or -1: ERR_DB…, or
 * ERR_INVALID when the database is at a higher level than these migrations. */
int migrate_run(struct db *db, struct err *e);

#endif
