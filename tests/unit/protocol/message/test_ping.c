/* ping: what an affiliate may say, in JSON and as a form, field by field; and the body buyers get, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "protocol/base/clock.h"
#include "protocol/crypto/digest.h"
#include "protocol/message/ping.h"

static struct arena arena;

static const struct node *json(const char *text)
{
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    const struct node *node = document_read_json(&arena, bytes_of(text), &limits, &error);
    if (!node) fail_msg("not JSON: %s", text);
    return node;
}

static const struct node *form(const char *text)
{
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    const struct node *node = document_read_form(&arena, bytes_of(text), &limits, &error);
    if (!node) fail_msg("not a form: %s", text);
    return node;
}

static void assert_bytes(struct bytes bytes, const char *text)
{
    if (!bytes_is(bytes, text)) fail_msg("\"%.*s\" is not \"%s\"", (int)bytes.len, bytes.at, text);
}

static int reset(void **state)
{
    (void)state;
    arena_free(&arena);
    arena_init(&arena, 4096, 1 << 22);
    return 0;
}

static int done(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void reads_every_field(void **state)
{
    (void)state;
    struct ping_request request;
    struct complaints complaints = {0};
    assert_true(ping_read_request(
        json("{\"campaign\":\"auto\",\"source\":\"fb\",\"sub_id\":[\"ad-77\",\"eu\"],\"ref\":\"my-1\",\"click_id\":"
             "\"c-9\",\"channel\":\"social\",\"test\":false,\"exclude_buyers\":[\"b\",\"a\"],\"min_price\":\"4.50\","
             "\"timeout_ms\":800,"
             "\"lead\":{\"state\":\"CA\"},\"consent\":{\"tcpa\":true}}"),
        &request, &complaints));
    assert_bytes(request.campaign, "auto");
    assert_bytes(request.source, "fb");
    assert_int_equal(request.sub_ids_count, 2);
    assert_bytes(request.sub_ids[0], "ad-77");
    assert_bytes(request.sub_ids[1], "eu");
    assert_int_equal(request.excluded_count, 2);
    assert_bytes(request.excluded[0], "b");
    assert_bytes(request.excluded[1], "a");
    assert_bytes(request.ref, "my-1");
    assert_bytes(request.click_id, "c-9");
    assert_bytes(request.channel, "social");
    assert_false(request.test);
    assert_int_equal(request.min_price_micros, 4500000);
    assert_int_equal(request.timeout_us, 800000);
    assert_bytes(node_find(request.lead, "state")->text, "CA");
    assert_true(node_find(request.consent, "tcpa")->truth);
}

static void reads_a_form(void **state)
{
    (void)state;
    struct ping_request request;
    struct complaints complaints = {0};
    assert_true(ping_read_request(form("campaign=auto&sub_id=a&min_price=4.50&timeout_ms=800&test=false&lead.state=CA"
                                       "&consent.tcpa=true&consent.channels=sms&channel=sms"),
                                  &request, &complaints));
    assert_int_equal(request.min_price_micros, 4500000);
    assert_int_equal(request.timeout_us, 800000);
    assert_int_equal(request.sub_ids_count, 1);
    assert_bytes(node_find(request.lead, "state")->text, "CA");
}

static void needs_only_campaign_and_lead(void **state)
{
    (void)state;
    struct ping_request request;
    struct complaints complaints = {0};
    assert_true(ping_read_request(json("{\"campaign\":\"a\",\"lead\":{}}"), &request, &complaints));
    assert_int_equal(request.min_price_micros, 0);
    assert_int_equal(request.timeout_us, 0);
    assert_int_equal(request.sub_ids_count, 0);
    assert_null(request.consent);
    assert_int_equal(request.source.len, 0);
}

/* A member added to a good request, and the one complaint it gets; code NULL: none. */
static const struct {
    const char *member;
    const char *field, *code;
} members[] = {
    {"\"sub_id\":\"one\"", NULL, NULL},
    {"\"sub_id\":[]", NULL, NULL},
    {"\"sub_id\":[\"1\",\"2\",\"3\",\"4\",\"5\"]", NULL, NULL},
    {"\"sub_id\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"]", "sub_id", "too_long"},
    {"\"sub_id\":[\"1\",2]", "sub_id", "type"},
    {"\"sub_id\":{}", "sub_id", "type"},
    {"\"source\":1", "source", "type"},
    {"\"source\":null", "source", "type"},
    {"\"source\":\"a\\u0000b\"", "source", "format"},
    {"\"ref\":\"a\\nb\"", "ref", "format"},
    {"\"click_id\":\"a\\u202eb\"", "click_id", "format"},
    {"\"channel\":\"search\"", NULL, NULL},
    {"\"channel\":\"social\"", NULL, NULL},
    {"\"channel\":\"email\"", NULL, NULL},
    {"\"channel\":\"display\"", NULL, NULL},
    {"\"channel\":\"sms\"", NULL, NULL},
    {"\"channel\":\"call_center\"", NULL, NULL},
    {"\"channel\":\"other\"", NULL, NULL},
    {"\"channel\":\"tv\"", "channel", "choice"},
    {"\"channel\":\"\"", "channel", "choice"},
    {"\"channel\":true", "channel", "type"},
    {"\"min_price\":4.5", NULL, NULL},
    {"\"min_price\":0", NULL, NULL},
    {"\"min_price\":\"1000000\"", NULL, NULL},
    {"\"min_price\":\"1000000.000001\"", "min_price", "range"},
    {"\"min_price\":-0.01", "min_price", "range"},
    {"\"min_price\":\"four\"", "min_price", "format"},
    {"\"min_price\":\"0.0000001\"", "min_price", "format"},
    {"\"min_price\":\"\"", "min_price", "format"},
    {"\"min_price\":true", "min_price", "type"},
    {"\"timeout_ms\":\"800\"", NULL, NULL},
    {"\"timeout_ms\":50", NULL, NULL},
    {"\"timeout_ms\":60000", NULL, NULL},
    {"\"timeout_ms\":49", "timeout_ms", "range"},
    {"\"timeout_ms\":60001", "timeout_ms", "range"},
    {"\"timeout_ms\":-5", "timeout_ms", "range"},
    {"\"timeout_ms\":80.5", "timeout_ms", "type"},
    {"\"timeout_ms\":\"soon\"", "timeout_ms", "type"},
    {"\"timeout_ms\":99999999999999999999", "timeout_ms", "type"},
    {"\"test\":\"false\"", NULL, NULL},
    {"\"test\":true", NULL, NULL},
    {"\"test\":\"true\"", NULL, NULL},
    {"\"test\":1", "test", "type"},
    {"\"test\":\"yes\"", "test", "type"},
    {"\"consent\":true", "consent", "type"},
    {"\"consent\":null", "consent", "type"},
    {"\"min_leg_price\":\"1.00\"", NULL, NULL},
    {"\"min_leg_price\":\"x\"", "min_leg_price", "format"},
    {"\"min_leg_price\":-1", "min_leg_price", "range"},
    {"\"max_sales\":1", NULL, NULL},
    {"\"max_sales\":8", NULL, NULL},
    {"\"max_sales\":0", "max_sales", "range"},
    {"\"max_sales\":9", "max_sales", "range"},
    {"\"max_sales\":\"many\"", "max_sales", "type"},
    {"\"sold_elsewhere\":0", NULL, NULL},
    {"\"sold_elsewhere\":101", "sold_elsewhere", "range"},
    {"\"sold_elsewhere\":1.5", "sold_elsewhere", "type"},
    {"\"exclude_buyers\":[]", NULL, NULL},
    {"\"exclude_buyers\":\"north\"", NULL, NULL},
    {"\"exclude_buyers\":[\"north\",\"nobody's\"]", NULL, NULL},
    {"\"exclude_buyers\":7", "exclude_buyers", "type"},
    {"\"exclude_buyers\":{}", "exclude_buyers", "type"},
    {"\"exclude_buyers\":null", "exclude_buyers", "type"},
    {"\"exclude_buyers\":[\"north\",null]", "exclude_buyers", "type"},
    {"\"exclude_buyers\":[\"a\\nb\"]", "exclude_buyers", "format"},
    {"\"exclude_buyers\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", "exclude_buyers",
     "too_long"},
    {"\"legs\":\"best\"", NULL, NULL},
    {"\"legs\":\"all\"", NULL, NULL},
    {"\"legs\":\"some\"", "legs", "choice"},
    {"\"legs\":1", "legs", "choice"},
    {"\"hashes\":{}", NULL, NULL},
    {"\"hashes\":{\"phone\":\"0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789\"}", NULL, NULL},
    {"\"hashes\":{\"phone\":\"0123456789abcdefABCDEF0123456789abcdef0123456789abcdef01234567890\"}", "hashes.phone",
     "format"},
    {"\"hashes\":{\"email\":\"0123456789abcdefABCDEF0123456789abcdef0123456789abcdef012345678g\"}", "hashes.email",
     "format"},
    {"\"hashes\":{\"email\":5}", "hashes.email", "format"},
    {"\"hashes\":{\"name\":\"0123456789abcdefABCDEF0123456789abcdef0123456789abcdef0123456789\"}", "hashes", "unknown"},
    {"\"hashes\":[]", "hashes", "type"},
    {"\"ping_id\":\"01J\"", "ping_id", "format"},
    {"\"ping_id\":7", "ping_id", "type"},
    {"\"ping_id\":\"01M824ZM9VE5SRZJR000KMAWZX\"", NULL, NULL},
    {"\"if_expired\":\"reauction\"", "if_expired", "unknown"},
    {"\"Campaign\":\"x\"", "Campaign", "unknown"},
    {"\"\":1", "", "unknown"},
    {"\"consent\":{}", NULL, NULL},
    {"\"consent\":{\"tcpa\":\"true\"}", NULL, NULL},
    {"\"consent\":{\"tcpa\":1}", "consent.tcpa", "type"},
    {"\"consent\":{\"tcpa\":\"yes\"}", "consent.tcpa", "type"},
    {"\"consent\":{\"channels\":[\"sms\",\"call\"]}", NULL, NULL},
    {"\"consent\":{\"channels\":[1]}", "consent.channels", "type"},
    {"\"consent\":{\"channels\":{}}", "consent.channels", "type"},
    {"\"consent\":{\"channels\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}", "consent.channels", "too_long"},
    {"\"consent\":{\"text\":\"I agree\\nto all\"}", NULL, NULL},
    {"\"consent\":{\"text\":\"a\\u0000b\"}", "consent.text", "format"},
    {"\"consent\":{\"text\":[]}", "consent.text", "type"},
    {"\"consent\":{\"text_id\":\"v7\"}", NULL, NULL},
    {"\"consent\":{\"text_id\":7}", "consent.text_id", "type"},
    {"\"consent\":{\"text_sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}", NULL, NULL},
    {"\"consent\":{\"text\":\"CANARY\",\"text_sha256\":"
     "\"FE0344af3e43e190840444ba40c096f59418bf9247c6f3bdc8cd35e4b8f59d2e\"}",
     NULL, NULL},
    {"\"consent\":{\"text_sha256\":\"fe0344af3e43e190840444ba40c096f59418bf9247c6f3bdc8cd35e4b8f59d2e\",\"text\":"
     "\"canary\"}",
     "consent.text_sha256", "mismatch"},
    {"\"consent\":{\"text_sha256\":\"e3b0\"}", "consent.text_sha256", "format"},
    {"\"consent\":{\"text_sha256\":\"g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
     "consent.text_sha256", "format"},
    {"\"consent\":{\"text_sha256\":1}", "consent.text_sha256", "type"},
    {"\"consent\":{\"page_url\":\"https://a.example/x?y\"}", NULL, NULL},
    {"\"consent\":{\"page_url\":\"javascript:alert(1)\"}", "consent.page_url", "format"},
    {"\"consent\":{\"page_url\":\"https://a b\"}", "consent.page_url", "format"},
    {"\"consent\":{\"at\":\"2026-11-22T15:04:05Z\"}", NULL, NULL},
    {"\"consent\":{\"at\":\"yesterday\"}", "consent.at", "format"},
    {"\"consent\":{\"at\":1700000000}", "consent.at", "type"},
    {"\"consent\":{\"ip\":\"192.0.2.7\"}", NULL, NULL},
    {"\"consent\":{\"ip\":\"2001:db8::7\"}", NULL, NULL},
    {"\"consent\":{\"ip\":\"192.0.2\"}", "consent.ip", "format"},
    {"\"consent\":{\"ip\":\"192.0.2.7\\u0000x\"}", "consent.ip", "format"},
    {"\"consent\":{\"ip\":\"\"}", "consent.ip", "format"},
    {"\"consent\":{\"user_agent\":\"Mozilla/5.0\"}", NULL, NULL},
    {"\"consent\":{\"user_agent\":\"a\\rb\"}", "consent.user_agent", "format"},
    {"\"consent\":{\"sellers\":[\"Northern Mutual\"]}", NULL, NULL},
    {"\"consent\":{\"sellers\":3}", "consent.sellers", "type"},
    {"\"consent\":{\"trustedform_cert_url\":\"https://cert.trustedform.com/0\"}", NULL, NULL},
    {"\"consent\":{\"trustedform_ping_url\":\"cert.trustedform.com\"}", "consent.trustedform_ping_url", "format"},
    {"\"consent\":{\"leadid\":\"8A\"}", NULL, NULL},
    {"\"consent\":{\"leadid\":false}", "consent.leadid", "type"},
    {"\"consent\":{\"phone\":\"+1\"}", "consent.phone", "unknown"},
};

