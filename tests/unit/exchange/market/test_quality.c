/* What makes a lead good: types beside the first ones in filters, zips in their states, points, patterns of tests, and
 * the parts of a consent. */
#include "exchange/market/filter.h"
#include "exchange/market/score.h"
#include "tests/unit/exchange/market/world.h"

#define ZIPS                                                                                                           \
    "94110\t37.7486\t-122.4158\tCA\tSan Francisco\tAmerica/Los_Angeles\n"                                              \
    "10001\t40.7506\t-73.9972\tNY\tNew York\tAmerica/New_York\n"

#define OPEN "'private':false"

static struct world world;
static struct geo geo;

static int setup(void **state)
{
    struct geo_error error;
    (void)state;
    world_open(&world);
    geo = (struct geo){0};
    assert_true(geo_read_zips(&geo, BYTES(ZIPS), &world.arena, &error));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

/* A catalogue of one campaign with these fields and more keys of it. */
static struct catalogue *campaign_of(const char *fields, const char *more)
{
    char text[4096];
    snprintf(text, sizeof text,
             "{'campaigns':[{'id':'auto','fields':{%s}%s}],'affiliates':[{'id':'best','campaigns':['auto']}]}", fields,
             more);
    return world_try(&world, text);
}

static void on_error(void *arg, const struct node *where, const char *text)
{
    (void)where;
    snprintf(arg, 200, "%s", text);
}

static void new_types_in_filters(void **state)
{
    static const struct {
        const char *filter;
        bool holds;
        const char *why; /* where it does not hold; NULL: not looked at */
    } ROWS[] = {
        {"{'field':'income','min':'12.5'}", true, ""},
        {"{'field':'income','min':12.500001}", false, "income 12.5 is not at least 12.500001"},
        {"{'field':'income','max':'12.49','min':3}", false, "income 12.5 is not from 3 to 12.49"},
        {"{'field':'income','is':'12.50'}", true, ""},
        {"{'field':'income','in':['1.5',3]}", false, "income 12.5 is not 1.5, 3"},
        {"{'field':'owner','is':true}", true, ""},
        {"{'field':'owner','is':'no'}", false, "owner true is not false"},
        {"{'field':'owner','in':[true,false]}", true, ""},
        {"{'field':'site','is':'HTTPS://A.example/x'}", true, ""},
        {"{'field':'site','prefix':['https://a.']}", true, ""},
        {"{'field':'site','matches':'^https://b'}", false, NULL},
        {"{'field':'ip','in':['2001:DB8:0::1','10.0.0.1']}", true, ""},
        {"{'field':'ip','prefix':['2001:db8:']}", true, ""},
        {"{'field':'ip','prefix':['10.']}", false, "ip 2001:db8::1 does not start with 10."},
    };
    static const struct {
        const char *filter, *error;
    } WRONG[] = {
        {"{'field':'owner','is':'perhaps'}", "it must be true or false"},
        {"{'field':'owner','min':1}", "is no number"},
        {"{'field':'owner','prefix':['t']}", "has no prefix"},
        {"{'field':'owner','matches':'t'}", "no text that an expression could fit"},
        {"{'field':'income','min':'a lot'}", "min must be a number"},
        {"{'field':'income','min':1001}", "cannot have such a value"},
        {"{'field':'income','min':5,'max':4}", "min is above max"},
        {"{'field':'ip','is':'10.0.0'}", "not an IPv4 or IPv6 address"},
        {"{'field':'ip','prefix':['10.0.0.0/8']}", "begins like this"},
        {"{'field':'site','is':'a.example'}", "not an http or https URL"},
    };
    char error[200] = "", text[200];
    (void)state;
    struct catalogue *catalogue = campaign_of("'income':{'type':'decimal','max':1000," OPEN
                                              "},'owner':{'type':'boolean'," OPEN "},'site':{'type':'url'," OPEN
                                              "},'ip':{'type':'ip'," OPEN "}",
                                              "");
    const struct campaign *campaign = &catalogue->campaigns[0];
    struct lead_form form = world_lead(
        &world, campaign, LEAD_PING,
        "{'income':'12.50','owner':'yes','site':'https://A.example/x','ip':'2001:DB8::1'}");
    assert_true(bytes_is(form.public_json,
                         "{\"income\":12.5,\"owner\":true,\"site\":\"https://a.example/x\",\"ip\":\"2001:db8::1\"}"));
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct filter *filter = filter_build(&world.arena, campaign, NULL, world_read(&world, ROWS[i].filter),
                                                   on_error, error);
        if (!filter) fail_msg("%s: %s", ROWS[i].filter, error);
        struct sink why = sink_over(text, sizeof text);
        filter_explain(filter, campaign, &form.facts, &why);
        if (filter_matches(filter, &form.facts) != ROWS[i].holds) fail_msg("%s", ROWS[i].filter);
        if (ROWS[i].why && !bytes_is(sink_written(&why), ROWS[i].why))
            fail_msg("%s: %.*s", ROWS[i].filter, (int)why.len, why.at);
    }
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        assert_null(filter_build(&world.arena, campaign, NULL, world_read(&world, WRONG[i].filter), on_error, error));
        if (!strstr(error, WRONG[i].error)) fail_msg("%s: %s", WRONG[i].filter, error);
    }
    catalogue_drop(&catalogue);
}

