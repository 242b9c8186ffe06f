/* JSON, RFC 8259, strictly: what is read, what is refused and where, memory; and the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/protocol/codec/reading.h"

static void reads_every_kind(void **state)
{
    (void)state;
    static const struct {
        const char *text, *compact;
    } texts[] = {
        {"null", "null"},
        {" true ", "true"},
        {"\t\r\nfalse\n", "false"},
        {"{}", "{}"},
        {"[ ]", "[]"},
        {"{ \"a\" : [ 1 , -2.50e+7 , { } ] , \"b\" : \"\" }", "{\"a\":[1,-2.50e+7,{}],\"b\":\"\"}"},
        {"{\"\":{\"\":[[[]]]}}", "{\"\":{\"\":[[[]]]}}"},
        {"0", "0"},
        {"-0", "-0"},
        {"0.10", "0.10"},
        {"1E-2", "1E-2"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
        {"[[],{},[{}],{\"a\":[]}]", "[[],{},[{}],{\"a\":[]}]"},
    };
    char room[256];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_string_equal(reading_json(document_read_json, bytes_of(texts[i].text), room, sizeof room),
                            texts[i].compact);
}

static void refuses_other_grammars(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
        size_t at;
    } texts[] = {
        {"", "the text ends where a value is due", 0},
        {"  ", "the text ends where a value is due", 2},
        {"[1,", "the text ends where a value is due", 3},
        {"[", "the text ends inside a list or map", 1},
        {"{\"a\":1", "the text ends inside a list or map", 6},
        {"[1,]", "not a value", 3},
        {"[,1]", "not a value", 1},
        {"[1 2]", "neither comma nor ']'", 3},
        {"[1}", "neither comma nor ']'", 2},
        {"{\"a\":1]", "neither comma nor '}'", 6},
        {"{\"a\":1,}", "a name in quotes is due", 7},
        {"{,}", "a name in quotes is due", 1},
        {"{a:1}", "a name in quotes is due", 1},
        {"{1:1}", "a name in quotes is due", 1},
        {"{'a':1}", "a name in quotes is due", 1},
        {"{\"a\"}", "no colon after a name", 4},
        {"{\"a\" 1}", "no colon after a name", 5},
        {"{\"a\"", "no colon after a name", 4},
        {"1 2", "something follows the value", 2},
        {"{}}", "something follows the value", 2},
        {"nul", "not a value", 0},
        {"True", "not a value", 0},
        {"truf", "not a value", 0},
        {"nullx", "something follows the value", 4},
        {"// x\n1", "not a value", 0},
        {"1/**/", "something follows the value", 1},
        {"\f1", "not a value", 0},
        {"\xEF\xBB\xBF{}", "not a value", 0},
        {"-", "no digit after '-'", 0},
        {"-a", "no digit after '-'", 0},
        {"+1", "not a value", 0},
        {".5", "not a value", 0},
        {"01", "a number with a zero in front", 0},
        {"-01", "a number with a zero in front", 0},
        {"1.", "no digit after the decimal point", 0},
        {"1.e1", "no digit after the decimal point", 0},
        {"[1e]", "no digit in the exponent", 1},
        {"1e+", "no digit in the exponent", 0},
        {"0x1", "something follows the value", 1},
        {"1.2.3", "something follows the value", 3},
        {"NaN", "not a value", 0},
        {"Infinity", "not a value", 0},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        reading_refuses(document_read_json, bytes_of(texts[i].text), texts[i].reason, texts[i].at, false);
    reading_refuses(document_read_json, BYTES("1\0"), "something follows the value", 1, false);
    reading_refuses(document_read_json, bytes_first(BYTES("1"), 0), "the text ends where a value is due", 0, false);
}

