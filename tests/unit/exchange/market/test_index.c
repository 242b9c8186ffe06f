/* The index against the tree: on random catalogues and random leads both say the same of every contract; and what the
 * conditions with names of their own mean. */
#include "exchange/market/index.h"

#include "exchange/market/match.h"
#include "tests/unit/exchange/market/world.h"

#define NOW INT64_C(1000000000)
#define WALL INT64_C(1767366000000) /* 2026-01-02 15:00 UTC */
#define ROUNDS 12u
#define CONTRACTS 150u
#define LEADS 60u

#define ZIPS                                                                                                           \
    "94110\t37.7486\t-122.4158\tCA\tSan Francisco\tAmerica/Los_Angeles\n"                                              \
    "94111\t37.7974\t-122.4001\tCA\tSan Francisco\tAmerica/Los_Angeles\n"                                              \
    "94612\t37.8085\t-122.2668\tCA\tAlameda\tAmerica/Los_Angeles\n"                                                    \
    "10001\t40.7506\t-73.9972\tNY\tNew York\tAmerica/New_York\n"

#define CAMPAIGN                                                                                                       \
    "{'id':'auto','fields':{'state':{'type':'us_state','private':false},'zip':{'type':'us_zip','private':false},"      \
    "'age':{'type':'integer','private':false},'born':{'type':'date','private':false},"                                 \
    "'credit':{'type':'choice','of':['poor','fair','good'],'private':false},"                                          \
    "'note':{'type':'text','private':false},'language':{'type':'choice','of':['en','es'],'private':false},"            \
    "'phone':{'type':'us_phone'},'income':{'type':'decimal','private':false},"                                         \
    "'owner':{'type':'boolean','private':false},'site':{'type':'url','private':false},"                                \
    "'ip':{'type':'ip','private':false}},'score':[{'when':{'field':'credit','is':'good'},'points':20},"                \
    "{'when':{'field':'age','min':50},'points':-15},{'when':{'area_code':[415]},'points':7}]}"

static struct world world;
static struct geo geo;

