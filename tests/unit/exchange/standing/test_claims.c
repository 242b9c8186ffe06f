/* claims: one holder at a time, a bound, and four threads after the same few keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "exchange/standing/claims.h"

#define MANY 5000u

static struct digest key_of(uint32_t number)
{
    struct digest key = {{0}};
    memcpy(key.at, &number, sizeof number);
    return key;
}

static void one_holder_at_a_time(void **state)
{
    (void)state;
    struct claims *claims;
    struct digest a = key_of(1), b = key_of(2);
    assert_int_equal(claims_open(10, &claims), FAULT_NONE);
    assert_int_equal(claims_take(claims, &a), CLAIM_TAKEN);
    assert_int_equal(claims_take(claims, &a), CLAIM_HELD);
    assert_int_equal(claims_take(claims, &b), CLAIM_TAKEN);
    claims_drop(claims, &a);
    assert_int_equal(claims_take(claims, &b), CLAIM_HELD);
    assert_int_equal(claims_take(claims, &a), CLAIM_TAKEN);
    claims_close(&claims);
    assert_null(claims);
    claims_close(&claims);
}

/* Keys that differ in their last byte only. */
static void whole_key_counts(void **state)
{
    (void)state;
    struct claims *claims;
    struct digest a = key_of(1), b = key_of(1);
    b.at[DIGEST_LEN - 1] = 1;
    assert_int_equal(claims_open(10, &claims), FAULT_NONE);
    assert_int_equal(claims_take(claims, &a), CLAIM_TAKEN);
    assert_int_equal(claims_take(claims, &b), CLAIM_TAKEN);
    claims_close(&claims);
}

static void bounded_and_used_again(void **state)
{
    (void)state;
    struct claims *claims;
    assert_int_equal(claims_open(MANY, &claims), FAULT_NONE);
    for (int life = 0; life < 3; life++) {
        for (uint32_t i = 0; i < MANY; i++) {
            struct digest key = key_of(i);
            assert_int_equal(claims_take(claims, &key), CLAIM_TAKEN);
        }
        struct digest extra = key_of(MANY), known = key_of(7);
        assert_int_equal(claims_take(claims, &extra), CLAIM_FULL);
        assert_int_equal(claims_take(claims, &known), CLAIM_HELD);
        for (uint32_t n = 0; n < MANY; n++) { /* in another order, so that chains are cut in their middle */
            struct digest key = key_of((n * 7) % MANY);
            claims_drop(claims, &key);
        }
    }
    claims_close(&claims);
}

static void none_at_all(void **state)
{
    (void)state;
    struct claims *claims;
    struct digest a = key_of(1);
    assert_int_equal(claims_open(0, &claims), FAULT_NONE);
    assert_int_equal(claims_take(claims, &a), CLAIM_FULL);
    claims_close(&claims);
}

#define THREADS 4
#define KEYS 5u
#define ROUNDS 300000u

static struct claims *shared;
static pthread_barrier_t all_there; /* a thread that starts late meets no one */
static int plain[KEYS];             /* guarded by the claims themselves: the thread sanitizer sees whether they do */
static _Atomic unsigned full_seen;
static _Atomic unsigned taken_in_all;

static void *take_and_drop(void *arg)
{
    uint32_t number = (uint32_t)(uintptr_t)arg;
    pthread_barrier_wait(&all_there);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t one = (number * 7919 + i * 31) % KEYS;
        struct digest key = key_of(one);
        enum claim_result result = claims_take(shared, &key);
        if (result == CLAIM_FULL) atomic_fetch_add(&full_seen, 1);
        if (result != CLAIM_TAKEN) continue;
        plain[one]++;
        atomic_fetch_add(&taken_in_all, 1);
        claims_drop(shared, &key);
    }
    return NULL;
}

static void one_of_many_threads_holds(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    unsigned total = 0;
    assert_int_equal(pthread_barrier_init(&all_there, NULL, THREADS), 0);
    assert_int_equal(claims_open(THREADS, &shared), FAULT_NONE); /* as many as can be held at once, not one more */
    for (uintptr_t t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, take_and_drop, (void *)t), 0);
    for (int t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&all_there);
    for (unsigned i = 0; i < KEYS; i++) total += (unsigned)plain[i];
    assert_int_equal(total, atomic_load(&taken_in_all));
    assert_int_equal(atomic_load(&full_seen), 0);
    claims_close(&shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_holder_at_a_time),      cmocka_unit_test(whole_key_counts),
        cmocka_unit_test(bounded_and_used_again),    cmocka_unit_test(none_at_all),
        cmocka_unit_test(one_of_many_threads_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
