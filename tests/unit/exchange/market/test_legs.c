/* The chosen set against every set there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/legs.h"

#define ROUNDS 40000
#define COUNT_MAX 9

static uint64_t dice = 7;

static uint32_t roll(uint32_t bound)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(dice >> 33) % bound;
}

/* May these legs be sold together? */
static bool is_set(const struct legs_terms *terms, const struct leg *legs, uint32_t count, uint32_t bits)
{
    uint32_t size = (uint32_t)__builtin_popcount(bits);
    int64_t reach_micros = 0;
    if (size == 0 || size > terms->max_sales) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!(bits >> i & 1)) continue;
        if (legs[i].max_sold < size + terms->elsewhere) return false;
        for (uint32_t k = 0; k < i; k++)
            if ((bits >> k & 1) && legs[k].group == legs[i].group) return false;
        reach_micros += legs[i].reach_micros;
    }
    return reach_micros >= terms->floor_micros;
}

/* Of two sets of one size, the one with the earlier legs: compared leg by leg, as words are in a dictionary. */
static bool is_earlier(uint32_t a, uint32_t b)
{
    uint32_t differ = a ^ b;
    return (a & (differ & -differ)) != 0;
}

static int64_t worth_of(const struct leg *legs, uint32_t bits)
{
    int64_t worth_micros = 0;
    for (uint32_t i = 0; i < COUNT_MAX; i++)
        if (bits >> i & 1) worth_micros += legs[i].worth_micros;
    return worth_micros;
}

static uint32_t brute(const struct legs_terms *terms, const struct leg *legs, uint32_t count)
{
    uint32_t of_size[COUNT_MAX + 1] = {0}, best = 0;
    for (uint32_t bits = 1; bits < 1u << count; bits++) {
        uint32_t *first = &of_size[__builtin_popcount(bits)];
        if (is_set(terms, legs, count, bits) && (*first == 0 || is_earlier(bits, *first))) *first = bits;
    }
    for (uint32_t size = 1; size <= count; size++) {
        uint32_t bits = of_size[size];
        if (!bits) continue;
        uint32_t tier = legs[__builtin_ctz(bits)].tier, best_tier = best ? legs[__builtin_ctz(best)].tier : 0;
        bool is_better = !best || tier < best_tier ||
                         (tier == best_tier && worth_of(legs, bits) > worth_of(legs, best));
        if (is_better) best = bits;
    }
    return best;
}

static void the_best_of_all_sets(void **state)
{
    (void)state;
    uint32_t sizes[OFFER_SALES_MAX + 1] = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct leg legs[COUNT_MAX];
        uint32_t count = 1 + roll(COUNT_MAX), chosen[OFFER_SALES_MAX], bits = 0;
        struct legs_terms terms = {1 + roll(5), roll(4) ? 0 : roll(3), roll(3) ? (int64_t)roll(40) : 0};
        for (uint32_t i = 0; i < count; i++)
            legs[i] = (struct leg){roll(6), 1 + (i > count / 2), (uint8_t)(1 + roll(5)), (int64_t)roll(20),
                                   (int64_t)roll(20)};
        uint32_t size = legs_choose(&terms, legs, count, chosen), wanted = brute(&terms, legs, count);
        for (uint32_t i = 0; i < size; i++) {
            if (i) assert_true(chosen[i] > chosen[i - 1]);
            bits |= 1u << chosen[i];
        }
        assert_int_equal(bits, wanted);
        sizes[size]++;
        for (uint32_t i = 0; i < count; i++) {
            bool fits = false;
            for (uint32_t set = 1; set < 1u << count && !fits; set++)
                fits = (set >> i & 1) && is_set(&terms, legs, count, set);
            assert_int_equal(legs_fits(&terms, legs, count, i), fits);
        }
    }
    for (uint32_t size = 0; size < 5; size++) assert_true(sizes[size] > ROUNDS / 200); /* each kind was met */
}

static void exclusive_or_shared(void **state)
{
    (void)state;
    uint32_t chosen[OFFER_SALES_MAX];
    struct leg legs[] = {{1, 1, 1, 40, 40}, {2, 1, 4, 15, 15}, {3, 1, 4, 14, 14}, {1, 1, 4, 13, 13}, {3, 1, 4, 12, 12}};
    struct legs_terms terms = {.max_sales = 4};
    assert_int_equal(legs_choose(&terms, legs, 5, chosen), 3); /* 15 + 14 + 13 beats 40; group 3 only once */
    assert_true(chosen[0] == 1 && chosen[1] == 2 && chosen[2] == 3);
    terms.max_sales = 2;
    assert_int_equal(legs_choose(&terms, legs, 5, chosen), 1);
    assert_int_equal(chosen[0], 0);
    terms.elsewhere = 1; /* no exclusive leg any more */
    assert_int_equal(legs_choose(&terms, legs, 5, chosen), 2);
    terms.floor_micros = 30;
    assert_int_equal(legs_choose(&terms, legs, 5, chosen), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_best_of_all_sets), cmocka_unit_test(exclusive_or_shared)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
