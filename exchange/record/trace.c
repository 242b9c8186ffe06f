/* Written once per auction, on the way of its answer: straight to memory, no look back, no second pass. Most values are
 * small or absent, so numbers of one byte decide what it costs. Instants of steps are kept as spans from the one
 * before. */
#include "exchange/record/trace.h"

#include "exchange/record/flat.h"

/* 2: click_id, sub_ids; 3: arm, shadow, second price; 4: all that deciding again needs; 5: is_test; 6: slots and legs;
 * 7: on_lists; 8: excluded */
#define TRACE_VERSION 8

enum { STATE_BITS = 3, HAS_BID = 4, IS_AVAILABLE = 8, IS_LET = 16, HAS_LEGS = 32, FLAGS_ALL = 63 }; /* of a contract */

static void put_inputs(struct sink *sink, const struct trace_auction *auction);
static void put_counts(struct sink *sink, const uint32_t *counts);
static void put_contract(struct sink *sink, const struct trace_contract *contract);
static void put_post(struct sink *sink, const struct trace_post *post);
static void put_sale(struct sink *sink, const struct trace_sale *sale);
static void put_steps(struct sink *sink, const struct trace_step *steps, uint32_t count);
static void take_inputs(struct flat *flat, struct trace_auction *auction);
static void take_counts(struct flat *flat, uint32_t *counts);
static bool take_contracts(struct flat *flat, struct arena *arena, struct trace_auction *auction, uint8_t version);
static void take_post(struct flat *flat, struct trace_post *post, uint8_t version);
static void take_sale(struct flat *flat, struct trace_sale *sale, uint8_t version);
static void take_steps(struct flat *flat, struct trace_step *steps, uint32_t count);

bool trace_write(struct sink *sink, const struct trace_auction *auction)
{
    flat_put_head(sink, 'T', TRACE_VERSION);
    flat_put(sink, auction->kind);
    flat_put_id(sink, &auction->ping_id);
    flat_put_id(sink, &auction->lead_id);
    flat_put_text(sink, auction->affiliate);
    flat_put_text(sink, auction->campaign);
    flat_put_text(sink, auction->source);
    flat_put_text(sink, auction->ref);
    flat_put_text(sink, auction->click_id);
    flat_put_text(sink, auction->sub_ids);
    flat_put_signed(sink, auction->opened_ms);
    flat_put_signed(sink, auction->elapsed_us);
    flat_put_text(sink, auction->status);
    flat_put(sink, auction->reason);
    flat_put_text(sink, auction->reason_text);
    flat_put_digest(sink, &auction->catalogue);
    flat_put(sink, auction->seed);
    flat_put(sink, auction->arm);
    flat_put_text(sink, auction->closed_cause);
    flat_put_signed(sink, auction->expires_ms);
    flat_put_signed(sink, auction->saved_us);
    flat_put_signed(sink, auction->floor_micros);
    flat_put_signed(sink, auction->promise_micros);
    flat_put_signed(sink, auction->price_micros);
    flat_put_text(sink, auction->public_json);
    put_inputs(sink, auction);
    flat_put_text(sink, auction->on_lists);
    flat_put_text(sink, auction->excluded);
    put_counts(sink, auction->counts);
    flat_put(sink, auction->contracts_count);
    for (uint32_t i = 0; i < auction->contracts_count; i++) put_contract(sink, &auction->contracts[i]);
    flat_put(sink, auction->posts_count);
    for (uint32_t i = 0; i < auction->posts_count; i++) put_post(sink, &auction->posts[i]);
    flat_put(sink, auction->planned);
    flat_put(sink, auction->max_sales);
    flat_put(sink, auction->sold_elsewhere);
    flat_put_signed(sink, auction->leg_floor_micros);
    flat_put(sink, auction->sales_count);
    for (uint32_t i = 0; i < auction->sales_count; i++) put_sale(sink, &auction->sales[i]);
    flat_put(sink, auction->steps_count);
    put_steps(sink, auction->steps, auction->steps_count);
    flat_put(sink, auction->is_test);
    return !sink->cut;
}

