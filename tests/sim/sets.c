/* A set is a word of bits over the legs in their order, best first; of two of one size the one that stands first in the
 * order has the first leg that the other lacks. No leg is looked at alone and no set is built up: all are tried. */
#include "tests/sim/sets.h"

#include <stdio.h>

#include "tests/unit/exchange/market/reference.h"

struct trial {
    const struct decision *decision;
    const struct rank_bid *bids;  /* as the ranking alone leaves them */
    uint32_t legs[SETS_LEGS_MAX]; /* indexes of bids, best first */
    uint32_t count;
    uint32_t of_size[OFFER_SALES_MAX + 1]; /* the first set of each size; 0: there is none */
    uint32_t any;                          /* legs that are in some set */
};

static struct bytes group_of(const struct trial *trial, uint32_t leg)
{
    return trial->decision->catalogue->buyers[trial->bids[trial->legs[leg]].entry->contract->buyer].group;
}

static int64_t worth_of(const struct trial *trial, uint32_t set)
{
    int64_t payout = 0, revenue = 0;
    for (uint32_t i = 0; i < trial->count; i++) {
        const struct rank_bid *bid = &trial->bids[trial->legs[i]];
        if (!(set >> i & 1)) continue;
        payout += bid->payout.payout_micros;
        revenue += bid->pays_micros;
    }
    switch (trial->decision->campaign->objective) {
    case OBJECTIVE_REVENUE:
        return revenue;
    case OBJECTIVE_MARGIN:
        return revenue - payout;
    default:
        return payout;
    }
}

/* One of each group, each with max_sold for them all and for those elsewhere, together at least the minimum. */
static bool is_sellable(const struct trial *trial, uint32_t set)
{
    const struct decision *decision = trial->decision;
    uint32_t buyers = (uint32_t)__builtin_popcount(set) + decision->sold_elsewhere;
    int64_t payout = 0;
    for (uint32_t i = 0; i < trial->count; i++) {
        const struct rank_bid *bid = &trial->bids[trial->legs[i]];
        if (!(set >> i & 1)) continue;
        if (bid->max_sold < buyers) return false;
        for (uint32_t k = 0; k < i; k++)
            if ((set >> k & 1) && bytes_same(group_of(trial, k), group_of(trial, i))) return false;
        payout += bid->payout.payout_micros;
    }
    return payout >= decision->floor_micros;
}

static uint32_t tier_of(const struct trial *trial, uint32_t set)
{
    return trial->bids[trial->legs[__builtin_ctz(set)]].entry->contract->tier;
}

static void try_all(struct trial *trial)
{
    for (uint32_t set = 1; set < 1u << trial->count; set++) {
        uint32_t size = (uint32_t)__builtin_popcount(set);
        if (size > trial->decision->max_sales || !is_sellable(trial, set)) continue;
        uint32_t *first = &trial->of_size[size], differs = *first ^ set;
        trial->any |= set;
        if (*first == 0 || (set & differs & -differs)) *first = set;
    }
}

/* The lowest tier in front, then the most worth, then the smallest. */
static uint32_t choose(const struct trial *trial)
{
    uint32_t best = 0;
    for (uint32_t size = 1; size <= OFFER_SALES_MAX; size++) {
        uint32_t set = trial->of_size[size];
        if (set == 0) continue;
        bool is_lower = best && tier_of(trial, set) < tier_of(trial, best);
        bool is_equal = best && tier_of(trial, set) == tier_of(trial, best);
        if (best == 0 || is_lower || (is_equal && worth_of(trial, set) > worth_of(trial, best))) best = set;
    }
    return best;
}

static enum sets_verdict tell(char *note, const struct trial *trial, uint32_t leg, const char *what, uint32_t is,
                              uint32_t should)
{
    const struct rank_bid *bid = &trial->bids[trial->legs[leg]];
    struct bytes id = bid->entry->contract->id;
    snprintf(note, SETS_NOTE_MAX, "legs: %s of %.*s (max_sold %u) is %u, the reference says %u", what, (int)id.len,
             id.at, bid->max_sold, is, should);
    return SETS_OTHER;
}

