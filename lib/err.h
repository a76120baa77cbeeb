/* err: what went wrong, as a code to decide by and a text to log or to answer with. */
#ifndef PARLEY_ERR_H
#define PARLEY_ERR_H

enum err_code {
	ERR_NONE,
	ERR_MEMORY,  /* out of memory */
	ERR_INVALID, /* input that cannot be accepted: a setting, a JSON text, a payload */
	ERR_SYSTEM,  /* a system call failed */
	ERR_REDIS,   /* Redis is away, refused, or did not answer in time */
	ERR_UNSURE,  /* sent to Redis, no answer: may or may not have been executed */
	ERR_BEHIND,  /* Redis went back behind what MySQL has seen of it (doc/queues.md) */
	ERR_SCRIPT,  /* a script of ours answered with an error word; the text begins with it */
	ERR_DB,      /* MySQL is away, refused, or did not answer in time: try later */
	ERR_DB_BUSY, /* a deadlock or a lock wait: the same again at once */
	ERR_DB_DUP,  /* a unique key is taken (1062) */
	ERR_DB_SIZE, /* the statement is too big (1153) */
	ERR_DB_DATA, /* MySQL refuses this data or this statement */
	ERR_ELASTIC, /* Elasticsearch is away, refused, or did not answer in time */
	ERR__MAX
};

struct err {
	enum err_code code;
	char text[240];
};

#define ERR_INIT { ERR_NONE, "" }

/* Fill in `e`, which may be NULL; always returns -1, so that `return err_set(…)` reads well. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The same with ": strerror(errno)" behind the text and ERR_SYSTEM as code. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_memory(struct err *e);

#endif
