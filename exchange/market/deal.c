/* A hold made in another window (yesterday's offer, today's post) or for another amount is given back, and the deal
 * takes its own: what counts is the window of the intent. */
#include "exchange/market/deal.h"

static bool is_same(const struct reservation *held, const struct reservation *wanted)
{
    bool same = held->keys_count == wanted->keys_count && held->price_micros == wanted->price_micros;
    for (unsigned i = 0; same && i < held->keys_count; i++) {
        const struct cap_key *a = &held->keys[i], *b = &wanted->keys[i];
        same = memcmp(&a->id, &b->id, sizeof a->id) == 0 && a->window == b->window && a->amount == b->amount &&
               a->stay == b->stay;
    }
    return same;
}

/* Of a lead that may be billed. */
static void fill(const struct cap_deal *deal, struct standing *standing, struct reservation *reservation)
{
    const struct buyer *buyer = &deal->catalogue->buyers[deal->contract->buyer];
    reservation->keys_count = cap_keys(deal, standing, reservation->keys);
    reservation->price_micros = deal->price_micros;
    reservation->credit_micros = purse_credit(&buyer->purse);
}

enum reason deal_reserve(const struct cap_deal *deal, struct holds *holds, struct standing *standing, int64_t now_us,
                         struct reservation *reservation)
{
    const struct contract *contract = deal->contract;
    struct reservation held;
    *reservation = (struct reservation){.seat = SEAT_HOLD_NONE};
    fill(deal, standing, reservation);
    if (contract->hold_offer_ms && holds_take(holds, &deal->offer, contract->cell, &held)) {
        if (is_same(&held, reservation)) {
            *reservation = held;
            return REASON_NONE;
        }
        reservation_release(standing, &held);
        fill(deal, standing, reservation);
    }
    return reservation_take(standing, contract->cell, deal->catalogue->buyers[contract->buyer].cell, now_us,
                            reservation);
}

enum reason deal_hold(const struct cap_deal *deal, struct holds *holds, struct standing *standing, int64_t now_us,
                      int64_t expires_us)
{
    const struct contract *contract = deal->contract;
    const struct buyer *buyer = &deal->catalogue->buyers[contract->buyer];
    struct reservation reservation = {.seat = SEAT_HOLD_NONE};
    struct hold_terms terms = {.ping_id = deal->offer,
                               .contract_cell = contract->cell,
                               .max = contract->max_open_offers,
                               .expires_us = expires_us,
                               .until_us = now_us + contract->hold_offer_ms * INT64_C(1000)};
    if (contract->hold_offer_ms) {
        fill(deal, standing, &reservation);
        enum reason reason = reservation_take(standing, contract->cell, buyer->cell, now_us, &reservation);
        if (reason != REASON_NONE) return reason;
        terms.reservation = &reservation;
    }
    if (holds_put(holds, standing, &terms)) return REASON_NONE;
    if (terms.reservation) reservation_release(standing, &reservation);
    return REASON_THROTTLED;
}