static void decodes_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct bytes decoded;
    } texts[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", BYTES("\"\\/\b\f\n\r\t")},
        {"\"a\\u0000b\"", BYTES("a\0b")},
        {"\"\\u0041\\u007f\\u0080\\u07FF\\u0800\\uffff\"", BYTES("A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf")},
        {"\"\\ud800\\udc00\\uDBFF\\uDFFF\"", BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
        {"\"long enough to be stepped over \\t and more \\u20ac of it \xe2\x82\xac here\"",
         BYTES("long enough to be stepped over \t and more \xe2\x82\xac of it \xe2\x82\xac here")},
        {"\"\xf0\x9f\x98\x80\\n\"", BYTES("\xf0\x9f\x98\x80\n")},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct document_error error;
        struct arena arena = reading_arena(100);
        const struct node *node = document_read_json(&arena, bytes_of(texts[i].text), &DOCUMENT_LIMITS, &error);
        assert_non_null(node);
        assert_true(bytes_same(node->text, texts[i].decoded));
        arena_free(&arena);
    }
}

static void refuses_broken_strings(void **state)
{
    (void)state;
    static const struct {
        struct bytes text;
        const char *reason;
        size_t at;
    } texts[] = {
        {BYTES("\""), "a string without an end", 0},
        {BYTES("\"abcdefghijkl"), "a string without an end", 0},
        {BYTES("\"abc\\"), "a string without an end", 0},
        {BYTES("\"abc\\\""), "a string without an end", 0},
        {BYTES("\"\\u00\""), "not an escape", 1},
        {BYTES("\"\\x41\""), "not an escape", 1},
        {BYTES("\"\\\0\""), "not an escape", 1},
        {BYTES("\"\\u00g0\""), "not an escape", 1},
        {BYTES("\"\\U0041\""), "not an escape", 1},
        {BYTES("\"ab\\u004"), "a string without an end", 0},
        {BYTES("\"ab\\ud800\""), "half a surrogate pair", 9},
        {BYTES("\"ab\\ud800x\\udc00\""), "half a surrogate pair", 9},
        {BYTES("\"ab\\ud800\\n\""), "half a surrogate pair", 9},
        {BYTES("\"ab\\ud800\\ud800\""), "half a surrogate pair", 9},
        {BYTES("\"ab\\udc00\""), "half a surrogate pair", 3},
        {BYTES("\"a\nb\""), "a control character in a string", 2},
        {BYTES("\"a\0b\""), "a control character in a string", 2},
        {BYTES("\"\\t\x1f\""), "a control character in a string", 3},
        {BYTES("\"12345678\x01\""), "a control character in a string", 9},
        {BYTES("\"\xff\""), "not UTF-8", 1},
        {BYTES("\"\xc3\""), "not UTF-8", 1},
        {BYTES("\"\\t\xed\xa0\x80\""), "not UTF-8", 3},
        {BYTES("{\"\xc0\x80\":1}"), "not UTF-8", 2},
        {BYTES("\"1234567\xf5\""), "not UTF-8", 8},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        reading_refuses(document_read_json, texts[i].text, texts[i].reason, texts[i].at, false);
}

/* Each byte value at each place of a word-wise step. */
static void knows_every_byte_at_every_place(void **state)
{
    (void)state;
    for (unsigned place = 0; place < 20; place++) {
        for (unsigned byte = 0; byte < 128; byte++) {
            char text[24] = "\"abcdefghijklmnopqrst\"", room[64], expected[64];
            text[place + 1] = (char)byte;
            struct sink sink = sink_over(expected, sizeof expected - 1);
            json_write_text(&sink, (struct bytes){text + 1, 20});
            expected[sink.len] = '\0';
            bool plain = byte >= 0x20 && byte != '"' && byte != '\\';
            reading_json(document_read_json, (struct bytes){text, 22}, room, sizeof room);
            if (plain) {
                assert_memory_equal(room, text, 22);
                assert_string_equal(room, expected);
            } else {
                bool escape = byte == '\\' &&
                              (text[place + 2] == 'b' || text[place + 2] == 'f' || text[place + 2] == 'n' ||
                               text[place + 2] == 'r' || text[place + 2] == 't');
                assert_int_equal(room[0] != '\0', escape);
                assert_string_equal(reading_json(document_read_json, bytes_of(expected), room, sizeof room), expected);
                assert_true(strlen(expected) > 22);
            }
        }
    }
}

/* Without an escape a text is where it stood; only the others are copied. */
static void texts_are_views(void **state)
{
    (void)state;
    static const char text[] = "{\"name\":\"plain\",\"esc\\u0061ped\":\"a\\nb\",\"caf\xc3\xa9\":\"\xc3\xa9\"}";
    struct document_error error;
    struct arena arena = reading_arena(sizeof text);
    const struct node *node = document_read_json(&arena, bytes_of(text), &DOCUMENT_LIMITS, &error);
    assert_non_null(node);
    assert_ptr_equal(node[1].key.at, text + 2);
    assert_ptr_equal(node[1].text.at, text + 9);
    assert_true(bytes_is(node[2].key, "escaped") && bytes_is(node[2].text, "a\nb"));
    assert_false(node[2].key.at >= text && node[2].key.at < text + sizeof text);
    assert_true(bytes_is(node[3].key, "caf\xc3\xa9"));
    assert_true(node[3].text.at > text && node[3].text.at < text + sizeof text);
    arena_free(&arena);
}

static void depth_costs_nothing(void **state)
{
    (void)state;
    size_t million = 1000000;
    char *room = malloc(million * 6), out[64];
    assert_non_null(room);
    reading_refuses(document_read_json, reading_repeat(room, "[", million), "nested too deeply", 16, true);
    reading_refuses(document_read_json, reading_repeat(room, "{\"\":", million), "nested too deeply", 64, true);
    reading_refuses(document_read_json, reading_repeat(room, "[{\"\":", million), "nested too deeply", 40, true);
    memset(room, '[', 16);
    memset(room + 16, ']', 16);
    assert_int_equal(strlen(reading_json(document_read_json, (struct bytes){room, 32}, out, sizeof out)), 32);
    reading_refuses(document_read_json, (struct bytes){room, 31}, "the text ends inside a list or map", 31, false);
    free(room);
}

/* The inputs that make the most nodes and copies of their bytes, however long they are. */
static void memory_is_bounded(void **state)
{
    (void)state;
    static const char *const patterns[] = {"1,",  "[],",          "\"\",",        "\"\\n\",",
                                           "{},", "{\"\\t\":1},", "\"\\u0000\",", "    "};
    static const struct document_limits limits = {.depth_max = 16, .nodes_max = UINT32_MAX, .keys_max = 256};
    char *room = malloc(1 << 20);
    assert_non_null(room);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        for (size_t count = 1; count < 100000; count = count * 3 + 1) {
            struct document_error error = {0};
            struct bytes list = reading_repeat(room + 1, patterns[i], count);
            struct arena arena;
            arena_init(&arena, 16, SIZE_MAX);
            room[0] = '[';
            room[list.len] = ']';
            struct bytes input = {room, list.len + 1};
            assert_non_null(document_read_json(&arena, input, &limits, &error));
            if (arena.total > 100 * input.len + 512) fail_msg("%s %zu times: %zu", patterns[i], count, arena.total);
            arena_free(&arena);
        }
    }
    free(room);
}

