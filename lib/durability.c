/* How safe is what Redis acknowledges? */
#include "durability.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

static const struct {
	const char *name;   /* in Redis' own configuration, or what comes closest */
	const char *info;   /* field of INFO; NULL: CONFIG GET tells, by that name */
	const char *member; /* of /health; NULL: none */
	bool number;
} fields[DURABILITY__MAX] = {
	[DURABILITY_APPENDONLY] = { "appendonly", "aof_enabled", "appendonly", false },
	[DURABILITY_APPENDFSYNC] = { "appendfsync", NULL, "appendfsync", false },
	[DURABILITY_ON_REWRITE] = { "no-appendfsync-on-rewrite", NULL, NULL, false },
	[DURABILITY_POLICY] = { "maxmemory-policy", "maxmemory_policy", "maxmemory_policy", false },
	[DURABILITY_ROLE] = { "role", "role", "role", false },
	[DURABILITY_REPLICAS] = { "replicas", "connected_slaves", "connected_replicas", true },
	[DURABILITY_MIN_REPLICAS] = { "min-replicas-to-write", NULL, "min_replicas_to_write", true },
	[DURABILITY_AOF_WRITE] = { "aof_last_write_status", "aof_last_write_status",
				   "aof_last_write_status", false },
	[DURABILITY_AOF_REWRITE] = { "aof_last_bgrewrite_status", "aof_last_bgrewrite_status", NULL,
				     false },
	[DURABILITY_SNAPSHOT] = { "rdb_last_bgsave_status", "rdb_last_bgsave_status", NULL, false },
};

/* ------------------------------------------------------------------ reading */

/* INFO's words for what the configuration calls otherwise. */
static const struct {
	enum durability_field field;
	const char *info, *value;
} translations[] = {
	{ DURABILITY_APPENDONLY, "0", "no" },
	{ DURABILITY_APPENDONLY, "1", "yes" },
	{ DURABILITY_ROLE, "slave", "replica" },
};

#define DIGITS "0123456789"
#define WORD "abcdefghijklmnopqrstuvwxyz-_" DIGITS

/* Only a word is taken, or a number where one is due. */
static void note(struct durability *d, enum durability_field field, const char *value)
{
	size_t i, len = strlen(value);

	if (len >= DURABILITY_VALUE || strspn(value, fields[field].number ? DIGITS : WORD) != len)
		return;
	for (i = 0; i < sizeof(translations) / sizeof(translations[0]); i++)
		if (translations[i].field == field && !strcmp(translations[i].info, value))
			value = translations[i].value;
	snprintf(d->value[field], DURABILITY_VALUE, "%s", value);
}

static int read_info(struct durability *d, struct redis *r, struct err *e)
{
	char value[64];
	struct redis_call c;
	redisReply *reply;
	int i;

	redis_command(&c, "INFO");
	redis_arg(&c, "persistence");
	redis_arg(&c, "memory");
	redis_arg(&c, "replication");
	if (redis_send(r, &c, &reply, e))
		return -1;
	for (i = 0; i < DURABILITY__MAX && reply->type == REDIS_REPLY_STRING; i++) {
		if (!fields[i].info)
			continue;
		redis_info_field(reply->str, fields[i].info, value, sizeof(value));
		note(d, (enum durability_field)i, value);
	}
	freeReplyObject(reply);
	return 0;
}

static void note_setting(struct durability *d, const redisReply *name, const redisReply *value)
{
	int i;

	if (name->type != REDIS_REPLY_STRING || value->type != REDIS_REPLY_STRING)
		return;
	for (i = 0; i < DURABILITY__MAX; i++)
		if (!fields[i].info && !strcmp(fields[i].name, name->str))
			note(d, (enum durability_field)i, value->str);
}

static void read_settings(struct durability *d, struct redis *r)
{
	struct redis_call c;
	redisReply *reply;
	size_t i;

	redis_command(&c, "CONFIG");
	redis_arg(&c, "GET");
	for (i = 0; i < DURABILITY__MAX; i++)
		if (!fields[i].info)
			redis_arg(&c, fields[i].name);
	if (redis_send(r, &c, &reply, NULL))
		return;
	for (i = 0; reply->type == REDIS_REPLY_ARRAY && i + 1 < reply->elements; i += 2)
		note_setting(d, reply->element[i], reply->element[i + 1]);
	freeReplyObject(reply);
}

int durability_read(struct durability *d, struct redis *r, struct err *e)
{
	memset(d, 0, sizeof(*d));
	if (read_info(d, r, e))
		return -1;
	read_settings(d, r);
	return 0;
}

