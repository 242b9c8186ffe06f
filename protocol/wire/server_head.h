/* server_head: the head of an answer. For server_link.c. */
#pragma once

#include "protocol/wire/server_link.h"

/* Status line, Date, type, length and connection; `minor` of the request's version. The answer's own fields and the
 * empty line are for the caller. */
void server_head_write(struct sink *head, struct server *server, const struct server_answer *answer, bool closes,
                       int minor);
