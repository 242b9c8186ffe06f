/* What a lead's slots allow, and what they may become. */
#include "exchange/ledger/rows.h"

#define HOLDS (LEAD_SLOTS(POST_OPEN) | LEAD_SLOTS(POST_UNKNOWN) | LEAD_SLOTS(POST_ACCEPTED))

/* With one more holder, none of the legs' words would be broken. */
bool rows_has_room(const struct lead_record *lead, const struct book_intent *intent)
{
    unsigned holders = lead_slots_in(lead, HOLDS) + 1;
    if (holders > intent->max_sold) return false;
    for (unsigned i = 0; i < lead->slots_count; i++) {
        const struct lead_slot *slot = &lead->slots[i];
        bool holds = slot->is_used && (HOLDS & LEAD_SLOTS(slot->state));
        if (holds && holders > slot->max_sold) return false;
    }
    return true;
}

struct book_sale rows_sale_to_be(const struct book_intent *intent)
{
    return (struct book_sale){.sale_id = intent->post_id,
                              .post_id = intent->post_id,
                              .contract = intent->contract,
                              .buyer = intent->buyer,
                              .price_micros = intent->price_micros,
                              .payout_micros = intent->payout_micros,
                              .margin_rule = intent->margin_rule};
}
