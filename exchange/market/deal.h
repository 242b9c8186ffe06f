/* deal: a sale that is wished for takes what it needs of standing: caps, money and seat, for the post or already for
 * the offer (contract keys hold_offer and max_open_offers). Any thread; the instants are the caller's. */
#pragma once

#include "exchange/market/cap.h"
#include "exchange/standing/holds.h"

/* Takes caps, money and seat, or what the deal's offer holds of them. NONE, CAPPED, NO_FUNDS or NO_SEAT. */
enum reason deal_reserve(const struct cap_deal *deal, struct holds *holds, struct standing *standing, int64_t now_us,
                         struct reservation *reservation);
/* For an offer that is about to be made: a place among the contract's open offers, and caps, money and seat where the
 * contract says so. NONE, or nothing is held: THROTTLED, CAPPED, NO_FUNDS, NO_SEAT. */
enum reason deal_hold(const struct cap_deal *deal, struct holds *holds, struct standing *standing, int64_t now_us,
                      int64_t expires_us);
