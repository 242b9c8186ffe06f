/* availability: what is read from standing, the order of the reasons over every combination, windows and keys of caps.
 */
#include "exchange/market/availability.h"

#include <pthread.h>

#include "protocol/base/clock.h"
#include "tests/unit/exchange/market/world.h"

#define SECOND INT64_C(1000000)
#define NOW (1000 * SECOND)

static struct world world;
static struct catalogue *catalogue;
static const struct contract *live, *fixed, *seated, *quiet;
static const struct buyer *north;

static int64_t wall(const char *text)
{
    int64_t ms;
    if (!clock_read_wall(bytes_of(text), &ms)) fail_msg("not a time: %s", text);
    return ms;
}

#define OPEN wall("2026-01-02T15:00:00Z")   /* Friday 10:00 in New York */
#define CLOSED wall("2026-01-03T15:00:00Z") /* Saturday */

/* The keys of a sale at that price; whose lead it is does not matter. */
static unsigned keys_of(const struct contract *contract, const struct buyer *buyer, int64_t wall_ms,
                        int64_t price_micros, struct cap_key *keys)
{
    struct cap_segments segments = {{{{0}}}};
    struct campaign campaign = {.segments = 0};
    struct contract first = *contract;
    struct catalogue market = {.buyers = (struct buyer *)(uintptr_t)buyer, .campaigns = &campaign};
    first.buyer = first.campaign = 0;
    struct cap_deal deal = {.catalogue = &market,
                            .contract = &first,
                            .segments = &segments,
                            .wall_ms = wall_ms,
                            .price_micros = price_micros};
    return cap_keys(&deal, world.standing, keys);
}

static struct availability_view fine_view(void)
{
    return (struct availability_view){.cap_full = -1, .seats_free = INT64_MAX};
}

/* Every set of obstacles at once: the first in market.md's order is the reason. */
static void the_first_obstacle_is_the_reason(void **state)
{
    enum {
        OPERATOR,
        CATALOGUE,
        SCHEDULE,
        QUIET,
        CAP,
        FUNDS,
        SEAT,
        SIGNAL,
        CIRCUIT,
        ORIGIN,
        IN_FLIGHT,
        RATE,
        OFFERS,
        OBSTACLES
    };
    static const enum reason REASONS[OBSTACLES] = {
        REASON_PAUSED,    REASON_PAUSED,    REASON_CLOSED,      REASON_QUIET_HOURS,  REASON_CAPPED,
        REASON_NO_FUNDS,  REASON_NO_SEAT,   REASON_UNAVAILABLE, REASON_CIRCUIT_OPEN, REASON_CIRCUIT_OPEN,
        REASON_THROTTLED, REASON_THROTTLED, REASON_THROTTLED};
    (void)state;
    for (unsigned set = 0; set < 1u << OBSTACLES; set++) {
        struct availability_view view = fine_view();
        struct contract contract = *live;
        struct buyer buyer = *north;
        buyer.purse = (struct purse){.is_limited = true, .credit_micros = 30};
        view.counts_funds = true;
        view.funds_micros = set >> FUNDS & 1 ? -26 : -25;
        view.stake_micros = 5;
        view.operator_paused = set >> OPERATOR & 1;
        contract.paused = set >> CATALOGUE & 1;
        view.is_quiet = set >> QUIET & 1;
        view.offers_full = set >> OFFERS & 1;
        if (set >> CAP & 1) view.cap_full = 1;
        if (set >> SEAT & 1) view.seats_free = 0;
        view.signal_fresh = set >> SIGNAL & 1;
        view.contract_circuit_open = set >> CIRCUIT & 1;
        view.origin_circuit_open = set >> ORIGIN & 1;
        view.in_flight = north->max_in_flight - !(set >> IN_FLIGHT & 1);
        view.rate_spent = set >> RATE & 1;
        enum reason expected = set ? REASONS[__builtin_ctz(set)] : REASON_NONE;
        enum reason reason = availability_reason(&contract, &buyer, &view, set >> SCHEDULE & 1 ? CLOSED : OPEN);
        if (reason != expected) fail_msg("set %x: %s", set, reason_code(reason));
    }
}

