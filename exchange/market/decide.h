/* decide: what an auction comes to once its bids are in. Pure: the story's rank step calls it with what it has
 * gathered, replay (exchange/market/replay.h) with what a trace has kept, so the two cannot drift apart.
 *
 * An input that is new here is new in the trace as well (exchange/record/trace.h), or replay cannot give it back. */
#pragma once

#include "exchange/market/legs.h"
#include "exchange/market/rank.h"
#include "protocol/message/bid.h"

struct decision {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct affiliate *affiliate;
    const struct lead_source *source; /* of the affiliate; NULL: one without rules of its own */
    int64_t floor_micros;             /* of all sales together */
    int64_t leg_floor_micros;         /* of each */
    uint8_t max_sales, sold_elsewhere;
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
/* To so many buyers at most: the smallest of the campaign's, the affiliate's and the ping's word (0: none given). */
uint8_t decide_max_sales(const struct campaign *campaign, const struct affiliate *affiliate, unsigned asked);
/* The legs that a bid is taken for, at most DECIDE_LEGS_MAX: those named (`legs`), or its one price, as far as the
 * contract's type allows. `bid` holds all but price and max_sold, and for a bid without legs its price. A lead with one
 * sale needs the best of them only. Returns how many. */
#define DECIDE_LEGS_MAX (BID_LEGS_MAX + 1)
uint32_t decide_legs(const struct decision *decision, const struct rank_bid *bid, const struct bid_leg *legs,
                     uint32_t legs_count, struct rank_bid *out);
/* Sets valid_until_ms and the results of each bid and sorts `order` (indexes into bids, best first). Returns the number
 * of candidates. *planned: the first so many of them are the set to be sold to (market/legs.h), one slot each. */
uint32_t decide_run(const struct decision *decision, struct rank_bid *bids, uint32_t bids_count, uint32_t *order,
                    uint32_t *planned);
/* By the campaign's objective. */
int64_t decide_worth(const struct campaign *campaign, int64_t price_micros, const struct payout *payout);
