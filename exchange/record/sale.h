/* sale: a sale as it stands, the book's row for it: whose lead it was, who bought it, by which terms, and what was
 * given back of it since. Derived from entries; struct <-> bytes, versioned, bounded. Test leads have none.
 *
 * What a reader returns points into the bytes. Amounts are micro-units. No thread of its own, no I/O. */
#pragma once

#include "exchange/record/flat.h"

enum sale_state { SALE_SOLD, SALE_RETURNED, SALE_VOIDED, SALE_STATE_COUNT };
const char *sale_state_name(enum sale_state state); /* "sold", "returned", "voided" */

/* What a sale is made of: price = payout + margin, of which margin may be negative. */
struct sale_money {
    int64_t price_micros, payout_micros, margin_micros;
};

struct sale_record {
    struct ident sale_id; /* the row's key: not in its bytes */
    struct ident lead_id, post_id;
    struct bytes affiliate, buyer, contract, campaign, source, channel;
    struct bytes sub_ids;    /* a JSON list, or empty */
    struct sale_money sold;  /* as made */
    struct sale_money added; /* by events since (pay_on) */
    struct sale_money returned;
    int64_t lost_micros;      /* of the returned payout: what the house bore, the affiliate kept */
    int64_t uncleared_micros; /* of the payout: what is still to be cleared */
    uint8_t margin_rule;      /* enum margin_source */
    enum sale_state state;    /* RETURNED: all of its price was given back */
    int64_t booked_ms;
    int64_t clear_after_ms; /* the affiliate's terms at the lead's opening; 0: nothing clears by time */
    int64_t clears_ms;      /* when what is uncleared clears; with no terms: booked_ms */
    uint32_t period;        /* the one it was booked in */
};

bool sale_write(struct sink *sink, const struct sale_record *sale);
/* sale_id is the caller's to fill in. False: no valid record of a known version. */
bool sale_read(struct bytes bytes, struct sale_record *sale);