static void judges_each_member(void **state)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char text[1024];
        struct ping_request request;
        struct complaints complaints = {0};
        reset(state);
        snprintf(text, sizeof text, "{\"campaign\":\"a\",\"lead\":{},%s}", members[i].member);
        bool good = ping_read_request(json(text), &request, &complaints);
        if (good != !members[i].code || complaints.count != (members[i].code ? 1u : 0u))
            fail_msg("%s: %u complaints", text, complaints.count);
        if (good) continue;
        if (!bytes_is(complaints.list[0].field, members[i].field) ||
            strcmp(complaints.list[0].code, members[i].code) != 0)
            fail_msg("%s: %.*s %s", text, (int)complaints.list[0].field.len, complaints.list[0].field.at,
                     complaints.list[0].code);
        if (strcmp(members[i].code, "not_supported") == 0)
            assert_string_equal(complaints.list[0].text, "not supported yet");
    }
}

static void wants_what_is_required(void **state)
{
    (void)state;
    struct ping_request request;
    struct complaints complaints = {0}, none = {0}, empty = {0}, wrong = {0};
    assert_false(ping_read_request(json("{}"), &request, &complaints));
    assert_int_equal(complaints.count, 2);
    assert_bytes(complaints.list[0].field, "campaign");
    assert_string_equal(complaints.list[0].code, "required");
    assert_bytes(complaints.list[1].field, "lead");
    assert_false(ping_read_request(json("[]"), &request, &none));
    assert_int_equal(none.count, 1);
    assert_string_equal(none.list[0].code, "type");
    assert_false(ping_read_request(json("{\"campaign\":\"\",\"lead\":{}}"), &request, &empty));
    assert_string_equal(empty.list[0].code, "required");
    assert_false(ping_read_request(json("{\"campaign\":\"a\",\"lead\":[]}"), &request, &wrong));
    assert_bytes(wrong.list[0].field, "lead");
    assert_string_equal(wrong.list[0].code, "type");
}

