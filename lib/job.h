/* job: job payloads in Sidekiq's own format, native and ActiveJob (doc/queues.md).
 *
 * A payload is never taken apart and put together again in Lua; here it is read in place, and what
 * is added to it on a failure is added to its text. */
#ifndef PARLEY_JOB_H
#define PARLEY_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "conf.h"
#include "err.h"
#include "json.h"

enum job_class {
	JOB_UNKNOWN,        /* not ours, or no payload at all */
	JOB_CREATE_CHAT,    /* [application id, number] */
	JOB_CREATE_MESSAGE, /* [chat id, number, body] */
	JOB_COUNT_MESSAGES, /* [chat id] */
	JOB_COUNT_CHATS,    /* [application id] */
	JOB_INDEX_MESSAGE,  /* [message id] */
	JOB_REINDEX,        /* [] or [from id, to id] */
	JOB_CLASS__MAX
};

const char *job_class_name(enum job_class c);
/* The queue that a class belongs to; "unclaimed" for JOB_UNKNOWN. */
const char *job_class_queue(enum job_class c);

#define JOB_QUEUE_DEFAULT "default"
#define JOB_QUEUE_COUNTS "counts"
#define JOB_QUEUE_INDEX "index"
#define JOB_QUEUE_UNCLAIMED "unclaimed"

#define JOB_NUMBER_TAKEN "NumberTaken" /* the error class of a message whose number is another row's */

#define JOB_KEY 16 /* bytes of a job key */
#define JOB_JID 65 /* longest jid that is kept, and its NUL; a longer one is hashed for the key only */

struct job {
	const char *text; /* the payload, borrowed; all slices below point into it */
	size_t len;
	struct json root;
	enum job_class class;
	struct json name;     /* the class as the payload calls it; absent: it says none */
	struct json args;     /* the arguments as they stand there */
	const char *fault;    /* NULL, or what is wrong with the arguments of a known class */
	uint64_t id;          /* first argument; 0: a JOB_REINDEX of everything */
	uint64_t to_id;       /* second argument of a JOB_REINDEX */
	uint32_t number;      /* second; 0 where there is none */
	struct json number_at; /* where it stands */
	struct json body;     /* third: a string */
	char jid[JOB_JID];    /* "" when the payload has none */
	unsigned char key[JOB_KEY]; /* what tells this job from every other */
	uint32_t given_number; /* the number it was accepted with, when that was taken by another; else 0 */
	int64_t created_us;   /* when it was accepted */
	bool failed_before;
	uint64_t retry_count; /* of the payload; 0 when it has none */
	int64_t retry_limit;  /* of the payload ("retry": 5, false); -1: ours counts */
};

/* Reads a payload. What is no payload is JOB_UNKNOWN, arguments that make no sense are a `fault`.
 * `now_us` stands in for a missing created_at. 0, or -1: ERR_MEMORY. */
int job_parse(struct job *j, const char *text, size_t len, int64_t now_us, struct err *e);

/* Was a number given for it? So for a message also when its body is no text; never for other classes than
 * JOB_CREATE_CHAT and JOB_CREATE_MESSAGE. */
bool job_numbered(const struct job *j);
/* The id of the chat that such a job makes, or puts its message into. */
uint64_t job_chat(const struct job *j);

/* A chat or message to make. */
struct job_new {
	enum job_class class;   /* JOB_CREATE_CHAT or JOB_CREATE_MESSAGE */
	uint64_t id;            /* of the application, or of the chat */
	const char *body;       /* of a message; NULL for a chat */
	size_t body_len;
	const char *request_id; /* of the request that makes it (UTF-8), for the logs; NULL: none */
};

/* The payload of a new job in two halves, before and behind the number that a script puts between
 * them (so the id is followed by ","): the arguments are [id, number] or [id, number, body]. The caller
 * clears both halves. 0, or -1: ERR_MEMORY. */
int job_build(struct buf *head, struct buf *tail, enum job_format format, const struct job_new *new,
	      int64_t now_us, struct err *e);
/* The payload of a new job with just an id as argument. */
int job_build_count(struct buf *out, enum job_format format, enum job_class class, uint64_t id,
		    int64_t now_us, struct err *e);

struct job_failure {
	const char *error_class;   /* JOB_NUMBER_TAKEN … */
	const char *error_message; /* at most 10,000 characters are kept */
	int64_t now_us;
};

/* Appends the payload (an object: its class is known) as `retry` and `dead` hold it: a jid in any case, error_class, error_message,
 * failed_at, and from the second failure on retried_at and retry_count + 1; given_number from the first
 * JOB_NUMBER_TAKEN on. 0 or -1: ERR_MEMORY. */
int job_failed(const struct job *j, const struct job_failure *f, struct buf *out, struct err *e);
/* How often the job may be tried again after that failure: true, and when (ms from now), or false:
 * it is dead. Grows by 3 from base_ms on, with up to 10 % jitter. */
bool job_retry(const struct job *j, int64_t base_ms, int64_t limit, int64_t *delay_ms);

#define JOB_REQUEST_ID 65
/* Writes the id of the request that made the job, cut to fit; "" when the payload says none. For the logs.
 * Returns `out`. */
const char *job_request_id(const struct job *j, char out[JOB_REQUEST_ID]);
/* A time of the payload ("failed_at"), in whatever way it is written. False: there is none. */
bool job_time(const struct job *j, const char *member, int64_t *us);
/* The class name "error_class" of an earlier failure equals `name`. */
bool job_failed_by(const struct job *j, const char *name);

#endif
