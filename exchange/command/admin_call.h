/* admin_call: one request of a command to the exchange that runs, by its admin listener: a unix socket or a loopback
 * address (elsewhere the listener speaks TLS, which commands do not). Blocks, for half a minute at most. */
#pragma once

#include "exchange/config/settings.h"
#include "protocol/base/arena.h"

#define ADMIN_ANSWER_MAX 65536u

struct admin_answer {
    int status;
    struct bytes body; /* in `text` */
    char text[ADMIN_ANSWER_MAX];
};

/* `key`: an operator's, or empty (a unix socket asks for none); `body`: JSON, or empty. FAULT_INPUT: there is no such
 * listener; FAULT_CONNECT, FAULT_PROTOCOL, FAULT_TIMEOUT. */
enum fault admin_call(const struct settings *settings, struct bytes key, const char *method, const char *path,
                      struct bytes body, struct admin_answer *answer) MUST_USE;
/* The operator's key a file holds, without what stands around it; empty: no file was named (NULL). False: it holds
 * none. */
bool admin_read_key(const char *path, struct arena *arena, struct bytes *key);