static int setup(void **state)
{
    struct geo_error error;
    (void)state;
    world_open(&world);
    geo = (struct geo){0};
    assert_true(geo_read_zips(&geo, BYTES(ZIPS), &world.arena, &error));
    world.geo = &geo;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

/* One condition; `deep` ones hold others. */
static void write_condition(struct sink *sink, struct dice *dice, unsigned depth)
{
    static const char *const STATES[] = {"CA", "NV", "TX", "NY"}, *const CREDIT[] = {"poor", "fair", "good"};
    static const char *const GROUPS[] = {"all", "any", "none"};
    unsigned low = dice_below(dice, 60);
    switch (dice_below(dice, depth ? 22 : 19)) {
    case 0:
        sink_format(sink, "{'field':'state','in':['%s','%s']}", STATES[dice_below(dice, 4)],
                    STATES[dice_below(dice, 4)]);
        break;
    case 1:
        sink_format(sink, "{'field':'age','min':%u,'max':%u}", low, low + dice_below(dice, 40));
        break;
    case 2:
        sink_format(sink, "{'zip':['9411%u','1000%u']}", dice_below(dice, 3), 1 + dice_below(dice, 3));
        break;
    case 3:
        sink_format(sink, "{'field':'zip','prefix':['9%u','1000']}", dice_below(dice, 10));
        break;
    case 4:
        sink_format(sink, "{'age_from':'born','min':%u,'max':%u}", low, low + 20);
        break;
    case 5:
        sink_format(sink, "{'field':'credit','is':'%s'}", CREDIT[dice_below(dice, 3)]);
        break;
    case 6:
        sink_format(sink, "{'source':['s%u','s%u']}", dice_below(dice, 5), dice_below(dice, 400));
        break;
    case 7:
        sink_format(sink, "{'near':{'zip':'94110','miles':%u}}", dice_below(dice, 12));
        break;
    case 8:
        sink_format(sink, "{'field':'note','in':['n%u','n%u']}", dice_below(dice, 4), dice_below(dice, 900));
        break;
    case 9:
        sink_format(sink, "{'field':'note','matches':'^n[0-%u]$'}", dice_below(dice, 4));
        break;
    case 10:
        sink_format(sink, "{'field':'%s','exists':%s}", dice_below(dice, 2) ? "age" : "note",
                    dice_below(dice, 2) ? "true" : "false");
        break;
    case 11:
        sink_format(sink, "{'area_code':[%u,415]}", 200 + dice_below(dice, 700));
        break;
    case 12:
        sink_format(sink, "{'sub_id':['u%u']}", dice_below(dice, 2));
        break;
    case 13:
        sink_format(sink, "{'field':'age','in':[%u,%u,%u]}", low, low + 1, dice_below(dice, 3000));
        break;
    case 14:
        sink_format(sink, "{'field':'income','min':'%u.5','max':%u}", low, low + 1 + dice_below(dice, 60));
        break;
    case 15:
        sink_format(sink, "{'field':'owner','is':%s}", dice_below(dice, 2) ? "true" : "false");
        break;
    case 16:
        sink_format(sink, "{'field':'site','prefix':['https://a%u']}", dice_below(dice, 3));
        break;
    case 17:
        sink_format(sink, "{'field':'ip','in':['10.0.0.%u','2001:DB8::%u']}", dice_below(dice, 3), dice_below(dice, 3));
        break;
    case 18:
        sink_format(sink, "{'score':{'min':%d,'max':%d}}", (int)dice_below(dice, 40) - 20,
                    20 + (int)dice_below(dice, 10));
        break;
    default:
        sink_format(sink, "{'%s':[", GROUPS[dice_below(dice, 3)]);
        for (unsigned i = 0, count = 1 + dice_below(dice, 3); i < count; i++) {
            if (i) sink_char(sink, ',');
            write_condition(sink, dice, depth - 1);
        }
        sink_text(sink, "]}");
    }
}

static struct catalogue *random_catalogue(struct dice *dice)
{
    size_t room = 1 << 20;
    char *text = arena_take(&world.arena, room);
    struct sink sink = sink_over(text, room - 1);
    sink_text(&sink,
              "{'campaigns':[" CAMPAIGN
              "],'affiliates':[{'id':'best','campaigns':['auto']}],'buyers':[{" WORLD_BUYER("north") ",'contracts':[");
    for (unsigned i = 0; i < CONTRACTS; i++) {
        sink_format(&sink, "%s{'id':'c%u','campaign':'auto','post_url':'https://a.example/p','price':", i ? "," : "",
                    i);
        if (dice_below(dice, 8) == 0) {
            sink_text(&sink, "[{'when':");
            write_condition(&sink, dice, 1);
            sink_text(&sink, ",'price':'1'}]");
        } else {
            sink_text(&sink, "'2'");
        }
        sink_text(&sink, ",'filter':{'all':[");
        for (unsigned k = 0, count = 1 + dice_below(dice, 3); k < count; k++) {
            if (k) sink_char(&sink, ',');
            write_condition(&sink, dice, 2);
        }
        sink_text(&sink, "]}}");
    }
    sink_text(&sink, "]}]}");
    assert_false(sink.cut);
    text[sink.len] = 0;
    return world_build(&world, text);
}

static void write_lead(struct sink *sink, struct dice *dice)
{
    static const char *const PARTS[] = {"'state':'CA'",
                                        "'state':'NV'",
                                        "'zip':'94110'",
                                        "'zip':'94112'",
                                        "'credit':'good'",
                                        "'credit':'poor'",
                                        "'note':'n1'",
                                        "'note':'n3'",
                                        "'born':'1980-01-03'",
                                        "'born':'2001-05-06'",
                                        "'phone':'4155550123'",
                                        "'phone':'2125550123'",
                                        "'income':12.5",
                                        "'income':'40'",
                                        "'owner':'yes'",
                                        "'owner':false",
                                        "'site':'https://a1.example'",
                                        "'site':'http://b'",
                                        "'ip':'10.0.0.1'",
                                        "'ip':'2001:db8::2'"};
    unsigned state = dice_below(dice, 2); /* a zip of another state than the lead's would be refused */
    sink_format(sink, "{'age':%u", dice_below(dice, 100));
    for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i += 2)
        if (dice_below(dice, 4)) sink_format(sink, ",%s", PARTS[i + (i < 4 ? state : dice_below(dice, 2))]);
    sink_char(sink, '}');
}

