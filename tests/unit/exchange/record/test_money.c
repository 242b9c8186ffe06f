/* Periods and tallies: months as numbers that sort; sums by kind that come back as they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/record/move.h"
#include "protocol/base/clock.h"
#include "tests/unit/exchange/record/samples.h"

static void test_periods(void **state)
{
    static const struct {
        const char *instant, *period, *after;
    } rows[] = {
        {"2026-11-01T00:00:00Z", "2026-11", "2026-12"}, {"2026-10-31T23:59:59.999Z", "2026-10", "2026-11"},
        {"2026-12-31T23:59:59Z", "2026-12", "2027-01"}, {"1969-12-31T23:59:59.999Z", "1969-12", "1970-01"},
        {"2024-02-29T12:00:00Z", "2024-02", "2024-03"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t wall_ms;
        char text[PERIOD_TEXT];
        uint32_t read;
        struct sink sink = sink_over(text, sizeof text);
        assert_true(clock_read_wall(bytes_of(rows[i].instant), &wall_ms));
        period_write(&sink, period_of(wall_ms));
        assert_memory_equal(text, rows[i].period, PERIOD_TEXT);
        assert_true(period_read(sink_written(&sink), &read));
        assert_int_equal(read, period_of(wall_ms));
        sink = sink_over(text, sizeof text);
        period_write(&sink, period_after(read));
        assert_memory_equal(text, rows[i].after, PERIOD_TEXT);
        assert_true(period_after(read) > read);
    }
    assert_int_equal(period_of(INT64_MIN / 2), PERIOD_NONE);
}

static void test_what_is_no_period(void **state)
{
    static const char *const texts[] = {"",        "2026",    "2026-1",  "2026-00", "2026-13",  "2026-111", "2026/11",
                                        "20261-1", "0000-11", "2026-1x", "-026-11", " 2026-11", "2026-11 ", "2026- 1"};
    uint32_t period;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) assert_false(period_read(bytes_of(texts[i]), &period));
}

static void test_kinds(void **state)
{
    enum move_kind kind;
    (void)state;
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++) {
        assert_true(move_kind_read(bytes_of(move_kind_name((enum move_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    assert_false(move_kind_read(BYTES(""), &kind));
    assert_false(move_kind_read(BYTES("refund"), &kind));
}

static void test_lines(void **state)
{
    struct dice dice = {31};
    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        struct move_line line = {.micros = roll_number(&dice)}, back;
        char memory[256], second[256];
        uint64_t sum = 0;
        for (unsigned i = 0; i < roll_below(&dice, 12); i++) {
            int64_t micros = roll_number(&dice);
            sum += (uint64_t)micros;
            move_tally_add(&line.tally, (enum move_kind)(1 + roll_below(&dice, MOVE_KIND_COUNT - 1)), micros);
        }
        assert_true(move_tally_sum(&line.tally) == (int64_t)sum);
        struct sink sink = sink_over(memory, sizeof memory), again = sink_over(second, sizeof second);
        assert_true(move_write_line(&sink, &line));
        assert_true(move_read_line(sink_written(&sink), &back));
        assert_true(back.micros == line.micros);
        assert_memory_equal(&back.tally, &line.tally, sizeof back.tally);
        for (size_t len = 0; len < sink.len; len++) {
            struct bytes part = {memory, len};
            assert_false(move_read_line(part, &back));
            struct sink small = sink_over(second, len);
            assert_false(move_write_line(&small, &line));
        }
        size_t at = roll_below(&dice, sink.len);
        memory[at] = (char)(memory[at] ^ (1 << roll_below(&dice, 8)));
        if (move_read_line(sink_written(&sink), &back)) { /* one spelling each */
            assert_true(move_write_line(&again, &back));
            assert_int_equal(again.len, sink.len);
            assert_memory_equal(second, memory, sink.len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_what_is_no_period),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
