/* What can never come about is told, with its name, and nothing else is: random filters against random leads find no
 * contract that was called unreachable and still lets one through. */
#include "exchange/market/reach.h"

#include "exchange/market/filter.h"
#include "tests/unit/exchange/market/world.h"

#define FIELDS                                                                                                         \
    "'state':{'type':'us_state','required':'ping','private':false},'zip':{'type':'us_zip','private':false},"           \
    "'age':{'type':'integer','min':16,'max':110,'private':false},'born':{'type':'date','private':false},"              \
    "'credit':{'type':'choice','of':['poor','fair','good'],'private':false},'income':{'type':'decimal','private':"     \
    "false},'owner':{'type':'boolean','private':false},'note':{'type':'text','private':false},'phone':{'type':"        \
    "'us_phone'}"

#define CALIFORNIA "{'field':'state','is':'CA'}"
#define OLD "{'field':'age','min':60}"
#define YOUNG "{'field':'age','max':30}"

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

static void build(const char *price, const char *filter, const char *more)
{
    char text[8192];
    snprintf(text, sizeof text,
             "{'campaigns':[{'id':'auto','fields':{" FIELDS
             "},'score':[{'when':{'field':'owner','is':true},'points':20},"
             "{'points':-5}]}],'affiliates':[{'id':'best','campaigns':['auto'],'keys':['" WORLD_KEY(
                 "00000001") "']},"
                             "{'id':'idle','keys':['" WORLD_KEY("00000002") "']}],'buyers':[{" WORLD_BUYER(
                                 "north") ",'contracts':[{'id':'c','campaign':'auto','post_url':'https://n.example/"
                                          "p','price':%s%s%s}]}]%s}",
             price, filter ? ",'filter':" : "", filter ? filter : "", more);
    struct catalogue *catalogue = world_build(&world, text);
    catalogue_drop(&catalogue);
}

static unsigned times(const char *word)
{
    unsigned count = 0;
    for (const char *at = world.found; (at = strstr(at, word)); at++) count++;
    return count;
}

