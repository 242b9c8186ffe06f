/* caps: how caps are told: what is used, segment by segment, and what of it a buyer may know. */
#include "exchange/api/caps.h"

#include "exchange/market/availability.h"
#include "protocol/base/clock.h"
#include "tests/unit/exchange/market/world.h"

static struct world world;
static struct catalogue *catalogue;

static int64_t wall(const char *text)
{
    int64_t ms;
    assert_true(clock_read_wall(bytes_of(text), &ms));
    return ms;
}

static void sell(const char *state, const char *affiliate, const char *source, const char *channel)
{
    char lead[64];
    unsigned full;
    struct cap_key keys[RESERVATION_KEYS_MAX];
    struct cap_segments segments;
    snprintf(lead, sizeof lead, "{'state':'%s','zip':'94110'}", state);
    struct facts facts = world_lead(&world, &catalogue->campaigns[0], LEAD_PING, lead).facts;
    facts.affiliate = bytes_of(affiliate);
    facts.source = bytes_of(source);
    facts.channel = bytes_of(channel);
    cap_segments_of(&facts, &segments);
    struct cap_deal deal = {.catalogue = catalogue,
                            .contract = &catalogue->contracts[0],
                            .segments = &segments,
                            .wall_ms = wall("2026-01-02T12:00:00Z"),
                            .price_micros = 5000000};
    unsigned count = cap_keys(&deal, world.standing, keys);
    assert_true(caps_reserve(world.standing, keys, count, &full));
    caps_count(world.standing, keys, count);
}

static const char *told(bool is_private)
{
    static char text[4096];
    struct sink sink = sink_over(text, sizeof text - 1);
    struct json json = json_into(&sink);
    struct caps_scene scene = {catalogue, world.standing, wall("2026-01-02T12:00:00Z"), is_private};
    json_open_map(&json);
    caps_write(&json, &scene, &catalogue->contracts[0]);
    json_close_map(&json);
    text[sink.len] = '\0';
    return text;
}

static void what_is_used(void **state)
{
    (void)state;
    sell("CA", "best", "fb", "social");
    sell("CA", "other", "", "email");
    sell("NV", "best", "fb", "social");
    assert_string_equal(
        told(false),
        "{\"caps\":[{\"of\":\"contract\",\"window\":\"day\",\"leads\":12,\"limit_now\":7,\"counts\":\"sold\",\"used\":"
        "3,"
        "\"since\":\"2026-01-02T00:00:00.000Z\"},"
        "{\"of\":\"contract\",\"window\":\"month\",\"money\":\"100.00\",\"counts\":\"posts\",\"per\":\"state\","
        "\"segments\":[{\"state\":\"CA\",\"used\":\"10.00\"},{\"state\":\"NV\",\"used\":\"5.00\"}],"
        "\"since\":\"2026-01-01T00:00:00.000Z\"},"
        "{\"of\":\"contract\",\"window\":\"week\",\"percent\":\"70.00\",\"limit_now\":3,\"counts\":\"sold\",\"used\":3,"
        "\"per\":\"channel\",\"segments\":[{\"channel\":\"social\",\"used\":2},{\"channel\":\"email\",\"used\":1}],"
        "\"since\":\"2025-12-29T00:00:00.000Z\"},"
        "{\"of\":\"buyer\",\"window\":\"day\",\"leads\":9,\"counts\":\"sold\",\"per\":\"affiliate\",\"segments\":["
        "{\"affiliate\":\"best\",\"used\":2},{\"affiliate\":\"other\",\"used\":1}],\"since\":\"2026-01-02T00:00:00."
        "000Z\"},"
        "{\"of\":\"buyer\",\"window\":\"day\",\"leads\":8,\"counts\":\"sold\",\"per\":\"source\",\"segments\":["
        "{\"source\":\"fb\",\"used\":2},{\"source\":\"\",\"used\":1}],\"since\":\"2026-01-02T00:00:00.000Z\"}]}");
}

/* Who sold, and from where, is not the buyer's business. */
static void what_a_buyer_is_told(void **state)
{
    (void)state;
    sell("CA", "best", "fb", "social");
    assert_non_null(strstr(told(false), "\"best\""));
    assert_non_null(strstr(told(false), "\"fb\""));
    assert_null(strstr(told(true), "best"));
    assert_null(strstr(told(true), "fb"));
    assert_non_null(strstr(told(true), "{\"state\":\"CA\",\"used\":\"5.00\"}"));
    assert_non_null(strstr(told(true), "{\"channel\":\"social\",\"used\":1}"));
}

/* What a story says of a contract that was capped: which cap it was. */
static void which_cap_was_full(void **state)
{
    static const char *const SENTENCES[] = {
        "the contract's cap of 12 leads a day is reached for this hour of the day",
        "the contract's cap of 100.00 a month, per state, is reached",
        "the contract's cap of 70.00 percent of what is sold a week, per channel, is reached",
        "the buyer's cap of 9 leads a day, per affiliate, is reached",
        "the buyer's cap of 8 leads a day, per source, is reached",
    };
    char text[CAPS_SENTENCE_MAX], packed[AVAILABILITY_PACKED_MAX];
    (void)state;
    for (int32_t i = -1; i < 6; i++) {
        struct availability_view view = {.cap_full = i, .seats_free = INT64_MAX};
        struct sink sink = sink_over(packed, sizeof packed);
        availability_pack(&sink, &view);
        struct trace_contract capped = {.contract = BYTES("c"), .reason = REASON_CAPPED, .view = sink_written(&sink)};
        struct bytes sentence = caps_sentence(catalogue, &capped, text);
        assert_true(bytes_same(sentence, i < 0 || i > 4 ? BYTES_NONE : bytes_of(SENTENCES[i])));
        capped.reason = REASON_CLOSED;
        assert_int_equal(caps_sentence(catalogue, &capped, text).len, 0);
        assert_int_equal(caps_sentence(NULL, &capped, text).len, 0);
    }
}

static int setup(void **state)
{
    (void)state;
    world_open(&world);
    catalogue = world_build(
        &world,
        "{'campaigns':[" WORLD_CAMPAIGN
        "],'affiliates':[{'id':'best','campaigns':['auto'],'sources':{'fb':{},'tv':{}}},"
        "{'id':'other','campaigns':['auto'],'sources':{'fb':{}}}],'buyers':[{" WORLD_BUYER(
            "n") ",'caps':[{'window':'day','leads':9,'per':'affiliate'},{'window':'day','leads':8,'per':'source'}],"
                 "'contracts':[{'id':'c','campaign':'auto','price':'5','post_url':'https://n.example/','caps':["
                 "{'window':'day','leads':12,'pace':true},"
                 "{'window':'month','money':'100','per':'state','counts':'posts'},"
                 "{'window':'week','percent':70,'per':'channel'}]}]}]}");
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
        cmocka_unit_test_setup_teardown(what_is_used, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_buyer_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(which_cap_was_full, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
