/* The big list of naughty strings: each comes back unchanged through JSON, MessagePack and a form, as a value and as a
 * name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/protocol/codec/reading.h"

#define LIST OUTCRY_SUITES_DIR "/naughty-strings/blns.json"

static void write_form(struct sink *sink, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char one = text.at[i];
        if ((one >= 'a' && one <= 'z') || (one >= '0' && one <= '9')) {
            sink_char(sink, one);
        } else if (one == ' ') {
            sink_char(sink, '+');
        } else {
            sink_char(sink, '%');
            sink_hex(sink, (struct bytes){&one, 1});
        }
    }
}

/* The map {text: text} in each format. */
static void through_json(struct arena *arena, struct bytes text, struct sink *sink)
{
    struct document_error error;
    struct json json = json_into(sink);
    json_open_map(&json);
    json_key_bytes(&json, text);
    json_text(&json, text);
    json_close_map(&json);
    const struct node *node = document_read_json(arena, sink_written(sink), &DOCUMENT_LIMITS, &error);
    assert_true(!sink->cut && node && node->count == 1);
    assert_true(bytes_same(node[1].key, text) && bytes_same(node[1].text, text));
}

static void through_pack(struct arena *arena, struct bytes text, struct sink *sink)
{
    struct document_error error;
    const struct node map[2] = {{.kind = NODE_MAP, .span = 2, .count = 1},
                                {.kind = NODE_TEXT, .span = 1, .key = text, .text = text}};
    assert_true(pack_write_canonical(sink, map));
    const struct node *node = document_read_pack(arena, sink_written(sink), &DOCUMENT_LIMITS, &error);
    assert_true(node && node->count == 1 && bytes_same(node[1].key, text) && bytes_same(node[1].text, text));
}

/* As a name only where a form can say it: not empty, without a dot. */
static void through_form(struct arena *arena, struct bytes text, struct sink *sink)
{
    struct document_error error;
    bool name = text.len > 0 && bytes_find(text, '.') == text.len;
    write_form(sink, name ? text : BYTES("name"));
    sink_char(sink, '=');
    write_form(sink, text);
    const struct node *node = document_read_form(arena, sink_written(sink), &DOCUMENT_LIMITS, &error);
    assert_true(node && node->count == 1 && bytes_same(node[1].text, text));
    assert_true(bytes_same(node[1].key, name ? text : BYTES("name")));
}

static void come_back_unchanged(void **state)
{
    (void)state;
    static char room[1 << 16];
    struct bytes input = reading_file(LIST);
    struct document_error error = {0};
    struct arena arena = reading_arena(input.len), each;
    const struct node *list = document_read_json(&arena, input, &DOCUMENT_LIMITS, &error);
    assert_non_null(list);
    assert_int_equal(list->count, 515);
    arena_init(&each, 65536, 1 << 20);
    NODE_EACH(text, list)
    {
        struct sink sink = sink_over(room, sizeof room);
        assert_true(bytes_is_utf8(text->text));
        through_json(&each, text->text, &sink);
        sink.len = 0;
        through_pack(&each, text->text, &sink);
        sink.len = 0;
        through_form(&each, text->text, &sink);
        arena_reset(&each);
    }
    arena_free(&each);
    arena_free(&arena);
    free((char *)input.at);
}

int main(void)
{
    if (reading_absent(LIST)) return READING_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(come_back_unchanged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
