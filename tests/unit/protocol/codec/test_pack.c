/* MessagePack: every format both ways, what the scan refuses, canonical bytes that do not depend on the source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/protocol/codec/reading.h"

static void reads_every_format(void **state)
{
    (void)state;
    static const struct {
        struct bytes packed;
        const char *json;
    } values[] = {
        {BYTES("\xc0"), "null"},
        {BYTES("\xc2"), "false"},
        {BYTES("\xc3"), "true"},
        {BYTES("\x7f"), "127"},
        {BYTES("\xe0"), "-32"},
        {BYTES("\xcc\xff"), "255"},
        {BYTES("\xcd\xff\xff"), "65535"},
        {BYTES("\xce\xff\xff\xff\xff"), "4294967295"},
        {BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), "18446744073709551615"},
        {BYTES("\xd0\x80"), "-128"},
        {BYTES("\xd1\x80\x00"), "-32768"},
        {BYTES("\xd2\x80\x00\x00\x00"), "-2147483648"},
        {BYTES("\xd3\x80\x00\x00\x00\x00\x00\x00\x00"), "-9223372036854775808"},
        {BYTES("\xca\x41\x45\x70\xa4"), "12.34"},
        {BYTES("\xca\x3f\x80\x00\x00"), "1"},
        {BYTES("\xca\x00\x00\x00\x01"), "1e-45"},
        {BYTES("\xca\xff\x7f\xff\xff"), "-3.4028235e+38"},
        {BYTES("\xcb\x40\x28\xae\x14\x7a\xe1\x47\xae"), "12.34"},
        {BYTES("\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"), "0.1"},
        {BYTES("\xcb\x3f\xd5\x55\x55\x55\x55\x55\x55"), "0.3333333333333333"},
        {BYTES("\xcb\x3f\xd3\x33\x33\x33\x33\x33\x34"), "0.30000000000000004"},
        {BYTES("\xcb\x80\x00\x00\x00\x00\x00\x00\x00"), "0"},
        {BYTES("\xca\x4f\x00\x00\x00"), "2147483648"},
        {BYTES("\xca\xdf\x00\x00\x00"), "-9223372036854775808"},
        {BYTES("\xcb\x43\xef\xff\xff\xff\xff\xff\xff"), "18446744073709549568"},
        {BYTES("\xcb\x43\xf0\x00\x00\x00\x00\x00\x00"), "1.8446744073709552e+19"},
        {BYTES("\xcb\x00\x00\x00\x00\x00\x00\x00\x01"), "5e-324"},
        {BYTES("\xcb\xff\xef\xff\xff\xff\xff\xff\xff"), "-1.7976931348623157e+308"},
        {BYTES("\xa0"), "\"\""},
        {BYTES("\xa2\xc3\xa9"), "\"\xc3\xa9\""},
        {BYTES("\xd9\x01x"), "\"x\""},
        {BYTES("\xda\x00\x01x"), "\"x\""},
        {BYTES("\xdb\x00\x00\x00\x01x"), "\"x\""},
        {BYTES("\xc4\x00"), "\"\""},
        {BYTES("\xc4\x01\xff"), "\"/w==\""},
        {BYTES("\xc5\x00\x02\xfb\xff"), "\"+/8=\""},
        {BYTES("\xc6\x00\x00\x00\x03\x00\x10\x83"), "\"ABCD\""},
        {BYTES("\xc4\x04text"), "\"dGV4dA==\""},
        {BYTES("\x90"), "[]"},
        {BYTES("\x92\x01\x91\xc0"), "[1,[null]]"},
        {BYTES("\xdc\x00\x01\x01"), "[1]"},
        {BYTES("\xdd\x00\x00\x00\x01\x01"), "[1]"},
        {BYTES("\x80"), "{}"},
        {BYTES("\x82\xa1z\x01\xa0\x81\xa1y\x90"), "{\"z\":1,\"\":{\"y\":[]}}"},
        {BYTES("\xde\x00\x01\xd9\x01z\x01"), "{\"z\":1}"},
        {BYTES("\xdf\x00\x00\x00\x01\xa1z\x80"), "{\"z\":{}}"},
        {BYTES("\x94\x80\x90\x80\x90"), "[{},[],{},[]]"},
    };
    char room[128];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_string_equal(reading_json(document_read_pack, values[i].packed, room, sizeof room), values[i].json);
}

struct refused {
    struct bytes packed;
    const char *text;
    size_t at;
    bool too_large;
};

/* pack_scan and document_read_pack agree, and neither takes memory for what it refuses. */
static void refuses(const struct refused *one)
{
    struct document_error error = {0};
    struct arena arena;
    reading_refuses(document_read_pack, one->packed, one->text, one->at, one->too_large);
    assert_false(pack_scan(one->packed, &DOCUMENT_LIMITS, &error));
    assert_string_equal(error.text, one->text);
    arena_init(&arena, 16, SIZE_MAX);
    assert_null(document_read_pack(&arena, one->packed, &DOCUMENT_LIMITS, &error));
    assert_int_equal(arena.total, 0);
}