/* A trace keeps views packed: whatever was seen is judged alike when it is read again. */
static void a_packed_view_is_the_same_view(void **state)
{
    static const int64_t SEATS[] = {INT64_MAX, 0, 1, -3, INT64_MIN, INT64_MAX - 1};
    (void)state;
    for (unsigned set = 0; set < 256 * sizeof SEATS / sizeof *SEATS; set++) {
        struct availability_view view = {.operator_paused = set & 1,
                                         .signal_fresh = set & 2,
                                         .signal_available = set & 4,
                                         .contract_circuit_open = set & 8,
                                         .origin_circuit_open = set & 16,
                                         .rate_spent = set & 32,
                                         .is_quiet = set & 64,
                                         .offers_full = set & 128,
                                         .cap_full = (int32_t)(set % 7) - 1,
                                         .seats_free = SEATS[set / 256],
                                         .in_flight = set * 7919,
                                         .response_us = (int32_t)set * 1000003,
                                         .turn = set * UINT64_C(0x123456789ab),
                                         .sold_today = set * 77,
                                         .accepted_ppm = set * 1000,
                                         .returned_ppm = set % 5 * 250000};
        struct availability_view again;
        char packed[AVAILABILITY_PACKED_MAX];
        struct sink sink = sink_over(packed, sizeof packed);
        availability_pack(&sink, &view);
        assert_false(sink.cut);
        assert_true(availability_unpack(sink_written(&sink), &again));
        assert_int_equal(again.operator_paused, view.operator_paused);
        assert_int_equal(again.signal_fresh, view.signal_fresh);
        assert_int_equal(again.signal_available, view.signal_available);
        assert_int_equal(again.contract_circuit_open, view.contract_circuit_open);
        assert_int_equal(again.origin_circuit_open, view.origin_circuit_open);
        assert_int_equal(again.rate_spent, view.rate_spent);
        assert_int_equal(again.is_quiet, view.is_quiet);
        assert_int_equal(again.offers_full, view.offers_full);
        assert_int_equal(again.cap_full, view.cap_full);
        assert_true(again.seats_free == view.seats_free);
        assert_int_equal(again.in_flight, view.in_flight);
        assert_int_equal(again.response_us, view.response_us);
        assert_true(again.turn == view.turn && again.sold_today == view.sold_today);
        assert_int_equal(again.accepted_ppm, view.accepted_ppm);
        assert_int_equal(again.returned_ppm, view.returned_ppm);
        assert_false(availability_unpack(bytes_first(sink_written(&sink), sink.len - 1), &again));
    }
    struct availability_view none;
    assert_false(availability_unpack(BYTES_NONE, &none));
    assert_false(availability_unpack(BYTES("\377\377"), &none));
}

/* Insertion dates: closed before the first and after the last day; the schedule inside. */
static void from_and_until(void **state)
{
    struct availability_view view = fine_view();
    struct contract contract = *live;
    (void)state;
    contract.from_min = (uint32_t)(OPEN / 60000);
    assert_int_equal(availability_reason(&contract, north, &view, OPEN - 1), REASON_CLOSED);
    assert_int_equal(availability_reason(&contract, north, &view, OPEN), REASON_NONE);
    contract.from_min = 0;
    contract.until_min = (uint32_t)(OPEN / 60000);
    assert_int_equal(availability_reason(&contract, north, &view, OPEN - 1), REASON_NONE);
    assert_int_equal(availability_reason(&contract, north, &view, OPEN), REASON_CLOSED);
}

