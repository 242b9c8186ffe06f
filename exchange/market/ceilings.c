/* Four things together are enough, and each is looked at by itself:
 *
 *   1. Every late leg stands behind the whole set. Then the order up to the set's last leg stays as it is, ties
 *      included: a tie that a late leg joins is one behind the set. (Or it is for fewer buyers than the set has, so it
 *      is none of it, and there are no ties that it could move.)
 *   2. The set is what one gets by taking leg after leg in that order. Then it stays the first of its size: a set that
 *      stood before it would need a leg before its last one that it could have taken.
 *   3. No leg is of a lower tier than the set's first. Then no other set stands before it by its tier.
 *   4. Of another size no set with a late leg in it can be worth as much, whatever its order and its floor.
 *
 * Where the legs behind the set may come to stand otherwise (a tie among them that a late leg joins; more legs than are
 * looked at), and under a second price, where a late bid makes them pay more, no set of another size at all may be
 * worth as much. Under a second price what the set pays must not move either: behind it stands a bid of another group
 * that is as high as any to come, for each of its legs. */
#include "exchange/market/ceilings.h"

#include "exchange/market/bests.h"

#define PARTS_MAX 128u /* legs in hand and contracts that are out; among more nothing is looked into */

struct outlook {
    const struct decision *decision;
    struct rank_terms terms;
    const struct rank_bid *bids;
    const uint32_t *order; /* of the ranking alone, best first */
    uint32_t count;
    const struct match_entry *const *late;
    uint32_t late_count;
    uint32_t set[OFFER_SALES_MAX]; /* indexes of bids */
    uint32_t size, last;           /* last: the place of its last leg in the order */
    int64_t worth_micros;
};

/* What one leg may add to a set. */
struct part {
    uint32_t group;
    uint32_t buyers; /* it may be sold to so many at most */
    int64_t worth_micros;
    bool is_late;
};

static struct bytes group_of(const struct outlook *outlook, const struct contract *contract)
{
    return outlook->decision->catalogue->buyers[contract->buyer].group;
}

/* Nothing it may bid is a leg of this lead. */
static bool is_hopeless(const struct outlook *outlook, const struct contract *contract)
{
    uint8_t most = contract->max_sold ? contract->max_sold : 1;
    return most <= outlook->decision->sold_elsewhere || !ceiling_may_carry(&outlook->terms, contract);
}

/* 1, 2, 3 ------------------------------------------------------------------------------------------------------------
 */

/* The set is taken leg by leg, and `last` is where that ends. */
static bool is_taken_in_order(struct outlook *outlook)
{
    uint32_t taken = 0, buyers = outlook->size + outlook->decision->sold_elsewhere;
    for (uint32_t i = 0; i < outlook->count && taken < outlook->size; i++) {
        const struct rank_bid *bid = &outlook->bids[outlook->order[i]];
        bool is_free = bid->max_sold >= buyers;
        for (uint32_t k = 0; k < taken; k++)
            is_free &= !bytes_same(group_of(outlook, outlook->bids[outlook->set[k]].entry->contract),
                                   group_of(outlook, bid->entry->contract));
        if (!is_free) continue;
        if (outlook->set[taken] != outlook->order[i]) return false;
        outlook->last = i;
        taken++;
    }
    return taken == outlook->size;
}

static bool is_of_the_lowest_tier(const struct outlook *outlook)
{
    uint32_t tier = outlook->bids[outlook->set[0]].entry->contract->tier;
    for (uint32_t i = 0; i < outlook->count; i++)
        if (outlook->bids[outlook->order[i]].entry->contract->tier < tier) return false;
    return true;
}

static const struct rank_bid *first_of_shadow(const struct outlook *outlook)
{
    for (uint32_t i = 0; i < outlook->count; i++)
        if (outlook->bids[outlook->order[i]].shadow_rank == 1) return &outlook->bids[outlook->order[i]];
    return NULL;
}

