/* Seeded samples of everything the record room keeps, within its bounds. Texts live in one shared pool. */
#pragma once

#include <stdlib.h>

#include "exchange/record/book.h"
#include "exchange/record/trace.h"

struct dice {
    uint64_t state;
};

static inline uint64_t roll(struct dice *dice)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return dice->state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint64_t roll_below(struct dice *dice, uint64_t bound)
{
    return roll(dice) % bound;
}

/* Small ones, huge ones, and the ends of the range. */
static inline int64_t roll_number(struct dice *dice)
{
    static const int64_t ends[] = {0, 1, -1, 63, 64, 127, 128, INT64_MAX, INT64_MIN, INT64_MAX - 1, 1000000};
    uint64_t pick = roll_below(dice, 16);
    if (pick < sizeof ends / sizeof *ends) return ends[pick];
    return (int64_t)(roll(dice) >> roll_below(dice, 64));
}

static inline struct bytes roll_text(struct dice *dice, size_t len_max)
{
    static char pool[4096];
    if (!pool[0])
        for (size_t i = 0; i < sizeof pool; i++) pool[i] = (char)(33 + i * 7 % 200);
    size_t len = roll_below(dice, 4) == 0 ? 0 : roll_below(dice, len_max + 1);
    return (struct bytes){pool + roll_below(dice, sizeof pool - len), len};
}

static inline void roll_raw(struct dice *dice, void *at, size_t len)
{
    for (size_t i = 0; i < len; i++) ((unsigned char *)at)[i] = (unsigned char)roll(dice);
}

static inline bool roll_flag(struct dice *dice)
{
    return roll(dice) & 1;
}

static inline void sample_offer(struct dice *dice, struct offer *offer, uint32_t candidates_max, size_t text_max)
{
    *offer = (struct offer){0};
    roll_raw(dice, &offer->ping_id, sizeof offer->ping_id);
    offer->pinged_ms = roll_number(dice);
    offer->expires_ms = roll_number(dice);
    offer->promise_micros = roll_number(dice);
    offer->floor_micros = roll_number(dice);
    offer->seed = (uint64_t)roll_number(dice);
    roll_raw(dice, &offer->catalogue, sizeof offer->catalogue);
    struct bytes *texts[] = {&offer->affiliate, &offer->campaign, &offer->source,      &offer->channel, &offer->ref,
                             &offer->click_id,  &offer->sub_ids,  &offer->public_json, &offer->excluded};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = roll_text(dice, text_max);
    offer->rehearsal = (uint8_t)(roll_below(dice, 4) ? 0 : roll(dice));
    offer->candidates_count = (uint32_t)roll_below(dice, candidates_max + 1);
    offer->leg_floor_micros = roll_number(dice);
    offer->max_sales = (uint8_t)roll_below(dice, OFFER_SALES_MAX + 1);
    offer->sold_elsewhere = (uint8_t)roll(dice);
    uint32_t planned_max = offer->candidates_count < OFFER_SALES_MAX ? offer->candidates_count : OFFER_SALES_MAX;
    offer->planned = (uint8_t)roll_below(dice, planned_max + 1);
    for (uint32_t i = 0; i < offer->candidates_count; i++)
        offer->candidates[i] = (struct offer_candidate){.contract = roll_text(dice, text_max),
                                                        .bid_id = roll_text(dice, text_max),
                                                        .price_micros = roll_number(dice),
                                                        .bid_micros = roll_number(dice),
                                                        .payout_micros = roll_number(dice),
                                                        .margin_rule = (uint8_t)roll(dice),
                                                        .max_sold = (uint8_t)roll(dice),
                                                        .leg = (uint8_t)roll(dice),
                                                        .valid_until_ms = roll_number(dice)};
    if (roll_flag(dice)) return; /* of a plain ping */
    offer->past.origin = (enum offer_origin)roll_below(dice, OFFER_ORIGINS);
    offer->is_superseded = roll_flag(dice);
    struct offer_hash *hashes[] = {&offer->past.phone, &offer->past.email};
    for (size_t i = 0; i < 2; i++) {
        hashes[i]->is_given = roll_flag(dice);
        if (hashes[i]->is_given) roll_raw(dice, hashes[i]->at, OFFER_HASH_BYTES);
    }
    offer->past.ancestors_count = (uint32_t)roll_below(dice, OFFER_ANCESTORS_MAX + 1);
    roll_raw(dice, offer->past.ancestors, offer->past.ancestors_count * sizeof *offer->past.ancestors);
}