static void filters_that_never_hold(void **state)
{
    static const struct {
        const char *filter;
        bool is_never;
    } ROWS[] = {
        {"{'all':[" OLD "," YOUNG "]}", true},
        {"{'all':[" OLD "," CALIFORNIA "]}", false},
        {"{'all':[" CALIFORNIA ",{'field':'state','in':['NV','TX']}]}", true},
        {"{'all':[" CALIFORNIA ",{'none':[" CALIFORNIA "]}]}", true},
        {"{'none':[{'field':'state','exists':true}]}", true}, /* required at the ping */
        {"{'field':'state','exists':false}", true},
        {"{'field':'age','exists':false}", false},
        {"{'all':[{'field':'age','exists':false}," OLD "]}", true},
        {"{'none':[{'field':'age','min':16}]}", false}, /* it may be missing */
        {"{'all':[{'field':'age','exists':true},{'none':[{'field':'age','min':16}]}]}", true},
        {"{'all':[{'any':[" OLD "," CALIFORNIA "]},{'none':[" CALIFORNIA "]}," YOUNG "]}", true},
        {"{'all':[{'any':[" OLD "," CALIFORNIA "]},{'none':[" CALIFORNIA "]}]}", false},
        {"{'all':[{'field':'income','min':'10.5'},{'field':'income','max':'10.499999'}]}", true},
        {"{'all':[{'field':'income','min':'10.5'},{'field':'income','max':'10.5'}]}", false},
        {"{'all':[{'field':'owner','is':true},{'field':'owner','is':false}]}", true},
        {"{'none':[{'field':'credit','in':['poor','fair']},{'field':'credit','is':'good'}]}", false},
        {"{'all':[{'field':'credit','exists':true},{'none':[{'field':'credit','in':['poor','fair','good']}]}]}", true},
        {"{'all':[{'zip':['94110']},{'field':'zip','prefix':['95']}]}", true},
        {"{'all':[{'zip':['95110']},{'field':'zip','prefix':['95']}]}", false},
        {"{'all':[{'field':'note','is':'a'},{'field':'note','is':'b'}]}", true},
        {"{'all':[{'field':'note','prefix':['a']},{'none':[{'field':'note','is':'a'}]}]}", false},
        {"{'all':[{'field':'note','matches':'^a'},{'field':'note','matches':'^b'}]}", false}, /* not looked into */
        {"{'all':[{'age_from':'born','min':30},{'age_from':'born','max':20}]}", true},
        {"{'all':[{'age_from':'born','min':30},{'age_from':'born','max':31}]}", false},
        {"{'all':[{'source':['fb']},{'source':['tv']}]}", true},
        {"{'none':[{'source':['fb']}]}", false},
        {"{'affiliate':['best']}", false},
        {"{'affiliate':['idle']}", true}, /* may not sell here */
        {"{'affiliate':['nobody']}", true},
        {"{'none':[{'affiliate':['best']}]}", true},
        {"{'all':[{'sub_id':['a']},{'sub_id':['b']}]}", false}, /* there may be several */
        {"{'all':[{'area_code':[415]},{'area_code':[510]}]}", true},
        {"{'score':{'min':16}}", true},
        {"{'score':{'min':15}}", false},
        {"{'score':{'max':-6}}", true},
        {"{'all':[{'score':{'min':10}},{'score':{'max':9}}]}", true},
        {"{'all':[{'consent':'tcpa'},{'none':[{'consent':'tcpa'}]}]}", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        build("'5'", ROWS[i].filter, "");
        if (times("[unreachable_contract]") != ROWS[i].is_never) fail_msg("%s\n%s", ROWS[i].filter, world.found);
    }
}

static void rules_that_never_fire(void **state)
{
    static const struct {
        const char *price, *filter;
        unsigned count;
    } ROWS[] = {
        {"[{'when':" OLD ",'price':'9'},{'when':" YOUNG ",'price':'8'},{'price':'5'}]", NULL, 0},
        {"[{'when':{'field':'age','min':50},'price':'9'},{'when':" OLD ",'price':'8'},{'price':'5'}]", NULL, 1},
        {"[{'when':" OLD ",'price':'9'},{'when':" OLD ",'price':'8'}]", NULL, 1},
        {"[{'when':" OLD ",'price':'9'},{'price':'5'}]", YOUNG, 1},
        {"[{'when':" CALIFORNIA ",'price':'9'},{'price':'5'}]", CALIFORNIA, 1},
        {"[{'when':{'field':'owner','is':true},'price':'9'},{'when':{'field':'owner','is':false},'price':'8'},{'price':"
         "'5'}]",
         NULL, 0}, /* it may be missing */
        {"[{'when':{'field':'owner','is':true},'price':'9'},{'when':{'field':'owner','is':false},'price':'8'},{'price':"
         "'5'}]",
         "{'field':'owner','exists':true}", 1},
        {"[{'price':'9'},{'when':" OLD ",'price':'8'}]", NULL, 1}, /* told once */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        build(ROWS[i].price, ROWS[i].filter, "");
        if (times("[unreachable_price]") != ROWS[i].count) fail_msg("%s\n%s", ROWS[i].price, world.found);
    }
    assert_int_equal(times("this one is never reached"), 1);
}

static void what_nobody_uses(void **state)
{
    (void)state;
    build("'5'", NULL, ",'calendars':{'us':{'2026-12-25':'closed'}}");
    assert_int_equal(times("[unused_calendar]"), 1);
    build("'5','schedule':{'mon-fri':'08:00-20:00','use':'us'}", NULL, ",'calendars':{'us':{'2026-12-25':'closed'}}");
    assert_int_equal(times("[unused_calendar]"), 0);
    build("'5'", NULL, ",'margins':[{'affiliate':'idle','contract':'c','percent':5}]");
    assert_int_equal(times("[unused_margin]"), 1);
    build("'5'", NULL, ",'margins':[{'affiliate':'best','contract':'c','percent':5}]");
    assert_int_equal(times("[unused_margin]"), 0);
    struct catalogue *catalogue = world_build(
        &world, "{'campaigns':[{'id':'auto','fields':{" FIELDS "}}],'affiliates':[{'id':'a'}],'buyers':[{" WORLD_BUYER(
                    "n") ",'contracts':[{'id':'c','campaign':'auto','post_url':'https://n.example/p','price':'5'}]}]}");
    assert_int_equal(times("[unsold_campaign]"), 1);
    catalogue_drop(&catalogue);
}

static void write_condition(struct sink *sink, struct dice *dice, unsigned depth)
{
    static const char *const LEAVES[] = {CALIFORNIA,
                                         "{'field':'state','in':['NV','CA']}",
                                         OLD,
                                         YOUNG,
                                         "{'field':'age','is':34}",
                                         "{'field':'age','exists':false}",
                                         "{'field':'owner','is':true}",
                                         "{'field':'owner','is':false}",
                                         "{'field':'income','min':'10.5'}",
                                         "{'field':'income','max':'10.5'}",
                                         "{'field':'credit','is':'good'}",
                                         "{'zip':['94110','95110']}",
                                         "{'field':'zip','prefix':['94']}",
                                         "{'field':'note','is':'a'}",
                                         "{'field':'note','prefix':['a']}",
                                         "{'field':'note','matches':'b'}",
                                         "{'source':['fb']}",
                                         "{'affiliate':['best']}",
                                         "{'area_code':[415]}",
                                         "{'score':{'min':1}}",
                                         "{'age_from':'born','min':30}",
                                         "{'age_from':'born','max':29}"};
    static const char *const GROUPS[] = {"all", "all", "any", "none"};
    if (depth == 0 || dice_below(dice, 3) == 0) {
        sink_text(sink, LEAVES[dice_below(dice, sizeof LEAVES / sizeof *LEAVES)]);
        return;
    }
    sink_format(sink, "{'%s':[", GROUPS[dice_below(dice, 4)]);
    for (unsigned i = 0, count = 1 + dice_below(dice, 4); i < count; i++) {
        if (i) sink_char(sink, ',');
        write_condition(sink, dice, depth - 1);
    }
    sink_text(sink, "]}");
}

static struct facts some_facts(const struct campaign *campaign, struct dice *dice)
{
    static const char *const PARTS[][3] = {{"'age':34", "'age':60", "'age':20"},
                                           {"'owner':true", "'owner':false", "'owner':true"},
                                           {"'income':'10.5'", "'income':10.4", "'income':99"},
                                           {"'credit':'good'", "'credit':'poor'", "'credit':'good'"},
                                           {"'zip':'94110'", "'zip':'95110'", "'zip':'10001'"},
                                           {"'note':'a'", "'note':'ab'", "'note':'c'"},
                                           {"'born':'1990-01-01'", "'born':'2000-01-01'", "'born':'1950-05-05'"},
                                           {"'phone':'4155550123'", "'phone':'5105550123'", "'phone':'2125550123'"}};
    static const char *const STATES[] = {"CA", "NV", "TX"};
    char text[600];
    struct sink sink = sink_over(text, sizeof text - 1);
    sink_format(&sink, "{'state':'%s'", STATES[dice_below(dice, 3)]);
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++)
        if (dice_below(dice, 4)) sink_format(&sink, ",%s", PARTS[i][dice_below(dice, 3)]);
    sink_char(&sink, '}');
    text[sink.len] = 0;
    struct facts facts = world_lead(&world, campaign, LEAD_ONE_CALL, text).facts;
    facts.affiliate = BYTES("best");
    facts.source = dice_below(dice, 2) ? BYTES("fb") : BYTES("tv");
    facts.today = 20260101;
    return facts;
}

