/* Caps and money first: they are lock-free, the seat is under a lock. */
#include "exchange/standing/reservation.h"

enum reason reservation_take(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                             struct reservation *reservation)
{
    unsigned full;
    reservation->seat = SEAT_HOLD_NONE;
    reservation->sent = false;
    reservation->funds = (struct funds_hold){.micros = 0};
    if (!caps_reserve(standing, reservation->keys, reservation->keys_count, &full)) return REASON_CAPPED;
    bool has_funds = funds_take(standing, buyer_cell, reservation->price_micros, reservation->credit_micros,
                                &reservation->funds);
    if (has_funds && seats_take(standing, contract_cell, buyer_cell, now_us, &reservation->seat)) return REASON_NONE;
    funds_give(standing, &reservation->funds);
    caps_release(standing, reservation->keys, reservation->keys_count, false);
    return has_funds ? REASON_NO_SEAT : REASON_NO_FUNDS;
}

void reservation_booked(struct reservation *reservation)
{
    reservation->funds.is_booked = true;
}

/* A sale keeps its caps, and its seat until the buyer's next push. */
void reservation_commit(struct standing *standing, const struct reservation *reservation)
{
    caps_count(standing, reservation->keys, reservation->keys_count);
    seats_keep(standing, &reservation->seat);
}

void reservation_release(struct standing *standing, const struct reservation *reservation)
{
    caps_release(standing, reservation->keys, reservation->keys_count, reservation->sent);
    funds_give(standing, &reservation->funds);
    seats_give(standing, &reservation->seat);
}

void reservation_retake(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                        struct reservation *reservation)
{
    caps_retake(standing, reservation->keys, reservation->keys_count, reservation->sent);
    if (reservation->seat.contract_cell == STANDING_NONE) return; /* it held none */
    if (!seats_take(standing, contract_cell, buyer_cell, now_us, &reservation->seat))
        reservation->seat = SEAT_HOLD_NONE;
}
