/* Each bid is judged alone first; what is left is sorted by one total order. A policy is a number for each bid, lower
 * ones first, known before the others have bid. What is equal up to the effective price makes a run, and inside a run
 * response times are compared: there a contract without history borrows the run's best time, which keeps the order
 * total where "counts as equal" between each two would not be one. */
#include "exchange/market/rank.h"

#include "exchange/market/order.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define SALT_ARM UINT64_C(0x6578706572696d65)
#define SALT_WEIGHTED UINT64_C(0x7765696768746564)

static enum reason judge(const struct rank_terms *terms, const struct ranking *ranking, struct rank_bid *bid);
static void put_in_order(const struct rank_terms *terms, struct rank_bid *bids, uint32_t *order, uint32_t count,
                         bool by_value);

enum ranking_arm rank_arm(const struct campaign *campaign, uint64_t seed)
{
    if (!campaign->trial_ppm) return ARM_NONE;
    uint64_t drawn = order_draw(seed, SALT_ARM) % MONEY_PPM;
    return drawn < campaign->trial_ppm ? ARM_TRIAL : ARM_CONTROL;
}

const struct ranking *rank_rules(const struct campaign *campaign, enum ranking_arm arm)
{
    return arm == ARM_TRIAL ? &campaign->trial : &campaign->ranking;
}

uint32_t rank_run(const struct rank_terms *terms, struct rank_bid *bids, uint32_t bids_count, uint32_t *order)
{
    const struct ranking *ranking = terms->ranking ? terms->ranking : &terms->campaign->ranking;
    bool by_value = ranking->by_expected_value && !ranking->is_shadow;
    uint32_t count = 0;
    for (uint32_t i = 0; i < bids_count; i++) {
        bids[i].rank = bids[i].shadow_rank = 0;
        bids[i].reason = judge(terms, ranking, &bids[i]);
        if (bids[i].reason == REASON_NONE) order[count++] = i;
    }
    if (ranking->is_shadow) {
        put_in_order(terms, bids, order, count, true);
        for (uint32_t i = 0; i < count; i++) bids[order[i]].shadow_rank = i + 1;
    }
    put_in_order(terms, bids, order, count, by_value);
    for (uint32_t i = 0; i < count; i++) bids[order[i]].rank = i + 1;
    rank_price(terms, bids, order, count, 1);
    return count;
}

enum reason rank_nearest(const struct rank_bid *bids, uint32_t bids_count)
{
    static const enum reason NEAREST_FIRST[] = {REASON_LOW_BID, REASON_PRICE_OUT_OF_RANGE, REASON_UNAVAILABLE,
                                                REASON_NO_FUNDS, REASON_NO_TIME};
    for (size_t i = 0; i < sizeof NEAREST_FIRST / sizeof *NEAREST_FIRST; i++)
        for (uint32_t bid = 0; bid < bids_count; bid++)
            if (bids[bid].reason == NEAREST_FIRST[i]) return NEAREST_FIRST[i];
    return REASON_NO_BID;
}

/* Policies -----------------------------------------------------------------------------------------------------------
 */

/* What stands before the price, as a number. */
static uint64_t key_price(const struct rank_terms *terms, const struct match_entry *entry)
{
    (void)terms;
    (void)entry;
    return 0;
}

static uint64_t key_priority(const struct rank_terms *terms, const struct match_entry *entry)
{
    (void)terms;
    return entry->contract->priority;
}

/* Everyone runs a race whose time is −log(u) / weight, u drawn evenly between 0 and 1: then each is first, and first
 * among those left, with the probability of its weight (Efraimidis and Spirakis, "Weighted random sampling with a
 * reservoir", 2006). Nobody's time depends on who else runs. */
static uint64_t key_weighted(const struct rank_terms *terms, const struct match_entry *entry)
{
    const struct contract *contract = entry->contract;
    uint64_t drawn = order_draw(terms->seed ^ SALT_WEIGHTED, contract->draw_key);
    return (order_minus_log2(drawn) << 20) / (contract->weight ? contract->weight : 1);
}

static uint64_t key_round_robin(const struct rank_terms *terms, const struct match_entry *entry)
{
    (void)terms;
    return entry->view.turn;
}

static uint64_t key_even(const struct rank_terms *terms, const struct match_entry *entry)
{
    (void)terms;
    return entry->view.sold_today;
}

static uint64_t (*const POLICY_KEYS[POLICIES])(const struct rank_terms *, const struct match_entry *) = {
    [POLICY_PRICE] = key_price,       [POLICY_PRIORITY] = key_priority,
    [POLICY_WEIGHTED] = key_weighted, [POLICY_ROUND_ROBIN] = key_round_robin,
    [POLICY_EVEN] = key_even,
};

