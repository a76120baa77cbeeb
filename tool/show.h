/* show: how jobs are written for people and for scripts. What comes from a payload never reaches a
 * terminal raw. */
#ifndef PARLEY_SHOW_H
#define PARLEY_SHOW_H

#include <stdint.h>

#include "buf.h"
#include "job.h"

#define SHOW_TIME 24 /* "2026-11-24 20:20:29 UTC" */

/* Appends at most `most` characters, "…" behind them if there were more; what a terminal could take for
 * anything but a character to print is escaped: \u{9b}, or \x9b for a byte that is no UTF-8. */
void show_text(struct buf *out, const char *text, size_t len, size_t most);
/* The same with a JSON string decoded; any other value as it stands. */
void show_json(struct buf *out, struct json value, size_t most);
/* The class as the payload says it; "(none)" when it says none. */
void show_class(struct buf *out, const struct job *j, size_t most);
/* A time to the second, UTC. */
char *show_time(char out[SHOW_TIME], int64_t us);
/* A span of time as people say it: "3.2 s", "5 min", "2 h", "9 days". */
void show_span(struct buf *out, int64_t ms);
/* 1,234,567 */
void show_number(struct buf *out, int64_t n);

/* ,"name":"…" of at most `most` characters */
void show_member(struct buf *json, const char *name, const char *text, size_t len, size_t most);
void show_member_time(struct buf *json, const char *name, int64_t us);

#endif
