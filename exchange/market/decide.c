/* Ranking knows no clock; what time takes away is taken from its result, so that who is left keeps its order. */
#include "exchange/market/decide.h"

/* A bid that is over before the offer is made promises nothing, and must not stand before those that hold. */
static uint32_t drop_expired(const struct decide_terms *terms, struct rank_bid *bids, uint32_t *order, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct rank_bid *bid = &bids[order[i]];
        bool holds = decide_valid_until_ms(terms->rank.campaign, bid, terms->opened_ms) > terms->ranked_ms;
        bid->reason = holds ? REASON_NONE : REASON_NO_TIME;
        bid->rank = holds ? kept + 1 : 0;
        if (holds) order[kept++] = order[i];
    }
    return kept;
}

uint32_t decide_run(const struct decide_terms *terms, struct rank_bid *bids, uint32_t bids_count, uint32_t *order)
{
    uint32_t count = rank_run(&terms->rank, bids, bids_count, order);
    return terms->is_offer ? drop_expired(terms, bids, order, count) : count;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t decide_valid_until_ms(const struct campaign *campaign, const struct rank_bid *bid, int64_t opened_ms)
{
    int64_t valid_ms = opened_ms + campaign->offer_ttl_us / 1000;
    valid_ms = earlier(valid_ms, opened_ms + bid->entry->contract->bid_ttl_us / 1000);
    return bid->valid_us > 0 ? earlier(valid_ms, opened_ms + bid->valid_us / 1000) : valid_ms;
}