static inline void sample_intent(struct dice *dice, struct book_intent *intent)
{
    *intent = (struct book_intent){.contract = roll_text(dice, 64),
                                   .buyer = roll_text(dice, 64),
                                   .bid_id = roll_text(dice, 64),
                                   .price_micros = roll_number(dice),
                                   .payout_micros = roll_number(dice),
                                   .margin_rule = (uint8_t)roll(dice),
                                   .candidate = (uint8_t)roll(dice),
                                   .planned = (uint8_t)(1 + roll_below(dice, OFFER_SALES_MAX)),
                                   .max_sold = (uint8_t)(1 + roll_below(dice, UINT8_MAX)),
                                   .keys_count = (uint8_t)roll_below(dice, BOOK_CAP_KEYS_MAX + 1)};
    intent->slot = (uint8_t)roll_below(dice, intent->planned);
    intent->has_low = roll_flag(dice);
    if (intent->has_low) intent->low_micros = roll_number(dice);
    roll_raw(dice, &intent->post_id, sizeof intent->post_id);
    for (uint8_t i = 0; i < intent->keys_count; i++) {
        roll_raw(dice, intent->keys[i].id, sizeof intent->keys[i].id);
        intent->keys[i].window = (uint32_t)roll_number(dice);
        intent->keys[i].amount = (uint32_t)roll_number(dice);
        intent->keys[i].stay = (uint8_t)roll_below(dice, BOOK_CAP_STAY_MAX + 1);
    }
    intent->doubt.within_ms = (int64_t)roll_below(dice, UINT64_C(90000000000));
    intent->doubt.then = (enum doubt_then)roll_below(dice, DOUBT_THENS);
    intent->notify_count = (uint8_t)roll_below(dice, BOOK_ADDRESSES_MAX + 1);
    intent->copies_count = (uint8_t)roll_below(dice, BOOK_ADDRESSES_MAX + 1);
}

static inline void sample_sale(struct dice *dice, struct book_sale *sale)
{
    *sale = (struct book_sale){.contract = roll_text(dice, 64),
                               .buyer = roll_text(dice, 64),
                               .price_micros = roll_number(dice),
                               .payout_micros = roll_number(dice),
                               .margin_micros = roll_number(dice),
                               .margin_rule = (uint8_t)roll(dice),
                               .redirect_url = roll_text(dice, 200)};
    roll_raw(dice, &sale->sale_id, sizeof sale->sale_id);
    roll_raw(dice, &sale->post_id, sizeof sale->post_id);
}

static inline void sample_slot(struct dice *dice, struct lead_slot *slot)
{
    *slot = (struct lead_slot){.is_used = roll_flag(dice)};
    if (!slot->is_used) return;
    roll_raw(dice, &slot->post_id, sizeof slot->post_id);
    slot->state = (enum post_state)roll_below(dice, POST_STATE_COUNT);
    slot->candidate = (uint8_t)roll(dice);
    slot->max_sold = (uint8_t)roll(dice);
    slot->posts_sent = (uint32_t)roll_number(dice);
    if (slot->state == POST_REJECTED || slot->state == POST_FAILED || slot->state == POST_VOIDED) return;
    if (slot->state == POST_UNKNOWN) slot->resolves_ms = roll_number(dice);
    sample_sale(dice, &slot->sale);
    if (slot->state == POST_ACCEPTED || slot->state == POST_RETURNED) slot->buyer_lead_id = roll_text(dice, 64);
}

