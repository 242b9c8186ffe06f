/* campaign: a lead at each stage, what of it is public, when two leads are the same, consent, and a post held against
 * its ping. */
#include "exchange/market/campaign.h"

#include "protocol/codec/json.h"
#include "protocol/codec/pack.h"
#include "tests/unit/exchange/market/world.h"

static struct world world;
static struct catalogue *catalogue;
static const struct campaign *campaign;

#define PERSON ",'first_name':'Ann','phone':'(415) 555-0123','email':'Ann@Example.com'"

static void hold(struct bytes got, const char *wanted)
{
    char text[2048];
    snprintf(text, sizeof text, "%s", wanted);
    for (char *at = text; *at; at++)
        if (*at == '\'') *at = '"';
    if (!bytes_is(got, text)) fail_msg("%.*s\nwanted %s", (int)got.len, got.at, text);
}

static void a_ping_is_public(void **state)
{
    (void)state;
    struct lead_form form = world_lead(&world, campaign, LEAD_PING,
                                       "{'phone':'nonsense','age':'34','zip':94110,'state':'ca','extra':{'a':1}}");
    hold(form.public_json, "{'state':'CA','zip':'94110','age':34}");
    assert_int_equal(form.full_json.len, 0);
    assert_false(form.facts.with_private);
    for (uint32_t i = 0; i < campaign->fields_count; i++)
        if (campaign->fields[i].is_private) assert_false(form.facts.fields[i].is_set);
    form = world_lead(&world, campaign, LEAD_PING,
                      "{'state':'CA','zip':'94110','note':'a \\\"quote\\\"\\n','age':null}");
    hold(form.public_json, "{'state':'CA','zip':'94110','note':'a \\'quote\\'\\n'}");
}

static void a_post_is_whole(void **state)
{
    static const char *const LEAD =
        "{'extra':{'a':[1,null,'x']},'age':34,'state':'ca','zip':'94110-1234','test_outcome':'sold'" PERSON "}";
    (void)state;
    for (enum lead_stage stage = LEAD_POST; stage <= LEAD_ONE_CALL; stage++) {
        struct lead_form form = world_lead(&world, campaign, stage, LEAD);
        hold(form.public_json, "{'state':'CA','zip':'94110','age':34}");
        hold(form.full_json, "{'state':'CA','zip':'94110','age':34,'first_name':'Ann','phone':'+14155550123',"
                             "'email':'ann@example.com','extra':{'a':[1,null,'x']},'test_outcome':'sold'}");
        assert_true(form.facts.with_private);
        assert_true(form.facts.fields[6].is_set);
    }
}

