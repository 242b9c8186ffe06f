/* tls_context: what a context holds, for tls.c and tls_stream.c. The library's objects stand here as untyped pointers,
 * since none of its types may stand in a header. */
#pragma once

#include <stdatomic.h>

#include "protocol/wire/tls.h"
#include "protocol/wire/tls_sessions.h"
#include "protocol/wire/tls_tickets.h"

struct tls_context {
    void *library;                 /* SSL_CTX */
    void *transport;               /* BIO_METHOD */
    struct tls_tickets *tickets;   /* servers */
    struct tls_sessions *sessions; /* clients */
    int64_t expires_ms;
    _Atomic unsigned count;
    bool is_server;
};

/* For tls.c: how streams reach their socket (a BIO_METHOD, NULL: out of memory), and what else they need set in the
 * SSL_CTX. */
void *tls_stream_transport(void);
void tls_stream_prepare(struct tls_context *context);