static void bounds_texts(void **state)
{
    (void)state;
    char text[REQUEST_TEXT_MAX + 64], fill[REQUEST_TEXT_MAX + 2];
    struct ping_request request;
    for (size_t len = REQUEST_TEXT_MAX; len <= REQUEST_TEXT_MAX + 1; len++) {
        struct complaints complaints = {0};
        memset(fill, 'x', len);
        fill[len] = '\0';
        snprintf(text, sizeof text, "{\"campaign\":\"a\",\"lead\":{},\"ref\":\"%s\"}", fill);
        assert_int_equal(ping_read_request(json(text), &request, &complaints), len == REQUEST_TEXT_MAX);
        if (len > REQUEST_TEXT_MAX) assert_string_equal(complaints.list[0].code, "too_long");
    }
}

/* Many wrong names: counted all, listed up to the bound, none of them read past its memory. */
static void bounds_complaints(void **state)
{
    (void)state;
    static char text[200 * 200];
    size_t len = (size_t)snprintf(text, sizeof text, "{\"campaign\":\"a\",\"lead\":{},\"consent\":{");
    for (unsigned i = 0; i < 30; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s\"%02u-long-and-unknown-name-long-and-unknown-name-long-and-unknown-näme-näme\":1",
                                i ? "," : "", i);
    snprintf(text + len, sizeof text - len, "}}");
    struct ping_request request;
    struct complaints complaints = {0};
    assert_false(ping_read_request(json(text), &request, &complaints));
    assert_int_equal(complaints.count, 30);
    for (unsigned i = 0; i < COMPLAINTS_MAX; i++) {
        assert_true(bytes_starts(complaints.list[i].field, BYTES("consent")));
        assert_true(bytes_is_utf8(complaints.list[i].field));
        assert_in_range(complaints.list[i].field.len, 7, 80);
    }
    assert_true(bytes_starts(complaints.list[0].field, BYTES("consent.00-long")));
    assert_bytes(complaints.list[COMPLAINTS_MAX - 1].field, "consent");
}

