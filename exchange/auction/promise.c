/* An offer is a promise, and some contracts bound theirs: so many open at a time, or caps and seat kept for each. A
 * contract that cannot promise is out as if it had not bid, and the others are ranked again. Contracts without such
 * rules cost a look at two words. */
#include "exchange/auction/parts.h"

bool promise_is_bound(const struct contract *contract)
{
    return contract->max_open_offers || contract->hold_offer_ms;
}

static uint32_t place_of(const struct auction *auction, struct bytes contract)
{
    uint32_t place = 0;
    while (!bytes_same(auction->match.entries[place].contract->id, contract)) place++;
    return place;
}

static enum reason hold(struct auction *auction, const struct offer_candidate *terms, const struct contract *contract)
{
    struct cap_segments segments;
    struct cap_deal deal = {.catalogue = auction->catalogue,
                            .contract = contract,
                            .affiliate = auction->affiliate,
                            .segments = &segments,
                            .offer = auction->ping_id,
                            .wall_ms = auction->host->wall_ms(auction->world),
                            .price_micros = terms->price_micros,
                            .payout_micros = terms->payout_micros};
    cap_segments_of(&auction->form.facts, &segments);
    return auction->host->hold(auction->world, &deal, auction->offer.expires_ms);
}

/* All that are promised, or none and the place of the one that cannot. */
static enum reason hold_planned(struct auction *auction, uint32_t *place)
{
    const struct offer *offer = &auction->offer;
    bool some = false;
    for (uint32_t i = 0; i < offer->planned && i < offer->candidates_count; i++) {
        *place = place_of(auction, offer->candidates[i].contract);
        const struct contract *contract = auction->match.entries[*place].contract;
        if (!promise_is_bound(contract)) continue;
        enum reason reason = hold(auction, &offer->candidates[i], contract);
        if (reason != REASON_NONE && some) auction->host->unhold(auction->world, &auction->ping_id);
        if (reason != REASON_NONE) return reason;
        some = true;
    }
    return REASON_NONE;
}

bool promise_hold(struct auction *auction)
{
    if (auction->rehearsal) return true; /* nothing is kept for a test */
    while (auction->order_count) {
        uint32_t place;
        enum reason reason = hold_planned(auction, &place);
        if (reason == REASON_NONE) return true;
        auction->asked[place].reason = reason;
        if (!asks_rank(auction)) return false;
        if (auction->order_count) entries_offer(auction);
    }
    return true;
}
