/* Where others find a running program. */
#include "pidfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

int pidfile_write(const char *path, struct err *e)
{
	char fresh[4096];
	FILE *f;
	int bad;

	snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid());
	f = fopen(fresh, "we");
	if (!f)
		return err_sys(e, "%s", fresh);
	bad = fprintf(f, "%d\n", (int)getpid()) < 0;
	if (fclose(f) || bad || rename(fresh, path)) {
		err_sys(e, "%s", path);
		unlink(fresh);
		return -1;
	}
	return 0;
}

void pidfile_remove(const char *path)
{
	char line[24] = "";
	FILE *f = fopen(path, "re");

	if (!f)
		return;
	if (fgets(line, sizeof(line), f) && strtol(line, NULL, 10) == (long)getpid())
		unlink(path);
	fclose(f);
}