/* The first complaint's field, or nothing. */
static struct bytes complaint_of(const struct campaign *campaign, enum lead_stage stage, const char *lead)
{
    struct lead_form form;
    struct complaints complaints = {0};
    bool no_memory;
    bool fine = campaign_read_lead(campaign, stage, world_read(&world, lead), NULL, &world.arena, &form, &complaints,
                                   &no_memory);
    assert_int_equal(fine, complaints.count == 0);
    if (!fine) assert_string_equal(complaints.list[0].code, "mismatch");
    return fine ? BYTES("") : complaints.list[0].field;
}

static void a_zip_is_in_its_state(void **state)
{
    (void)state;
    world.geo = &geo;
    struct catalogue *catalogue = campaign_of(
        "'place':{'type':'us_state'," OPEN "},'post_code':{'type':'us_zip'," OPEN "}", "");
    const struct campaign *campaign = &catalogue->campaigns[0];
    assert_true(bytes_is(complaint_of(campaign, LEAD_PING, "{'place':'CA','post_code':'94110-1234'}"), ""));
    assert_true(bytes_is(complaint_of(campaign, LEAD_PING, "{'place':'NY','post_code':'94110'}"), "lead.post_code"));
    assert_true(
        bytes_is(complaint_of(campaign, LEAD_PING, "{'place':'NY','post_code':'99999'}"), "")); /* not in the table */
    assert_true(bytes_is(complaint_of(campaign, LEAD_PING, "{'place':'NY'}"), ""));
    assert_true(bytes_is(complaint_of(campaign, LEAD_PING, "{'post_code':'94110'}"), ""));
    catalogue_drop(&catalogue);
    world.geo = NULL;
}

static void of_several_the_names_tell(void **state)
{
    (void)state;
    world.geo = &geo;
    struct catalogue *catalogue = campaign_of(
        "'state':{'type':'us_state'},'zip':{'type':'us_zip'},'to_state':{'type':'us_state'},'to_zip':{'type':'us_zip'},"
        "'other':{'type':'us_zip'}",
        "");
    const struct campaign *campaign = &catalogue->campaigns[0];
    assert_int_equal(campaign->quality.zip_pairs_count, 2);
    assert_true(bytes_is(complaint_of(campaign, LEAD_POST,
                                      "{'state':'CA','zip':'94110','to_state':'NY','to_zip':'10001','other':'10001'}"),
                         ""));
    assert_true(
        bytes_is(complaint_of(campaign, LEAD_POST, "{'state':'CA','zip':'94110','to_state':'CA','to_zip':'10001'}"),
                 "lead.to_zip"));
    /* private in a ping: not even looked at */
    assert_true(bytes_is(complaint_of(campaign, LEAD_PING, "{'state':'CA','zip':'10001'}"), ""));
    struct catalogue *again = catalogue_unpack(catalogue->packed, world_zone, &world);
    assert_non_null(again);
    assert_true(bytes_is(complaint_of(&again->campaigns[0], LEAD_POST, "{'state':'CA','zip':'10001'}"), "lead.zip"));
    catalogue_drop(&again);
    catalogue_drop(&catalogue);
    world.geo = NULL;
    catalogue = campaign_of("'state':{'type':'us_state'},'zip':{'type':'us_zip'}", "");
    assert_true(bytes_is(complaint_of(&catalogue->campaigns[0], LEAD_POST, "{'state':'CA','zip':'10001'}"), ""));
    catalogue_drop(&catalogue);
}

#define SCORED                                                                                                         \
    ",'score':[{'when':{'field':'credit','in':['good']},'points':20},{'points':-5},"                                   \
    "{'when':{'all':[{'field':'credit','is':'good'},{'source':['fb']}]},'points':'3'}]"
#define CREDIT "'credit':{'type':'choice','of':['good','poor']," OPEN "},'phone':{'type':'us_phone'}"

static void points_add_up(void **state)
{
    (void)state;
    struct catalogue *catalogue = campaign_of(CREDIT, SCORED);
    const struct campaign *campaign = &catalogue->campaigns[0];
    struct facts facts = world_lead(&world, campaign, LEAD_PING, "{'credit':'good','phone':'4155550123'}").facts;
    assert_int_equal(score_of(&facts), 15);
    facts.source = BYTES("fb");
    assert_int_equal(score_of(&facts), 18);
    facts = world_lead(&world, campaign, LEAD_PING, "{'credit':'poor'}").facts;
    assert_int_equal(score_of(&facts), -5);
    facts = world_lead(&world, campaign, LEAD_ONE_CALL, "{'credit':'good','phone':'4155550123'}").facts;
    assert_int_equal(score_of(&facts), 15);
    catalogue_drop(&catalogue);
    catalogue = campaign_of(CREDIT, "");
    facts = world_lead(&world, &catalogue->campaigns[0], LEAD_PING, "{'credit':'good'}").facts;
    assert_int_equal(score_of(&facts), 0);
    catalogue_drop(&catalogue);
}

