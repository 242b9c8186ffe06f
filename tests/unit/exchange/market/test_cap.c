/* cap: segments, percent, pace, posts and pings, caps of affiliates; windows over the nights of change in three zones;
 * and eight threads selling to one contract under all of them. */
#include "exchange/market/cap.h"

#include <pthread.h>

#include "exchange/market/availability.h"
#include "protocol/base/clock.h"
#include "tests/unit/exchange/market/world.h"

static struct world world;

static int64_t wall(const char *text)
{
    int64_t ms;
    if (!clock_read_wall(bytes_of(text), &ms)) fail_msg("not a time: %s", text);
    return ms;
}

#define NOON wall("2026-01-02T12:00:00Z") /* a Friday */

#define MARKET(buyer_keys, contract_keys)                                                                              \
    "{'campaigns':[" WORLD_CAMPAIGN "],'affiliates':[{'id':'best','campaigns':['auto']}],'buyers':[{" WORLD_BUYER("n") \
        buyer_keys ",'contracts':[{'id':'c','campaign':'auto','price':'live','ping_url':'https://n.example/',"         \
                   "'post_url':'https://n.example/'" contract_keys "}]}]}"

/* A market of one contract, and a lead that may be sold to it. */
struct deal {
    struct catalogue *catalogue;
    const struct contract *contract;
    const struct buyer *buyer;
    struct facts facts;
    int64_t wall_ms;
};

static struct deal open_deal(const char *market)
{
    struct deal deal = {.catalogue = world_build(&world, market), .wall_ms = NOON};
    deal.contract = catalogue_contract(deal.catalogue, BYTES("c"));
    deal.buyer = catalogue_buyer(deal.catalogue, BYTES("n"));
    deal.facts = world_lead(&world, &deal.catalogue->campaigns[0], LEAD_PING, "{'state':'CA','zip':'94110'}").facts;
    deal.facts.affiliate = BYTES("best");
    deal.facts.source = BYTES("fb");
    deal.facts.channel = BYTES("social");
    return deal;
}

static void set_state(struct deal *deal, const char *state)
{
    char lead[64];
    struct bytes affiliate = deal->facts.affiliate, source = deal->facts.source, channel = deal->facts.channel;
    snprintf(lead, sizeof lead, "{'state':'%s','zip':'94110'}", state);
    deal->facts = world_lead(&world, &deal->catalogue->campaigns[0], LEAD_PING, lead).facts;
    deal->facts.affiliate = affiliate;
    deal->facts.source = source;
    deal->facts.channel = channel;
}

static unsigned keys_of(const struct deal *deal, int64_t price_micros, struct cap_key *keys)
{
    struct cap_segments segments;
    cap_segments_of(&deal->facts, &segments);
    struct cap_deal wish = {.catalogue = deal->catalogue,
                            .contract = deal->contract,
                            .affiliate = catalogue_affiliate(deal->catalogue, deal->facts.affiliate),
                            .segments = &segments,
                            .wall_ms = deal->wall_ms,
                            .price_micros = price_micros,
                            .payout_micros = price_micros / 2};
    return cap_keys(&wish, world.standing, keys);
}

static bool is_full(const struct deal *deal)
{
    struct availability_lead lead;
    struct availability_view view;
    availability_lead(&deal->facts, deal->wall_ms, &lead);
    availability_read(deal->contract, deal->buyer, &lead, world.standing, 1, deal->wall_ms, &view);
    return view.cap_full >= 0;
}

enum end { SOLD, REJECTED, FAILED, IN_DOUBT };

/* True: there was room; what is looked at beforehand never says less. */
static bool sell(const struct deal *deal, enum end end)
{
    struct cap_key keys[RESERVATION_KEYS_MAX];
    unsigned full, count = keys_of(deal, 5000000, keys);
    bool was_full = is_full(deal), has_room = caps_reserve(world.standing, keys, count, &full);
    assert_true(has_room || was_full || keys[full].amount > 1 || deal->catalogue->affiliates[0].caps_count);
    if (!has_room) return false;
    if (end == SOLD) caps_count(world.standing, keys, count);
    if (end == REJECTED || end == FAILED) caps_release(world.standing, keys, count, end == REJECTED);
    return true;
}

