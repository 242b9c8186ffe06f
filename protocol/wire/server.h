/* server: HTTP/1.1 over one listening address, on one loop. Keep-alive and pipelining (answered in order, one at a
 * time), whole requests only, four absolute clocks (handshake, head, body, idle), bounds on connections, address, head
 * and body.
 *
 * Malformed HTTP is answered by the server itself through on_refused's body, then the connection is closed. A request
 * is lent to on_request and stays readable until it is answered; server_answer may be called in on_request or any time
 * later on the loop's thread. If the peer goes away first, on_gone is called once and the request must not be answered
 * any more. */
#pragma once

#include "protocol/codec/http.h"
#include "protocol/wire/loop.h"
#include "protocol/wire/tls.h"

#define SERVER_PIECE_MAX 262144u

struct server;
struct server_request; /* opaque: one exchange of request and answer */

struct server_limits {
    unsigned connections_max; /* of this server object */
    unsigned per_address_max;
    unsigned handshakes_max, handshakes_per_address_max; /* of TLS, begun in a second; 0: no bound */
    size_t body_max;
    int64_t handshake_us, head_us, body_us, idle_us;
    int64_t linger_us; /* how long a refused peer may take to read why */
    struct http_limits http;
};

/* The design's starting values: 20000 connections, 200 per address, 64 KiB, 5 s, 5 s, 10 s, 60 s; 1 s. */
extern const struct server_limits server_limits_default;

struct server_view {
    const struct http_head *head;
    struct bytes body;
    int64_t first_byte_us; /* when the request's first byte was read */
    char peer[48];         /* the peer's address as text, without port */
    bool over_tls;
};

struct server_answer {
    int status;
    const char *content_type; /* NULL with an empty body */
    struct bytes fields;      /* whole extra header lines, each ended by CRLF; may be empty */
    struct bytes body;        /* copied */
    bool close;               /* close the connection after it */
};

struct server_handler {
    /* The head is whole, its body is not read yet. May answer (a refusal: the connection is closed after it unless
     * there is no body), or say server_in_pieces; else the body is read whole, and on_request follows. NULL: always
     * that. */
    void (*on_head)(void *arg, struct server_request *request);
    /* After server_more: the next piece, at most SERVER_PIECE_MAX bytes, lent during the call. After the last one (it
     * may be empty) the request waits for its answer like any other. May answer before: the rest is not read. */
    void (*on_piece)(void *arg, struct server_request *request, struct bytes piece, bool is_last);
    void (*on_request)(void *arg, struct server_request *request);
    /* The peer went away before the answer, or what it sent in pieces is refused (malformed, too long, too slow). The
     * request dies when the call returns. */
    void (*on_gone)(void *arg, struct server_request *request);
    /* A connection over a bound was closed before anything was read. NULL: nobody counts them. */
    void (*on_turned_away)(void *arg);
    /* A message the server refuses by itself (one that is too slow, too: HTTP_ERROR_LATE): gives the answer's content
     * (may be NULL: an empty answer with that status). */
    void (*on_refused)(void *arg, enum http_error error, struct server_answer *answer);
    void *arg;
};

struct server_options {
    const char *address; /* "127.0.0.1:8443", "[::1]:80", "unix:PATH"; port 0 lets the system choose */
    bool reuse_port;
    struct tls_context *tls; /* NULL: plain; taken (counted) */
    struct server_limits limits;
    struct server_handler handler;
};

/* *note gets a sentence when the address cannot be used (FAULT_IN_USE, FAULT_INPUT, FAULT_SYSTEM). */
enum fault server_open(struct loop *loop, const struct server_options *options, struct server **server,
                       struct tls_note *note) MUST_USE;
/* For a program that will open the address several times with reuse_port: FAULT_IN_USE if another process has it. */
enum fault server_probe(const char *address, struct tls_note *note) MUST_USE;
/* The address in use, with the real port. */
const char *server_address(const struct server *server);
/* New connections get the new context. */
void server_swap_tls(struct server *server, struct tls_context *tls);
/* Stops listening; open connections finish their current request and close (Connection: close). */
void server_drain(struct server *server);
/* Connections open now; and requests lent out now. */
unsigned server_connections(const struct server *server);
unsigned server_requests(const struct server *server);
struct server_counts {
    uint64_t accepted, requests;
    uint64_t refused_full, refused_address, refused_handshakes; /* connections over a bound, closed at once */
    uint64_t refused_messages;                                  /* malformed or too large */
    uint64_t handshakes_failed;
    uint64_t cut;           /* connections one of the clocks ended in the middle of something */
    uint64_t accept_pauses; /* out of descriptors: the listener rested 100 ms */
};
void server_counts(const struct server *server, struct server_counts *counts);
/* Closes everything; requests not answered get on_gone. */
void server_close(struct server **server);

const struct server_view *server_view(const struct server_request *request);
/* The handler's own pointer, kept with the request. */
void server_set_owner(struct server_request *request, void *owner);
void *server_owner(const struct server_request *request);
/* In on_head: this body comes in pieces, up to `body_max` bytes in all, instead of limits.body_max. */
void server_in_pieces(struct server_request *request, uint64_t body_max);
/* The next piece is wanted: on_piece comes for it, never in this call, when it is full or the last one. Until then
 * nothing is read. Each piece has limits.body_us to arrive, so that whoever sends has a least speed and no end. */
void server_more(struct server_request *request);
/* Once per request. Everything given is copied or sent before it returns. */
void server_answer(struct server_request *request, const struct server_answer *answer);
/* For a handler that cuts a connection in odd places (the simulated buyers): sends raw bytes as they are; `close` ends
 * it, with a reset when `reset`. After close the request is over, without on_gone. */
void server_raw(struct server_request *request, struct bytes raw, bool close, bool reset);
