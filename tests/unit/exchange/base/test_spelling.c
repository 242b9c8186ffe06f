/* spelling: distances, and which slips count as near. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/base/spelling.h"

static void counts_edits(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned distance;
    } cases[] = {
        {"", "", 0},
        {"abc", "", 3},
        {"abc", "abc", 0},
        {"abc", "ABC", 0},
        {"abc", "acb", 1},
        {"abc", "axc", 1},
        {"abc", "ab", 1},
        {"abc", "abcd", 1},
        {"timeout", "tmieout", 1},
        {"timeout", "tmeot", 2},
        {"kitten", "sitting", 3},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(spelling_distance(bytes_of(cases[i].a), bytes_of(cases[i].b)), cases[i].distance);
        assert_int_equal(spelling_distance(bytes_of(cases[i].b), bytes_of(cases[i].a)), cases[i].distance);
    }
    char longer[SPELLING_WORD_MAX + 1];
    memset(longer, 'a', sizeof longer);
    assert_int_equal(spelling_distance((struct bytes){longer, sizeof longer}, BYTES("a")), SPELLING_WORD_MAX);
    assert_int_equal(spelling_distance((struct bytes){longer, SPELLING_WORD_MAX}, BYTES("a")), SPELLING_WORD_MAX - 1);
}

static void knows_slips_from_other_words(void **state)
{
    (void)state;
    assert_true(spelling_is_near(BYTES("tmeout"), BYTES("timeout")));
    assert_true(spelling_is_near(BYTES("teir"), BYTES("tier")));
    assert_false(spelling_is_near(BYTES("zzz"), BYTES("log")));
    assert_false(spelling_is_near(BYTES("price"), BYTES("filter")));
    assert_false(spelling_is_near(BYTES("x"), BYTES("y")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_edits),
        cmocka_unit_test(knows_slips_from_other_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
