/* bid: the truth table of a buyer's answer to a ping; hostile ones stay within their class and their memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "protocol/codec/pack.h"
#include "protocol/message/bid.h"

static struct arena arena;

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

static const struct {
    int status;
    const char *body;
    enum reason reason;
} table[] = {
    {200, "{\"status\":\"bid\",\"price\":\"12.50\"}", REASON_NONE},
    {200, "{\"status\":\"bid\",\"price\":12.5}", REASON_NONE},
    {200, " {\"price\":\"0.000001\",\"status\":\"bid\"}\n", REASON_NONE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"surprise\":{\"deep\":[1,2]},\"available_in_ms\":\"?\"}", REASON_NONE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"legs\":[{\"price\":\"2\",\"max_sold\":1}]}", REASON_NONE},
    {200, "{\"status\":\"bid\",\"legs\":[{\"price\":\"2\",\"max_sold\":1}]}", REASON_NONE},
    {200, "{\"status\":\"bid\",\"legs\":[{\"price\":\"2\"},{\"price\":3,\"max_sold\":900}]}", REASON_NONE},
    {200, "{\"status\":\"bid\",\"legs\":[]}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"legs\":{}}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"legs\":[{\"max_sold\":1}]}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"legs\":[{\"price\":\"0\"}]}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"legs\":[{\"price\":\"2\",\"max_sold\":0}]}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"legs\":[1,2,3,4,5,6,7,8,9]}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"0\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"-1\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"12,50\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1e40\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"0.0000001\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":null}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":[\"1\"]}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"bid_id\":7}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"bid_id\":\"a\\nb\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"available\":\"true\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"valid_ms\":\"30000\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"valid_ms\":-1}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"valid_ms\":0.5}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"pause_s\":-1}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"pause_s\":true}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\",\"price\":\"2\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"no_bid\"}", REASON_NO_BID},
    {200, "{\"status\":\"no_bid\",\"legs\":[]}", REASON_NO_BID},
    {200, "{\"status\":\"no_bid\",\"code\":7}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"no_bid\",\"reason\":{}}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"no_bid\",\"price\":\"x\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"Bid\",\"price\":\"1\"}", REASON_BAD_RESPONSE},
    {200, "{\"status\":true,\"price\":\"1\"}", REASON_BAD_RESPONSE},
    {200, "{\"price\":\"1\"}", REASON_BAD_RESPONSE},
    {200, "[]", REASON_BAD_RESPONSE},
    {200, "\"bid\"", REASON_BAD_RESPONSE},
    {200, "", REASON_BAD_RESPONSE},
    {200, "<html>", REASON_BAD_RESPONSE},
    {200, "{\"status\":\"bid\",\"price\":\"1\"", REASON_BAD_RESPONSE},
    {204, "", REASON_NO_BID},
    {204, "{\"status\":\"bid\",\"price\":\"1\"}", REASON_NO_BID},
    {201, "{\"status\":\"bid\",\"price\":\"1\"}", REASON_BAD_RESPONSE},
    {302, "{\"status\":\"bid\",\"price\":\"1\"}", REASON_BAD_RESPONSE},
    {404, "{\"status\":\"no_bid\"}", REASON_BAD_RESPONSE},
    {500, "{\"status\":\"bid\",\"price\":\"1\"}", REASON_BAD_RESPONSE},
    {999, "{\"status\":\"bid\",\"price\":\"1\"}", REASON_BAD_RESPONSE},
    {42, "", REASON_BAD_RESPONSE},
};

static void is_classified(void **state)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bid bid;
        reset(state);
        enum reason reason = bid_read(&arena, table[i].status, bytes_of(table[i].body), false, &bid);
        if (reason != table[i].reason) fail_msg("%d %s: %s", table[i].status, table[i].body, reason_code(reason));
        if (reason == REASON_NONE) assert_true(bid.price_micros > 0 || bid.legs_count > 0);
        if (reason != REASON_BAD_RESPONSE) continue;
        assert_int_equal(bid.price_micros, 0);
        assert_int_equal(bid.pause_us, 0);
    }
}

static enum reason read_text(const char *body, struct bid *bid)
{
    return bid_read(&arena, 200, bytes_of(body), false, bid);
}

static void is_read_whole(void **state)
{
    (void)state;
    struct bid bid;
    assert_int_equal(read_text("{\"status\":\"bid\",\"price\":\"12.50\",\"bid_id\":\"b-1\",\"available\":false,"
                               "\"valid_ms\":30000,\"pause_s\":60}",
                               &bid),
                     REASON_NONE);
    assert_int_equal(bid.price_micros, 12500000);
    assert_true(bytes_is(bid.bid_id, "b-1"));
    assert_false(bid.available);
    assert_int_equal(bid.valid_us, 30000000);
    assert_int_equal(bid.pause_us, 60000000);
    assert_int_equal(read_text("{\"status\":\"bid\",\"price\":\"1\"}", &bid), REASON_NONE);
    assert_true(bid.available);
    assert_int_equal(bid.bid_id.len, 0);
    assert_int_equal(bid.valid_us, 0);
    assert_int_equal(bid.pause_us, 0);
    assert_int_equal(read_text("{\"status\":\"no_bid\",\"pause_s\":5}", &bid), REASON_NO_BID);
    assert_int_equal(bid.pause_us, 5000000);
}

static void long_spans_are_a_day(void **state)
{
    (void)state;
    struct bid bid;
    assert_int_equal(
        read_text("{\"status\":\"bid\",\"price\":\"1\",\"valid_ms\":9e18,\"pause_s\":9223372036854775807}", &bid),
        REASON_NONE);
    assert_int_equal(bid.valid_us, INT64_C(86400000000));
    assert_int_equal(bid.pause_us, INT64_C(86400000000));
    assert_int_equal(read_text("{\"status\":\"bid\",\"price\":\"1\",\"valid_ms\":0}", &bid), REASON_NONE);
    assert_int_equal(bid.valid_us, 1); /* said, and over at once */
}

