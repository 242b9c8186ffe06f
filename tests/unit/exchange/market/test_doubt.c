/* When a buyer is asked about a doubt, and what its word comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/doubt.h"
#include "protocol/base/ident.h"

#define SINCE INT64_C(1790000000000)
#define HALF_HOUR INT64_C(1800000)

static struct ident post_of(struct ident_maker *maker)
{
    return ident_make(maker, SINCE);
}

/* Each pause is that of the ladder, stretched by the same fifth at most. */
static void the_pauses_grow(void **state)
{
    static const int64_t AT[] = {1000, 6000, 36000, 156000, 756000};
    struct ident_maker maker;
    (void)state;
    ident_maker_init(&maker, 1, 11);
    for (unsigned n = 0; n < 200; n++) {
        struct ident post_id = post_of(&maker);
        int64_t now_ms = SINCE;
        for (size_t i = 0; i < sizeof AT / sizeof *AT; i++) {
            int64_t next_ms = doubt_ask_ms(&post_id, SINCE, now_ms);
            assert_true(next_ms > now_ms);
            assert_in_range(next_ms - SINCE, AT[i], AT[i] * 6 / 5);
            now_ms = next_ms;
        }
        for (unsigned i = 0; i < 100; i++) {
            int64_t next_ms = doubt_ask_ms(&post_id, SINCE, now_ms);
            assert_in_range(next_ms - now_ms, HALF_HOUR, HALF_HOUR * 6 / 5);
            now_ms = next_ms;
        }
    }
}

/* A restart knows only when the doubt began: it goes on where the last process was. */
static void any_instant_tells_the_next(void **state)
{
    struct ident_maker maker;
    (void)state;
    ident_maker_init(&maker, 1, 12);
    struct ident post_id = post_of(&maker);
    int64_t next_ms = doubt_ask_ms(&post_id, SINCE, SINCE);
    for (int64_t now_ms = SINCE; now_ms < SINCE + 4 * HALF_HOUR; now_ms += 37) {
        if (now_ms >= next_ms) next_ms = doubt_ask_ms(&post_id, SINCE, next_ms);
        assert_int_equal(doubt_ask_ms(&post_id, SINCE, now_ms), next_ms);
    }
    assert_int_equal(doubt_ask_ms(&post_id, SINCE, SINCE - 5000), doubt_ask_ms(&post_id, SINCE, SINCE));
}

static void many_are_not_asked_at_once(void **state)
{
    enum { MANY = 400, BINS = 10 };
    unsigned bins[BINS] = {0};
    struct ident_maker maker;
    (void)state;
    ident_maker_init(&maker, 1, 13);
    for (unsigned n = 0; n < MANY; n++) {
        struct ident post_id = post_of(&maker);
        int64_t late_ms = doubt_ask_ms(&post_id, SINCE, SINCE + 44000) - SINCE - 156000;
        bins[late_ms * BINS / 31200]++;
    }
    for (unsigned i = 0; i < BINS; i++) assert_in_range(bins[i], 1, MANY / 4);
}

static void not_seen_counts_after_a_while(void **state)
{
    (void)state;
    assert_true(doubt_is_told(DOUBT_ACCEPTED, SINCE, SINCE));
    assert_true(doubt_is_told(DOUBT_REJECTED, SINCE, SINCE));
    assert_false(doubt_is_told(DOUBT_UNTOLD, SINCE, SINCE + HALF_HOUR));
    assert_false(doubt_is_told(DOUBT_NOT_SEEN, SINCE, SINCE + DOUBT_GRACE_MS - 1));
    assert_true(doubt_is_told(DOUBT_NOT_SEEN, SINCE, SINCE + DOUBT_GRACE_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pauses_grow),
        cmocka_unit_test(any_instant_tells_the_next),
        cmocka_unit_test(many_are_not_asked_at_once),
        cmocka_unit_test(not_seen_counts_after_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