bool trace_read(struct bytes bytes, struct arena *arena, struct trace_auction *auction)
{
    struct flat flat = flat_over(bytes);
    *auction = (struct trace_auction){0};
    uint8_t version = flat_take_head(&flat, 'T', TRACE_VERSION);
    auction->kind = (enum trace_kind)flat_take_upto(&flat, TRACE_KIND_COUNT - 1);
    flat_take_id(&flat, &auction->ping_id);
    flat_take_id(&flat, &auction->lead_id);
    auction->affiliate = flat_take_text(&flat);
    auction->campaign = flat_take_text(&flat);
    auction->source = flat_take_text(&flat);
    auction->ref = flat_take_text(&flat);
    if (version >= 2) auction->click_id = flat_take_text(&flat);
    if (version >= 2) auction->sub_ids = flat_take_text(&flat);
    auction->opened_ms = flat_take_signed(&flat);
    auction->elapsed_us = flat_take_signed(&flat);
    auction->status = flat_take_text(&flat);
    auction->reason = (enum reason)flat_take_upto(&flat, REASON_COUNT - 1);
    auction->reason_text = flat_take_text(&flat);
    flat_take_digest(&flat, &auction->catalogue);
    auction->seed = flat_take(&flat);
    if (version >= 3) auction->arm = (uint8_t)flat_take_upto(&flat, UINT8_MAX);
    auction->closed_cause = flat_take_text(&flat);
    auction->expires_ms = flat_take_signed(&flat);
    auction->saved_us = flat_take_signed(&flat);
    auction->floor_micros = flat_take_signed(&flat);
    auction->promise_micros = flat_take_signed(&flat);
    auction->price_micros = flat_take_signed(&flat);
    auction->public_json = flat_take_text(&flat);
    auction->is_whole = version >= 4;
    if (auction->is_whole) take_inputs(&flat, auction);
    if (version >= 7) auction->on_lists = flat_take_text(&flat);
    if (version >= 8) auction->excluded = flat_take_text(&flat);
    take_counts(&flat, auction->counts);
    if (!take_contracts(&flat, arena, auction, version)) return false;
    auction->posts_count = (uint32_t)flat_take_upto(&flat, TRACE_POSTS_MAX);
    for (uint32_t i = 0; i < auction->posts_count; i++) take_post(&flat, &auction->posts[i], version);
    auction->planned = auction->max_sales = 1;
    if (version >= 6) {
        auction->planned = (uint8_t)flat_take_upto(&flat, OFFER_SALES_MAX);
        auction->max_sales = (uint8_t)flat_take_upto(&flat, OFFER_SALES_MAX);
        auction->sold_elsewhere = (uint8_t)flat_take_upto(&flat, UINT8_MAX);
        auction->leg_floor_micros = flat_take_signed(&flat);
    }
    auction->sales_count = (uint32_t)flat_take_upto(&flat, version >= 6 ? OFFER_SALES_MAX : 1);
    for (uint32_t i = 0; i < auction->sales_count; i++) take_sale(&flat, &auction->sales[i], version);
    auction->steps_count = (uint32_t)flat_take_upto(&flat, TRACE_STEPS_MAX);
    take_steps(&flat, auction->steps, auction->steps_count);
    if (version >= 5) auction->is_test = flat_take_flag(&flat);
    return flat_ends(&flat);
}

bool trace_peek(struct bytes bytes, enum trace_kind *kind)
{
    struct flat flat = flat_over(bytes);
    flat_take_head(&flat, 'T', TRACE_VERSION);
    *kind = (enum trace_kind)flat_take_upto(&flat, TRACE_KIND_COUNT - 1);
    return !flat.bad;
}

/* --- what deciding again needs beside bids and views --- */

static void put_inputs(struct sink *sink, const struct trace_auction *auction)
{
    flat_put_signed(sink, auction->ranked_ms);
    flat_put_signed(sink, auction->asked_micros);
    flat_put_text(sink, auction->consent);
    flat_put(sink, auction->area_code);
    flat_put_text(sink, auction->hidden);
}

static void take_inputs(struct flat *flat, struct trace_auction *auction)
{
    auction->ranked_ms = flat_take_signed(flat);
    auction->asked_micros = flat_take_signed(flat);
    auction->consent = flat_take_text(flat);
    auction->area_code = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    auction->hidden = flat_take_text(flat);
}

/* --- counts by reason: only those above zero, in the list's order --- */

static void put_counts(struct sink *sink, const uint32_t *counts)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < REASON_COUNT; i++) kinds += counts[i] > 0;
    flat_put(sink, kinds);
    for (uint32_t i = 0; i < REASON_COUNT && kinds; i++) {
        if (!counts[i]) continue;
        flat_put(sink, i);
        flat_put(sink, counts[i]);
        kinds--;
    }
}

