/* price: precedence of margins, rounding, and the promise, by table and over random money. */
#include "exchange/market/price.h"

#include "tests/unit/exchange/market/world.h"

#define CENT INT64_C(10000)

static struct catalogue house(int64_t ppm, int64_t min_micros, int64_t step)
{
    return (struct catalogue){.house = {.margin = {true, ppm, min_micros}, .payout_step_micros = step}};
}

static void the_most_specific_margin_counts(void **state)
{
    struct catalogue catalogue = house(100000, 0, CENT);
    struct campaign campaign = {.margin = {.is_set = false, .ppm = 200000}};
    struct affiliate affiliate = {.margin = {.is_set = false, .ppm = 300000}};
    (void)state;
    struct payout payout = price_payout(&catalogue, &campaign, &affiliate, 10 * MONEY_UNIT);
    assert_int_equal(payout.payout_micros, 9 * MONEY_UNIT);
    assert_int_equal(payout.rule, MARGIN_EXCHANGE);
    campaign.margin.is_set = true;
    payout = price_payout(&catalogue, &campaign, &affiliate, 10 * MONEY_UNIT);
    assert_int_equal(payout.payout_micros, 8 * MONEY_UNIT);
    assert_int_equal(payout.rule, MARGIN_CAMPAIGN);
    affiliate.margin.is_set = true;
    payout = price_payout(&catalogue, &campaign, &affiliate, 10 * MONEY_UNIT);
    assert_int_equal(payout.payout_micros, 7 * MONEY_UNIT);
    assert_int_equal(payout.margin_micros, 3 * MONEY_UNIT);
    assert_int_equal(payout.rule, MARGIN_AFFILIATE);
    campaign.margin.is_set = false;
    assert_int_equal(price_payout(&catalogue, &campaign, &affiliate, MONEY_UNIT).rule, MARGIN_AFFILIATE);
    assert_string_equal(margin_source_name(MARGIN_EXCHANGE), "exchange");
    assert_string_equal(margin_source_name(MARGIN_CAMPAIGN), "campaign");
    assert_string_equal(margin_source_name(MARGIN_AFFILIATE), "affiliate");
    assert_string_equal(margin_source_name(MARGIN_SOURCE_COUNT), "");
}

static void rounding(void **state)
{
    static const struct {
        int64_t ppm, min, step, price, payout;
    } ROWS[] = {
        {150000, 0, CENT, 12500000, 10620000},    /* 12.50 less 15 %: 10.625 -> 10.62 */
        {200000, 250000, CENT, 1000000, 750000},  /* 20 % would be 0.20, the least is 0.25 */
        {200000, 250000, CENT, 2000000, 1600000}, /* 0.40 is more */
        {333333, 0, CENT, 1000000, 660000},       /* 0.666667 -> 0.66 */
        {333333, 0, 1, 1000000, 666667},          /* a step of one micro-unit */
        {0, 0, CENT, 1009999, 1000000},           /* no margin, still on the step */
        {0, 0, 250000, 1990000, 1750000},         /* a step of 0.25 */
        {1000000, 0, CENT, 5000000, 0},           /* all of it */
        {0, 3000000, CENT, 1000000, -2000000},    /* below nothing: rank refuses it */
        {0, 1005000, CENT, 1000000, -CENT},       /* -0.005 rounds down, away from 0 */
        {150000, 0, CENT, 0, 0},
        {999999, 0, 1, INT64_MAX, 9223372036855}, /* the end of the range does not overflow */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct catalogue catalogue = house(ROWS[i].ppm, ROWS[i].min, ROWS[i].step);
        struct campaign campaign = {0};
        struct affiliate affiliate = {0};
        struct payout payout = price_payout(&catalogue, &campaign, &affiliate, ROWS[i].price);
        if (payout.payout_micros != ROWS[i].payout) fail_msg("row %zu: %lld", i, (long long)payout.payout_micros);
        assert_int_equal(payout.payout_micros + payout.margin_micros, ROWS[i].price);
    }
}

