/* reference: the ranking once more, slow and plain, as docs/market.md says it: each place goes to whoever nobody left
 * stands before. What rank.c has made of the bids is held against it. */
#pragma once

#include <math.h>
#include <stdio.h>

#include "exchange/market/order.h"
#include "exchange/market/rank.h"

struct reference {
    const struct rank_terms *terms;
    const struct ranking *ranking;
    struct rank_bid *bids;
    uint32_t count;
    bool by_value;
    uint32_t planned; /* so many get the lead together: none of them has lost to another */
    char wrong[200];
};

static inline long double reference_worth(const struct reference *reference, const struct rank_bid *bid, int64_t price)
{
    int64_t ppm = bid->entry->contract->multiplier_ppm ? bid->entry->contract->multiplier_ppm : 1000000;
    long double worth = floorl((long double)price * (long double)ppm / 1000000.0L);
    if (reference->by_value) worth = floorl(worth * (long double)bid->entry->view.accepted_ppm / 1000000.0L);
    if (reference->by_value) worth = floorl(worth * (1000000.0L - (long double)bid->entry->view.returned_ppm) / 1000000.0L);
    return worth;
}

/* Lower ones first. */
static inline long double reference_policy(const struct reference *reference, const struct rank_bid *bid)
{
    const struct contract *contract = bid->entry->contract;
    switch (reference->ranking->policy) {
    case POLICY_PRIORITY:
        return contract->priority;
    case POLICY_ROUND_ROBIN:
        return (long double)bid->entry->view.turn;
    case POLICY_EVEN:
        return bid->entry->view.sold_today;
    case POLICY_WEIGHTED: {
        uint64_t drawn = order_draw(reference->terms->seed ^ UINT64_C(0x7765696768746564), contract->draw_key);
        long double u = ((long double)drawn + 1) / 18446744073709551616.0L;
        return -log2l(u) / (contract->weight ? contract->weight : 1);
    }
    default:
        return 0;
    }
}

/* Two races that end within a rounding of each other are not told apart here. */
static inline int reference_sign(long double a, long double b)
{
    long double near = 1e-8L * (fabsl(a) + fabsl(b));
    return a < b - near ? -1 : a > b + near ? 1 : 0;
}

static inline int reference_compare(const struct reference *reference, const struct rank_bid *a,
                                    const struct rank_bid *b)
{
    if (a->available != b->available) return a->available ? -1 : 1;
    if (a->entry->contract->tier != b->entry->contract->tier)
        return a->entry->contract->tier < b->entry->contract->tier ? -1 : 1;
    int sign = reference_sign(reference_policy(reference, a), reference_policy(reference, b));
    if (sign) return sign;
    long double x = reference_worth(reference, a, a->price_micros), y = reference_worth(reference, b, b->price_micros);
    return x > y ? -1 : x < y ? 1 : 0;
}

/* Without history: as fast as the fastest it ties with. */
static inline int32_t reference_speed(const struct reference *reference, const struct rank_bid *bid)
{
    int32_t best = bid->entry->view.response_us;
    for (uint32_t i = 0; i < reference->count && bid->entry->view.response_us <= 0; i++) {
        const struct rank_bid *other = &reference->bids[i];
        int32_t speed = other->entry->view.response_us;
        if (other->reason != REASON_NONE || reference_compare(reference, bid, other) != 0) continue;
        if (speed > 0 && (best <= 0 || speed < best)) best = speed;
    }
    return best;
}

static inline bool reference_is_before(const struct reference *reference, const struct rank_bid *a,
                                       const struct rank_bid *b)
{
    int sign = reference_compare(reference, a, b);
    if (sign) return sign < 0;
    int32_t fast = reference_speed(reference, a), slow = reference_speed(reference, b);
    if (fast != slow) return fast < slow;
    uint64_t seed = reference->terms->seed;
    uint64_t x = order_draw(seed, a->entry->contract->draw_key), y = order_draw(seed, b->entry->contract->draw_key);
    if (x != y) return x < y;
    int named = bytes_compare(a->entry->contract->id, b->entry->contract->id);
    return named ? named < 0 : a < b; /* two legs of one bid: as it named them */
}

