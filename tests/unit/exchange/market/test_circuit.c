/* circuit: when it opens, how its pause grows, the one probe, and the wrap of its clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/circuit.h"

#define SECOND INT64_C(1000000)

static const struct circuit_rules RULES = CIRCUIT_RULES;

/* 'x' a failure, '.' a success, one each millisecond. */
static uint64_t after(uint64_t word, const char *calls, int64_t *now)
{
    for (; *calls; calls++, *now += 1000) word = circuit_after(word, *calls == '.', *now, &RULES);
    return word;
}

static void when_it_opens(void **state)
{
    static const struct {
        const char *calls;
        bool opens;
    } ROWS[] = {
        {"", false},
        {"xxxx", false},
        {"xxxxx", true},
        {"xxxx.xxxx.xxxx", false},
        {"....................xxxxx", true},
        {"x.x.x.x.x.x.x.x.x.", false},   /* half, but of 18 calls */
        {"x.x.x.x.x.x.x.x.x.x", false},  /* 10 of 19 */
        {"x.x.x.x.x.x.x.x.x.x.", false}, /* half of 20, but the last one was fine: the next failure opens */
        {"x.x.x.x.x.x.x.x.x.x.x", true},
        {".x.x.x.x.x.x.x.x.x.x", true},
        {"..x.x.x.x.x.x.x.x.x.x", true},
        {"...x.x.x.x.x.x.x.x.x.", false},
        {"xxxx....................xxxx", false},
        {"xxxx.xxxx..........xx", false}, /* 10 of 21, 9 of the last 20 */
        {"xxxx.xxxx.........xx", true},   /* 10 of 20 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int64_t now = SECOND;
        uint64_t word = after(0, ROWS[i].calls, &now);
        if ((circuit_state_of(word) == CIRCUIT_OPEN) != ROWS[i].opens) fail_msg("\"%s\"", ROWS[i].calls);
        if (circuit_lets(word, now) == ROWS[i].opens) fail_msg("\"%s\" lets", ROWS[i].calls);
    }
}

static void a_pause_doubles_up_to_its_end(void **state)
{
    static const int64_t PAUSES[] = {SECOND, 2 * SECOND, 4 * SECOND, 4 * SECOND, 4 * SECOND};
    int64_t now = 77 * SECOND;
    uint64_t word = after(0, "xxxx", &now);
    (void)state;
    word = circuit_after(word, false, now, &RULES);
    for (size_t i = 0; i < sizeof PAUSES / sizeof *PAUSES; i++) {
        assert_int_equal(circuit_state_of(word), CIRCUIT_OPEN);
        assert_false(circuit_lets(word, now));
        assert_false(circuit_lets(word, now + PAUSES[i] - 1));
        assert_true(circuit_probe(word, now + PAUSES[i] - 1, &RULES) == word);
        assert_true(circuit_after(word, true, now + 1000, &RULES) == word); /* a late success of an earlier call */
        assert_true(circuit_after(word, false, now + 1000, &RULES) == word);
        now += PAUSES[i] + 2048; /* the clock's grain is 1024 µs, rounded up */
        assert_true(circuit_lets(word, now));
        word = circuit_probe(word, now, &RULES);
        assert_int_equal(circuit_state_of(word), CIRCUIT_PROBING);
        assert_false(circuit_lets(word, now)); /* one probe at a time */
        assert_true(circuit_probe(word, now, &RULES) == word);
        now += 5000;
        word = circuit_after(word, false, now, &RULES);
    }
    now += 5 * SECOND;
    word = circuit_after(circuit_probe(word, now, &RULES), true, now, &RULES);
    assert_int_equal(word, 0); /* closed, and the past forgotten: */
    word = after(word, "xxxx", &now);
    assert_int_equal(circuit_state_of(word), CIRCUIT_CLOSED);
    word = circuit_after(word, false, now, &RULES);
    assert_false(circuit_lets(word, now + SECOND - 1));
    assert_true(circuit_lets(word, now + SECOND + 2048)); /* the first pause is short again */
}

static void a_lost_probe_is_forgotten(void **state)
{
    int64_t now = SECOND;
    (void)state;
    uint64_t word = after(0, "xxxxx", &now);
    now += 2 * SECOND;
    word = circuit_probe(word, now, &RULES);
    assert_false(circuit_lets(word, now + 4 * SECOND - 1));
    assert_true(circuit_lets(word, now + 4 * SECOND + 2048));
    uint64_t again = circuit_probe(word, now + 5 * SECOND, &RULES);
    assert_true(again != word);
    assert_int_equal(circuit_state_of(again), CIRCUIT_PROBING);
    assert_false(circuit_lets(again, now + 5 * SECOND));
}

static void a_healthy_word_rests(void **state)
{
    int64_t now = SECOND;
    (void)state;
    uint64_t word = after(0, "....................", &now);
    assert_true(circuit_after(word, true, now, &RULES) == word);
    assert_true(circuit_probe(word, now, &RULES) == word);
}

/* The instant in the word wraps after 2^33 ticks of 1024 µs. */
static void its_clock_may_wrap(void **state)
{
    const int64_t wrap = INT64_C(1) << 43;
    (void)state;
    for (int64_t offset = -3 * SECOND; offset <= 3 * SECOND; offset += SECOND / 4) {
        int64_t now = wrap + offset;
        uint64_t word = after(0, "xxxxx", &now);
        now -= 1000;
        assert_false(circuit_lets(word, now));
        assert_false(circuit_lets(word, now + SECOND - 1));
        assert_true(circuit_lets(word, now + SECOND + 2048));
    }
    int64_t now = SECOND;
    uint64_t word = after(0, "xxxxx", &now);
    for (int64_t later = 2 * SECOND; later < wrap - 2 * INT64_C(3600) * SECOND; later += INT64_C(36000) * SECOND)
        if (!circuit_lets(word, now + later)) fail_msg("still open after %lld s", (long long)(later / SECOND));
}

static void other_rules(void **state)
{
    const struct circuit_rules one = {.failures = 1, .share_ppm = 1000000, .of = 1, .pause_us = 10, .pause_max_us = 10};
    const struct circuit_rules share = {
        .failures = 20, .share_ppm = 250000, .of = 4, .pause_us = 10, .pause_max_us = 10};
    (void)state;
    assert_int_equal(circuit_state_of(circuit_after(0, false, 1, &one)), CIRCUIT_OPEN);
    uint64_t word = 0;
    for (int i = 0; i < 3; i++) word = circuit_after(word, true, 1, &share);
    assert_int_equal(circuit_state_of(circuit_after(word, false, 1, &share)), CIRCUIT_OPEN);
    word = circuit_after(0, true, 1, &share);
    assert_int_equal(circuit_state_of(circuit_after(word, false, 1, &share)), CIRCUIT_CLOSED);
    struct circuit_rules row = share;
    row.of = 20;
    row.share_ppm = 1000000;
    word = 0;
    for (int i = 0; i < 19; i++) word = circuit_after(word, false, 1, &row);
    assert_int_equal(circuit_state_of(word), CIRCUIT_CLOSED);
    assert_int_equal(circuit_state_of(circuit_after(word, false, 1, &row)), CIRCUIT_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_it_opens),
        cmocka_unit_test(a_pause_doubles_up_to_its_end),
        cmocka_unit_test(a_lost_probe_is_forgotten),
        cmocka_unit_test(a_healthy_word_rests),
        cmocka_unit_test(its_clock_may_wrap),
        cmocka_unit_test(other_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