static void promises(void **state)
{
    static const struct {
        enum promise_kind kind;
        int64_t min_margin, price, usual, promise;
        bool kept;
        int64_t payout;
    } ROWS[] = {
        {PROMISE_SQUEEZE, 0, 1000, 800, 0, true, 800},   {PROMISE_SQUEEZE, 0, 1000, 800, 800, true, 800},
        {PROMISE_SQUEEZE, 0, 1000, 800, 900, true, 900}, {PROMISE_SQUEEZE, 0, 1000, 800, 1000, true, 1000},
        {PROMISE_SQUEEZE, 0, 1000, 800, 1001, false, 0}, {PROMISE_SQUEEZE, 50, 1000, 800, 950, true, 950},
        {PROMISE_SQUEEZE, 50, 1000, 800, 951, false, 0}, {PROMISE_SQUEEZE, 500, 1000, 800, 700, true, 800},
        {PROMISE_KEEP, 0, 1000, 800, 800, true, 800},    {PROMISE_KEEP, 0, 1000, 800, 799, true, 800},
        {PROMISE_KEEP, 0, 1000, 800, 801, false, 0},     {PROMISE_KEEP, 0, 1000, 800, 0, true, 800},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct campaign campaign = {.promise = ROWS[i].kind, .min_margin_micros = ROWS[i].min_margin};
        struct payout usual = {ROWS[i].usual, ROWS[i].price - ROWS[i].usual, MARGIN_CAMPAIGN}, payout;
        bool kept = price_under_promise(&campaign, usual, ROWS[i].price, ROWS[i].promise, &payout);
        if (kept != ROWS[i].kept) fail_msg("row %zu", i);
        if (!kept) continue;
        assert_int_equal(payout.payout_micros, ROWS[i].payout);
        assert_int_equal(payout.payout_micros + payout.margin_micros, ROWS[i].price);
        assert_int_equal(payout.rule, MARGIN_CAMPAIGN);
    }
}

/* Whatever the margins: payout and margin are the price, the payout is on its step and as large as the rule allows; a
 * promise that is taken is never broken, and never taken at a margin below what the house keeps. */
static void random_money(void **state)
{
    struct dice dice = {7};
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        int64_t step = 1 + dice_below(&dice, 100000),
                price = 1 + (int64_t)(dice_next(&dice) >> (14 + dice_below(&dice, 40)));
        struct catalogue catalogue = house(dice_below(&dice, 1000000), dice_below(&dice, 2000000), step);
        struct campaign campaign = {
            .margin = {dice_below(&dice, 2), dice_below(&dice, 1000000), dice_below(&dice, 900000)},
            .promise = (enum promise_kind)dice_below(&dice, 2),
            .min_margin_micros = dice_below(&dice, 500000)};
        struct affiliate affiliate = {.margin = {dice_below(&dice, 2), dice_below(&dice, 1000000), 0}};
        const struct margin *rules[] = {&catalogue.house.margin, &campaign.margin, &affiliate.margin};
        struct payout usual = price_payout(&catalogue, &campaign, &affiliate, price), payout;
        const struct margin *rule = rules[usual.rule];
        assert_int_equal(usual.payout_micros + usual.margin_micros, price);
        assert_int_equal(usual.payout_micros % step, 0);
        __int128 least = (__int128)price * rule->ppm / 1000000;
        if (least < rule->min_micros) least = rule->min_micros;
        assert_true(usual.margin_micros >= least && usual.margin_micros < least + step);
        int64_t promise = dice_below(&dice, 4) ? (int64_t)(dice_next(&dice) % (uint64_t)price) : 0;
        if (!price_under_promise(&campaign, usual, price, promise, &payout)) {
            assert_true(usual.payout_micros < promise);
            assert_true(campaign.promise == PROMISE_KEEP || price - promise < campaign.min_margin_micros);
            continue;
        }
        assert_true(payout.payout_micros >= promise && payout.payout_micros >= usual.payout_micros);
        assert_int_equal(payout.payout_micros + payout.margin_micros, price);
        if (payout.payout_micros > usual.payout_micros) assert_true(payout.margin_micros >= campaign.min_margin_micros);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_margin_counts),
        cmocka_unit_test(rounding),
        cmocka_unit_test(promises),
        cmocka_unit_test(random_money),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