static void complaints_name_the_field(void **state)
{
    static const struct {
        enum lead_stage stage;
        const char *lead, *field, *code;
        unsigned count;
    } ROWS[] = {
        {LEAD_PING, "{'state':'CA'}", "lead.zip", "required", 1},
        {LEAD_PING, "{'state':'','zip':null}", "lead.state", "required", 2},
        {LEAD_PING, "{'state':'CA','zip':'1'}", "lead.zip", "format", 1},
        {LEAD_PING, "{'state':'CA','zip':'94110','age':7}", "lead.age", "range", 1},
        {LEAD_PING, "{'state':'CA','zip':'94110','credit':'bad'}", "lead.credit", "choice", 1},
        {LEAD_PING, "{'state':'CA','zip':'94110','note':'123456789012345678901'}", "lead.note", "too_long", 1},
        {LEAD_POST, "{'state':'CA','zip':'94110'}", "lead.first_name", "required", 3},
        {LEAD_ONE_CALL, "{'state':'CA'" PERSON "}", "lead.zip", "required", 1},
        {LEAD_POST, "{'state':'CA','zip':'94110','first_name':'A','phone':'1','email':'a@b.co'}", "lead.phone",
         "format", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct lead_form form;
        struct complaints complaints = {0};
        bool no_memory = true;
        assert_false(campaign_read_lead(campaign, ROWS[i].stage, world_read(&world, ROWS[i].lead), NULL, &world.arena,
                                        &form, &complaints, &no_memory));
        assert_false(no_memory);
        if (complaints.count != ROWS[i].count || !bytes_is(complaints.list[0].field, ROWS[i].field) ||
            strcmp(complaints.list[0].code, ROWS[i].code) != 0)
            fail_msg("%s: %u, %.*s %s", ROWS[i].lead, complaints.count, (int)complaints.list[0].field.len,
                     complaints.list[0].field.at, complaints.list[0].code);
    }
}

/* A public field that only the post must have. */
static void required_at_post(void **state)
{
    (void)state;
    struct catalogue *other = world_build(
        &world, "{'campaigns':[{'id':'c','fields':{'f':{'type':'text','required':'post','private':false}}}]}");
    struct lead_form form;
    struct complaints complaints = {0};
    bool no_memory;
    const struct node *lead = world_read(&world, "{}");
    assert_true(
        campaign_read_lead(&other->campaigns[0], LEAD_PING, lead, NULL, &world.arena, &form, &complaints, &no_memory));
    hold(form.public_json, "{}");
    assert_false(
        campaign_read_lead(&other->campaigns[0], LEAD_POST, lead, NULL, &world.arena, &form, &complaints, &no_memory));
    catalogue_drop(&other);
}

static struct digest digest_of_lead(const struct node *lead, const struct node *consent)
{
    struct lead_form form;
    struct complaints complaints = {0};
    bool no_memory;
    if (!campaign_read_lead(campaign, LEAD_POST, lead, consent, &world.arena, &form, &complaints, &no_memory))
        fail_msg("%.*s", (int)complaints.list[0].field.len, complaints.list[0].field.at);
    return form.document;
}

static struct digest digest_of_json(const char *lead, const char *consent)
{
    return digest_of_lead(world_read(&world, lead), consent ? world_read(&world, consent) : NULL);
}

static void the_same_lead(void **state)
{
#define BASE "'state':'CA','zip':'94110','first_name':'Ann','phone':'+14155550123','email':'ann@example.com'"
#define LOOSE                                                                                                          \
    "{'state':'ca','zip':94110,'first_name':'Ann','phone':'415-555-0123','email':' ANN@example.com','age':3.4e1,"      \
    "'credit':null,'note':'','n':5.0,'flag':true,'list':[1,{'a':2}]}"
    static const char *const SAME[] = {
        "{" BASE ",'age':34,'n':5,'flag':true,'list':[1,{'a':2}]}",
        "{'list':['1',{'a':'2'}],'flag':'true','n':'5','age':'34'," BASE "}",
        LOOSE,
    };
    static const char *const OTHER[] = {
        "{" BASE ",'age':35,'n':5,'flag':true,'list':[1,{'a':2}]}",
        "{" BASE ",'age':34,'n':6,'flag':true,'list':[1,{'a':2}]}",
        "{" BASE ",'age':34,'n':5,'flag':false,'list':[1,{'a':2}]}",
        "{" BASE ",'age':34,'n':5,'flag':true,'list':[{'a':2},1]}",
        "{" BASE ",'age':34,'n':5,'flag':true,'list':[1,{'b':2}]}",
        "{" BASE ",'age':34,'n':5,'flag':true}",
        "{" BASE ",'age':34,'n':5,'flag':true,'list':[1,{'a':2}],'x':null}",
    };
    (void)state;
    struct digest base = digest_of_json(SAME[0], "{'tcpa':true,'leadid':'7'}");
    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        struct digest other = digest_of_json(SAME[i], i ? "{'leadid':7,'tcpa':'true'}" : "{'tcpa':true,'leadid':'7'}");
        if (!digest_same(&base, &other)) fail_msg("not the same: %s", SAME[i]);
    }
    for (size_t i = 0; i < sizeof OTHER / sizeof *OTHER; i++) {
        struct digest other = digest_of_json(OTHER[i], "{'tcpa':true,'leadid':'7'}");
        if (digest_same(&base, &other)) fail_msg("the same: %s", OTHER[i]);
    }
    struct digest other = digest_of_json(SAME[0], "{'tcpa':false,'leadid':'7'}");
    assert_false(digest_same(&base, &other));
    other = digest_of_json(SAME[0], NULL);
    assert_false(digest_same(&base, &other));
    static const struct digest ZERO;
    struct lead_form ping = world_lead(&world, campaign, LEAD_PING, "{'state':'CA','zip':'94110'}");
    assert_true(digest_same(&ping.document, &ZERO));
}

