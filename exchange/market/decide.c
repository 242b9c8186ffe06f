/* What ranking is to know is put together here and nowhere else. */
#include "exchange/market/decide.h"

const char *decide_paused(const struct campaign *campaign, const struct affiliate *affiliate,
                          const struct lead_source *source)
{
    if (campaign->paused) return "this campaign is paused";
    if (affiliate->paused) return "this affiliate is paused";
    return source && source->paused ? "this source is paused" : NULL;
}

/* Of several sales each has to reach its own floor, and all of them together the other. */
struct rank_terms decide_terms(const struct decision *decision)
{
    int64_t alone = decision->floor_micros > decision->leg_floor_micros ? decision->floor_micros
                                                                        : decision->leg_floor_micros;
    return (struct rank_terms){.catalogue = decision->catalogue,
                               .campaign = decision->campaign,
                               .affiliate = decision->affiliate,
                               .floor_micros = decision->max_sales > 1 ? decision->leg_floor_micros : alone,
                               .alone_floor_micros = alone,
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
    int64_t until_ms = earlier(decision->campaign->offer_ttl_us, INT64_C(1000) * bid->entry->contract->bid_ttl_ms);
    if (bid->valid_us > 0) until_ms = earlier(until_ms, bid->valid_us);
    return decision->opened_ms + until_ms / 1000;
}

uint8_t decide_max_sales(const struct campaign *campaign, const struct affiliate *affiliate, unsigned asked)
{
    unsigned sales = campaign->max_sales;
    if (affiliate->max_sales && affiliate->max_sales < sales) sales = affiliate->max_sales;
    if (asked && asked < sales) sales = asked;
    return (uint8_t)(sales ? sales : 1);
}

static void put_leg(const struct decision *decision, const struct rank_bid *bid, struct bid_leg leg,
                    struct rank_bid *out, uint32_t *count)
{
    if (leg.max_sold <= decision->sold_elsewhere) return; /* somebody else has it already */
    struct rank_bid *put = &out[*count];
    if (decision->max_sales > 1)
        (*count)++;
    else if (*count == 0)
        *count = 1;
    else if (out->price_micros >= leg.price_micros)
        return;
    else
        put = out;
    *put = *bid;
    put->price_micros = leg.price_micros;
    put->max_sold = leg.max_sold;
}

uint32_t decide_legs(const struct decision *decision, const struct rank_bid *bid, const struct bid_leg *legs,
                     uint32_t legs_count, struct rank_bid *out)
{
    const struct contract *contract = bid->entry->contract;
    uint8_t most = contract->max_sold ? contract->max_sold : 1;
    uint32_t count = 0;
    for (uint32_t i = 0; i < legs_count; i++) {
        bool is_against = contract->is_shared && legs[i].max_sold == 1;
        struct bid_leg leg = {legs[i].price_micros, legs[i].max_sold < most ? legs[i].max_sold : most};
        if (!is_against) put_leg(decision, bid, leg, out, &count);
    }
    if (legs_count) return count;
    if (bid->price_micros > 0) put_leg(decision, bid, (struct bid_leg){bid->price_micros, most}, out, &count);
    if (contract->has_alone) put_leg(decision, bid, (struct bid_leg){contract->prices[1].price_micros, 1}, out, &count);
    return count;
}

int64_t decide_worth(const struct campaign *campaign, int64_t price_micros, const struct payout *payout)
{
    const int64_t worths[OBJECTIVES] = {[OBJECTIVE_PAYOUT] = payout->payout_micros,
                                        [OBJECTIVE_REVENUE] = price_micros,
                                        [OBJECTIVE_MARGIN] = payout->margin_micros};
    return worths[campaign->objective];
}

static struct bytes group_of(const struct decision *decision, const struct rank_bid *bid)
{
    return decision->catalogue->buyers[bid->entry->contract->buyer].group;
}

/* Its own bid's payout: under a second price it can be asked for more than it would pay so far. */
static int64_t reach_of(const struct decision *decision, const struct rank_bid *bid)
{
    struct price_parties parties = {decision->catalogue, decision->campaign, decision->affiliate, decision->source,
                                    bid->entry->contract};
    int64_t paid_micros = bid->payout.payout_micros;
    if (bid->pays_micros == bid->price_micros) return paid_micros;
    int64_t most_micros = price_payout(&parties, bid->price_micros).payout_micros;
    return most_micros > paid_micros ? most_micros : paid_micros;
}

/* The legs of the first LEGS_MAX in order; a group is known by the first of it. */
static uint32_t list_legs(const struct decision *decision, const struct rank_bid *bids, const uint32_t *order,
                          uint32_t count, struct leg *legs)
{
    if (count > LEGS_MAX) count = LEGS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const struct rank_bid *bid = &bids[order[i]];
        uint32_t group = 0;
        while (!bytes_same(group_of(decision, &bids[order[group]]), group_of(decision, bid))) group++;
        legs[i] = (struct leg){.group = group,
                               .tier = bid->entry->contract->tier,
                               .max_sold = bid->max_sold,
                               .reach_micros = reach_of(decision, bid),
                               .worth_micros = decide_worth(decision->campaign, bid->pays_micros, &bid->payout)};
    }
    return count;
}

