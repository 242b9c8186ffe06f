/* duplicates: the same person again (market.md section 8). The rule over what the book remembers of a person: pure; the
 * story asks at admission and match, the ledger thread once more before it writes an intent.
 *
 * What is sold, posted and without a verdict, or in doubt counts; with `counts: posted` what was refused as well. The
 * lead that asks is never its own duplicate. */
#pragma once

#include "exchange/market/catalogue.h"
#include "exchange/record/offer.h"
#include "exchange/record/person.h"

struct duplicates_question {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct ident *lead_id; /* who asks; its own encounters are left out. NULL: a ping */
    const struct encounter *list;
    uint32_t count;
    int64_t wall_ms;
    struct ident origin; /* the lead it comes of: its encounters are its own too; or none */
};

/* The campaign's own rule, over its scope. */
bool duplicates_seen(const struct duplicates_question *question);
/* That contract's window, and the campaign's reject_memory. */
bool duplicates_met(const struct duplicates_question *question, const struct contract *contract);
/* Both. */
bool duplicates_bars(const struct duplicates_question *question, const struct contract *contract);

/* What must still be true when an intent is written, for then nobody else can come between. */
struct duplicates_guard {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct contract *contracts[OFFER_SALES_MAX];
    uint32_t contracts_count;
    struct person_keys keys;
    struct ident origin;
};
/* Some contract of the guard is barred by what is known of the person now. */
bool duplicates_guards(const struct duplicates_guard *guard, const struct ident *lead_id, const struct encounter *list,
                       uint32_t count, int64_t wall_ms);
