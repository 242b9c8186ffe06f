/* ceilings: can bids that have not come yet still change to whom a lead is sold together, or for how much? What lets an
 * auction of several sales close early (docs/market.md, "The life of a lead", 4). Pure.
 *
 * One late bid cannot be judged alone here, for several of them may make a set of their own. So all of them are taken
 * together: what is settled is settled whatever any of them bids, up to its ceiling, in as many legs as it likes. */
#pragma once

#include "exchange/market/ceiling.h"
#include "exchange/market/decide.h"

/* The bids in hand, and the contracts that have not answered, each with a known ceiling. True: the set that decide_run
 * chooses of the bids stays, and what each of it pays; under a shadow the shadow's first too. False may be said where
 * nothing would change. What stands in bids and order is lost. */
bool ceilings_settle(const struct decision *decision, struct rank_bid *bids, uint32_t bids_count, uint32_t *order,
                     const struct match_entry *const *late, uint32_t late_count);
