/* The first choice is decide.c's; here the promise comes in, which may be paid out of the margin, and so may reach what
 * a bid's usual payout does not. Prices are looked at again only where every bid would still carry its floor: a reload
 * may have raised margins since the ping, and then what was agreed on stands. */
#include "exchange/market/fallback.h"

struct plan {
    struct legs_terms terms;
    struct leg legs[LEGS_MAX];
    uint32_t places[LEGS_MAX]; /* the bid of each */
    uint32_t listed, size;
    uint32_t *chosen; /* bids */
};

static struct price_parties parties_of(const struct decision *decision, const struct rank_bid *bid)
{
    return (struct price_parties){decision->catalogue, decision->campaign, decision->affiliate, decision->source,
                                  bid->entry->contract};
}

/* The most it can pay the affiliate: asked for its whole bid, and the margin given up as far as the campaign allows. */
static int64_t reach_of(const struct fallback *fallback, const struct rank_bid *bid)
{
    const struct campaign *campaign = fallback->decision->campaign;
    struct price_parties parties = parties_of(fallback->decision, bid);
    int64_t most_micros = bid->price_micros > bid->pays_micros ? bid->price_micros : bid->pays_micros;
    int64_t reach_micros = bid->payout.payout_micros, whole_micros = reach_micros;
    if (most_micros > bid->pays_micros) whole_micros = price_payout(&parties, most_micros).payout_micros;
    if (whole_micros > reach_micros) reach_micros = whole_micros;
    if (!fallback->promise_micros || campaign->promise != PROMISE_SQUEEZE) return reach_micros;
    if (price_is_later(bid->entry->contract)) return reach_micros; /* no margin of it is there yet */
    int64_t squeezed_micros = most_micros - campaign->min_margin_micros;
    return squeezed_micros > reach_micros ? squeezed_micros : reach_micros;
}

static struct bytes group_of(const struct decision *decision, const struct rank_bid *bid)
{
    return decision->catalogue->buyers[bid->entry->contract->buyer].group;
}

/* Those that carry what each leg has to; `places`: their indexes in bids. */
static uint32_t list_legs(const struct fallback *fallback, const struct rank_bid *bids, uint32_t count,
                          struct leg *legs, uint32_t *places)
{
    const struct decision *decision = fallback->decision;
    uint32_t listed = 0;
    for (uint32_t i = 0; i < count && i < LEGS_MAX; i++) {
        const struct rank_bid *bid = &bids[i];
        uint32_t group = 0;
        if (!price_carries(bid->entry->contract, bid->payout, decision->leg_floor_micros)) continue;
        while (group < listed && !bytes_same(group_of(decision, &bids[places[group]]), group_of(decision, bid)))
            group++;
        places[listed] = i;
        legs[listed++] = (struct leg){.group = group,
                                      .tier = bid->entry->contract->tier,
                                      .max_sold = bid->max_sold,
                                      .reach_micros = reach_of(fallback, bid),
                                      .worth_micros = decide_worth(decision->campaign, bid->pays_micros, &bid->payout)};
    }
    return listed;
}

static int64_t paid_by(const struct rank_bid *bids, const uint32_t *chosen, uint32_t size)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < size; i++) total += bids[chosen[i]].payout.payout_micros;
    return total;
}

/* Those that are in some set, the chosen ones first, the others behind them as they stand; the rest has lost to nobody.
 * Returns how many; 0: one of them carries its floor no more. */
static uint32_t put_in_order(const struct rank_terms *terms, const struct rank_bid *bids, const struct plan *plan,
                             uint32_t *order)
{
    uint32_t front = 0, behind = plan->size;
    for (uint32_t i = 0; i < plan->listed; i++) {
        bool is_chosen = front < plan->size && plan->chosen[front] == plan->places[i];
        if (!legs_fits(&plan->terms, plan->legs, plan->listed, i)) continue;
        if (!rank_carries(terms, &bids[plan->places[i]])) return 0;
        order[is_chosen ? front++ : behind++] = plan->places[i];
    }
    return behind;
}

/* For the best bid outside. What is not chosen keeps its price: its turn has not come. */
static void price_together(const struct fallback *fallback, struct rank_bid *bids, uint32_t count,
                           const struct plan *plan)
{
    struct rank_terms terms = decide_terms(fallback->decision);
    struct rank_bid priced[LEGS_MAX];
    uint32_t order[LEGS_MAX];
    if (!terms.ranking->is_second_price || plan->size < 2) return;
    uint32_t ordered = put_in_order(&terms, bids, plan, order);
    for (uint32_t i = 0; i < count; i++) {
        priced[i] = bids[i];
        rank_value(&terms, &priced[i]);
    }
    rank_price(&terms, priced, order, ordered, plan->size);
    if (ordered == 0 || paid_by(priced, plan->chosen, plan->size) < plan->terms.floor_micros) return;
    for (uint32_t i = 0; i < plan->size; i++) bids[plan->chosen[i]] = priced[plan->chosen[i]];
}

/* What was promised in one is promised by each: its usual payout, and of what is missing as much as it can give. */
static void share_promise(const struct fallback *fallback, const struct rank_bid *bids, const uint32_t *chosen,
                          uint32_t size, int64_t promises[OFFER_SALES_MAX])
{
    int64_t missing_micros = fallback->promise_micros - paid_by(bids, chosen, size);
    for (uint32_t i = 0; i < size; i++) {
        const struct rank_bid *bid = &bids[chosen[i]];
        int64_t more_micros = reach_of(fallback, bid) - bid->payout.payout_micros;
        promises[i] = fallback->promise_micros ? bid->payout.payout_micros : 0;
        if (!fallback->promise_micros || missing_micros <= 0 || more_micros <= 0) continue;
        if (more_micros > missing_micros) more_micros = missing_micros;
        promises[i] += more_micros;
        missing_micros -= more_micros;
    }
}

/* Without a promise the minimum is asked for at once, the best first. */
static void raise_together(const struct fallback *fallback, struct rank_bid *bids, const uint32_t *chosen,
                           uint32_t size)
{
    const struct decision *decision = fallback->decision;
    struct rank_terms terms = decide_terms(decision);
    for (uint32_t i = 0; i < size && !fallback->promise_micros; i++) {
        int64_t missing_micros = decision->floor_micros - paid_by(bids, chosen, size);
        struct rank_bid *bid = &bids[chosen[i]];
        if (missing_micros > 0) rank_raise(&terms, bid, bid->payout.payout_micros + missing_micros);
    }
}

uint32_t fallback_plan(const struct fallback *fallback, struct rank_bid *bids, uint32_t count,
                       uint32_t chosen[OFFER_SALES_MAX], int64_t promises[OFFER_SALES_MAX])
{
    const struct decision *decision = fallback->decision;
    struct plan plan = {.terms = {decision->max_sales, decision->sold_elsewhere,
                                  fallback->promise_micros ? fallback->promise_micros : decision->floor_micros},
                        .chosen = chosen};
    if (count > LEGS_MAX) count = LEGS_MAX;
    plan.listed = list_legs(fallback, bids, count, plan.legs, plan.places);
    plan.size = legs_choose(&plan.terms, plan.legs, plan.listed, chosen);
    for (uint32_t i = 0; i < plan.size; i++) chosen[i] = plan.places[chosen[i]];
    price_together(fallback, bids, count, &plan);
    raise_together(fallback, bids, chosen, plan.size);
    share_promise(fallback, bids, chosen, plan.size, promises);
    return plan.size;
}
