/* The comparison of Redis with what is known of it, on every new connection. */
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

int compare_standing(struct redis *r, struct db *db, struct standing *s, struct err *e)
{
	uint64_t mark, stored = 0;
	int there;

	*s = (struct standing){ 0 };
	if (ask(db, DB_MARK_HIGHEST, &mark, e))
		return -1;
	there = redis_get_number(r, KEY_QUEUE_SEQ, &s->seq, e);
	if (there < 0)
		return -1;
	s->missing = !there;
	s->known = mark > r->seen ? mark : r->seen;
	s->only_seen = there && s->seq >= mark && s->seq < s->known;
	if (there)
		return s->seq < s->known;
	if (s->known)
		return 1;
	if (ask(db, DB_ANYTHING_STORED, &stored, e) || (!stored && begin_sequence(r, e)))
		return -1;
	return stored != 0;
}

static int behind(struct redis *r, const struct standing *s, struct err *e)
{
	r->behind = true;
	if (s->missing)
		return err_set(e, ERR_BEHIND, "redis went back: queue_seq is missing, %llu were given",
			       (unsigned long long)s->known);
	return err_set(e, ERR_BEHIND, "redis went back: queue_seq is %llu, %llu were given",
		       (unsigned long long)s->seq, (unsigned long long)s->known);
}

static int compare_now(struct redis *r, struct db *db, struct err *e)
{
	struct standing s;
	int rc = compare_standing(r, db, &s, e);

	if (rc)
		return rc < 0 ? -1 : behind(r, &s, e);
	return 0;
}

/* Somebody has compared this Redis process, and it does not contradict what this process knows.
 * 1, 0, -1 */
static int compared_before(struct redis *r, const char *key, struct err *e)
{
	uint64_t seq = 0;
	int there = redis_get_number(r, KEY_QUEUE_SEQ, &seq, e);

	if (there < 1 || seq < r->seen)
		return there < 0 ? -1 : 0;
	return redis_exists(r, key, e);
}

/* It was one connection all the time: a new one may lead to another Redis. */
static int good(struct redis *r, uint64_t link, struct err *e)
{
	if (r->links != link)
		return err_set(e, ERR_REDIS, "redis: the connection broke while it was compared");
	r->behind = false;
	r->compared = true;
	return 0;
}

int compare(struct redis *r, struct db *db, struct err *e)
{
	char key[KEY_MAX];
	uint64_t link;
	int before;

	if (redis_connect(r, e))
		return -1;
	if (r->compared)
		return 0;
	link = r->links;
	if (recovered_key(r, key, e))
		return -1;
	before = compared_before(r, key, e);
	if (before < 0)
		return -1;
	if (!before && (compare_now(r, db, e) || redis_set_mark(r, key, RECOVERED_KEEP_S, e)))
		return -1;
	return good(r, link, e);
}

int compare_again(struct redis *r, struct db *db, struct err *e)
{
	uint64_t link;

	if (redis_connect(r, e))
		return -1;
	link = r->links;
	return compare_now(r, db, e) ? -1 : good(r, link, e);
}
