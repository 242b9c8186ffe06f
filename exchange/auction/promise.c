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

bool promise_hold(struct auction *auction)
{
    if (auction->rehearsal) return true; /* nothing is kept for a test */
    while (auction->order_count) {
        const struct rank_bid *best = &auction->bids[auction->order[0]];
        if (!promise_is_bound(best->entry->contract)) return true;
        enum reason found = hold(auction, best);
        if (found == REASON_NONE) return true;
        auction->asked[best->entry - auction->match.entries].reason = found;
        if (!asks_rank(auction)) return false;
        if (auction->order_count) entries_offer(auction);
    }
    return true;
}
