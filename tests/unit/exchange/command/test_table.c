/* table and instant: numbers, money and times as a person reads and gives them; columns stay aligned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "exchange/command/instant.h"
#include "exchange/command/table.h"

#define NOW INT64_C(1795359600123) /* 2026-11-22 15:00:00.123 UTC */

static void numbers_and_money(void **state)
{
    char text[TABLE_NUMBER_MAX];
    (void)state;
    assert_string_equal(table_number(0, text), "0");
    assert_string_equal(table_number(999, text), "999");
    assert_string_equal(table_number(1000, text), "1,000");
    assert_string_equal(table_number(UINT64_MAX, text), "18,446,744,073,709,551,615");
    assert_string_equal(table_change(0, text), "0");
    assert_string_equal(table_change(1234, text), "+1,234");
    assert_string_equal(table_change(-7, text), "-7");
    assert_string_equal(table_change(INT64_MIN, text), "-9,223,372,036,854,775,808");
    assert_string_equal(table_money(0, text), "0.00");
    assert_string_equal(table_money(-250000, text), "-0.25");
    assert_string_equal(table_money(INT64_C(1234567890000), text), "1,234,567.89");
    assert_string_equal(table_money(-INT64_C(1234500001), text), "-1,234.500001");
    assert_string_equal(table_money_change(0, text), "0.00");
    assert_string_equal(table_money_change(12000000, text), "+12.00");
    assert_string_equal(table_money_change(-12000000, text), "-12.00");
}

static void columns_are_aligned(void **state)
{
    static const struct table_column columns[] = {
        {"name", TABLE_LEFT, 6}, {"count", TABLE_RIGHT, 0}, {"why", TABLE_LEFT, 0}};
    const struct bytes rows[][3] = {{BYTES("a"), BYTES("1"), BYTES("because")},
                                    {BYTES("m\xc3\xbcller und co"), BYTES("1,000,000"), BYTES_NONE},
                                    {BYTES_NONE, BYTES_NONE, BYTES("x")}};
    static const char wanted[] = "  name               count  why\n"
                                 "  a                      1  because\n"
                                 "  m\xc3\xbcller und co  1,000,000\n"
                                 "                            x\n";
    struct table_page page;
    char *text = NULL;
    size_t len = 0;
    (void)state;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    table_open(&page, columns, 3, 2);
    for (size_t i = 0; i < 3; i++) table_row(&page, rows[i]);
    table_print(&page, out);
    table_close(&page);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, wanted);
    free(text);
}

static void times_as_people_give_them(void **state)
{
    static const struct {
        const char *text;
        int64_t wall_ms;
    } good[] = {{"now", NOW},
                {"-1h", NOW - 3600000},
                {"-30m", NOW - 1800000},
                {"-7d", NOW - 7 * INT64_C(86400000)},
                {"-0s", NOW},
                {"2026-11-22T15:00:00Z", NOW - 123},
                {"2026-11-22T16:00:00+01:00", NOW - 123}};
    static const char *const bad[] = {"", "-", "yesterday", "1h", "+1h", "-1", "-1x", "2026-13-01T00:00:00Z", "--1h"};
    char text[32];
    int64_t wall_ms;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(instant_read(good[i].text, NOW, &wall_ms));
        if (wall_ms != good[i].wall_ms) fail_msg("%s", good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (instant_read(bad[i], NOW, &wall_ms)) fail_msg("\"%s\" is taken for a time", bad[i]);
    struct sink sink = sink_over(text, sizeof text);
    instant_write(&sink, NOW);
    assert_int_equal(sink.len, 19);
    assert_memory_equal(text, "2026-11-22 15:00:00", 19);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_money),
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(times_as_people_give_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