/* A bid alone --------------------------------------------------------------------------------------------------------
 */

/* A product beyond the range of money stands above all others. */
static int64_t times(int64_t micros, int64_t ppm)
{
    int64_t product;
    return money_share(micros, ppm, &product) ? product : INT64_MAX;
}

static int64_t effective_of(const struct match_entry *entry, int64_t price_micros, bool by_value)
{
    int64_t multiplier_ppm = entry->contract->multiplier_ppm, micros = price_micros;
    if (multiplier_ppm && multiplier_ppm != MONEY_PPM) micros = times(micros, multiplier_ppm);
    if (!by_value) return micros;
    micros = times(micros, entry->view.accepted_ppm);
    return entry->view.returned_ppm ? times(micros, MONEY_PPM - entry->view.returned_ppm) : micros;
}

static const struct ranking *ranking_of(const struct rank_terms *terms)
{
    return terms->ranking ? terms->ranking : &terms->campaign->ranking;
}

void rank_value(const struct rank_terms *terms, struct rank_bid *bid)
{
    const struct ranking *ranking = ranking_of(terms);
    bool by_value = ranking->by_expected_value && !ranking->is_shadow;
    bid->effective_micros = effective_of(bid->entry, bid->price_micros, by_value);
    bid->policy_key = POLICY_KEYS[ranking->policy](terms, bid->entry);
}

static int64_t floor_of(const struct rank_terms *terms, const struct rank_bid *bid)
{
    bool is_more = bid->max_sold == 1 && terms->alone_floor_micros > terms->floor_micros;
    return is_more ? terms->alone_floor_micros : terms->floor_micros;
}

static int64_t money_of(const struct rank_terms *terms, const struct match_entry *entry)
{
    return availability_money(&terms->catalogue->buyers[entry->contract->buyer], &entry->view);
}

/* A buyer that has less than it bids has not bid: what its own bid is worth less by a second price is not known yet. */
bool rank_carries(const struct rank_terms *terms, const struct rank_bid *bid)
{
    const struct contract *contract = bid->entry->contract;
    struct price_parties parties = {terms->catalogue, terms->campaign, terms->affiliate, terms->source, contract};
    return price_carries(contract, price_payout(&parties, bid->price_micros), floor_of(terms, bid));
}

static enum reason judge(const struct rank_terms *terms, const struct ranking *ranking, struct rank_bid *bid)
{
    const struct contract *contract = bid->entry->contract;
    struct price_parties parties = {terms->catalogue, terms->campaign, terms->affiliate, terms->source, contract};
    rank_value(terms, bid);
    bid->pays_micros = bid->price_micros;
    bid->payout = price_payout(&parties, bid->price_micros);
    if (bid->price_micros < contract->min_price_micros) return REASON_PRICE_OUT_OF_RANGE;
    if (contract->max_price_micros && bid->price_micros > contract->max_price_micros) return REASON_PRICE_OUT_OF_RANGE;
    if (bid->price_micros > money_of(terms, bid->entry)) return REASON_NO_FUNDS;
    if (!bid->available && !ranking->unavailable_last) return REASON_UNAVAILABLE;
    if (!price_carries(contract, bid->payout, floor_of(terms, bid))) return REASON_LOW_BID;
    if (terms->now_ms && bid->valid_until_ms <= terms->now_ms) return REASON_NO_TIME;
    return REASON_NONE;
}

/* All of them --------------------------------------------------------------------------------------------------------
 */

static struct order_key key_of(const struct rank_terms *terms, const struct rank_bid *bid, bool by_value)
{
    const struct contract *contract = bid->entry->contract;
    return (struct order_key){.is_last = !bid->available,
                              .tier = contract->tier,
                              .policy_key = bid->policy_key,
                              .effective_micros = effective_of(bid->entry, bid->price_micros, by_value),
                              .response_us = bid->entry->view.response_us,
                              .draw = order_draw(terms->seed, contract->draw_key),
                              .id = contract->id};
}

bool rank_is_before(const struct rank_terms *terms, const struct rank_bid *a, const struct rank_bid *b, bool of_shadow)
{
    const struct ranking *ranking = ranking_of(terms);
    bool by_value = of_shadow || (ranking->by_expected_value && !ranking->is_shadow);
    struct order_key first = key_of(terms, a, by_value), second = key_of(terms, b, by_value);
    return order_compare(&first, &second) < 0;
}

struct sorting {
    const struct rank_terms *terms;
    const struct rank_bid *bids;
    bool by_value;
};

