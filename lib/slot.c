/* A worker's place on this machine. */
#include "slot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "random.h"

static int make_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0750) && errno != EEXIST)
		return err_sys(e, "%s", path);
	return 0;
}

static int open_locked(const char *path, int *fd, struct err *e)
{
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (*fd < 0)
		return err_sys(e, "%s", path);
	if (!flock(*fd, LOCK_EX | LOCK_NB))
		return 1;
	close(*fd);
	*fd = -1;
	return errno == EWOULDBLOCK ? 0 : err_sys(e, "%s", path);
}

/* The first line of node-id, made by whoever comes first (link(2) fails for the others). */
static int read_node(const char *path, char node[SLOT_NODE], struct err *e)
{
	FILE *f = fopen(path, "re");
	char *line;

	if (!f)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	line = fgets(node, SLOT_NODE, f);
	fclose(f);
	if (!line || !node[strspn(node, "\n")])
		return err_set(e, ERR_INVALID, "%s is empty: remove it", path);
	node[strcspn(node, "\n")] = '\0';
	return 1;
}

static int make_node(const char *path, struct err *e)
{
	char token[RANDOM_TOKEN], *fresh;
	FILE *f;
	int rc = 0;

	random_token(token);
	if (asprintf(&fresh, "%s.%.8s", path, token) < 0)
		return err_memory(e);
	f = fopen(fresh, "wxe");
	if (!f || fprintf(f, "%.16s\n", token) < 0) {
		rc = err_sys(e, "%s", fresh);
		if (f)
			fclose(f);
	} else if (fclose(f)) {
		rc = err_sys(e, "%s", fresh);
	} else if (link(fresh, path) && errno != EEXIST) {
		rc = err_sys(e, "%s", path);
	}
	unlink(fresh);
	free(fresh);
	return rc;
}

static int find_node(struct slot *s, const struct conf *conf, struct err *e)
{
	char *path;
	int rc;

	if (*conf->node) {
		snprintf(s->node, sizeof(s->node), "%s", conf->node);
		return 0;
	}
	path = conf_path(conf, "node-id");
	if (!path)
		return err_memory(e);
	rc = read_node(path, s->node, e);
	if (!rc && !make_node(path, e))
		rc = read_node(path, s->node, e);
	free(path);
	return rc == 1 ? 0 : -1;
}

/* For who wants to tell this process something; that it is not there is no reason to end. */
static void write_pid(int fd)
{
	if (ftruncate(fd, 0) || dprintf(fd, "%d\n", (int)getpid()) < 0)
		return;
}

static int take_number(struct slot *s, const char *folder, const char *program, int64_t number,
		       struct err *e)
{
	char *path;
	int rc;

	if (asprintf(&path, "%s/%s-%lld.lock", folder, program, (long long)number) < 0)
		return err_memory(e);
	rc = open_locked(path, &s->fd, e);
	free(path);
	if (rc != 1)
		return rc;
	write_pid(s->fd);
	s->number = number;
	snprintf(s->name, sizeof(s->name), "%s:%lld", s->node, (long long)number);
	return 1;
}

int slot_take(struct slot *s, const struct conf *conf, const char *program, int64_t wanted,
	      int64_t most, struct err *e)
{
	char *folder = conf_path(conf, "slots");
	int64_t number;
	int rc = 0;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	if (!folder)
		return err_memory(e);
	if (make_folder(conf->var, e) || make_folder(folder, e) || find_node(s, conf, e))
		rc = -1;
	else if (wanted)
		rc = take_number(s, folder, program, wanted, e);
	else
		for (number = 1; number <= most && !rc; number++)
			rc = take_number(s, folder, program, number, e);
	free(folder);
	return rc;
}

void slot_release(struct slot *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* ------------------------------------------------------------------ looking on */

int slot_node(const struct conf *conf, char node[SLOT_NODE], struct err *e)
{
	char *path;
	int rc;

	node[0] = '\0';
	if (*conf->node) {
		snprintf(node, SLOT_NODE, "%s", conf->node);
		return 0;
	}
	path = conf_path(conf, "node-id");
	if (!path)
		return err_memory(e);
	rc = read_node(path, node, e);
	free(path);
	return rc < 0 ? -1 : 0;
}

/* "<program>-<number>.lock" */
static bool is_lock_of(const char *file, const char *program)
{
	size_t len = strlen(program), digits;

	if (strncmp(file, program, len) != 0 || file[len] != '-')
		return false;
	digits = strspn(file + len + 1, "0123456789");
	return digits && !strcmp(file + len + 1 + digits, ".lock");
}

static bool is_held(int folder, const char *file)
{
	int fd = openat(folder, file, O_RDONLY | O_CLOEXEC);
	bool held;

	if (fd < 0)
		return false;
	held = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

int slot_held(const struct conf *conf, const char *program, int64_t *held, struct err *e)
{
	char *path = conf_path(conf, "slots");
	struct dirent *file;
	DIR *folder;
	int rc = 0;

	*held = 0;
	if (!path)
		return err_memory(e);
	folder = opendir(path);
	if (!folder && errno != ENOENT)
		rc = err_sys(e, "%s", path);
	free(path);
	if (!folder)
		return rc;
	/* cppcheck-suppress readdirCalled ; no threads here, and readdir_r is no better */
	while ((file = readdir(folder)))
		*held += is_lock_of(file->d_name, program) && is_held(dirfd(folder), file->d_name);
	closedir(folder);
	return 0;
}
