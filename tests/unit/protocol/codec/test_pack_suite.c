/* msgpack-test-suite: 85 values in 233 encodings. Extension types and timestamps are refused, everything else comes out
 * equal from every encoding, and what is written is one of the encodings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/codec/number.h"
#include "tests/unit/protocol/codec/reading.h"

#define SUITE OUTCRY_SUITES_DIR "/msgpack/msgpack-test-suite.json"

/* "c4-01-ff" -> bytes. */
static struct bytes unhex(struct arena *arena, struct bytes text)
{
    size_t count = (text.len + 1) / 3;
    uint8_t *raw = arena_take(arena, count + 1);
    assert_non_null(raw);
    for (size_t i = 0; i < count; i++) assert_true(bytes_unhex((struct bytes){text.at + 3 * i, 2}, raw + i, 1));
    return (struct bytes){(char *)raw, count};
}

static void canonical(struct sink *sink, const struct node *node)
{
    assert_true(pack_write_canonical(sink, node));
}

static bool same_document(const struct node *a, const struct node *b)
{
    char first[1024], second[1024];
    struct sink x = sink_over(first, sizeof first), y = sink_over(second, sizeof second);
    canonical(&x, a);
    canonical(&y, b);
    return bytes_same(sink_written(&x), sink_written(&y));
}

/* binary: the base64 of the bytes; those of the suite are three. */
static bool same_binary(const struct node *node, struct bytes hex)
{
    if (hex.len == 0) return bytes_is(node->text, "");
    if (bytes_is(hex, "01")) return bytes_is(node->text, "AQ==");
    return bytes_is(hex, "00-ff") && bytes_is(node->text, "AP8=");
}

static bool same_number(const struct node *node, struct bytes digits)
{
    struct number a, b;
    if (node->kind != NODE_NUMBER) return false;
    number_read(node->text, &a);
    number_read(digits, &b);
    return number_same(&a, &b);
}

static bool is_value(const struct node *entry, const struct node *read)
{
    const struct node *value = node_first(entry);
    if (bytes_is(value->key, "binary")) return read->kind == NODE_TEXT && same_binary(read, value->text);
    if (bytes_is(value->key, "number") || bytes_is(value->key, "bignum")) return same_number(read, value->text);
    return same_document(value, read);
}

static bool is_refused(const struct node *entry)
{
    return node_find(entry, "timestamp") || node_find(entry, "ext");
}

/* What the writer makes of the value is one of the listed encodings. */
static void writes_one_of(const struct node *entry, const struct node *read, struct arena *arena)
{
    char room[1024];
    struct sink sink = sink_over(room, sizeof room);
    assert_true(pack_write(&sink, read));
    bool found = bytes_is(node_first(entry)->key, "binary"); /* written as the text it became */
    NODE_EACH(encoding, node_find(entry, "msgpack"))
    found = found || bytes_same(unhex(arena, encoding->text), sink_written(&sink));
    assert_true(found);
}

static void every_encoding_means_its_value(void **state)
{
    (void)state;
    unsigned values = 0, encodings = 0, refused = 0;
    struct bytes input = reading_file(SUITE);
    struct document_error error = {0};
    struct arena arena = reading_arena(input.len), read_arena = reading_arena(1000);
    const struct node *suite = document_read_json(&arena, input, &DOCUMENT_LIMITS, &error);
    assert_non_null(suite);
    NODE_EACH(group, suite)
    NODE_EACH(entry, group)
    {
        values++;
        NODE_EACH(encoding, node_find(entry, "msgpack"))
        {
            struct bytes packed = unhex(&arena, encoding->text);
            const struct node *read = document_read_pack(&read_arena, packed, &DOCUMENT_LIMITS, &error);
            encodings++;
            refused += !read;
            if (is_refused(entry) != !read || (read && !is_value(entry, read)))
                fail_msg("%.*s", (int)encoding->text.len, encoding->text.at);
            if (read) writes_one_of(entry, read, &arena);
            arena_reset(&read_arena);
        }
    }
    assert_int_equal(values, 85);
    assert_int_equal(encodings, 233);
    assert_int_equal(refused, 30);
    arena_free(&read_arena);
    arena_free(&arena);
    free((char *)input.at);
}

int main(void)
{
    if (reading_absent(SUITE)) return READING_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_encoding_means_its_value)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
