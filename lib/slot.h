/* slot: a worker's place on this machine, held by flock on a file below PARLEY_VAR. */
#ifndef PARLEY_SLOT_H
#define PARLEY_SLOT_H

#include <stdint.h>

#include "conf.h"
#include "err.h"

#define SLOT_NODE 33  /* a node's name and its NUL */
#define SLOT_NAME 64  /* "<node>:<number>" and its NUL */

struct slot {
	int fd; /* of the locked file; -1: none */
	int64_t number;
	char node[SLOT_NODE];
	char name[SLOT_NAME];
};

/* Takes the slot `wanted` of a program, or, when that is 0, the lowest free one of `most`.
 * 1: taken; 0: taken by others; -1: ERR_SYSTEM. The node's name is PARLEY_NODE, or a random one that
 * is kept in $PARLEY_VAR/node-id. The lock ends with the process; the file has its pid. */
int slot_take(struct slot *s, const struct conf *conf, const char *program, int64_t wanted,
	      int64_t most, struct err *e);
void slot_release(struct slot *s);

/* How many slots of a program are held by running processes on this machine: each lock is tried for an
 * instant, shared, so that only a process which asks for it at that very moment finds it taken.
 * 0 or -1: ERR_SYSTEM. */
int slot_held(const struct conf *conf, const char *program, int64_t *held, struct err *e);
/* This machine's name, "" when nothing ever ran here. 0 or -1: ERR_SYSTEM, ERR_INVALID. */
int slot_node(const struct conf *conf, char node[SLOT_NODE], struct err *e);

#endif
