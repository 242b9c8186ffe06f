/* Reading and judging are apart: the view is a copy of what standing said at one instant, and the reason is a function
 * of the view alone, so a trace can be judged again. */
#include "exchange/market/availability.h"

#include "exchange/market/acceptance.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define HUNDREDTH (MONEY_UNIT / 100)

static int32_t first_full(const struct contract *contract, const struct buyer *buyer, struct standing *standing,
                          int64_t wall_ms);
static bool origin_open(struct standing *standing, uint32_t cell, int64_t now_us);
static int64_t seats_free(const struct contract *contract, const struct seat_signal *signal);

void availability_read(const struct contract *contract, const struct buyer *buyer, struct standing *standing,
                       int64_t now_us, int64_t wall_ms, struct availability_view *view)
{
    struct seat_signal signal;
    seats_read(standing, contract->cell, buyer->cell, now_us, &signal);
    *view = (struct availability_view){
        .operator_paused = switches_paused(standing, contract->cell),
        .cap_full = first_full(contract, buyer, standing, wall_ms),
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
    };
    if (buyer->max_pings_per_s && contract->is_live)
        view->rate_spent = !rates_peek_buyer(standing, buyer->cell, buyer->max_pings_per_s, now_us);
}

enum reason availability_reason(const struct contract *contract, const struct buyer *buyer,
                                const struct availability_view *view, int64_t schedule_wall_ms)
{
    if (contract->paused || view->operator_paused) return REASON_PAUSED;
    if (schedule_wall_ms / 60000 < contract->from_min) return REASON_CLOSED;
    if (contract->until_min && schedule_wall_ms / 60000 >= contract->until_min) return REASON_CLOSED;
    if (contract->schedule && !schedule_is_open(contract->schedule, schedule_wall_ms)) return REASON_CLOSED;
    if (view->cap_full >= 0) return REASON_CAPPED;
    if (view->seats_free <= 0) return REASON_NO_SEAT;
    if (view->signal_fresh ? !view->signal_available : !contract->silent_available) return REASON_UNAVAILABLE;
    if (view->contract_circuit_open || view->origin_circuit_open) return REASON_CIRCUIT_OPEN;
    if (view->rate_spent || (buyer->max_in_flight && view->in_flight >= buyer->max_in_flight)) return REASON_THROTTLED;
    return REASON_NONE;
}

int64_t availability_cap_window(const struct cap *cap, const struct zone *zone, int64_t wall_ms)
{
    static int64_t (*const STARTS[])(const struct zone *, int64_t) = {
        [CAP_HOUR] = zone_hour_start, [CAP_DAY] = zone_day_start,     [CAP_MINUTE] = NULL,
        [CAP_WEEK] = zone_week_start, [CAP_MONTH] = zone_month_start, [CAP_TOTAL] = NULL,
    };
    if (cap->window == CAP_MINUTE) return wall_ms / 60000;
    if (cap->window == CAP_TOTAL) return cap->since_min;
    return STARTS[cap->window](zone, wall_ms / 1000) / 60;
}

/* Money is counted in hundredths, upwards: a cap is never over by what rounding hid. */
static uint32_t amount_of(const struct cap *cap, int64_t price_micros)
{
    int64_t hundredths = price_micros / HUNDREDTH + (price_micros % HUNDREDTH > 0);
    if (!cap->is_money) return 1;
    return hundredths > UINT32_MAX ? UINT32_MAX : (uint32_t)hundredths;
}

/* Of contract and buyer as one row: the contract's first. */
static const struct cap *cap_of(const struct contract *contract, const struct buyer *buyer, uint32_t i)
{
    return i < contract->caps_count ? &contract->caps[i] : &buyer->caps[i - contract->caps_count];
}

unsigned availability_cap_keys(const struct contract *contract, const struct buyer *buyer, int64_t wall_ms,
                               int64_t price_micros, struct cap_key *keys)
{
    uint32_t count = contract->caps_count + buyer->caps_count;
    check(count <= RESERVATION_KEYS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const struct cap *cap = cap_of(contract, buyer, i);
        keys[i] = (struct cap_key){.cell = cap->cell,
                                   .id = cap->id,
                                   .window = (uint32_t)availability_cap_window(cap, buyer->zone, wall_ms),
                                   .amount = amount_of(cap, price_micros),
                                   .limit = cap->limit};
    }
    return count;
}

static int32_t first_full(const struct contract *contract, const struct buyer *buyer, struct standing *standing,
                          int64_t wall_ms)
{
    for (uint32_t i = 0; i < contract->caps_count + buyer->caps_count; i++) {
        const struct cap *cap = cap_of(contract, buyer, i);
        uint32_t window = (uint32_t)availability_cap_window(cap, buyer->zone, wall_ms);
        if (caps_used(standing, cap->cell, window) >= cap->limit) return (int32_t)i;
    }
    return -1;
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
