/* groups: the groups of routes, a source file each; every table ends with a row without pattern. */
#ifndef PARLEY_GROUPS_H
#define PARLEY_GROUPS_H

#include "route.h"

extern const struct route application_routes[]; /* applications.c: create, read */
extern const struct route creating_routes[];    /* creating.c: chats and messages, on both services */
extern const struct route chat_routes[];        /* chats.c: read */
extern const struct route message_routes[];     /* messages.c: read */
extern const struct route searching_routes[];   /* searching.c */
extern const struct route health_routes[];      /* health.c */

#endif
