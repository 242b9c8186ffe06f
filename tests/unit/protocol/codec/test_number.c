/* number: reading digits, equality, and the shortest digits of floats against what reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocol/codec/number.h"

static struct number read(const char *text)
{
    struct number number;
    number_read(bytes_of(text), &number);
    return number;
}

static void one_spelling_for_each_value(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } numbers[] = {
        {"0", "0"},
        {"-0", "0"},
        {"0.000", "0"},
        {"0e7", "0"},
        {"1", "1e0"},
        {"10", "1e1"},
        {"-12.50", "-125e-1"},
        {"-0.01250e3", "-125e-1"},
        {"100200", "1002e2"},
        {"0.00100200", "1002e-6"},
        {"1.0e+5", "1e5"},
        {"1E-5", "1e-5"},
        {"7e00000000000000000000000000000002", "7e2"},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char room[64] = "";
        struct sink sink = sink_over(room, sizeof room - 1);
        struct number number = read(numbers[i].text);
        number_write(&sink, &number);
        assert_string_equal(room, numbers[i].written);
        struct number again = read(numbers[i].written);
        assert_true(number_same(&number, &again));
    }
}

static void equal_values_are_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {"1", "-1", "10", "1e400", "-1e400", "1.1", "1.01", "11", "12", "1e-400", "0"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            struct number a = read(texts[i]), b = read(texts[k]);
            assert_int_equal(number_same(&a, &b), i == k);
        }
    }
    struct number a = read("1.2e3"), b = read("12e2"), c = read("1200.00");
    assert_true(number_same(&a, &b) && number_same(&b, &c));
}

/* A whole number that a 64-bit integer could hold is told to its last digit. */
static bool is_whole(const char *text, double value)
{
    char exact[40];
    if (fabs(value) >= 0x1p64 || (double)(uint64_t)fabs(value) != fabs(value)) return false;
    snprintf(exact, sizeof exact, "%.0f", value == 0 ? 0 : value);
    assert_string_equal(text, exact);
    return true;
}

/* Random bits of every kind, subnormal numbers too: the digits read back, and one digit less would not. */
static void doubles_take_the_fewest_digits(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < 100000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint64_t bits = i % 5 ? random : random & UINT64_C(0x800FFFFFFFFFFFFF) >> (random % 40);
        if (i % 5 == 1)
            bits = (bits & UINT64_C(0x800FFFFFFFF00000)) | (uint64_t)(1023 + random % 40) << 52; /* like prices */
        double value, back;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char text[40] = "", shorter[40];
        struct sink sink = sink_over(text, sizeof text - 1);
        number_write_f64(&sink, value);
        assert_true(sink.len < NUMBER_F64_TEXT && strtod(text, NULL) == value);
        if (is_whole(text, value)) continue;
        struct number number = read(text);
        assert_true(number_f64(&number, &back) && back == value);
        if (number.count < 2) continue;
        snprintf(shorter, sizeof shorter, "%.*e", (int)number.count - 2, value);
        if (strtod(shorter, NULL) == value) fail_msg("%s is shorter than %s", shorter, text);
    }
}

static void floats_take_the_fewest_digits(void **state)
{
    (void)state;
    uint32_t random = 2463534242u;
    for (int i = 0; i < 100000; i++) {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        uint32_t bits = i % 5 ? random : random & 0x807FFFFFu;
        float value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        char text[40] = "", shorter[40];
        struct sink sink = sink_over(text, sizeof text - 1);
        number_write_f32(&sink, value);
        assert_true(sink.len < NUMBER_F32_TEXT);
        assert_true(strtof(text, NULL) == value);
        if (is_whole(text, (double)value)) continue;
        struct number number = read(text);
        if (number.count < 2) continue;
        snprintf(shorter, sizeof shorter, "%.*e", (int)number.count - 2, (double)value);
        if (strtof(shorter, NULL) == value) fail_msg("%s is shorter than %s", shorter, text);
    }
}

static void only_exact_values_become_doubles(void **state)
{
    (void)state;
    static const char *const good[] = {"0", "0.1", "12.34", "1e22", "1e23", "5e-324", "1.7976931348623157e308", "-2.5"};
    static const char *const bad[] = {"0.10000000000000001",
                                      "1e400",
                                      "1e-400",
                                      "9007199254740993",
                                      "3e-324",
                                      "1.79769313486231571e308",
                                      "1e999999999999999",
                                      "0.123456789012345678"};
    double value;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct number number = read(good[i]);
        assert_true(number_f64(&number, &value));
        assert_true(value == strtod(good[i], NULL));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct number number = read(bad[i]);
        if (number_f64(&number, &value)) fail_msg("%s became %.17g", bad[i], value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_spelling_for_each_value),      cmocka_unit_test(equal_values_are_the_same),
        cmocka_unit_test(doubles_take_the_fewest_digits),   cmocka_unit_test(floats_take_the_fewest_digits),
        cmocka_unit_test(only_exact_values_become_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
