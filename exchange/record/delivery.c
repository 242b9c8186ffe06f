#include "exchange/record/delivery.h"

#include "exchange/record/flat.h"

#define DELIVERIES_VERSION 1
#define HEARER_LAST NOTICE_TO_COPY

const char *delivery_state_name(enum delivery_state state)
{
    static const char *const names[DELIVERY_STATES] = {"waiting", "received", "no_address", "given_up"};
    return names[state];
}

static void put_one(struct sink *sink, const struct delivery *delivery)
{
    flat_put(sink, delivery->hearer.kind);
    flat_put(sink, delivery->hearer.address);
    flat_put_text(sink, delivery->hearer.id);
    flat_put(sink, delivery->number);
    flat_put_id(sink, &delivery->lead_id);
    flat_put_signed(sink, delivery->due_ms);
    flat_put(sink, delivery->tries);
    flat_put(sink, delivery->state);
    flat_put(sink, delivery->reason);
    flat_put(sink, delivery->status);
}

static void take_one(struct flat *flat, struct delivery *delivery)
{
    *delivery = (struct delivery){0};
    delivery->hearer.kind = (enum notice_hearer)flat_take_upto(flat, HEARER_LAST);
    delivery->hearer.address = (uint8_t)flat_take_upto(flat, HEARER_ADDRESSES_MAX - 1);
    delivery->hearer.id = flat_take_text(flat);
    delivery->number = flat_take_upto(flat, EVENT_NUMBER_MAX);
    flat_take_id(flat, &delivery->lead_id);
    delivery->due_ms = flat_take_signed(flat);
    delivery->tries = (uint32_t)flat_take_upto(flat, UINT8_MAX);
    delivery->state = (enum delivery_state)flat_take_upto(flat, DELIVERY_STATES - 1);
    delivery->reason = (enum reason)flat_take_upto(flat, REASON_COUNT - 1);
    delivery->status = (uint16_t)flat_take_upto(flat, UINT16_MAX);
    if (!delivery->hearer.kind || !delivery->hearer.id.len || delivery->hearer.id.len > HEARER_ID_MAX) flat->bad = true;
    if (delivery->due_ms < 0) flat->bad = true;
}

bool deliveries_write(struct sink *sink, const struct delivery *list, uint32_t count)
{
    flat_put_head(sink, 'D', DELIVERIES_VERSION);
    flat_put(sink, count);
    for (uint32_t i = 0; i < count; i++) put_one(sink, &list[i]);
    return !sink->cut;
}

bool deliveries_read(struct bytes bytes, struct delivery *list, uint32_t *count)
{
    struct flat flat = flat_over(bytes);
    flat_take_head(&flat, 'D', DELIVERIES_VERSION);
    *count = (uint32_t)flat_take_upto(&flat, DELIVERIES_MAX);
    for (uint32_t i = 0; i < *count; i++) take_one(&flat, &list[i]);
    return flat_ends(&flat) && *count > 0;
}
