/* ceiling: can a bid that has not come yet still change the result? What lets an auction close early (market.md section
 * 3.4). Pure.
 *
 * The ceiling of a live contract is its max_price; one that states none has no ceiling, and is always waited for. What
 * counts beside the price (tier, policy, multiplier, learned P) is known before the bid. */
#pragma once

#include "exchange/market/rank.h"

/* False: it states no max_price, and is always waited for. */
bool ceiling_is_known(const struct contract *contract);
/* False: none of the bids it may make carries the floor of a bid. */
bool ceiling_may_carry(const struct rank_terms *terms, const struct contract *contract);
/* Bids that rank_run has put in order with these terms, and a contract that has not answered. True: whatever it bids,
 * the first candidate stays, and what it pays; under a shadow the shadow's too. A tie is not settled. */
bool ceiling_settles(const struct rank_terms *terms, const struct rank_bid *bids, const uint32_t *order, uint32_t count,
                     const struct match_entry *late);
