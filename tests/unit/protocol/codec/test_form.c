/* Forms: nesting by dots in any order, escapes, and every way a name may contradict another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/protocol/codec/reading.h"

static void nests_by_dots(void **state)
{
    (void)state;
    static const struct {
        const char *form, *json;
    } forms[] = {
        {"", "{}"},
        {"&&", "{}"},
        {"a=1", "{\"a\":\"1\"}"},
        {"a=1&b=2", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"&a=1&&b=2&", "{\"a\":\"1\",\"b\":\"2\"}"},
        {"a", "{\"a\":\"\"}"},
        {"a=", "{\"a\":\"\"}"},
        {"a==b=", "{\"a\":\"=b=\"}"},
        {"lead.state=CA", "{\"lead\":{\"state\":\"CA\"}}"},
        {"a.x=1&b=2&a.y=3", "{\"a\":{\"x\":\"1\",\"y\":\"3\"},\"b\":\"2\"}"},
        {"a.b.c=1&a.d=2&a.b.e=3&f=4", "{\"a\":{\"b\":{\"c\":\"1\",\"e\":\"3\"},\"d\":\"2\"},\"f\":\"4\"}"},
        {"a.a=1&b.a=2&a.b=3&b.b=4", "{\"a\":{\"a\":\"1\",\"b\":\"3\"},\"b\":{\"a\":\"2\",\"b\":\"4\"}}"},
        {"a=x.y", "{\"a\":\"x.y\"}"},
        {"a%2Eb=1&a.c=2", "{\"a\":{\"b\":\"1\",\"c\":\"2\"}}"},
        {"%61=%31", "{\"a\":\"1\"}"},
        {"a=b+c%20d%2B", "{\"a\":\"b c d+\"}"},
        {"a+b=1", "{\"a b\":\"1\"}"},
        {"a=%26%3D%3d%25", "{\"a\":\"&==%\"}"},
        {"a=%C3%A9\xc3\xa9", "{\"a\":\"\xc3\xa9\xc3\xa9\"}"},
        {"a=%00", "{\"a\":\"\\u0000\"}"},
        {"a=1;b=2", "{\"a\":\"1;b=2\"}"},
        {"a[]=1&a[0]=2", "{\"a[]\":\"1\",\"a[0]\":\"2\"}"},
    };
    char room[256];
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        assert_string_equal(reading_json(document_read_form, bytes_of(forms[i].form), room, sizeof room),
                            forms[i].json);
}

static void refuses_contradictions(void **state)
{
    (void)state;
    static const char twice[] = "a name stands twice", both[] = "a name has both a value and names below it";
    static const char empty[] = "an empty name", digits[] = "'%' without two hexadecimal digits", utf8[] = "not UTF-8";
    static const struct {
        const char *form, *reason;
        size_t at;
    } forms[] = {
        {"a=1&a=1", twice, 4},
        {"a=1&b=2&%61=3", twice, 8},
        {"a&a", twice, 2},
        {"a.b=1&a.b=2", twice, 6},
        {"a=1&a.b=2", both, 4},
        {"a.b=1&a=2", both, 6},
        {"a.b=1&a.b.c=2", both, 6},
        {"a.b.c=1&a.b=2", both, 8},
        {"=1", empty, 0},
        {".=1", empty, 0},
        {"a.=1", empty, 0},
        {"x=1&.a=1", empty, 4},
        {"a..b=1", empty, 0},
        {"=", empty, 0},
        {"a=%", digits, 2},
        {"a=%4", digits, 2},
        {"a=x%4&b=1", digits, 3},
        {"a=%4g", digits, 2},
        {"a=%g4", digits, 2},
        {"%=1", digits, 0},
        {"a=%%41", digits, 2},
        {"a=%FF", utf8, 2},
        {"a=%C3", utf8, 2},
        {"a=%C3&%A9=1", utf8, 2},
        {"a=\xed\xa0\x80", utf8, 2},
        {"%C0%80=1", utf8, 0},
        {"a=%C3+%A9", utf8, 2},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        reading_refuses(document_read_form, bytes_of(forms[i].form), forms[i].reason, forms[i].at, false);
}

static void keeps_to_its_limits(void **state)
{
    (void)state;
    char *room = malloc(1 << 20), out[256];
    assert_non_null(room);
    size_t million = 500000;
    struct bytes deep = reading_repeat(room, "a.", 15);
    room[deep.len] = 'b';
    assert_true(strlen(reading_json(document_read_form, (struct bytes){room, deep.len + 1}, out, sizeof out)) > 0);
    deep = reading_repeat(room, "a.", 16);
    room[deep.len] = 'b';
    reading_refuses(document_read_form, (struct bytes){room, deep.len + 1}, "nested too deeply", 33, true);
    deep = reading_repeat(room, "a.", million);
    room[deep.len] = 'b';
    reading_refuses(document_read_form, (struct bytes){room, deep.len + 1}, "too many values", deep.len + 1, true);
    struct sink sink = sink_over(room, 1 << 20);
    for (int i = 0; i < 256; i++) sink_format(&sink, "n%d&", i);
    struct bytes fits = sink_written(&sink);
    assert_string_equal(reading_json(document_read_form, BYTES("a"), out, sizeof out), "{\"a\":\"\"}");
    struct document_error error;
    struct arena arena = reading_arena(fits.len);
    const struct node *node = document_read_form(&arena, fits, &DOCUMENT_LIMITS, &error);
    assert_true(node && node->count == 256);
    arena_free(&arena);
    sink_text(&sink, "more");
    reading_refuses(document_read_form, sink_written(&sink), "too many names in one map", sink.len, true);
    sink.len = 0;
    for (int i = 0; i < 5000; i++) sink_format(&sink, "n%d.x&", i);
    struct document_error many = {0};
    arena = reading_arena(sink.len);
    assert_null(document_read_form(&arena, sink_written(&sink), &DOCUMENT_LIMITS, &many));
    assert_true(many.too_large);
    assert_string_equal(many.text, "too many values");
    arena_free(&arena);
    free(room);
}

static void memory_is_bounded(void **state)
{
    (void)state;
    static const struct document_limits limits = {.depth_max = 16, .nodes_max = UINT32_MAX, .keys_max = 256};
    char *room = malloc(1 << 20);
    assert_non_null(room);
    for (unsigned shape = 0; shape < 5; shape++) {
        for (size_t count = 1; count < 100000; count = count * 3 + 1) {
            static const char *const patterns[] = {"&", "", "%2", "a.", ""};
            struct document_error error = {0};
            struct sink sink = sink_over(room, 1 << 20);
            for (unsigned i = 0; shape == 1 && i < count; i++) sink_format(&sink, "%x&", i);
            for (unsigned i = 0; shape == 4 && i < count; i++) sink_format(&sink, "%x.%%61&", i);
            struct bytes input = sink.len ? sink_written(&sink) : reading_repeat(room, patterns[shape], count);
            struct arena arena;
            arena_init(&arena, 16, SIZE_MAX);
            const struct node *node = document_read_form(&arena, input, &limits, &error);
            assert_true(node || error.text);
            if (arena.total > 100 * input.len + 512) fail_msg("shape %u %zu times: %zu", shape, count, arena.total);
            arena_free(&arena);
        }
    }
    free(room);
}

static void a_full_arena_is_too_large(void **state)
{
    (void)state;
    unsigned refused = 0;
    const struct node *node = NULL;
    for (size_t bytes_max = 16; !node; bytes_max += 16) {
        struct document_error error = {0};
        struct arena arena;
        arena_init(&arena, 16, bytes_max);
        node = document_read_form(&arena, BYTES("a.b=%31&c=2&a.d=+"), &DOCUMENT_LIMITS, &error);
        assert_true(node || error.too_large);
        refused += !node;
        arena_free(&arena);
    }
    assert_in_range(refused, 10, 100);
}

static void texts_are_views(void **state)
{
    (void)state;
    static const char form[] = "name=plain&a.b=x%20y";
    struct document_error error;
    struct arena arena = reading_arena(sizeof form);
    const struct node *node = document_read_form(&arena, bytes_of(form), &DOCUMENT_LIMITS, &error);
    assert_non_null(node);
    assert_ptr_equal(node[1].key.at, form);
    assert_ptr_equal(node[1].text.at, form + 5);
    assert_int_equal(node[1].at, 5);
    assert_int_equal(node[2].at, 15);
    assert_int_equal(node[3].at, 15);
    assert_false(node[3].text.at >= form && node[3].text.at < form + sizeof form);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nests_by_dots),
        cmocka_unit_test(refuses_contradictions),
        cmocka_unit_test(keeps_to_its_limits),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(a_full_arena_is_too_large),
        cmocka_unit_test(texts_are_views),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