static void a_count_for_each(void **state)
{
    struct deal deal = open_deal(MARKET(",'caps':[{'window':'month','leads':5}]",
                                        ",'caps':[{'window':'day','leads':2,'per':'state'},"
                                        "{'window':'day','leads':3,'per':'source'}]"));
    (void)state;
    assert_true(sell(&deal, SOLD) && sell(&deal, REJECTED) && sell(&deal, IN_DOUBT));
    assert_false(sell(&deal, SOLD)); /* two from California */
    assert_true(is_full(&deal));
    set_state(&deal, "NV");
    assert_false(is_full(&deal));
    assert_true(sell(&deal, SOLD));
    assert_false(sell(&deal, SOLD)); /* three from that source */
    deal.facts.source = BYTES("");   /* not told: a segment like others */
    assert_true(sell(&deal, SOLD));
    deal.facts.source = BYTES("tiktok");
    assert_false(sell(&deal, SOLD)); /* two from Nevada */
    set_state(&deal, "TX");
    assert_true(sell(&deal, SOLD));
    set_state(&deal, "FL");
    assert_false(sell(&deal, SOLD)); /* five in all */
    struct availability_view view;   /* of the contract alone: whose segments are full is not asked */
    availability_read(deal.contract, deal.buyer, NULL, world.standing, 1, deal.wall_ms, &view);
    assert_int_equal(view.cap_full, 2);
    catalogue_drop(&deal.catalogue);
}

/* Another market with the same ids counts on where this one stopped; another segment kind is another cap. */
static void counts_outlive_a_reload(void **state)
{
    struct deal deal = open_deal(MARKET("", ",'caps':[{'window':'week','leads':1,'per':'affiliate'}]"));
    struct cap_key before[RESERVATION_KEYS_MAX], after[RESERVATION_KEYS_MAX];
    (void)state;
    keys_of(&deal, 1, before);
    assert_true(sell(&deal, SOLD));
    catalogue_drop(&deal.catalogue);
    deal = open_deal(MARKET("", ",'caps':[{'window':'week','leads':2,'per':'affiliate'},"
                                "{'window':'week','leads':1,'per':'channel'},{'window':'week','leads':9}]"));
    assert_int_equal(keys_of(&deal, 1, after), 3);
    assert_memory_equal(&before[0].id, &after[0].id, sizeof before[0].id);
    assert_int_equal(caps_used(world.standing, after[0].cell, after[0].window), 1);
    assert_int_equal(after[1].cell, STANDING_NONE);
    assert_true(sell(&deal, SOLD));
    assert_false(sell(&deal, SOLD));
    catalogue_drop(&deal.catalogue);
}

/* After each sale no segment is over its share of what was sold, rounded up; and five segments never stand still. */
static void never_over_a_percent(void **state)
{
    struct deal deal = open_deal(MARKET("", ",'caps':[{'window':'month','percent':30,'per':'channel'}]"));
    static const char *const CHANNELS[] = {"search", "social", "email", "sms", "other"};
    struct dice dice = {11};
    unsigned held[5] = {0}, all = 0, refused = 0;
    (void)state;
    for (unsigned i = 0; i < 4000; i++) {
        unsigned which = dice_below(&dice, 3) ? 0 : dice_below(&dice, 5);
        enum end end = (enum end)dice_below(&dice, 3);
        deal.facts.channel = bytes_of(CHANNELS[which]);
        bool fits = held[which] < (30 * (all + 1) + 99) / 100;
        assert_int_equal(sell(&deal, end), fits);
        refused += !fits;
        held[which] += fits && end == SOLD;
        all += fits && end == SOLD;
        assert_true(held[which] <= (30 * all + 99) / 100);
    }
    assert_true(all > 200 && refused > 200);
    catalogue_drop(&deal.catalogue);
}

/* Posts under way are no sales: two in flight do not make room for each other. */
static void in_flight_is_not_sold(void **state)
{
    struct deal deal = open_deal(MARKET("", ",'caps':[{'window':'month','percent':50,'per':'channel'}]"));
    (void)state;
    assert_true(sell(&deal, IN_DOUBT));
    deal.facts.channel = BYTES("email");
    assert_true(sell(&deal, IN_DOUBT));
    assert_false(sell(&deal, IN_DOUBT)); /* nothing is sold yet */
    deal.facts.channel = BYTES("sms");
    assert_true(sell(&deal, SOLD));
    assert_false(sell(&deal, SOLD)); /* half of two */
    deal.facts.channel = BYTES("other");
    assert_true(sell(&deal, SOLD));
    deal.facts.channel = BYTES("email");
    assert_true(sell(&deal, SOLD)); /* two of three: half of them, rounded up */
    assert_false(sell(&deal, SOLD));
    catalogue_drop(&deal.catalogue);
}

static void posts_and_pings(void **state)
{
    struct deal deal = open_deal(MARKET(",'caps':[{'window':'day','leads':2,'counts':'pings'}]",
                                        ",'caps':[{'window':'day','leads':2,'counts':'posts'}]"));
    struct cap_key keys[RESERVATION_KEYS_MAX];
    struct cap_segments segments = {{{{0}}}};
    unsigned full;
    (void)state;
    assert_true(deal.contract->counts_pings);
    assert_true(sell(&deal, FAILED) && sell(&deal, FAILED) && sell(&deal, REJECTED) && sell(&deal, SOLD));
    assert_false(sell(&deal, SOLD)); /* two were posted */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(cap_ping_keys(deal.contract, deal.buyer, &segments, world.standing, deal.wall_ms, keys), 1);
        assert_int_equal(caps_reserve(world.standing, keys, 1, &full), i < 2);
    }
    deal.wall_ms += 86400000;
    assert_false(is_full(&deal));
    catalogue_drop(&deal.catalogue);
}

