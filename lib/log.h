/* log: one line per event on standard error, as logfmt or as JSON:
 *
 *   time=2026-11-24T20:20:29.123456Z level=warn program=api pid=4711 message="redis is away" error=…
 *   {"time":"2026-11-24T20:20:29.123456Z","level":"warn","program":"api","pid":4711,"message":…}
 *
 * What goes on about one request is found by its request_id, also in the lines of the job program that stores
 * what it made. Bytes from outside are escaped in JSON's way, so an event is one line of ASCII whatever it
 * carries. */
#ifndef PARLEY_LOG_H
#define PARLEY_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

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

/* Names the program (borrowed), the lowest level that is written, and the format. They are the only global
 * state of the library beside the stop flag. */
void log_init(const char *program, enum log_level lowest, enum log_format format);
/* Would an event of this level be written? */
bool log_wants(enum log_level level);
void log_event(enum log_level level, const char *message, const struct log_field *fields);

#endif
