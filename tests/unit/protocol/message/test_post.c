/* post: what an affiliate's post may say, and the body the winner gets, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "protocol/message/post.h"

#define ID "01J9ZK3V5C8X1R7QW2E4T6Y8AB"

static struct arena arena;

static const struct node *json(const char *text)
{
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    const struct node *node = document_read_json(&arena, bytes_of(text), &limits, &error);
    if (!node) fail_msg("not JSON: %s", text);
    return node;
}

static int reset(void **state)
{
    (void)state;
    arena_free(&arena);
    arena_init(&arena, 4096, 1 << 20);
    return 0;
}

static int done(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void reads_a_post(void **state)
{
    (void)state;
    char text[IDENT_TEXT + 1];
    struct post_request request;
    struct complaints complaints = {0};
    assert_true(post_read_request(json("{\"ping_id\":\"" ID "\",\"lead\":{\"zip\":\"1\"},\"consent\":{\"tcpa\":true}}"),
                                  &request, &complaints));
    assert_string_equal(ident_text(&request.ping_id, text), ID);
    assert_non_null(node_find(request.lead, "zip"));
    assert_non_null(node_find(request.consent, "tcpa"));
    assert_true(post_read_request(json("{\"ping_id\":\"" ID "\",\"lead\":{},\"if_expired\":\"reauction\"}"), &request,
                                  &complaints));
    assert_true(request.reauction_if_expired);
    assert_true(post_read_request(json("{\"ping_id\":\"" ID "\",\"lead\":{}}"), &request, &complaints));
    assert_false(request.reauction_if_expired);
    assert_null(request.consent);
}

/* A whole request, and the first complaint it gets. */
static const struct {
    const char *text;
    const char *field, *code;
    unsigned count;
} refused[] = {
    {"{}", "ping_id", "required", 2},
    {"{\"ping_id\":\"" ID "\"}", "lead", "required", 1},
    {"{\"lead\":{}}", "ping_id", "required", 1},
    {"{\"ping_id\":\"01J\",\"lead\":{}}", "ping_id", "format", 1},
    {"{\"ping_id\":\"\",\"lead\":{}}", "ping_id", "format", 1},
    {"{\"ping_id\":\"UUUUUUUUUUUUUUUUUUUUUUUUUU\",\"lead\":{}}", "ping_id", "format", 1},
    {"{\"ping_id\":5,\"lead\":{}}", "ping_id", "type", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":\"\"}", "lead", "type", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":{},\"consent\":[]}", "consent", "type", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":{},\"consent\":{\"what\":1}}", "consent.what", "unknown", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":{},\"legs\":[{\"leg_id\":\"0\"}]}", "legs", "format", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":{},\"legs\":[]}", "legs", "type", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":{},\"if_expired\":\"later\"}", "if_expired", "choice", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":{},\"if_expired\":true}", "if_expired", "choice", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":{},\"campaign\":\"a\"}", "campaign", "unknown", 1},
    {"{\"ping_id\":\"" ID "\",\"lead\":{},\"test\":\"perhaps\"}", "test", "type", 1},
    {"7", "", "type", 1},
};

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct post_request request;
        struct complaints complaints = {0};
        assert_false(post_read_request(json(refused[i].text), &request, &complaints));
        if (complaints.count != refused[i].count || !bytes_is(complaints.list[0].field, refused[i].field) ||
            strcmp(complaints.list[0].code, refused[i].code) != 0)
            fail_msg("%s: %u, %.*s %s", refused[i].text, complaints.count, (int)complaints.list[0].field.len,
                     complaints.list[0].field.at, complaints.list[0].code);
    }
}

static const struct post_message least = {
    .call_id = {"CALL", 4},
    .post_id = {"POST", 4},
    .lead_id = {"LEAD", 4},
    .ping_id = {"PING", 4},
    .campaign = {"auto", 4},
    .contract = {"north", 5},
    .price_micros = 12500000,
    .max_sold = 1,
    .slot = 1,
    .lead = {"{\"phone\":\"+15550100\"}", 21},
};

static void assert_written(const struct post_message *message, const char *expected)
{
    char buffer[2048];
    struct sink sink = sink_over(buffer, sizeof buffer);
    post_write(&sink, message);
    assert_false(sink.cut);
    if (!bytes_is(sink_written(&sink), expected)) fail_msg("%.*s", (int)sink.len, sink.at);
    for (size_t cap = 0; cap < strlen(expected); cap++) {
        sink = sink_over(buffer, cap);
        post_write(&sink, message);
        assert_true(sink.cut);
    }
}

static void writes_the_body(void **state)
{
    (void)state;
    struct post_message full = least;
    assert_written(&least,
                   "{\"type\":\"post\",\"call_id\":\"CALL\",\"post_id\":\"POST\",\"lead_id\":\"LEAD\",\"ping_id\":"
                   "\"PING\",\"campaign\":\"auto\",\"contract\":\"north\",\"price\":\"12.50\",\"max_sold\":1,"
                   "\"slot\":1,\"test\":false,\"lead\":{\"phone\":\"+15550100\"}}");
    full.bid_id = BYTES("b-\"1");
    full.source_ref = BYTES("s-4f1");
    full.channel = BYTES("social");
    full.consent = BYTES("{\"tcpa\":true}");
    full.slot = 2;
    full.max_sold = 3;
    assert_written(&full,
                   "{\"type\":\"post\",\"call_id\":\"CALL\",\"post_id\":\"POST\",\"lead_id\":\"LEAD\",\"ping_id\":"
                   "\"PING\",\"bid_id\":\"b-\\\"1\",\"campaign\":\"auto\",\"contract\":\"north\",\"price\":"
                   "\"12.50\",\"max_sold\":3,\"slot\":2,\"test\":false,\"source_ref\":\"s-4f1\","
                   "\"channel\":\"social\",\"consent\":{\"tcpa\":true},\"lead\":{\"phone\":\"+15550100\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_a_post, reset, done),
        cmocka_unit_test_setup_teardown(refuses_what_is_wrong, reset, done),
        cmocka_unit_test_setup_teardown(writes_the_body, reset, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
