/* naughty strings through every text field of a message: unchanged, made safe, or refused with a reason; and everything
 * we write reads back the same. A fixed handful is always there; the long list comes from the suites where they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "protocol/codec/json.h"
#include "protocol/message/bid.h"
#include "protocol/message/post.h"
#include "protocol/message/verdict.h"

#define LIST_BYTES_MAX (1 << 20)
#define BODY_BYTES_MAX (1 << 17)

static struct arena list_arena, arena;
static char *list_text, *body;

static const char *const handful = "[\"\",\"undefined\",\"\\u0000\",\"a\\u0000b\",\"\\r\\n\\r\\nGET / "
                                   "HTTP/1.1\",\"\\u001b[31mred\",\"\\\"\\\\\\/\",\"'; DROP "
                                   "TABLE "
                                   "leads\",\"\\u202etxet\",\"\\u2028\\u2029\",\"\\u0085\\u009f\",\"\\ud83d\\ude00\","
                                   "\"\\u00a0\\ufeff\",\"{\\\"status\\\":"
                                   "\\\"bid\\\"}\",\"\\u007f\",\"%00%n%s\"]";

static const struct node *read_json(struct arena *into, struct bytes text)
{
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    const struct node *node = document_read_json(into, text, &limits, &error);
    if (!node) fail_msg("at %zu: %s", error.at, error.text);
    return node;
}

/* No log line, terminal or screen may be steered by it. */
static void assert_safe(struct bytes text)
{
    if (!text.len) return; /* perhaps without an address, which memmem may not be given */
    assert_true(bytes_is_utf8(text));
    for (size_t i = 0; i < text.len; i++) assert_true((unsigned char)text.at[i] >= 0x20 && text.at[i] != 0x7F);
    static const char *const steering[] = {"\xc2\x85",     "\xc2\x9b",     "\xe2\x80\xa8", "\xe2\x80\xa9",
                                           "\xe2\x80\xae", "\xe2\x80\xaa", "\xe2\x81\xa6", "\xe2\x81\xa9"};
    for (size_t i = 0; i < sizeof steering / sizeof *steering; i++)
        assert_null(memmem(text.at, text.len, steering[i], strlen(steering[i])));
}

/* The whole message with the string at %: "{…%…}". */
static struct bytes with(const char *pattern, struct bytes naughty)
{
    struct sink sink = sink_over(body, BODY_BYTES_MAX);
    for (; *pattern; pattern++) {
        if (*pattern == '%')
            json_write_text(&sink, naughty);
        else
            sink_char(&sink, *pattern);
    }
    assert_false(sink.cut);
    return sink_written(&sink);
}

static void through_ping_fields(struct bytes naughty)
{
    static const struct {
        const char *pattern;
        size_t offset;
    } fields[] = {
        {"{\"lead\":{},\"campaign\":%}", offsetof(struct ping_request, campaign)},
        {"{\"lead\":{},\"campaign\":\"a\",\"source\":%}", offsetof(struct ping_request, source)},
        {"{\"lead\":{},\"campaign\":\"a\",\"ref\":%}", offsetof(struct ping_request, ref)},
        {"{\"lead\":{},\"campaign\":\"a\",\"click_id\":%}", offsetof(struct ping_request, click_id)},
        {"{\"lead\":{},\"campaign\":\"a\",\"channel\":%}", offsetof(struct ping_request, channel)},
        {"{\"lead\":{},\"campaign\":\"a\",\"sub_id\":%}", offsetof(struct ping_request, sub_ids)},
        {"{\"lead\":{},\"campaign\":\"a\",\"sub_id\":[%]}", offsetof(struct ping_request, sub_ids)},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct ping_request request;
        struct complaints complaints = {0};
        arena_reset(&arena);
        if (ping_read_request(read_json(&arena, with(fields[i].pattern, naughty)), &request, &complaints)) {
            const struct bytes *got = (const struct bytes *)((const char *)&request + fields[i].offset);
            assert_true(bytes_same(*got, naughty));
            assert_safe(*got);
            assert_in_range(got->len, 0, REQUEST_TEXT_MAX);
        } else {
            assert_int_equal(complaints.count, 1);
            assert_non_null(complaints.list[0].text);
        }
    }
}

static void through_consent_fields(struct bytes naughty)
{
    static const char *const names[] = {
        "tcpa",  "channels", "text",       "text_id", "text_sha256",          "page_url",
        "at",    "ip",       "user_agent", "sellers", "trustedform_cert_url", "trustedform_ping_url",
        "leadid"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char pattern[128], out[16384];
        struct ping_request request;
        struct complaints complaints = {0};
        struct sink sink = sink_over(out, sizeof out);
        arena_reset(&arena);
        snprintf(pattern, sizeof pattern, "{\"campaign\":\"a\",\"lead\":{},\"consent\":{\"%s\":%%}}", names[i]);
        if (!ping_read_request(read_json(&arena, with(pattern, naughty)), &request, &complaints)) continue;
        assert_true(bytes_same(node_find(request.consent, names[i])->text, naughty));
        sink_char(&sink, '{');
        ping_write_tail(&sink, request.consent, 0, BYTES("{}"));
        assert_false(sink.cut);
        const struct node *written = read_json(&arena, sink_written(&sink));
        const struct node *fact = node_find(node_find(written, "consent"), names[i]);
        if (fact && fact->kind == NODE_TEXT) assert_true(bytes_same(fact->text, naughty));
    }
}

