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

static int64_t payout_at(const struct decision *decision, const struct rank_bid *bid, int64_t price_micros)
{
    struct price_parties parties = {decision->catalogue, decision->campaign, decision->affiliate, decision->source,
                                    bid->entry->contract};
    return price_payout(&parties, price_micros).payout_micros;
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

/* By its payout at its own bid: it may be asked for that. */
static int64_t reach_of(const struct trial *trial, const struct rank_bid *bid)
{
    int64_t most = payout_at(trial->decision, bid, bid->price_micros);
    return most > bid->payout.payout_micros ? most : bid->payout.payout_micros;
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
        payout += reach_of(trial, bid);
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

/* Who was asked for more than the ranking says: only if the affiliate would have had too little, never above the own
 * bid, and not more than was missing. NULL: it is so. */
static const char *judge_raised(const struct sets_decided *decided, const struct trial *trial, uint32_t chosen)
{
    const struct decision *decision = decided->decision;
    int64_t usual = 0, total = 0, step = decision->catalogue->house.payout_step_micros;
    bool is_needed = false;
    for (uint32_t i = 0; i < trial->count; i++) {
        const struct rank_bid *bid = &decided->bids[trial->legs[i]], *ranked = &trial->bids[trial->legs[i]];
        if (!(chosen >> i & 1)) continue;
        usual += ranked->payout.payout_micros;
        total += bid->payout.payout_micros;
        if (bid->pays_micros < ranked->pays_micros) return "a raised price is lower";
        if (bid->pays_micros > bid->price_micros) return "a raised price is above the own bid";
    }
    for (uint32_t i = 0; i < trial->count; i++) {
        const struct rank_bid *bid = &decided->bids[trial->legs[i]], *ranked = &trial->bids[trial->legs[i]];
        if (!(chosen >> i & 1) || bid->pays_micros == ranked->pays_micros) continue;
        int64_t less = payout_at(decision, bid, bid->pays_micros - step);
        is_needed |= total - bid->payout.payout_micros + less < decision->floor_micros;
    }
    if (usual >= decision->floor_micros) return "prices are raised that carried the minimum";
    return is_needed ? NULL : "prices are raised by more than was missing";
}

/* Of a set of several under a second price: they pay for the best bid outside it. */
static const char *judge_together(const struct sets_decided *decided, const struct trial *trial, uint32_t those)
{
    struct rank_terms terms = decide_terms(decided->decision);
    struct reference reference = {.terms = &terms,
                                  .ranking = terms.ranking,
                                  .bids = (struct rank_bid *)decided->bids,
                                  .count = decided->count,
                                  .by_value = terms.ranking->by_expected_value && !terms.ranking->is_shadow,
                                  .planned = decided->planned};
    const char *wrong = NULL;
    for (uint32_t i = 0; i < trial->count && !wrong; i++)
        if ((those >> i & 1) && decided->bids[trial->legs[i]].reason == REASON_NONE)
            wrong = reference_pays(&reference, &decided->bids[trial->legs[i]]);
    return wrong;
}

/* Everybody pays what the ranking says. Under a second price those of a set of several pay for the best bid outside it,
 * unless that leaves the affiliate too little; and they are asked for more where the ranking's prices would. */
static const char *judge_prices(const struct sets_decided *decided, const struct trial *trial, uint32_t chosen)
{
    bool is_second = decide_terms(decided->decision).ranking->is_second_price, is_same = true, is_same_outside = true;
    int64_t total = 0;
    for (uint32_t i = 0; i < trial->count; i++) {
        const struct rank_bid *bid = &decided->bids[trial->legs[i]];
        bool *same = (chosen >> i & 1) ? &is_same : &is_same_outside;
        *same &= bid->pays_micros == trial->bids[trial->legs[i]].pays_micros;
        if (chosen >> i & 1) total += bid->payout.payout_micros;
    }
    bool is_together = is_second && decided->planned > 1;
    if (decided->planned && total < decided->decision->floor_micros) return "the affiliate gets less than its minimum";
    if (!is_same_outside && !is_together) return "a price is not the ranking's";
    const char *wrong = is_together ? judge_together(decided, trial, ~chosen) : NULL;
    if (wrong || is_same) return wrong;
    if (!is_second) return "a first price is not the bid";
    if (is_together && !judge_together(decided, trial, chosen)) return NULL;
    return judge_raised(decided, trial, chosen);
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
    const char *wrong = verdict == SETS_EQUAL ? judge_prices(decided, &trial, chosen) : NULL;
    if (!wrong) return verdict;
    snprintf(note, SETS_NOTE_MAX, "legs: %s", wrong);
    return SETS_OTHER;
}