static void bid_id_is_whole_or_nothing(void **state)
{
    (void)state;
    for (int len = BID_ID_MAX; len <= BID_ID_MAX + 1; len++) {
        char body[256];
        struct bid bid;
        snprintf(body, sizeof body, "{\"status\":\"bid\",\"price\":\"1\",\"bid_id\":\"%0*d\"}", len, 7);
        assert_int_equal(read_text(body, &bid), len == BID_ID_MAX ? REASON_NONE : REASON_BAD_RESPONSE);
        if (len == BID_ID_MAX) assert_int_equal(bid.bid_id.len, BID_ID_MAX);
    }
}

static void words_are_sorted(void **state)
{
    static const char *const codes[] = {"duplicate", "filtered",        "capped",  "closed",     "no_seat",
                                        "price",     "invalid_contact", "consent", "suppressed", "other"};
    char body[512];
    struct bid bid;
    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        snprintf(body, sizeof body, "{\"status\":\"no_bid\",\"code\":\"%s\",\"reason\":\"outside area\"}", codes[i]);
        assert_int_equal(read_text(body, &bid), REASON_NO_BID);
        assert_true(bytes_is(bid.code, codes[i]));
        assert_true(bytes_is(bid.text, "outside area"));
    }
    read_text("{\"status\":\"no_bid\",\"code\":\"moon\\u0007\",\"reason\":\"full\"}", &bid);
    assert_true(bytes_is(bid.code, "other"));
    assert_true(bytes_is(bid.text, "full"));
    read_text("{\"status\":\"no_bid\",\"code\":\"moon\\u0007phase\"}", &bid);
    assert_true(bytes_is(bid.code, "other"));
    assert_true(bytes_is(bid.text, "moon?phase"));
    read_text("{\"status\":\"no_bid\",\"reason\":\"a\\u0000b\\u001b[31m\\u0085\\u2028\\u202ec\\u2066d\\u007fe\"}",
              &bid);
    assert_int_equal(bid.code.len, 0);
    assert_true(bytes_is(bid.text, "a?b?[31m???c?d?e"));
}

/* 199 letters and a character of three bytes: 200 would end inside of it. */
static void words_are_cut_at_a_character(void **state)
{
    (void)state;
    char body[512];
    struct bid bid;
    snprintf(body, sizeof body, "{\"status\":\"no_bid\",\"reason\":\"%0199d€€\"}", 0);
    assert_int_equal(read_text(body, &bid), REASON_NO_BID);
    assert_int_equal(bid.text.len, 199);
    snprintf(body, sizeof body, "{\"status\":\"no_bid\",\"reason\":\"%0197d€€\"}", 0);
    assert_int_equal(read_text(body, &bid), REASON_NO_BID);
    assert_int_equal(bid.text.len, 200);
    assert_true(bytes_is_utf8(bid.text));
}