/* As the name of a field, where it can only be unknown. */
static void through_names(struct bytes naughty)
{
    struct ping_request request;
    struct complaints complaints = {0};
    arena_reset(&arena);
    assert_false(ping_read_request(
        read_json(&arena, with("{\"campaign\":\"a\",\"lead\":{},\"consent\":{%:1}}", naughty)), &request, &complaints));
    assert_int_equal(complaints.count, 1);
    assert_true(bytes_starts(complaints.list[0].field, BYTES("consent.")));
    assert_true(bytes_is_utf8(complaints.list[0].field));
    complaints = (struct complaints){0};
    assert_false(ping_read_request(read_json(&arena, with("{\"campaign\":\"a\",\"lead\":{},%:1}", naughty)), &request,
                                   &complaints));
    assert_int_equal(complaints.count, 1);
    assert_true(bytes_is_utf8(complaints.list[0].field));
}

static void through_replies(struct bytes naughty)
{
    struct bid bid;
    struct verdict verdict;
    arena_reset(&arena);
    if (bid_read(&arena, 200, with("{\"status\":\"bid\",\"price\":\"1\",\"bid_id\":%}", naughty), false, &bid) ==
        REASON_NONE) {
        assert_true(bytes_same(bid.bid_id, naughty));
        assert_safe(bid.bid_id);
    }
    assert_int_equal(bid_read(&arena, 200, with("{\"status\":\"no_bid\",\"code\":%}", naughty), false, &bid),
                     REASON_NO_BID);
    assert_safe(bid.code);
    assert_safe(bid.text);
    assert_int_equal(bid_read(&arena, 200, with("{\"status\":\"no_bid\",\"reason\":%}", naughty), false, &bid),
                     REASON_NO_BID);
    assert_safe(bid.text);
    assert_in_range(bid.text.len, 0, BID_TEXT_MAX);
    verdict_read(&arena, 200, with("{\"status\":\"accepted\",\"buyer_lead_id\":%}", naughty), false, &verdict);
    assert_int_equal(verdict.class, VERDICT_ACCEPTED);
    assert_safe(verdict.buyer_lead_id);
    assert_true(!verdict.buyer_lead_id.len || bytes_same(verdict.buyer_lead_id, naughty));
    verdict_read(&arena, 422, with("{\"code\":%,\"reason\":%}", naughty), false, &verdict);
    assert_safe(verdict.code);
    assert_safe(verdict.text);
    verdict_read(&arena, 200, with("{\"status\":%}", naughty), false, &verdict);
    assert_int_not_equal(verdict.class, VERDICT_ACCEPTED);
    verdict_read(&arena, 200, naughty, false, &verdict);
    assert_int_not_equal(verdict.class, VERDICT_ACCEPTED);
    assert_int_not_equal(bid_read(&arena, 200, naughty, false, &bid), REASON_NONE);
}

static void through_what_is_written(struct bytes naughty)
{
    char out[32768];
    struct sink sink = sink_over(out, sizeof out);
    struct ping_message ping = {.campaign = naughty, .contract = naughty, .source_ref = naughty, .channel = naughty};
    struct post_message post = {.campaign = naughty,
                                .contract = naughty,
                                .source_ref = naughty,
                                .channel = naughty,
                                .bid_id = naughty,
                                .lead = BYTES("{}")};
    static const char *const names[] = {"campaign", "contract", "source_ref", "channel", "bid_id"};
    for (int kind = 0; kind < 2; kind++) {
        arena_reset(&arena);
        sink.len = 0;
        if (kind == 0) {
            ping_write_head(&sink, &ping);
            ping_write_tail(&sink, NULL, 0, BYTES("{}"));
        } else {
            post_write(&sink, &post);
        }
        assert_false(sink.cut);
        const struct node *written = read_json(&arena, sink_written(&sink));
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            const struct node *member = node_find(written, names[i]);
            if (member)
                assert_true(bytes_same(member->text, naughty));
            else
                assert_true(!naughty.len || (kind == 0 && i == 4));
        }
    }
}

static void through_all(struct bytes text)
{
    const struct node *strings = read_json(&list_arena, text);
    assert_int_equal(strings->kind, NODE_LIST);
    assert_true(strings->count > 10);
    NODE_EACH(naughty, strings)
    {
        through_ping_fields(naughty->text);
        through_consent_fields(naughty->text);
        through_names(naughty->text);
        through_replies(naughty->text);
        through_what_is_written(naughty->text);
    }
}

static void a_handful(void **state)
{
    (void)state;
    through_all(bytes_of(handful));
}

static void the_long_list(void **state)
{
    (void)state;
    FILE *file = fopen(OUTCRY_SUITES_DIR "/naughty-strings/blns.json", "rb");
    if (!file) {
        print_message("no naughty strings in " OUTCRY_SUITES_DIR "\n");
        skip();
        return;
    }
    size_t len = fread(list_text, 1, LIST_BYTES_MAX, file);
    fclose(file);
    through_all((struct bytes){list_text, len});
}

static int start(void **state)
{
    (void)state;
    arena_init(&list_arena, 1 << 16, 1 << 22);
    arena_init(&arena, 1 << 16, 1 << 22);
    list_text = malloc(LIST_BYTES_MAX);
    body = malloc(BODY_BYTES_MAX);
    return list_text && body ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    arena_free(&list_arena);
    arena_free(&arena);
    free(list_text);
    free(body);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handful),
        cmocka_unit_test(the_long_list),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
