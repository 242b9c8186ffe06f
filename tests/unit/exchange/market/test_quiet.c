/* quiet: whose hours, in whose zone; what is not told, what no table knows; and the tables compiled. */
#include "exchange/market/quiet.h"

#include "protocol/base/clock.h"
#include "tests/unit/exchange/market/world.h"

static struct world world;

static const char ZIPS[] = "10001\t40.75\t-73.99\tNY\tNew York\tAmerica/New_York\n"
                           "94110\t37.75\t-122.42\tCA\tSan Francisco\tAmerica/Los_Angeles\n"
                           "89501\t39.53\t-119.81\tNV\tWashoe\tAmerica/Los_Angeles\n";
static const char AREAS[] = "212\tNY\tAmerica/New_York\n415\tCA\tAmerica/Los_Angeles\n702\tNV\tAmerica/Los_Angeles\n";

#define CAMPAIGN(quiet)                                                                                                \
    "{'campaigns':[{'id':'auto','fields':{'state':{'type':'us_state','private':false},"                                \
    "'zip':{'type':'us_zip','private':false},'phone':{'type':'us_phone'}},'quiet_hours':" quiet "}]}"

static int64_t wall(const char *text)
{
    int64_t ms;
    if (!clock_read_wall(bytes_of(text), &ms)) fail_msg("not a time: %s", text);
    return ms;
}

struct row {
    const char *lead, *at; /* January: New York is five hours behind, Los Angeles eight */
    bool is_quiet;
};

static void check_rows(const char *market, const struct row *rows, size_t count)
{
    struct catalogue *catalogue = world_build(&world, market);
    for (size_t i = 0; i < count; i++) {
        struct lead_form form = world_lead(&world, &catalogue->campaigns[0], LEAD_ONE_CALL, rows[i].lead);
        bool quiet = quiet_is_now(catalogue->campaigns[0].quiet, &form.facts, wall(rows[i].at));
        if (quiet != rows[i].is_quiet) fail_msg("row %zu: %s at %s", i, rows[i].lead, rows[i].at);
    }
    catalogue_drop(&catalogue);
}

#define CHECK(market, rows) check_rows(market, rows, sizeof(rows) / sizeof *(rows))

static void by_the_zip(void **state)
{
    static const struct row ROWS[] = {
        {"{'zip':'10001'}", "2026-01-05T12:59:59Z", true},
        {"{'zip':'10001'}", "2026-01-05T13:00:00Z", false},
        {"{'zip':'10001'}", "2026-01-06T01:59:59Z", false},
        {"{'zip':'10001'}", "2026-01-06T02:00:00Z", true},
        {"{'zip':'94110'}", "2026-01-05T15:59:59Z", true},
        {"{'zip':'94110'}", "2026-01-05T16:00:00Z", false},
        {"{'zip':'94110'}", "2026-07-06T15:00:00Z", false},
        {"{'zip':'94110'}", "2026-07-06T14:59:00Z", true},
        /* the phone is not asked */
        {"{'zip':'10001','phone':'4155550142'}", "2026-01-05T13:00:00Z", false},
        /* nobody knows where: open in both zones */
        {"{'zip':'99999'}", "2026-01-05T13:00:00Z", true},
        {"{'zip':'99999'}", "2026-01-05T16:00:00Z", false},
        {"{'zip':'99999'}", "2026-01-06T02:00:00Z", true},
        {"{'phone':'2125550142'}", "2026-01-05T13:00:00Z", true},
        {"{'phone':'2125550142'}", "2026-01-05T16:00:00Z", false},
    };
    (void)state;
    CHECK(CAMPAIGN("{'default':'08:00-21:00','zone_from':'zip'}"), ROWS);
}

static void by_the_phone(void **state)
{
    static const struct row ROWS[] = {
        {"{'phone':'2125550142'}", "2026-01-05T13:00:00Z", false},
        {"{'phone':'4155550142'}", "2026-01-05T13:00:00Z", true},
        {"{'phone':'4155550142','zip':'10001'}", "2026-01-05T13:00:00Z", true},
        {"{'phone':'3055550142'}", "2026-01-05T13:00:00Z", true}, /* no table knows 305 */
        {"{'phone':'3055550142'}", "2026-01-05T16:00:00Z", false},
        {"{'zip':'10001'}", "2026-01-05T13:00:00Z", true}, /* not told */
        {"{'zip':'10001'}", "2026-01-05T16:00:00Z", false},
    };
    (void)state;
    CHECK(CAMPAIGN("{'default':'08:00-21:00','zone_from':'phone'}"), ROWS);
}

