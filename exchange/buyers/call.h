/* call: one request to a buyer and what came of it: signed, sent, read, and its outcome fed to the standing state
 * (circuits, response times, load, pause_s).
 *
 * A desk is one worker's. An order is copied or its texts borrowed until its reply or call_cancel. on_reply comes once
 * per call, never inside call_send, never after call_cancel. One thread. */
#pragma once

#include "exchange/buyers/line.h"
#include "exchange/market/rehearsal.h"
#include "protocol/base/ident.h"
#include "protocol/message/ping.h"
#include "protocol/wire/loop.h"

#define CALL_IN_FLIGHT_MAX 65536u

enum call_kind { CALL_PING, CALL_POST };

struct call_order {
    enum call_kind kind;
    const struct contract *contract; /* of the lines' catalogue */
    uint64_t owner;                  /* the caller's, given back */
    uint32_t place;
    int64_t deadline_us;
    struct ident ping_id, lead_id, post_id;
    struct bytes channel, affiliate, source;
    int64_t offer_ttl_ms;             /* PING */
    struct bytes tail;                /* PING: borrowed */
    int64_t min_bid_micros;           /* PING: 0: not told */
    const struct ping_hashes *person; /* PING: for the call only; NULL: nobody's */
    struct bytes bid_id;              /* POST */
    int64_t price_micros;
    uint8_t max_sold, slot;     /* POST */
    struct bytes consent, lead; /* POST: copied, and wiped when the call ends */
    enum rehearsal rehearsal;   /* a test: its call leaves no trace in standing; one of a built-in buyer never leaves
                                 * the process */
    unsigned attempt;
};

struct call_reply {
    enum call_kind kind;
    uint64_t owner;
    uint32_t place;
    const struct contract *contract;
    enum reason reason;            /* PING: NONE, NO_BID, or why not; POST: NONE, or why nothing can have been sent */
    const struct bid *bid;         /* PING with NONE or NO_BID; valid during the callback */
    const struct verdict *verdict; /* POST with NONE; valid during the callback */
    int64_t took_us;
};

struct desk;

struct desk_options {
    struct loop *loop;
    struct client *client;
    struct standing *standing;
    uint16_t number; /* of its ident maker; different in every desk of a process */
    uint64_t seed;   /* of call ids; 0: from the system */
    void (*on_reply)(void *arg, const struct call_reply *reply);
    void *arg;
};

enum fault desk_open(const struct desk_options *options, struct desk **desk) MUST_USE;
/* Calls still open end silently. */
void desk_close(struct desk **desk);
/* NONE and the call's id; CIRCUIT_OPEN, THROTTLED (load of the buyer, or of all calls) or BUSY (memory): no reply comes
 * then. `lines` is counted until the call ends. */
enum reason call_send(struct desk *desk, struct lines *lines, const struct call_order *order, uint64_t *call);
/* Silent. A call given up at its deadline counts as a timeout of the contract; one given up before does not. */
void call_cancel(struct desk *desk, uint64_t call);
unsigned desk_in_flight(const struct desk *desk);
