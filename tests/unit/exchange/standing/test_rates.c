/* rates: calls in flight, buckets to the microsecond, response times; and threads that share one bucket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "exchange/standing/standing.h"

#define SECOND INT64_C(1000000)

static struct standing *standing;
static uint32_t buyer, affiliate, contract;

static int start(void **state)
{
    (void)state;
    if (standing_open(&standing)) return -1;
    buyer = standing_buyer_cell(standing, BYTES("north"));
    affiliate = standing_affiliate_cell(standing, BYTES("mill"));
    contract = standing_contract_cell(standing, BYTES("north-ca"));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    standing_close(&standing);
    return 0;
}

static void in_flight_is_bounded(void **state)
{
    (void)state;
    assert_true(rates_enter(standing, buyer, 2));
    assert_true(rates_enter(standing, buyer, 2));
    assert_false(rates_enter(standing, buyer, 2));
    assert_int_equal(rates_in_flight(standing, buyer), 2);
    assert_true(rates_enter(standing, buyer, 0)); /* no bound */
    assert_false(rates_enter(standing, buyer, 3));
    rates_leave(standing, buyer);
    assert_true(rates_enter(standing, buyer, 3));
    for (int i = 0; i < 3; i++) rates_leave(standing, buyer);
    assert_int_equal(rates_in_flight(standing, buyer), 0);
}

static unsigned take_all(uint32_t per_s, int64_t now_us)
{
    unsigned taken = 0;
    while (taken < 100000 && rates_take_buyer(standing, buyer, per_s, now_us)) taken++;
    return taken;
}

static void bucket_is_a_second_deep(void **state)
{
    (void)state;
    assert_int_equal(take_all(10, 0), 10);
    assert_int_equal(take_all(10, 99999), 0);
    assert_int_equal(take_all(10, 100000), 1);
    assert_int_equal(take_all(10, 350000), 2);
    assert_int_equal(take_all(10, 60 * SECOND), 10); /* no more is saved up */
    assert_int_equal(take_all(10, 59 * SECOND), 0);  /* another thread's slightly older clock */
}

/* Over a long time exactly the rate, also where it does not divide a second. */
static void rate_is_kept(void **state)
{
    static const uint32_t rates[] = {1, 3, 7, 999, 4096, 100000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        unsigned taken = 0;
        stop(state);
        assert_int_equal(start(state), 0);
        for (int64_t now_us = 0; now_us < 5 * SECOND; now_us += 1000) taken += take_all(rates[i], now_us);
        assert_in_range(taken, rates[i] * 6 - 2 - rates[i] / 1000, rates[i] * 6);
    }
}

static void peeking_takes_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) assert_true(rates_peek_buyer(standing, buyer, 1, 0));
    assert_true(rates_take_buyer(standing, buyer, 1, 0));
    assert_false(rates_peek_buyer(standing, buyer, 1, 0));
    assert_false(rates_peek_buyer(standing, buyer, 1, SECOND - 1));
    assert_true(rates_peek_buyer(standing, buyer, 1, SECOND));
}

static void no_limit_is_no_limit(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) assert_true(rates_take_buyer(standing, buyer, 0, 0));
    assert_true(rates_peek_buyer(standing, buyer, 0, 0));
    assert_int_equal(take_all(10, 0), 10);
}

static void affiliates_have_their_own(void **state)
{
    (void)state;
    assert_int_equal(take_all(2, 0), 2);
    assert_true(rates_take_affiliate(standing, affiliate, 2, 0));
    assert_true(rates_take_affiliate(standing, affiliate, 2, 0));
    assert_false(rates_take_affiliate(standing, affiliate, 2, 0));
}

static void response_time_needs_history(void **state)
{
    (void)state;
    for (int i = 0; i < RATES_CALLS_MIN - 1; i++) {
        rates_answered(standing, contract, 1000 * (i + 1));
        assert_int_equal(rates_response_us(standing, contract), 0);
    }
    rates_answered(standing, contract, 1000 * RATES_CALLS_MIN);
    assert_in_range(rates_response_us(standing, contract), 10498, 10500); /* the mean of 1 to 20 ms, rounded down */
}

