/* A candidate's figures are near those of its offer, so they are kept as differences, which are short: payout from
 * price, its end from the offer's. Differences wrap (two's complement), so any pair of values comes back. */
#include "exchange/record/pieces.h"

/* 1: every candidate pays its own bid. 2: what each pays. 3: also what it came of, and what else the ping gave, where
 * there is any of it. 4: that always; a leg of its own for each candidate, before them one sale to one of them.
 * 5: whom the lead is kept from, where the ping says so. */
#define OFFER_VERSION 5

enum { IS_SUPERSEDED = 1, HAS_PHONE = 2, HAS_EMAIL = 4, IS_TEST = 8, HAS_EXCLUDED = 16 };

static void put_candidate(struct sink *sink, const struct offer_candidate *candidate, int64_t expires_ms);
static void take_candidate(struct flat *flat, struct offer_candidate *candidate, int64_t expires_ms, uint8_t version);
static uint8_t take_small(struct flat *flat);

static void put_more(struct sink *sink, const struct offer *offer);
static void take_more(struct flat *flat, struct offer *offer, uint8_t version);

void offer_follow(struct offer_past *past, const struct offer *before, enum offer_origin origin)
{
    *past = (struct offer_past){.origin = origin,
                                .phone = before->past.phone,
                                .email = before->past.email,
                                .ancestors_count = 1,
                                .ancestors = {before->ping_id}};
    for (uint32_t i = 0; i < before->past.ancestors_count && past->ancestors_count < OFFER_ANCESTORS_MAX; i++)
        past->ancestors[past->ancestors_count++] = before->past.ancestors[i];
}

const struct ident *offer_known_as(const struct offer *offer)
{
    bool is_of_post = offer->past.origin == OFFER_OF_MISMATCH || offer->past.origin == OFFER_OF_EXPIRY;
    return is_of_post && offer->past.ancestors_count ? &offer->past.ancestors[0] : &offer->ping_id;
}

bool offer_is_of(const struct offer *offer, const struct ident *ping_id)
{
    return ident_same(&offer->ping_id, ping_id) || ident_same(offer_known_as(offer), ping_id);
}

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

static unsigned more_of(const struct offer *offer)
{
    return (offer->is_superseded ? IS_SUPERSEDED : 0u) | (offer->past.phone.is_given ? HAS_PHONE : 0u) |
           (offer->past.email.is_given ? HAS_EMAIL : 0u) | (offer->rehearsal ? IS_TEST : 0u) |
           (offer->excluded.len ? HAS_EXCLUDED : 0u);
}

void pieces_put_offer(struct sink *sink, const struct offer *offer)
{
    flat_put_head(sink, 'O', OFFER_VERSION);
    flat_put_id(sink, &offer->ping_id);
    flat_put_signed(sink, offer->pinged_ms);
    flat_put_signed(sink, minus(offer->expires_ms, offer->pinged_ms));
    flat_put_signed(sink, offer->promise_micros);
    flat_put_signed(sink, offer->floor_micros);
    flat_put_signed(sink, offer->leg_floor_micros);
    sink_char(sink, (char)offer->max_sales);
    sink_char(sink, (char)offer->sold_elsewhere);
    sink_char(sink, (char)offer->planned);
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
    put_more(sink, offer);
}

static void put_more(struct sink *sink, const struct offer *offer)
{
    const struct offer_hash *hashes[] = {&offer->past.phone, &offer->past.email};
    flat_put(sink, more_of(offer));
    flat_put(sink, offer->past.origin);
    if (offer->rehearsal) flat_put(sink, offer->rehearsal);
    if (offer->excluded.len) flat_put_text(sink, offer->excluded);
    for (size_t i = 0; i < 2; i++)
        if (hashes[i]->is_given) sink_bytes(sink, (struct bytes){(const char *)hashes[i]->at, OFFER_HASH_BYTES});
    flat_put(sink, offer->past.ancestors_count);
    for (uint32_t i = 0; i < offer->past.ancestors_count; i++) flat_put_id(sink, &offer->past.ancestors[i]);
}