static void patterns_tell_tests(void **state)
{
    (void)state;
    struct catalogue *catalogue = campaign_of(
        CREDIT ",'email':{'type':'email'},'note':{'type':'text'," OPEN "}",
        ",'test_patterns':[{'field':'phone','matches':'^[+]1...55501'},{'field':'note','matches':'[Tt]est'}]");
    if (!catalogue) fail_msg("%s", world.found);
    const struct campaign *campaign = &catalogue->campaigns[0];
    static const struct {
        enum lead_stage stage;
        const char *lead;
        bool is_test;
    } ROWS[] = {
        {LEAD_POST, "{'phone':'(415) 555-0123'}", true},     {LEAD_ONE_CALL, "{'phone':'4155550199'}", true},
        {LEAD_POST, "{'phone':'4155560123'}", false},        {LEAD_POST, "{}", false},
        {LEAD_PING, "{'phone':'4155550123'}", false},        {LEAD_PING, "{'note':'a Test'}", true},
        {LEAD_POST, "{'email':'test@test.example'}", false},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct facts facts = world_lead(&world, campaign, ROWS[i].stage, ROWS[i].lead).facts;
        if (campaign_is_test(&facts) != ROWS[i].is_test) fail_msg("%s", ROWS[i].lead);
    }
    catalogue_drop(&catalogue);
}

static void parts_of_a_consent(void **state)
{
    static const struct {
        const char *consent;
        bool is_enough;
    } ROWS[] = {
        {"{'tcpa':true,'leadid':'x','page_url':'https://a'}", true},
        {"{'tcpa':'true','leadid':'x','page_url':'https://a'}", true},
        {"{'tcpa':true,'leadid':'x'}", false},
        {"{'tcpa':true,'leadid':'','page_url':'https://a'}", false},
        {"{'tcpa':true,'leadid':null,'page_url':'https://a'}", false},
        {"{'tcpa':false,'leadid':'x','page_url':'https://a'}", false},
        {"{}", false},
    };
    (void)state;
    struct catalogue *catalogue = campaign_of(
        CREDIT, ",'consent':{'required':['tcpa','leadid','page_url'],'required_at':'ping'}");
    if (!catalogue) fail_msg("%s", world.found);
    assert_true(catalogue->campaigns[0].quality.consent_at_ping);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (campaign_has_consent(&catalogue->campaigns[0], world_read(&world, ROWS[i].consent)) != ROWS[i].is_enough)
            fail_msg("%s", ROWS[i].consent);
    assert_false(campaign_has_consent(&catalogue->campaigns[0], NULL));
    catalogue_drop(&catalogue);
}

static void what_is_told(void **state)
{
    static const struct {
        const char *more, *finding;
        bool is_error;
    } ROWS[] = {
        {",'score':[{'points':1},{'when':{'score':{'min':1}},'points':1}]", "there are no score rules", true},
        {",'score':[{'when':{'field':'credit','is':'good'}}]", "needs points", true},
        {",'score':[{'points':1000001}]", "needs points, from -1000000", true},
        {",'score':[{'when':{'field':'phone','exists':true},'points':1}]", "looks at a private field", true},
        {",'score':[{'points':0}]", "[score_without_points]", false},
        {",'test_patterns':[{'field':'credit','matches':'x'}]", "no text that an expression could fit", true},
        {",'test_patterns':[{'field':'phone','is':'x'}]", "a test pattern is written", true},
        {",'test_patterns':[{'field':'fax','matches':'x'}]", "has no field fax", true},
        {",'test_patterns':[{'field':'phone','matches':'('}]", "matches: at byte", true},
        {",'consent':{'required_at':'ping'}", "[consent_not_required]", false},
        {",'consent':{'required_at':'later'}", "required_at has no such value", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct catalogue *catalogue = campaign_of(CREDIT, ROWS[i].more);
        if ((catalogue == NULL) != ROWS[i].is_error || !strstr(world.found, ROWS[i].finding))
            fail_msg("%s\n%s", ROWS[i].more, world.found);
        catalogue_drop(&catalogue);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_types_in_filters),
        cmocka_unit_test(a_zip_is_in_its_state),
        cmocka_unit_test(of_several_the_names_tell),
        cmocka_unit_test(points_add_up),
        cmocka_unit_test(patterns_tell_tests),
        cmocka_unit_test(parts_of_a_consent),
        cmocka_unit_test(what_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
