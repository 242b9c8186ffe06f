/* A second opinion on JSON: Jansson, over JSONTestSuite and over seeded random and damaged texts. Verdicts agree but
 * for the differences listed in may_differ, and where both accept, the trees are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#define json_null jansson_null /* the one name both have */
#include <jansson.h>
#undef json_null

#include "tests/unit/protocol/codec/reading.h"

#define FOLDER OUTCRY_SUITES_DIR "/json/test_parsing"
#define FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)
#define SEED UINT64_C(20261122)
#define ROUNDS 60000

/* How the two differ, and why:
 *   ours refuses for a limit of ours (depth 16, names, values); Jansson goes deeper;
 *   Jansson turns numbers into int64 or double and refuses what overflows them; we keep digits;
 *   Jansson refuses "\u0000" in a name; RFC 8259 allows it;
 *   Jansson takes a NUL byte behind the value for the end of the text. */
static bool may_differ(struct bytes input, bool ours, const struct document_error *error, const json_error_t *theirs)
{
    enum json_error_code code = json_error_code(theirs);
    if (ours) return code == json_error_numeric_overflow || code == json_error_null_byte_in_key;
    return error->too_large ||
           (bytes_find(input, '\0') < input.len && bytes_is(bytes_of(error->text), "something follows the value"));
}

static bool same_tree(const struct node *node, const json_t *theirs);

static bool same_leaf(const struct node *node, const json_t *theirs)
{
    char digits[512];
    switch (json_typeof(theirs)) {
    case JSON_NULL:
        return node->kind == NODE_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return node->kind == NODE_BOOL && node->truth == json_is_true(theirs);
    case JSON_STRING:
        return node->kind == NODE_TEXT &&
               bytes_same(node->text, (struct bytes){json_string_value(theirs), json_string_length(theirs)});
    default:
        if (node->kind != NODE_NUMBER || node->text.len >= sizeof digits) return false;
        memcpy(digits, node->text.at, node->text.len);
        digits[node->text.len] = '\0';
        if (json_is_real(theirs)) return strtod(digits, NULL) == json_real_value(theirs);
        return strtoll(digits, NULL, 10) == json_integer_value(theirs);
    }
}

static bool same_tree(const struct node *node, const json_t *theirs)
{
    size_t index = 0;
    if (json_is_array(theirs)) {
        if (node->kind != NODE_LIST || node->count != json_array_size(theirs)) return false;
        NODE_EACH(child, node)
        if (!same_tree(child, json_array_get(theirs, index++))) return false;
        return true;
    }
    if (!json_is_object(theirs)) return same_leaf(node, theirs);
    if (node->kind != NODE_MAP || node->count != json_object_size(theirs)) return false;
    NODE_EACH(child, node)
    {
        const json_t *member = json_object_getn(theirs, child->key.at, child->key.len);
        if (!member || !same_tree(child, member)) return false;
    }
    return true;
}

/* True if both accepted it. */
static bool compare(struct bytes input, const char *name)
{
    struct document_error error = {0};
    json_error_t json_error = {0};
    struct arena arena = reading_arena(input.len);
    const struct node *node = document_read_json(&arena, input, &DOCUMENT_LIMITS, &error);
    json_t *theirs = json_loadb(input.at, input.len, FLAGS, &json_error);
    bool both = node && theirs;
    if (!node != !theirs && !may_differ(input, node != NULL, &error, &json_error))
        fail_msg("%s: ours: %s, theirs: %s\n%.*s", name, node ? "fine" : error.text, theirs ? "fine" : json_error.text,
                 (int)input.len, input.at);
    if (both && !same_tree(node, theirs)) fail_msg("%s: another tree\n%.*s", name, (int)input.len, input.at);
    json_decref(theirs);
    arena_free(&arena);
    return both;
}

static void agrees_on_the_suite(void **state)
{
    (void)state;
    if (reading_absent(FOLDER)) skip();
    unsigned files = 0, both = 0;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[1024];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", FOLDER, entry->d_name);
        struct bytes input = reading_file(path);
        assert_non_null(input.at);
        both += compare(input, entry->d_name);
        files++;
        free((char *)input.at);
    }
    closedir(folder);
    assert_int_equal(files, 318);
    assert_true(both >= 90);
}

static uint64_t draw(uint64_t *random, uint64_t below)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (*random >> 11) % below;
}