static void refuses_what_json_cannot_say(void **state)
{
    (void)state;
    static const struct refused inputs[] = {
        {BYTES("\xd4\x01\x00"), "extension types are not taken", 0, false},
        {BYTES("\xd6\xff\x00\x00\x00\x00"), "extension types are not taken", 0, false},
        {BYTES("\xc7\x00\x01"), "extension types are not taken", 0, false},
        {BYTES("\x91\xc9\x00\x00\x00\x00\x01"), "extension types are not taken", 1, false},
        {BYTES("\xca\x7f\xc0\x00\x00"), "a number that is not finite", 0, false},
        {BYTES("\xca\xff\x80\x00\x00"), "a number that is not finite", 0, false},
        {BYTES("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"), "a number that is not finite", 0, false},
        {BYTES("\x91\xcb\xff\xf8\x00\x00\x00\x00\x00\x01"), "a number that is not finite", 1, false},
        {BYTES("\xc1"), "not a MessagePack value", 0, false},
        {BYTES("\x81\x01\x01"), "the name of an entry is not text", 1, false},
        {BYTES("\x81\xc4\x01k\x01"), "the name of an entry is not text", 1, false},
        {BYTES("\x81\xc0\x01"), "the name of an entry is not text", 1, false},
        {BYTES("\xa2\xc0\x80"), "not UTF-8", 1, false},
        {BYTES("\x81\xa1\xff\x01"), "not UTF-8", 2, false},
        {BYTES("\xa3\xed\xa0\x80"), "not UTF-8", 1, false},
        {BYTES("\xc0\xc0"), "something follows the value", 1, false},
        {BYTES("\x91\xc0\n"), "something follows the value", 2, false},
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) refuses(&inputs[i]);
}

static void refuses_what_is_cut(void **state)
{
    (void)state;
    static const struct refused inputs[] = {
        {BYTES(""), "the input ends where a value is due", 0, false},
        {BYTES("\xcd\x01"), "the input ends inside a value", 2, false},
        {BYTES("\xcb\x01\x02\x03"), "the input ends inside a value", 4, false},
        {BYTES("\xca\x7f"), "the input ends inside a value", 2, false},
        {BYTES("\xa2x"), "the input ends inside a text", 2, false},
        {BYTES("\xda\x00"), "the input ends inside a length", 2, false},
        {BYTES("\xdb\xff\xff\xff\xff"), "the input ends inside a text", 5, false},
        {BYTES("\xc6\xff\xff\xff\xff"), "the input ends inside a value", 5, false},
        {BYTES("\x81\xa1k"), "the input ends where a value is due", 3, false},
        {BYTES("\x92\x91"), "more entries announced than can follow", 1, false},
        {BYTES("\x81\xa2k"), "the input ends inside a text", 3, false},
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) refuses(&inputs[i]);
}

