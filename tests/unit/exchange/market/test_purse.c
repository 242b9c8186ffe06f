/* purse: what funds means in a catalogue, what a sale would cost at least, and who is not asked for want of money. */
#include "exchange/market/purse.h"

#include "exchange/market/availability.h"
#include "exchange/market/match.h"
#include "tests/unit/exchange/market/world.h"

#define NOW INT64_C(1000000000)
#define WALL INT64_C(1767366000000) /* 2026-01-02 15:00 UTC */
#define POST "'campaign':'auto','post_url':'https://n.example/l'"
#define LIVE POST ",'price':'live','ping_url':'https://n.example/p'"
#define MARKET(of_pre)                                                                                                 \
    "{'campaigns':[" WORLD_CAMPAIGN                                                                                    \
    "],'buyers':[{" WORLD_BUYER("any") ",'contracts':[{'id':'any'," POST ",'price':'5'}]},{" WORLD_BUYER(              \
        "pre") ",'funds':" of_pre ",'contracts':["                                                                     \
               "{'id':'live'," LIVE "},{'id':'least'," LIVE ",'min_price':'4'},{'id':'fixed'," POST ",'price':'5'},"   \
               "{'id':'two'," POST ",'price':{'exclusive':'9','shared':'3'},'type':'either','max_sold':2},"            \
               "{'id':'rules'," POST ",'price':[{'when':{'field':'state','is':'CA'},'price':'7'},{'price':'2'}]},"     \
               "{'id':'secret'," POST                                                                                  \
               ",'price':[{'when':{'field':'first_name','is':'Ann'},'price':'8'},{'price':'6'}]}]},"                   \
               "{" WORLD_BUYER("owes") ",'funds':{'credit_limit':'20','low_at':'5'},'contracts':[{'id':'owes'," POST   \
                                       ",'price':'5'}]}]}"

static struct world world;
static struct catalogue *catalogue;

static int begin(void **state)
{
    (void)state;
    world_open(&world);
    catalogue = world_build(&world, MARKET("{'prepaid':true,'low_at':'100'}"));
    return 0;
}

static int end(void **state)
{
    (void)state;
    catalogue_drop(&catalogue);
    world_close(&world);
    return 0;
}

static const struct contract *contract_of(const char *id)
{
    const struct contract *contract = catalogue_contract(catalogue, bytes_of(id));
    assert_non_null(contract);
    return contract;
}

static const struct buyer *buyer_of(const char *id)
{
    return catalogue_buyer(catalogue, bytes_of(id));
}

static void what_the_catalogue_says(void **state)
{
    const struct purse *any = &buyer_of("any")->purse, *pre = &buyer_of("pre")->purse, *owes = &buyer_of("owes")->purse;
    (void)state;
    assert_false(any->is_limited || any->has_low);
    assert_true(purse_credit(any) == FUNDS_ANY);
    assert_true(pre->is_limited && pre->has_low);
    assert_int_equal(purse_credit(pre), 0);
    assert_int_equal(pre->low_micros, 100000000);
    assert_int_equal(purse_credit(owes), 20000000);
    assert_int_equal(owes->low_micros, -15000000); /* owing 15 leaves 5 */
    assert_int_equal(purse_left(pre, 7), 7);
    assert_int_equal(purse_left(owes, -20000001), -1);
    assert_true(purse_left(owes, INT64_MAX - 5) == INT64_MAX);
}