struct step_sample {
    struct book_step step;
    struct book_opening opening;
    struct book_verdict verdicts[OFFER_SALES_MAX];
    struct book_intent intents[OFFER_SALES_MAX];
    struct book_sale sales[OFFER_SALES_MAX];
    struct book_final final;
    struct book_after afters[OFFER_SALES_MAX];
};

static inline void sample_after(struct dice *dice, struct book_after *after)
{
    *after = (struct book_after){.gives_back = (uint32_t)roll(dice),
                                 .counts = roll_flag(dice),
                                 .pays_at = (enum sale_stage)roll_below(dice, STAGE_COUNT),
                                 .pays_ppm = (uint32_t)roll(dice),
                                 .contact_ms = roll_number(dice),
                                 .onward_ms = roll_number(dice)};
    roll_raw(dice, &after->post_id, sizeof after->post_id);
}

/* `parts`: a bit for each kind, 1 to 31; with intents may come what holds after a sale. */
static inline void sample_step(struct dice *dice, struct step_sample *sample, unsigned parts)
{
    *sample = (struct step_sample){.step.wall_ms = roll_number(dice)};
    roll_raw(dice, &sample->step.lead_id, sizeof sample->step.lead_id);
    roll_raw(dice, &sample->step.ping_id, sizeof sample->step.ping_id);
    struct book_opening *opening = &sample->opening;
    struct bytes *texts[] = {&opening->affiliate, &opening->campaign, &opening->source, &opening->channel,
                             &opening->ref,       &opening->click_id, &opening->sub_ids};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = roll_text(dice, 128);
    roll_raw(dice, &opening->document, sizeof opening->document);
    opening->has_key = roll_flag(dice);
    if (opening->has_key) roll_raw(dice, &opening->key, sizeof opening->key);
    opening->is_one_call = roll_flag(dice);
    opening->clear_after_ms = roll_number(dice);
    opening->content = roll_text(dice, 300);
    sample_offer(dice, &opening->offer, OFFER_CANDIDATES_MAX, 200);
    for (unsigned i = 0; i < OFFER_SALES_MAX; i++) {
        struct book_verdict *verdict = &sample->verdicts[i];
        *verdict = (struct book_verdict){.state = (enum post_state)roll_below(dice, POST_STATE_COUNT),
                                         .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                         .code = roll_text(dice, 40),
                                         .text = roll_text(dice, BOOK_TEXT_MAX),
                                         .buyer_lead_id = roll_text(dice, 64),
                                         .named_price_micros = roll_number(dice),
                                         .by = (enum verdict_source)roll_below(dice, VERDICT_SOURCES)};
        roll_raw(dice, &verdict->post_id, sizeof verdict->post_id);
        sample_intent(dice, &sample->intents[i]);
        sample_sale(dice, &sample->sales[i]);
        sample_after(dice, &sample->afters[i]);
    }
    sample->final = (struct book_final){.state = (enum lead_state)roll_below(dice, LEAD_STATE_COUNT),
                                        .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                        .text = roll_text(dice, BOOK_TEXT_MAX),
                                        .goes_on = roll_flag(dice)};
    struct book_step *step = &sample->step;
    step->verdicts = sample->verdicts;
    step->intents = sample->intents;
    step->sales = sample->sales;
    step->afters = sample->afters;
    if (parts & 1) step->opening = &sample->opening;
    if (parts & 2) step->verdicts_count = 1 + (unsigned)roll_below(dice, OFFER_SALES_MAX);
    if (parts & 4) step->intents_count = 1 + (unsigned)roll_below(dice, OFFER_SALES_MAX);
    if (parts & 4) step->afters_count = (unsigned)roll_below(dice, OFFER_SALES_MAX + 1);
    if (parts & 8) step->sales_count = 1 + (unsigned)roll_below(dice, OFFER_SALES_MAX);
    if (parts & 1 && roll_flag(dice)) roll_raw(dice, &step->origin, sizeof step->origin);
    if (parts & 16) sample->step.final = &sample->final;
}

