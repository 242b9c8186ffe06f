/* acceptance: what a contract's share of accepted posts is taken for, and how that fades. */
#include "exchange/market/acceptance.h"

#include <math.h>

#include "tests/unit/exchange/market/world.h"

#define NOW_MS INT64_C(1772470800000)
#define HOUR_MS INT64_C(3600000)

static uint64_t after(uint64_t word, unsigned accepted, unsigned rejected, int64_t wall_ms)
{
    for (unsigned i = 0; i < accepted; i++) word = acceptance_after(word, true, wall_ms);
    for (unsigned i = 0; i < rejected; i++) word = acceptance_after(word, false, wall_ms);
    return word;
}

static void begins_at_one_and_sinks(void **state)
{
    (void)state;
    assert_int_equal(acceptance_ppm(0, NOW_MS), ACCEPTANCE_ONE);
    assert_int_equal(acceptance_posts(0, NOW_MS), 0);
    assert_int_equal(acceptance_ppm(after(0, 0, 1, NOW_MS), NOW_MS), 888888); /* 8 of 9 */
    assert_int_equal(acceptance_ppm(after(0, 0, 8, NOW_MS), NOW_MS), 500000);
    assert_int_equal(acceptance_ppm(after(0, 12, 20, NOW_MS), NOW_MS), 500000);
    assert_int_equal(acceptance_ppm(after(0, 40, 0, NOW_MS), NOW_MS), ACCEPTANCE_ONE);
    assert_int_equal(acceptance_posts(after(0, 12, 20, NOW_MS), NOW_MS), 32);
    assert_true(acceptance_ppm(after(0, 0, 100000, NOW_MS), NOW_MS) > 0);
}

/* The newest 512 or so decide; a change of manners shows. */
static void old_posts_give_way(void **state)
{
    uint64_t word = after(0, 0, 5000, NOW_MS);
    (void)state;
    assert_int_equal(acceptance_posts(word, NOW_MS), ACCEPTANCE_POSTS_MAX);
    word = after(word, 5000, 0, NOW_MS);
    assert_true(acceptance_ppm(word, NOW_MS) > 985000);
}

/* Against the curve itself. */
static void fades_by_half_in_a_week(void **state)
{
    uint64_t word = after(0, 0, 400, NOW_MS);
    uint32_t before = 0;
    (void)state;
    assert_int_equal(acceptance_posts(word, NOW_MS + ACCEPTANCE_HALF_HOURS * HOUR_MS), 200);
    assert_int_equal(acceptance_posts(word, NOW_MS + 2 * (int64_t)ACCEPTANCE_HALF_HOURS * HOUR_MS), 100);
    for (int64_t hours = 0; hours < 24 * 365; hours += 5) {
        uint32_t ppm = acceptance_ppm(word, NOW_MS + hours * HOUR_MS);
        double posts = 400 * pow(0.5, (double)hours / ACCEPTANCE_HALF_HOURS);
        double exact = ACCEPTANCE_PRIOR / (posts + ACCEPTANCE_PRIOR) * ACCEPTANCE_ONE;
        assert_true(ppm >= before); /* it rises again, and is tried anew */
        if (ppm < exact * 0.93 || ppm > exact * 1.02 + 1) fail_msg("after %d h: %u, not %f", (int)hours, ppm, exact);
        before = ppm;
    }
    assert_int_equal(acceptance_ppm(word, NOW_MS + 24 * 365 * HOUR_MS), ACCEPTANCE_ONE);
}

static void a_clock_set_back_makes_nothing_older(void **state)
{
    uint64_t word = after(0, 10, 10, NOW_MS);
    (void)state;
    uint32_t ppm = acceptance_ppm(word, NOW_MS);
    assert_int_equal(acceptance_ppm(word, NOW_MS - 900 * HOUR_MS), ppm);
    uint64_t back = acceptance_after(word, true, NOW_MS - 900 * HOUR_MS);
    assert_int_equal(back, acceptance_after(word, true, NOW_MS));
}

/* A sale that came back is as if it had been refused on the day it was made. */
static void what_comes_back_was_never_accepted(void **state)
{
    (void)state;
    uint64_t kept = after(after(0, 7, 2, NOW_MS), 1, 0, NOW_MS), undone = acceptance_undo(kept, NOW_MS, NOW_MS);
    assert_int_equal(undone, after(after(0, 7, 2, NOW_MS), 0, 1, NOW_MS));
    assert_int_equal(acceptance_ppm(acceptance_undo(0, NOW_MS, NOW_MS), NOW_MS), ACCEPTANCE_ONE);
    int64_t later_ms = NOW_MS + 400 * HOUR_MS;
    uint32_t late = acceptance_ppm(acceptance_undo(kept, NOW_MS, later_ms), later_ms);
    uint32_t early = acceptance_ppm(undone, later_ms);
    assert_true(late + 2000 > early && early + 2000 > late); /* but for roundings */
    for (int i = 0; i < 20; i++) undone = acceptance_undo(undone, NOW_MS, NOW_MS);
    assert_true(acceptance_ppm(undone, NOW_MS) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_back_was_never_accepted),
        cmocka_unit_test(begins_at_one_and_sinks),
        cmocka_unit_test(old_posts_give_way),
        cmocka_unit_test(fades_by_half_in_a_week),
        cmocka_unit_test(a_clock_set_back_makes_nothing_older),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
