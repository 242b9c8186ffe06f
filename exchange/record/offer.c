/* A candidate's figures are near those of its offer, so they are kept as differences, which are short: payout from
 * price, its end from the offer's. Differences wrap (two's complement), so any pair of values comes back. */
#include "exchange/record/pieces.h"

#define OFFER_VERSION 2 /* 2: rehearsal; an offer without is written as version 1, as older books have it */

static void put_candidate(struct sink *sink, const struct offer_candidate *candidate, int64_t expires_ms);
static void take_candidate(struct flat *flat, struct offer_candidate *candidate, int64_t expires_ms);

static int64_t minus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

bool offer_write(struct sink *sink, const struct offer *offer)
{
    size_t from = sink->len;
    pieces_put_offer(sink, offer);
    return !sink->cut && sink->len - from <= OFFER_RECORD_MAX;
}

bool offer_read(struct bytes bytes, struct offer *offer)
{
    if (bytes.len > OFFER_RECORD_MAX) return false;
    struct flat flat = flat_over(bytes);
    pieces_take_offer(&flat, offer);
    return flat_ends(&flat);
}

void pieces_put_offer(struct sink *sink, const struct offer *offer)
{
    flat_put_head(sink, 'O', offer->rehearsal ? OFFER_VERSION : 1);
    flat_put_id(sink, &offer->ping_id);
    flat_put_signed(sink, offer->pinged_ms);
    flat_put_signed(sink, minus(offer->expires_ms, offer->pinged_ms));
    flat_put_signed(sink, offer->promise_micros);
    flat_put_signed(sink, offer->floor_micros);
    flat_put(sink, offer->seed);
    flat_put_digest(sink, &offer->catalogue);
    flat_put_text(sink, offer->affiliate);
    flat_put_text(sink, offer->campaign);
    flat_put_text(sink, offer->source);
    flat_put_text(sink, offer->channel);
    flat_put_text(sink, offer->ref);
    flat_put_text(sink, offer->click_id);
    flat_put_text(sink, offer->sub_ids);
    flat_put_text(sink, offer->public_json);
    flat_put(sink, offer->candidates_count);
    for (uint32_t i = 0; i < offer->candidates_count; i++)
        put_candidate(sink, &offer->candidates[i], offer->expires_ms);
    if (offer->rehearsal) flat_put(sink, offer->rehearsal);
}

static void put_candidate(struct sink *sink, const struct offer_candidate *candidate, int64_t expires_ms)
{
    flat_put_text(sink, candidate->contract);
    flat_put_text(sink, candidate->bid_id);
    flat_put_signed(sink, candidate->price_micros);
    flat_put_signed(sink, minus(candidate->price_micros, candidate->payout_micros));
    sink_char(sink, (char)candidate->margin_rule);
    flat_put_signed(sink, minus(candidate->valid_until_ms, expires_ms));
}

void pieces_take_offer(struct flat *flat, struct offer *offer)
{
    *offer = (struct offer){0};
    uint8_t version = flat_take_head(flat, 'O', OFFER_VERSION);
    flat_take_id(flat, &offer->ping_id);
    offer->pinged_ms = flat_take_signed(flat);
    offer->expires_ms = minus(offer->pinged_ms, minus(0, flat_take_signed(flat)));
    offer->promise_micros = flat_take_signed(flat);
    offer->floor_micros = flat_take_signed(flat);
    offer->seed = flat_take(flat);
    flat_take_digest(flat, &offer->catalogue);
    offer->affiliate = flat_take_text(flat);
    offer->campaign = flat_take_text(flat);
    offer->source = flat_take_text(flat);
    offer->channel = flat_take_text(flat);
    offer->ref = flat_take_text(flat);
    offer->click_id = flat_take_text(flat);
    offer->sub_ids = flat_take_text(flat);
    offer->public_json = flat_take_text(flat);
    offer->candidates_count = (uint32_t)flat_take_upto(flat, OFFER_CANDIDATES_MAX);
    for (uint32_t i = 0; i < offer->candidates_count; i++)
        take_candidate(flat, &offer->candidates[i], offer->expires_ms);
    if (version >= 2) offer->rehearsal = (uint8_t)flat_take_upto(flat, UINT8_MAX);
    if (version >= 2 && !offer->rehearsal) flat->bad = true; /* that would have been version 1 */
}

static void take_candidate(struct flat *flat, struct offer_candidate *candidate, int64_t expires_ms)
{
    candidate->contract = flat_take_text(flat);
    candidate->bid_id = flat_take_text(flat);
    candidate->price_micros = flat_take_signed(flat);
    candidate->payout_micros = minus(candidate->price_micros, flat_take_signed(flat));
    flat_take_raw(flat, &candidate->margin_rule, 1);
    candidate->valid_until_ms = minus(expires_ms, minus(0, flat_take_signed(flat)));
}
