/* Caps first: they are many and lock-free, the seat is one and under a lock. */
#include "exchange/standing/reservation.h"

enum reason reservation_take(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                             struct reservation *reservation)
{
    unsigned full;
    reservation->seat = SEAT_HOLD_NONE;
    reservation->sent = false;
    if (!caps_reserve(standing, reservation->keys, reservation->keys_count, &full)) return REASON_CAPPED;
    if (seats_take(standing, contract_cell, buyer_cell, now_us, &reservation->seat)) return REASON_NONE;
    caps_release(standing, reservation->keys, reservation->keys_count, false);
    return REASON_NO_SEAT;
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
