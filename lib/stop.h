/* stop: the one flag that signals set. */
#ifndef PARLEY_STOP_H
#define PARLEY_STOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* From now on TERM, INT and HUP only set the flag (system calls are interrupted by them). */
void stop_catch(void);
bool stop_asked(void);
/* Waits until there is something to read from fd, ms have passed, or a stop is asked for; false in the
 * last case, however early that was. */
bool stop_wait(int fd, int64_t ms);

#endif