/* Every prefix of a sound message is refused, whatever it ends in. */
static void refuses_every_prefix(void **state)
{
    (void)state;
    static const char packed[] = "\x85\xa1"
                                 "a\x93\x01\xcc\xff\xd1\x80\x00\xd9\x01"
                                 "b\xc4\x03xyz\xa1"
                                 "c\xca\x41\x45\x70\xa4\xa1"
                                 "d\xdc\x00\x01\xc0\xa1"
                                 "e\xdf\x00\x00\x00\x01\xa1"
                                 "f\xc3";
    struct document_error error;
    struct bytes whole = {packed, sizeof packed - 1};
    assert_true(pack_scan(whole, &DOCUMENT_LIMITS, &error));
    for (size_t len = 0; len < whole.len; len++)
        assert_false(pack_scan(bytes_first(whole, len), &DOCUMENT_LIMITS, &error));
}

/* Headers that claim up to 2^32-1 entries: msgpack-c would reserve gigabytes for them. */
static void bombs_take_no_memory(void **state)
{
    (void)state;
    static const char heads[] = {'\xdd', '\xdf'};
    for (size_t i = 0; i < sizeof heads; i++) {
        for (uint64_t count = 1 << 20; count <= UINT32_MAX; count = count * 2 + 1) {
            char packed[5] = {heads[i], (char)(count >> 24), (char)(count >> 16), (char)(count >> 8), (char)count};
            struct refused bomb = {{packed, 5}, "more entries announced than can follow", 5, false};
            refuses(&bomb);
        }
    }
    static const struct refused short_bombs[] = {
        {BYTES("\xdc\xff\xff"), "more entries announced than can follow", 3, false},
        {BYTES("\xde\xff\xff"), "more entries announced than can follow", 3, false},
        {BYTES("\x82\xa0\x01"), "more entries announced than can follow", 1, false},
        {BYTES("\x9f\x9f\x9f"), "more entries announced than can follow", 1, false},
    };
    for (size_t i = 0; i < sizeof short_bombs / sizeof *short_bombs; i++) refuses(&short_bombs[i]);
}

static void depth_costs_nothing(void **state)
{
    (void)state;
    size_t million = 1000000;
    char *room = malloc(million * 2), out[64];
    assert_non_null(room);
    struct refused nested = {reading_repeat(room, "\x91", million), "nested too deeply", 17, true};
    refuses(&nested);
    nested = (struct refused){reading_repeat(room, "\x81\xa0", million), "nested too deeply", 33, true};
    refuses(&nested);
    memset(room, '\x91', 15);
    room[15] = '\x90';
    assert_string_equal(reading_json(document_read_pack, (struct bytes){room, 16}, out, sizeof out),
                        "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]");
    free(room);
}

static void keeps_to_its_limits(void **state)
{
    (void)state;
    char *room = malloc(1 << 16);
    assert_non_null(room);
    struct document_error error;
    memcpy(room, "\xdc\x0f\xff", 3);
    memset(room + 3, 1, 4096);
    assert_true(pack_scan((struct bytes){room, 3 + 4095}, &DOCUMENT_LIMITS, &error));
    room[2] = '\0';
    room[1] = '\x10';
    struct refused many = {{room, 3 + 4096}, "too many values", 3, true};
    refuses(&many);
    memcpy(room, "\x92\xdc\x0f\xfe", 4);
    memset(room + 4, 1, 4096);
    many = (struct refused){{room, 4 + 4094 + 1}, "too many values", 4 + 4094, true};
    refuses(&many);
    struct sink sink = sink_over(room, 1 << 16);
    sink_bytes(&sink, BYTES("\xde\x01\x01"));
    for (int i = 0; i < 257; i++) sink_format(&sink, "\xa4%04d%c", i, 1);
    many = (struct refused){sink_written(&sink), "too many names in one map", 3, true};
    refuses(&many);
    room[2] = '\0';
    assert_true(pack_scan(bytes_first(sink_written(&sink), sink.len - 6), &DOCUMENT_LIMITS, &error));
    free(room);
}

