/* An offer is a promise, and some contracts bound theirs: so many open at a time, or caps and seat kept for each. A
 * contract that cannot promise is out as if it had not bid, and the others are ranked again. Contracts without such
 * rules cost a look at two words. */
#include "exchange/auction/parts.h"

bool promise_is_bound(const struct contract *contract)
{
    return contract->max_open_offers || contract->hold_offer_ms;
}

static enum reason hold(struct auction *auction, const struct rank_bid *bid)
{
    struct cap_segments segments;
    struct cap_deal deal = {.catalogue = auction->catalogue,
                            .contract = bid->entry->contract,
                            .affiliate = auction->affiliate,
                            .segments = &segments,
                            .offer = auction->ping_id,
                            .wall_ms = auction->host->wall_ms(auction->world),
                            .price_micros = bid->pays_micros,
                            .payout_micros = bid->payout.payout_micros};
    cap_segments_of(&auction->form.facts, &segments);
    return auction->host->hold(auction->world, &deal, auction->offer.expires_ms);
}

/* The first of the planned legs whose contract cannot hold its part; NULL: all do. */
static const struct rank_bid *find_short(struct auction *auction, enum reason *reason)
{
    for (uint32_t i = 0; i < auction->planned; i++) {
        const struct rank_bid *leg = &auction->bids[auction->order[i]];
        if (!promise_is_bound(leg->entry->contract)) continue;
        *reason = hold(auction, leg);
        if (*reason != REASON_NONE) return leg;
    }
    return NULL;
}

bool promise_hold(struct auction *auction)
{
    if (auction->rehearsal) return true; /* nothing is kept for a test */
    while (auction->order_count) {
        enum reason reason;
        const struct rank_bid *leg = find_short(auction, &reason);
        if (!leg) return true;
        auction->host->unhold(auction->world, &auction->ping_id); /* what the others of the set held */
        auction->asked[leg->entry - auction->match.entries].reason = reason;
        if (!asks_rank(auction)) return false;
        if (auction->order_count) entries_offer(auction);
    }
    return true;
}
