/* Nearly always nothing has jumped: then an offer costs one look-up more, and is not written again. */
#include "exchange/worker/jump.h"

#include <string.h>

#include "exchange/record/offer.h"

static void shift(struct offer *offer, int64_t ms)
{
    offer->pinged_ms += ms;
    offer->expires_ms += ms;
    for (uint32_t i = 0; i < offer->candidates_count; i++) offer->candidates[i].valid_until_ms += ms;
}

size_t jump_follow(struct offers *offers, int64_t now_us, int64_t wall_ms, char *flat, size_t len)
{
    struct offer offer;
    char again[OFFER_BYTES_MAX];
    if (!offer_read((struct bytes){flat, len}, &offer)) return len;
    int64_t end_us = offers_end_us(offers, &offer.ping_id);
    if (end_us == 0) return len;
    int64_t off_ms = wall_ms + (end_us - now_us) / 1000 - offer.expires_ms;
    if (off_ms > -JUMP_MIN_MS && off_ms < JUMP_MIN_MS) return len;
    struct sink sink = sink_over(again, sizeof again);
    shift(&offer, off_ms);
    if (!offer_write(&sink, &offer) || sink.cut) return len; /* it was read: its stamps are of fixed length */
    memcpy(flat, again, sink.len);
    return sink.len;
}