/* The chosen ones first, then the others that are in some set, each in their order. */
static enum sets_verdict compare_places(const struct sets_decided *decided, const struct trial *trial, uint32_t chosen,
                                        char *note)
{
    uint32_t size = (uint32_t)__builtin_popcount(chosen), front = 0, behind = size;
    for (uint32_t i = 0; i < decided->count; i++) {
        bool was_out = decided->ranked[i].rank == 0;
        if (was_out && (decided->bids[i].rank || decided->bids[i].reason != decided->ranked[i].reason)) {
            snprintf(note, SETS_NOTE_MAX, "legs: one that is out was taken in");
            return SETS_OTHER;
        }
    }
    if (decided->planned != size) return tell(note, trial, 0, "the size of the set in front", decided->planned, size);
    for (uint32_t i = 0; i < trial->count; i++) {
        const struct rank_bid *is = &decided->bids[trial->legs[i]];
        bool fits = trial->any >> i & 1;
        uint32_t place = !fits ? 0 : (chosen >> i & 1) ? ++front : ++behind;
        enum reason reason = fits ? REASON_NONE : REASON_LOW_BID;
        if (is->rank != place) return tell(note, trial, i, "the place", is->rank, place);
        if (is->reason != reason) return tell(note, trial, i, "the reason", is->reason, reason);
    }
    return SETS_EQUAL;
}

/* Everybody pays what the ranking says, and under a second price those of a set of several pay for the best bid outside
 * it: unless that left the affiliate too little, and they all pay as the ranking says. */
static enum sets_verdict compare_prices(const struct sets_decided *decided, const struct trial *trial, uint32_t chosen,
                                        char *note)
{
    struct rank_terms terms = decide_terms(decided->decision);
    struct reference reference = {.terms = &terms,
                                  .ranking = terms.ranking,
                                  .bids = (struct rank_bid *)decided->bids,
                                  .count = decided->count,
                                  .by_value = terms.ranking->by_expected_value && !terms.ranking->is_shadow,
                                  .planned = decided->planned};
    bool is_together = terms.ranking->is_second_price && decided->planned > 1, is_usual = true;
    for (uint32_t i = 0; i < trial->count; i++) {
        bool is_same = decided->bids[trial->legs[i]].pays_micros == trial->bids[trial->legs[i]].pays_micros;
        if ((chosen >> i & 1) || !is_together) is_usual &= is_same;
    }
    if (!is_together && is_usual) return SETS_EQUAL;
    for (uint32_t i = 0; i < trial->count; i++) {
        const struct rank_bid *bid = &decided->bids[trial->legs[i]];
        bool is_settled = bid->reason != REASON_NONE || ((chosen >> i & 1) && is_usual);
        const char *wrong = is_settled ? NULL : reference_pays(&reference, bid);
        if (!is_together) wrong = "a price is not the one of the ranking";
        if (!wrong) continue;
        snprintf(note, SETS_NOTE_MAX, "legs: %s (of %u)", wrong, decided->planned);
        return SETS_OTHER;
    }
    return SETS_EQUAL;
}

enum sets_verdict sets_compare(const struct sets_decided *decided, char note[SETS_NOTE_MAX])
{
    struct trial trial = {.decision = decided->decision, .bids = decided->ranked};
    uint32_t candidates = 0;
    for (uint32_t i = 0; i < decided->count; i++) candidates += decided->ranked[i].rank > 0;
    if (candidates > SETS_LEGS_MAX) return SETS_TOO_MANY;
    for (uint32_t place = 1; place <= candidates; place++)
        for (uint32_t i = 0; i < decided->count; i++)
            if (decided->ranked[i].rank == place) trial.legs[trial.count++] = i;
    if (trial.count == 0) return SETS_EQUAL;
    try_all(&trial);
    uint32_t chosen = choose(&trial);
    enum sets_verdict verdict = compare_places(decided, &trial, chosen, note);
    return verdict == SETS_EQUAL ? compare_prices(decided, &trial, chosen, note) : verdict;
}