/* What cannot be looked at again is taken as the least it may be. */
static void the_least_a_sale_costs(void **state)
{
    static const struct {
        const char *contract;
        int64_t standing_micros, stake_micros;
    } rows[] = {{"live", 0, 1},        {"least", 0, 4000000},       {"fixed", 5000000, 5000000},
                {"fixed", 0, 5000000}, {"two", 3000000, 3000000},   {"rules", 7000000, 7000000},
                {"rules", 0, 2000000}, {"secret", 8000000, 6000000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(purse_stake(contract_of(rows[i].contract), rows[i].standing_micros), rows[i].stake_micros);
}

/* The contracts that may be asked about that lead, in the catalogue's order; the others have no money. */
static void assert_asked(const char *lead, const char *wanted)
{
    struct lead_form form = world_lead(&world, &catalogue->campaigns[0], LEAD_ONE_CALL, lead);
    struct match match;
    char got[100] = "";
    form.facts.consent = world_read(&world, "{'tcpa':true}");
    assert_true(match_run(catalogue, &form.facts, world.standing, NOW, WALL, &world.arena, &match));
    for (uint32_t i = 0; i < match.entries_count; i++) {
        const struct match_entry *entry = &match.entries[i];
        assert_true(entry->reason == REASON_NONE || entry->reason == REASON_NO_FUNDS);
        if (entry->reason == REASON_NONE)
            sprintf(got + strlen(got), "%.*s ", (int)entry->contract->id.len, entry->contract->id.at);
    }
    assert_string_equal(got, wanted);
}

#define LEAD(state, name)                                                                                              \
    "{'state':'" state "','zip':'94110','first_name':'" name "','phone':'4155550123','email':'a@b.co'}"

static void to_the_micro(void **state)
{
    uint32_t cell = buyer_of("pre")->cell;
    (void)state;
    assert_asked(LEAD("CA", "Ann"), "any owes ");
    funds_change(world.standing, cell, 1);
    assert_asked(LEAD("CA", "Ann"), "any live owes ");
    funds_change(world.standing, cell, 2999999);
    assert_asked(LEAD("CA", "Ann"), "any live two owes ");
    assert_asked(LEAD("NV", "Ann"), "any live two rules owes ");
    funds_change(world.standing, cell, 1999999);
    assert_asked(LEAD("CA", "Ann"), "any live least two owes ");
    funds_change(world.standing, cell, 1);
    assert_asked(LEAD("CA", "Ann"), "any live least fixed two owes ");
    funds_change(world.standing, cell, 2000000);
    assert_asked(LEAD("CA", "Ann"), "any live least fixed two rules secret owes ");
    funds_change(world.standing, buyer_of("owes")->cell, -15000000);
    assert_asked(LEAD("CA", "Ann"), "any live least fixed two rules secret owes ");
    funds_change(world.standing, buyer_of("owes")->cell, -1);
    assert_asked(LEAD("CA", "Ann"), "any live least fixed two rules secret ");
}

/* A reload changes the limit, never what is left; raised, it lets through at once what it kept out. */
static void a_reload_changes_the_limit(void **state)
{
    struct catalogue *before = catalogue;
    (void)state;
    funds_change(world.standing, buyer_of("pre")->cell, -1000000);
    assert_asked(LEAD("NV", "Ann"), "any owes ");
    catalogue = world_build(&world, MARKET("{'credit_limit':'3'}"));
    assert_asked(LEAD("NV", "Ann"), "any live rules owes ");
    struct catalogue *lowered = world_build(&world, MARKET("{'credit_limit':'0.50'}"));
    catalogue_drop(&catalogue);
    catalogue = lowered;
    assert_asked(LEAD("NV", "Ann"), "any owes ");
    catalogue_drop(&catalogue);
    catalogue = before;
}

/* Other rules judge what was seen: a trace tells the money, not the verdict. */
static void what_a_trace_keeps(void **state)
{
    static const int64_t funds[] = {0, 1, -1, 4999999, INT64_MIN, INT64_MAX};
    const struct buyer *pre = buyer_of("pre");
    (void)state;
    for (size_t i = 0; i < sizeof funds / sizeof *funds; i++) {
        struct availability_view view, again;
        char packed[AVAILABILITY_PACKED_MAX];
        struct sink sink = sink_over(packed, sizeof packed);
        uint64_t by = (uint64_t)funds[i] - (uint64_t)funds_left(world.standing, pre->cell); /* wraps, as the cell does */
        funds_change(world.standing, pre->cell, (int64_t)by);
        availability_read(contract_of("fixed"), pre, NULL, world.standing, NOW, WALL, &view);
        availability_pack(&sink, &view);
        assert_true(availability_unpack(sink_written(&sink), &again));
        assert_true(again.counts_funds && again.funds_micros == funds[i]);
        again.stake_micros = view.stake_micros;
        assert_int_equal(availability_reason(contract_of("fixed"), pre, &again, WALL),
                         funds[i] >= 5000000 ? REASON_NONE : REASON_NO_FUNDS);
        struct buyer generous = *pre;
        generous.purse.credit_micros = 5000000;
        assert_int_equal(availability_reason(contract_of("fixed"), &generous, &again, WALL),
                         funds[i] >= 0 ? REASON_NONE : REASON_NO_FUNDS);
        generous.purse.is_limited = false;
        assert_int_equal(availability_reason(contract_of("fixed"), &generous, &again, WALL), REASON_NONE);
        assert_false(availability_unpack(bytes_first(sink_written(&sink), sink.len - 1), &again));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_catalogue_says, begin, end),
        cmocka_unit_test_setup_teardown(the_least_a_sale_costs, begin, end),
        cmocka_unit_test_setup_teardown(to_the_micro, begin, end),
        cmocka_unit_test_setup_teardown(a_reload_changes_the_limit, begin, end),
        cmocka_unit_test_setup_teardown(what_a_trace_keeps, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
