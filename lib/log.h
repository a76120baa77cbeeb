/* log: one line per event on standard error, in logfmt:
 *
 *   2026-11-24T20:20:29.123456Z warn api[4711] "redis is away" error="connection refused" request=…
 *
 * Bytes from outside are escaped, so an event is one line whatever it carries. */
#ifndef PARLEY_LOG_H
#define PARLEY_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG__MAX };

struct log_field {
	const char *name; /* NULL ends a list of fields */
	bool is_text;
	const char *text; /* NULL is "" */
	int64_t number;
};

#define LOG_S(name, text) { (name), true, (text), 0 }
#define LOG_N(name, number) { (name), false, NULL, (int64_t)(number) }

/* LOG(LOG_WARN, "redis is away", LOG_S("error", err.text)); at least one field. */
#define LOG(level, message, ...) \
	log_event(level, message, (const struct log_field[]){ __VA_ARGS__, { NULL, false, NULL, 0 } })

/* Name the program and the lowest level that is written ("debug", "info", "warn", "error").
 * The level is the only global state of the library beside the stop flag. -1: no such level. */
int log_init(const char *program, const char *level);
void log_event(enum log_level level, const char *message, const struct log_field *fields);

#endif