static void put_candidate(struct sink *sink, const struct offer_candidate *candidate, int64_t expires_ms)
{
    flat_put_text(sink, candidate->contract);
    flat_put_text(sink, candidate->bid_id);
    flat_put_signed(sink, candidate->price_micros);
    flat_put_signed(sink, minus(candidate->price_micros, candidate->payout_micros));
    flat_put_signed(sink, minus(candidate->bid_micros, candidate->price_micros));
    sink_char(sink, (char)candidate->margin_rule);
    sink_char(sink, (char)candidate->max_sold);
    sink_char(sink, (char)candidate->leg);
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
    offer->leg_floor_micros = version > 3 ? flat_take_signed(flat) : 0;
    offer->max_sales = version > 3 ? take_small(flat) : 1;
    offer->sold_elsewhere = version > 3 ? take_small(flat) : 0;
    offer->planned = version > 3 ? take_small(flat) : 1;
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
        take_candidate(flat, &offer->candidates[i], offer->expires_ms, version);
    if (version > 2) take_more(flat, offer, version);
    if (version < 4 && offer->candidates_count == 0) offer->planned = 0;
    if (offer->planned > offer->candidates_count || offer->planned > OFFER_SALES_MAX) flat->bad = true;
    if (offer->max_sales > OFFER_SALES_MAX) flat->bad = true;
}

static uint8_t take_small(struct flat *flat)
{
    uint8_t value = 0;
    flat_take_raw(flat, &value, 1);
    return value;
}

/* Version 3 has something to say. */
static void take_more(struct flat *flat, struct offer *offer, uint8_t version)
{
    struct offer_hash *hashes[] = {&offer->past.phone, &offer->past.email};
    unsigned more = (unsigned)flat_take_upto(flat, version > 4 ? 2 * HAS_EXCLUDED - 1 : 2 * IS_TEST - 1);
    offer->is_superseded = more & IS_SUPERSEDED;
    offer->past.phone.is_given = more & HAS_PHONE;
    offer->past.email.is_given = more & HAS_EMAIL;
    offer->past.origin = (enum offer_origin)flat_take_upto(flat, OFFER_ORIGINS - 1);
    if (more & IS_TEST) offer->rehearsal = (uint8_t)flat_take_upto(flat, UINT8_MAX);
    if ((more & IS_TEST) && !offer->rehearsal) flat->bad = true;
    if (more & HAS_EXCLUDED) offer->excluded = flat_take_text(flat);
    if ((more & HAS_EXCLUDED) && !offer->excluded.len) flat->bad = true;
    for (size_t i = 0; i < 2; i++)
        if (hashes[i]->is_given) flat_take_raw(flat, hashes[i]->at, OFFER_HASH_BYTES);
    offer->past.ancestors_count = (uint32_t)flat_take_upto(flat, OFFER_ANCESTORS_MAX);
    for (uint32_t i = 0; i < offer->past.ancestors_count; i++) flat_take_id(flat, &offer->past.ancestors[i]);
    bool is_plain = !more && offer->past.origin == OFFER_OF_PING && !offer->past.ancestors_count;
    if (version == 3 && is_plain) flat->bad = true;
}

static void take_candidate(struct flat *flat, struct offer_candidate *candidate, int64_t expires_ms, uint8_t version)
{
    candidate->contract = flat_take_text(flat);
    candidate->bid_id = flat_take_text(flat);
    candidate->price_micros = flat_take_signed(flat);
    candidate->payout_micros = minus(candidate->price_micros, flat_take_signed(flat));
    candidate->bid_micros = candidate->price_micros;
    if (version > 1) candidate->bid_micros = minus(candidate->price_micros, minus(0, flat_take_signed(flat)));
    flat_take_raw(flat, &candidate->margin_rule, 1);
    candidate->max_sold = version > 3 ? take_small(flat) : 1;
    candidate->leg = version > 3 ? take_small(flat) : 1;
    candidate->valid_until_ms = minus(expires_ms, minus(0, flat_take_signed(flat)));
}