/* A day's cap of 12 over twelve open hours: one at the opening, one more each hour, all of them an hour before the end.
 */
static void spread_over_the_open_hours(void **state)
{
    struct deal deal = open_deal(MARKET(",'time_zone':'America/New_York'",
                                        ",'schedule':{'mon-fri':'08:00-20:00'},"
                                        "'caps':[{'window':'day','leads':12,'pace':true}]"));
    int64_t open = wall("2026-01-02T13:00:00Z");
    unsigned sold = 0;
    (void)state;
    for (int64_t minute = 0; minute < 12 * 60; minute += 7) {
        deal.wall_ms = open + minute * 60000;
        while (sell(&deal, SOLD)) sold++;
        assert_int_equal(sold, minute / 60 + 1);
        assert_true(is_full(&deal));
    }
    deal.wall_ms = wall("2026-01-03T05:00:00Z"); /* Saturday is closed: a lead promised before has the whole cap */
    assert_int_equal(
        cap_limit_now(&deal.contract->caps[0], deal.buyer->zone, deal.contract->schedule, world.standing, deal.wall_ms),
        12);
    catalogue_drop(&deal.catalogue);
    deal = open_deal(MARKET("", ",'caps':[{'window':'day','money':'24','pace':true}]"));
    deal.wall_ms = wall("2026-01-02T00:00:00Z");
    assert_false(sell(&deal, SOLD));
    deal.wall_ms = wall("2026-01-02T04:59:59Z");
    assert_false(sell(&deal, SOLD)); /* 4.99 have come together */
    deal.wall_ms = wall("2026-01-02T05:00:00Z");
    assert_true(sell(&deal, SOLD));
    assert_false(sell(&deal, SOLD));
    catalogue_drop(&deal.catalogue);
}

#define SELLER                                                                                                         \
    "{'campaigns':[" WORLD_CAMPAIGN ",{'id':'home','fields':{'f':{'type':'text'}}}],'affiliates':[{'id':'best',"       \
    "'campaigns':['home','auto'],'caps':[{'window':'day','leads':2,'per':'source'},{'window':'month','money':'10'},"   \
    "{'window':'hour','leads':3,'counts':'pings'}]}],'buyers':[{" WORLD_BUYER(                                         \
        "n") ",'contracts':[{'id':'c','campaign':'auto','price':'live','ping_url':'https://n.example/',"               \
             "'post_url':'https://n.example/'}]}]}"

/* An affiliate's caps count in each campaign apart, its money is its payout, its day the house's. */
static void caps_of_affiliates(void **state)
{
    (void)state;
    world.house.time_zone = BYTES("America/New_York");
    struct deal deal = open_deal(SELLER);
    const struct affiliate *best = catalogue_affiliate(deal.catalogue, BYTES("best"));
    const struct campaign *automobile = catalogue_campaign(deal.catalogue, BYTES("auto"));
    const struct campaign *home = catalogue_campaign(deal.catalogue, BYTES("home"));
    struct cap_key keys[RESERVATION_KEYS_MAX];
    struct cap_segments segments;
    cap_segments_of(&deal.facts, &segments);
    assert_memory_not_equal(&cap_of_affiliate(best, automobile)[0].id, &cap_of_affiliate(best, home)[0].id, 16);
    assert_int_equal(keys_of(&deal, 5000000, keys), 2);
    assert_int_equal(keys[0].window, wall("2026-01-02T05:00:00Z") / 60000);
    assert_int_equal(keys[1].amount, 250); /* the payout, half of the price here */
    assert_true(sell(&deal, SOLD) && sell(&deal, SOLD));
    assert_false(sell(&deal, SOLD));
    assert_false(cap_admits(deal.catalogue, best, automobile, &segments, world.standing, deal.wall_ms));
    deal.facts.source = BYTES("tiktok");
    assert_true(sell(&deal, SOLD) && sell(&deal, SOLD)); /* 10.00 */
    deal.facts.source = BYTES("other");
    assert_false(sell(&deal, SOLD));
    deal.wall_ms = wall("2026-02-02T12:00:00Z");
    for (int i = 0; i < 5; i++)
        assert_int_equal(cap_admits(deal.catalogue, best, automobile, &segments, world.standing, deal.wall_ms), i < 3);
    assert_true(cap_admits(deal.catalogue, best, automobile, &segments, world.standing, deal.wall_ms + 3600000));
    catalogue_drop(&deal.catalogue);
    world.house.time_zone = BYTES_NONE;
}

