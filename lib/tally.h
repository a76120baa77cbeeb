/* tally: counters and slots in a file that all programs on a machine share.
 *
 * A row is a kind and a name with some cells to add to; whoever counts a name first makes its row. A
 * slot is a process's own place: it is held by a lock of the kernel's, so that one whose process is
 * gone, however it went, is free. The file has a fixed size: what is beyond it is counted in a row
 * for each kind that stands for all others, or (slots) not at all. Nothing here waits for another
 * process but tally_open, at most a second. */
#ifndef PARLEY_TALLY_H
#define PARLEY_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

#define TALLY_ROWS 1024U
#define TALLY_KINDS 32  /* of rows, at most */
#define TALLY_NAME 176  /* bytes of a name, its NUL included */
#define TALLY_CELLS 16  /* of a row */
#define TALLY_SLOTS 2048
#define TALLY_OWNER 24  /* bytes of an owner's name, its NUL included */
#define TALLY_STATES 4  /* of a slot */

struct tally_row {
	_Atomic uint64_t hash; /* of kind and name; 0: nobody's */
	_Atomic uint32_t ready; /* kind and name are written */
	uint32_t kind;
	char name[TALLY_NAME];
	_Atomic uint64_t cell[TALLY_CELLS];
};

/* One cache line each: every process writes its own all the time. */
struct tally_slot {
	_Alignas(64) char owner[TALLY_OWNER];
	_Atomic uint8_t state[TALLY_STATES];
};

struct tally_file;

struct tally {
	struct tally_file *file; /* mapped; NULL: not open, and all calls but tally_open do nothing */
	int fd;                  /* holds the lock of the slot */
	int slot;                /* of this process; -1: none was free */
};

/* Opens the file, or makes it. One of another `layout` (or size) is replaced: whoever has it open
 * goes on in the old one. The slot is `owner`'s. 0, or -1 with *e: ERR_SYSTEM; *t is not open. */
int tally_open(struct tally *t, const char *path, uint64_t layout, const char *owner, struct err *e);
/* Gives up the slot. */
void tally_close(struct tally *t);

/* The row of a kind and a name; when there is no room, the one that stands for all others of that
 * kind (its name is ""). NULL: not open. */
struct tally_row *tally_row(const struct tally *t, uint32_t kind, const char *name);
void tally_add(struct tally_row *row, unsigned cell, uint64_t n);

/* The rows, one after the other: *i, from 0, is moved on. NULL: there are no more. */
const struct tally_row *tally_next(const struct tally *t, unsigned *i);
/* The row that stands for all others of a kind. */
const struct tally_row *tally_others(const struct tally *t, uint32_t kind);

/* A state of this process's slot. */
void tally_set(const struct tally *t, unsigned state, uint8_t value);
uint8_t tally_get(const struct tally *t, unsigned state);
/* The slot at a position, 0..TALLY_SLOTS - 1; NULL: no living process has it. */
const struct tally_slot *tally_slot(const struct tally *t, int i);

/* FNV-1a, for layouts: a hash goes on with the bytes of a text. */
#define TALLY_HASH 14695981039346656037U
uint64_t tally_hash(uint64_t hash, const char *text);

#endif
