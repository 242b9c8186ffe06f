/* ranking: the rules of a campaign and of its experiment, and a contract's place, as a catalogue states them. */
#include "exchange/market/cap.h"

#include "tests/unit/exchange/market/world.h"

static struct world world;

#define FIELDS "'fields':{'state':{'type':'us_state','private':'false'}}"
#define MARKET(campaign, contract)                                                                                     \
    "{'campaigns':[{'id':'auto'," FIELDS campaign                                                                      \
    "}],'affiliates':[],'buyers':[{" WORLD_BUYER("north") ",'contracts':[{'id':'c','campaign':'auto','post_url':'"     \
                                                          "https://north.example/post','price':'10'" contract "}]}]}"

static void without_a_word(void **state)
{
    struct catalogue *catalogue = world_build(&world, MARKET("", ""));
    const struct campaign *campaign = &catalogue->campaigns[0];
    const struct contract *contract = &catalogue->contracts[0];
    (void)state;
    assert_int_equal(campaign->ranking.policy, POLICY_PRICE);
    assert_false(campaign->ranking.by_expected_value || campaign->ranking.is_shadow || campaign->is_waterfall);
    assert_false(campaign->ranking.unavailable_last || campaign->ranking.is_second_price);
    assert_int_equal(campaign->ranking.second_step_micros, 10000);
    assert_int_equal(campaign->trial_ppm, 0);
    assert_int_equal(contract->tier, 1);
    assert_int_equal(contract->priority, 100);
    assert_int_equal(contract->weight, 1);
    assert_int_equal(contract->multiplier_ppm, 1000000);
    catalogue_drop(&catalogue);
}

static void what_a_catalogue_says(void **state)
{
    struct catalogue *catalogue = world_build(
        &world, MARKET(",'policy':'round_robin','rank_by':'expected_value','shadow':'true','pricing':'second',"
                       "'second_price_step':'0.25','unavailable_bids':'last','tier_mode':'waterfall',"
                       "'experiment':{'share':'12.5','policy':'weighted','shadow':'false'}",
                       ",'tier':'3','priority':'7','weight':'5','multiplier':'1.25'"));
    const struct campaign *campaign = &catalogue->campaigns[0];
    const struct contract *contract = &catalogue->contracts[0];
    (void)state;
    assert_string_equal(ranking_policy_name(campaign->ranking.policy), "round_robin");
    assert_true(campaign->ranking.by_expected_value && campaign->ranking.is_shadow && campaign->is_waterfall);
    assert_true(campaign->ranking.unavailable_last && campaign->ranking.is_second_price);
    assert_int_equal(campaign->ranking.second_step_micros, 250000);
    assert_int_equal(campaign->trial_ppm, 125000);
    assert_int_equal(campaign->trial.policy, POLICY_WEIGHTED);
    assert_false(campaign->trial.is_shadow);
    assert_true(campaign->trial.by_expected_value && campaign->trial.is_second_price); /* the campaign's own */
    assert_int_equal(campaign->trial.second_step_micros, 250000);
    assert_int_equal(contract->tier, 3);
    assert_int_equal(contract->priority, 7);
    assert_int_equal(contract->weight, 5);
    assert_int_equal(contract->multiplier_ppm, 1250000);
    struct catalogue *again = catalogue_unpack(catalogue->packed, world_zone, &world);
    assert_non_null(again);
    assert_memory_equal(&again->campaigns[0].trial, &campaign->trial, sizeof campaign->trial);
    assert_int_equal(again->contracts[0].multiplier_ppm, 1250000);
    catalogue_drop(&again);
    catalogue_drop(&catalogue);
}

/* Where the campaign or its experiment goes by it, and nowhere else. */
static void even_counts_the_day(void **state)
{
    struct catalogue *none = world_build(&world, MARKET("", ",'caps':[{'window':'day','leads':'5'}]"));
    struct catalogue *own = world_build(&world, MARKET(",'policy':'even'", ",'caps':[{'window':'day','leads':'5'}]"));
    struct catalogue *trial = world_build(&world, MARKET(",'experiment':{'share':'5','policy':'even'}", ""));
    (void)state;
    assert_false(none->contracts[0].counts_today);
    assert_true(own->contracts[0].counts_today && trial->contracts[0].counts_today);
    assert_int_equal(own->contracts[0].caps_count, 1);
    assert_int_equal(trial->contracts[0].caps_count, 0);
    assert_int_equal(own->contracts[0].caps[1].cell, trial->contracts[0].caps[0].cell);
    assert_int_not_equal(own->contracts[0].caps[1].cell, own->contracts[0].caps[0].cell);
    struct cap_key keys[RESERVATION_KEYS_MAX];
    struct cap_segments segments = {0};
    struct cap_deal deal = {
        .catalogue = own, .contract = &own->contracts[0], .segments = &segments, .wall_ms = 1772470800000};
    unsigned full;
    assert_int_equal(cap_keys(&deal, world.standing, keys), 2);
    assert_true(caps_reserve(world.standing, keys, 2, &full));
    assert_true(caps_reserve(world.standing, keys, 2, &full));
    assert_int_equal(cap_sold_today(own, &own->contracts[0], world.standing, deal.wall_ms), 2);
    assert_int_equal(cap_sold_today(trial, &trial->contracts[0], world.standing, deal.wall_ms), 2);
    caps_release(world.standing, keys, 2, true);
    assert_int_equal(cap_sold_today(own, &own->contracts[0], world.standing, deal.wall_ms), 1);
    assert_int_equal(cap_sold_today(own, &own->contracts[0], world.standing, deal.wall_ms + 86400000), 0);
    catalogue_drop(&none);
    catalogue_drop(&own);
    catalogue_drop(&trial);
}

static void told(const char *document, const char *finding)
{
    struct catalogue *catalogue = world_try(&world, document);
    if (!strstr(world.found, finding)) fail_msg("not told: %s\nbut:\n%s", finding, world.found);
    if (catalogue) catalogue_drop(&catalogue);
}

static void contradictions_are_told(void **state)
{
    (void)state;
    told(MARKET(",'experiment':{'share':'20'}", ""), "warning: this experiment changes nothing");
    told(MARKET(",'experiment':{'share':'20','policy':'price'}", ""), "warning: this experiment changes nothing");
    told(MARKET(",'experiment':{'policy':'even'}", ""), "error: an experiment needs its share");
    told(MARKET(",'experiment':{'share':'100','policy':'even'}", ""), "error: an experiment needs its share");
    told(MARKET(",'policy':'fairness'", ""), "error: policy has no such value");
    told(MARKET(",'tier_mode':'waterfall'", ",'tier':'4'"),
         "warning: a waterfall of one step: all contracts of this campaign are in tier 4");
    told(MARKET("", ",'multiplier':'0'"), "error: a multiplier is above 0 and at most 100");
    told(MARKET("", ",'multiplier':'100.01'"), "error: a multiplier is above 0 and at most 100");
    told(MARKET("", ",'weight':'0'"), "error: weight needs a whole number, at least 1");
}

static int open_world(void **state)
{
    (void)state;
    world_open(&world);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word),
        cmocka_unit_test(what_a_catalogue_says),
        cmocka_unit_test(even_counts_the_day),
        cmocka_unit_test(contradictions_are_told),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