static void refuses_repeated_names(void **state)
{
    (void)state;
    reading_refuses(document_read_pack, BYTES("\x82\xa1k\x01\xd9\x01k\x02"), "a name stands twice in one map", 7,
                    false);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    static const char *const patterns[] = {"\x01", "\xe0",     "\x90",         "\xa0",
                                           "\xc2", "\xcc\x01", "\x81\xa0\x01", "\xc4\x01x"};
    static const struct document_limits limits = {.depth_max = 16, .nodes_max = UINT32_MAX, .keys_max = 256};
    char *room = malloc(1 << 20);
    assert_non_null(room);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        for (unsigned count = 1; count < 65000; count = count * 3 + 1) {
            struct document_error error = {0};
            struct bytes input = {room, 3 + reading_repeat(room + 3, patterns[i], count).len};
            struct arena arena;
            arena_init(&arena, 16, SIZE_MAX);
            room[0] = '\xdc';
            room[1] = (char)(count >> 8);
            room[2] = (char)count;
            assert_non_null(document_read_pack(&arena, input, &limits, &error));
            if (arena.total > 100 * input.len + 512) fail_msg("pattern %zu %u times: %zu", i, count, arena.total);
            arena_free(&arena);
        }
    }
    free(room);
}

static void a_full_arena_is_too_large(void **state)
{
    (void)state;
    static const struct bytes packed = BYTES("\x93\x81\xa1k\xcd\xff\xff\xc4\x03xyz\x92\xc0\xca\x41\x45\x70\xa4");
    unsigned refused = 0;
    const struct node *node = NULL;
    for (size_t bytes_max = 16; !node; bytes_max += 16) {
        struct document_error error = {0};
        struct arena arena;
        arena_init(&arena, 16, bytes_max);
        node = document_read_pack(&arena, packed, &DOCUMENT_LIMITS, &error);
        assert_true(node || error.too_large);
        refused += !node;
        arena_free(&arena);
    }
    assert_in_range(refused, 10, 100);
}

static void tells_where_values_stood(void **state)
{
    (void)state;
    static const struct bytes packed = BYTES("\x82\xa3key\xdc\x00\x02\xcd\x01\x00\xc0\xd9\x01z\xa1x");
    static const uint32_t places[] = {0, 5, 8, 11, 15};
    struct document_error error;
    struct arena arena = reading_arena(packed.len);
    const struct node *node = document_read_pack(&arena, packed, &DOCUMENT_LIMITS, &error);
    assert_non_null(node);
    for (uint32_t i = 0; i < 5; i++) assert_int_equal(node[i].at, places[i]);
    assert_ptr_equal(node[1].key.at, packed.at + 2);
    assert_ptr_equal(node[4].text.at, packed.at + 16);
    arena_free(&arena);
}

/* Packs the JSON text; the result is in hexadecimal. */
static const char *pack(const char *json, bool canonical, char *hex, size_t cap)
{
    char room[4096];
    struct document_error error;
    struct arena arena = reading_arena(strlen(json));
    struct sink sink = sink_over(room, sizeof room), text = sink_over(hex, cap - 1);
    const struct node *node = document_read_json(&arena, bytes_of(json), &DOCUMENT_LIMITS, &error);
    assert_non_null(node);
    assert_true((canonical ? pack_write_canonical : pack_write)(&sink, node));
    sink_hex(&text, sink_written(&sink));
    assert_false(text.cut);
    hex[text.len] = '\0';
    arena_free(&arena);
    return hex;
}

