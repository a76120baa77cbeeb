/* lock: one process at a time looks at what is in a folder and changes it. */
#ifndef PARLEY_LOCK_H
#define PARLEY_LOCK_H

#include "err.h"

/* Locks the folder that a file is in (which need not be there), and waits at most a second for
 * another process. A descriptor, whose close ends the lock, or -1: ERR_SYSTEM. */
int lock_folder_of(const char *path, struct err *e);

#endif