/* 63 letters and one of two bytes: 64 would end inside of it. */
static void cuts_names_at_a_character(void **state)
{
    (void)state;
    char text[256];
    struct ping_request request;
    struct complaints complaints = {0};
    snprintf(text, sizeof text, "{\"campaign\":\"a\",\"lead\":{},\"consent\":{\"%063déx\":1}}", 0);
    assert_false(ping_read_request(json(text), &request, &complaints));
    assert_int_equal(complaints.list[0].field.len, strlen("consent.") + 63);
}

static const struct ping_message message = {
    .call_id = {"CALLCALLCALLCALLCALLCALLCA", 26},
    .ping_id = {"PINGPINGPINGPINGPINGPINGPI", 26},
    .campaign = {"auto-insurance", 14},
    .contract = {"north-\"ca\"", 10},
    .deadline_ms = 380,
    .offer_ttl_ms = 300000,
};

static struct bytes write(char *buffer, size_t cap, const struct ping_message *head, const struct node *consent,
                          int64_t wall_ms)
{
    struct sink sink = sink_over(buffer, cap);
    ping_write_head(&sink, head);
    ping_write_tail(&sink, consent, wall_ms, BYTES("{\"state\":\"CA\",\"age\":34}"));
    assert_false(sink.cut);
    return sink_written(&sink);
}

