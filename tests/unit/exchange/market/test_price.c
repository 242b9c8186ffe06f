/* price: precedence of margins, rounding, and the promise, by table and over random money. */
#include "exchange/market/price.h"

#include "tests/unit/exchange/market/world.h"

#define CENT INT64_C(10000)

static struct catalogue house(int64_t ppm, int64_t min_micros, int64_t step)
{
    return (struct catalogue){
        .house = {.margin = {.is_set = true, .ppm = ppm, .min_micros = min_micros}, .payout_step_micros = step}};
}

static void the_most_specific_margin_counts(void **state)
{
    struct catalogue catalogue = house(100000, 0, CENT);
    struct campaign campaign = {.margin = {.is_set = false, .ppm = 200000}};
    struct affiliate affiliate = {.margin = {.is_set = false, .ppm = 300000}};
    (void)state;
    struct payout payout = price_payout(&(struct price_parties){&catalogue, &campaign, &affiliate, NULL, NULL},
                                        10 * MONEY_UNIT);
    assert_int_equal(payout.payout_micros, 9 * MONEY_UNIT);
    assert_int_equal(payout.rule, MARGIN_EXCHANGE);
    campaign.margin.is_set = true;
    payout = price_payout(&(struct price_parties){&catalogue, &campaign, &affiliate, NULL, NULL}, 10 * MONEY_UNIT);
    assert_int_equal(payout.payout_micros, 8 * MONEY_UNIT);
    assert_int_equal(payout.rule, MARGIN_CAMPAIGN);
    affiliate.margin.is_set = true;
    payout = price_payout(&(struct price_parties){&catalogue, &campaign, &affiliate, NULL, NULL}, 10 * MONEY_UNIT);
    assert_int_equal(payout.payout_micros, 7 * MONEY_UNIT);
    assert_int_equal(payout.margin_micros, 3 * MONEY_UNIT);
    assert_int_equal(payout.rule, MARGIN_AFFILIATE);
    campaign.margin.is_set = false;
    assert_int_equal(
        price_payout(&(struct price_parties){&catalogue, &campaign, &affiliate, NULL, NULL}, MONEY_UNIT).rule,
        MARGIN_AFFILIATE);
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
        struct payout payout = price_payout(&(struct price_parties){&catalogue, &campaign, &affiliate, NULL, NULL},
                                            ROWS[i].price);
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

/* A verdict's price: cents. Margin 20 %; what was agreed on: 1000, of which the affiliate gets 800 or what is given. */
static void what_a_sale_is_billed_at(void **state)
{
    static const struct {
        bool lower;
        int64_t min, named, owed, agreed, billed, payout;
    } ROWS[] = {
        {false, 0, 500, 0, 800, 1000, 800},   {true, 0, -1, 0, 800, 1000, 800},
        {true, 0, 1000, 0, 800, 1000, 800},   {true, 0, 1200, 0, 800, 1000, 800},
        {true, 0, 900, 0, 800, 900, 720},     {true, 0, 900, 800, 800, 900, 800}, /* out of the margin */
        {true, 0, 500, 800, 800, 500, 800},                                       /* and out of the house's pocket */
        {true, 600, 500, 800, 800, 600, 800}, {true, 600, 500, 0, 800, 600, 480},
        {true, 1100, 500, 0, 800, 1000, 800}, /* min_price is above what was agreed on: a standing price */
        {true, 0, 990, 700, 780, 990, 780},   /* never more than what was agreed on */
        {true, 0, 900, 750, 800, 900, 750},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct catalogue catalogue = house(200000, 0, CENT);
        struct campaign campaign = {.index = 0};
        struct affiliate affiliate = {.index = 0};
        struct contract contract = {.bills_lower = ROWS[i].lower, .min_price_micros = ROWS[i].min * CENT};
        struct price_parties parties = {&catalogue, &campaign, &affiliate, NULL, &contract};
        struct payout payout = {ROWS[i].agreed * CENT, (1000 - ROWS[i].agreed) * CENT, MARGIN_EXCHANGE};
        int64_t billed = price_billed(&parties, 1000 * CENT, ROWS[i].named < 0 ? -1 : ROWS[i].named * CENT,
                                      ROWS[i].owed * CENT, &payout);
        if (billed != ROWS[i].billed * CENT || payout.payout_micros != ROWS[i].payout * CENT)
            fail_msg("row %zu: %lld of %lld", i, (long long)payout.payout_micros, (long long)billed);
        assert_int_equal(payout.payout_micros + payout.margin_micros, billed);
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
        struct campaign campaign = {.margin = {.is_set = dice_below(&dice, 2),
                                               .ppm = dice_below(&dice, 1000000),
                                               .min_micros = dice_below(&dice, 900000)},
                                    .promise = (enum promise_kind)dice_below(&dice, 2),
                                    .min_margin_micros = dice_below(&dice, 500000)};
        struct affiliate affiliate = {.margin = {.is_set = dice_below(&dice, 2), .ppm = dice_below(&dice, 1000000)}};
        const struct margin *rules[] = {&catalogue.house.margin, &campaign.margin, &affiliate.margin};
        struct payout usual = price_payout(&(struct price_parties){&catalogue, &campaign, &affiliate, NULL, NULL},
                                           price),
                      payout;
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

/* Every party states a margin of its own; taken away one after the other, the next specific one counts. */
static void precedence(void **state)
{
    static const char *const NAMES[] = {"pair", "contract", "source", "affiliate", "campaign", "exchange"};
    struct catalogue catalogue = house(60000, 0, CENT);
    struct campaign campaign = {.margin = {.is_set = true, .ppm = 50000}};
    struct affiliate affiliate = {.index = 7, .margin = {.is_set = true, .ppm = 40000}};
    struct lead_source source = {.margin = {.is_set = true, .ppm = 30000}};
    struct margin own = {.is_set = true, .ppm = 20000};
    struct margin_pair pairs[3];
    for (unsigned i = 0; i < 3; i++)
        pairs[i] = (struct margin_pair){6 + i, {.is_set = true, .ppm = i == 1 ? 10000 : 990000}};
    struct margin_pairs of = {pairs, 3};
    struct contract contract = {.margin = &own, .pairs = &of};
    struct price_parties parties = {&catalogue, &campaign, &affiliate, &source, &contract};
    (void)state;
    for (int64_t step = 1; step <= 6; step++) {
        struct payout payout = price_payout(&parties, 100 * MONEY_UNIT);
        assert_int_equal(payout.margin_micros, step * MONEY_UNIT);
        assert_string_equal(margin_source_name(payout.rule), NAMES[step - 1]);
        if (step == 1) affiliate.index = 9; /* the others' pairs are not its */
        if (step == 2) contract.margin = NULL;
        if (step == 3) source.margin.is_set = false;
        if (step == 4) affiliate.margin.is_set = false;
        if (step == 5) campaign.margin.is_set = false;
    }
}

/* Percent, fixed, bounds, bands at their edges, pay: what a price pays. */
static void rules_of_a_margin(void **state)
{
    static const struct margin_band BANDS[] = {
        {10000000, 250000, 0}, {20000000, 0, 1000000}, {INT64_MAX, 100000, 500000}};
    static const struct margin BANDED = {.is_set = true, .bands = BANDS, .bands_count = 3};
    static const struct margin BOTH = {.is_set = true, .ppm = 100000, .fixed_micros = 500000};
    static const struct margin BOUND = {.is_set = true, .ppm = 100000, .min_micros = 500000, .max_micros = 2000000};
    static const struct margin FLAT = {.is_set = true, .is_pay = true, .is_fixed = true, .fixed_micros = 8005000};
    static const struct margin SHARE = {.is_set = true, .is_pay = true, .ppm = 820000};
    static const struct margin HUGE = {.is_set = true, .ppm = 999999, .fixed_micros = 1000000000000000};
    static const struct {
        const struct margin *margin;
        int64_t price, payout;
        bool carries;
    } ROWS[] = {
        {&BANDED, 10000000, 7500000, true},
        {&BANDED, 10000001, 9000000, true},
        {&BANDED, 20000000, 19000000, true},
        {&BANDED, 20010000, 17500000, true},
        {&BANDED, 1, 0, false},
        {&BOTH, 10000000, 8500000, true},
        {&BOTH, 500000, -50000, false},
        {&BOUND, 1000000, 500000, true},
        {&BOUND, 10000000, 9000000, true},
        {&BOUND, 20000000, 18000000, true},
        {&BOUND, 50000000, 48000000, true},
        {&FLAT, 10000000, 8000000, true},
        {&FLAT, 8000000, 8000000, true},
        {&FLAT, 7999999, 8000000, false},
        {&SHARE, 10000000, 8200000, true},
        {&SHARE, 1, 0, false},
        {&HUGE, INT64_MAX, -9223372036854770000, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct catalogue catalogue = house(0, 0, CENT);
        struct campaign campaign = {.margin = *ROWS[i].margin};
        struct affiliate affiliate = {0};
        struct contract contract = {0};
        struct price_parties parties = {&catalogue, &campaign, &affiliate, NULL, &contract};
        struct payout payout = price_payout(&parties, ROWS[i].price);
        if (ROWS[i].margin != &HUGE && payout.payout_micros != ROWS[i].payout)
            fail_msg("row %zu: %lld", i, (long long)payout.payout_micros);
        assert_int_equal(payout.payout_micros + payout.margin_micros, ROWS[i].price);
        if (price_carries(&contract, payout, 0) != ROWS[i].carries) fail_msg("row %zu carries", i);
        contract.is_free = true;
        payout = price_payout(&parties, ROWS[i].price);
        assert_true(payout.payout_micros >= 0);
        assert_int_equal(payout.payout_micros + payout.margin_micros, ROWS[i].price);
        assert_true(price_carries(&contract, payout, 0) == (payout.margin_micros >= 0));
        assert_false(price_carries(&contract, payout, payout.payout_micros + 1));
    }
}

static void floors(void **state)
{
    struct affiliate affiliate = {.min_price_micros = 5};
    struct lead_source source = {.min_price_micros = 7};
    (void)state;
    assert_int_equal(price_floor(&affiliate, NULL, 0), 5);
    assert_int_equal(price_floor(&affiliate, &source, 6), 7);
    assert_int_equal(price_floor(&affiliate, &source, 9), 9);
    source.min_price_micros = 1;
    assert_int_equal(price_floor(&affiliate, &source, 2), 5);
}

/* Whatever is stated, by whom and at what price: the parts are the whole, and nothing overflows. */
static void parts_are_the_whole(void **state)
{
    struct dice dice = {99};
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        struct margin_band bands[2] = {
            {dice_below(&dice, 50000000), dice_below(&dice, 1000000), dice_below(&dice, 999999)},
            {INT64_MAX, dice_below(&dice, 1000000), dice_below(&dice, 999999)}};
        struct margin own = {.is_set = dice_below(&dice, 2),
                             .ppm = dice_below(&dice, 1000001),
                             .fixed_micros = dice_below(&dice, 3000000),
                             .min_micros = dice_below(&dice, 3) ? 0 : dice_below(&dice, 2000000),
                             .max_micros = dice_below(&dice, 3) ? 0 : 2000000 + dice_below(&dice, 2000000),
                             .is_pay = !dice_below(&dice, 3),
                             .is_fixed = dice_below(&dice, 2)};
        if (!own.is_pay && dice_below(&dice, 2)) own.bands = bands, own.bands_count = 2;
        struct catalogue catalogue = house(dice_below(&dice, 1000001), 0, 1 + dice_below(&dice, 100000));
        struct campaign campaign = {0};
        struct affiliate affiliate = {0};
        struct contract contract = {.margin = &own, .is_free = dice_below(&dice, 2)};
        struct price_parties parties = {&catalogue, &campaign, &affiliate, NULL, &contract};
        int64_t price = (int64_t)(dice_next(&dice) >> (1 + dice_below(&dice, 60)));
        struct payout payout = price_payout(&parties, price);
        assert_int_equal((int64_t)((uint64_t)payout.payout_micros + (uint64_t)payout.margin_micros), price);
        assert_int_equal(payout.payout_micros % catalogue.house.payout_step_micros, 0);
        if (own.is_set && !own.is_pay && own.max_micros && payout.payout_micros > 0)
            assert_true(payout.margin_micros < own.max_micros + catalogue.house.payout_step_micros);
        if (!price_carries(&contract, payout, 0)) continue;
        assert_true(payout.payout_micros >= !contract.is_free && payout.payout_micros <= price);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_margin_counts),
        cmocka_unit_test(rounding),
        cmocka_unit_test(promises),
        cmocka_unit_test(what_a_sale_is_billed_at),
        cmocka_unit_test(random_money),
        cmocka_unit_test(precedence),
        cmocka_unit_test(rules_of_a_margin),
        cmocka_unit_test(floors),
        cmocka_unit_test(parts_are_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
