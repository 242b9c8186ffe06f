#include "exchange/record/pieces.h"

/* How long a key stays stands above its window, where the first version had zeros: what it wrote reads as it was meant.
 */
#define STAY_SHIFT 32
#define WINDOW_MAX (((uint64_t)BOOK_CAP_STAY_MAX << STAY_SHIFT) | UINT32_MAX)

void pieces_put_caps(struct sink *sink, const struct book_cap_key *keys, uint8_t count)
{
    flat_put(sink, count);
    for (uint8_t i = 0; i < count; i++) {
        sink_bytes(sink, (struct bytes){(const char *)keys[i].id, sizeof keys[i].id});
        flat_put(sink, keys[i].window | (uint64_t)keys[i].stay << STAY_SHIFT);
        flat_put(sink, keys[i].amount);
    }
}

uint8_t pieces_take_caps(struct flat *flat, struct book_cap_key *keys)
{
    uint8_t count = (uint8_t)flat_take_upto(flat, BOOK_CAP_KEYS_MAX);
    for (uint8_t i = 0; i < count; i++) {
        flat_take_raw(flat, keys[i].id, sizeof keys[i].id);
        uint64_t window = flat_take_upto(flat, WINDOW_MAX);
        keys[i].window = (uint32_t)window;
        keys[i].stay = (uint8_t)(window >> STAY_SHIFT);
        keys[i].amount = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    }
    return count;
}

void pieces_put_after(struct sink *sink, const struct book_after *after)
{
    flat_put(sink, after->gives_back);
    flat_put(sink, after->counts);
    flat_put(sink, after->pays_at);
    flat_put(sink, after->pays_ppm);
    flat_put_signed(sink, after->contact_ms);
    flat_put_signed(sink, after->onward_ms);
}

void pieces_take_after(struct flat *flat, struct book_after *after)
{
    after->gives_back = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    after->counts = flat_take_flag(flat);
    after->pays_at = (enum sale_stage)flat_take_upto(flat, STAGE_COUNT - 1);
    after->pays_ppm = (uint32_t)flat_take_upto(flat, UINT32_MAX);
    after->contact_ms = flat_take_signed(flat);
    after->onward_ms = flat_take_signed(flat);
}

void pieces_put_intent_after(struct sink *sink, const struct book_after *after)
{
    flat_put_id(sink, &after->post_id);
    pieces_put_after(sink, after);
}

void pieces_take_intent_after(struct flat *flat, struct book_after *after)
{
    flat_take_id(flat, &after->post_id);
    pieces_take_after(flat, after);
}