static void on_error(void *arg, const struct node *where, const char *text)
{
    (void)arg, (void)where;
    fail_msg("%s", text);
}

static void never_is_never(void **state)
{
    struct dice dice = {20260711};
    unsigned nevers = 0;
    (void)state;
    struct catalogue *catalogue = world_build(&world, "{'campaigns':[{'id':'auto','fields':{" FIELDS
                                                      "},'score':[{'when':{'field':'owner','is':true},'points':3}]}],"
                                                      "'affiliates':[{'id':'best','campaigns':['auto']}]}");
    const struct campaign *campaign = &catalogue->campaigns[0];
    struct reach *reach = reach_open(catalogue, campaign);
    for (unsigned round = 0; round < 3000; round++) {
        char text[8192];
        struct sink sink = sink_over(text, sizeof text - 1);
        write_condition(&sink, &dice, 3);
        text[sink.len] = 0;
        const struct filter *filter = filter_build(&world.arena, campaign, NULL, world_read(&world, text), on_error,
                                                   NULL);
        reach_begin(reach);
        reach_add(reach, filter, true);
        bool is_never = reach_is_never(reach);
        nevers += is_never;
        for (unsigned i = 0; i < 20 && is_never; i++) {
            struct facts facts = some_facts(campaign, &dice);
            if (filter_matches(filter, &facts)) fail_msg("round %u: it holds: %s", round, text);
        }
    }
    assert_true(nevers > 100 && nevers < 2500);
    reach_close(&reach);
    catalogue_drop(&catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filters_that_never_hold),
        cmocka_unit_test(rules_that_never_fire),
        cmocka_unit_test(what_nobody_uses),
        cmocka_unit_test(never_is_never),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
