/* tenant: from an application's token to its id: this process's cache, else Redis, else MySQL.
 *
 * An id found here may belong to an application that was deleted since: what is done with it looks
 * (the counter is gone from Redis, every read asks MySQL for the tombstone). */
#ifndef PARLEY_TENANT_H
#define PARLEY_TENANT_H

#include "db.h"
#include "redis.h"

#define TENANT_SLOTS 1024 /* a power of two */

struct tenants {
	struct {
		char token[32];
		uint64_t id; /* 0: empty */
	} slot[TENANT_SLOTS];
};

/* 1: *id; 0: no such application; -1: *e says what could not be asked. */
int tenant_find(struct tenants *t, struct redis *r, struct db *db, const char *token, uint64_t *id,
		struct err *e);
/* Note a token in Redis and in the cache, as far as that works. */
void tenant_note(struct tenants *t, struct redis *r, const char *token, uint64_t id);

#endif
