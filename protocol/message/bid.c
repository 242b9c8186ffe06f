/* One pass over the reply's members, each known one by its row: a known field of a wrong type spoils the reply,
 * whatever its status says, and unknown ones cost nothing. The status is judged last, when all fields are known. */
#include "protocol/message/bid.h"

#include "protocol/base/money.h"
#include "protocol/message/reply.h"
#include "protocol/message/wording.h"

/* A day, for both: a longer word of a buyer is taken as this. Its contract and the next push say the rest. */
#define VALID_MS_MAX INT64_C(86400000)
#define PAUSE_S_MAX INT64_C(86400)

struct reading {
    struct arena *arena;
    struct bid *bid;
    struct bytes status;
    bool has_price;
};

static bool read_status(const struct node *value, struct reading *reading);
static bool read_price(const struct node *value, struct reading *reading);
static bool read_bid_id(const struct node *value, struct reading *reading);
static bool read_available(const struct node *value, struct reading *reading);
static bool read_valid_ms(const struct node *value, struct reading *reading);
static bool read_pause_s(const struct node *value, struct reading *reading);
static bool read_legs(const struct node *value, struct reading *reading);

#define ROW(name, read)                                                                                                \
    {                                                                                                                  \
        {name, sizeof(name) - 1}, read                                                                                 \
    }

static const struct {
    struct bytes name;
    bool (*read)(const struct node *value, struct reading *reading); /* false: the reply is no good */
} rows[] = {
    ROW("status", read_status),       ROW("price", read_price),       ROW("bid_id", read_bid_id),
    ROW("available", read_available), ROW("valid_ms", read_valid_ms), ROW("pause_s", read_pause_s),
    ROW("legs", read_legs),
};

static bool read_member(const struct node *member, struct reading *reading)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (bytes_same(member->key, rows[i].name)) return rows[i].read(member, reading);
    return true;
}

static enum reason read_all(struct arena *arena, const struct node *reply, struct bid *bid)
{
    struct reading reading = {.arena = arena, .bid = bid};
    if (!reply) return REASON_BAD_RESPONSE;
    NODE_EACH(member, reply)
    if (!read_member(member, &reading)) return REASON_BAD_RESPONSE;
    if (!wording_refusal(arena, reply, BID_TEXT_MAX, &bid->code, &bid->text)) return REASON_BAD_RESPONSE;
    if (bytes_is(reading.status, "no_bid")) return REASON_NO_BID;
    return bytes_is(reading.status, "bid") && (reading.has_price || bid->legs_count) ? REASON_NONE
                                                                                     : REASON_BAD_RESPONSE;
}

enum reason bid_read(struct arena *arena, int status, struct bytes body, bool is_pack, struct bid *bid)
{
    static const struct bid nothing = {.available = true};
    enum reason reason = REASON_BAD_RESPONSE;
    *bid = nothing;
    if (status == 204) return REASON_NO_BID;
    if (status == 200) reason = read_all(arena, reply_read(arena, body, is_pack), bid);
    if (reason == REASON_BAD_RESPONSE) *bid = nothing; /* half a reading is of no use to anyone */
    return reason;
}

static bool read_status(const struct node *value, struct reading *reading)
{
    if (value->kind != NODE_TEXT) return false;
    reading->status = value->text;
    return true;
}

/* A bid of 0 is not a price; who does not want the lead says no_bid. */
static bool read_price(const struct node *value, struct reading *reading)
{
    int64_t *micros = &reading->bid->price_micros;
    reading->has_price = true;
    return node_money(value, micros) && *micros > 0 && *micros <= BID_PRICE_MICROS_MAX;
}

/* It goes back to the buyer as it came, so it is taken whole or not at all. */
static bool read_bid_id(const struct node *value, struct reading *reading)
{
    if (value->kind != NODE_TEXT || value->text.len > BID_ID_MAX || !wording_is_plain(value->text)) return false;
    reading->bid->bid_id = value->text;
    return true;
}

static bool read_available(const struct node *value, struct reading *reading)
{
    reading->bid->available = value->truth;
    return value->kind == NODE_BOOL;
}

static bool read_valid_ms(const struct node *value, struct reading *reading)
{
    int64_t ms;
    if (!node_i64(value, &ms) || ms < 0) return false;
    if (ms > VALID_MS_MAX) ms = VALID_MS_MAX;
    reading->bid->valid_us = ms ? ms * 1000 : 1; /* "valid for no time" is not "not said" */
    return true;
}

static bool read_pause_s(const struct node *value, struct reading *reading)
{
    int64_t seconds;
    if (!node_i64(value, &seconds) || seconds < 0) return false;
    reading->bid->pause_us = (seconds < PAUSE_S_MAX ? seconds : PAUSE_S_MAX) * 1000000;
    return true;
}

static bool read_leg(const struct node *node, struct bid_leg *leg)
{
    const struct node *price = node_find(node, "price"), *max_sold = node_find(node, "max_sold");
    int64_t sold = 1;
    if (node->kind != NODE_MAP || !price || !node_money(price, &leg->price_micros)) return false;
    if (leg->price_micros <= 0 || leg->price_micros > BID_PRICE_MICROS_MAX) return false;
    if (max_sold && (!node_i64(max_sold, &sold) || sold < 1)) return false;
    leg->max_sold = (uint8_t)(sold < BID_SOLD_MAX ? sold : BID_SOLD_MAX);
    return true;
}

/* A leg that does not say for how many is exclusive. */
static bool read_legs(const struct node *value, struct reading *reading)
{
    struct bid *bid = reading->bid;
    if (value->kind != NODE_LIST || value->count > BID_LEGS_MAX) return false;
    struct bid_leg *legs = arena_zero(reading->arena, value->count, sizeof *legs);
    if (!legs) return false;
    bid->legs = legs;
    bid->legs_count = 0;
    NODE_EACH(node, value)
    if (!read_leg(node, &legs[bid->legs_count++])) return false;
    return true;
}
