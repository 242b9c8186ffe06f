/* decide: what an auction comes to once its bids are in. Pure: the story's rank step calls it with what it has
 * gathered, replay (exchange/market/replay.h) with what a trace has kept, so the two cannot drift apart.
 *
 * An input that is new here is new in the trace as well (exchange/record/trace.h), or replay cannot give it back. */
#pragma once

#include "exchange/market/rank.h"

struct decide_terms {
    struct rank_terms rank;
    bool is_offer;     /* of a ping: a bid that is over by ranked_ms promises nothing */
    int64_t opened_ms; /* wall: what bids say of their time runs from here */
    int64_t ranked_ms; /* wall: now */
};

/* Sets the results of each bid and sorts `order` (indexes into bids, best first). Returns the number of candidates. */
uint32_t decide_run(const struct decide_terms *terms, struct rank_bid *bids, uint32_t bids_count, uint32_t *order);
/* Until when a bid holds (wall): the earliest of offer_ttl, bid_ttl and the bid's own valid_us. */
int64_t decide_valid_until_ms(const struct campaign *campaign, const struct rank_bid *bid, int64_t opened_ms);