/* Every window at its edges, in three zones: DST nights of 23 and 25 hours, a leap day, month ends, Mondays. */
static void windows_of_caps(void **state)
{
    static const struct {
        uint8_t window;
        unsigned zone; /* 0 UTC, 1 New York, 2 Los Angeles */
        const char *at, *start;
    } ROWS[] = {
        {CAP_MINUTE, 1, "2026-01-02T15:04:59Z", "2026-01-02T15:04:00Z"},
        {CAP_DAY, 1, "2026-03-09T03:59:59Z", "2026-03-08T05:00:00Z"}, /* 23 hours */
        {CAP_DAY, 1, "2026-03-09T04:00:00Z", "2026-03-09T04:00:00Z"},
        {CAP_DAY, 1, "2026-11-02T04:59:59Z", "2026-11-01T04:00:00Z"}, /* 25 hours */
        {CAP_DAY, 2, "2026-03-09T06:59:59Z", "2026-03-08T08:00:00Z"},
        {CAP_DAY, 2, "2026-11-02T07:59:59Z", "2026-11-01T07:00:00Z"},
        {CAP_DAY, 0, "2026-11-01T23:59:59Z", "2026-11-01T00:00:00Z"},
        {CAP_DAY, 1, "2028-03-01T04:59:59Z", "2028-02-29T05:00:00Z"},
        {CAP_WEEK, 0, "2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z"}, /* a Monday */
        {CAP_WEEK, 0, "2026-01-04T23:59:59Z", "2025-12-29T00:00:00Z"},
        {CAP_WEEK, 1, "2026-03-09T03:59:59Z", "2026-03-02T05:00:00Z"},
        {CAP_WEEK, 1, "2026-03-12T12:00:00Z", "2026-03-09T04:00:00Z"},
        {CAP_WEEK, 2, "2026-11-02T07:59:59Z", "2026-10-26T07:00:00Z"},
        {CAP_WEEK, 2, "2026-11-02T08:00:00Z", "2026-11-02T08:00:00Z"},
        {CAP_MONTH, 0, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z"},
        {CAP_MONTH, 1, "2026-04-01T03:59:59Z", "2026-03-01T05:00:00Z"},
        {CAP_MONTH, 1, "2026-04-01T04:00:00Z", "2026-04-01T04:00:00Z"},
        {CAP_MONTH, 1, "2028-03-01T04:59:59Z", "2028-02-01T05:00:00Z"},
        {CAP_MONTH, 2, "2026-12-01T07:59:59Z", "2026-11-01T07:00:00Z"},
    };
    const struct zone *zones[3] = {zone_utc()};
    (void)state;
    for (int i = 0; i < 2; i++)
        zones[i + 1] = zone_parse(&world.arena, (struct bytes){world.zones[i], world.zones_len[i]});
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct cap cap = {.window = ROWS[i].window};
        int64_t window = cap_window_of(&cap, zones[ROWS[i].zone], wall(ROWS[i].at));
        if (window != wall(ROWS[i].start) / 60000) fail_msg("row %zu: minute %lld", i, (long long)window);
    }
    struct cap total = {.window = CAP_TOTAL, .since_min = 77};
    assert_int_equal(cap_window_of(&total, zones[0], OPEN), 77);
}