/* One lead as JSON, as MessagePack and as a form. */
static void the_same_in_every_format(void **state)
{
    char packed[1024];
    struct sink sink = sink_over(packed, sizeof packed);
    struct document_error error;
    (void)state;
    const struct node *json = world_read(&world, "{'lead':{" BASE ",'age':34,'rate':5.5},'consent':{'tcpa':true}}");
    assert_true(pack_write(&sink, json));
    const struct node *pack = document_read_pack(&world.arena, sink_written(&sink), &DOCUMENT_LIMITS, &error);
    const struct node *form = document_read_form(
        &world.arena,
        BYTES("consent.tcpa=true&lead.rate=5.5&lead.age=34&lead.state=CA&lead.zip=94110&lead.first_name=Ann&"
              "lead.phone=%2B14155550123&lead.email=ann%40example.com"),
        &DOCUMENT_LIMITS, &error);
    assert_non_null(pack);
    assert_non_null(form);
    struct digest a = digest_of_lead(node_find(json, "lead"), node_find(json, "consent"));
    struct digest b = digest_of_lead(node_find(pack, "lead"), node_find(pack, "consent"));
    struct digest c = digest_of_lead(node_find(form, "lead"), node_find(form, "consent"));
    assert_true(digest_same(&a, &b));
    assert_true(digest_same(&a, &c));
}

static void consent_is_true_or_missing(void **state)
{
    static const struct {
        const char *consent;
        bool given;
    } ROWS[] = {{"{'tcpa':true}", true},     {"{'tcpa':'true'}", true}, {"{'tcpa':false}", false},
                {"{'tcpa':'yes'}", false},   {"{'tcpa':1}", false},     {"{'tcpa':null}", false},
                {"{'tcpa':{'a':1}}", false}, {"{'other':true}", false}, {"{}", false}};
    struct campaign none = *campaign;
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (campaign_has_consent(campaign, world_read(&world, ROWS[i].consent)) != ROWS[i].given)
            fail_msg("%s", ROWS[i].consent);
    assert_false(campaign_has_consent(campaign, NULL));
    none.quality.consent_required_count = 0;
    assert_true(campaign_has_consent(&none, NULL));
}

