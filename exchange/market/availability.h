/* availability: may this contract be asked now? The rules of schedule, cap, seat and signal over what standing keeps;
 * the circuit's own rule is in circuit.h.
 *
 * A view is what standing said when it was read, at match; the reasons follow from the view alone, and the trace stores
 * it. */
#pragma once

#include "exchange/market/catalogue.h"
#include "protocol/message/reason.h"

struct availability_view {
    bool operator_paused;
    int32_t cap_full;  /* number of the first cap without room (the contract's, then its buyer's), -1: all have room */
    bool signal_fresh; /* a push (or pause_s) that has not expired */
    bool signal_available;                           /* what it said */
    int64_t seats_free;                              /* INT64_MAX: not limited */
    bool contract_circuit_open, origin_circuit_open; /* not yet due for a probe; of either endpoint's origin */
    uint32_t in_flight;                              /* of the buyer */
    bool rate_spent;                                 /* max_pings_per_s of the buyer */
    int32_t response_us;                             /* recent response time; 0: fewer than 20 calls */
    uint64_t turn;                                   /* its latest turn (round_robin); 0: none yet */
    uint32_t sold_today;                             /* in the house's day, posts under way included (even) */
    uint32_t accepted_ppm;                           /* P(post accepted), learned */
};

void availability_read(const struct contract *contract, const struct buyer *buyer, struct standing *standing,
                       int64_t now_us, int64_t wall_ms, struct availability_view *view);
/* market.md section 4, in its order: paused, closed, capped, no_seat, unavailable, circuit_open, throttled; NONE:
 * available. `schedule_wall_ms`: for a post the ping's instant (the schedule is honoured as it stood at the ping). */
enum reason availability_reason(const struct contract *contract, const struct buyer *buyer,
                                const struct availability_view *view, int64_t schedule_wall_ms);
/* The window a cap counts in at that instant, as standing keys it: the UTC minute (since 1970) in which the buyer's
 * local minute, hour, day, week (Monday) or month began, or the total's since. */
int64_t availability_cap_window(const struct cap *cap, const struct zone *zone, int64_t wall_ms);
/* The keys a sale of this contract at that price reserves, in fixed order (the contract's caps, then its buyer's), for
 * the windows of that instant. Returns how many (at most RESERVATION_KEYS_MAX, which a catalogue holds every contract
 * to). */
unsigned availability_cap_keys(const struct contract *contract, const struct buyer *buyer, int64_t wall_ms,
                               int64_t price_micros, struct cap_key *keys);