/* Money counts upwards in hundredths; the buyer's caps stand behind the contract's, over all its contracts. */
static void money_and_the_buyers_caps(void **state)
{
    static const char DOCUMENT[] = "{'campaigns':[" WORLD_CAMPAIGN "],'buyers':[{" WORLD_BUYER(
        "rich") ",'caps':[{'window':'week','money':'10'},"
                "{'window':'total','leads':'3','since':'2026-01-01'}],'contracts':[{'id':'r1','campaign':'auto','price'"
                ":'5',"
                "'post_url':'https://r.example/"
                "','caps':[{'window':'month','money':'100'}]},{'id':'r2','campaign':'auto',"
                "'price':'5','post_url':'https://r.example/'}]}]}";
    struct catalogue *rich = world_build(&world, DOCUMENT);
    const struct contract *one = catalogue_contract(rich, BYTES("r1")), *two = catalogue_contract(rich, BYTES("r2"));
    const struct buyer *buyer = catalogue_buyer(rich, BYTES("rich"));
    struct cap_key keys[RESERVATION_KEYS_MAX];
    struct availability_view view;
    unsigned full;
    (void)state;
    assert_int_equal(keys_of(one, buyer, OPEN, 4990001, keys), 3);
    assert_int_equal(keys[0].amount, 500); /* 4.990001 counts as 5.00 */
    assert_int_equal(keys[0].limit, 10000);
    assert_int_equal(keys[1].amount, 500);
    assert_int_equal(keys[2].amount, 1);
    assert_int_equal(keys[2].window, wall("2026-01-01T00:00:00Z") / 60000);
    assert_true(caps_reserve(world.standing, keys, 3, &full));
    availability_read(two, buyer, NULL, world.standing, NOW, OPEN, &view);
    assert_int_equal(view.cap_full, -1);
    assert_int_equal(keys_of(two, buyer, OPEN, 5010000, keys), 2);
    assert_false(caps_reserve(world.standing, keys, 2, &full)); /* 5.00 and 5.01 are over 10.00 */
    assert_int_equal(full, 0);
    assert_int_equal(keys_of(two, buyer, OPEN, 5000000, keys), 2);
    assert_true(caps_reserve(world.standing, keys, 2, &full));
    availability_read(two, buyer, NULL, world.standing, NOW, OPEN, &view);
    assert_int_equal(view.cap_full, 0);
    availability_read(one, buyer, NULL, world.standing, NOW, OPEN, &view);
    assert_int_equal(view.cap_full, 1); /* its own has room, its buyer's has not */
    assert_int_equal(availability_reason(one, buyer, &view, OPEN), REASON_CAPPED);
    assert_int_equal(keys_of(one, buyer, OPEN, INT64_MAX, keys), 3);
    assert_int_equal(keys[0].amount, UINT32_MAX);
    catalogue_drop(&rich);
}

#define SELLERS 8
#define TRIES 4000

struct seller {
    const struct contract *contract;
    const struct buyer *buyer;
    uint64_t seed;
    uint64_t hundredths, leads; /* what it kept */
};

/* Reserves at prices of its own; gives half of what it got back. */
static void *sell(void *arg)
{
    struct seller *seller = arg;
    struct dice dice = {seller->seed};
    for (unsigned i = 0; i < TRIES; i++) {
        struct cap_key keys[RESERVATION_KEYS_MAX];
        unsigned full, count = keys_of(seller->contract, seller->buyer, OPEN, 1 + dice_below(&dice, 3000000), keys);
        if (!caps_reserve(world.standing, keys, count, &full)) continue;
        if (dice_below(&dice, 2)) {
            caps_release(world.standing, keys, count, false);
            continue;
        }
        seller->hundredths += keys[count - 1].amount;
        seller->leads++;
    }
    return NULL;
}

/* Two contracts of one buyer, eight threads: what was kept is what is counted, and no cap is over. */
static void never_over_with_many_threads(void **state)
{
    static const char DOCUMENT[] = "{'campaigns':[" WORLD_CAMPAIGN "],'buyers':[{" WORLD_BUYER(
        "busy") ",'caps':[{'window':'week','leads':'9000'},"
                "{'window':'month','money':'900'}],'contracts':[{'id':'b1','campaign':'auto','price':'5',"
                "'post_url':'https://r.example/','caps':[{'window':'day','leads':'500'}]},{'id':'b2','campaign':'auto',"
                "'price':'5','post_url':'https://r.example/'}]}]}";
    struct catalogue *busy = world_build(&world, DOCUMENT);
    const struct buyer *buyer = catalogue_buyer(busy, BYTES("busy"));
    struct seller sellers[SELLERS];
    pthread_t threads[SELLERS];
    uint64_t hundredths = 0, leads = 0, of_first = 0;
    (void)state;
    for (unsigned i = 0; i < SELLERS; i++) {
        sellers[i] = (struct seller){catalogue_contract(busy, i % 2 ? BYTES("b1") : BYTES("b2")), buyer, i + 1, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, sell, &sellers[i]), 0);
    }
    for (unsigned i = 0; i < SELLERS; i++) {
        pthread_join(threads[i], NULL);
        hundredths += sellers[i].hundredths;
        leads += sellers[i].leads;
        of_first += i % 2 ? sellers[i].leads : 0;
    }
    struct cap_key keys[RESERVATION_KEYS_MAX];
    assert_int_equal(keys_of(catalogue_contract(busy, BYTES("b1")), buyer, OPEN, 1, keys), 3);
    assert_int_equal(caps_used(world.standing, keys[0].cell, keys[0].window), of_first);
    assert_int_equal(caps_used(world.standing, keys[1].cell, keys[1].window), leads);
    assert_int_equal(caps_used(world.standing, keys[2].cell, keys[2].window), hundredths);
    assert_true(of_first <= 500 && leads <= 9000 && hundredths <= 90000);
    assert_true(hundredths > 90000 - 300); /* the money was the bound that held */
    catalogue_drop(&busy);
}