static inline void sample_lead(struct dice *dice, struct lead_record *lead)
{
    *lead = (struct lead_record){.state = (enum lead_state)roll_below(dice, LEAD_STATE_COUNT),
                                 .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                 .created_ms = roll_number(dice),
                                 .updated_ms = roll_number(dice),
                                 .is_one_call = roll_flag(dice),
                                 .clear_after_ms = roll_number(dice),
                                 .text = roll_text(dice, BOOK_TEXT_MAX),
                                 .tried = (uint64_t)roll_number(dice),
                                 .planned = (uint8_t)roll_below(dice, OFFER_SALES_MAX + 1),
                                 .is_over = roll_flag(dice),
                                 .told = (uint8_t)roll_below(dice, LEAD_TOLD_COUNT),
                                 .slots_count = (uint8_t)roll_below(dice, OFFER_SALES_MAX + 1)};
    roll_raw(dice, &lead->lead_id, sizeof lead->lead_id);
    roll_raw(dice, &lead->ping_id, sizeof lead->ping_id);
    roll_raw(dice, &lead->document, sizeof lead->document);
    struct bytes *texts[] = {&lead->affiliate, &lead->campaign, &lead->source, &lead->channel,
                             &lead->ref,       &lead->click_id, &lead->sub_ids};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = roll_text(dice, 128);
    sample_offer(dice, &lead->offer, OFFER_CANDIDATES_MAX, 64);
    for (unsigned i = 0; i < lead->slots_count; i++) sample_slot(dice, &lead->slots[i]);
}

static inline void sample_post(struct dice *dice, struct post_record *post)
{
    *post = (struct post_record){.is_test = roll_below(dice, 3) == 0,
                                 .state = (enum post_state)roll_below(dice, POST_STATE_COUNT),
                                 .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                 .affiliate = roll_text(dice, 64),
                                 .campaign = roll_text(dice, 64),
                                 .code = roll_text(dice, 64),
                                 .text = roll_text(dice, BOOK_TEXT_MAX),
                                 .buyer_lead_id = roll_text(dice, 64),
                                 .named_price_micros = roll_number(dice),
                                 .opened_ms = roll_number(dice),
                                 .settled_ms = roll_number(dice),
                                 .by = (enum verdict_source)roll_below(dice, VERDICT_SOURCES),
                                 .resolves_ms = roll_number(dice),
                                 .late_ms = roll_number(dice)};
    roll_raw(dice, &post->post_id, sizeof post->post_id);
    roll_raw(dice, &post->lead_id, sizeof post->lead_id);
    roll_raw(dice, &post->ping_id, sizeof post->ping_id);
    sample_intent(dice, &post->intent);
}

static inline void sample_trace_contract(struct dice *dice, struct trace_contract *contract)
{
    *contract = (struct trace_contract){.contract = roll_text(dice, 30),
                                        .buyer = roll_text(dice, 30),
                                        .state = (enum trace_contract_state)roll_below(dice, TRACE_STANDING + 1),
                                        .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                        .code = roll_text(dice, 10),
                                        .text = roll_text(dice, 20),
                                        .view = roll_text(dice, 30),
                                        .is_let = roll_flag(dice),
                                        .has_bid = roll_flag(dice),
                                        .available = roll_flag(dice),
                                        .answer_us = roll_number(dice),
                                        .response_us = (int32_t)roll_number(dice),
                                        .tier = (uint32_t)roll_number(dice),
                                        .rank = (uint32_t)roll_number(dice)};
    if (!contract->has_bid) return;
    contract->price_micros = roll_number(dice);
    contract->payout_micros = roll_number(dice);
    contract->effective_micros = roll_number(dice);
    contract->bid_id = roll_text(dice, 64);
    contract->valid_us = roll_number(dice);
    contract->pays_micros = roll_number(dice);
    contract->shadow_rank = (uint32_t)roll_number(dice);
}

