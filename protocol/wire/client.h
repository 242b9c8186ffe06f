/* client: HTTP/1.1 calls to origins, on one loop: a pool of kept connections per origin, one absolute deadline per call
 * over everything (name, dial, handshake, write, read), and an outcome that tells "not sent" from "sent, no answer".
 *
 * - Pings: one retry on a fresh connection if a kept one was closed before a byte of the reply came (retry_stale).
 * - Posts: never sent twice. They go out on a connection idle for less than 1 s and checked to be quiet, else a fresh
 * one.
 * - A cancelled or timed-out call parks its connection for up to 1 s outside the pool, still counted in flight: a whole
 * reply returns it to the pool, else it is closed.
 * - Warm calls allocate nothing. on_done comes exactly once, never inside client_send, never after client_cancel. */
#pragma once

#include <sys/uio.h>

#include "protocol/codec/http.h"
#include "protocol/wire/loop.h"
#include "protocol/wire/resolve.h"
#include "protocol/wire/tls.h"

#define CLIENT_PARTS_MAX 8

struct client;
struct client_origin; /* scheme, host, port: one pool; lives as long as the client */

struct client_options {
    struct resolver *resolver;
    struct tls_context *tls; /* taken; used for https origins */
    unsigned idle_max;       /* kept connections per origin (64) */
    unsigned calls_max;      /* in flight over all origins, parked included */
    int64_t idle_us;         /* a connection unused for longer is closed (55 s) */
    int64_t live_us;         /* fresh_or_live trusts a quiet connection this long after its last use (1 s) */
    int64_t park_us;         /* how long an abandoned connection may still prove itself (1 s) */
    size_t body_max;         /* of a reply (64 KiB) */
    struct http_limits http;
};

extern const struct client_options client_options_default; /* resolver and tls are NULL */

enum client_end {
    CLIENT_ANSWERED, /* a whole response */
    CLIENT_NOT_SENT, /* no byte of the request can have reached the peer's application */
    CLIENT_UNKNOWN,  /* bytes may have left, no whole response: cut, timeout, malformed, too large */
};

struct client_result {
    enum client_end end;
    enum fault
        fault; /* unless ANSWERED: CONNECT TLS NAME ADDRESS TIMEOUT CLOSED RESET PROTOCOL TOO_LARGE DESCRIPTORS FULL */
    const struct http_head *head; /* ANSWERED; valid during the callback */
    struct bytes body; /* ANSWERED; valid during the callback, and may be written over by the callback's reader */
    int64_t sent_us;   /* when the last byte of the request was handed to the kernel; 0 if not */
    int64_t done_us;
    bool reused; /* on a kept connection */
};

struct client_call {
    struct client_origin *origin;
    /* The whole request, head included, in up to CLIENT_PARTS_MAX parts; borrowed until on_done or client_cancel. */
    struct iovec parts[CLIENT_PARTS_MAX];
    int parts_count;
    int64_t deadline_us;
    bool retry_stale;   /* a ping: may go out again on a fresh connection */
    bool fresh_or_live; /* a post */
    bool to_head;       /* the request is a HEAD */
    void (*on_done)(void *arg, uint64_t call, const struct client_result *result);
    void *arg;
};

enum fault client_open(struct loop *loop, const struct client_options *options, struct client **client) MUST_USE;
/* Calls still open end silently (no callback). */
void client_close(struct client **client);
void client_swap_tls(struct client *client, struct tls_context *tls);
/* scheme "http" or "https"; host a name or literal; the same one for the same three. NULL: out of memory. */
struct client_origin *client_origin(struct client *client, const char *scheme, const char *host, unsigned port);
/* Call id, or 0 with *fault FULL or MEMORY. */
uint64_t client_send(struct client *client, const struct client_call *call, enum fault *fault);
/* Silent; stale ids are ignored. */
void client_cancel(struct client *client, uint64_t call);
/* Opens connections to the origin until `count` are idle or open (a warm floor). */
void client_warm(struct client *client, struct client_origin *origin, unsigned count);

struct client_counts {
    uint64_t calls, reused, dials, dial_failures, tls_resumed, retries, parked, parked_saved;
    unsigned idle, busy;
};
void client_counts(const struct client *client, struct client_counts *counts);
/* Splits "https://host:port/path?query" (userinfo and fragments refused). port 0 in the text means the scheme's own. */
bool client_split_url(struct bytes url, struct bytes *scheme, struct bytes *host, unsigned *port, struct bytes *target);