static void counts_values_and_names(void **state)
{
    (void)state;
    char *room = malloc(1 << 16);
    assert_non_null(room);
    struct bytes list = reading_repeat(room + 1, "1,", 4096);
    room[0] = '[';
    room[list.len] = ']';
    reading_refuses(document_read_json, (struct bytes){room, list.len + 1}, "too many values", 4095 * 2 + 1, true);
    room[list.len - 2] = ']';
    struct document_error error;
    struct arena arena = reading_arena(list.len);
    assert_non_null(document_read_json(&arena, (struct bytes){room, list.len - 1}, &DOCUMENT_LIMITS, &error));
    arena_free(&arena);
    struct sink sink = sink_over(room, 1 << 16);
    size_t at = 0;
    for (int i = 0; i < 257; i++) {
        sink_format(&sink, "%c\"n%d\":", i ? ',' : '{', i);
        at = sink.len;
        sink_text(&sink, "0");
    }
    sink_char(&sink, '}');
    reading_refuses(document_read_json, sink_written(&sink), "too many names in one map", at, true);
    free(room);
}

static void writes_every_kind(void **state)
{
    (void)state;
    char room[512];
    struct sink sink = sink_over(room, sizeof room);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "null");
    json_null(&json);
    json_key(&json, "flags");
    json_open_list(&json);
    json_bool(&json, true);
    json_bool(&json, false);
    json_open_list(&json);
    json_close_list(&json);
    json_open_map(&json);
    json_close_map(&json);
    json_close_list(&json);
    json_key_bytes(&json, BYTES("\"\n"));
    json_i64(&json, INT64_MIN);
    json_key(&json, "u");
    json_u64(&json, UINT64_MAX);
    json_key(&json, "t");
    json_text(&json, BYTES("a\"\\\b\f\n\r\t\x01\x1f/\x7f\xc3\xa9"));
    json_key(&json, "m");
    json_money(&json, 12500000);
    json_key(&json, "w");
    json_wall(&json, 0);
    json_key(&json, "r");
    json_raw(&json, BYTES("[1]"));
    json_close_map(&json);
    assert_false(sink.cut);
    assert_true(bytes_is(sink_written(&sink),
                         "{\"null\":null,\"flags\":[true,false,[],{}],\"\\\"\\n\":-9223372036854775808,"
                         "\"u\":18446744073709551615,\"t\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xc3\xa9\","
                         "\"m\":\"12.50\",\"w\":\"1970-01-01T00:00:00.000Z\",\"r\":[1]}"));
}

