/* The row is put at every sale and every return: zeros are one byte each. */
#include "exchange/record/sale.h"

#define SALE_VERSION 1

static const char *const states[SALE_STATE_COUNT] = {"sold", "returned", "voided"};

const char *sale_state_name(enum sale_state state)
{
    return states[state];
}

static void put_money(struct sink *sink, const struct sale_money *money)
{
    flat_put_signed(sink, money->price_micros);
    flat_put_signed(sink, money->payout_micros);
    flat_put_signed(sink, money->margin_micros);
}

static void take_money(struct flat *flat, struct sale_money *money)
{
    money->price_micros = flat_take_signed(flat);
    money->payout_micros = flat_take_signed(flat);
    money->margin_micros = flat_take_signed(flat);
}

bool sale_write(struct sink *sink, const struct sale_record *sale)
{
    flat_put_head(sink, 'B', SALE_VERSION);
    flat_put_id(sink, &sale->lead_id);
    flat_put_id(sink, &sale->post_id);
    flat_put_text(sink, sale->affiliate);
    flat_put_text(sink, sale->buyer);
    flat_put_text(sink, sale->contract);
    flat_put_text(sink, sale->campaign);
    flat_put_text(sink, sale->source);
    flat_put_text(sink, sale->channel);
    flat_put_text(sink, sale->sub_ids);
    put_money(sink, &sale->sold);
    put_money(sink, &sale->added);
    put_money(sink, &sale->returned);
    flat_put_signed(sink, sale->lost_micros);
    flat_put_signed(sink, sale->uncleared_micros);
    sink_char(sink, (char)sale->margin_rule);
    flat_put(sink, sale->state);
    flat_put_signed(sink, sale->booked_ms);
    flat_put_signed(sink, sale->clear_after_ms);
    flat_put_signed(sink, sale->clears_ms);
    flat_put(sink, sale->period);
    return !sink->cut;
}

bool sale_read(struct bytes bytes, struct sale_record *sale)
{
    struct flat flat = flat_over(bytes);
    *sale = (struct sale_record){0};
    flat_take_head(&flat, 'B', SALE_VERSION);
    flat_take_id(&flat, &sale->lead_id);
    flat_take_id(&flat, &sale->post_id);
    sale->affiliate = flat_take_text(&flat);
    sale->buyer = flat_take_text(&flat);
    sale->contract = flat_take_text(&flat);
    sale->campaign = flat_take_text(&flat);
    sale->source = flat_take_text(&flat);
    sale->channel = flat_take_text(&flat);
    sale->sub_ids = flat_take_text(&flat);
    take_money(&flat, &sale->sold);
    take_money(&flat, &sale->added);
    take_money(&flat, &sale->returned);
    sale->lost_micros = flat_take_signed(&flat);
    sale->uncleared_micros = flat_take_signed(&flat);
    flat_take_raw(&flat, &sale->margin_rule, 1);
    sale->state = (enum sale_state)flat_take_upto(&flat, SALE_STATE_COUNT - 1);
    sale->booked_ms = flat_take_signed(&flat);
    sale->clear_after_ms = flat_take_signed(&flat);
    sale->clears_ms = flat_take_signed(&flat);
    sale->period = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    return flat_ends(&flat);
}
