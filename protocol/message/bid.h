/* bid: a buyer's answer to a ping (api.md). Hostile input: strict, bounded, never more than classified. */
#pragma once

#include "protocol/base/arena.h"
#include "protocol/message/reason.h"

#define BID_TEXT_MAX 200 /* of a buyer's reason; longer ones are cut at a character */
#define BID_ID_MAX 64    /* a longer bid_id makes the reply a bad_response */
/* A million: no lead costs that; with it sums of money stay far from the end of their range. */
#define BID_PRICE_MICROS_MAX INT64_C(1000000000000)

#define BID_LEGS_MAX 8   /* more make the reply a bad_response */
#define BID_SOLD_MAX 100 /* a leg that may be sold to more counts as one for so many */

/* A price at which the buyer takes the lead if at most max_sold buyers get it. */
struct bid_leg {
    int64_t price_micros; /* > 0 */
    uint8_t max_sold;     /* > 0 */
};

struct bid {
    int64_t price_micros;       /* > 0; 0: only legs were named */
    const struct bid_leg *legs; /* in the arena */
    unsigned legs_count;
    struct bytes bid_id;     /* may be empty */
    bool available;          /* default true */
    int64_t valid_us;        /* 0: not said */
    int64_t pause_us;        /* 0: none; also with no_bid */
    struct bytes code, text; /* the buyer's own words, with no_bid */
};

/* status and body of the HTTP reply -> REASON_NONE (a bid), REASON_NO_BID, or REASON_BAD_RESPONSE. Texts point into the
 * body or the arena. `is_pack`: the body is MessagePack. With legs the price may be missing, and counts for nothing. */
enum reason bid_read(struct arena *arena, int status, struct bytes body, bool is_pack, struct bid *bid);
