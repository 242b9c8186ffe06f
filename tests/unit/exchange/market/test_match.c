/* match: who may be asked, who not and why, standing prices, the commonest reason. */
#include "exchange/market/match.h"

#include "tests/unit/exchange/market/world.h"

static struct world world;
static struct catalogue *catalogue;
static const struct campaign *campaign;

#define NOW INT64_C(1000000000)
#define WALL INT64_C(1767366000000) /* 2026-01-02 15:00 UTC */

static struct facts facts_of(const char *lead)
{
    struct facts facts = world_lead(&world, campaign, LEAD_PING, lead).facts;
    facts.affiliate = BYTES("best");
    return facts;
}

static const struct match_entry *entry_of(const struct match *match, const char *id)
{
    for (uint32_t i = 0; i < match->entries_count; i++)
        if (bytes_is(match->entries[i].contract->id, id)) return &match->entries[i];
    return NULL;
}

static struct match run(const char *lead)
{
    struct facts facts = facts_of(lead);
    struct match match;
    assert_true(match_run(catalogue, &facts, world.standing, NOW, WALL, &world.arena, &match));
    uint32_t refused = 0;
    for (unsigned i = 0; i < REASON_COUNT; i++) refused += match.counts[i];
    assert_int_equal(match.askable + refused, campaign->contracts_count);
    assert_int_equal(match.entries_count + match.counts[REASON_FILTERED], campaign->contracts_count);
    return match;
}

static void who_may_be_asked(void **state)
{
    (void)state;
    struct match match = run("{'state':'CA','zip':'94110','age':30}");
    assert_int_equal(match.askable, 3);
    assert_int_equal(match.counts[REASON_PAUSED], 1);
    assert_int_equal(match.counts[REASON_FILTERED], 2);
    assert_int_equal(entry_of(&match, "live")->reason, REASON_NONE);
    assert_int_equal(entry_of(&match, "live")->standing_price_micros, 0);
    assert_int_equal(entry_of(&match, "fix")->standing_price_micros, 5000000);
    assert_int_equal(entry_of(&match, "rules")->standing_price_micros, 15000000);
    assert_int_equal(entry_of(&match, "paused")->reason, REASON_PAUSED);
    assert_null(entry_of(&match, "nevada"));
    assert_null(entry_of(&match, "private"));
    assert_int_equal(match_commonest(match.counts), REASON_FILTERED);
}

static void the_first_price_rule_counts(void **state)
{
    (void)state;
    struct match match = run("{'state':'NV','zip':'89101','age':30}");
    assert_int_equal(entry_of(&match, "rules")->standing_price_micros, 9000000);
    assert_int_equal(entry_of(&match, "nevada")->standing_price_micros, 1000000);
    match = run("{'state':'NV','zip':'89101','age':70}"); /* no rule is for this lead: as good as filtered */
    assert_null(entry_of(&match, "rules"));
    match = run("{'state':'CA','zip':'94110','age':70}"); /* both would match: the first one counts */
    assert_int_equal(entry_of(&match, "rules")->standing_price_micros, 15000000);
    struct facts facts = facts_of("{'state':'NV','zip':'89101','age':70}");
    assert_int_equal(match_static(catalogue, catalogue_contract(catalogue, BYTES("rules")), &facts), REASON_FILTERED);
    assert_int_equal(match_static(catalogue, catalogue_contract(catalogue, BYTES("live")), &facts), REASON_NONE);
    assert_int_equal(match_standing_price(catalogue_contract(catalogue, BYTES("live")), &facts), 0);
}

static void a_private_filter_in_one_call(void **state)
{
    (void)state;
    struct lead_form form = world_lead(&world, campaign, LEAD_ONE_CALL,
                                       "{'state':'TX','zip':'73301','first_name':'A','phone':'4155550123','email':"
                                       "'a@b.co'}");
    struct match match;
    assert_true(match_run(catalogue, &form.facts, world.standing, NOW, WALL, &world.arena, &match));
    assert_int_equal(entry_of(&match, "private")->reason, REASON_NONE);
}

static void the_commonest_reason(void **state)
{
    struct match match = {0};
    (void)state;
    assert_int_equal(match_commonest(match.counts), REASON_NO_CONTRACT);
    match.counts[REASON_CAPPED] = 2;
    match.counts[REASON_CLOSED] = 2;
    assert_int_equal(match_commonest(match.counts), REASON_CLOSED);
    match.counts[REASON_THROTTLED] = 3;
    assert_int_equal(match_commonest(match.counts), REASON_THROTTLED);
    struct facts facts = {.campaign = catalogue_campaign(catalogue, BYTES("empty"))};
    assert_true(match_run(catalogue, &facts, world.standing, NOW, WALL, &world.arena, &match));
    assert_int_equal(match.entries_count, 0);
    assert_int_equal(match_commonest(match.counts), REASON_NO_CONTRACT);
}

static void memory_may_be_out(void **state)
{
    struct facts facts = facts_of("{'state':'CA','zip':'94110'}");
    struct match match;
    (void)state;
    for (size_t room = 0; room <= 64; room += 32) {
        struct arena small;
        arena_init(&small, 16, room);
        assert_false(match_run(catalogue, &facts, world.standing, NOW, WALL, &small, &match));
        arena_free(&small);
    }
}

static int setup(void **state)
{
    (void)state;
    world_open(&world);
#define POST "'campaign':'auto','post_url':'https://post.example/'"
    catalogue = world_build(
        &world,
        "{'campaigns':[" WORLD_CAMPAIGN ",{'id':'empty','fields':{'f':{'type':'text'}}}],'buyers':[{" WORLD_BUYER(
            "north") ",'contracts':["
                     "{'id':'live'," POST ",'price':'live','ping_url':'https://ping.example/'},"
                     "{'id':'fix'," POST ",'price':'5'},"
                     "{'id':'rules'," POST ",'price':[{'when':{'field':'state','is':'CA'},'price':'15'},"
                     "{'when':{'field':'age','max':40},'price':'9'}]},"
                     "{'id':'paused'," POST ",'price':'5','paused':true}]},{" WORLD_BUYER(
                         "south") ",'contracts':["
                                  "{'id':'nevada'," POST ",'price':'1','filter':{'field':'state','is':'NV'}},"
                                  "{'id':'private'," POST ",'price':'1','filter':{'field':'phone','prefix':"
                                  "['+1415']}}]}]}");
    campaign = &catalogue->campaigns[0];
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
        cmocka_unit_test(who_may_be_asked),
        cmocka_unit_test(the_first_price_rule_counts),
        cmocka_unit_test(a_private_filter_in_one_call),
        cmocka_unit_test(the_commonest_reason),
        cmocka_unit_test(memory_may_be_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
