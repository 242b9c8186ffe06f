/* ident: order, layout, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/base/ident.h"

#define WALL_MS INT64_C(1795359845678)

static void rises_strictly(void **state)
{
    (void)state;
    struct ident_maker maker;
    ident_maker_init(&maker, 3, 42);
    struct ident last = ident_make(&maker, WALL_MS);
    for (int i = 0; i < 200000; i++) {
        int64_t wall_ms = WALL_MS + i / 1000 - (i % 7 == 0 ? 50 : 0); /* a clock that goes back now and then */
        struct ident next = ident_make(&maker, wall_ms);
        assert_true(memcmp(last.at, next.at, sizeof last.at) < 0);
        last = next;
    }
}

/* When the counter of one millisecond is used up, the next one is borrowed. */
static void borrows_when_the_counter_is_full(void **state)
{
    (void)state;
    struct ident_maker maker;
    ident_maker_init(&maker, 3, 42);
    struct ident first = ident_make(&maker, WALL_MS);
    maker.counter = (1u << 26) - 2;
    struct ident full = ident_make(&maker, WALL_MS), borrowed = ident_make(&maker, WALL_MS);
    assert_int_equal(ident_wall_ms(&full), WALL_MS);
    assert_int_equal(ident_wall_ms(&borrowed), WALL_MS + 1);
    assert_true(memcmp(first.at, full.at, 16) < 0 && memcmp(full.at, borrowed.at, 16) < 0);
}

static void holds_time_version_and_maker(void **state)
{
    (void)state;
    struct ident_maker maker;
    ident_maker_init(&maker, 0xABCD, 1);
    struct ident ident = ident_make(&maker, WALL_MS);
    assert_int_equal(ident_wall_ms(&ident), WALL_MS);
    assert_int_equal(ident.at[6] >> 4, 7);
    assert_int_equal(ident.at[8] >> 6, 2);
    assert_int_equal(ident.at[10] << 8 | ident.at[11], 0xABCD);
}

static void follows_from_its_seed(void **state)
{
    (void)state;
    struct ident_maker a, b, c, d, e;
    ident_maker_init(&a, 1, 99);
    ident_maker_init(&b, 1, 99);
    ident_maker_init(&c, 1, 100);
    ident_maker_init(&d, 1, 0);
    ident_maker_init(&e, 1, 0);
    struct ident x = ident_make(&a, WALL_MS), y = ident_make(&b, WALL_MS), z = ident_make(&c, WALL_MS);
    assert_true(ident_same(&x, &y));
    assert_false(ident_same(&x, &z));
    x = ident_make(&d, WALL_MS);
    y = ident_make(&e, WALL_MS);
    assert_false(ident_same(&x, &y)); /* 2^-58 says otherwise */
}

static void comes_back_from_its_text(void **state)
{
    (void)state;
    struct ident_maker maker;
    char text[IDENT_TEXT + 1], lower[IDENT_TEXT + 1], last[IDENT_TEXT + 1] = "";
    ident_maker_init(&maker, 7, 5);
    for (int i = 0; i < 1000; i++) {
        struct ident ident = ident_make(&maker, WALL_MS + i), back;
        assert_int_equal(strlen(ident_text(&ident, text)), IDENT_TEXT);
        assert_true(strcmp(last, text) < 0); /* texts sort as ids do */
        assert_true(ident_read(bytes_of(text), &back) && ident_same(&ident, &back));
        for (unsigned k = 0; k <= IDENT_TEXT; k++)
            lower[k] = (char)(text[k] >= 'A' && text[k] <= 'Z' ? text[k] | 0x20 : text[k]);
        assert_true(ident_read(bytes_of(lower), &back) && ident_same(&ident, &back));
        memcpy(last, text, sizeof last);
    }
}

static void knows_both_ends_of_the_range(void **state)
{
    (void)state;
    struct ident ident;
    char text[IDENT_TEXT + 1];
    memset(ident.at, 0xFF, sizeof ident.at);
    assert_string_equal(ident_text(&ident, text), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    assert_string_equal(ident_text(&IDENT_NONE, text), "00000000000000000000000000");
    assert_true(ident_read(BYTES("00000000000000000000000001"), &ident));
    assert_int_equal(ident.at[15], 1);
    assert_false(ident_is_none(&ident));
    assert_true(ident_is_none(&IDENT_NONE));
}

static void refuses_other_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "0000000000000000000000000",
                                        "000000000000000000000000000",
                                        "80000000000000000000000000", /* 2^128 */
                                        "0000000000000000000000000I",
                                        "0000000000000000000000000l",
                                        "0000000000000000000000000O",
                                        "0000000000000000000000000U",
                                        "I0000000000000000000000000",
                                        "00000000-0000000000000000a",
                                        "0000000000000 000000000000"};
    struct ident ident;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (ident_read(bytes_of(texts[i]), &ident)) fail_msg("accepted: %s", texts[i]);
    assert_false(ident_read((struct bytes){"0000000000000000000000000\0", 26}, &ident));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rises_strictly),
        cmocka_unit_test(borrows_when_the_counter_is_full),
        cmocka_unit_test(holds_time_version_and_maker),
        cmocka_unit_test(follows_from_its_seed),
        cmocka_unit_test(comes_back_from_its_text),
        cmocka_unit_test(knows_both_ends_of_the_range),
        cmocka_unit_test(refuses_other_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
