/* room: how much of what MySQL and Redis allow is taken, by us and by all others who use them. */
#ifndef PARLEY_ROOM_H
#define PARLEY_ROOM_H

#include <stdint.h>

#include "db.h"
#include "redis.h"

struct room {
	uint64_t used;
	uint64_t limit; /* 0: there is none, or the server does not tell */
};

struct room_mysql {
	struct room connections; /* of the whole server */
	struct room account;     /* connections of the account that we have there */
};

struct room_redis {
	struct room connections;
	struct room memory; /* bytes */
};

/* 0, or -1 with *e: it does not answer. */
int room_mysql(struct room_mysql *room, struct db *db, struct err *e);
int room_redis(struct room_redis *room, struct redis *r, struct err *e);

#endif
