/* posix_zone: every form of a rule, its nearest misses, and the days it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/posix_zone.h"
#include "protocol/base/clock.h"

static void rules_are_read(void **state)
{
    struct posix_zone zone;
    (void)state;
    assert_true(posix_zone_read(BYTES("UTC0"), &zone));
    assert_false(zone.has_summer);
    assert_true(posix_zone_read(BYTES("<-0330>3:30<-0230>,M3.2.0/0:01,M11.1.0/0:01"), &zone));
    assert_int_equal(zone.standard_s, -12600);
    assert_int_equal(zone.summer_s, -9000);
    assert_int_equal(zone.start.time_s, 60);
    assert_true(posix_zone_read(BYTES("IST-1GMT0,M10.5.0,M3.5.0/1"), &zone));
    assert_int_equal(zone.standard_s, 3600);
    assert_int_equal(zone.summer_s, 0);
    assert_int_equal(zone.start.week, 5);
    assert_int_equal(zone.end.time_s, 3600);
    assert_true(posix_zone_read(BYTES("<-02>2<-01>,M3.5.0/-1,M10.5.0/0"), &zone));
    assert_int_equal(zone.start.time_s, -3600);
    assert_true(posix_zone_read(BYTES("AAA+1:02:03BBB,J60/167,0/-167:59:59"), &zone));
    assert_int_equal(zone.standard_s, -3723);
    assert_int_equal(zone.start.kind, POSIX_JULIAN);
    assert_int_equal(zone.start.time_s, 167 * 3600);
    assert_int_equal(zone.end.kind, POSIX_ZERO_BASED);
}

static void what_is_no_rule(void **state)
{
    static const char *const WRONG[] = {
        "",
        "UTC",
        "5",
        "ES5",
        "EST5EDT",
        "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M0.2.0,M11.1.0",
        "EST5EDT,M3.0.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,J0,J365",
        "EST5EDT,J366,J1",
        "EST5EDT,366,1",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "EST25",
        "EST5:60",
        "<EST5",
        "<E>5",
        "EST5EDT,M3.2.0,M11.1.0,",
        "EST5EDT,M3.2.0,M11.1.0 ",
        "EST5 ",
        "EST5EDT,M3.2,M11.1.0",
        "EST5ED,M3.2.0,M11.1.0",
        "EST--5",
        "EST5EDT M3.2.0,M11.1.0",
    };
    struct posix_zone zone;
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        if (posix_zone_read(bytes_of(WRONG[i]), &zone)) fail_msg("taken: \"%s\"", WRONG[i]);
}

static int64_t day(int64_t year, unsigned month, unsigned number)
{
    return clock_days_from_date(year, month, number) * 86400;
}

static void days_are_found(void **state)
{
    struct posix_zone zone;
    struct zone_change changes[POSIX_CHANGES];
    (void)state;
    assert_true(posix_zone_read(BYTES("AAA0BBB0,J60/0,59/0"), &zone));
    posix_zone_changes(&zone, 2027, changes); /* 1 March, both ways of counting */
    assert_int_equal(changes[0].at_s, day(2027, 3, 1));
    assert_int_equal(changes[1].at_s, day(2027, 3, 1));
    posix_zone_changes(&zone, 2028, changes); /* J never counts 29 February, n does */
    assert_int_equal(changes[0].at_s, day(2028, 2, 29));
    assert_int_equal(changes[1].at_s, day(2028, 3, 1));
    assert_true(posix_zone_read(BYTES("AAA0BBB0,M2.5.2/0,M12.5.4/0"), &zone));
    posix_zone_changes(&zone, 2028, changes); /* the last Tuesday of February is its 29th, the last Thursday the 28th */
    assert_int_equal(changes[0].at_s, day(2028, 2, 29));
    assert_int_equal(changes[1].at_s, day(2028, 12, 28));
    /* Southern summer: its end stands first. */
    assert_true(posix_zone_read(BYTES("NZST-12NZDT,M9.5.0,M4.1.0/3"), &zone));
    posix_zone_changes(&zone, 2026, changes);
    assert_int_equal(changes[0].offset_s, 12 * 3600);
    assert_int_equal(changes[0].at_s, day(2026, 4, 4) + 14 * 3600);
    assert_int_equal(changes[1].offset_s, 13 * 3600);
    assert_int_equal(changes[1].at_s, day(2026, 9, 26) + 14 * 3600);
    /* Summer all year (RFC 8536 section 3.3.1): its end and its next start are one instant. */
    assert_true(posix_zone_read(BYTES("XXX3EDT4,0/0,J365/23"), &zone));
    posix_zone_changes(&zone, 2026, changes);
    int64_t end = changes[1].at_s;
    posix_zone_changes(&zone, 2027, changes);
    assert_int_equal(changes[0].at_s, end);
    assert_int_equal(changes[0].offset_s, -4 * 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_read),
        cmocka_unit_test(what_is_no_rule),
        cmocka_unit_test(days_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
