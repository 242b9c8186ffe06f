/* price: what a bid pays the affiliate, and which rule said so (market.md section 2). Pure, checked int64 micros. */
#pragma once

#include "exchange/market/catalogue.h"

#define PRICE_MAX_MICROS INT64_C(1000000000000000) /* 1e9 of the currency: no catalogue has a higher one */

struct payout {
    int64_t payout_micros;
    int64_t margin_micros; /* price − payout */
    enum margin_source rule;
};

/* Who sells to whom: everyone who may have stated a margin. */
struct price_parties {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct affiliate *affiliate;
    const struct lead_source *source; /* NULL: without rules of its own */
    const struct contract *contract;  /* NULL: none (only what the affiliate's side says) */
};

/* The usual payout by the most specific margin: affiliate × contract, contract, source, affiliate, campaign, exchange;
 * rounded down to payout_step. It may be 0 or less, or (under a fixed pay) above the price; a free contract's is never
 * below 0. Whether such a bid counts is price_carries' to say. */
struct payout price_payout(const struct price_parties *parties, int64_t price_micros);
/* Of an amount that is billed when a stage is reached (pay_on), by the same margins, between 0 and the amount. Who is
 * not in the catalogue any more is NULL there, and has stated none. */
struct payout price_at_stage(const struct price_parties *parties, int64_t price_micros);
/* The contract is billed at a stage, and nothing when it accepts a lead; what it would pay then is promised to nobody:
 * price_payout says 0. */
bool price_is_later(const struct contract *contract);
/* False: low_bid. The payout reaches the floor and is above 0 (a free contract: not below 0), and the house pays
 * nothing out of its own pocket. */
bool price_carries(const struct contract *contract, struct payout payout, int64_t floor_micros);
/* The margin that stands for them goes by bands: a higher price may pay less. */
bool price_has_bands(const struct price_parties *parties);
/* The least price up to `most` that carries that floor; -1: not even `most` does. */
int64_t price_least(const struct price_parties *parties, int64_t floor_micros, int64_t most_micros);
/* Upwards, to a price one can read (a whole payout_step), up to `most`. */
int64_t price_readable(const struct catalogue *catalogue, int64_t price_micros, int64_t most_micros);
/* max(affiliate's min_price, source's, the ping's). */
int64_t price_floor(const struct affiliate *affiliate, const struct lead_source *source, int64_t asked_micros);
/* At post and fallback: max(promise, usual) under squeeze if the house keeps min_margin, the usual one under keep if it
 * reaches the promise. False: below_promise. promise 0: the usual payout. */
bool price_under_promise(const struct campaign *campaign, struct payout usual, int64_t price_micros,
                         int64_t promise_micros, struct payout *payout);
/* What a sale is billed at when the buyer's verdict named a price (negative: none) beside the one agreed on; *payout is
 * what was agreed on for the affiliate, and becomes what it gets. `price_at_post: lower` bills a lower price, not below
 * the contract's min_price; the affiliate then gets the usual payout of that, but at least `owed` (what it was
 * promised, or its minimum), and the margin may fall below 0. */
int64_t price_billed(const struct price_parties *parties, int64_t agreed_micros, int64_t named_micros,
                     int64_t owed_micros, struct payout *payout);
