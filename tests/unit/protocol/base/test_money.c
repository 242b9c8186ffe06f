/* money: every spelling of an amount, exactly; and sums that may not overflow unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/base/money.h"

struct amount {
    const char *text;
    int64_t micros;
};

static void reads_any_json_number(void **state)
{
    (void)state;
    static const struct amount amounts[] = {
        {"0", 0},
        {"-0", 0},
        {"12.50", 12500000},
        {"1.25e1", 12500000},
        {"125E-1", 12500000},
        {"0.125e+2", 12500000},
        {"0.000001", 1},
        {"-0.000001", -1},
        {"1e-6", 1},
        {"100e-8", 1},
        {"3.1000000000", 3100000},
        {"0.0000010000000000000000000000000000", 1},
        {"1.05", 1050000},
        {"1.0500", 1050000},
        {"10.010", 10010000},
        {"9223372036854.775807", INT64_MAX},
        {"-9223372036854.775807", -INT64_MAX},
        {"-9223372036854.775808", INT64_MIN},
        {"0e999999999999", 0},
        {"9e12", INT64_C(9000000000000000000)},
    };
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        int64_t micros = -7;
        if (!money_read(bytes_of(amounts[i].text), &micros)) fail_msg("refused: %s", amounts[i].text);
        if (micros != amounts[i].micros) fail_msg("%s read as %lld", amounts[i].text, (long long)micros);
    }
}

static void refuses_what_is_no_amount(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        " 1",
                                        "1 ",
                                        "+1",
                                        "-",
                                        ".5",
                                        "1.",
                                        "1.e2",
                                        "1e",
                                        "1e+",
                                        "01",
                                        "-01",
                                        "0x10",
                                        "1,5",
                                        "NaN",
                                        "inf",
                                        "--1",
                                        "1.5.0",
                                        "1e1.5",
                                        "$1",
                                        "1e-7",
                                        "0.0000001",
                                        "9223372036854.775808",
                                        "-9223372036854.775809",
                                        "1e13",
                                        "1e99",
                                        "1e99999999999999999999",
                                        "1e4294967296",
                                        "12.3456789",
                                        "100000000000000000000",
                                        "1-2"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t micros;
        if (money_read(bytes_of(texts[i]), &micros)) fail_msg("accepted: %s", texts[i]);
    }
}

static void writes_two_to_six_digits(void **state)
{
    (void)state;
    static const struct amount amounts[] = {
        {"0.00", 0},
        {"12.50", 12500000},
        {"0.125", 125000},
        {"-3.00", -3000000},
        {"0.000001", 1},
        {"-0.000001", -1},
        {"1.10", 1100000},
        {"1.001", 1001000},
        {"1.0001", 1000100},
        {"1000.00", 1000000000},
        {"9223372036854.775807", INT64_MAX},
        {"-9223372036854.775808", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
        char room[32];
        int64_t back;
        struct sink sink = sink_over(room, sizeof room);
        money_write(&sink, amounts[i].micros);
        if (!bytes_is(sink_written(&sink), amounts[i].text)) fail_msg("%s written otherwise", amounts[i].text);
        assert_true(money_read(sink_written(&sink), &back) && back == amounts[i].micros);
    }
}

static void adds_up_or_says_so(void **state)
{
    (void)state;
    int64_t out;
    assert_true(money_add(5, -7, &out) && out == -2);
    assert_true(money_sub(5, 7, &out) && out == -2);
    assert_false(money_add(INT64_MAX, 1, &out) || money_sub(INT64_MIN, 1, &out));
}

static void shares_toward_minus_infinity(void **state)
{
    (void)state;
    int64_t out;
    assert_true(money_share(10000000, 150000, &out) && out == 1500000);
    assert_true(money_share(1, 999999, &out) && out == 0);
    assert_true(money_share(-1, 1, &out) && out == -1);
    assert_true(money_share(-1000000, 500000, &out) && out == -500000);
    assert_true(money_share(INT64_MAX, MONEY_PPM, &out) && out == INT64_MAX);
    assert_true(money_share(INT64_MIN, MONEY_PPM, &out) && out == INT64_MIN);
    assert_false(money_share(INT64_MAX, MONEY_PPM + 1, &out));
}

static void floors_to_a_step(void **state)
{
    (void)state;
    assert_int_equal(money_floor(1234567, 10000), 1230000);
    assert_int_equal(money_floor(1230000, 10000), 1230000);
    assert_int_equal(money_floor(-1, 10000), -10000);
    assert_int_equal(money_floor(0, 10000), 0);
    assert_int_equal(money_floor(7, 1), 7);
}

static void reads_per_cent(void **state)
{
    (void)state;
    int64_t ppm;
    assert_true(money_read_percent(BYTES("15"), &ppm) && ppm == 150000);
    assert_true(money_read_percent(BYTES("12.5"), &ppm) && ppm == 125000);
    assert_true(money_read_percent(BYTES("0.0001"), &ppm) && ppm == 1);
    assert_true(money_read_percent(BYTES("-1"), &ppm) && ppm == -10000);
    assert_false(money_read_percent(BYTES("0.00001"), &ppm) || money_read_percent(BYTES("5%"), &ppm));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_any_json_number),
        cmocka_unit_test(refuses_what_is_no_amount),
        cmocka_unit_test(writes_two_to_six_digits),
        cmocka_unit_test(adds_up_or_says_so),
        cmocka_unit_test(shares_toward_minus_infinity),
        cmocka_unit_test(floors_to_a_step),
        cmocka_unit_test(reads_per_cent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