static void writes_the_body(void **state)
{
    (void)state;
    char buffer[2048];
    struct ping_message full = message;
    int64_t at_ms;
    assert_bytes(write(buffer, sizeof buffer, &message, NULL, 0),
                 "{\"type\":\"ping\",\"call_id\":\"CALLCALLCALLCALLCALLCALLCA\",\"ping_id\":"
                 "\"PINGPINGPINGPINGPINGPINGPI\",\"campaign\":\"auto-insurance\",\"contract\":\"north-\\\"ca\\\"\","
                 "\"deadline_ms\":380,\"offer_ttl_ms\":300000,\"test\":false,\"lead\":{\"state\":\"CA\",\"age\":34}}");
    full.source_ref = BYTES("s-4f1");
    full.channel = BYTES("social");
    assert_true(clock_read_wall(BYTES("2026-11-22T15:04:05Z"), &at_ms));
    assert_bytes(write(buffer, sizeof buffer, &full,
                       json("{\"leadid\":\"8A\",\"at\":\"2026-11-22T15:04:05Z\",\"channels\":[\"sms\",\"call\"],"
                            "\"tcpa\":\"true\",\"text_id\":\"v7\",\"trustedform_ping_url\":\"https://t.example/p\"}"),
                       at_ms + 40999),
                 "{\"type\":\"ping\",\"call_id\":\"CALLCALLCALLCALLCALLCALLCA\",\"ping_id\":"
                 "\"PINGPINGPINGPINGPINGPINGPI\",\"campaign\":\"auto-insurance\",\"contract\":\"north-\\\"ca\\\"\","
                 "\"deadline_ms\":380,\"offer_ttl_ms\":300000,\"test\":false,\"source_ref\":\"s-4f1\","
                 "\"channel\":\"social\",\"consent\":{\"tcpa\":true,\"channels\":[\"sms\",\"call\"],\"age_s\":40,"
                 "\"text_id\":\"v7\",\"leadid\":\"8A\",\"trustedform_ping_url\":\"https://t.example/p\"},"
                 "\"lead\":{\"state\":\"CA\",\"age\":34}}");
}

