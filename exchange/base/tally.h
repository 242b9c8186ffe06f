/* tally: counters and histograms of one worker; written by its thread with relaxed atomics, summed by whoever reads. */
#pragma once

#include "protocol/base/histogram.h"
#include "protocol/message/reason.h"

#define TALLIES(X)                                                                                                     \
    X(PINGS, pings, "Pings taken")                                                                                     \
    X(POSTS, posts, "Posts taken")                                                                                     \
    X(LEADS, leads, "One-call leads taken")                                                                            \
    X(AUCTIONS, auctions, "Auctions decided")                                                                          \
    X(OFFERS, offers, "Pings answered with an offer")                                                                  \
    X(REJECTED, rejected, "Pings answered without one")                                                                \
    X(SOLD, sold, "Leads sold")                                                                                        \
    X(UNSOLD, unsold, "Leads that found no buyer")                                                                     \
    X(PENDING, pending, "Leads answered pending")                                                                      \
    X(REFUSED, refused, "Requests refused at the door")                                                                \
    X(TURNED_AWAY, turned_away, "Connections over a bound, closed at once")                                            \
    X(CALLS, calls, "Pings sent to buyers")                                                                            \
    X(BIDS, bids, "Bids received in time")                                                                             \
    X(LATE, late, "Answers after the auction closed")                                                                  \
    X(BUYER_POSTS, buyer_posts, "Posts sent to buyers")                                                                \
    X(GONE, gone, "Affiliates that hung up before the answer")                                                         \
    X(TESTS, tests, "Tests answered; how they ended and their money are counted nowhere else")                         \
    X(NOTICES_SENT, notices_sent, "Tries to deliver a notice or a copy")                                               \
    X(NOTICES_RECEIVED, notices_received, "Notices and copies received")                                               \
    X(NOTICES_GIVEN_UP, notices_given_up, "Notices and copies given up: in the feed only")                             \
    X(TRACES_DROPPED, traces_dropped, "Trace records dropped")

enum tally_name {
#define X(name, metric, help) TALLY_##name,
    TALLIES(X)
#undef X
        TALLY_COUNT
};

struct tally {
    _Atomic uint64_t counts[TALLY_COUNT];
    _Atomic uint64_t reasons[REASON_COUNT]; /* how requests and contracts ended, by reason */
    _Atomic int64_t revenue_micros, payout_micros, margin_micros;
    struct histogram ping_us, post_us, lead_us; /* answer times */
    struct histogram added_us;                  /* answer − slowest counted bid */
};

void tally_add(struct tally *tally, enum tally_name name, uint64_t by);
void tally_reason(struct tally *tally, enum reason reason);
/* The money of one sale: price = payout + margin. */
void tally_sale(struct tally *tally, int64_t price_micros, int64_t payout_micros, int64_t margin_micros);
/* *into += *from; `into` is the reader's own. */
void tally_merge(struct tally *into, const struct tally *from);
/* "pings"; and one line for people. */
const char *tally_metric(enum tally_name name);
const char *tally_help(enum tally_name name);
