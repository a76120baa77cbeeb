/* A folder's lock. */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "clock.h"

#define WAIT_MS 1000

int lock_folder_of(const char *path, struct err *e)
{
	char folder[4096];
	int64_t until = clock_mono_ms() + WAIT_MS;
	char *slash;
	int fd;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", folder);
	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK || clock_mono_ms() > until) {
			err_sys(e, "%s", folder);
			close(fd);
			return -1;
		}
		clock_sleep_ms(5);
	}
	return fd;
}