/* A consent given in the future by the affiliate's clock is not of a negative age; channels from a form become a list.
 */
static void writes_consent_of_odd_shape(void **state)
{
    (void)state;
    char buffer[2048];
    struct bytes body = write(buffer, sizeof buffer, &message,
                              json("{\"at\":\"2026-11-22T15:04:05Z\",\"channels\":\"sms\",\"tcpa\":false}"), 1000);
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    const struct node *read = document_read_json(&arena, body, &limits, &error), *consent = node_find(read, "consent");
    int64_t age_s = -1;
    assert_true(node_i64(node_find(consent, "age_s"), &age_s));
    assert_int_equal(age_s, 0);
    assert_int_equal(node_find(consent, "channels")->kind, NODE_LIST);
    assert_int_equal(node_find(consent, "tcpa")->kind, NODE_BOOL);
    assert_false(node_find(consent, "tcpa")->truth);
    assert_int_equal(consent->count, 3);
}

/* Every field of the consent that is not for pings carries the canary; so do texts around the lead. */
static void tells_nothing_private(void **state)
{
    (void)state;
    char buffer[2048];
    struct ping_request request;
    struct complaints complaints = {0};
    assert_true(ping_read_request(
        json("{\"campaign\":\"auto\",\"source\":\"CANARY\",\"sub_id\":\"CANARY\",\"ref\":\"CANARY\",\"click_id\":"
             "\"CANARY\",\"min_price\":\"4.50\",\"lead\":{\"phone\":\"CANARY\"},\"consent\":{\"tcpa\":true,"
             "\"text\":\"CANARY\",\"text_sha256\":\"fe0344af3e43e190840444ba40c096f59418bf9247c6f3bdc8cd35e4b8f59d2e\","
             "\"page_url\":\"https://CANARY/\",\"at\":\"2026-11-22T15:04:05Z\",\"ip\":\"192.0.2.77\","
             "\"user_agent\":\"CANARY\",\"sellers\":[\"CANARY\"],\"trustedform_cert_url\":\"https://CANARY/\"}}"),
        &request, &complaints));
    struct bytes body = write(buffer, sizeof buffer, &message, request.consent, INT64_C(1800000000000));
    assert_null(memmem(body.at, body.len, "CANARY", 6));
    assert_null(memmem(body.at, body.len, "fe0344af", 8));
    assert_null(memmem(body.at, body.len, "192.0.2", 7));
    assert_null(memmem(body.at, body.len, "2026-11", 7));
    assert_null(memmem(body.at, body.len, "4.50", 4));
    assert_non_null(memmem(body.at, body.len, "\"tcpa\":true", 11));
}

static void cuts_rather_than_overflow(void **state)
{
    (void)state;
    char buffer[2048];
    size_t whole = write(buffer, sizeof buffer, &message, json("{\"tcpa\":true}"), 0).len;
    for (size_t cap = 0; cap < whole; cap++) {
        struct sink sink = sink_over(buffer, cap);
        ping_write_head(&sink, &message);
        ping_write_tail(&sink, json("{\"tcpa\":true}"), 0, BYTES("{\"state\":\"CA\",\"age\":34}"));
        assert_true(sink.cut);
        assert_in_range(sink.len, 0, cap);
    }
}

int main(void)
{
    assert_int_equal(crypto_start(), FAULT_NONE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_every_field, reset, done),
        cmocka_unit_test_setup_teardown(reads_a_form, reset, done),
        cmocka_unit_test_setup_teardown(needs_only_campaign_and_lead, reset, done),
        cmocka_unit_test_setup_teardown(judges_each_member, reset, done),
        cmocka_unit_test_setup_teardown(wants_what_is_required, reset, done),
        cmocka_unit_test_setup_teardown(bounds_texts, reset, done),
        cmocka_unit_test_setup_teardown(bounds_complaints, reset, done),
        cmocka_unit_test_setup_teardown(cuts_names_at_a_character, reset, done),
        cmocka_unit_test_setup_teardown(writes_the_body, reset, done),
        cmocka_unit_test_setup_teardown(writes_consent_of_odd_shape, reset, done),
        cmocka_unit_test_setup_teardown(tells_nothing_private, reset, done),
        cmocka_unit_test_setup_teardown(cuts_rather_than_overflow, reset, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