/* Legs that are in no set at all are out; returns how many are left in the order. */
static uint32_t drop_misfits(const struct legs_terms *terms, struct rank_bid *bids, uint32_t *order, uint32_t count,
                             const struct leg *legs, uint32_t legs_count)
{
    bool fits[LEGS_MAX];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < legs_count; i++) fits[i] = legs_fits(terms, legs, legs_count, i);
    for (uint32_t i = 0; i < count; i++) {
        if (i >= legs_count || fits[i]) {
            order[kept++] = order[i];
            continue;
        }
        bids[order[i]].reason = REASON_LOW_BID;
        bids[order[i]].rank = 0;
    }
    return kept;
}

/* The chosen ones go to the front, the others follow in their order. */
static void move_ahead(uint32_t *order, const uint32_t *chosen, uint32_t planned)
{
    for (uint32_t i = 0; i < planned; i++) {
        uint32_t moved = order[chosen[i]];
        for (uint32_t k = chosen[i]; k > i; k--) order[k] = order[k - 1];
        order[i] = moved;
    }
}

static uint32_t plan(const struct decision *decision, struct rank_bid *bids, uint32_t *order, uint32_t *count)
{
    struct leg legs[LEGS_MAX];
    struct legs_terms terms = {decision->max_sales, decision->sold_elsewhere, decision->floor_micros};
    uint32_t chosen[OFFER_SALES_MAX], legs_count = list_legs(decision, bids, order, *count, legs);
    *count = drop_misfits(&terms, bids, order, *count, legs, legs_count);
    legs_count = list_legs(decision, bids, order, *count, legs);
    uint32_t planned = legs_choose(&terms, legs, legs_count, chosen);
    move_ahead(order, chosen, planned);
    for (uint32_t i = 0; i < *count; i++) bids[order[i]].rank = i + 1;
    return planned;
}

static int64_t paid_by(const struct rank_bid *bids, const uint32_t *order, uint32_t planned)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < planned; i++) total += bids[order[i]].payout.payout_micros;
    return total;
}

/* Under a second price those who get the lead together pay for the best bid outside, unless that would leave the
 * affiliate below its floor: then each pays for the one behind it, which is what the set was chosen by, and where even
 * that is too little they pay more, the best first, up to their own bids. */
static void price_set(const struct decision *decision, const struct rank_terms *terms, struct rank_bid *bids,
                      const uint32_t *order, uint32_t count, uint32_t planned)
{
    struct rank_bid before[OFFER_SALES_MAX];
    if (!terms->ranking->is_second_price || decision->max_sales <= 1 || planned == 0) return;
    for (uint32_t i = 0; i < planned; i++) before[i] = bids[order[i]];
    if (planned > 1) rank_price(terms, bids, order, count, planned);
    if (paid_by(bids, order, planned) >= decision->floor_micros) return;
    for (uint32_t i = 0; i < planned; i++) bids[order[i]] = before[i];
    for (uint32_t i = 0; i < planned; i++) {
        int64_t missing_micros = decision->floor_micros - paid_by(bids, order, planned);
        struct rank_bid *bid = &bids[order[i]];
        if (missing_micros > 0) rank_raise(terms, bid, bid->payout.payout_micros + missing_micros);
    }
}

uint32_t decide_run(const struct decision *decision, struct rank_bid *bids, uint32_t bids_count, uint32_t *order,
                    uint32_t *planned)
{
    struct rank_terms terms = decide_terms(decision);
    for (uint32_t i = 0; i < bids_count; i++) bids[i].valid_until_ms = valid_until_ms(decision, &bids[i]);
    uint32_t count = rank_run(&terms, bids, bids_count, order);
    *planned = count > 0;
    if (decision->max_sales > 1 && count > 0) *planned = plan(decision, bids, order, &count);
    price_set(decision, &terms, bids, order, count, *planned);
    if (*planned == 0) count = 0;
    return count;
}
