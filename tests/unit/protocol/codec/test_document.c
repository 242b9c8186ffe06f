/* The tree itself: order, spans, finding, numbers and money, limits; the same for all three readers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/protocol/codec/reading.h"

static const struct node *read_json(struct arena *arena, const char *text)
{
    struct document_error error;
    arena_init(arena, 4096, 1 << 20);
    const struct node *node = document_read_json(arena, bytes_of(text), &DOCUMENT_LIMITS, &error);
    assert_non_null(node);
    return node;
}

static void stands_in_reading_order(void **state)
{
    (void)state;
    struct arena arena;
    const struct node *node = read_json(&arena, "{\"a\":1,\"b\":[true,{\"c\":null}],\"d\":\"x\"}");
    static const struct {
        enum node_kind kind;
        uint32_t span, count, at;
        const char *key, *text;
    } expected[] = {
        {NODE_MAP, 7, 3, 0, "", ""},     {NODE_NUMBER, 1, 0, 5, "a", "1"}, {NODE_LIST, 4, 2, 11, "b", ""},
        {NODE_BOOL, 1, 0, 12, "", ""},   {NODE_MAP, 2, 1, 17, "", ""},     {NODE_NULL, 1, 0, 22, "c", ""},
        {NODE_TEXT, 1, 0, 33, "d", "x"},
    };
    assert_int_equal(node->span, 7);
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(node[i].kind, expected[i].kind);
        assert_int_equal(node[i].span, expected[i].span);
        assert_int_equal(node[i].count, expected[i].count);
        assert_int_equal(node[i].at, expected[i].at);
        assert_true(bytes_is(node[i].key, expected[i].key) && bytes_is(node[i].text, expected[i].text));
    }
    assert_true(node[3].truth);
    arena_free(&arena);
}

static void steps_over_subtrees(void **state)
{
    (void)state;
    struct arena arena;
    const struct node *node = read_json(&arena, "[[1,2,[3]],{},[],4]");
    char kinds[8] = "", *at = kinds;
    NODE_EACH(child, node) *at++ = (char)('0' + child->kind);
    assert_string_equal(kinds, "4542"); /* list, map, list, number */
    NODE_EACH(child, node + 6) fail_msg("an empty map has no child, not %d", child->kind);
    assert_null(node_first(node + 6));
    assert_ptr_equal(node_first(node), node + 1);
    assert_ptr_equal(node_step(node + 1), node + 6);
    assert_ptr_equal(node_end(node), node + 9);
    arena_free(&arena);
}

static void finds_members(void **state)
{
    (void)state;
    struct arena arena;
    const struct node *node = read_json(&arena, "{\"lead\":{\"state\":\"CA\",\"\":1},\"state\":\"NY\",\"n\\u0000\":2}");
    assert_true(bytes_is(node_find(node_find(node, "lead"), "state")->text, "CA"));
    assert_true(bytes_is(node_find(node, "state")->text, "NY"));
    assert_non_null(node_find(node_find(node, "lead"), ""));
    assert_non_null(node_find_bytes(node, BYTES("n\0")));
    assert_null(node_find(node, "n"));
    assert_null(node_find(node, "stat"));
    assert_null(node_find(NULL, "state"));
    assert_null(node_find(node_find(node, "state"), "state"));
    assert_null(node_find(node_find(node, "none"), "state"));
    arena_free(&arena);
}

static void whole_numbers_in_any_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {
        {"0", 0},
        {"-0", 0},
        {"-0.0e5", 0},
        {"42", 42},
        {"1e2", 100},
        {"1.5e1", 15},
        {"100e-2", 1},
        {"100.0", 100},
        {"-1E+3", -1000},
        {"0e999999999999999999999", 0},
        {"0.0001e4", 1},
        {"10", 10},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"922337203685477580.7e1", INT64_MAX},
        {"-9.223372036854775808e18", INT64_MIN},
    };
    static const char *const bad[] = {"0.5",
                                      "1e-1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "1e19",
                                      "1.0000000001",
                                      "1e99999999999999999999",
                                      "1e-99999999999999999999",
                                      "1e18446744073709551616",
                                      "\"1\"",
                                      "true",
                                      "null",
                                      "[1]",
                                      "123456789012345678901234567890"};
    struct arena arena;
    int64_t value;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        value = -77;
        if (!node_i64(read_json(&arena, good[i].text), &value) || value != good[i].value)
            fail_msg("%s read as %lld", good[i].text, (long long)value);
        arena_free(&arena);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (node_i64(read_json(&arena, bad[i]), &value)) fail_msg("accepted: %s", bad[i]);
        arena_free(&arena);
    }
    assert_false(node_i64(NULL, &value));
}

