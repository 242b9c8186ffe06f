/* zone: DST nights of three zones pinned by hand, days of 23 and 25 hours, a leap day, and files that must be refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exchange/market/zone.h"
#include "protocol/base/clock.h"
#include "tests/unit/exchange/market/tzif.h"

#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define HOUR INT64_C(3600)

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 16, 1 << 24);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static const struct zone *zone_by(const char *rule)
{
    char file[1024];
    struct sink sink = sink_over(file, sizeof file);
    const struct zone *zone = zone_parse(&arena, tzif_make(&sink, 0, NULL, 0, rule));
    if (!zone) fail_msg("refused: %s", rule);
    return zone;
}

static int64_t utc(const char *text)
{
    int64_t wall_ms;
    if (!clock_read_wall(bytes_of(text), &wall_ms)) fail_msg("not a time: %s", text);
    return wall_ms / 1000;
}

struct row {
    const char *rule, *at; /* UTC, by its offset */
    int32_t offset_s;
    const char *hour, *day; /* when the local hour and the local day began */
};

static void nights_of_change(void **state)
{
    static const struct row ROWS[] = {
        /* New York, spring: 02:00 EST becomes 03:00 EDT at 07:00 UTC; the day has 23 hours. */
        {NEW_YORK, "2026-03-08T06:59:59Z", -18000, "2026-03-08T06:00:00Z", "2026-03-08T05:00:00Z"},
        {NEW_YORK, "2026-03-08T07:00:00Z", -14400, "2026-03-08T07:00:00Z", "2026-03-08T05:00:00Z"},
        {NEW_YORK, "2026-03-09T03:59:59Z", -14400, "2026-03-09T03:00:00Z", "2026-03-08T05:00:00Z"},
        {NEW_YORK, "2026-03-09T04:00:00Z", -14400, "2026-03-09T04:00:00Z", "2026-03-09T04:00:00Z"},
        /* Autumn: 01:00 to 02:00 comes twice, and the second round is an hour of its own. */
        {NEW_YORK, "2026-11-01T05:30:00Z", -14400, "2026-11-01T05:00:00Z", "2026-11-01T04:00:00Z"},
        {NEW_YORK, "2026-11-01T06:30:00Z", -18000, "2026-11-01T06:00:00Z", "2026-11-01T04:00:00Z"},
        {NEW_YORK, "2026-11-02T04:59:59Z", -18000, "2026-11-02T04:00:00Z", "2026-11-01T04:00:00Z"},
        {NEW_YORK, "2026-11-02T05:00:00Z", -18000, "2026-11-02T05:00:00Z", "2026-11-02T05:00:00Z"},
        /* Berlin changes at 01:00 UTC, both ways. */
        {BERLIN, "2027-03-28T00:59:59Z", 3600, "2027-03-28T00:00:00Z", "2027-03-27T23:00:00Z"},
        {BERLIN, "2027-03-28T01:00:00Z", 7200, "2027-03-28T01:00:00Z", "2027-03-27T23:00:00Z"},
        {BERLIN, "2027-10-31T00:59:59Z", 7200, "2027-10-31T00:00:00Z", "2027-10-30T22:00:00Z"},
        {BERLIN, "2027-10-31T01:00:00Z", 3600, "2027-10-31T01:00:00Z", "2027-10-30T22:00:00Z"},
        /* Lord Howe moves by half an hour: 02:00 becomes 01:30, so 01:30 to 02:00 comes twice. */
        {LORD_HOWE, "2026-04-04T14:45:00Z", 39600, "2026-04-04T14:00:00Z", "2026-04-04T13:00:00Z"},
        {LORD_HOWE, "2026-04-04T15:15:00Z", 37800, "2026-04-04T15:00:00Z", "2026-04-04T13:00:00Z"},
        {LORD_HOWE, "2026-04-04T15:30:00Z", 37800, "2026-04-04T15:30:00Z", "2026-04-04T13:00:00Z"},
        {LORD_HOWE, "2026-10-03T15:29:59Z", 37800, "2026-10-03T14:30:00Z", "2026-10-03T13:30:00Z"},
        {LORD_HOWE, "2026-10-03T15:30:00Z", 39600, "2026-10-03T15:30:00Z", "2026-10-03T13:30:00Z"},
        /* The leap day, and beyond the years that are written out. */
        {NEW_YORK, "2028-02-29T12:34:56Z", -18000, "2028-02-29T12:00:00Z", "2028-02-29T05:00:00Z"},
        {NEW_YORK, "2028-03-01T04:59:59Z", -18000, "2028-03-01T04:00:00Z", "2028-02-29T05:00:00Z"},
        {NEW_YORK, "2150-03-08T06:59:59Z", -18000, "2150-03-08T06:00:00Z", "2150-03-08T05:00:00Z"},
        {NEW_YORK, "2150-03-08T07:00:00Z", -14400, "2150-03-08T07:00:00Z", "2150-03-08T05:00:00Z"},
        {NEW_YORK, "2150-11-01T06:30:00Z", -18000, "2150-11-01T06:00:00Z", "2150-11-01T04:00:00Z"},
        /* Before 1970, a zone without summer, one east of the date line. */
        {"UTC0", "1969-12-31T23:30:00Z", 0, "1969-12-31T23:00:00Z", "1969-12-31T00:00:00Z"},
        {"<+14>-14", "2026-01-01T09:59:59Z", 50400, "2026-01-01T09:00:00Z", "2025-12-31T10:00:00Z"},
        {"<+0545>-5:45", "2026-01-01T00:10:00Z", 20700, "2025-12-31T23:15:00Z", "2025-12-31T18:15:00Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct row *row = &ROWS[i];
        const struct zone *zone = zone_by(row->rule);
        int64_t at = utc(row->at);
        if (zone_offset_s(zone, at) != row->offset_s)
            fail_msg("%s at %s: offset %d", row->rule, row->at, (int)zone_offset_s(zone, at));
        if (zone_hour_start(zone, at) != utc(row->hour))
            fail_msg("%s at %s: the hour began %lld s before", row->rule, row->at,
                     (long long)(at - zone_hour_start(zone, at)));
        if (zone_day_start(zone, at) != utc(row->day))
            fail_msg("%s at %s: the day began %lld s before", row->rule, row->at,
                     (long long)(at - zone_day_start(zone, at)));
    }
}

static void changes_are_told(void **state)
{
    (void)state;
    const struct zone *zone = zone_by(NEW_YORK);
    assert_int_equal(zone_next_change(zone, utc("2026-01-01T00:00:00Z")), utc("2026-03-08T07:00:00Z"));
    assert_int_equal(zone_next_change(zone, utc("2026-03-08T07:00:00Z")), utc("2026-11-01T06:00:00Z"));
    assert_int_equal(zone_next_change(zone, utc("2150-01-01T00:00:00Z")), utc("2150-03-08T07:00:00Z"));
    assert_true(zone_next_change(zone_utc(), 0) == CLOCK_NEVER);
    assert_true(zone_next_change(zone_by("EST5"), 0) == CLOCK_NEVER);
    assert_int_equal(zone_day_start(zone_utc(), 86400 * 3 + 17), 86400 * 3);
}

/* A gap at midnight (the day starts at 01:00), an hour repeated over midnight, and a date that is skipped whole. */
static void listed_changes(void **state)
{
    (void)state;
    int64_t gap = utc("2026-03-01T00:00:00Z"), back = utc("2026-06-01T00:30:00Z"), line = utc("2026-09-01T00:00:00Z");
    const struct tzif_change changes[] = {{gap, 3600}, {back - 3600, 0}, {line, 86400}};
    char file[1024];
    struct sink sink = sink_over(file, sizeof file);
    const struct zone *zone = zone_parse(&arena, tzif_make(&sink, 0, changes, 3, ""));
    assert_non_null(zone);
    assert_int_equal(zone_day_start(zone, gap - 1), gap - 86400);
    assert_int_equal(zone_day_start(zone, gap + 5), gap); /* local 01:00:05, and there was no 00:30 */
    assert_int_equal(zone_hour_start(zone, gap + 5), gap);
    /* Local 00:30 of 1 June becomes 23:30 of 31 May; 1 June had begun half an hour before. */
    assert_int_equal(zone_day_start(zone, back - 3600 - 1), back - 3600 - 1800);
    assert_int_equal(zone_day_start(zone, back - 3600), back - 3600 - 1800 - 86400);
    assert_int_equal(zone_day_start(zone, back), back - 3600 - 1800);
    assert_int_equal(zone_offset_s(zone, line), 86400);
    assert_int_equal(zone_day_start(zone, line), line);
    assert_int_equal(zone_offset_s(zone, utc("2200-01-01T00:00:00Z")), 86400); /* no rule: the last one stays */
}

static void what_is_no_zone_file(void **state)
{
    (void)state;
    char file[1024], copy[1024];
    const struct tzif_change changes[] = {{1000, 3600}, {2000, 0}};
    struct sink sink = sink_over(file, sizeof file);
    struct bytes whole = tzif_make(&sink, 0, changes, 2, NEW_YORK);
    assert_non_null(zone_parse(&arena, whole));
    for (size_t len = 0; len < whole.len; len++) { /* cut anywhere, in memory of just that length */
        char *exact = malloc(len ? len : 1);
        memcpy(exact, whole.at, len);
        if (zone_parse(&arena, (struct bytes){exact, len})) fail_msg("taken although cut at %zu", len);
        free(exact);
    }
    const size_t second = 44 + 6 + 4, times = second + 44, kinds = times + 16;
    const struct {
        size_t at;
        char value;
    } DAMAGE[] = {{0, 'X'},          {4, '1'},          {4, 0},           {second, 't'},       {second + 43, 99},
                  {second + 31, 1},  {second + 39, 0},  {times + 6, 127}, {kinds, 3},          {kinds + 2, 0x7F},
                  {second + 32, 64}, {second + 24, 64}, {second + 20, 1}, {whole.len - 1, 'x'}};
    for (size_t i = 0; i < sizeof DAMAGE / sizeof *DAMAGE; i++) {
        memcpy(copy, whole.at, whole.len);
        copy[DAMAGE[i].at] = DAMAGE[i].value;
        if (zone_parse(&arena, (struct bytes){copy, whole.len}))
            fail_msg("taken although byte %zu is changed", DAMAGE[i].at);
    }
    /* The same file, but for a leap second counted in it: 12 bytes before the footer. */
    size_t footer = whole.len - sizeof NEW_YORK - 1;
    memcpy(copy, whole.at, footer);
    memset(copy + footer, 0, 12);
    memcpy(copy + footer + 12, whole.at + footer, whole.len - footer);
    copy[second + 31] = 1;
    assert_null(zone_parse(&arena, (struct bytes){copy, whole.len + 12}));
    copy[second + 31] = 0;
    copy[second + 43] = 4 + 12; /* counted as letters those bytes are harmless */
    assert_non_null(zone_parse(&arena, (struct bytes){copy, whole.len + 12}));
    struct sink other = sink_over(file, sizeof file);
    assert_null(zone_parse(&arena, tzif_make(&other, 0, NULL, 0, "EST5EDT")));
    struct arena small;
    arena_init(&small, 64, 128);
    other = sink_over(file, sizeof file);
    assert_null(zone_parse(&small, tzif_make(&other, 0, NULL, 0, NEW_YORK)));
    arena_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nights_of_change),
        cmocka_unit_test(changes_are_told),
        cmocka_unit_test(listed_changes),
        cmocka_unit_test(what_is_no_zone_file),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
