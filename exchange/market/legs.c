/* The first set in order is found leg by leg: one is taken if what may still follow it can reach the floor. What may
 * follow is at best the highest reaches of other groups, so the question is answered without trying sets. */
#include "exchange/market/legs.h"

#include "exchange/market/bests.h"

static bool is_taken(const struct leg *legs, const uint32_t *chosen, uint32_t count, uint32_t group)
{
    for (uint32_t i = 0; i < count; i++)
        if (legs[chosen[i]].group == group) return true;
    return false;
}

static bool suits(const struct legs_terms *terms, const struct leg *leg, uint32_t size)
{
    return leg->max_sold >= size + terms->elsewhere;
}

/* With `chosen` (its last one the leg in question) and the best that stands from `from` on, a set of that size reaches
 * the floor. */
static bool may_reach(const struct legs_terms *terms, const struct leg *legs, uint32_t count, uint32_t size,
                      const uint32_t *chosen, uint32_t chosen_count, uint32_t from)
{
    struct bests bests = {.count = 0};
    uint32_t wanted = size - chosen_count;
    int64_t sum_micros = 0;
    for (uint32_t i = 0; i < chosen_count; i++) sum_micros += legs[chosen[i]].reach_micros;
    for (uint32_t i = from; i < count && wanted > 0; i++)
        if (suits(terms, &legs[i], size) && !is_taken(legs, chosen, chosen_count, legs[i].group))
            bests_note(&bests, wanted, legs[i].group, legs[i].reach_micros);
    if (bests.count < wanted) return false;
    for (uint32_t i = 0; i < wanted; i++) sum_micros += bests.list[i].micros;
    return sum_micros >= terms->floor_micros;
}

/* The first set of that size in order. */
static bool choose_of(const struct legs_terms *terms, const struct leg *legs, uint32_t count, uint32_t size,
                      uint32_t *chosen)
{
    uint32_t have = 0;
    for (uint32_t i = 0; i < count && have < size; i++) {
        if (!suits(terms, &legs[i], size) || is_taken(legs, chosen, have, legs[i].group)) continue;
        chosen[have] = i;
        if (may_reach(terms, legs, count, size, chosen, have + 1, i + 1)) have++;
    }
    return have == size;
}

uint32_t legs_choose(const struct legs_terms *terms, const struct leg *legs, uint32_t count,
                     uint32_t chosen[OFFER_SALES_MAX])
{
    uint32_t best = 0, tier = 0;
    int64_t worth_micros = 0;
    for (uint32_t size = 1; size <= terms->max_sales && size <= count; size++) {
        uint32_t set[OFFER_SALES_MAX] = {0};
        int64_t sum_micros = 0;
        if (!choose_of(terms, legs, count, size, set)) continue;
        for (uint32_t i = 0; i < size; i++) sum_micros += legs[set[i]].worth_micros;
        uint32_t first = legs[set[0]].tier;
        bool is_better = best == 0 || first < tier || (first == tier && sum_micros > worth_micros);
        if (!is_better) continue;
        best = size;
        tier = first;
        worth_micros = sum_micros;
        for (uint32_t i = 0; i < size; i++) chosen[i] = set[i];
    }
    return best;
}

bool legs_fits(const struct legs_terms *terms, const struct leg *legs, uint32_t count, uint32_t leg)
{
    for (uint32_t size = 1; size <= terms->max_sales && size <= count; size++)
        if (suits(terms, &legs[leg], size) && may_reach(terms, legs, count, size, &leg, 1, 0)) return true;
    return false;
}