static void take_counts(struct flat *flat, uint32_t *counts)
{
    uint64_t kinds = flat_take_upto(flat, REASON_COUNT), next = 0;
    for (uint64_t i = 0; i < kinds; i++) {
        uint64_t reason = flat_take_upto(flat, REASON_COUNT - 1);
        uint64_t count = flat_take_upto(flat, UINT32_MAX);
        if (reason < next || count == 0) flat->bad = true;
        counts[reason] = (uint32_t)count;
        next = reason + 1;
    }
}

/* --- contracts --- */

static void put_contract(struct sink *sink, const struct trace_contract *contract)
{
    flat_put_text(sink, contract->contract);
    flat_put_text(sink, contract->buyer);
    bool has_legs = contract->has_bid && contract->legs_count > 0;
    flat_put(sink, contract->state | (contract->has_bid ? HAS_BID : 0u) | (contract->available ? IS_AVAILABLE : 0u) |
                       (contract->is_let ? IS_LET : 0u) | (has_legs ? HAS_LEGS : 0u));
    flat_put(sink, contract->reason);
    flat_put_text(sink, contract->code);
    flat_put_text(sink, contract->text);
    flat_put_text(sink, contract->view);
    flat_put_signed(sink, contract->answer_us);
    flat_put_signed(sink, contract->response_us);
    flat_put(sink, contract->tier);
    flat_put(sink, contract->rank);
    if (!contract->has_bid) return;
    flat_put_signed(sink, contract->price_micros);
    flat_put_signed(sink, contract->payout_micros);
    flat_put_signed(sink, contract->effective_micros);
    flat_put_text(sink, contract->bid_id);
    flat_put_signed(sink, contract->valid_us);
    flat_put_signed(sink, contract->pays_micros);
    flat_put(sink, contract->shadow_rank);
    if (!has_legs) return;
    flat_put(sink, contract->legs_count);
    for (uint32_t i = 0; i < contract->legs_count; i++) {
        const struct trace_leg *leg = &contract->legs[i];
        flat_put_signed(sink, leg->price_micros);
        flat_put_signed(sink, leg->pays_micros);
        flat_put_signed(sink, leg->payout_micros);
        flat_put_signed(sink, leg->effective_micros);
        sink_char(sink, (char)leg->max_sold);
        flat_put(sink, leg->reason);
        flat_put(sink, leg->rank);
    }
}

static void take_legs(struct flat *flat, struct arena *arena, struct trace_contract *contract)
{
    uint32_t count = (uint32_t)flat_take_upto(flat, OFFER_CANDIDATES_MAX);
    contract->legs = arena_zero(arena, count, sizeof *contract->legs);
    if (!contract->legs || count == 0) flat->bad = true;
    contract->legs_count = flat->bad ? 0 : count;
    for (uint32_t i = 0; i < contract->legs_count; i++) {
        struct trace_leg *leg = &contract->legs[i];
        leg->price_micros = flat_take_signed(flat);
        leg->pays_micros = flat_take_signed(flat);
        leg->payout_micros = flat_take_signed(flat);
        leg->effective_micros = flat_take_signed(flat);
        flat_take_raw(flat, &leg->max_sold, 1);
        leg->reason = (enum reason)flat_take_upto(flat, REASON_COUNT - 1);
        leg->rank = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    }
}

static void take_contract(struct flat *flat, struct arena *arena, struct trace_contract *contract, uint8_t version)
{
    contract->contract = flat_take_text(flat);
    contract->buyer = flat_take_text(flat);
    unsigned flags = (unsigned)flat_take_upto(flat, FLAGS_ALL);
    if ((flags & STATE_BITS) > TRACE_STANDING || ((flags & HAS_LEGS) && !(flags & HAS_BID))) flat->bad = true;
    contract->state = (enum trace_contract_state)(flags & STATE_BITS);
    contract->has_bid = flags & HAS_BID;
    contract->available = flags & IS_AVAILABLE;
    contract->is_let = flags & IS_LET;
    contract->reason = (enum reason)flat_take_upto(flat, REASON_COUNT - 1);
    contract->code = flat_take_text(flat);
    contract->text = flat_take_text(flat);
    contract->view = flat_take_text(flat);
    contract->answer_us = flat_take_signed(flat);
    int64_t response_us = flat_take_signed(flat);
    if (response_us < INT32_MIN || response_us > INT32_MAX) flat->bad = true;
    contract->response_us = (int32_t)response_us;
    contract->tier = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    contract->rank = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    if (!contract->has_bid) return;
    contract->price_micros = flat_take_signed(flat);
    contract->payout_micros = flat_take_signed(flat);
    contract->effective_micros = flat_take_signed(flat);
    contract->bid_id = flat_take_text(flat);
    contract->valid_us = flat_take_signed(flat);
    contract->pays_micros = version >= 3 ? flat_take_signed(flat) : contract->price_micros;
    if (version >= 3) contract->shadow_rank = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    if (flags & HAS_LEGS) take_legs(flat, arena, contract);
}

