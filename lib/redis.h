/* redis: one connection to Redis, and calls of commands and of our scripts.
 *
 * A call is built (redis_command or redis_script, then keys and arguments) and sent once:
 *
 *   struct redis_call call;
 *   redis_script(&call, REDIS_SCRIPT_RENEW);
 *   redis_key(&call, lease);
 *   redis_arg(&call, token);
 *   rc = redis_send(r, &call, &reply, e);      frees what the call held
 *
 * What became of it decides what may be done next (queue.md, "Redis durability and loss"):
 * ERR_REDIS and ERR_SCRIPT: not executed; ERR_UNSURE: sent, no answer: never send it again by itself. */
#ifndef PARLEY_REDIS_H
#define PARLEY_REDIS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "breaker.h"
#include "buf.h"
#include "conf.h"
#include "err.h"
#include "metrics.h"
#include "scripts.h"
#include "url.h"

struct redis {
	const struct conf *conf;  /* borrowed */
	struct breaker *breaker;  /* borrowed, may be NULL */
	struct metrics *metrics;  /* borrowed, may be NULL; set after redis_init */
	struct url url;
	redisContext *link;       /* NULL: not connected */
	uint64_t links;           /* connections made so far: tells one from the next */
	bool compared;            /* this connection was compared with MySQL (lib/compare.h) */
	bool recovering;          /* this connection is used to recover Redis (lib/recover.h) */
	bool behind;              /* the last comparison found that Redis went back; not lost with the connection */
	uint64_t seen;            /* the highest queue_seq that this process was ever answered */
};

struct redis_call {
	bool script;
	enum redis_script_id id;
	struct buf bytes;  /* all arguments, one behind the other */
	struct buf ends;   /* size_t each: where they end */
	size_t count, keys;
	bool compared_only;
};

/* Nothing is connected yet. -1: ERR_MEMORY (conf_load has checked the URL). */
int redis_init(struct redis *r, const struct conf *conf, struct breaker *breaker, struct err *e);
void redis_clear(struct redis *r);
/* Connects, logs in and selects the database, unless that is done and the connection still stands.
 * -1, ERR_REDIS. redis_send does this by itself. */
int redis_connect(struct redis *r, struct err *e);
/* Ends the connection; the next call makes a new one. */
void redis_disconnect(struct redis *r);

void redis_command(struct redis_call *c, const char *command);
void redis_script(struct redis_call *c, enum redis_script_id id);
/* Keys come before arguments. Nothing fails here: being out of memory is found by redis_send. */
void redis_key(struct redis_call *c, const char *key);
void redis_arg(struct redis_call *c, const char *text);
void redis_arg_bytes(struct redis_call *c, const void *bytes, size_t len);
void redis_arg_number(struct redis_call *c, int64_t number);
/* The call is not sent on a connection that was not compared with MySQL (lib/compare.h): one that was
 * made between the comparison and the call may lead to a Redis that went back. Then ERR_REDIS. */
void redis_compared_only(struct redis_call *c);
/* A queue_seq that Redis answered: it is remembered (see compare). */
void redis_saw(struct redis *r, uint64_t queue_seq);
/* For a call that is not sent. */
void redis_call_clear(struct redis_call *c);

/* Sends the call and frees it. The reply is the caller's (freeReplyObject) and no error reply; it
 * may be NULL when only success matters. -1 with ERR_REDIS, ERR_UNSURE, ERR_SCRIPT (the text begins
 * with a word of lib/word.h) or ERR_MEMORY. A script that Redis does not know is loaded and sent again. */
int redis_send(struct redis *r, struct redis_call *c, redisReply **reply, struct err *e);
/* The same for a call that waits up to wait_ms in Redis itself. */
int redis_send_wait(struct redis *r, struct redis_call *c, int64_t wait_ms, redisReply **reply,
		    struct err *e);
/* The same for a command (no script) whose reply does not matter. A stop (lib/stop.h) ends the wait: then
 * ERR_UNSURE, and the connection is closed. */
int redis_send_until_stop(struct redis *r, struct redis_call *c, int64_t wait_ms, struct err *e);
/* The same for a call that answers with a number. */
int redis_send_number(struct redis *r, struct redis_call *c, int64_t *number, struct err *e);

/* GET of a number. 1: there; 0: missing (or no number); -1 with *e. */
int redis_get_number(struct redis *r, const char *key, uint64_t *number, struct err *e);
/* Is there such a key? 1, 0, or -1 with *e. */
int redis_exists(struct redis *r, const char *key, struct err *e);
/* A key that only has to be there, for so long; in a Redis that is full, too. 0 or -1 with *e, which may
 * be NULL. */
int redis_set_mark(struct redis *r, const char *key, int64_t keep_s, struct err *e);
/* A key with this token, unless it is there; likewise. 1: made; 0: it is somebody else's; -1. */
int redis_lock(struct redis *r, const char *key, const char *token, int64_t keep_ms, struct err *e);
int redis_delete(struct redis *r, const char *key, struct err *e);
/* A field of INFO ("run_id"), into `out`; empty when it is not there. */
void redis_info_field(const char *info, const char *field, char *out, size_t size);

#endif