static void reads_messagepack(void **state)
{
    (void)state;
    char packed[256];
    struct bid bid;
    struct document_error error;
    struct document_limits limits = DOCUMENT_LIMITS;
    struct sink sink = sink_over(packed, sizeof packed);
    assert_true(
        pack_write(&sink, document_read_json(&arena, BYTES("{\"status\":\"bid\",\"price\":12.25,\"bid_id\":\"b\"}"),
                                             &limits, &error)));
    assert_int_equal(bid_read(&arena, 200, sink_written(&sink), true, &bid), REASON_NONE);
    assert_int_equal(bid.price_micros, 12250000);
    assert_true(bytes_is(bid.bid_id, "b"));
    assert_int_equal(bid_read(&arena, 200, BYTES("{\"status\":\"bid\",\"price\":1}"), true, &bid), REASON_BAD_RESPONSE);
    assert_int_equal(bid_read(&arena, 200, sink_written(&sink), false, &bid), REASON_BAD_RESPONSE);
}

/* Replies as large as a buyer likes: the class is bad_response and the arena keeps room for the other bids. */
static void cannot_use_up_the_arena(void **state)
{
    (void)state;
    static char body[200000];
    struct bid bid;
    memset(body, '[', sizeof body);
    assert_int_equal(bid_read(&arena, 200, (struct bytes){body, sizeof body}, false, &bid), REASON_BAD_RESPONSE);
    size_t len = (size_t)snprintf(body, sizeof body, "{\"status\":\"bid\",\"price\":\"1\",\"x\":[0");
    while (len + 4 < sizeof body) len += (size_t)snprintf(body + len, sizeof body - len, ",0");
    len += (size_t)snprintf(body + len, sizeof body - len, "]}");
    assert_int_equal(bid_read(&arena, 200, (struct bytes){body, len}, false, &bid), REASON_BAD_RESPONSE);
    assert_in_range(arena.total, 0, 64 * 1024);
}

/* Every beginning of a reply, and every reply with one byte changed: some class, no crash, and a bid has a price. */
static void survives_any_damage(void **state)
{
    static const char whole[] = "{\"status\":\"bid\",\"price\":\"12.50\",\"bid_id\":\"b\\u00e9\",\"valid_ms\":3e4,"
                                "\"pause_s\":1,\"available\":true,\"code\":\"x\",\"reason\":\"\\ud83d\\ude00\"}";
    char body[sizeof whole];
    struct bid bid;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *exact = malloc(len ? len : 1); /* for the address sanitizer to watch its end */
        reset(state);
        memcpy(exact, whole, len);
        assert_int_equal(bid_read(&arena, 200, (struct bytes){exact, len}, false, &bid), REASON_BAD_RESPONSE);
        free(exact);
    }
    for (size_t at = 0; at < sizeof whole - 1; at++) {
        for (int byte = 0; byte < 256; byte += 3) {
            reset(state);
            memcpy(body, whole, sizeof whole);
            body[at] = (char)byte;
            enum reason reason = bid_read(&arena, 200, (struct bytes){body, sizeof whole - 1}, false, &bid);
            if (reason == REASON_NONE)
                assert_true(bid.price_micros > 0 || bid.legs_count > 0);
            else
                assert_true(reason == REASON_BAD_RESPONSE || reason == REASON_NO_BID);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_classified, reset, done),
        cmocka_unit_test_setup_teardown(is_read_whole, reset, done),
        cmocka_unit_test_setup_teardown(long_spans_are_a_day, reset, done),
        cmocka_unit_test_setup_teardown(bid_id_is_whole_or_nothing, reset, done),
        cmocka_unit_test_setup_teardown(words_are_sorted, reset, done),
        cmocka_unit_test_setup_teardown(words_are_cut_at_a_character, reset, done),
        cmocka_unit_test_setup_teardown(reads_messagepack, reset, done),
        cmocka_unit_test_setup_teardown(cannot_use_up_the_arena, reset, done),
        cmocka_unit_test_setup_teardown(survives_any_damage, reset, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