/* Open in each; what is not told yet is asked at the post. */
static void by_both(void **state)
{
    static const struct row ROWS[] = {
        {"{'phone':'2125550142','zip':'10001'}", "2026-01-05T13:00:00Z", false},
        {"{'phone':'4155550142','zip':'10001'}", "2026-01-05T13:00:00Z", true},
        {"{'phone':'4155550142','zip':'10001'}", "2026-01-05T16:00:00Z", false},
        {"{'phone':'4155550142','zip':'10001'}", "2026-01-06T02:00:00Z", true},
        {"{'zip':'10001'}", "2026-01-05T13:00:00Z", false},
        {"{'phone':'2125550142'}", "2026-01-05T13:00:00Z", false},
        {"{'phone':'3055550142','zip':'10001'}", "2026-01-05T13:00:00Z", true},
        {"{'phone':'2125550142','zip':'99999'}", "2026-01-05T13:00:00Z", true},
        {"{}", "2026-01-05T13:00:00Z", true},
        {"{}", "2026-01-05T16:00:00Z", false},
    };
    (void)state;
    CHECK(CAMPAIGN("{'default':'08:00-21:00'}"), ROWS);
}

/* Nevada may be called until 20:00 only: wherever Nevada comes from. */
static void by_state(void **state)
{
    static const struct row ROWS[] = {
        {"{'zip':'89501'}", "2026-01-06T03:59:00Z", false},
        {"{'zip':'89501'}", "2026-01-06T04:00:00Z", true},
        {"{'zip':'94110'}", "2026-01-06T04:00:00Z", false},
        {"{'phone':'4155550142','state':'NV'}", "2026-01-06T04:00:00Z", true}, /* so the lead says */
        {"{'zip':'94110','state':'CA'}", "2026-01-06T04:00:00Z", false},
        {"{'phone':'7025550142','state':'CA'}", "2026-01-06T04:00:00Z", true},
        {"{'zip':'94110','phone':'7025550142'}", "2026-01-06T04:00:00Z", true},
        {"{}", "2026-01-06T00:59:00Z", false}, /* somewhere: 19:59 in New York */
        {"{}", "2026-01-06T01:00:00Z", true},
        {"{'state':'CA'}", "2026-01-06T01:00:00Z", false}, /* somewhere in California, in one of the zones */
    };
    (void)state;
    CHECK(CAMPAIGN("{'default':'08:00-21:00','by_state':{'NV':'08:00-20:00'},'zone_from':'both'}"), ROWS);
}

/* A local hour that the night skips is never open, one that it repeats is open twice. */
static void nights_of_change(void **state)
{
    static const struct row ROWS[] = {
        {"{'zip':'10001'}", "2026-03-08T06:30:00Z", true},  /* 01:30 */
        {"{'zip':'10001'}", "2026-03-08T07:00:00Z", true},  /* 03:00 */
        {"{'zip':'10001'}", "2026-11-01T05:30:00Z", true},  /* 01:30 */
        {"{'zip':'10001'}", "2026-11-01T06:30:00Z", true},  /* 01:30 again */
        {"{'zip':'10001'}", "2026-11-01T07:00:00Z", false}, /* 02:00 */
        {"{'zip':'10001'}", "2028-02-29T07:00:00Z", false}, /* a leap day */
    };
    (void)state;
    CHECK(CAMPAIGN("{'default':'02:00-03:00','zone_from':'zip'}"), ROWS);
}

static void no_such_zone(void **state)
{
    struct geo geo = {0};
    struct geo_error error;
    (void)state;
    assert_true(
        geo_read_zips(&geo, BYTES("10001\t40.75\t-73.99\tNY\tNew York\tAmerica/Atlantis\n"), &world.arena, &error));
    world.geo = &geo;
    assert_null(world_try(&world, CAMPAIGN("{'default':'08:00-21:00','zone_from':'zip'}")));
    assert_non_null(strstr(world.found, "name the time zone America/Atlantis, which is not there"));
}

/* A snapshot that was packed and read again says the same. */
static void out_of_the_book(void **state)
{
    (void)state;
    struct catalogue *catalogue = world_build(&world, CAMPAIGN("{'default':'08:00-21:00'}"));
    struct catalogue *again = catalogue_unpack(catalogue->packed, world_zone, &world);
    assert_non_null(again);
    struct lead_form form = world_lead(&world, &again->campaigns[0], LEAD_ONE_CALL, "{'zip':'10001'}");
    assert_true(quiet_is_now(again->campaigns[0].quiet, &form.facts, wall("2026-01-05T12:59:59Z")));
    assert_false(quiet_is_now(again->campaigns[0].quiet, &form.facts, wall("2026-01-05T13:00:00Z")));
    catalogue_drop(&again);
    catalogue_drop(&catalogue);
}

static int setup(void **state)
{
    static struct geo geo;
    struct geo_error error;
    (void)state;
    world_open(&world);
    geo = (struct geo){0};
    assert_true(geo_read_zips(&geo, bytes_of(ZIPS), &world.arena, &error));
    assert_true(geo_read_areas(&geo, bytes_of(AREAS), &world.arena, &error));
    world.geo = &geo;
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
        cmocka_unit_test_setup_teardown(by_the_zip, setup, teardown),
        cmocka_unit_test_setup_teardown(by_the_phone, setup, teardown),
        cmocka_unit_test_setup_teardown(by_both, setup, teardown),
        cmocka_unit_test_setup_teardown(by_state, setup, teardown),
        cmocka_unit_test_setup_teardown(nights_of_change, setup, teardown),
        cmocka_unit_test_setup_teardown(no_such_zone, setup, teardown),
        cmocka_unit_test_setup_teardown(out_of_the_book, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
