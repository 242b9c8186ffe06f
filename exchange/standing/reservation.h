/* reservation: what a post holds while its verdict is out: room under caps, money, and a seat. A value: it commits and
 * releases only into its own windows, whatever was reloaded meanwhile. Any thread. */
#pragma once

#include "exchange/standing/standing.h"
#include "protocol/message/reason.h"

struct reservation {
    struct cap_key keys[RESERVATION_KEYS_MAX];
    unsigned keys_count;
    int64_t price_micros;  /* at stake: what its buyer may have to pay */
    int64_t credit_micros; /* how far the buyer's money may fall below 0: funds.h */
    struct funds_hold funds;
    struct seat_hold seat;
    bool sent; /* the post's bytes may have left; the holder says so before it releases */
};

/* Takes the keys, then the price, then a seat: all, or nothing and why (CAPPED, NO_FUNDS, NO_SEAT). Keys, price and
 * credit are filled in already. */
enum reason reservation_take(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                             struct reservation *reservation);
/* Its intent is in the book: from now on the book tells what becomes of its money. */
void reservation_booked(struct reservation *reservation);
/* Every reservation taken is ended by exactly one of these (or its seat is kept by whoever waits for a doubt's end). */
void reservation_commit(struct standing *standing, const struct reservation *reservation);
void reservation_release(struct standing *standing, const struct reservation *reservation);
/* A release that the book was never told of is taken back: the caps room or not, the seat if it is still free; money
 * that is in the book was never let go. To be ended again by one of those above. */
void reservation_retake(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                        struct reservation *reservation);
