/* stop: the one flag that signals set. */
#ifndef PARLEY_STOP_H
#define PARLEY_STOP_H

#include <signal.h>
#include <stdbool.h>

/* From now on TERM, INT and HUP only set the flag (system calls are interrupted by them). */
void stop_catch(void);
bool stop_asked(void);

#endif
