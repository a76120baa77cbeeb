/* heal: brings back a counter that Redis has lost, or finds that there is nothing to count for.
 *
 * A counter that is missing means: never was, deleted (MySQL has a tombstone, for ever), or lost. Then,
 * in this order and no other, or a number could be given twice: Redis is compared with MySQL, a lock is
 * taken (heal:<id>), the counter is looked at again, the queues are read, then MySQL, and the counter is
 * made only while the lock still holds. */
#ifndef PARLEY_HEAL_H
#define PARLEY_HEAL_H

#include "db.h"
#include "redis.h"

/* 1: the counter is there (again); 0: there is no such application or chat, or it is deleted;
 * -1: ERR_REDIS, ERR_UNSURE, ERR_DB… (nobody can tell), ERR_BEHIND (Redis must be recovered first, or
 * somebody else has been healing it for longer than a request may wait), ERR_MEMORY. */
int heal_application(struct redis *r, struct db *db, uint64_t application, struct err *e);
/* A chat whose application's counter is there. One that was accepted and has no row yet counts as a
 * chat; one above its application's counter does not, and MySQL is not asked for it. */
int heal_chat(struct redis *r, struct db *db, uint64_t chat, struct err *e);

#endif
