/* The comparison of Redis with MySQL on every new connection. */
#include "compare.h"

#include <string.h>

#include "key.h"

#define RECOVERED_KEEP_S 2592000 /* 30 days; then it is compared anew */
#define ID 65

static int info(struct redis *r, const char *section, const char *field, char out[ID],
		struct err *e)
{
	struct redis_call c;
	redisReply *reply;

	redis_command(&c, "INFO");
	redis_arg(&c, section);
	if (redis_send(r, &c, &reply, e))
		return -1;
	out[0] = '\0';
	if (reply->type == REDIS_REPLY_STRING)
		redis_info_field(reply->str, field, out, ID);
	freeReplyObject(reply);
	return 0;
}

/* The key that says that this Redis process was compared. */
static int recovered_key(struct redis *r, char key[KEY_MAX], struct err *e)
{
	char run_id[ID], replid[ID];

	if (info(r, "server", "run_id", run_id, e) || info(r, "replication", "master_replid", replid, e))
		return -1;
	key_recovered(key, run_id, replid);
	return 0;
}

static int begin_sequence(struct redis *r, struct err *e)
{
	struct redis_call c;

	redis_command(&c, "SETNX");
	redis_arg(&c, KEY_QUEUE_SEQ);
	redis_arg(&c, "0");
	return redis_send(r, &c, NULL, e);
}

/* A number of MySQL's single row. */
static int ask(struct db *db, enum db_query query, uint64_t *number, struct err *e)
{
	if (db_row(db, query, NULL, 1, e) < 1)
		return -1;
	*number = db_number(db, 0);
	db_done(db);
	return 0;
}

static int compare_sequence(struct redis *r, struct db *db, struct err *e)
{
	uint64_t mark, seq = 0, stored;
	int there;

	if (ask(db, DB_MARK_HIGHEST, &mark, e))
		return -1;
	there = redis_get_number(r, KEY_QUEUE_SEQ, &seq, e);
	if (there < 0)
		return -1;
	if (there && seq >= mark)
		return 0;
	if (!there && !mark && !ask(db, DB_ANYTHING_STORED, &stored, e) && !stored)
		return begin_sequence(r, e);
	if (there)
		return err_set(e, ERR_BEHIND, "redis went back: queue_seq %llu, MySQL has seen %llu",
			       (unsigned long long)seq, (unsigned long long)mark);
	return err_set(e, ERR_BEHIND, "redis went back: queue_seq is missing, MySQL has seen %llu",
		       (unsigned long long)mark);
}

int compare(struct redis *r, struct db *db, struct err *e)
{
	char key[KEY_MAX];
	uint64_t found;
	int there;

	if (redis_connect(r, e))
		return -1;
	if (r->compared)
		return 0;
	if (recovered_key(r, key, e))
		return -1;
	there = redis_get_number(r, key, &found, e);
	if (there < 0)
		return -1;
	if (!there && (compare_sequence(r, db, e) || redis_set_mark(r, key, RECOVERED_KEEP_S, e)))
		return -1;
	r->compared = true;
	return 0;
}

int compare_again(struct redis *r, struct db *db, struct err *e)
{
	if (redis_connect(r, e) || compare_sequence(r, db, e))
		return -1;
	r->compared = true;
	return 0;
}
