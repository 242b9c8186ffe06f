/* What contracts and affiliates say of the time after a sale: read, packed, contradicted; and what a contract that is
 * billed later pays, and when. */
#include "exchange/market/price.h"
#include "exchange/market/sale_terms.h"
#include "protocol/base/money.h"
#include "protocol/message/stage.h"
#include "tests/unit/exchange/market/world.h"

#define CENT (MONEY_UNIT / 100)
#define DAY_MS INT64_C(86400000)

static struct world world;

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

/* A catalogue of one affiliate and one contract with more keys each. */
static struct catalogue *with(const char *affiliate, const char *contract)
{
    char text[8192];
    snprintf(
        text, sizeof text,
        "{'campaigns':[" WORLD_CAMPAIGN "],'affiliates':[{'id':'best','keys':['" WORLD_KEY(
            "00000001") "'],'campaigns':['auto']%s}],'buyers':[{" WORLD_BUYER("n") ",'contracts':[{'id':'x','campaign':"
                                                                                   "'auto','price':'5','post_url':'"
                                                                                   "https://north.example/post'"
                                                                                   "%s}]}]}",
        affiliate, contract);
    return world_try(&world, text);
}

static void are_read_and_packed(void **state)
{
    (void)state;
    struct catalogue *catalogue = with(
        ",'returns':{'window':'3d','max_percent':5}",
        ",'free':true,'pay_on':{'stage':'sold','percent':12.5},'returns':{'window':'7d','max_percent':10,'reasons':"
        "['b','a'],'decide':'review','auto_accept_after':'72h'}");
    assert_non_null(catalogue);
    assert_int_equal(world.warnings, 0);
    struct catalogue *again = catalogue_unpack(catalogue->packed, NULL, NULL);
    assert_non_null(again);
    for (int i = 0; i < 2; i++) {
        const struct sale_terms *after = contract_after(&(i ? again : catalogue)->contracts[0]);
        const struct return_share *share = &(i ? again : catalogue)->affiliates[0].returns;
        assert_true(after->takes_back && after->returns.is_reviewed);
        assert_int_equal(after->returns.window_ms, 7 * DAY_MS);
        assert_int_equal(after->returns.max_ppm, 100000);
        assert_int_equal(after->returns.accept_after_ms, 3 * DAY_MS);
        assert_int_equal(after->returns.reasons.count, 2);
        assert_int_equal(after->pays_at, STAGE_SOLD);
        assert_int_equal(after->pays_ppm, 125000);
        assert_true(share->is_set && share->window_ms == 3 * DAY_MS && share->max_ppm == 50000);
    }
    catalogue_drop(&again);
    catalogue_drop(&catalogue);
    catalogue = with("", ",'pay_on':'accept'");
    assert_non_null(catalogue);
    assert_null(contract_after(&catalogue->contracts[0]));
    assert_false(catalogue->affiliates[0].returns.is_set);
    catalogue_drop(&catalogue);
}

static void contradictions_are_errors(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"", ",'pay_on':{'stage':'sold'}"}, /* not free */
        {"", ",'free':true,'pay_on':{'stage':'attempted'}"},
        {"", ",'free':true,'pay_on':{'stage':'lost'}"},
        {"", ",'free':true,'pay_on':{'percent':10}"},
        {"", ",'free':true,'pay_on':{'stage':'sold','percent':101}"},
        {"", ",'returns':{'max_percent':10}"},
        {"", ",'returns':{'window':'7d','max_percent':101}"},
        {"", ",'returns':{'window':'7d','decide':'perhaps'}"},
        {",'returns':{'max_percent':10}", ""},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (with(wrong[i][0], wrong[i][1])) fail_msg("%s %s", wrong[i][0], wrong[i][1]);
}

static void what_is_billed_later_promises_nothing(void **state)
{
    (void)state;
    struct sale_terms after = {.pays_at = STAGE_SOLD};
    struct catalogue catalogue = {.house = {.margin = {.is_set = true, .ppm = 200000}, .payout_step_micros = CENT}};
    struct campaign campaign = {.index = 0};
    struct affiliate affiliate = {.index = 0};
    struct contract_asides asides = {.after = &after};
    struct contract contract = {.asides = &asides, .is_free = true};
    struct price_parties parties = {&catalogue, &campaign, &affiliate, NULL, &contract};
    struct payout payout = price_payout(&parties, 1000 * CENT);
    assert_int_equal(payout.payout_micros, 0);
    assert_true(price_carries(&contract, payout, 0));
    assert_false(price_carries(&contract, payout, 1));
    assert_int_equal(price_billed(&parties, 1000 * CENT, 900 * CENT, 0, &payout), 0);
    assert_true(payout.payout_micros == 0 && payout.margin_micros == 0);
    struct payout promised = {800 * CENT, 200 * CENT, MARGIN_EXCHANGE}; /* before the contract was billed later */
    assert_int_equal(price_billed(&parties, 1000 * CENT, -1, 0, &promised), 1000 * CENT);
    assert_int_equal(promised.payout_micros, 800 * CENT);
    payout = price_at_stage(&parties, 1000 * CENT);
    assert_int_equal(payout.payout_micros, 800 * CENT);
    affiliate.margin = (struct margin){.is_set = true, .is_pay = true, .is_fixed = true, .fixed_micros = 1200 * CENT};
    payout = price_at_stage(&parties, 1000 * CENT);
    assert_int_equal(payout.payout_micros, 1000 * CENT); /* never more than it brings */
    assert_int_equal(payout.rule, MARGIN_AFFILIATE);
    parties = (struct price_parties){.catalogue = &catalogue}; /* everyone has gone */
    payout = price_at_stage(&parties, 1000 * CENT);
    assert_int_equal(payout.payout_micros, 800 * CENT);
    assert_int_equal(payout.rule, MARGIN_EXCHANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(are_read_and_packed, setup, teardown),
        cmocka_unit_test_setup_teardown(contradictions_are_errors, setup, teardown),
        cmocka_unit_test(what_is_billed_later_promises_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