static struct facts random_facts(const struct campaign *campaign, struct dice *dice, char *text, size_t room)
{
    static const struct bytes SUB_IDS[] = {{"u1", 2}, {"u7", 2}};
    static const char *const SOURCES[] = {"s0", "s1", "s4", "other", ""};
    struct sink sink = sink_over(text, room - 1);
    bool is_whole = dice_below(dice, 3) == 0;
    write_lead(&sink, dice);
    text[sink.len] = 0;
    struct facts facts = world_lead(&world, campaign, is_whole ? LEAD_ONE_CALL : LEAD_PING, text).facts;
    facts.affiliate = BYTES("best");
    facts.source = bytes_of(SOURCES[dice_below(dice, 5)]);
    facts.sub_ids = SUB_IDS;
    facts.sub_ids_count = dice_below(dice, 3);
    facts.today = 20260102;
    return facts;
}

static void says_what_the_tree_says(void **state)
{
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct dice dice = {round * 7919 + 11};
        struct catalogue *catalogue = random_catalogue(&dice);
        const struct campaign *campaign = &catalogue->campaigns[0];
        for (unsigned k = 0; k < LEADS; k++) {
            char text[600];
            struct match match;
            struct facts facts = random_facts(campaign, &dice, text, sizeof text);
            assert_true(match_run(catalogue, &facts, world.standing, NOW, WALL, &world.arena, &match));
            uint32_t next = 0;
            for (uint32_t i = 0; i < campaign->contracts_count; i++) {
                const struct contract *contract = &catalogue->contracts[campaign->contracts[i]];
                bool fits = match_static(catalogue, contract, &facts) == REASON_NONE;
                bool found = next < match.entries_count && match.entries[next].contract == contract;
                if (found != fits)
                    fail_msg("round %u: %.*s: index %d, tree %d: %s", round, (int)contract->id.len, contract->id.at,
                             found, fits, text);
                next += found;
            }
            assert_int_equal(next, match.entries_count);
            assert_int_equal(match.counts[REASON_FILTERED], campaign->contracts_count - next);
        }
        catalogue_drop(&catalogue);
    }
}

/* The snapshot that was kept decides as the one it was packed from: the tables are in it. */
static void comes_back_with_its_tables(void **state)
{
    (void)state;
    struct dice dice = {99};
    struct catalogue *catalogue = random_catalogue(&dice);
    struct catalogue *again = catalogue_unpack(catalogue->packed, world_zone, &world);
    assert_non_null(again);
    assert_memory_equal(catalogue->version.at, again->version.at, DIGEST_LEN);
    struct facts facts = world_lead(&world, &again->campaigns[0], LEAD_PING, "{'zip':'94111','age':30}").facts;
    facts.affiliate = BYTES("best");
    for (uint32_t i = 0; i < catalogue->contracts_count; i++) {
        enum reason now = match_static(again, &again->contracts[i], &facts);
        facts.campaign = &catalogue->campaigns[0];
        assert_int_equal(match_static(catalogue, &catalogue->contracts[i], &facts), now);
        facts.campaign = &again->campaigns[0];
    }
    catalogue_drop(&again);
    catalogue_drop(&catalogue);
}

#define ONE(filter)                                                                                                    \
    "{'campaigns':[" CAMPAIGN "],'affiliates':[{'id':'best','campaigns':['auto']}],'buyers':[{" WORLD_BUYER(           \
        "north") ",'contracts':[{'id':'c','campaign':'auto','post_url':'https://a.example/"                            \
                 "p','price':'2','filter':" filter "}]}]}"

static bool fits(const char *document, const char *lead)
{
    struct catalogue *catalogue = world_build(&world, document);
    struct facts facts = world_lead(&world, &catalogue->campaigns[0], LEAD_PING, lead).facts;
    facts.affiliate = BYTES("best");
    facts.today = 20260102;
    facts.consent = world_read(&world, "{'tcpa':true}");
    struct match match;
    assert_true(match_run(catalogue, &facts, world.standing, NOW, WALL, &world.arena, &match));
    bool found = match.entries_count == 1;
    catalogue_drop(&catalogue);
    return found;
}