static void signals_and_silence(void **state)
{
    static const struct {
        bool fresh, said, when_silent;
        enum reason reason;
    } ROWS[] = {
        {false, false, true, REASON_NONE},       {false, false, false, REASON_UNAVAILABLE},
        {true, true, false, REASON_NONE},        {true, true, true, REASON_NONE},
        {true, false, true, REASON_UNAVAILABLE}, {true, false, false, REASON_UNAVAILABLE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct availability_view view = fine_view();
        struct contract contract = *fixed;
        view.signal_fresh = ROWS[i].fresh;
        view.signal_available = ROWS[i].said;
        contract.silent_available = ROWS[i].when_silent;
        assert_int_equal(availability_reason(&contract, north, &view, CLOSED), ROWS[i].reason);
    }
    struct availability_view view = fine_view();
    struct buyer unlimited = *north;
    unlimited.max_in_flight = 0;
    view.in_flight = 1000000;
    assert_int_equal(availability_reason(fixed, &unlimited, &view, CLOSED), REASON_NONE);
}

static enum reason reason_now(const struct contract *contract, int64_t now_us)
{
    struct availability_view view;
    availability_read(contract, north, NULL, world.standing, now_us, OPEN, &view);
    return availability_reason(contract, north, &view, OPEN);
}

static void seats_are_read(void **state)
{
    struct availability_view view;
    struct seat_hold hold;
    (void)state;
    availability_read(seated, north, NULL, world.standing, NOW, OPEN, &view);
    assert_false(view.signal_fresh);
    assert_int_equal(view.seats_free, 0); /* required, and nothing was pushed */
    assert_int_equal(reason_now(seated, NOW), REASON_NO_SEAT);
    assert_int_equal(reason_now(live, NOW), REASON_NONE);
    seats_push_contract(world.standing, seated->cell, true, 1, NOW + SECOND);
    assert_int_equal(reason_now(seated, NOW), REASON_NONE);
    assert_true(seats_take(world.standing, seated->cell, north->cell, NOW, &hold));
    assert_int_equal(reason_now(seated, NOW), REASON_NO_SEAT);
    seats_give(world.standing, &hold);
    assert_int_equal(reason_now(seated, NOW), REASON_NONE);
    assert_int_equal(reason_now(seated, NOW + 2 * SECOND), REASON_NO_SEAT); /* expired */
    seats_push_contract(world.standing, seated->cell, true, -1, NOW + 9 * SECOND);
    assert_int_equal(reason_now(seated, NOW + 3 * SECOND), REASON_NO_SEAT); /* no seats were named */
    seats_push_contract(world.standing, live->cell, false, -1, NOW + SECOND);
    assert_int_equal(reason_now(live, NOW), REASON_UNAVAILABLE);
    assert_int_equal(reason_now(live, NOW + 2 * SECOND), REASON_NONE);
    seats_push_contract(world.standing, live->cell, true, 0, NOW + SECOND);
    assert_int_equal(reason_now(live, NOW), REASON_NO_SEAT);
    assert_int_equal(reason_now(quiet, NOW), REASON_UNAVAILABLE);
    seats_push_contract(world.standing, quiet->cell, true, -1, NOW + SECOND);
    assert_int_equal(reason_now(quiet, NOW), REASON_NONE);
    assert_int_equal(reason_now(quiet, NOW + 2 * SECOND), REASON_UNAVAILABLE);
    seats_pause(world.standing, fixed->cell, NOW + SECOND);
    assert_int_equal(reason_now(fixed, NOW), REASON_UNAVAILABLE);
    assert_int_equal(reason_now(fixed, NOW + 2 * SECOND), REASON_NONE);
}

static void open_circuit(bool of_origin, uint32_t cell, int64_t now_us)
{
    uint64_t word = 0;
    for (int i = 0; i < 5; i++) word = circuit_after(word, false, now_us, &catalogue->house.circuit);
    assert_true(circuits_swap(world.standing, of_origin, cell, circuits_word(world.standing, of_origin, cell), word));
}

static void circuits_are_read(void **state)
{
    const int64_t now = NOW + 10 * SECOND;
    (void)state;
    open_circuit(false, live->cell, now);
    assert_int_equal(reason_now(live, now), REASON_CIRCUIT_OPEN);
    assert_int_equal(reason_now(fixed, now), REASON_NONE);             /* the other contract's is its own */
    assert_int_equal(reason_now(live, now + 2 * SECOND), REASON_NONE); /* a probe is due */
    open_circuit(true, live->ping_origin_cell, now + 10 * SECOND);
    assert_int_equal(reason_now(live, now + 10 * SECOND), REASON_CIRCUIT_OPEN);
    assert_int_equal(reason_now(fixed, now + 10 * SECOND), REASON_NONE); /* it is never pinged there */
    open_circuit(true, fixed->post_origin_cell, now + 20 * SECOND);
    assert_int_equal(reason_now(fixed, now + 20 * SECOND), REASON_CIRCUIT_OPEN);
    assert_int_equal(reason_now(live, now + 20 * SECOND), REASON_CIRCUIT_OPEN); /* they post to one origin */
}

static void load_pause_and_times_are_read(void **state)
{
    struct availability_view view;
    const int64_t now = NOW + 60 * SECOND;
    (void)state;
    switches_set(world.standing, fixed->cell, true);
    assert_int_equal(reason_now(fixed, now), REASON_PAUSED);
    switches_set(world.standing, fixed->cell, false);
    assert_true(rates_enter(world.standing, north->cell, 0) && rates_enter(world.standing, north->cell, 0));
    assert_int_equal(reason_now(fixed, now), REASON_THROTTLED);
    rates_leave(world.standing, north->cell);
    assert_int_equal(reason_now(fixed, now), REASON_NONE);
    rates_leave(world.standing, north->cell);
    while (rates_take_buyer(world.standing, north->cell, north->max_pings_per_s, now)) {
    }
    assert_int_equal(reason_now(live, now), REASON_THROTTLED);
    assert_int_equal(reason_now(fixed, now), REASON_NONE); /* a standing price makes no ping */
    for (int i = 0; i < 20; i++) rates_answered(world.standing, live->cell, 7000);
    availability_read(live, north, NULL, world.standing, now + 2 * SECOND, OPEN, &view);
    assert_int_equal(view.response_us, 7000);
    assert_int_equal(view.in_flight, 0);
}

static void caps_are_read_and_reserved(void **state)
{
    struct cap_key keys[RESERVATION_KEYS_MAX];
    struct availability_view view;
    unsigned full = 9;
    const int64_t now = NOW + 90 * SECOND;
    (void)state;
    assert_int_equal(keys_of(live, north, OPEN, 0, keys), 2);
    assert_int_equal(keys[0].limit, 2);
    assert_int_equal(keys[0].amount, 1);
    assert_int_equal((int64_t)keys[0].window * 60000, wall("2026-01-02T15:00:00Z"));
    assert_int_equal((int64_t)keys[1].window * 60000, wall("2026-01-02T05:00:00Z"));
    assert_memory_equal(&keys[1].id, &live->caps[1].id, sizeof keys[1].id);
    assert_int_equal(keys[1].cell, live->caps[1].cell);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(reason_now(live, now), REASON_NONE);
        assert_true(caps_reserve(world.standing, keys, 2, &full));
    }
    availability_read(live, north, NULL, world.standing, now, OPEN, &view);
    assert_int_equal(view.cap_full, 0);
    assert_int_equal(reason_now(live, now), REASON_CAPPED);
    assert_false(caps_reserve(world.standing, keys, 2, &full));
    /* The next hour has room; after one more the day is full, and the next day has room again. */
    int64_t later = OPEN + 3600000;
    availability_read(live, north, NULL, world.standing, now, later, &view);
    assert_int_equal(view.cap_full, -1);
    assert_int_equal(keys_of(live, north, later, 0, keys), 2);
    assert_true(caps_reserve(world.standing, keys, 2, &full));
    availability_read(live, north, NULL, world.standing, now, later, &view);
    assert_int_equal(view.cap_full, 1);
    availability_read(live, north, NULL, world.standing, now, wall("2026-01-03T04:59:59Z"), &view);
    assert_int_equal(view.cap_full, 1);
    availability_read(live, north, NULL, world.standing, now, wall("2026-01-03T05:00:00Z"), &view);
    assert_int_equal(view.cap_full, -1);
    assert_int_equal(keys_of(fixed, north, OPEN, 0, keys), 0);
}

