/* availability: may this contract be asked now? The rules of schedule, cap, seat and signal over what standing keeps;
 * the circuit's own rule is in circuit.h.
 *
 * A view is what standing said when it was read, at match; the reasons follow from the view alone, and the trace stores
 * it. */
#pragma once

#include "exchange/market/cap.h"
#include "protocol/message/reason.h"

struct availability_view {
    enum reason barred; /* this person is not for this contract, whatever else holds; NONE: it may be */
    bool operator_paused;
    bool is_quiet;     /* the lead's person may not be called now */
    bool offers_full;  /* max_open_offers are open */
    bool counts_funds; /* its buyer's money is limited */
    int32_t cap_full;  /* number of the first cap without room (the contract's, then its buyer's), -1: all have room */
    bool signal_fresh; /* a push (or pause_s) that has not expired */
    bool signal_available; /* what it said */
    int64_t seats_free;    /* INT64_MAX: not limited */
    int64_t funds_micros;  /* counts_funds: the buyer's balance less holds: funds.h */
    int64_t stake_micros;  /* the least its next sale would cost; in no trace: it follows from catalogue and lead */
    bool contract_circuit_open, origin_circuit_open; /* not yet due for a probe; of either endpoint's origin */
    uint32_t in_flight;                              /* of the buyer */
    bool rate_spent;                                 /* max_pings_per_s of the buyer */
    int32_t response_us;                             /* recent response time; 0: fewer than 20 calls */
    uint64_t turn;                                   /* its latest turn (round_robin); 0: none yet */
    uint32_t sold_today;                             /* in the house's day, posts under way included (even) */
    uint32_t accepted_ppm;                           /* P(post accepted), learned */
    uint32_t returned_ppm;                           /* P(sale returned), learned; 0: nothing is known of any */
};

/* What a lead has to do with it, the same for all contracts. */
struct availability_lead {
    struct cap_segments segments;
    bool is_quiet;
};

void availability_lead(const struct facts *facts, int64_t wall_ms, struct availability_lead *lead);
/* `lead` NULL: of the contract alone; what hangs on a lead (quiet hours, caps per something) is taken as open.
 * stake_micros is filled as far as it hangs on no lead. */
void availability_read(const struct contract *contract, const struct buyer *buyer, const struct availability_lead *lead,
                       struct standing *standing, int64_t now_us, int64_t wall_ms, struct availability_view *view);
/* market.md section 4, in its order: paused, closed, quiet_hours, capped, no_funds, no_seat, unavailable, circuit_open,
 * throttled; NONE: available. `schedule_wall_ms`: for a post the ping's instant (the schedule is honoured as it stood
 * at the ping). */
enum reason availability_reason(const struct contract *contract, const struct buyer *buyer,
                                const struct availability_view *view, int64_t schedule_wall_ms);
/* What its buyer may still spend of a limited purse, as it was then; FUNDS_ANY: it is not limited, or was not. */
int64_t availability_money(const struct buyer *buyer, const struct availability_view *view);
/* Into a trace, and back. A new value here is a new version of the trace. */
void availability_pack(struct sink *sink, const struct availability_view *view);
/* False: nothing that was packed here. */
bool availability_unpack(struct bytes bytes, struct availability_view *view);
#define AVAILABILITY_PACKED_MAX 110u /* bytes */
