/* decide: what an auction comes to once its bids are in. Pure: the story's rank step calls it with what it has
 * gathered, replay (exchange/market/replay.h) with what a trace has kept, so the two cannot drift apart.
 *
 * An input that is new here is new in the trace as well (exchange/record/trace.h), or replay cannot give it back. */
#pragma once

#include "exchange/market/rank.h"

struct decision {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct affiliate *affiliate;
    const struct lead_source *source; /* of the affiliate; NULL: one without rules of its own */
    int64_t floor_micros;
    uint64_t seed;
    enum ranking_arm arm;
    bool is_offer;     /* of a ping: a bid that is over by ranked_ms promises nothing */
    int64_t opened_ms; /* wall: what bids say of their time runs from here */
    int64_t ranked_ms; /* wall: now */
};

/* Why nobody is asked at all by the catalogue's word; NULL: they are. `source` may be NULL. */
const char *decide_paused(const struct campaign *campaign, const struct affiliate *affiliate,
                          const struct lead_source *source);
struct rank_terms decide_terms(const struct decision *decision);
/* Sets valid_until_ms and the results of each bid and sorts `order` (indexes into bids, best first). Returns the number
 * of candidates. */
uint32_t decide_run(const struct decision *decision, struct rank_bid *bids, uint32_t bids_count, uint32_t *order);