static void writes_the_shortest_encoding(void **state)
{
    (void)state;
    static const struct {
        const char *json, *hex;
    } values[] = {
        {"null", "c0"},
        {"[true,false]", "92c3c2"},
        {"0", "00"},
        {"-0", "00"},
        {"-0.0e7", "00"},
        {"127", "7f"},
        {"128", "cc80"},
        {"256", "cd0100"},
        {"65536", "ce00010000"},
        {"4294967296", "cf0000000100000000"},
        {"18446744073709551615", "cfffffffffffffffff"},
        {"18446744073709551616", "b43138343436373434303733373039353531363136"},
        {"1e20", "cb4415af1d78b58c40"},
        {"1e2", "64"},
        {"100.0", "64"},
        {"1.8446744073709551615e19", "cfffffffffffffffff"},
        {"-1", "ff"},
        {"-33", "d0df"},
        {"-9223372036854775808", "d38000000000000000"},
        {"-9223372036854775809", "b4"
                                 "2d39323233333732303336383534373735383039"},
        {"0.5", "cb3fe0000000000000"},
        {"12.50", "cb4029000000000000"},
        {"0.1", "cb3fb999999999999a"},
        {"1e-400", "a6"
                   "31652d343030"},
        {"1e400", "a5"
                  "3165343030"},
        {"0.10000000000000000001", "b6302e3130303030303030303030303030303030303031"},
        {"\"\"", "a0"},
        {"\"x\"", "a178"},
        {"{\"b\":1,\"a\":[]}", "82a16201a16190"},
        {"{}", "80"},
    };
    char hex[256];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_string_equal(pack(values[i].json, false, hex, sizeof hex), values[i].hex);
}

static void long_texts_and_groups(void **state)
{
    (void)state;
    char json[2048], hex[4096];
    for (unsigned len = 30; len < 300; len += 45) {
        struct sink sink = sink_over(json, sizeof json - 1);
        sink_char(&sink, '"');
        for (unsigned i = 0; i < len; i++) sink_char(&sink, 'x');
        sink_char(&sink, '"');
        json[sink.len] = '\0';
        pack(json, true, hex, sizeof hex);
        assert_memory_equal(hex, len < 32 ? "be" : len < 256 ? "d9" : "da", 2);
        assert_int_equal(strlen(hex), 2 * (len + (len < 32 ? 1 : len < 256 ? 2 : 3)));
    }
    struct bytes list = reading_repeat(json, "[1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6]", 1);
    json[list.len] = '\0';
    assert_memory_equal(pack(json, true, hex, sizeof hex), "dc0010", 6);
}

static void canonical_bytes_are_the_documents_own(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        {"{\"b\":1,\"a\":{\"y\":2,\"x\":3}}", "{ \"a\" : { \"x\" : 3.0 , \"y\" : 20e-1 } , \"b\" : 1e0 }"},
        {"{\"aa\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"aa\":1}"},
        {"{\"\\u00e9\":1,\"z\":2}", "{\"z\":2,\"\xc3\xa9\":1}"},
        {"12.5", "1.250e1"},
        {"1.00000000000000000001", "100000000000000000001E-20"},
        {"1.00000000000000000001", "1.0000000000000000000100"},
        {"-1e400", "-0.1e401"},
        {"0", "-0.000e9"},
    };
    static const char *const different[][2] = {{"1", "\"1\""},
                                               {"1.5", "-1.5"},
                                               {"[1,2]", "[2,1]"},
                                               {"[]", "{}"},
                                               {"0", "null"},
                                               {"1e400", "1e401"},
                                               {"0.1", "0.10000000000000001"},
                                               {"false", "null"}};
    char first[512], second[512];
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_string_equal(pack(same[i][0], true, first, sizeof first), pack(same[i][1], true, second, sizeof second));
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        assert_string_not_equal(pack(different[i][0], true, first, sizeof first),
                                pack(different[i][1], true, second, sizeof second));
}

