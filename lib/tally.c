/* Counters and slots in a file that all programs on a machine share. */
#include "tally.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"

#define MAGIC "parley tally"
#define PROBES 64         /* rows looked at for one name */
#define SLOT_LOCKS 0x40000000 /* where the slots' locks lie: beyond the file, so they lock no data */

struct head {
	char magic[16];
	uint64_t layout, size;
};

struct tally_file {
	struct head head;
	struct tally_row row[TALLY_ROWS];
	struct tally_row others[TALLY_KINDS];
	struct tally_slot slot[TALLY_SLOTS];
};

/* ------------------------------------------------------------------ making the file */

static struct head make_head(uint64_t layout)
{
	struct head h = { .magic = MAGIC, .layout = layout, .size = sizeof(struct tally_file) };

	return h;
}

static bool is_good(int fd, uint64_t layout)
{
	struct head want = make_head(layout), got;
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       st.st_size == (off_t)sizeof(struct tally_file) &&
	       pread(fd, &got, sizeof(got), 0) == (ssize_t)sizeof(got) &&
	       !memcmp(&got, &want, sizeof(want));
}

/* Every byte gets its place on the disk: a write to a mapped hole of a full one is SIGBUS. */
static int allocate(int fd, const char *path, struct err *e)
{
	errno = posix_fallocate(fd, 0, (off_t)sizeof(struct tally_file));
	return errno ? err_sys(e, "%s", path) : 0;
}

static int make_file(const char *path, uint64_t layout, struct err *e)
{
	struct head head = make_head(layout);
	char fresh[4096];
	int fd;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	unlink(fresh);
	fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return err_sys(e, "%s", fresh);
	if (allocate(fd, fresh, e))
		goto failed;
	if (pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) || rename(fresh, path)) {
		err_sys(e, "%s", fresh);
		goto failed;
	}
	return fd;
failed:
	unlink(fresh);
	close(fd);
	return -1;
}

static int open_file(const char *path, uint64_t layout, struct err *e)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? make_file(path, layout, e) : err_sys(e, "%s", path);
	if (is_good(fd, layout)) {
		if (!allocate(fd, path, e))
			return fd;
		close(fd);
		return -1;
	}
	close(fd);
	return make_file(path, layout, e);
}

/* ------------------------------------------------------------------ slots */

/* A lock of the open file, not of the process: it goes with the last descriptor of it. */
static int slot_lock(int fd, int command, int i, short *type)
{
	struct flock l = { .l_type = *type, .l_whence = SEEK_SET, .l_start = SLOT_LOCKS + i, .l_len = 1 };
	int rc = fcntl(fd, command, &l);

	*type = l.l_type;
	return rc;
}

static void take_slot(struct tally *t, const char *owner)
{
	struct tally_slot *s;
	short type;
	int i;

	t->slot = -1;
	for (i = 0; i < TALLY_SLOTS; i++) {
		type = F_WRLCK;
		if (!slot_lock(t->fd, F_OFD_SETLK, i, &type))
			break;
	}
	if (i == TALLY_SLOTS)
		return;
	s = &t->file->slot[i];
	t->slot = i;
	for (i = 0; i < TALLY_STATES; i++)
		atomic_store(&s->state[i], 0);
	snprintf(s->owner, sizeof(s->owner), "%s", owner);
}

const struct tally_slot *tally_slot(const struct tally *t, int i)
{
	short type = F_WRLCK;

	if (!t->file || !t->file->slot[i].owner[0])
		return NULL;
	/* a process does not see its own lock */
	if (i != t->slot && (slot_lock(t->fd, F_OFD_GETLK, i, &type) || type == F_UNLCK))
		return NULL;
	return &t->file->slot[i];
}

void tally_set(const struct tally *t, unsigned state, uint8_t value)
{
	if (t->file && t->slot >= 0)
		atomic_store_explicit(&t->file->slot[t->slot].state[state], value,
				      memory_order_relaxed);
}

uint8_t tally_get(const struct tally *t, unsigned state)
{
	if (!t->file || t->slot < 0)
		return 0;
	return atomic_load_explicit(&t->file->slot[t->slot].state[state], memory_order_relaxed);
}

/* ------------------------------------------------------------------ rows */

uint64_t tally_hash(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211U;
	return hash;
}

/* Is it this row, or can it be? Rows are told apart by their hash alone: it is there the moment the
 * row is taken, before its name is, and 64 bits do not meet by chance. */
static bool is_row(struct tally_row *row, uint64_t hash)
{
	uint64_t found = 0;

	return atomic_compare_exchange_strong(&row->hash, &found, hash) || found == hash;
}

/* Whoever comes along writes the name until it is there: who took the row may have died before.
 * All write the same bytes. */
static void name_row(struct tally_row *row, uint32_t kind, const char *name)
{
	if (atomic_load_explicit(&row->ready, memory_order_relaxed))
		return;
	row->kind = kind;
	memcpy(row->name, name, strlen(name) + 1);
	atomic_store_explicit(&row->ready, 1, memory_order_release);
}

struct tally_row *tally_row(const struct tally *t, uint32_t kind, const char *name)
{
	const char prefix[] = { (char)('A' + kind), '\0' };
	uint64_t hash = tally_hash(tally_hash(TALLY_HASH, prefix), name);
	unsigned i;

	if (!t->file)
		return NULL;
	hash += !hash;
	for (i = 0; i < PROBES && strlen(name) < TALLY_NAME; i++) {
		struct tally_row *row = &t->file->row[(hash + i) % TALLY_ROWS];

		if (is_row(row, hash)) {
			name_row(row, kind, name);
			return row;
		}
	}
	return &t->file->others[kind];
}

void tally_add(struct tally_row *row, unsigned cell, uint64_t n)
{
	if (row)
		atomic_fetch_add_explicit(&row->cell[cell], n, memory_order_relaxed);
}

const struct tally_row *tally_next(const struct tally *t, unsigned *i)
{
	while (t->file && *i < TALLY_ROWS) {
		struct tally_row *row = &t->file->row[(*i)++];

		if (atomic_load_explicit(&row->ready, memory_order_acquire))
			return row;
	}
	return NULL;
}

const struct tally_row *tally_others(const struct tally *t, uint32_t kind)
{
	return t->file ? &t->file->others[kind] : NULL;
}

/* ------------------------------------------------------------------ open, close */

int tally_open(struct tally *t, const char *path, uint64_t layout, const char *owner, struct err *e)
{
	/* one process at a time looks whether the file is good, and makes it */
	int lock = lock_folder_of(path, e), fd;
	void *at;

	*t = (struct tally){ NULL, -1, -1 };
	if (lock < 0)
		return -1;
	fd = open_file(path, layout, e);
	close(lock);
	if (fd < 0)
		return -1;
	at = mmap(NULL, sizeof(*t->file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED) {
		err_sys(e, "%s", path);
		close(fd);
		return -1;
	}
	t->file = at;
	t->fd = fd;
	take_slot(t, owner);
	return 0;
}

void tally_close(struct tally *t)
{
	if (!t->file)
		return;
	munmap(t->file, sizeof(*t->file));
	close(t->fd);
	*t = (struct tally){ NULL, -1, -1 };
}
