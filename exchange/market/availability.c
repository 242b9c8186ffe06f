/* Reading and judging are apart: the view is a copy of what standing said at one instant, and the reason is a function
 * of the view alone, so a trace can be judged again. */
#include "exchange/market/availability.h"

#include "exchange/market/acceptance.h"
#include "exchange/market/quiet.h"
#include "exchange/record/flat.h"
#include "exchange/standing/holds.h"

static bool origin_open(struct standing *standing, uint32_t cell, int64_t now_us);
static int64_t seats_free(const struct contract *contract, const struct seat_signal *signal);

void availability_lead(const struct facts *facts, int64_t wall_ms, struct availability_lead *lead)
{
    cap_segments_of(facts, &lead->segments);
    lead->is_quiet = quiet_is_now(facts->campaign->quiet, facts, wall_ms);
}

void availability_read(const struct contract *contract, const struct buyer *buyer, const struct availability_lead *lead,
                       struct standing *standing, int64_t now_us, int64_t wall_ms, struct availability_view *view)
{
    struct seat_signal signal;
    seats_read(standing, contract->cell, buyer->cell, now_us, &signal);
    *view = (struct availability_view){
        .operator_paused = switches_paused(standing, contract->cell),
        .is_quiet = lead && lead->is_quiet,
        .offers_full = contract->max_open_offers &&
                       holds_open_offers(standing, contract->cell) >= contract->max_open_offers,
        .cap_full = cap_first_full(contract, buyer, lead ? &lead->segments : NULL, standing, wall_ms),
        .signal_fresh = signal.pushed,
        .signal_available = signal.pushed && signal.available,
        .seats_free = seats_free(contract, &signal),
        .contract_circuit_open = !circuit_lets(circuits_word(standing, false, contract->cell), now_us),
        .origin_circuit_open = origin_open(standing, contract->ping_origin_cell, now_us) ||
                               origin_open(standing, contract->post_origin_cell, now_us),
        .in_flight = rates_in_flight(standing, buyer->cell),
        .response_us = rates_response_us(standing, contract->cell),
        .turn = turns_latest(standing, contract->cell),
        .accepted_ppm = acceptance_ppm(learned_word(standing, contract->cell), wall_ms),
        .returned_ppm = ACCEPTANCE_ONE - acceptance_ppm(learned_kept(standing, contract->cell), wall_ms),
    };
    view->stake_micros = purse_stake(contract, 0);
    view->counts_funds = buyer->purse.is_limited;
    if (view->counts_funds) view->funds_micros = funds_left(standing, buyer->cell);
    if (buyer->max_pings_per_s && contract->is_live)
        view->rate_spent = !rates_peek_buyer(standing, buyer->cell, buyer->max_pings_per_s, now_us);
}

int64_t availability_money(const struct buyer *buyer, const struct availability_view *view)
{
    bool is_limited = buyer->purse.is_limited && view->counts_funds;
    return is_limited ? purse_left(&buyer->purse, view->funds_micros) : FUNDS_ANY;
}

enum reason availability_reason(const struct contract *contract, const struct buyer *buyer,
                                const struct availability_view *view, int64_t schedule_wall_ms)
{
    if (view->barred != REASON_NONE) return view->barred;
    if (contract->paused || view->operator_paused) return REASON_PAUSED;
    if (schedule_wall_ms / 60000 < contract->from_min) return REASON_CLOSED;
    if (contract->until_min && schedule_wall_ms / 60000 >= contract->until_min) return REASON_CLOSED;
    if (contract->schedule && !schedule_is_open(contract->schedule, schedule_wall_ms)) return REASON_CLOSED;
    if (view->is_quiet) return REASON_QUIET_HOURS;
    if (view->cap_full >= 0) return REASON_CAPPED;
    if (availability_money(buyer, view) < view->stake_micros) return REASON_NO_FUNDS;
    if (view->seats_free <= 0) return REASON_NO_SEAT;
    if (view->signal_fresh ? !view->signal_available : !contract->silent_available) return REASON_UNAVAILABLE;
    if (view->contract_circuit_open || view->origin_circuit_open) return REASON_CIRCUIT_OPEN;
    if (view->rate_spent || view->offers_full) return REASON_THROTTLED;
    if (buyer->max_in_flight && view->in_flight >= buyer->max_in_flight) return REASON_THROTTLED;
    return REASON_NONE;
}