static void money_as_number_or_text(void **state)
{
    (void)state;
    struct arena arena;
    int64_t micros;
    assert_true(node_money(read_json(&arena, "\"12.50\""), &micros) && micros == 12500000);
    arena_free(&arena);
    assert_true(node_money(read_json(&arena, "12.5"), &micros) && micros == 12500000);
    arena_free(&arena);
    assert_false(node_money(read_json(&arena, "\"12.50 \""), &micros));
    arena_free(&arena);
    assert_false(node_money(read_json(&arena, "true"), &micros));
    arena_free(&arena);
    assert_false(node_money(NULL, &micros));
}

/* Names in every number: the few that are compared and the many that are hashed; a repeated one at every place. */
static void refuses_repeated_names(void **state)
{
    (void)state;
    char text[8192];
    for (unsigned count = 2; count <= 250; count = count < 40 ? count + 1 : count + 35) {
        for (unsigned repeated = 0; repeated < count - 1; repeated += count < 40 ? 1 : 13) {
            struct sink sink = sink_over(text, sizeof text);
            struct document_error error;
            struct arena arena = reading_arena(sizeof text);
            size_t at = 0;
            for (unsigned i = 0; i < count; i++) {
                sink_format(&sink, "%c\"name%u\":", i ? ',' : '{', i + 1 < count ? i : repeated);
                at = sink.len;
                sink_format(&sink, "[{\"a\":1}]");
            }
            sink_char(&sink, '}');
            assert_null(document_read_json(&arena, sink_written(&sink), &DOCUMENT_LIMITS, &error));
            assert_string_equal(error.text, "a name stands twice in one map");
            assert_int_equal(error.at, at);
            assert_false(error.too_large);
            arena_free(&arena);
        }
    }
}

static bool fits(const char *text, uint32_t depth_max, uint32_t nodes_max, uint32_t keys_max)
{
    struct document_limits limits = {.depth_max = depth_max, .nodes_max = nodes_max, .keys_max = keys_max};
    struct document_error error = {0};
    struct arena arena = reading_arena(1000);
    bool fine = document_read_json(&arena, bytes_of(text), &limits, &error) != NULL;
    assert_true(fine || error.too_large);
    arena_free(&arena);
    return fine;
}

static void keeps_to_its_limits(void **state)
{
    (void)state;
    assert_true(fits("1", 0, 1, 0));
    assert_false(fits("[]", 0, 1, 0));
    assert_true(fits("[]", 1, 1, 0));
    assert_false(fits("[[]]", 1, 9, 0));
    assert_true(fits("[[],[]]", 2, 3, 0));
    assert_false(fits("[[],[]]", 2, 2, 0));
    assert_true(fits("{\"a\":1,\"b\":{\"c\":1,\"d\":2}}", 2, 5, 2));
    assert_false(fits("{\"a\":1,\"b\":{\"c\":1,\"d\":2,\"e\":3}}", 2, 9, 2));
    assert_true(fits("[1,2,3,4,5]", 1, 6, 2));
}

static void a_full_arena_is_too_large(void **state)
{
    (void)state;
    char text[4000];
    struct bytes input = reading_repeat(text, "\"\\n\",  ", 400);
    text[input.len - 3] = ']'; /* over the last comma */
    unsigned refused = 0;
    const struct node *node = NULL;
    char whole[4001] = "[";
    memcpy(whole + 1, text, input.len);
    for (size_t bytes_max = 16; !node; bytes_max = bytes_max * 5 / 4 + 1) {
        struct document_error error = {0};
        struct arena arena;
        arena_init(&arena, 16, bytes_max);
        node = document_read_json(&arena, (struct bytes){whole, input.len + 1}, &DOCUMENT_LIMITS, &error);
        assert_true(arena.total <= bytes_max && bytes_max < 100 * input.len);
        assert_true(node || error.too_large);
        refused += !node;
        arena_free(&arena);
    }
    assert_true(refused > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stands_in_reading_order), cmocka_unit_test(steps_over_subtrees),
        cmocka_unit_test(finds_members),           cmocka_unit_test(whole_numbers_in_any_spelling),
        cmocka_unit_test(money_as_number_or_text), cmocka_unit_test(refuses_repeated_names),
        cmocka_unit_test(keeps_to_its_limits),     cmocka_unit_test(a_full_arena_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
