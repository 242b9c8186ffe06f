/* admin_call: one request to the admin listener of the exchange that these settings are of, from another process on the
 * same machine. Blocking. */
#pragma once

#include "exchange/config/config.h"

#define ADMIN_KEY_VARIABLE                                                                                             \
    "OUTCRY_ADMIN_KEY" /* the key is taken from the environment: arguments are seen by everyone */

struct admin_reply {
    int status;
    struct bytes body; /* in the arena */
};

/* False: there was no reply; *why says it in a sentence. Over a socket file or loopback only: what is further away is
 * called over TLS, with other tools. */
bool admin_call(const struct settings *settings, const char *method, struct bytes path, struct bytes body,
                struct arena *arena, struct admin_reply *reply, const char **why);