/* The hour of autumn that comes twice is two windows, the day of 25 hours is one. */
static void windows_of_a_long_night(void **state)
{
    const struct cap hour = {.window = CAP_HOUR}, day = {.window = CAP_DAY};
    int64_t first = wall("2026-11-01T05:30:00Z"), second = wall("2026-11-01T06:30:00Z");
    (void)state;
    assert_int_equal(cap_window_of(&hour, north->zone, second) - cap_window_of(&hour, north->zone, first), 60);
    assert_int_equal(cap_window_of(&day, north->zone, first), wall("2026-11-01T04:00:00Z") / 60000);
    assert_int_equal(cap_window_of(&day, north->zone, wall("2026-11-02T04:59:59Z")),
                     wall("2026-11-01T04:00:00Z") / 60000);
}

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    catalogue = world_build(
        &world,
        "{'campaigns':[" WORLD_CAMPAIGN "],'buyers':[{" WORLD_BUYER(
            "north") ",'time_zone':'America/New_York',"
                     "'max_in_flight':2,'max_pings_per_s':5,'contracts':["
                     "{'id':'live','campaign':'auto','price':'live','ping_url':'https://ping.example/','post_url':"
                     "'https://post.example/','schedule':{'mon-fri':'08:00-20:00'},'caps':[{'window':'hour','leads':2},"
                     "{'window':'day','leads':3}]},"
                     "{'id':'fixed','campaign':'auto','price':'5','post_url':'https://post.example/'},"
                     "{'id':'seated','campaign':'auto','price':'5','post_url':'https://other.example/"
                     "','seats':'required'},"
                     "{'id':'quiet','campaign':'auto','price':'5','post_url':'https://other.example/',"
                     "'when_silent':'unavailable'}]}]}");
    live = catalogue_contract(catalogue, BYTES("live"));
    fixed = catalogue_contract(catalogue, BYTES("fixed"));
    seated = catalogue_contract(catalogue, BYTES("seated"));
    quiet = catalogue_contract(catalogue, BYTES("quiet"));
    north = catalogue_buyer(catalogue, BYTES("north"));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    catalogue_drop(&catalogue);
    world_close(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_obstacle_is_the_reason),
        cmocka_unit_test(a_packed_view_is_the_same_view),
        cmocka_unit_test(from_and_until),
        cmocka_unit_test(windows_of_caps),
        cmocka_unit_test(money_and_the_buyers_caps),
        cmocka_unit_test(never_over_with_many_threads),
        cmocka_unit_test(signals_and_silence),
        cmocka_unit_test(seats_are_read),
        cmocka_unit_test(circuits_are_read),
        cmocka_unit_test(load_pause_and_times_are_read),
        cmocka_unit_test(caps_are_read_and_reserved),
        cmocka_unit_test(windows_of_a_long_night),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
