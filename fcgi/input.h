/* input: the texts that clients send, read and validated. */
#ifndef PARLEY_INPUT_H
#define PARLEY_INPUT_H

#include "http.h"

/* An application's name: 1 to 255 characters, not only White_Space; "name" itself, or inside
 * "chat_application" or "application". True: *text (the caller clears it) holds it; false: the reply
 * is filled in (422; 503 when memory is out), and there is nothing to clear. */
bool input_name(const struct request *r, struct buf *text, struct reply *p);
/* A message's body: at most 65,535 bytes, not only White_Space; "body" itself, or inside "message". */
bool input_body(const struct request *r, struct buf *text, struct reply *p);

#endif
