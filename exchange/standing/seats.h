/* seats: what buyers pushed about their availability, and the free seats that follow from it (market.md section 4).
 *
 * A push speaks for one contract or for all of a buyer's (one pool); what counts for a contract is the later of the two
 * that has not expired. free = pushed − posts open when the push arrived: those take nothing more when they settle. So
 * every post is held here from its intent to its verdict, also while nobody counts seats. Reading is lock-free;
 * pushing, taking and ending (posts only, never a ping's path) share a lock for a few instructions. */
#pragma once

#include "exchange/standing/cell.h"

#define SEATS_MAX 1000000 /* a push of more counts as this */

struct seat_signal {
    bool pushed; /* ever, and not expired at now */
    bool available;
    bool has_seats;     /* the push named seats */
    int64_t seats_free; /* with has_seats; after posts taken since */
    int64_t expires_us;
};

/* seats < 0: not named. Seats are absolute. */
void seats_push_contract(struct standing *standing, uint32_t contract_cell, bool available, int64_t seats,
                         int64_t expires_us);
void seats_push_buyer(struct standing *standing, uint32_t buyer_cell, bool available, int64_t seats,
                      int64_t expires_us);
/* What counts for this contract now. */
void seats_read(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                struct seat_signal *signal);
/* A pause_s from the buyer: as a pushed available=false of that length, seats untouched; any later push ends it. */
void seats_pause(struct standing *standing, uint32_t contract_cell, int64_t until_us);

/* A post's place, a value; opaque. SEAT_HOLD_NONE holds nothing (a post from before a restart) and may be ended. */
struct seat_hold {
    uint32_t contract_cell, buyer_cell;
    uint32_t epoch; /* of the push a seat was taken from; 0: none was */
    bool of_buyer;  /* it was the buyer's pool */
};

#define SEAT_HOLD_NONE ((struct seat_hold){.contract_cell = STANDING_NONE, .buyer_cell = STANDING_NONE})

/* Opens a post: takes one seat where seats are counted. False: none is free, and nothing is held. */
bool seats_take(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us,
                struct seat_hold *hold);
/* Every hold is ended by exactly one of these: given back (rejection), unless a newer push has come; or kept for good
 * (sale). */
void seats_give(struct standing *standing, const struct seat_hold *hold);
void seats_keep(struct standing *standing, const struct seat_hold *hold);
/* A sale's buyer says what became of it: its seat is free again, where seats are counted now and one was sold since the
 * push; there are never more free than were pushed. */
void seats_vacate(struct standing *standing, uint32_t contract_cell, uint32_t buyer_cell, int64_t now_us);