static void a_post_against_its_ping(void **state)
{
#define PING "{'state':'CA','zip':'94110','age':34}"
    static const struct {
        const char *lead, *merged, *mismatch;
    } ROWS[] = {
        {"{'first_name':'Ann'}", "{'first_name':'Ann','state':'CA','zip':'94110','age':34}", ""},
        {"{'state':'ca','zip':'94110-0001','age':'34'}", "{'state':'ca','zip':'94110-0001','age':'34'}", ""},
        {"{'state':'','zip':null,'x':null}", "{'x':null,'state':'CA','zip':'94110','age':34}", ""},
        {"{'credit':'good'}", "{'credit':'good','state':'CA','zip':'94110','age':34}", ""},
        {"{'state':'NV'}", "{'state':'NV','zip':'94110','age':34}", "state"},
        {"{'age':35}", "{'age':35,'state':'CA','zip':'94110'}", "age"},
        {"{'age':35,'zip':'10001'}", "{'age':35,'zip':'10001','state':'CA'}", "zip, age"},
        {"{'age':'x'}", "{'age':'x','state':'CA','zip':'94110'}", ""}, /* for campaign_read_lead to refuse */
        {"{'deep':{'a':[1,2]}}", "{'deep':{'a':[1,2]},'state':'CA','zip':'94110','age':34}", ""},
        {"{}", "{'state':'CA','zip':'94110','age':34}", ""},
    };
    char ping[100];
    (void)state;
    snprintf(ping, sizeof ping, "%s", PING);
    for (char *at = ping; *at; at++)
        if (*at == '\'') *at = '"';
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct bytes mismatch = BYTES("?");
        char text[500];
        struct sink sink = sink_over(text, sizeof text);
        const struct node *merged = campaign_merge_ping(campaign, bytes_of(ping), world_read(&world, ROWS[i].lead),
                                                        &world.arena, &mismatch);
        assert_non_null(merged);
        struct json json = json_into(&sink);
        json_node(&json, merged);
        hold(sink_written(&sink), ROWS[i].merged);
        if (!bytes_is(mismatch, ROWS[i].mismatch)) fail_msg("%s: %.*s", ROWS[i].lead, (int)mismatch.len, mismatch.at);
    }
    /* What was merged reads like a lead that was posted whole. */
    struct bytes mismatch;
    const struct node *lead = world_read(&world, "{'first_name':'Ann','phone':'4155550123','email':'a@b.co'}");
    lead = campaign_merge_ping(campaign, bytes_of(ping), lead, &world.arena, &mismatch);
    struct digest merged = digest_of_lead(lead, NULL);
    struct digest whole = digest_of_json("{'state':'CA','zip':'94110','age':34,'first_name':'Ann','phone':'4155550123',"
                                         "'email':'a@b.co'}",
                                         NULL);
    assert_true(digest_same(&merged, &whole));
}

static void memory_may_be_out(void **state)
{
    const struct node *lead = world_read(&world, "{'state':'CA','zip':'94110','age':'034','extra':[1,2,3]" PERSON "}");
    unsigned failures = 0;
    bool done = false;
    (void)state;
    for (size_t room = 0; room < 20000 && !done; room += 16) {
        struct arena small;
        struct lead_form form;
        struct complaints complaints = {0};
        bool no_memory = false;
        arena_init(&small, 16, room);
        done = campaign_read_lead(campaign, LEAD_POST, lead, NULL, &small, &form, &complaints, &no_memory);
        if (!done && (!no_memory || complaints.count)) fail_msg("with %zu bytes: refused without saying why", room);
        failures += !done;
        arena_free(&small);
    }
    assert_true(done && failures > 10);
}

static void too_many_fields(void **state)
{
    char text[8192];
    struct sink sink = sink_over(text, sizeof text - 1);
    struct lead_form form;
    struct complaints complaints = {0};
    bool no_memory = false;
    (void)state;
    sink_text(&sink, "{");
    for (unsigned i = 0; i < 255; i++) sink_format(&sink, "'x%u':1,", i);
    sink_text(&sink, "'phone':'4155550123'}");
    text[sink.len] = '\0';
    struct bytes mismatch;
    const struct node *lead = campaign_merge_ping(campaign, BYTES("{\"state\":\"CA\",\"zip\":\"94110\"}"),
                                                  world_read(&world, text), &world.arena, &mismatch);
    assert_int_equal(lead->count, 258);
    assert_false(campaign_read_lead(campaign, LEAD_POST, lead, NULL, &world.arena, &form, &complaints, &no_memory));
    assert_true(bytes_is(complaints.list[0].field, "lead") && !no_memory);
}

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    catalogue = world_build(&world, "{'campaigns':[" WORLD_CAMPAIGN "]}");
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
        cmocka_unit_test(a_ping_is_public),
        cmocka_unit_test(a_post_is_whole),
        cmocka_unit_test(complaints_name_the_field),
        cmocka_unit_test(required_at_post),
        cmocka_unit_test(the_same_lead),
        cmocka_unit_test(the_same_in_every_format),
        cmocka_unit_test(consent_is_true_or_missing),
        cmocka_unit_test(a_post_against_its_ping),
        cmocka_unit_test(memory_may_be_out),
        cmocka_unit_test(too_many_fields),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
