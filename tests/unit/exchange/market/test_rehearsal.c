/* rehearsal: who is asked about a test lead, what built-in test buyers bid and say, and their place in a catalogue. */
#include "exchange/market/rehearsal.h"

#include "tests/unit/exchange/market/world.h"

static struct world world;
static struct catalogue *catalogue;

#define NOW INT64_C(1000000000)
#define WALL INT64_C(1767366000000)

static struct match run(const char *campaign_id, enum rehearsal rehearsal)
{
    const struct campaign *campaign = catalogue_campaign(catalogue, bytes_of(campaign_id));
    struct facts facts = world_lead(&world, campaign, LEAD_PING, "{'state':'CA','zip':'94110','age':30}").facts;
    struct match match;
    facts.affiliate = BYTES("best");
    assert_true(match_run(catalogue, &facts, world.standing, NOW, WALL, &world.arena, &match));
    assert_true(rehearsal_cast(catalogue, campaign, rehearsal, &world.arena, &match));
    uint32_t asked = 0;
    for (uint32_t i = 0; i < match.entries_count; i++) asked += match.entries[i].reason == REASON_NONE;
    assert_int_equal(asked, match.askable);
    assert_int_equal(match.counts[REASON_NONE], 0);
    return match;
}

static enum reason reason_of(const struct match *match, const char *id)
{
    for (uint32_t i = 0; i < match->entries_count; i++)
        if (bytes_is(match->entries[i].contract->id, id)) return match->entries[i].reason;
    return REASON_COUNT;
}

static void contracts_with_test_endpoints_are_asked(void **state)
{
    (void)state;
    struct match match = run("auto", REHEARSAL_PLAIN);
    assert_int_equal(match.askable, 2);
    assert_int_equal(reason_of(&match, "live"), REASON_NONE);
    assert_int_equal(reason_of(&match, "fix"), REASON_NONE); /* paused, and that says nothing of a test */
    assert_int_equal(reason_of(&match, "real"), REASON_TEST_LEAD);
    assert_int_equal(reason_of(&match, "nevada"), REASON_COUNT); /* filtered, as it would be */
    assert_int_equal(match.counts[REASON_TEST_LEAD], 1);
    assert_int_equal(match.counts[REASON_PAUSED], 0);
    assert_int_equal(match.counts[REASON_FILTERED], 1);
}

static void a_forced_outcome_is_the_built_in_buyers(void **state)
{
    (void)state;
    struct match match = run("auto", REHEARSAL_UNSOLD);
    assert_int_equal(match.askable, REHEARSAL_BUYERS);
    assert_int_equal(reason_of(&match, "live"), REASON_TEST_LEAD);
    assert_int_equal(reason_of(&match, "test:auto:1"), REASON_NONE);
    assert_int_equal(reason_of(&match, "test:auto:3"), REASON_NONE);
    match = run("bare", REHEARSAL_PLAIN); /* a campaign that nobody buys in */
    assert_int_equal(match.askable, REHEARSAL_BUYERS);
    assert_int_equal(reason_of(&match, "test:bare:2"), REASON_NONE);
}

static void they_stand_behind_all_others(void **state)
{
    (void)state;
    struct catalogue *again = catalogue_unpack(catalogue->packed, NULL, NULL);
    const struct catalogue *both[] = {catalogue, again};
    assert_non_null(again);
    assert_true(digest_same(&again->version, &catalogue->version));
    for (unsigned i = 0; i < 2; i++) {
        const struct contract *contract = catalogue_contract(both[i], BYTES("test:bare:2"));
        assert_int_equal(both[i]->contracts_count, 4);
        assert_true(contract && rehearsal_is_built_in(both[i], contract) && contract->is_live);
        assert_false(rehearsal_is_built_in(both[i], &both[i]->contracts[3]));
        const struct buyer *buyer = &both[i]->buyers[contract->buyer];
        assert_true(bytes_is(buyer->id, "test:2") && bytes_is(buyer->group, "test:2"));
        assert_ptr_equal(catalogue_buyer(both[i], BYTES("test:2")), buyer);
        for (uint32_t c = 0; c < both[i]->campaigns_count; c++)
            for (uint32_t k = 0; k < both[i]->campaigns[c].contracts_count; k++)
                assert_true(both[i]->campaigns[c].contracts[k] < both[i]->contracts_count);
    }
    catalogue_drop(&again);
}

static void bids_reach_the_floor(void **state)
{
    (void)state;
    const struct contract *contract = catalogue_contract(catalogue, BYTES("test:auto:1"));
    struct price_parties parties = {catalogue, catalogue_campaign(catalogue, BYTES("auto")),
                                    catalogue_affiliate(catalogue, BYTES("best")), NULL, contract};
    assert_int_equal(rehearsal_price(&parties, REHEARSAL_PLAIN, 0), 10 * MONEY_UNIT);
    int64_t price_micros = rehearsal_price(&parties, REHEARSAL_SOLD, 100 * MONEY_UNIT);
    assert_true(price_carries(contract, price_payout(&parties, price_micros), 100 * MONEY_UNIT));
    price_micros = rehearsal_price(&parties, REHEARSAL_LOW_BID, 0);
    assert_true(price_micros > 0 && !price_carries(contract, price_payout(&parties, price_micros), 0));
    assert_true(rehearsal_price(&parties, REHEARSAL_SOLD, BID_PRICE_MICROS_MAX) <= BID_PRICE_MICROS_MAX);
}

