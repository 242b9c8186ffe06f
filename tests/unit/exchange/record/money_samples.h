/* The records of money: seeded samples, and their equality field by field. */
#pragma once

#include "exchange/record/move.h"
#include "exchange/record/sale.h"
#include "tests/unit/exchange/record/same.h"
#include "tests/unit/exchange/record/samples.h"

static inline void sample_sale_money(struct dice *dice, struct sale_money *money)
{
    *money = (struct sale_money){roll_number(dice), roll_number(dice), roll_number(dice)};
}

static inline void sample_sale_record(struct dice *dice, struct sale_record *sale)
{
    *sale = (struct sale_record){.lost_micros = roll_number(dice),
                                 .uncleared_micros = roll_number(dice),
                                 .margin_rule = (uint8_t)roll(dice),
                                 .state = (enum sale_state)roll_below(dice, SALE_STATE_COUNT),
                                 .booked_ms = roll_number(dice),
                                 .clear_after_ms = roll_number(dice),
                                 .clears_ms = roll_number(dice),
                                 .period = (uint32_t)roll_number(dice)};
    roll_raw(dice, &sale->lead_id, sizeof sale->lead_id);
    roll_raw(dice, &sale->post_id, sizeof sale->post_id);
    struct bytes *texts[] = {&sale->affiliate, &sale->buyer,   &sale->contract, &sale->campaign,
                             &sale->source,    &sale->channel, &sale->sub_ids};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = roll_text(dice, 128);
    sample_sale_money(dice, &sale->sold);
    sample_sale_money(dice, &sale->added);
    sample_sale_money(dice, &sale->returned);
}

#define SAME_MONEY(field)                                                                                              \
    SAME(field.price_micros);                                                                                          \
    SAME(field.payout_micros);                                                                                         \
    SAME(field.margin_micros)

static inline const char *differ_sale_record(const struct sale_record *a, const struct sale_record *b)
{
    SAME_RAW(lead_id);
    SAME_RAW(post_id);
    SAME_TEXT(affiliate);
    SAME_TEXT(buyer);
    SAME_TEXT(contract);
    SAME_TEXT(campaign);
    SAME_TEXT(source);
    SAME_TEXT(channel);
    SAME_TEXT(sub_ids);
    SAME_MONEY(sold);
    SAME_MONEY(added);
    SAME_MONEY(returned);
    SAME(lost_micros);
    SAME(uncleared_micros);
    SAME(margin_rule);
    SAME(state);
    SAME(booked_ms);
    SAME(clear_after_ms);
    SAME(clears_ms);
    SAME(period);
    return NULL;
}

static inline void sample_move(struct dice *dice, struct move_record *move)
{
    *move = (struct move_record){.kind = (enum move_kind)(1 + roll_below(dice, MOVE_KIND_COUNT - 1)),
                                 .booked_ms = roll_number(dice),
                                 .effective_ms = roll_number(dice),
                                 .clears_ms = roll_number(dice),
                                 .period = (uint32_t)roll_number(dice),
                                 .of_period = (uint32_t)roll_number(dice),
                                 .ref = roll_text(dice, MOVE_REF_MAX),
                                 .note = roll_text(dice, MOVE_NOTE_MAX),
                                 .legs_count = (unsigned)roll_below(dice, MOVE_LEGS_MAX + 1)};
    if (roll_flag(dice)) roll_raw(dice, &move->sale_id, sizeof move->sale_id);
    for (unsigned i = 0; i < move->legs_count; i++)
        move->legs[i] = (struct move_leg){(uint32_t)roll_number(dice), roll_number(dice)};
}

static inline const char *differ_move(const struct move_record *a, const struct move_record *b)
{
    SAME(kind);
    SAME_RAW(sale_id);
    SAME(booked_ms);
    SAME(effective_ms);
    SAME(clears_ms);
    SAME(period);
    SAME(of_period);
    SAME_TEXT(ref);
    SAME_TEXT(note);
    SAME(legs_count);
    for (unsigned i = 0; i < a->legs_count; i++) {
        SAME(legs[i].account);
        SAME(legs[i].micros);
    }
    return NULL;
}
