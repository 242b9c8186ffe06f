/* after: what is to hold once a post has become a sale; see after.h. */
#include "exchange/record/pieces.h"

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
