/* Each bid is judged alone first; what is left is sorted by one total order. Equal tier and price make a run, and
 * inside a run response times are compared: there a contract without history borrows the run's best time, which keeps
 * the order total where "counts as equal" between each two would not be one. */
#include "exchange/market/rank.h"

struct order_key {
    uint32_t tier;
    int64_t effective_micros;
    int32_t response_us;
    uint64_t draw;
    struct bytes id;
};

static enum reason judge(const struct rank_terms *terms, struct rank_bid *bid);
static void sort(const struct rank_terms *terms, const struct rank_bid *bids, uint32_t *order, uint32_t count,
                 int32_t history_us);

uint32_t rank_run(const struct rank_terms *terms, struct rank_bid *bids, uint32_t bids_count, uint32_t *order)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < bids_count; i++) {
        bids[i].rank = 0;
        bids[i].reason = judge(terms, &bids[i]);
        if (bids[i].reason == REASON_NONE) order[count++] = i;
    }
    sort(terms, bids, order, count, -1);
    for (uint32_t start = 0, end; start < count; start = end) {
        const struct rank_bid *first = &bids[order[start]];
        int32_t best = 0;
        for (end = start; end < count; end++) {
            const struct rank_bid *bid = &bids[order[end]];
            int32_t response = bid->entry->view.response_us;
            if (bid->effective_micros != first->effective_micros) break;
            if (bid->entry->contract->tier != first->entry->contract->tier) break;
            if (response > 0 && (best == 0 || response < best)) best = response;
        }
        if (end - start > 1) sort(terms, bids, order + start, end - start, best);
    }
    for (uint32_t i = 0; i < count; i++) bids[order[i]].rank = i + 1;
    return count;
}

enum reason rank_nearest(const struct rank_bid *bids, uint32_t bids_count)
{
    static const enum reason NEAREST_FIRST[] = {REASON_LOW_BID, REASON_PRICE_OUT_OF_RANGE, REASON_UNAVAILABLE,
                                                REASON_NO_TIME};
    for (size_t i = 0; i < sizeof NEAREST_FIRST / sizeof *NEAREST_FIRST; i++)
        for (uint32_t bid = 0; bid < bids_count; bid++)
            if (bids[bid].reason == NEAREST_FIRST[i]) return NEAREST_FIRST[i];
    return REASON_NO_BID;
}

static enum reason judge(const struct rank_terms *terms, struct rank_bid *bid)
{
    const struct contract *contract = bid->entry->contract;
    bid->effective_micros = bid->price_micros;
    struct price_parties parties = {terms->catalogue, terms->campaign, terms->affiliate, terms->source, contract};
    bid->payout = price_payout(&parties, bid->price_micros);
    if (bid->price_micros < contract->min_price_micros) return REASON_PRICE_OUT_OF_RANGE;
    if (contract->max_price_micros && bid->price_micros > contract->max_price_micros) return REASON_PRICE_OUT_OF_RANGE;
    if (!bid->available) return REASON_UNAVAILABLE;
    if (!price_carries(contract, bid->payout, terms->floor_micros)) return REASON_LOW_BID;
    return REASON_NONE;
}

/* splitmix64's finisher: every bit of seed and contract moves every bit of the draw. */
static uint64_t draw_of(uint64_t seed, uint64_t contract)
{
    uint64_t mixed = (seed ^ contract) + UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return mixed ^ mixed >> 31;
}

static struct order_key key_of(const struct rank_terms *terms, const struct rank_bid *bid, int32_t history_us)
{
    const struct contract *contract = bid->entry->contract;
    int32_t response = bid->entry->view.response_us;
    if (history_us < 0) response = 0; /* not compared yet */
    return (struct order_key){.tier = contract->tier,
                              .effective_micros = bid->effective_micros,
                              .response_us = response > 0 ? response : history_us,
                              .draw = draw_of(terms->seed, contract->draw_key),
                              .id = contract->id};
}

/* True if a stands before b. */
static bool is_before(const struct order_key *a, const struct order_key *b)
{
    if (a->tier != b->tier) return a->tier < b->tier;
    if (a->effective_micros != b->effective_micros) return a->effective_micros > b->effective_micros;
    if (a->response_us != b->response_us) return a->response_us < b->response_us;
    if (a->draw != b->draw) return a->draw < b->draw;
    return bytes_compare(a->id, b->id) < 0;
}

/* Heap sort: in place, without memory, n log n for any input. `history_us` is what no history counts as; below 0
 * response times are left out. */
static void sift(const struct rank_terms *terms, const struct rank_bid *bids, uint32_t *order, uint32_t count,
                 uint32_t hole, int32_t history_us)
{
    uint32_t moved = order[hole];
    struct order_key key = key_of(terms, &bids[moved], history_us);
    for (uint32_t child = 2 * hole + 1; child < count; child = 2 * hole + 1) {
        struct order_key last = key_of(terms, &bids[order[child]], history_us);
        if (child + 1 < count) {
            struct order_key right = key_of(terms, &bids[order[child + 1]], history_us);
            if (is_before(&last, &right)) {
                last = right;
                child++;
            }
        }
        if (!is_before(&key, &last)) break;
        order[hole] = order[child];
        hole = child;
    }
    order[hole] = moved;
}

static void sort(const struct rank_terms *terms, const struct rank_bid *bids, uint32_t *order, uint32_t count,
                 int32_t history_us)
{
    for (uint32_t i = count / 2; i > 0; i--) sift(terms, bids, order, count, i - 1, history_us);
    for (uint32_t end = count; end > 1; end--) {
        uint32_t last = order[0];
        order[0] = order[end - 1];
        order[end - 1] = last;
        sift(terms, bids, order, end - 1, 0, history_us);
    }
}