enum {
    PAUSED = 1,
    FRESH = 2,
    SAYS_YES = 4,
    CIRCUIT = 8,
    ORIGIN = 16,
    SPENT = 32,
    SEATS = 64,
    QUIET = 128,
    OFFERS = 256,
    BARRED = 512,
    FUNDS = 1024,
    RETURNS = 2048,
    ALL = 4095
};

void availability_pack(struct sink *sink, const struct availability_view *view)
{
    bool has_seats = view->seats_free != INT64_MAX;
    flat_put(sink, (view->operator_paused ? PAUSED : 0u) | (view->signal_fresh ? FRESH : 0u) |
                       (view->signal_available ? SAYS_YES : 0u) | (view->contract_circuit_open ? CIRCUIT : 0u) |
                       (view->origin_circuit_open ? ORIGIN : 0u) | (view->rate_spent ? SPENT : 0u) |
                       (has_seats ? SEATS : 0u) | (view->is_quiet ? QUIET : 0u) | (view->offers_full ? OFFERS : 0u) |
                       (view->barred != REASON_NONE ? BARRED : 0u) | (view->counts_funds ? FUNDS : 0u) | (view->returned_ppm ? RETURNS : 0u));
    flat_put_signed(sink, view->cap_full);
    flat_put(sink, view->in_flight);
    flat_put_signed(sink, view->response_us);
    flat_put(sink, view->turn);
    flat_put(sink, view->sold_today);
    flat_put(sink, view->accepted_ppm);
    if (has_seats) flat_put_signed(sink, view->seats_free);
    if (view->barred != REASON_NONE) flat_put(sink, view->barred);
    if (view->counts_funds) flat_put_signed(sink, view->funds_micros);
    if (view->returned_ppm) flat_put(sink, view->returned_ppm);
}

bool availability_unpack(struct bytes bytes, struct availability_view *view)
{
    struct flat flat = flat_over(bytes);
    uint64_t flags = flat_take_upto(&flat, ALL);
    *view = (struct availability_view){
        .operator_paused = flags & PAUSED,
        .signal_fresh = flags & FRESH,
        .signal_available = flags & SAYS_YES,
        .contract_circuit_open = flags & CIRCUIT,
        .origin_circuit_open = flags & ORIGIN,
        .rate_spent = flags & SPENT,
        .is_quiet = flags & QUIET,
        .offers_full = flags & OFFERS,
        .counts_funds = flags & FUNDS,
    };
    view->cap_full = (int32_t)flat_take_signed(&flat);
    view->in_flight = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    view->response_us = (int32_t)flat_take_signed(&flat);
    view->turn = flat_take(&flat);
    view->sold_today = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    view->accepted_ppm = (uint32_t)flat_take_upto(&flat, UINT32_MAX);
    view->seats_free = flags & SEATS ? flat_take_signed(&flat) : INT64_MAX;
    if (flags & BARRED) view->barred = (enum reason)flat_take_upto(&flat, REASON_COUNT - 1);
    if (flags & FUNDS) view->funds_micros = flat_take_signed(&flat);
    if (flags & RETURNS) view->returned_ppm = (uint32_t)flat_take_upto(&flat, ACCEPTANCE_ONE);
    return flat_ends(&flat);
}

static bool origin_open(struct standing *standing, uint32_t cell, int64_t now_us)
{
    return cell != STANDING_NONE && !circuit_lets(circuits_word(standing, true, cell), now_us);
}

/* Without counted seats: none where seats are required, else no limit. */
static int64_t seats_free(const struct contract *contract, const struct seat_signal *signal)
{
    if (signal->pushed && signal->has_seats) return signal->seats_free;
    return contract->seats_required ? 0 : INT64_MAX;
}
