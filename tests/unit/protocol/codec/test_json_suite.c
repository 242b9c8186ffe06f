/* JSONTestSuite: 95 texts to accept (less the two with repeated names, which are errors here), 188 to refuse, and one
 * pinned verdict for each of the 35 that RFC 8259 leaves free. What is accepted comes back unchanged from the writers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#include "tests/unit/protocol/codec/reading.h"

#define FOLDER OUTCRY_SUITES_DIR "/json/test_parsing"

struct tally {
    unsigned accept, refuse, free;
};

/* Of the y_ files. */
static const char *const refused_by_rule[] = {"y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"};

/* Of the i_ files: numbers keep their digits whatever their size; all others break strict UTF-8, hold half a surrogate
 * pair, start with a byte order mark or are nested too deeply. */
static const char *const accepted_of_free[] = {
    "i_number_double_huge_neg_exp.json",   "i_number_huge_exp.json",          "i_number_neg_int_huge_exp.json",
    "i_number_pos_double_huge_exp.json",   "i_number_real_neg_overflow.json", "i_number_real_pos_overflow.json",
    "i_number_real_underflow.json",        "i_number_too_big_neg_int.json",   "i_number_too_big_pos_int.json",
    "i_number_very_big_negative_int.json",
};

static bool stands_in(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static bool expected(const char *name, struct tally *tally)
{
    switch (name[0]) {
    case 'y':
        tally->accept++;
        return !stands_in(name, refused_by_rule, sizeof refused_by_rule / sizeof *refused_by_rule);
    case 'n':
        tally->refuse++;
        return false;
    default:
        tally->free++;
        return stands_in(name, accepted_of_free, sizeof accepted_of_free / sizeof *accepted_of_free);
    }
}

/* Written and read again it is the same text, and the same canonical bytes. */
static void comes_back(const struct node *node, size_t size)
{
    struct document_error error;
    struct arena arena = reading_arena(8 * size + 64);
    size_t cap = 8 * size + 64;
    char *texts[4];
    for (int i = 0; i < 4; i++) assert_non_null(texts[i] = malloc(cap));
    struct sink first = sink_over(texts[0], cap), second = sink_over(texts[1], cap);
    struct sink packed = sink_over(texts[2], cap), again = sink_over(texts[3], cap);
    struct json json = json_into(&first), json_again = json_into(&second);
    json_node(&json, node);
    const struct node *back = document_read_json(&arena, sink_written(&first), &DOCUMENT_LIMITS, &error);
    assert_non_null(back);
    json_node(&json_again, back);
    assert_true(!first.cut && bytes_same(sink_written(&first), sink_written(&second)));
    assert_true(pack_write_canonical(&packed, node));
    back = document_read_pack(&arena, sink_written(&packed), &DOCUMENT_LIMITS, &error);
    assert_true(back && pack_write_canonical(&again, back));
    assert_true(bytes_same(sink_written(&packed), sink_written(&again)));
    for (int i = 0; i < 4; i++) free(texts[i]);
    arena_free(&arena);
}

static void judge(const char *name, struct tally *tally)
{
    char path[1024];
    struct document_error error = {0};
    snprintf(path, sizeof path, "%s/%s", FOLDER, name);
    struct bytes input = reading_file(path);
    assert_non_null(input.at);
    struct arena arena = reading_arena(input.len);
    const struct node *node = document_read_json(&arena, input, &DOCUMENT_LIMITS, &error);
    if (expected(name, tally) != (node != NULL)) fail_msg("%s: %s", name, node ? "accepted" : error.text);
    if (node)
        comes_back(node, input.len);
    else
        assert_true(error.text && error.at <= input.len);
    arena_free(&arena);
    free((char *)input.at);
}

static void agrees_with_every_verdict(void **state)
{
    (void)state;
    struct tally tally = {0};
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[1] == '_') judge(entry->d_name, &tally);
    closedir(folder);
    assert_int_equal(tally.accept, 95);
    assert_int_equal(tally.refuse, 188);
    assert_int_equal(tally.free, 35);
}

int main(void)
{
    if (reading_absent(FOLDER)) return READING_SKIPPED;
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_every_verdict)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