/* ------------------------------------------------------------------ judging */

static bool is(const struct durability *d, enum durability_field field, const char *value)
{
	return !strcmp(d->value[field], value);
}

const char *durability_word(const struct durability *d)
{
	static const struct { const char *appendfsync, *word; } words[] = {
		{ "always", "always" }, { "everysec", "everysec" }, { "no", "none" },
	};
	size_t i;

	if (is(d, DURABILITY_APPENDONLY, "no"))
		return "none";
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is(d, DURABILITY_APPENDONLY, "yes") &&
		    is(d, DURABILITY_APPENDFSYNC, words[i].appendfsync))
			return words[i].word;
	return "unknown";
}

static const struct finding {
	enum durability_field field;
	const char *bad;  /* what is wrong: this value ("": not told), or */
	const char *good; /* every value that is told but this */
	bool aof;         /* only where there is an append-only file */
	const char *says;
} findings[] = {
	{ DURABILITY_APPENDONLY, "no", NULL, false,
	  "a restart of Redis loses counters and queued messages" },
	{ DURABILITY_APPENDONLY, "", NULL, false,
	  "INFO does not tell, so nobody can tell what a restart of Redis loses" },
	{ DURABILITY_APPENDFSYNC, "everysec", NULL, true,
	  "a crash may lose a second or two of what was acknowledged" },
	{ DURABILITY_APPENDFSYNC, "no", NULL, true,
	  "a crash may lose half a minute of what was acknowledged" },
	{ DURABILITY_APPENDFSYNC, "", NULL, true,
	  "CONFIG is refused, so nobody can tell what a crash may lose" },
	{ DURABILITY_ON_REWRITE, "yes", NULL, true,
	  "a crash while the file is rewritten may lose what was acknowledged meanwhile" },
	{ DURABILITY_POLICY, NULL, "noeviction", false,
	  "when memory is short Redis may throw away counters and jobs" },
	{ DURABILITY_ROLE, NULL, "master", false, "this server takes no writes, its master does" },
	{ DURABILITY_AOF_WRITE, NULL, "ok", true,
	  "Redis refuses writes until it can write its append-only file again" },
	{ DURABILITY_AOF_REWRITE, NULL, "ok", true,
	  "the append-only file grows until a rewrite succeeds" },
	{ DURABILITY_SNAPSHOT, NULL, "ok", false,
	  "where save points are set Redis refuses writes until a snapshot succeeds" },
};

#define FINDINGS (sizeof(findings) / sizeof(findings[0]))

static bool found(const struct durability *d, const struct finding *f)
{
	const char *value = d->value[f->field];

	if (f->aof && !is(d, DURABILITY_APPENDONLY, "yes"))
		return false;
	return f->bad ? !strcmp(value, f->bad) : *value && strcmp(value, f->good) != 0;
}

bool durability_warning(const struct durability *d, size_t *row, char out[DURABILITY_WARNING])
{
	const struct finding *f;

	while (*row < FINDINGS) {
		f = &findings[(*row)++];
		if (!found(d, f))
			continue;
		snprintf(out, DURABILITY_WARNING, "%s is %s: %s", fields[f->field].name,
			 *d->value[f->field] ? d->value[f->field] : "unknown", f->says);
		return true;
	}
	return false;
}

size_t durability_warnings(const struct durability *d)
{
	char ignored[DURABILITY_WARNING];
	size_t row = 0, n = 0;

	while (durability_warning(d, &row, ignored))
		n++;
	return n;
}

/* ------------------------------------------------------------------ writing */

static void write_member(const struct durability *d, enum durability_field field, struct buf *json)
{
	const char *value = d->value[field];

	if (!fields[field].member || !*value || (field == DURABILITY_MIN_REPLICAS && !strcmp(value, "0")))
		return;
	buf_addf(json, fields[field].number ? ",\"%s\":%s" : ",\"%s\":\"%s\"", fields[field].member, value);
}

void durability_write(const struct durability *d, struct buf *json)
{
	char warning[DURABILITY_WARNING];
	size_t row = 0, n = 0;
	int field;

	for (field = 0; field < DURABILITY__MAX; field++)
		write_member(d, (enum durability_field)field, json);
	buf_addf(json, ",\"durability\":\"%s\",\"warnings\":[", durability_word(d));
	while (durability_warning(d, &row, warning)) {
		buf_addstr(json, n++ ? "," : "");
		json_quote(json, warning, strlen(warning));
	}
	buf_addch(json, ']');
}
