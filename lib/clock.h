/* clock: the time of day in microseconds, a steady clock in milliseconds, ISO 8601. */
#ifndef PARLEY_CLOCK_H
#define PARLEY_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_SECONDS 48 /* "1795560953.104305" and its NUL; more, for what the compiler thinks possible */
#define CLOCK_ISO 28 /* "2026-11-24T20:20:29.123456Z" and its NUL */

/* Microseconds since 1970, UTC. */
int64_t clock_wall_us(void);
/* Milliseconds, and microseconds, of a clock that nobody sets; only differences mean anything. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* Sleeps so long, or until a signal arrives. */
void clock_sleep_ms(int64_t ms);

/* ISO 8601, UTC, microseconds, "Z". A time outside the years 0..9999 is held at their ends. */
void clock_iso(int64_t us, char out[CLOCK_ISO]);
/* The same as a MySQL DATETIME(6) literal: "2026-11-24 20:20:29.123456". */
void clock_sql(int64_t us, char out[CLOCK_ISO]);
/* Seconds since 1970 with six digits behind the point: "1795560953.104305". `us` is not negative. */
void clock_seconds(int64_t us, char out[CLOCK_SECONDS]);
/* Reads "YYYY-MM-DD?hh:mm:ss[.ffffff][Z|+hh:mm|-hh:mm]", any separator, UTC where none is given.
 * 0, or -1: not a time (nothing is stored). */
int clock_parse(const char *text, int64_t *us);

#endif