static inline enum reason reference_judge(const struct reference *reference, const struct rank_bid *bid,
                                          int64_t price_micros)
{
    const struct rank_terms *terms = reference->terms;
    const struct contract *contract = bid->entry->contract;
    struct price_parties parties = {terms->catalogue, terms->campaign, terms->affiliate, terms->source, contract};
    if (price_micros < contract->min_price_micros) return REASON_PRICE_OUT_OF_RANGE;
    if (contract->max_price_micros && price_micros > contract->max_price_micros) return REASON_PRICE_OUT_OF_RANGE;
    const struct buyer *buyer = &reference->terms->catalogue->buyers[contract->buyer];
    bool is_limited = buyer->purse.is_limited && bid->entry->view.counts_funds;
    if (is_limited && bid->price_micros > bid->entry->view.funds_micros + buyer->purse.credit_micros)
        return REASON_NO_FUNDS;
    if (!bid->available && !reference->ranking->unavailable_last) return REASON_UNAVAILABLE;
    bool is_alone = bid->max_sold == 1 && terms->alone_floor_micros > terms->floor_micros;
    int64_t floor = is_alone ? terms->alone_floor_micros : terms->floor_micros;
    if (!price_carries(contract, price_payout(&parties, price_micros), floor)) return REASON_LOW_BID;
    return terms->now_ms && bid->valid_until_ms <= terms->now_ms ? REASON_NO_TIME : REASON_NONE;
}

/* Its own price pays for everything; a payout step less than the base would not. */
static inline const char *reference_pays(struct reference *reference, const struct rank_bid *bid)
{
    const struct catalogue *catalogue = reference->terms->catalogue;
    if (!reference->ranking->is_second_price)
        return bid->pays_micros == bid->price_micros ? NULL : "a first price is not the bid";
    long double losing = -1;
    struct bytes group = catalogue->buyers[bid->entry->contract->buyer].group;
    for (uint32_t i = 0; i < reference->count; i++) {
        const struct rank_bid *other = &reference->bids[i];
        if (other->reason != REASON_NONE || other->rank <= bid->rank || other->rank <= reference->planned) continue;
        if (bytes_same(catalogue->buyers[other->entry->contract->buyer].group, group)) continue;
        long double worth = reference_worth(reference, other, other->price_micros);
        if (worth > losing) losing = worth;
    }
    if (bid->pays_micros > bid->price_micros) return "a second price above the own bid";
    if (reference_judge(reference, bid, bid->pays_micros) != REASON_NONE) return "a second price that carries nothing";
    int64_t base = bid->pays_micros - reference->ranking->second_step_micros;
    bool is_own = bid->pays_micros == bid->price_micros;
    if (!is_own && reference_worth(reference, bid, base) < losing) return "a second price below the losing bid";
    if (!is_own && reference_judge(reference, bid, base) != REASON_NONE) return "a second price below the reserve";
    int64_t less = base - catalogue->house.payout_step_micros;
    if (less < 0 || reference_judge(reference, bid, less) != REASON_NONE) return NULL;
    return reference_worth(reference, bid, less) >= losing ? "a second price above what is needed" : NULL;
}

static inline const char *reference_places(struct reference *reference, bool is_shadow)
{
    for (uint32_t i = 0; i < reference->count; i++) {
        const struct rank_bid *bid = &reference->bids[i];
        uint32_t before = 0, place = is_shadow ? bid->shadow_rank : bid->rank;
        if (bid->reason != REASON_NONE) {
            if (place) return "a bid that is out has a place";
            continue;
        }
        for (uint32_t k = 0; k < reference->count; k++)
            before += k != i && reference->bids[k].reason == REASON_NONE &&
                      reference_is_before(reference, &reference->bids[k], bid);
        if (place == before + 1) continue;
        snprintf(reference->wrong, sizeof reference->wrong, "%.*s has%s place %u, the reference says %u",
                 (int)bid->entry->contract->id.len, bid->entry->contract->id.at, is_shadow ? " shadow" : "", place,
                 before + 1);
        return reference->wrong;
    }
    return NULL;
}

/* NULL, or what is wrong with the results in these bids; the text lives in *reference. */
static inline const char *reference_check(struct reference *reference)
{
    const struct ranking *ranking = reference->ranking;
    for (uint32_t i = 0; i < reference->count; i++) {
        const struct rank_bid *bid = &reference->bids[i];
        if (bid->reason != reference_judge(reference, bid, bid->price_micros)) return "a bid is judged otherwise";
    }
    reference->by_value = true;
    const char *wrong = ranking->is_shadow ? reference_places(reference, true) : NULL;
    reference->by_value = ranking->by_expected_value && !ranking->is_shadow;
    if (!wrong) wrong = reference_places(reference, false);
    for (uint32_t i = 0; i < reference->count && !wrong; i++)
        if (reference->bids[i].reason == REASON_NONE) wrong = reference_pays(reference, &reference->bids[i]);
    return wrong;
}