/* Behind each leg of the set, and behind the set, stands a bid of another group that is as high. */
static bool keeps_prices(const struct outlook *outlook, const struct rank_bid *late)
{
    struct bytes late_group = group_of(outlook, late->entry->contract);
    for (uint32_t i = 0; i < outlook->size; i++) {
        struct bytes group = group_of(outlook, outlook->bids[outlook->set[i]].entry->contract);
        bool is_kept = bytes_same(group, late_group);
        for (uint32_t k = outlook->last + 1; k < outlook->count && !is_kept; k++) {
            const struct rank_bid *bid = &outlook->bids[outlook->order[k]];
            is_kept = bid->effective_micros >= late->effective_micros &&
                      !bytes_same(group_of(outlook, bid->entry->contract), group);
        }
        if (!is_kept) return false;
    }
    return true;
}

/* From that place on legs of different contracts tie, so a late one may change who of them stands first; or so many
 * legs may come that others are no longer looked at. */
static bool may_reorder(const struct outlook *outlook, uint32_t from)
{
    for (uint32_t i = from; i + 1 < outlook->count; i++) {
        const struct rank_bid *bid = &outlook->bids[outlook->order[i]], *next = &outlook->bids[outlook->order[i + 1]];
        if (bid->entry != next->entry && !rank_is_before(&outlook->terms, bid, next, false)) return true;
    }
    return outlook->count + outlook->late_count * BID_LEGS_MAX > LEGS_MAX;
}

/* It is for fewer buyers than the set has, and moves none of its legs: it may stand where it likes. */
static bool is_no_part_of_it(const struct outlook *outlook, const struct contract *contract)
{
    uint32_t most = contract->max_sold ? contract->max_sold : 1;
    return most < outlook->size + outlook->decision->sold_elsewhere &&
           contract->tier >= outlook->bids[outlook->set[0]].entry->contract->tier &&
           !outlook->terms.ranking->is_second_price && !may_reorder(outlook, 0);
}

static bool stands_behind(const struct outlook *outlook, const struct match_entry *late)
{
    const struct ranking *ranking = outlook->terms.ranking;
    struct rank_bid best = {.entry = late, .price_micros = late->contract->max_price_micros, .available = true};
    if (is_hopeless(outlook, late->contract)) return true;
    rank_value(&outlook->terms, &best);
    if (ranking->is_shadow) {
        const struct rank_bid *first = first_of_shadow(outlook);
        if (!first || !rank_is_before(&outlook->terms, first, &best, true)) return false;
    }
    if (!rank_is_before(&outlook->terms, &outlook->bids[outlook->order[outlook->last]], &best, false))
        return is_no_part_of_it(outlook, late->contract);
    return !ranking->is_second_price || keeps_prices(outlook, &best);
}

/* 4 ------------------------------------------------------------------------------------------------------------------
 */

/* At that price or any below it. Margins by bands go up and down with the price: there they count as all or nothing. A
 * payout is rounded down, so of two prices the lower one may leave the house more, by less than a step. */
static int64_t worth_most(const struct outlook *outlook, const struct contract *contract, int64_t price_micros)
{
    const struct decision *decision = outlook->decision;
    struct price_parties parties = {decision->catalogue, decision->campaign, decision->affiliate, decision->source,
                                    contract};
    struct payout payout = price_payout(&parties, price_micros);
    int64_t worth = decide_worth(decision->campaign, price_micros, &payout);
    if (decision->campaign->objective == OBJECTIVE_MARGIN) worth += decision->catalogue->house.payout_step_micros;
    return price_has_bands(&parties) ? price_micros : worth;
}

static const struct contract *contract_of(const struct outlook *outlook, uint32_t part)
{
    return part < outlook->count ? outlook->bids[outlook->order[part]].entry->contract
                                 : outlook->late[part - outlook->count]->contract;
}

