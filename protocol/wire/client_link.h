/* client_link: one connection of a client to an origin, and the call it carries. For client.c.
 *
 *   RESOLVING -> DIALLING -> BUSY <-> IDLE        any -> GONE
 *
 * A link whose call was given up goes on `parked`: its reply, or its handshake, may still come to an end within PARK_US
 * and make it useful again. Links and replies are made when needed and replies are kept; a link is freed at the end of
 * the turn it closed in. */
#pragma once

#include "protocol/base/slots.h"
#include "protocol/base/table.h"
#include "protocol/wire/client.h"
#include "protocol/wire/conn.h"
#include "protocol/wire/incoming.h"

#define CLIENT_HOST_MAX 254

struct client_link;

struct client_reply {
    struct client_reply *next; /* while it is spare */
    struct incoming incoming;
};

struct client {
    struct loop *loop;
    struct client_options options;
    struct loop_later later; /* frees the client after its links and calls */
    struct slots calls;      /* of struct call */
    struct table origin_table;
    struct client_origin **origins;
    uint32_t origins_count, origins_cap;
    struct client_link *links;
    struct client_reply *spare;
    struct client_counts counts;
    unsigned parked; /* now */
    bool in_send;    /* client_send is on the stack: ends wait for the end of the turn */
};

struct client_origin {
    struct client *client;
    bool is_tls;
    char host[CLIENT_HOST_MAX]; /* without brackets */
    unsigned port;
    char *key;                      /* in origin_table */
    struct client_link *idle_first; /* last used first */
    struct client_link *idle_last;
    unsigned idle;
    unsigned links;
};

struct call {
    struct client *client;
    uint64_t id;
    struct client_call wanted;
    struct client_link *link;
    struct loop_timer *timer; /* stays with the slot */
    struct loop_later later;
    size_t sent;  /* bytes of the request the kernel has taken */
    size_t total; /* of all parts */
    int64_t sent_us;
    bool reused;
    bool retried;
    bool ended;  /* on_done is owed at the end of the turn ... */
    bool silent; /* ... unless it was cancelled meanwhile */
    enum fault fault;
};

enum client_link_state { CLIENT_RESOLVING, CLIENT_DIALLING, CLIENT_IDLE, CLIENT_BUSY, CLIENT_GONE };

struct client_link {
    struct client *client;
    struct client_origin *origin;
    struct client_link *next, *prev;           /* of the client */
    struct client_link *idle_next, *idle_prev; /* of the origin */
    struct conn *conn;
    struct resolve_query *query;
    struct loop_timer *timer; /* idle too long, or parked too long */
    struct loop_later later;
    struct call *call; /* NULL: idle, parked, or opened for the warm floor */
    struct client_reply *reply;
    enum client_link_state state;
    bool parked;
    bool to_head;     /* the request under way is a HEAD */
    unsigned interim; /* 1xx heads of this reply */
    int64_t idle_since_us;
    unsigned address_next;
    struct resolve_answer addresses;
};

/* Opens a fresh connection for the call, or for nobody (a warm floor). False: out of memory; otherwise all ends of the
 * call come by client_call_end and client_call_answered, maybe before it returns. */
bool client_link_open(struct client_origin *origin, struct call *call);
/* Puts the call on an idle link and writes. */
void client_link_carry(struct client_link *link, struct call *call);
/* The call is given up: the link is parked if it can be, else dropped. */
void client_link_park(struct client_link *link);
void client_link_drop(struct client_link *link);

/* What links tell client.c. */
void client_call_end(struct call *call, enum fault fault);
void client_call_answered(struct call *call, struct client_reply *reply);
/* Bytes went out on a kept connection that ended before a byte of the reply: true if the call goes out once more. */
bool client_call_retry(struct call *call);
/* Nothing of it went out on a kept connection: it goes to a fresh one. */
void client_call_move(struct call *call);
