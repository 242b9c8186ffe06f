/* holds: what open offers hold of a contract until they are posted or expire: one of its max_open_offers places, and
 * with hold_offer caps, money and seat of the sale to come. Process-wide; of this life only (after a restart nothing is
 * held). Any thread; a lock held for a few instructions, by contracts that say so only.
 *
 * Nothing is let go by a timer: whoever is about to look at caps, money, seats or places sweeps first, which is one
 * word read while nothing is due. */
#pragma once

#include "exchange/standing/reservation.h"
#include "protocol/base/ident.h"

#define HOLDS_MAX 262144u /* beyond: no room, as if the places were taken */

struct holds;

enum fault holds_open(struct holds **holds) MUST_USE;
void holds_close(struct holds **holds);

/* One contract in an offer; a ping's offer may name several, all with the same end. */
struct hold_terms {
    struct ident ping_id;
    uint32_t contract_cell;
    uint32_t max;                          /* places of the contract; 0: no bound */
    int64_t expires_us;                    /* of the offer: the place is free again */
    int64_t until_us;                      /* of the reservation */
    const struct reservation *reservation; /* the holds' from then on; NULL: none */
};
/* False: no place is free, and nothing is kept. */
bool holds_put(struct holds *holds, struct standing *standing, const struct hold_terms *terms);
/* True while the offer holds caps, money and seat of that contract. */
bool holds_has(struct holds *holds, const struct ident *ping_id, uint32_t contract_cell);
/* The reservation is the caller's again, to be kept or released. False: it is not held any more. */
bool holds_take(struct holds *holds, const struct ident *ping_id, uint32_t contract_cell,
                struct reservation *reservation);
/* The offer is used up or was never made: all that it still holds is let go. */
void holds_end(struct holds *holds, struct standing *standing, const struct ident *ping_id);
/* What has expired by now is let go. */
void holds_sweep(struct holds *holds, struct standing *standing, int64_t now_us);
/* Places taken. */
uint32_t holds_open_offers(struct standing *standing, uint32_t contract_cell);
