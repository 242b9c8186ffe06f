/* conn: one byte stream over TCP or a unix socket, plain or TLS, either side, on one loop. Non-blocking. For server.c
 * and client.c (and programs that speak another protocol over a stream).
 *
 * The holder is told what it can do by one callback and then reads and writes itself; conn_read and conn_write never
 * block. conn_close may be called in any callback; the memory goes at the end of the loop's turn. */
#pragma once

#include <sys/uio.h>

#include "protocol/wire/loop.h"
#include "protocol/wire/tls.h"

struct sockaddr;
struct conn;

enum conn_event {
    CONN_OPEN,     /* connected, and the handshake is done */
    CONN_READABLE, /* conn_read has something, or the end, to tell */
    CONN_WRITABLE, /* only after conn_write took less than all */
    CONN_FAILED,   /* conn_fault says why; close it */
};

struct conn_options {
    struct tls_context *tls; /* NULL: plain */
    const char *host;  /* client side with TLS: name for SNI and the certificate check; borrowed until CONN_OPEN */
    void *session_key; /* client side with TLS: sessions are kept and offered per key (an origin), NULL: none */
    void (*on_event)(void *arg, enum conn_event event);
    void *arg;
};

/* Starts to connect. Failures that are known at once come back as a fault; later ones as CONN_FAILED. */
enum fault conn_dial(struct loop *loop, const struct sockaddr *address, unsigned address_len,
                     const struct conn_options *options, struct conn **conn) MUST_USE;
/* Takes over an accepted descriptor, also when it fails. CONN_OPEN follows (for TLS after the handshake), never inside
 * the call. */
enum fault conn_accept(struct loop *loop, int fd, const struct conn_options *options, struct conn **conn) MUST_USE;
void conn_close(struct conn **conn);
/* As conn_close, but the peer gets a reset (RST) and no close_notify. Bytes not yet sent are dropped. */
void conn_reset(struct conn **conn);
/* Nothing more will be written (close_notify, FIN); reading goes on. */
void conn_end(struct conn *conn);

/* > 0 bytes read; 0: nothing now, on_event will tell; -1: the end, or a failure (conn_fault: FAULT_CLOSED for an
 * orderly end). */
long conn_read(struct conn *conn, char *at, size_t cap);
/* Bytes taken (maybe fewer than all: CONN_WRITABLE follows when there is room, and the next call has to go on with the
 * very bytes that were left), -1 on failure (conn_fault). With TLS, none of the bytes that were not taken can be read
 * by the peer. */
long conn_write(struct conn *conn, const struct iovec *parts, int count);
enum fault conn_fault(const struct conn *conn);
/* Stops and resumes CONN_READABLE. While paused, the peer's leaving goes unnoticed. */
void conn_pause(struct conn *conn, bool paused);
/* True if nothing is waiting to be read and the peer has not closed (one peek; for a kept connection before use). */
bool conn_is_quiet(struct conn *conn);
int conn_fd(const struct conn *conn);
bool conn_was_resumed(const struct conn *conn);
