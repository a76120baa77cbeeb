/* pidfile: where others find a running program: a file with its pid on one line. */
#ifndef PARLEY_PIDFILE_H
#define PARLEY_PIDFILE_H

#include "err.h"

/* Writes this process's pid, as a new file in the place of an older one. -1: ERR_SYSTEM. */
int pidfile_write(const char *path, struct err *e);
/* Removes the file if this process's pid is in it. */
void pidfile_remove(const char *path);

#endif
