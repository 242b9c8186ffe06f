/* tls_sessions: up to two sessions kept per key (an origin), each given out once, as RFC 8446 (appendix C.4) asks.
 * The sessions are owned here until taken. One thread. */
#pragma once

#include "protocol/base/fault.h"

#define TLS_SESSIONS_KEPT 2
#define TLS_SESSIONS_KEYS_MAX 65536u

struct tls_sessions;

enum fault tls_sessions_open(void (*drop)(void *session), struct tls_sessions **sessions) MUST_USE;
void tls_sessions_close(struct tls_sessions **sessions);
/* Takes the session over in any case; the oldest of the key's gives way. */
void tls_sessions_put(struct tls_sessions *sessions, const void *key, void *session);
/* The newest of the key's, now the caller's; NULL if there is none. */
void *tls_sessions_take(struct tls_sessions *sessions, const void *key);