static void write_random_text(struct sink *sink, uint64_t *random)
{
    static const char *const pieces[] = {
        "a",      "bc",       "key",  "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\\n",
        "\\\"",   "\\\\",     "\\/",  "\\u0041",  "\\u00e9",      "\\ud83d\\ude00",   "\\u20AC",
        " text ", "12345678", "\x7f", "\\u0000"};
    sink_char(sink, '"');
    for (uint64_t left = draw(random, 5); left > 0; left--) {
        uint64_t last = draw(random, 40) ? 1 : 0; /* "\u0000" seldom */
        sink_text(sink, pieces[draw(random, sizeof pieces / sizeof *pieces - last)]);
    }
    sink_char(sink, '"');
}

static void write_random_number(struct sink *sink, uint64_t *random)
{
    static const char *const forms[] = {"0",
                                        "-0",
                                        "1.5",
                                        "-12.50",
                                        "1e3",
                                        "2E-7",
                                        "0.1e+2",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "9223372036854775808",
                                        "1e400",
                                        "5e-324"};
    if (draw(random, 3) == 0)
        sink_text(sink, forms[draw(random, sizeof forms / sizeof *forms)]);
    else
        sink_i64(sink, (int64_t)draw(random, 2000) - 1000);
}

static void write_random(struct sink *sink, uint64_t *random, unsigned depth)
{
    static const char *const words[] = {"null", "true", "false"};
    static const char *const spaces[] = {"", "", "", " ", "\n\t", "\r "};
    uint64_t kind = draw(random, depth > 4 ? 3 : 6), left = draw(random, 6);
    sink_text(sink, spaces[draw(random, 6)]);
    if (kind == 0) sink_text(sink, words[draw(random, 3)]);
    if (kind == 1) write_random_number(sink, random);
    if (kind == 2) write_random_text(sink, random);
    if (kind >= 3) sink_char(sink, kind == 3 ? '[' : '{');
    for (; kind >= 3 && left > 0; left--) {
        if (kind > 3) {
            if (draw(random, 3)) /* mostly names that differ */
                sink_format(sink, "\"n%u\"", (unsigned)draw(random, 1000));
            else
                write_random_text(sink, random);
            sink_text(sink, spaces[draw(random, 6)]);
            sink_char(sink, ':');
        }
        write_random(sink, random, depth + 1);
        if (left > 1) sink_char(sink, ',');
    }
    if (kind >= 3) sink_char(sink, kind == 3 ? ']' : '}');
    sink_text(sink, spaces[draw(random, 6)]);
}

/* One damage: a byte changed, a piece left out, doubled or put in, the end cut off. */
static void damage(struct sink *sink, uint64_t *random)
{
    static const char *const pieces[] = {
        "\"",   "\\",           "{",  "}",       "[",     "]",    ",",   ":", "0", "-", "e", ".", "\xff",
        "\xc0", "\xed\xa0\x80", "\n", "\\ud800", "\\u12", "true", "\x01"};
    if (sink->len == 0) return;
    size_t at = draw(random, sink->len), len = draw(random, sink->len - at) % 8 + 1;
    char *text = sink->at;
    if (at + len > sink->len) len = sink->len - at;
    struct bytes piece = bytes_of(pieces[draw(random, sizeof pieces / sizeof *pieces)]);
    switch (draw(random, 5)) {
    case 0:
        text[at] = (char)draw(random, 256);
        break;
    case 1:
        memmove(text + at, text + at + len, sink->len - at - len);
        sink->len -= len;
        break;
    case 2:
        sink->len = at;
        break;
    case 3:
        piece = (struct bytes){text + at, len}; /* fall through: the same twice */
        __attribute__((fallthrough));
    default:
        if (sink->len + piece.len > sink->cap) return;
        memmove(text + at + piece.len, text + at, sink->len - at);
        if (piece.at != text + at) memcpy(text + at, piece.at, piece.len);
        sink->len += piece.len;
    }
}

static void agrees_on_random_texts(void **state)
{
    (void)state;
    static char room[1 << 16];
    unsigned both = 0;
    uint64_t random = SEED;
    for (unsigned round = 0; round < ROUNDS; round++) {
        char name[64];
        struct sink sink = sink_over(room, sizeof room);
        snprintf(name, sizeof name, "round %u", round);
        write_random(&sink, &random, 0);
        assert_false(sink.cut);
        for (uint64_t left = round % 4; left > 0; left--) damage(&sink, &random);
        /* A block of exactly its size, so that a sanitizer sees the first byte read past it. */
        char *fitted = malloc(sink.len ? sink.len : 1);
        assert_non_null(fitted);
        memcpy(fitted, room, sink.len);
        both += compare((struct bytes){fitted, sink.len}, name);
        free(fitted);
    }
    assert_in_range(both, ROUNDS / 4, ROUNDS * 3 / 4); /* both verdicts are tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_on_the_suite),
        cmocka_unit_test(agrees_on_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
