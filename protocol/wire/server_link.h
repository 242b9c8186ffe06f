/* server_link: one connection of a server, and the exchange of request and answer it is busy with. For server.c.
 *
 *   HANDSHAKE -> IDLE -> READING -> LENT -> ANSWERING -> IDLE ...        any -> GONE
 *                           '-- refused --> ANSWERING -> LINGER -> GONE
 *
 * A request whose body comes in pieces is LENT from its head on; it is read while a piece is wanted.
 *
 * An idle connection holds no buffer and no request: those are lent from the server's slots from the first byte to the
 * end of the answer. Links and requests live in slots and never move; a link is given back at the end of the turn it
 * closed in. */
#pragma once

#include "protocol/base/slots.h"
#include "protocol/wire/conn.h"
#include "protocol/wire/incoming.h"
#include "protocol/wire/server.h"
#include "protocol/wire/server_handshakes.h"
#include "protocol/wire/server_listen.h"
#include "protocol/wire/server_peers.h"

struct server {
    struct loop *loop;
    struct loop_watch *watch;
    struct loop_timer *rest_timer; /* the listener's rest when descriptors are out */
    struct loop_later later;       /* frees the server after its links */
    struct server_listen listen;
    struct server_limits limits;
    struct server_handler handler;
    struct tls_context *tls;
    struct slots links;
    struct slots requests;
    struct server_peers peers;
    struct server_handshakes *handshakes; /* NULL: plain */
    struct server_counts counts;
    unsigned open; /* connections */
    unsigned lent; /* requests */
    bool draining;
    int64_t date_s; /* the second `date` was written for */
    char date[40];  /* a whole Date line */
    unsigned date_len;
};

enum link_state { LINK_HANDSHAKE, LINK_IDLE, LINK_READING, LINK_LENT, LINK_ANSWERING, LINK_LINGER, LINK_GONE };

struct server_link {
    struct server *server;
    struct conn *conn;
    struct loop_timer *timer; /* stays with the slot */
    struct loop_later later;
    struct server_request *request; /* NULL while idle */
    uint64_t slot;
    uint32_t peer_index;
    enum link_state state;
    bool first;   /* no request was read yet: the head clock runs from the connection's start */
    bool in_body; /* the body clock runs */
    bool over_tls;
    bool lingers;   /* the peer may still be sending: do not close under the answer */
    size_t drained; /* bytes thrown away while lingering */
    char peer[48];
};

struct server_request {
    struct server_link *link;
    uint64_t slot;
    struct incoming incoming; /* its buffer stays with the slot */
    struct server_view view;
    void *owner;
    bool close_after;
    bool is_whole;  /* all of it has been read */
    bool in_pieces; /* its body is */
    bool wants;     /* the next piece: the body clock runs */
    bool continued; /* the peer need not be told to go on */
    char *out;      /* what the socket has not taken yet */
    size_t out_at, out_len;
};

/* Takes over the descriptor. False: out of memory or descriptors. */
bool server_link_open(struct server *server, int fd, const char *peer, uint32_t peer_index);
/* on_gone first if a request is lent. */
void server_link_cut(struct server_link *link);
/* At a drain: closes it unless it is in the middle of something. */
void server_link_drain(struct server_link *link);