static inline void sample_trace_post(struct dice *dice, struct trace_post *post)
{
    *post = (struct trace_post){.contract = roll_text(dice, 30),
                                .buyer = roll_text(dice, 30),
                                .outcome = (enum trace_post_outcome)roll_below(dice, TRACE_POST_SKIPPED + 1),
                                .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                .code = roll_text(dice, 30),
                                .text = roll_text(dice, 30),
                                .price_micros = roll_number(dice),
                                .payout_micros = roll_number(dice),
                                .took_us = roll_number(dice),
                                .slot = (uint8_t)roll(dice),
                                .max_sold = (uint8_t)roll(dice)};
    roll_raw(dice, &post->post_id, sizeof post->post_id);
}

/* `contracts` has room for contracts_max. */
static inline void sample_trace(struct dice *dice, struct trace_auction *trace, struct trace_contract *contracts,
                                uint32_t contracts_max)
{
    *trace = (struct trace_auction){.is_test = roll_below(dice, 3) == 0,
                                    .kind = (enum trace_kind)roll_below(dice, TRACE_KIND_COUNT),
                                    .opened_ms = roll_number(dice),
                                    .elapsed_us = roll_number(dice),
                                    .status = roll_text(dice, 10),
                                    .reason = (enum reason)roll_below(dice, REASON_COUNT),
                                    .reason_text = roll_text(dice, 60),
                                    .seed = (uint64_t)roll_number(dice),
                                    .arm = (uint8_t)roll_below(dice, 3),
                                    .closed_cause = roll_text(dice, 15),
                                    .saved_us = roll_number(dice),
                                    .floor_micros = roll_number(dice),
                                    .promise_micros = roll_number(dice),
                                    .price_micros = roll_number(dice),
                                    .is_whole = true,
                                    .ranked_ms = roll_number(dice),
                                    .asked_micros = roll_number(dice),
                                    .public_json = roll_text(dice, 900),
                                    .consent = roll_text(dice, 60),
                                    .area_code = (uint32_t)roll_number(dice),
                                    .hidden = roll_text(dice, 40),
                                    .on_lists = roll_text(dice, 40),
                                    .excluded = roll_text(dice, 40),
                                    .contracts_count = (uint32_t)roll_below(dice, contracts_max + 1),
                                    .contracts = contracts,
                                    .posts_count = (uint32_t)roll_below(dice, 6),
                                    .planned = (uint8_t)roll_below(dice, OFFER_SALES_MAX + 1),
                                    .max_sales = (uint8_t)roll_below(dice, OFFER_SALES_MAX + 1),
                                    .sold_elsewhere = (uint8_t)roll(dice),
                                    .leg_floor_micros = roll_number(dice),
                                    .sales_count = (uint32_t)roll_below(dice, OFFER_SALES_MAX + 1),
                                    .steps_count = (uint32_t)roll_below(dice, TRACE_STEPS_MAX + 1)};
    roll_raw(dice, &trace->ping_id, sizeof trace->ping_id);
    roll_raw(dice, &trace->lead_id, sizeof trace->lead_id);
    roll_raw(dice, &trace->catalogue, sizeof trace->catalogue);
    struct bytes *texts[] = {&trace->affiliate, &trace->campaign, &trace->source,
                             &trace->ref,       &trace->click_id, &trace->sub_ids};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = roll_text(dice, 64);
    for (unsigned i = 0; i < 8; i++) trace->counts[roll_below(dice, REASON_COUNT)] = (uint32_t)roll_number(dice);
    for (uint32_t i = 0; i < trace->contracts_count; i++) sample_trace_contract(dice, &contracts[i]);
    for (uint32_t i = 0; i < trace->posts_count; i++) sample_trace_post(dice, &trace->posts[i]);
    for (uint32_t i = 0; i < trace->sales_count; i++) {
        struct book_sale sale;
        sample_sale(dice, &sale);
        trace->sales[i] = (struct trace_sale){sale.sale_id,       roll_flag(dice),   sale.contract,
                                              sale.buyer,         sale.price_micros, sale.payout_micros,
                                              sale.margin_micros, sale.margin_rule};
    }
    for (uint32_t i = 0; i < trace->steps_count; i++)
        trace->steps[i] = (struct trace_step){(char)roll(dice), roll_number(dice)};
}
