/* clock: the calendar against the C library's, RFC 3339 texts both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "protocol/base/clock.h"

static void agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t days = -719528; days < 2932897; days += 13) { /* years 0 to 9999 */
        time_t seconds = (time_t)days * 86400;
        struct tm tm;
        int64_t year;
        unsigned month, day;
        gmtime_r(&seconds, &tm);
        clock_date_from_days(days, &year, &month, &day);
        assert_int_equal(year, tm.tm_year + 1900);
        assert_int_equal(month, tm.tm_mon + 1);
        assert_int_equal(day, tm.tm_mday);
        assert_int_equal(clock_days_from_date(year, month, day), days);
        assert_true(clock_is_date(year, month, day));
    }
}

static void knows_which_dates_exist(void **state)
{
    (void)state;
    assert_true(clock_is_date(2024, 2, 29) && clock_is_date(2000, 2, 29) && clock_is_date(2026, 12, 31));
    assert_false(clock_is_date(2026, 2, 29) || clock_is_date(1900, 2, 29) || clock_is_date(2026, 4, 31));
    assert_false(clock_is_date(2026, 0, 1) || clock_is_date(2026, 13, 1) || clock_is_date(2026, 1, 0));
}

static void writes_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } stamps[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {INT64_C(1795359845678), "2026-11-22T15:04:05.678Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        char room[32] = "";
        int64_t back;
        struct sink sink = sink_over(room, sizeof room - 1);
        clock_write_wall(&sink, stamps[i].ms);
        assert_string_equal(room, stamps[i].text);
        assert_true(clock_read_wall(sink_written(&sink), &back));
        assert_int_equal(back, stamps[i].ms);
    }
}

static void reads_offsets_and_fractions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } stamps[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01T02:00:00+02:00", 0},
        {"1969-12-31T18:30:00-05:30", 0},
        {"1970-01-01T00:00:00.5Z", 500},
        {"1970-01-01T00:00:00.05Z", 50},
        {"1970-01-01T00:00:00.123456789Z", 123},
        {"1970-01-01T00:00:00.9999Z", 999},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)}, /* a leap second is the next one's start */
    };
    for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++) {
        int64_t ms = -1;
        if (!clock_read_wall(bytes_of(stamps[i].text), &ms)) fail_msg("refused: %s", stamps[i].text);
        assert_int_equal(ms, stamps[i].ms);
    }
}

static void refuses_other_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "2026-11-22",
                                        "2026-11-22 15:04:05Z",
                                        "2026-11-22T15:04:05",
                                        "2026-11-22T15:04:05.Z",
                                        "2026-11-22T15:04:05.1234567890Z",
                                        "2026-11-22T15:04:05.123",
                                        "2026-02-29T15:04:05Z",
                                        "2026-13-01T15:04:05Z",
                                        "2026-11-22T24:04:05Z",
                                        "2026-11-22T15:60:05Z",
                                        "2026-11-22T15:04:61Z",
                                        "2026-11-22T15:04:05+0100",
                                        "2026-11-22T15:04:05+24:00",
                                        "2026-11-22T15:04:05+01:60",
                                        "2026-11-22T15:04:05Zx",
                                        "2026-11-22T15:04:05+01:00x",
                                        "20a6-11-22T15:04:05Z",
                                        "2026/11/22T15:04:05Z",
                                        "+026-11-22T15:04:05Z"};
    int64_t ms;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (clock_read_wall(bytes_of(texts[i]), &ms)) fail_msg("accepted: %s", texts[i]);
}

static void runs_forward(void **state)
{
    (void)state;
    int64_t before_us = clock_now_us(), cpu_us = clock_cpu_us(), wall_ms = clock_wall_ms();
    assert_true(clock_now_us() >= before_us && clock_cpu_us() >= cpu_us);
    assert_in_range(wall_ms / 1000, (uintmax_t)time(NULL) - 5, (uintmax_t)time(NULL) + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(knows_which_dates_exist),
        cmocka_unit_test(writes_utc),
        cmocka_unit_test(reads_offsets_and_fractions),
        cmocka_unit_test(refuses_other_texts),
        cmocka_unit_test(runs_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
