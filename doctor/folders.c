/* Where the programs keep sockets, locks and logs. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#define LEAST_BYTES (100ULL << 20) /* of free disk */
#define LEAST_FILES 1000

static void look_at(struct doctor *d, const char *path)
{
	if (access(path, R_OK | W_OK | X_OK))
		doctor_say(d, DOCTOR_FAIL,
			   "make it, or make it this user's: mkdir -p, chmod 700 (as the user whom the programs run as)",
			   "%s: %s", path, strerror(errno));
}

/* Who gets to the sockets may ask the programs past the web server's limits; who gets to the locks may stop them. */
static void look_who_gets_in(struct doctor *d, const char *path)
{
	struct stat st;

	if (!stat(path, &st) && (st.st_mode & 022))
		doctor_say(d, DOCTOR_FAIL, "take that right away: chmod go-w", "%s may be written to by others (mode %04o)",
			   path, (unsigned)(st.st_mode & 07777));
}

static void look_at_sockets(struct doctor *d)
{
	struct sockaddr_un a;
	size_t len = strlen(d->tool.conf.var) + strlen("/run/writer.sock-0");

	if (len >= sizeof(a.sun_path))
		doctor_say(d, DOCTOR_FAIL, "give PARLEY_VAR a shorter path",
			   "the sockets' paths are %zu bytes long, %zu are possible", len, sizeof(a.sun_path) - 1);
}

void doctor_folders(struct doctor *d)
{
	static const char *const below[] = { "run", "log", "tmp" };
	unsigned before = doctor_worse(d);
	char *path;
	size_t i;

	look_at(d, d->tool.conf.var);
	for (i = 0; i < sizeof(below) / sizeof(below[0]) && doctor_worse(d) == before; i++) {
		path = conf_path(&d->tool.conf, below[i]);
		if (path) {
			look_at(d, path);
			look_who_gets_in(d, path);
		}
		free(path);
	}
	look_at_sockets(d);
	if (doctor_worse(d) == before)
		doctor_say(d, DOCTOR_OK, NULL, "%s is this user's", d->tool.conf.var);
}

void doctor_disk(struct doctor *d)
{
	static const char advice[] = "make room: old logs (var/log), and what is not Parley's";
	unsigned long long bytes;
	struct statvfs fs;

	if (statvfs(d->tool.conf.var, &fs)) {
		doctor_say(d, DOCTOR_FAIL, "see what is said of the folders", "%s: %s", d->tool.conf.var, strerror(errno));
		return;
	}
	bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (bytes < LEAST_BYTES)
		doctor_say(d, bytes < LEAST_BYTES / 10 ? DOCTOR_FAIL : DOCTOR_WARN, advice, "%llu MB are free where %s is",
			   bytes >> 20, d->tool.conf.var);
	else if (fs.f_files && fs.f_favail < LEAST_FILES)
		doctor_say(d, DOCTOR_WARN, advice, "%llu more files are possible where %s is",
			   (unsigned long long)fs.f_favail, d->tool.conf.var);
	else
		doctor_say(d, DOCTOR_OK, NULL, "%llu MB are free", bytes >> 20);
}
