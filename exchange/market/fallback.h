/* fallback: whom a lead is sold to together once those planned have refused, and for how much: the best set anew, of
 * the bids that have not had their turn (docs/market.md, "Ranking", 8 and 9). Pure: the story calls it, and `outcry
 * whatif`.
 */
#pragma once

#include "exchange/market/decide.h"

struct fallback {
    const struct decision *decision;
    int64_t promise_micros; /* of all slots together; 0: none, the affiliate's minimum holds */
};

/* `bids` in their order, best first, at most LEGS_MAX: price_micros is the own bid, pays_micros and payout what is
 * asked of it so far. Returns the size of the best set, 0: there is none. `chosen`: its bids, ascending; what each of
 * them is asked for now is in its pays_micros and payout; `promises`: its part of the promise. Under a second price
 * those of the set pay for the best bid outside it, unless that is too little for the promise or the minimum. */
uint32_t fallback_plan(const struct fallback *fallback, struct rank_bid *bids, uint32_t count,
                       uint32_t chosen[OFFER_SALES_MAX], int64_t promises[OFFER_SALES_MAX]);
