/* Redis: is it there, may it be used, does it keep what it acknowledges? */
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "durability.h"
#include "key.h"
#include "room.h"

#define OLDEST_MAJOR 6
#define OLDEST_MINOR 2
#define SKEW_MS 2000     /* of clocks, that jobs and their waits can bear */
#define SHARE_PERCENT 80 /* of maxmemory */

/* How many processes have a connection: twice as many FastCGI processes for a moment, while they are replaced. */
static long long clients(const struct conf *c)
{
	return 2 * (long long)(c->api_processes + c->writer_processes + c->search_processes) + c->workers + 5;
}

static int read_version(struct redis *r, char *version, size_t size, struct err *e)
{
	struct redis_call c;
	redisReply *reply;

	redis_command(&c, "INFO");
	redis_arg(&c, "server");
	if (redis_send(r, &c, &reply, e))
		return -1;
	redis_info_field(reply->type == REDIS_REPLY_STRING ? reply->str : "", "redis_version", version, size);
	freeReplyObject(reply);
	return 0;
}

static void look_at_version(struct doctor *d, const char *version)
{
	int major = 0, minor = 0;

	if (sscanf(version, "%d.%d", &major, &minor) != 2) /* NOLINT(cert-err34-c): it says how many it read */
		doctor_say(d, DOCTOR_WARN, "let this user call INFO, so that the version can be told",
			   "Redis does not tell its version");
	else if (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR))
		doctor_say(d, DOCTOR_FAIL, "use 6.2 or newer: the workers need BLMOVE", "Redis is %s", version);
	else
		doctor_say(d, DOCTOR_OK, NULL, "%s answers", version);
}

static void look_at_clock(struct doctor *d)
{
	struct redis_call c;
	redisReply *reply;
	long long ms;

	redis_command(&c, "TIME");
	if (redis_send(&d->tool.redis, &c, &reply, NULL))
		return;
	if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2) {
		ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 + strtoll(reply->element[1]->str, NULL, 10) / 1000 -
		     clock_wall_us() / 1000;
		if (llabs(ms) > SKEW_MS)
			doctor_say(d, DOCTOR_WARN, "have both machines keep the time (chrony, systemd-timesyncd)",
				   "its clock is %lld ms off this machine's", ms);
	}
	freeReplyObject(reply);
}

static void look_at_room(struct doctor *d)
{
	const long long ours = clients(&d->tool.conf);
	struct room_redis room = { 0 };
	const struct room *memory = &room.memory;

	if (room_redis(&room, &d->tool.redis, NULL))
		return;
	if (memory->limit && memory->used > memory->limit / 100 * SHARE_PERCENT)
		doctor_say(d, DOCTOR_WARN, "raise maxmemory, or lower PARLEY_QUEUE_LIMIT; is the queue being stored?",
			   "%llu of %llu MB are in use: when it is full, creating is refused",
			   (unsigned long long)memory->used >> 20, (unsigned long long)memory->limit >> 20);
	if (room.connections.limit && room.connections.limit < (uint64_t)ours)
		doctor_say(d, DOCTOR_WARN, "lower PARLEY_API_PROCESSES and the like, or raise maxclients",
			   "it takes %llu clients, and Parley may have %lld",
			   (unsigned long long)room.connections.limit, ours);
}

/* What it refuses to a user of its own (ACL) would refuse every job. */
static void look_at_writing(struct doctor *d)
{
	struct err e = ERR_INIT;

	if (redis_set_mark(&d->tool.redis, KEY_DOCTOR, 1, &e))
		doctor_say(d, DOCTOR_FAIL,
			   "give this user all keys and commands of its database, and see what is said of durability",
			   "it does not take a write: %s", e.text);
	else
		d->redis = true;
}

void doctor_redis(struct doctor *d)
{
	struct err e = ERR_INIT;
	char version[64] = "";

	if (redis_connect(&d->tool.redis, &e) ||
	    read_version(&d->tool.redis, version, sizeof(version), &e)) {
		doctor_say(d, DOCTOR_FAIL, "start it, and see that REDIS_URL names it, its password and its database", "%s",
			   e.text);
		return;
	}
	look_at_version(d, version);
	look_at_writing(d);
	look_at_clock(d);
	look_at_room(d);
}

void doctor_durability(struct doctor *d)
{
	char warning[DURABILITY_WARNING];
	struct err e = ERR_INIT;
	struct durability now;
	size_t row = 0;

	if (durability_read(&now, &d->tool.redis, &e)) {
		doctor_say(d, DOCTOR_FAIL, "see what is said of redis", "%s", e.text);
		return;
	}
	while (durability_warning(&now, &row, warning))
		doctor_say(d, DOCTOR_WARN,
			   "in redis.conf: appendonly yes, appendfsync always, maxmemory-policy noeviction "
			   "(doc/reliability.md says what each is worth)",
			   "%s", warning);
	if (!durability_warnings(&now))
		doctor_say(d, DOCTOR_OK, NULL, "what Redis acknowledges is on disk");
}