static void response_time_follows(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) rates_answered(standing, contract, 200000);
    assert_in_range(rates_response_us(standing, contract), 199999, 200000);
    rates_answered(standing, contract, 100000);
    assert_in_range(rates_response_us(standing, contract), 194998, 195000); /* one call weighs a twentieth */
    for (int i = 0; i < 500; i++) rates_answered(standing, contract, 100000);
    assert_in_range(rates_response_us(standing, contract), 100000, 100001);
    for (int i = 0; i < 2000; i++) rates_answered(standing, contract, 0);
    assert_int_equal(rates_response_us(standing, contract), 1);
    for (int i = 0; i < 2000; i++) rates_answered(standing, contract, INT64_MAX);
    assert_in_range(rates_response_us(standing, contract), 59999999, 60000000);
    for (int i = 0; i < 2000; i++) rates_answered(standing, contract, -5);
    assert_int_equal(rates_response_us(standing, contract), 1);
}

static void last_failure_is_kept(void **state)
{
    (void)state;
    uint8_t code = 0;
    int64_t wall_ms = 0;
    assert_false(rates_last_failure(standing, contract, &code, &wall_ms));
    rates_failed(standing, contract, 255, INT64_C(1800000000123));
    assert_true(rates_last_failure(standing, contract, &code, &wall_ms));
    assert_int_equal(code, 255);
    assert_int_equal(wall_ms, INT64_C(1800000000123));
    rates_failed(standing, contract, 3, INT64_C(1800000000124));
    assert_true(rates_last_failure(standing, contract, &code, &wall_ms));
    assert_int_equal(code, 3);
    assert_int_equal(wall_ms, INT64_C(1800000000124));
}

#define THREADS 4
#define PER_S 60000u
static pthread_barrier_t all_there; /* a thread that starts late meets no one */
static _Atomic unsigned taken_in_all;
static _Atomic bool over;

static void *spend(void *arg)
{
    (void)arg;
    pthread_barrier_wait(&all_there);
    for (int i = 0; i < 20000; i++) {
        if (rates_take_buyer(standing, buyer, PER_S, 7)) atomic_fetch_add(&taken_in_all, 1);
        if (rates_enter(standing, buyer, 2)) {
            if (rates_in_flight(standing, buyer) > 2) atomic_store(&over, true);
            rates_leave(standing, buyer);
        }
        rates_answered(standing, contract, 1000);
    }
    return NULL;
}

static void exact_with_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    assert_int_equal(pthread_barrier_init(&all_there, NULL, THREADS), 0);
    for (int t = 0; t < THREADS; t++) assert_int_equal(pthread_create(&threads[t], NULL, spend, NULL), 0);
    for (int t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&all_there);
    assert_int_equal(atomic_load(&taken_in_all), PER_S);
    assert_false(atomic_load(&over));
    assert_int_equal(rates_in_flight(standing, buyer), 0);
    assert_int_equal(rates_response_us(standing, contract), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_flight_is_bounded, start, stop),
        cmocka_unit_test_setup_teardown(bucket_is_a_second_deep, start, stop),
        cmocka_unit_test_setup_teardown(rate_is_kept, start, stop),
        cmocka_unit_test_setup_teardown(peeking_takes_nothing, start, stop),
        cmocka_unit_test_setup_teardown(no_limit_is_no_limit, start, stop),
        cmocka_unit_test_setup_teardown(affiliates_have_their_own, start, stop),
        cmocka_unit_test_setup_teardown(response_time_needs_history, start, stop),
        cmocka_unit_test_setup_teardown(response_time_follows, start, stop),
        cmocka_unit_test_setup_teardown(last_failure_is_kept, start, stop),
        cmocka_unit_test_setup_teardown(exact_with_threads, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