/* Windows over the nights of change, in the north and the south: a day of 23 or 25 hours is one window, and so are a
 * leap day and the week around it; a repeated hour is two. */
static void windows_over_the_nights(void **state)
{
    static const struct {
        const char *rule, *from, *until; /* the day's first instant and the next day's */
        int64_t hours;
    } ROWS[] = {
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z", 23},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", 25},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", 23},
        {"CET-1CEST,M3.5.0,M10.5.0/3", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", 25},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-10-03T14:00:00Z", "2026-10-04T13:00:00Z", 23},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-04-04T13:00:00Z", "2026-04-05T14:00:00Z", 25},
        {"EST5EDT,M3.2.0,M11.1.0", "2028-02-29T05:00:00Z", "2028-03-01T05:00:00Z", 24},
    };
    static const struct cap DAY = {.window = CAP_DAY}, HOUR = {.window = CAP_HOUR};
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char file[1024];
        struct sink sink = sink_over(file, sizeof file);
        const struct zone *zone = zone_parse(&world.arena, tzif_make(&sink, 0, NULL, 0, ROWS[i].rule));
        int64_t from = wall(ROWS[i].from), until = wall(ROWS[i].until), hours = 0, last = 0;
        assert_non_null(zone);
        assert_int_equal(until - from, ROWS[i].hours * 3600000);
        for (int64_t at = from; at < until; at += 60000) {
            assert_int_equal(cap_window_of(&DAY, zone, at), from / 60000);
            int64_t hour = cap_window_of(&HOUR, zone, at);
            hours += hour != last;
            last = hour;
        }
        assert_int_equal(hours, ROWS[i].hours);
        assert_int_equal(cap_window_of(&DAY, zone, until), until / 60000);
        assert_true(cap_window_of(&DAY, zone, from - 1) < from / 60000);
    }
}

#define SELLERS 8
#define TRIES 3000
static const char *const STATES[] = {"CA", "NV", "TX"};

struct seller {
    struct deal deals[3]; /* one of each state */
    uint64_t seed;
    unsigned kept[3];
};

static void *sell_many(void *arg)
{
    struct seller *seller = arg;
    struct dice dice = {seller->seed};
    for (unsigned i = 0; i < TRIES; i++) {
        struct cap_key keys[RESERVATION_KEYS_MAX];
        unsigned full, which = dice_below(&dice, 3), count = keys_of(&seller->deals[which], 5000000, keys);
        if (!caps_reserve(world.standing, keys, count, &full)) continue;
        if (dice_below(&dice, 3) == 0) {
            caps_release(world.standing, keys, count, true);
            continue;
        }
        caps_count(world.standing, keys, count);
        seller->kept[which]++;
    }
    return NULL;
}

/* Never over by one: per state, over all, and in percent of what was sold. */
static void never_over_with_many_threads(void **state)
{
    struct seller sellers[SELLERS];
    pthread_t threads[SELLERS];
    unsigned kept[3] = {0}, all = 0;
    (void)state;
    struct deal deal = open_deal(MARKET(",'caps':[{'window':'month','leads':2500}]",
                                        ",'caps':[{'window':'day','leads':900,'per':'state'},"
                                        "{'window':'week','percent':40,'per':'state'}]"));
    for (unsigned i = 0; i < SELLERS; i++) {
        sellers[i] = (struct seller){.seed = i + 1};
        for (unsigned k = 0; k < 3; k++) {
            set_state(&deal, STATES[k]);
            sellers[i].deals[k] = deal;
        }
    }
    for (unsigned i = 0; i < SELLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sell_many, &sellers[i]), 0);
    for (unsigned i = 0; i < SELLERS; i++) pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < SELLERS * 3; i++) kept[i % 3] += sellers[i / 3].kept[i % 3];
    for (unsigned i = 0; i < 3; i++) all += kept[i];
    assert_in_range(all, 100, 2500);
    for (unsigned i = 0; i < 3; i++) {
        assert_in_range(kept[i], 1, 900);
        assert_true(kept[i] <= (40 * all + 99) / 100);
    }
    catalogue_drop(&deal.catalogue);
}

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_count_for_each, setup, teardown),
        cmocka_unit_test_setup_teardown(counts_outlive_a_reload, setup, teardown),
        cmocka_unit_test_setup_teardown(never_over_a_percent, setup, teardown),
        cmocka_unit_test_setup_teardown(in_flight_is_not_sold, setup, teardown),
        cmocka_unit_test_setup_teardown(posts_and_pings, setup, teardown),
        cmocka_unit_test_setup_teardown(spread_over_the_open_hours, setup, teardown),
        cmocka_unit_test_setup_teardown(caps_of_affiliates, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_over_the_nights, setup, teardown),
        cmocka_unit_test_setup_teardown(never_over_with_many_threads, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