static void what_is_said(void **state)
{
    (void)state;
    struct rehearsal_line line;
    rehearsal_bid(REHEARSAL_PLAIN, 7, &line);
    assert_true(!line.silent && line.reason == REASON_NONE && line.bid.price_micros == 7 && line.bid.available);
    rehearsal_bid(REHEARSAL_NO_BID, 7, &line);
    assert_int_equal(line.reason, REASON_NO_BID);
    rehearsal_bid(REHEARSAL_TIMEOUT, 7, &line);
    assert_true(line.silent);
    rehearsal_verdict(REHEARSAL_TIMEOUT, 0, &line);
    assert_true(line.silent);
    static const struct {
        enum rehearsal rehearsal;
        enum verdict_class first, second;
    } rows[] = {{REHEARSAL_PLAIN, VERDICT_ACCEPTED, VERDICT_ACCEPTED},
                {REHEARSAL_SOLD, VERDICT_ACCEPTED, VERDICT_ACCEPTED},
                {REHEARSAL_REJECTED_THEN_SOLD, VERDICT_REJECTED, VERDICT_ACCEPTED},
                {REHEARSAL_UNSOLD, VERDICT_REJECTED, VERDICT_REJECTED},
                {REHEARSAL_PENDING, VERDICT_UNKNOWN, VERDICT_ACCEPTED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rehearsal_verdict(rows[i].rehearsal, 0, &line);
        assert_int_equal(line.verdict.class, rows[i].first);
        rehearsal_verdict(rows[i].rehearsal, 1, &line);
        assert_int_equal(line.verdict.class, rows[i].second);
        assert_false(line.silent || line.verdict.unhealthy);
    }
}

static void outcomes_by_name(void **state)
{
    (void)state;
    assert_int_equal(rehearsal_find(BYTES("sold")), REHEARSAL_SOLD);
    assert_int_equal(rehearsal_find(BYTES("duplicate")), REHEARSAL_DUPLICATE);
    assert_int_equal(rehearsal_find(BYTES("Sold")), REHEARSAL_NONE);
    assert_int_equal(rehearsal_find(BYTES("")), REHEARSAL_NONE);
    assert_true(rehearsal_is_of_ping(REHEARSAL_NO_BID) && rehearsal_is_of_ping(REHEARSAL_LOW_BID));
    assert_false(rehearsal_is_of_ping(REHEARSAL_PENDING));
}

static void test_endpoints_that_cannot_be(void **state)
{
    (void)state;
    assert_null(world_try(
        &world, "{'campaigns':[" WORLD_CAMPAIGN "],'buyers':[{" WORLD_BUYER(
                    "n") ",'contracts':["
                         "{'id':'1','campaign':'auto','price':'live','ping_url':'https://n.example/p',"
                         "'post_url':'https://n.example/q','test':{'post_url':'https://n.example/t'}},"
                         "{'id':'2','campaign':'auto','price':'3','post_url':'https://n.example/q','test':{}},"
                         "{'id':'3','campaign':'auto','price':'3','post_url':'https://n.example/q',"
                         "'test':{'post_url':'http://n.example/t'}},"
                         "{'id':'test:auto:1','campaign':'auto','price':'3','post_url':'https://n.example/q'}]}]}"));
    assert_int_equal(world.errors, 4); /* a live price without ping_url, no post_url, no https, an id that is taken */
}

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    catalogue = world_build(
        &world,
        "{'campaigns':[" WORLD_CAMPAIGN ",{'id':'bare','fields':{'state':{'type':'us_state','private':false}}}],"
        "'affiliates':[{'id':'best','campaigns':['auto','bare']}],"
        "'buyers':[{" WORLD_BUYER(
            "north") ",'contracts':["
                     "{'id':'live','campaign':'auto','price':'live','ping_url':'https://n.example/"
                     "p','post_url':'https://"
                     "n.example/q','test':{'ping_url':'https://t.example/p','post_url':'https://t.example/q'}},"
                     "{'id':'fix','campaign':'auto','price':'5','paused':true,'post_url':'https://n.example/q',"
                     "'test':{'post_url':'https://t.example/q'}},"
                     "{'id':'real','campaign':'auto','price':'live','ping_url':'https://n.example/"
                     "p','post_url':'https://"
                     "n.example/q'},"
                     "{'id':'nevada','campaign':'auto','price':'5','post_url':'https://n.example/q','test':{'post_url':"
                     "'https://t.example/q'},'filter':{'field':'state','is':'NV'}}]}]}");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    catalogue_drop(&catalogue);
    world_close(&world);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contracts_with_test_endpoints_are_asked),
        cmocka_unit_test(a_forced_outcome_is_the_built_in_buyers),
        cmocka_unit_test(they_stand_behind_all_others),
        cmocka_unit_test(bids_reach_the_floor),
        cmocka_unit_test(what_is_said),
        cmocka_unit_test(outcomes_by_name),
        cmocka_unit_test(test_endpoints_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
