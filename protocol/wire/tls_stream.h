/* tls_stream: one TLS session over a connected non-blocking descriptor. For conn.c; it waits for nothing, the holder
 * does.
 *
 * Thread: that of its loop. The stream counts its context and does not own the descriptor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "protocol/base/fault.h"

#define TLS_RECORD_MAX 16384u /* content of one record (RFC 8446 section 5.1) */

struct tls_context;
struct tls_stream;

enum tls_step {
    TLS_DONE,
    TLS_WANT_READ,
    TLS_WANT_WRITE,
    TLS_ENDED,  /* close_notify, or the end of the TCP stream */
    TLS_RESET,  /* the socket failed */
    TLS_FAILED, /* the protocol or the certificate did */
};

/* Whether it is the server or the client follows from the context. `host` and `session_key` as in struct conn_options.
 */
enum fault tls_stream_open(struct tls_context *context, int fd, const char *host, void *session_key,
                           struct tls_stream **stream) MUST_USE;
/* `orderly`: with a close_notify, as far as the socket takes it at once. */
void tls_stream_close(struct tls_stream **stream, bool orderly);
enum tls_step tls_stream_handshake(struct tls_stream *stream);
/* TLS_DONE: *got > 0 bytes. */
enum tls_step tls_stream_read(struct tls_stream *stream, char *at, size_t cap, size_t *got);
/* Asks for a byte and leaves it there; swallows session tickets. */
enum tls_step tls_stream_peek(struct tls_stream *stream);
/* TLS_DONE: *taken > 0 bytes, a whole record of at most TLS_RECORD_MAX. After TLS_WANT_* the next call must bring the
 * same bytes (and may bring more after them). */
enum tls_step tls_stream_write(struct tls_stream *stream, const char *at, size_t len, size_t *taken);
/* Sends close_notify. */
void tls_stream_end(struct tls_stream *stream);
/* True if bytes lie inside that the descriptor will not announce again. */
bool tls_stream_pending(const struct tls_stream *stream);
bool tls_stream_was_resumed(const struct tls_stream *stream);
