/* How much of what MySQL and Redis allow is taken. */
#include "room.h"

#include <stdlib.h>

static int no_row(struct err *e)
{
	return err_set(e, ERR_DB, "MySQL does not tell how many connections it has");
}

int room_mysql(struct room_mysql *room, struct db *db, struct err *e)
{
	int rc = db_row(db, DB_ROOM_LIMITS, NULL, 1, e);

	if (rc < 1)
		return rc ? -1 : no_row(e);
	room->connections.limit = db_number(db, 0);
	room->account = (struct room){ .limit = db_number(db, 1), .used = db_number(db, 2) };
	db_done(db);
	rc = db_row(db, DB_ROOM_CONNECTIONS, NULL, 1, e);
	if (rc < 1)
		return rc ? -1 : no_row(e);
	room->connections.used = db_number(db, 1);
	db_done(db);
	return 0;
}

static uint64_t info_number(const redisReply *reply, const char *field)
{
	char value[32];

	redis_info_field(reply->str, field, value, sizeof(value));
	return strtoull(value, NULL, 10);
}

int room_redis(struct room_redis *room, struct redis *r, struct err *e)
{
	struct redis_call c;
	redisReply *reply;
	int rc = 0;

	redis_command(&c, "INFO");
	redis_arg(&c, "clients");
	redis_arg(&c, "memory");
	if (redis_send(r, &c, &reply, e))
		return -1;
	if (reply->type == REDIS_REPLY_STRING)
		*room = (struct room_redis){
			.connections = { info_number(reply, "connected_clients"), info_number(reply, "maxclients") },
			.memory = { info_number(reply, "used_memory"), info_number(reply, "maxmemory") },
		};
	else
		rc = err_set(e, ERR_REDIS, "redis: INFO answered something else");
	freeReplyObject(reply);
	return rc;
}