static void means_what_it_says(void **state)
{
    (void)state;
    assert_true(fits(ONE("{'near':{'zip':'94110','miles':10}}"), "{'zip':'94612'}"));
    assert_false(fits(ONE("{'near':{'zip':'94110','miles':5}}"), "{'zip':'94612'}"));
    assert_false(fits(ONE("{'near':{'zip':'94110','miles':10}}"), "{'zip':'94113'}")); /* not in the table */
    assert_true(fits(ONE("{'county':['CA/San Francisco']}"), "{'zip':'94111'}"));
    assert_false(fits(ONE("{'county':['CA/San Francisco']}"), "{'zip':'94612'}"));
    assert_true(fits(ONE("{'area_code':['415']}"), "{'phone':'(415) 555-0123'}")); /* looked at, though private */
    assert_false(fits(ONE("{'area_code':['510']}"), "{'phone':'(415) 555-0123'}"));
    assert_true(fits(ONE("{'age_from':'born','min':45,'max':45}"), "{'born':'01/02/1981'}"));
    assert_false(fits(ONE("{'age_from':'born','min':45}"), "{'born':'1981-01-03'}")); /* 45 tomorrow */
    assert_false(fits(ONE("{'age_from':'born','min':0}"), "{'born':'2026-01-03'}"));
    assert_true(fits(ONE("{'field':'born','min':'1980-01-01'}"), "{'born':'1980-01-01'}"));
    assert_true(fits(ONE("{'language':['es']}"), "{'language':'es'}"));
    assert_true(fits(ONE("{'consent':'tcpa'}"), "{}"));
    assert_false(fits(ONE("{'none':[{'consent':'tcpa'}]}"), "{}"));
    assert_int_equal(campaign_day(WALL), 20260102);
    assert_int_equal(campaign_day(INT64_C(1709164800000)), 20240229);
    assert_int_equal(campaign_day(-1), 19691231);
}

static void refuses(const char *document, const char *text)
{
    struct catalogue *catalogue = world_try(&world, document);
    catalogue_drop(&catalogue);
    if (!strstr(world.found, text)) fail_msg("not \"%s\" but: %s", text, world.found);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    refuses(ONE("{'near':{'zip':'94113','miles':5}}"), "the table of zips has no 94113");
    refuses(ONE("{'county':['CA/Nowhere']}"), "no zip of the table is in county CA/Nowhere");
    refuses(ONE("{'country':['US']}"), "needs a field of that name");
    refuses(ONE("{'age_from':'age','min':1}"), "is no date");
    refuses(ONE("{'age_from':'born'}"), "needs min, max, or both");
    refuses(ONE("{'field':'note','matches':'(a'}"), "matches: at byte 3: a ( without its )");
    refuses(ONE("{'consent':'email'}"), "is tcpa");
    world.geo = NULL;
    refuses(ONE("{'near':{'zip':'94110','miles':5}}"), "needs the table of zips (settings: geo: zips)");
}

static void keeps_those_apart_who_do_not_trade(void **state)
{
    static const char DOCUMENT[] =
        "{'campaigns':[" CAMPAIGN "],'affiliates':[{'id':'best','campaigns':['auto'],'exclude_buyers':['g']},"
        "{'id':'cheap','campaigns':['auto']}],'buyers':["
        "{" WORLD_BUYER("a") ",'group':'g','contracts':[{'id':'ca','campaign':'auto','post_url':'https://a.example/p',"
                             "'price':'2'}]},"
                             "{" WORLD_BUYER(
                                 "b") ",'exclude':{'affiliates':['cheap'],'sources':['fb']},'contracts':[{'id':'cb',"
                                      "'campaign':'auto','post_url':'https://a.example/p','price':'2'}]}]}";
    static const struct {
        const char *affiliate, *source;
        uint32_t left;
    } CASES[] = {{"best", "x", 1}, {"best", "fb", 0}, {"cheap", "x", 1}};
    (void)state;
    struct catalogue *catalogue = world_build(&world, DOCUMENT);
    struct facts facts = world_lead(&world, &catalogue->campaigns[0], LEAD_PING, "{}").facts;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct match match;
        facts.affiliate = bytes_of(CASES[i].affiliate);
        facts.source = bytes_of(CASES[i].source);
        assert_true(match_run(catalogue, &facts, world.standing, NOW, WALL, &world.arena, &match));
        assert_int_equal(match.entries_count, CASES[i].left);
        assert_int_equal(match.counts[REASON_EXCLUDED], 2 - CASES[i].left);
    }
    catalogue_drop(&catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_what_the_tree_says, setup, teardown),
        cmocka_unit_test_setup_teardown(comes_back_with_its_tables, setup, teardown),
        cmocka_unit_test_setup_teardown(means_what_it_says, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_cannot_be, setup, teardown),
        cmocka_unit_test_setup_teardown(keeps_those_apart_who_do_not_trade, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