static void sorts_maps_of_any_size(void **state)
{
    (void)state;
    static const unsigned counts[] = {1, 2, 3, 7, 16, 63, 100, 255, 256};
    char text[8192], packed[8192];
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        for (unsigned stride = 1; stride < 1021; stride += 127) { /* 257 is prime: every stride visits every name */
            struct sink sink = sink_over(text, sizeof text), out = sink_over(packed, sizeof packed);
            for (unsigned i = 1; i <= 256; i++)
                if (i * stride % 257 <= counts[c])
                    sink_format(&sink, "%c\"n%03u\":%u", sink.len ? ',' : '{', i * stride % 257, i);
            sink_char(&sink, '}');
            struct document_error error;
            struct arena arena = reading_arena(sink.len);
            const struct node *node = document_read_json(&arena, sink_written(&sink), &DOCUMENT_LIMITS, &error);
            assert_true(node && pack_write_canonical(&out, node));
            const struct node *sorted = document_read_pack(&arena, sink_written(&out), &DOCUMENT_LIMITS, &error);
            assert_int_equal(sorted->count, counts[c]);
            for (unsigned i = 1; i < counts[c]; i++) assert_true(bytes_compare(sorted[i].key, sorted[i + 1].key) < 0);
            arena_free(&arena);
        }
    }
}

/* The same document from JSON, MessagePack and a form, as far as a form has types. */
static void does_not_tell_where_it_came_from(void **state)
{
    (void)state;
    char first[256], second[256], third[256];
    char sent[256];
    struct sink out = sink_over(sent, sizeof sent), a = sink_over(first, sizeof first),
                b = sink_over(second, sizeof second), c = sink_over(third, sizeof third);
    struct document_error error;
    struct arena arena = reading_arena(1000);
    const struct node *json = document_read_json(
        &arena, BYTES("{\"lead\":{\"zip\":\"90001\",\"state\":\"CA\"},\"campaign\":\"auto\"}"), &DOCUMENT_LIMITS,
        &error);
    assert_true(json && pack_write(&out, json));
    const struct node *packed = document_read_pack(&arena, sink_written(&out), &DOCUMENT_LIMITS, &error);
    const struct node *form = document_read_form(&arena, BYTES("lead.state=CA&campaign=%61uto&lead.zip=90001"),
                                                 &DOCUMENT_LIMITS, &error);
    assert_true(packed && form);
    assert_true(pack_write_canonical(&a, json) && pack_write_canonical(&b, packed) && pack_write_canonical(&c, form));
    assert_true(bytes_same(sink_written(&a), sink_written(&b)) && bytes_same(sink_written(&a), sink_written(&c)));
    arena_free(&arena);
}

static void a_small_sink_is_cut(void **state)
{
    (void)state;
    struct document_error error;
    struct arena arena = reading_arena(1000);
    const struct node *node = document_read_json(&arena, BYTES("{\"b\":[1,2.5,\"text\",1e400,null,true],\"a\":{}}"),
                                                 &DOCUMENT_LIMITS, &error);
    char room[64];
    struct sink sink = sink_over(room, sizeof room);
    assert_true(pack_write_canonical(&sink, node));
    size_t whole = sink.len;
    for (size_t cap = 0; cap < whole; cap++) {
        memset(room, '#', sizeof room);
        sink = sink_over(room, cap);
        assert_false(pack_write_canonical(&sink, node));
        assert_int_equal(room[cap], '#');
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_format),       cmocka_unit_test(refuses_what_json_cannot_say),
        cmocka_unit_test(refuses_what_is_cut),      cmocka_unit_test(refuses_every_prefix),
        cmocka_unit_test(bombs_take_no_memory),     cmocka_unit_test(depth_costs_nothing),
        cmocka_unit_test(keeps_to_its_limits),      cmocka_unit_test(refuses_repeated_names),
        cmocka_unit_test(memory_is_bounded),        cmocka_unit_test(a_full_arena_is_too_large),
        cmocka_unit_test(tells_where_values_stood), cmocka_unit_test(writes_the_shortest_encoding),
        cmocka_unit_test(long_texts_and_groups),    cmocka_unit_test(canonical_bytes_are_the_documents_own),
        cmocka_unit_test(sorts_maps_of_any_size),   cmocka_unit_test(does_not_tell_where_it_came_from),
        cmocka_unit_test(a_small_sink_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
