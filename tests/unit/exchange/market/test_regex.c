/* Regular expressions: what fits, what does not, what is refused, and that nothing makes them slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exchange/market/regex.h"

static struct arena arena;

static bool fits(const char *pattern, const char *text)
{
    const char *error;
    size_t at;
    const struct regex *regex = regex_compile(&arena, bytes_of(pattern), &error, &at);
    if (!regex) fail_msg("%s: %s", pattern, error ? error : "no memory");
    return regex_matches(regex, bytes_of(text));
}

static void says_yes_and_no(void **state)
{
    static const struct {
        const char *pattern, *yes, *no;
    } CASES[] = {
        {"abc", "xxabcx", "ab"},
        {"^abc$", "abc", "abcd"},
        {"a|bc|d", "bc", "b"},
        {"^(a|bc)+$", "abca", "abcb"},
        {"^a{2,3}$", "aaa", "aaaa"},
        {"^a{2}$", "aa", "a"},
        {"^a{2,}$", "aaaaa", "a"},
        {"^(ab){0,2}c$", "ababc", "abababc"},
        {"^a?b*c+$", "bbcc", "abb"},
        {"^[a-c_-]+$", "a-c_b", "d"},
        {"^[^0-9]+$", "abc", "a1"},
        {"^\\d{3}-\\d{4}$", "555-0100", "555-010x"},
        {"^\\w+\\s\\S$", "ab_1 x", "ab-1 x"},
        {"^\\+1...55501", "+141555501", "141555501"},
        {"^[]x]+$", "]x", "y"},
        {"^(?:x|(y))z$", "yz", "xy"},
        {"^.$", "q", "qq"},
        {"^(a*)*$", "aaaa", "ab"},
        {"^(|a)b$", "b", "c"},
        {"\\D\\W", "a!", "1a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        if (!fits(CASES[i].pattern, CASES[i].yes)) fail_msg("%s is not in %s", CASES[i].pattern, CASES[i].yes);
        if (fits(CASES[i].pattern, CASES[i].no)) fail_msg("%s is in %s", CASES[i].pattern, CASES[i].no);
    }
}

static void refuses_what_it_does_not_know(void **state)
{
    static const char *const WRONG[] = {"",
                                        "(",
                                        ")",
                                        "a)",
                                        "[a",
                                        "[z-a]",
                                        "*a",
                                        "a**",
                                        "a{3,2}",
                                        "a{",
                                        "a{256}",
                                        "\\",
                                        "\\1",
                                        "(?=a)",
                                        "a{0}",
                                        "[\xC3]",
                                        "a{1,x}",
                                        "((((((((((((((((((a))))))))))))))))))",
                                        "(a{200}){200}"};
    const char *error;
    size_t at;
    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        assert_null(regex_compile(&arena, bytes_of(WRONG[i]), &error, &at));
        if (!error) fail_msg("%s was refused without a word", WRONG[i]);
        assert_true(at <= strlen(WRONG[i]));
    }
}

/* With backtracking these would not end in a lifetime. */
static void catastrophes_are_harmless(void **state)
{
    static const char *const EVIL[] = {"^(a|a)*b$", "^(a*)*b$", "^(a+)+b$", "^(a|aa)+b$", "a.{100}b"};
    char text[1001];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    for (size_t i = 0; i < sizeof EVIL / sizeof *EVIL; i++) assert_false(fits(EVIL[i], text));
    text[sizeof text - 2] = 'b';
    for (size_t i = 0; i < sizeof EVIL / sizeof *EVIL; i++) assert_true(fits(EVIL[i], text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_yes_and_no),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(catastrophes_are_harmless),
    };
    arena_init(&arena, 1 << 16, 1 << 24);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