static void key_at(const void *arg, uint32_t index, struct order_key *key)
{
    const struct sorting *sorting = arg;
    *key = key_of(sorting->terms, &sorting->bids[index], sorting->by_value);
}

static void put_in_order(const struct rank_terms *terms, struct rank_bid *bids, uint32_t *order, uint32_t count,
                         bool by_value)
{
    struct sorting sorting = {terms, bids, by_value};
    order_sort(order, count, key_at, &sorting);
}

/* Second price -------------------------------------------------------------------------------------------------------
 */

/* The two best effective prices behind a place, of different groups. */
struct behind {
    int64_t best_micros, other_micros; /* -1: none */
    struct bytes best_group;
};

static struct bytes group_of(const struct rank_terms *terms, const struct rank_bid *bid)
{
    return terms->catalogue->buyers[bid->entry->contract->buyer].group;
}

static void note_behind(struct behind *behind, int64_t effective_micros, struct bytes group)
{
    bool same = behind->best_micros >= 0 && bytes_same(behind->best_group, group);
    if (effective_micros > behind->best_micros) {
        if (!same) behind->other_micros = behind->best_micros;
        behind->best_micros = effective_micros;
        behind->best_group = group;
    } else if (!same && effective_micros > behind->other_micros) {
        behind->other_micros = effective_micros;
    }
}

/* The least price of this contract that is worth as much; its own bid where even that is not. */
static int64_t price_worth(const struct rank_bid *bid, int64_t effective_micros, bool by_value)
{
    int64_t low = -1, high = bid->price_micros;
    if (effective_micros <= 0) return 0;
    if (effective_of(bid->entry, high, by_value) < effective_micros) return high;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (effective_of(bid->entry, middle, by_value) >= effective_micros)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* Never above `most`, whatever a buyer may bid. */
static int64_t raised(int64_t micros, int64_t by_micros, int64_t most_micros)
{
    return by_micros >= most_micros - micros ? most_micros : micros + by_micros;
}

static void price_one(const struct rank_terms *terms, const struct ranking *ranking, bool by_value,
                      struct rank_bid *bid, int64_t losing_micros)
{
    const struct contract *contract = bid->entry->contract;
    struct price_parties parties = {terms->catalogue, terms->campaign, terms->affiliate, terms->source, contract};
    int64_t floor = floor_of(terms, bid), pays = price_least(&parties, floor, bid->price_micros);
    int64_t worth = price_worth(bid, losing_micros, by_value);
    check(pays >= 0, "contract %u is no candidate", contract->index);
    if (pays < contract->min_price_micros) pays = contract->min_price_micros;
    if (pays < worth) pays = worth;
    pays = raised(pays, ranking->second_step_micros, bid->price_micros);
    pays = price_readable(terms->catalogue, pays, bid->price_micros);
    struct payout payout = price_payout(&parties, pays);
    if (!price_carries(contract, payout, floor)) { /* margin by bands: its own bid does */
        pays = bid->price_micros;
        payout = price_payout(&parties, pays);
    }
    bid->pays_micros = pays;
    bid->payout = payout;
}

void rank_raise(const struct rank_terms *terms, struct rank_bid *bid, int64_t payout_micros)
{
    struct price_parties parties = {terms->catalogue, terms->campaign, terms->affiliate, terms->source,
                                    bid->entry->contract};
    int64_t pays = price_least(&parties, payout_micros, bid->price_micros);
    pays = pays < 0 ? bid->price_micros : price_readable(terms->catalogue, pays, bid->price_micros);
    struct payout payout = price_payout(&parties, pays);
    if (pays <= bid->pays_micros || payout.payout_micros <= bid->payout.payout_micros) return;
    bid->pays_micros = pays;
    bid->payout = payout;
}

/* From the last place up, so that what stands behind each is known: those before it have refused when its turn comes.
 * The planned ones get the lead together, and none of them has lost to another. */
void rank_price(const struct rank_terms *terms, struct rank_bid *bids, const uint32_t *order, uint32_t count,
                uint32_t planned)
{
    const struct ranking *ranking = ranking_of(terms);
    bool by_value = ranking->by_expected_value && !ranking->is_shadow;
    struct behind behind = {.best_micros = -1, .other_micros = -1};
    for (uint32_t i = count; ranking->is_second_price && i-- > 0;) {
        struct rank_bid *bid = &bids[order[i]];
        struct bytes group = group_of(terms, bid);
        bool same = behind.best_micros >= 0 && bytes_same(behind.best_group, group);
        price_one(terms, ranking, by_value, bid, same ? behind.other_micros : behind.best_micros);
        if (i >= planned) note_behind(&behind, bid->effective_micros, group);
    }
}