/* In hand a leg is worth what the ranking says; under a second price, where that may move, as much as it may be. */
static uint32_t list_parts(const struct outlook *outlook, struct part *parts)
{
    uint32_t count = outlook->count + outlook->late_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct contract *contract = contract_of(outlook, i);
        const struct rank_bid *bid = i < outlook->count ? &outlook->bids[outlook->order[i]] : NULL;
        struct part *part = &parts[i];
        *part = (struct part){.is_late = !bid, .buyers = contract->max_sold ? contract->max_sold : 1};
        while (!bytes_same(group_of(outlook, contract_of(outlook, part->group)), group_of(outlook, contract)))
            part->group++;
        if (bid) part->buyers = bid->max_sold;
        if (!bid && is_hopeless(outlook, contract)) part->buyers = 0;
        part->worth_micros = bid && !outlook->terms.ranking->is_second_price
                                 ? decide_worth(outlook->decision->campaign, bid->pays_micros, &bid->payout)
                                 : worth_most(outlook, contract, bid ? bid->price_micros : contract->max_price_micros);
    }
    return count;
}

/* The most that `wanted` owners other than that one add. False: there are not so many. */
static bool add_others(const struct bests *bests, uint32_t group, uint32_t wanted, int64_t *sum_micros)
{
    for (uint32_t i = 0; i < bests->count && wanted > 0; i++) {
        if (bests->list[i].group == group) continue;
        *sum_micros += bests->list[i].micros;
        wanted--;
    }
    return wanted == 0;
}

/* Some set of that size is worth as much as the chosen one, or (a larger one) more: `any` one, or one with a late leg.
 */
static bool may_be_worth_it(const struct outlook *outlook, const struct part *parts, uint32_t count, uint32_t size,
                            bool any)
{
    struct bests bests = {.count = 0};
    uint32_t buyers = size + outlook->decision->sold_elsewhere;
    for (uint32_t i = 0; i < count; i++)
        if (parts[i].buyers >= buyers) bests_note(&bests, size, parts[i].group, parts[i].worth_micros);
    for (uint32_t i = 0; i < count; i++) {
        int64_t sum_micros = parts[i].worth_micros; /* prices are at most a million: no sum of eight overflows */
        if (parts[i].buyers < buyers || !(any || parts[i].is_late)) continue;
        if (!add_others(&bests, parts[i].group, size - 1, &sum_micros)) continue;
        if (sum_micros > outlook->worth_micros) return true;
        if (sum_micros == outlook->worth_micros && size < outlook->size) return true;
    }
    return false;
}

static bool no_other_size_is_worth_it(const struct outlook *outlook)
{
    struct part parts[PARTS_MAX];
    uint32_t count = list_parts(outlook, parts);
    bool any = outlook->terms.ranking->is_second_price || may_reorder(outlook, outlook->last + 1);
    for (uint32_t size = 1; size <= outlook->decision->max_sales; size++)
        if (size != outlook->size && may_be_worth_it(outlook, parts, count, size, any)) return false;
    return true;
}

bool ceilings_settle(const struct decision *decision, struct rank_bid *bids, uint32_t bids_count, uint32_t *order,
                     const struct match_entry *const *late, uint32_t late_count)
{
    struct outlook outlook = {.decision = decision,
                              .terms = decide_terms(decision),
                              .bids = bids,
                              .order = order,
                              .late = late,
                              .late_count = late_count};
    decide_run(decision, bids, bids_count, order, &outlook.size);
    for (uint32_t i = 0; i < outlook.size; i++) outlook.set[i] = order[i];
    outlook.count = rank_run(&outlook.terms, bids, bids_count, order); /* without a choice, those in no set with them */
    if (outlook.size == 0 || outlook.count + late_count > PARTS_MAX) return false;
    for (uint32_t i = 0; i < outlook.size; i++) {
        const struct rank_bid *leg = &bids[outlook.set[i]];
        outlook.worth_micros += decide_worth(decision->campaign, leg->pays_micros, &leg->payout);
    }
    if (!is_taken_in_order(&outlook) || !is_of_the_lowest_tier(&outlook)) return false;
    for (uint32_t i = 0; i < late_count; i++)
        if (!ceiling_is_known(late[i]->contract) || !stands_behind(&outlook, late[i])) return false;
    return no_other_size_is_worth_it(&outlook);
}