static void writes_a_subtree_into_a_text(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":{\"x\":[1,{\"y\":null}],\"z\":\"\"},\"b\":2}";
    char room[128];
    struct document_error error;
    struct arena arena = reading_arena(sizeof text);
    const struct node *node = document_read_json(&arena, bytes_of(text), &DOCUMENT_LIMITS, &error);
    struct sink sink = sink_over(room, sizeof room);
    struct json json = json_into(&sink);
    json_open_list(&json);
    json_node(&json, node_find(node, "a"));
    json_node(&json, node_find(node, "b"));
    json_close_list(&json);
    assert_true(bytes_is(sink_written(&sink), "[{\"x\":[1,{\"y\":null}],\"z\":\"\"},2]"));
    arena_free(&arena);
}

static void a_small_sink_is_cut(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,\"x\\n\",true],\"b\":{}}";
    struct document_error error;
    struct arena arena = reading_arena(sizeof text);
    const struct node *node = document_read_json(&arena, bytes_of(text), &DOCUMENT_LIMITS, &error);
    for (size_t cap = 0; cap <= sizeof text - 1; cap++) {
        char room[sizeof text];
        memset(room, '#', sizeof room);
        struct sink sink = sink_over(room, cap);
        struct json json = json_into(&sink);
        json_node(&json, node);
        assert_int_equal(sink.cut, cap < sizeof text - 1);
        assert_int_equal(room[cap], '#');
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind),
        cmocka_unit_test(refuses_other_grammars),
        cmocka_unit_test(decodes_escapes),
        cmocka_unit_test(refuses_broken_strings),
        cmocka_unit_test(knows_every_byte_at_every_place),
        cmocka_unit_test(texts_are_views),
        cmocka_unit_test(depth_costs_nothing),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(counts_values_and_names),
        cmocka_unit_test(writes_every_kind),
        cmocka_unit_test(writes_a_subtree_into_a_text),
        cmocka_unit_test(a_small_sink_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
