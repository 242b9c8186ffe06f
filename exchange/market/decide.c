/* What ranking is to know is put together here and nowhere else. */
#include "exchange/market/decide.h"

const char *decide_paused(const struct campaign *campaign, const struct affiliate *affiliate,
                          const struct lead_source *source)
{
    if (campaign->paused) return "this campaign is paused";
    if (affiliate->paused) return "this affiliate is paused";
    return source && source->paused ? "this source is paused" : NULL;
}

struct rank_terms decide_terms(const struct decision *decision)
{
    return (struct rank_terms){.catalogue = decision->catalogue,
                               .campaign = decision->campaign,
                               .affiliate = decision->affiliate,
                               .floor_micros = decision->floor_micros,
                               .seed = decision->seed,
                               .source = decision->source,
                               .ranking = rank_rules(decision->campaign, decision->arm),
                               .now_ms = decision->is_offer ? decision->ranked_ms : 0};
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Until when a bid holds: the earliest of offer_ttl, bid_ttl and the bid's own valid_us. */
static int64_t valid_until_ms(const struct decision *decision, const struct rank_bid *bid)
{
    int64_t until_ms = earlier(decision->campaign->offer_ttl_us, bid->entry->contract->bid_ttl_us);
    if (bid->valid_us > 0) until_ms = earlier(until_ms, bid->valid_us);
    return decision->opened_ms + until_ms / 1000;
}

uint32_t decide_run(const struct decision *decision, struct rank_bid *bids, uint32_t bids_count, uint32_t *order)
{
    struct rank_terms terms = decide_terms(decision);
    for (uint32_t i = 0; i < bids_count; i++) bids[i].valid_until_ms = valid_until_ms(decision, &bids[i]);
    return rank_run(&terms, bids, bids_count, order);
}