/* No memory is taken for more contracts than the bytes left could hold (eleven values each, at least). */
static bool take_contracts(struct flat *flat, struct arena *arena, struct trace_auction *auction, uint8_t version)
{
    size_t left = (size_t)(flat->end - flat->at);
    uint64_t count = flat_take_upto(flat, TRACE_CONTRACTS_MAX);
    if (flat->bad || count > left / 11) return false;
    auction->contracts = arena_zero(arena, count ? count : 1, sizeof *auction->contracts);
    if (!auction->contracts) return false;
    auction->contracts_count = (uint32_t)count;
    for (uint32_t i = 0; i < count; i++) take_contract(flat, arena, &auction->contracts[i], version);
    return !flat->bad;
}

/* --- posts, sale, steps --- */

static void put_post(struct sink *sink, const struct trace_post *post)
{
    flat_put_id(sink, &post->post_id);
    flat_put_text(sink, post->contract);
    flat_put_text(sink, post->buyer);
    flat_put(sink, post->outcome);
    flat_put(sink, post->reason);
    flat_put_text(sink, post->code);
    flat_put_text(sink, post->text);
    flat_put_signed(sink, post->price_micros);
    flat_put_signed(sink, post->payout_micros);
    flat_put_signed(sink, post->took_us);
    sink_char(sink, (char)post->slot);
    sink_char(sink, (char)post->max_sold);
}

static void take_post(struct flat *flat, struct trace_post *post, uint8_t version)
{
    flat_take_id(flat, &post->post_id);
    post->contract = flat_take_text(flat);
    post->buyer = flat_take_text(flat);
    post->outcome = (enum trace_post_outcome)flat_take_upto(flat, TRACE_POST_VOIDED);
    post->reason = (enum reason)flat_take_upto(flat, REASON_COUNT - 1);
    post->code = flat_take_text(flat);
    post->text = flat_take_text(flat);
    post->price_micros = flat_take_signed(flat);
    post->payout_micros = flat_take_signed(flat);
    post->took_us = flat_take_signed(flat);
    post->max_sold = 1;
    if (version < 6) return;
    flat_take_raw(flat, &post->slot, 1);
    flat_take_raw(flat, &post->max_sold, 1);
}

static void put_sale(struct sink *sink, const struct trace_sale *sale)
{
    flat_put_id(sink, &sale->sale_id);
    flat_put(sink, sale->in_doubt);
    flat_put_text(sink, sale->contract);
    flat_put_text(sink, sale->buyer);
    flat_put_signed(sink, sale->price_micros);
    flat_put_signed(sink, sale->payout_micros);
    flat_put_signed(sink, sale->margin_micros);
    sink_char(sink, (char)sale->margin_rule);
}

static void take_sale(struct flat *flat, struct trace_sale *sale, uint8_t version)
{
    flat_take_id(flat, &sale->sale_id);
    sale->in_doubt = version >= 6 && flat_take_flag(flat);
    sale->contract = flat_take_text(flat);
    sale->buyer = flat_take_text(flat);
    sale->price_micros = flat_take_signed(flat);
    sale->payout_micros = flat_take_signed(flat);
    sale->margin_micros = flat_take_signed(flat);
    flat_take_raw(flat, &sale->margin_rule, 1);
}

static void put_steps(struct sink *sink, const struct trace_step *steps, uint32_t count)
{
    uint64_t before_us = 0;
    for (uint32_t i = 0; i < count; i++) {
        sink_char(sink, steps[i].letter);
        flat_put_signed(sink, (int64_t)((uint64_t)steps[i].at_us - before_us));
        before_us = (uint64_t)steps[i].at_us;
    }
}

static void take_steps(struct flat *flat, struct trace_step *steps, uint32_t count)
{
    uint64_t before_us = 0;
    for (uint32_t i = 0; i < count; i++) {
        flat_take_raw(flat, &steps[i].letter, 1);
        before_us += (uint64_t)flat_take_signed(flat);
        steps[i].at_us = (int64_t)before_us;
    }
}
