/* bytes and sinks: looking, splitting, numbers, UTF-8, and that a sink never writes past its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/base/bytes.h"

static void finds_and_splits(void **state)
{
    (void)state;
    struct bytes head, rest = bytes_split(BYTES("a=b=c"), '=', &head);
    assert_true(bytes_is(head, "a") && bytes_is(rest, "b=c"));
    rest = bytes_split(BYTES("abc"), '=', &head);
    assert_true(bytes_is(head, "abc") && rest.len == 0);
    rest = bytes_split(BYTES("=x"), '=', &head);
    assert_true(head.len == 0 && bytes_is(rest, "x"));
    assert_int_equal(bytes_find(BYTES("abc"), 'c'), 2);
    assert_int_equal(bytes_find(BYTES("abc"), 'x'), 3);
    assert_int_equal(bytes_find(BYTES_NONE, 'x'), 0);
    assert_true(bytes_is(bytes_from(BYTES("abc"), 1), "bc"));
    assert_int_equal(bytes_from(BYTES("abc"), 9).len, 0);
    assert_true(bytes_is(bytes_first(BYTES("abc"), 2), "ab") && bytes_is(bytes_first(BYTES("abc"), 9), "abc"));
    assert_true(bytes_starts(BYTES("abc"), BYTES("ab")) && bytes_starts(BYTES("abc"), BYTES_NONE));
    assert_false(bytes_starts(BYTES("ab"), BYTES("abc")));
}

static void compares(void **state)
{
    (void)state;
    assert_true(bytes_same(BYTES_NONE, BYTES("")));
    assert_false(bytes_same(BYTES("a"), BYTES("A")));
    assert_true(bytes_same_folded(BYTES("Content-Length"), BYTES("content-lENGTH")));
    assert_false(bytes_same_folded(BYTES("@["), BYTES("`{"))); /* neighbours of the letters, 0x20 apart */
    assert_false(bytes_same_folded(BYTES("a"), BYTES("ab")));
    assert_true(bytes_compare(BYTES("a"), BYTES("b")) < 0 && bytes_compare(BYTES("b"), BYTES("a")) > 0);
    assert_true(bytes_compare(BYTES("a"), BYTES("ab")) < 0 && bytes_compare(BYTES("ab"), BYTES("a")) > 0);
    assert_true(bytes_compare(BYTES("\x7f"), BYTES("\x80")) < 0); /* bytes, not signed characters */
    assert_int_equal(bytes_compare(BYTES("ab"), BYTES("ab")), 0);
    assert_int_equal(bytes_compare(BYTES_NONE, BYTES("")), 0);
}

static void reads_whole_numbers(void **state)
{
    (void)state;
    uint64_t size;
    int64_t value;
    assert_true(bytes_u64(BYTES("18446744073709551615"), &size) && size == UINT64_MAX);
    assert_true(bytes_u64(BYTES("007"), &size) && size == 7);
    assert_false(bytes_u64(BYTES("18446744073709551616"), &size));
    assert_false(bytes_u64(BYTES("99999999999999999999"), &size));
    assert_false(bytes_u64(BYTES(""), &size) || bytes_u64(BYTES("-1"), &size) || bytes_u64(BYTES("1 "), &size));
    assert_true(bytes_i64(BYTES("-9223372036854775808"), &value) && value == INT64_MIN);
    assert_true(bytes_i64(BYTES("9223372036854775807"), &value) && value == INT64_MAX);
    assert_false(bytes_i64(BYTES("9223372036854775808"), &value) || bytes_i64(BYTES("-9223372036854775809"), &value));
    assert_false(bytes_i64(BYTES("-"), &value) || bytes_i64(BYTES("+1"), &value) || bytes_i64(BYTES("--1"), &value));
}

/* The ends of every range of RFC 3629's table of well-formed sequences, and what lies just outside. */
static void knows_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "a",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xec\xbf\xbf",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf3\xbf\xbf\xbf",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x7f",
                                      "\xc2\xc0",
                                      "\xe0\x9f\xbf",
                                      "\xe0\xa0",
                                      "\xe0\xa0\x7f",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xef\xbf\xc0",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf0\x90\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xff",
                                      "\xfe"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char padded[64] = "ASCII that fills words ";
        assert_true(bytes_is_utf8(bytes_of(good[i])));
        assert_true(bytes_is_utf8(bytes_of(strcat(padded, good[i]))));
        assert_int_equal(bytes_utf8_step(bytes_of(good[i])), strlen(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char padded[64] = "ASCII that fills words ";
        assert_false(bytes_is_utf8(bytes_of(bad[i])));
        assert_false(bytes_is_utf8(bytes_of(strcat(padded, bad[i]))));
        assert_false(bytes_is_utf8(bytes_of(strcat(padded, "and more of it behind"))));
        assert_int_equal(bytes_utf8_step(bytes_of(bad[i])), 0);
    }
    assert_true(bytes_is_utf8(BYTES("a\0b")));
    assert_true(bytes_is_utf8(BYTES_NONE));
}

static void writes_numbers(void **state)
{
    (void)state;
    char room[128];
    struct sink sink = sink_over(room, sizeof room);
    sink_u64(&sink, UINT64_MAX);
    sink_char(&sink, ' ');
    sink_i64(&sink, INT64_MIN);
    sink_char(&sink, ' ');
    sink_i64(&sink, 0);
    sink_char(&sink, ' ');
    sink_digits(&sink, 7, 3);
    sink_digits(&sink, 1234, 3);
    sink_hex(&sink, BYTES("\x00\xffZ"));
    sink_format(&sink, " %s %d", "text", 5);
    assert_false(sink.cut);
    assert_true(bytes_is(sink_written(&sink), "18446744073709551615 -9223372036854775808 0 007123400ff5a text 5"));
}

static void never_writes_past_its_end(void **state)
{
    (void)state;
    char room[8] = "........";
    struct sink sink = sink_over(room, 4);
    sink_text(&sink, "abcde");
    assert_true(sink.cut && sink.len == 0);
    sink = sink_over(room, 4);
    sink_text(&sink, "abcd");
    assert_false(sink.cut);
    sink_char(&sink, 'e');
    assert_true(sink.cut && sink.len == 4);
    sink = sink_over(room, 4);
    sink_u64(&sink, 12345);
    assert_true(sink.cut);
    sink = sink_over(room, 4);
    sink_format(&sink, "%d", 12345);
    assert_true(sink.cut && sink.len == 0);
    sink = sink_over(room, 0);
    sink_hex(&sink, BYTES("a"));
    assert_true(sink.cut);
    assert_memory_equal(room + 4, "....", 4);
}

static void reads_hexadecimal(void **state)
{
    (void)state;
    uint8_t raw[3];
    assert_true(bytes_unhex(BYTES("00fFa5"), raw, 3));
    assert_memory_equal(raw, "\x00\xff\xa5", 3);
    assert_false(bytes_unhex(BYTES("00ff"), raw, 3) || bytes_unhex(BYTES("00ffa500"), raw, 3));
    assert_false(bytes_unhex(BYTES("00ffag"), raw, 3) || bytes_unhex(BYTES("00ff a"), raw, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_and_splits),    cmocka_unit_test(compares),
        cmocka_unit_test(reads_whole_numbers), cmocka_unit_test(knows_utf8),
        cmocka_unit_test(writes_numbers),      cmocka_unit_test(never_writes_past_its_end),
        cmocka_unit_test(reads_hexadecimal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
