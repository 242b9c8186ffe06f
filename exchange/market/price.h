/* price: what a bid pays the affiliate, and which rule said so (market.md section 2). Pure, checked int64 micros. */
#pragma once

#include "exchange/market/catalogue.h"

struct payout {
    int64_t payout_micros;
    int64_t margin_micros; /* price − payout */
    enum margin_source rule;
};

/* The usual payout: affiliate's margin, else campaign's, else the exchange's; at least its min; rounded down to
 * payout_step. May be 0 or less: the bid is then low_bid. */
struct payout price_payout(const struct catalogue *catalogue, const struct campaign *campaign,
                           const struct affiliate *affiliate, int64_t price_micros);
/* At post and fallback: max(promise, usual) under squeeze if the house keeps min_margin, the usual one under keep if it
 * reaches the promise. False: below_promise. promise 0: the usual payout. */
bool price_under_promise(const struct campaign *campaign, struct payout usual, int64_t price_micros,
                         int64_t promise_micros, struct payout *payout);
