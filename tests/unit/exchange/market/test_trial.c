/* trial: intervals against the formulas in floating point, and how often they hold what is true. */
#include "exchange/market/trial.h"

#include <math.h>

#include "tests/unit/exchange/market/world.h"

static void nothing_is_said_of_nothing(void **state)
{
    struct arm_sums none = {0}, one = {.auctions = 1, .margin_micros = 1000000, .margin_squares = 10000};
    struct trial_share share;
    struct trial_margin margin;
    (void)state;
    assert_false(trial_share_of(&none, &share));
    assert_false(trial_margin_of(&none, &margin));
    assert_false(trial_margin_of(&one, &margin));
    assert_true(trial_share_of(&one, &share));
    assert_int_equal(share.ppm, 0);
    assert_int_equal(share.low_ppm, 0);
    assert_int_equal(share.high_ppm, 793456); /* z² / (1 + z²) */
}

static void squares_of_margins(void **state)
{
    (void)state;
    assert_int_equal(trial_square(2500000), 62500);
    assert_int_equal(trial_square(-2500000), 62500);
    assert_int_equal(trial_square(INT64_MAX), UINT64_C(100000000000000));
    assert_int_equal(trial_square(INT64_MIN), UINT64_C(100000000000000));
}

static void near(double exact, int64_t got, double slack, const char *what)
{
    if (fabs(exact - (double)got) > slack) fail_msg("%s: %lld, not %f", what, (long long)got, exact);
}

static void shares_by_wilson(void **state)
{
    struct dice dice = {4};
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        uint64_t n = 1 + (dice_next(&dice) >> (24 + dice_below(&dice, 40)));
        struct arm_sums sums = {.auctions = n, .sold = dice_next(&dice) % (n + 1)};
        struct trial_share share;
        double z = 1.96, k = (double)sums.sold, N = (double)n;
        double half = z * sqrt(k * (N - k) / N + z * z / 4), middle = k + z * z / 2, whole = N + z * z;
        assert_true(trial_share_of(&sums, &share));
        near(1e6 * k / N, share.ppm, 1.5, "share");
        near(1e6 * (middle - half) / whole, share.low_ppm, 2, "low");
        near(1e6 * (middle + half) / whole, share.high_ppm, 2, "high");
        assert_true(share.low_ppm <= share.ppm && share.ppm <= share.high_ppm);
    }
}

/* Margins drawn so that their mean is known: the interval of 95 % misses it about one time in twenty. */
static void margins_by_their_spread(void **state)
{
    struct dice dice = {8};
    unsigned missed = 0;
    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct arm_sums sums = {.auctions = 200};
        double sum = 0, squares = 0;
        for (unsigned i = 0; i < 200; i++) {
            int64_t hundredths = dice_below(&dice, 2) ? 50 + dice_below(&dice, 301) : 0; /* 1.00 on average */
            sums.margin_micros += hundredths * 10000;
            sums.margin_squares += trial_square(hundredths * 10000);
            sum += (double)hundredths;
            squares += (double)hundredths * (double)hundredths;
        }
        struct trial_margin margin;
        assert_true(trial_margin_of(&sums, &margin));
        double half = 1.96 * sqrt((squares - sum * sum / 200) / 199 / 200) * 10000;
        near(sum / 200 * 10000, margin.mean_micros, 1, "mean");
        near(sum / 200 * 10000 - half, margin.low_micros, 5, "low");
        near(sum / 200 * 10000 + half, margin.high_micros, 5, "high");
        missed += margin.low_micros > 1000000 || margin.high_micros < 1000000;
    }
    if (missed < 60 || missed > 150) fail_msg("%u of 2000 intervals miss the mean", missed);
}

static void large_sums(void **state)
{
    struct arm_sums sums = {.auctions = 1000000000,
                            .sold = 500000000,
                            .margin_micros = INT64_C(500000000) * 10000000,
                            .margin_squares = UINT64_C(500000000) * 1000000};
    struct trial_share share;
    struct trial_margin margin;
    (void)state;
    assert_true(trial_share_of(&sums, &share));
    assert_in_range(share.low_ppm, 499968, 499970);
    assert_true(trial_margin_of(&sums, &margin));
    assert_int_equal(margin.mean_micros, 5000000);
    near(5000000 - 1.96 * 5000000 / sqrt(1e9), margin.low_micros, 3, "low");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_of_nothing),
        cmocka_unit_test(squares_of_margins),
        cmocka_unit_test(shares_by_wilson),
        cmocka_unit_test(margins_by_their_spread),
        cmocka_unit_test(large_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
