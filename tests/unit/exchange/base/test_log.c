/* log: one whole line per call, whatever stands in the values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "exchange/base/log.h"
#include "protocol/codec/document.h"

static char captured[8192];

/* Standard error goes to a file while the line is written. */
static void capture(enum log_level level, const char *event, const char *name, const char *value, const char *name2,
                    const char *value2)
{
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    assert_non_null(file);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    log_line(level, event, name, value, name2, value2, NULL);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    rewind(file);
    captured[fread(captured, 1, sizeof captured - 1, file)] = 0;
    fclose(file);
}

/* Behind the time stamp, which is 24 bytes and a space. */
static void test_text(void **state)
{
    (void)state;
    log_start(LOG_INFO, LOG_TEXT);
    capture(LOG_WARN, "ledger.failed", "why", "disk full", "seq", "17");
    assert_int_equal(captured[23], 'Z');
    assert_string_equal(captured + 25, "warn ledger.failed why=\"disk full\" seq=17\n");
    capture(LOG_INFO, "a.b", "x", "", "y", "p=q");
    assert_string_equal(captured + 25, "info a.b x=\"\" y=\"p=q\"\n");
    capture(LOG_INFO, "a.b", "x", "one\ntwo \"three\"\x1b[31m", NULL, NULL);
    assert_string_equal(captured + 25, "info a.b x=\"one\\ntwo \\\"three\\\"\\u001b[31m\"\n");
    capture(LOG_INFO, "a.b", "x", "\xff\xc2\x9b\x7f\xc3\xa9", NULL, NULL);
    assert_string_equal(captured + 25, "info a.b x=\"???\xc3\xa9\"\n");
}

static void test_level(void **state)
{
    (void)state;
    log_start(LOG_WARN, LOG_TEXT);
    assert_true(log_wants(LOG_ERROR));
    assert_true(log_wants(LOG_WARN));
    assert_false(log_wants(LOG_INFO));
    capture(LOG_INFO, "a.b", NULL, NULL, NULL, NULL);
    assert_string_equal(captured, "");
}

static const struct node *read_line(struct arena *arena)
{
    struct document_error error;
    size_t len = strlen(captured);
    assert_true(len > 0 && captured[len - 1] == '\n');
    assert_ptr_equal(strchr(captured, '\n'), captured + len - 1);
    return document_read_json(arena, (struct bytes){captured, len - 1}, &DOCUMENT_LIMITS, &error);
}

static void test_json_stays_whole(void **state)
{
    (void)state;
    log_start(LOG_DEBUG, LOG_JSON);
    char nasty[700]; /* every byte value, longer than a value may be */
    for (size_t i = 0; i < sizeof nasty - 1; i++) nasty[i] = (char)(i % 255 + 1);
    nasty[sizeof nasty - 1] = 0;
    struct arena arena;
    arena_init(&arena, 4096, 1 << 20);
    capture(LOG_DEBUG, "x.y", "nasty", nasty, "after", "1");
    const struct node *root = read_line(&arena);
    assert_non_null(root);
    assert_true(bytes_is(node_find(root, "level")->text, "debug"));
    assert_true(bytes_is(node_find(root, "event")->text, "x.y"));
    assert_true(node_find(root, "nasty")->text.len <= 512);
    assert_true(bytes_is(node_find(root, "after")->text, "1"));
    arena_free(&arena);
}

/* Pairs that do not fit any more are left out whole. */
static void test_long_line(void **state)
{
    (void)state;
    log_start(LOG_INFO, LOG_JSON);
    char controls[600];
    memset(controls, 1, sizeof controls - 1); /* each becomes six characters */
    controls[sizeof controls - 1] = 0;
    struct arena arena;
    arena_init(&arena, 4096, 1 << 20);
    capture(LOG_INFO, "x.y", "one", controls, "two", controls);
    const struct node *root = read_line(&arena);
    assert_non_null(root);
    assert_non_null(node_find(root, "one"));
    assert_null(node_find(root, "two"));
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_level),
        cmocka_unit_test(test_json_stays_whole),
        cmocka_unit_test(test_long_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
