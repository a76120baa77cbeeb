/* messages: what messages.c has for others. */
#ifndef PARLEY_MESSAGES_H
#define PARLEY_MESSAGES_H

#include "buf.h"
#include "db.h"

/* Appends a message's members, without the braces, from the current row's columns number, body,
 * created_at and updated_at, which begin at column `at`. */
void message_members(struct buf *json, const struct db *db, unsigned at);

#endif
