/* seats: pushes, pauses and expiry in every order; posts open when a push arrives; threads against one pool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "exchange/standing/standing.h"

static struct standing *standing;
static uint32_t contract, other, buyer;

static int start(void **state)
{
    (void)state;
    if (standing_open(&standing)) return -1;
    contract = standing_contract_cell(standing, BYTES("north-ca"));
    other = standing_contract_cell(standing, BYTES("north-nv"));
    buyer = standing_buyer_cell(standing, BYTES("north"));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    standing_close(&standing);
    return 0;
}

static struct seat_signal read_at(uint32_t cell, int64_t now_us)
{
    struct seat_signal signal;
    seats_read(standing, cell, buyer, now_us, &signal);
    return signal;
}

static struct seat_hold take(uint32_t cell, int64_t now_us)
{
    struct seat_hold hold;
    assert_true(seats_take(standing, cell, buyer, now_us, &hold));
    return hold;
}

static bool is_full(uint32_t cell, int64_t now_us)
{
    struct seat_hold hold;
    bool taken = seats_take(standing, cell, buyer, now_us, &hold);
    if (taken) seats_give(standing, &hold);
    return !taken;
}

static void silence_is_no_signal(void **state)
{
    (void)state;
    struct seat_signal signal = read_at(contract, 100);
    assert_false(signal.pushed);
    assert_false(signal.has_seats);
    assert_false(is_full(contract, 100));
}

static void push_is_fresh_until_it_expires(void **state)
{
    (void)state;
    seats_push_contract(standing, contract, true, 2, 1000);
    struct seat_signal signal = read_at(contract, 999);
    assert_true(signal.pushed && signal.available && signal.has_seats);
    assert_int_equal(signal.seats_free, 2);
    assert_int_equal(signal.expires_us, 1000);
    assert_false(read_at(contract, 1000).pushed);
    assert_false(read_at(contract, 1000).has_seats);
    assert_false(read_at(other, 999).pushed);
    seats_push_contract(standing, contract, false, -1, 1000);
    signal = read_at(contract, 999);
    assert_true(signal.pushed);
    assert_false(signal.available);
    assert_false(signal.has_seats);
}

static void later_push_counts(void **state)
{
    (void)state;
    seats_push_contract(standing, contract, true, 2, 1000);
    seats_push_buyer(standing, buyer, true, 5, 500);
    assert_int_equal(read_at(contract, 100).seats_free, 5);
    assert_int_equal(read_at(other, 100).seats_free, 5);
    assert_int_equal(read_at(contract, 600).seats_free, 2); /* the buyer's has expired, its own has not */
    assert_false(read_at(other, 600).pushed);
    seats_push_contract(standing, contract, true, 3, 1000);
    assert_int_equal(read_at(contract, 100).seats_free, 3);
    assert_int_equal(read_at(other, 100).seats_free, 5);
    seats_push_buyer(standing, buyer, true, 6, 1000);
    seats_push_contract(standing, contract, true, 4, 200);
    assert_int_equal(read_at(contract, 100).seats_free, 4);
    assert_int_equal(read_at(contract, 200).seats_free, 6); /* the later one has expired */
}

static void seats_are_taken_and_given_back(void **state)
{
    (void)state;
    seats_push_contract(standing, contract, true, 2, 1000);
    struct seat_hold first = take(contract, 1), second = take(contract, 2);
    assert_int_equal(read_at(contract, 3).seats_free, 0);
    assert_true(is_full(contract, 3));
    assert_false(is_full(contract, 1000)); /* expired: nobody counts */
    seats_give(standing, &first);
    assert_int_equal(read_at(contract, 3).seats_free, 1);
    seats_keep(standing, &second);
    assert_int_equal(read_at(contract, 3).seats_free, 1);
}

/* Five pushed while two posts are out: three are free, whatever becomes of the two. */
static void open_posts_are_counted_in_a_push(void **state)
{
    (void)state;
    struct seat_hold sold = take(contract, 1), refused = take(contract, 1); /* before anything was pushed */
    seats_push_contract(standing, contract, true, 5, 1000);
    assert_int_equal(read_at(contract, 2).seats_free, 3);
    seats_keep(standing, &sold);
    seats_give(standing, &refused);
    assert_int_equal(read_at(contract, 2).seats_free, 3);
    seats_push_contract(standing, contract, true, 5, 1000);
    assert_int_equal(read_at(contract, 2).seats_free, 5);
    struct seat_hold older = take(contract, 3);
    seats_push_contract(standing, contract, true, 1, 1000);
    assert_int_equal(read_at(contract, 4).seats_free, 0); /* the one free agent is spoken for */
    seats_give(standing, &older);
    assert_int_equal(read_at(contract, 4).seats_free, 0);
    seats_push_contract(standing, contract, true, 0, 1000);
    assert_true(is_full(contract, 4));
}

static void one_pool_for_all_of_a_buyer(void **state)
{
    (void)state;
    struct seat_hold early = take(other, 1);
    seats_push_buyer(standing, buyer, true, 3, 1000);
    assert_int_equal(read_at(contract, 2).seats_free, 2); /* the other contract's post is out */
    struct seat_hold a = take(contract, 2), b = take(other, 2);
    assert_true(is_full(contract, 2) && is_full(other, 2));
    seats_push_contract(standing, contract, true, 4, 1000); /* later, for this one alone: one of its posts is out */
    assert_int_equal(read_at(contract, 3).seats_free, 3);
    assert_int_equal(read_at(other, 3).seats_free, 0);
    seats_give(standing, &a); /* goes back where it was taken */
    assert_int_equal(read_at(contract, 3).seats_free, 3);
    assert_int_equal(read_at(other, 3).seats_free, 1);
    seats_keep(standing, &b);
    seats_keep(standing, &early);
    assert_int_equal(read_at(other, 3).seats_free, 1);
    seats_push_buyer(standing, buyer, true, 3, 1000);
    assert_int_equal(read_at(other, 3).seats_free, 3); /* nothing is out any more */
}

static void seats_not_named_are_not_counted(void **state)
{
    (void)state;
    seats_push_contract(standing, contract, true, 1, 1000);
    struct seat_hold hold = take(contract, 1);
    seats_push_contract(standing, contract, true, -1, 1000);
    assert_false(read_at(contract, 2).has_seats);
    assert_false(is_full(contract, 2));
    seats_give(standing, &hold);
    assert_false(read_at(contract, 2).has_seats);
}

static void pause_is_a_push_of_its_length(void **state)
{
    (void)state;
    seats_pause(standing, contract, 500);
    struct seat_signal signal = read_at(contract, 499);
    assert_true(signal.pushed);
    assert_false(signal.available);
    assert_int_equal(signal.expires_us, 500);
    assert_false(read_at(contract, 500).pushed);
    assert_false(read_at(other, 499).pushed);
    seats_push_contract(standing, contract, true, 4, 1000);
    assert_true(read_at(contract, 400).available); /* a later push ends it */
    seats_pause(standing, contract, 500);
    signal = read_at(contract, 400);
    assert_false(signal.available);
    assert_int_equal(signal.seats_free, 4);        /* untouched */
    assert_true(read_at(contract, 500).available); /* the push still stands */
    seats_pause(standing, contract, 900);
    seats_push_buyer(standing, buyer, true, -1, 1000);
    assert_true(read_at(contract, 600).available);
}

static void extremes_are_bounded(void **state)
{
    (void)state;
    seats_push_contract(standing, contract, true, INT64_MAX, INT64_MAX);
    struct seat_signal signal = read_at(contract, INT64_C(1) << 60);
    assert_true(signal.pushed);
    assert_int_equal(signal.seats_free, SEATS_MAX);
    seats_push_contract(standing, contract, true, 1, -5);
    assert_false(read_at(contract, 0).pushed);
    struct seat_hold none = SEAT_HOLD_NONE;
    seats_give(standing, &none);
    seats_keep(standing, &none);
}

/* Threads: takers on two contracts of one pool, a pusher, a reader. The agents are the truth: a taken seat is an agent.
 */
#define ROUNDS 20000
#define SEATS 3

static _Atomic int out;
static _Atomic bool over, stopped;

static void *take_and_end(void *arg)
{
    uint32_t cell = *(const uint32_t *)arg;
    struct seat_hold hold;
    for (int round = 0; round < ROUNDS; round++) {
        if (!seats_take(standing, cell, buyer, 1, &hold)) continue;
        if (atomic_fetch_add(&out, 1) >= SEATS) atomic_store(&over, true);
        atomic_fetch_sub(&out, 1);
        seats_give(standing, &hold);
    }
    return NULL;
}

/* Says again and again what is true: SEATS agents, those on the phone with us included. */
static void *push_again(void *arg)
{
    (void)arg;
    while (!atomic_load(&stopped)) seats_push_buyer(standing, buyer, true, SEATS, 1000);
    return NULL;
}

static void *read_again(void *arg)
{
    (void)arg;
    struct seat_signal signal;
    while (!atomic_load(&stopped)) {
        seats_read(standing, contract, buyer, 1, &signal);
        if (!signal.pushed || !signal.has_seats || signal.seats_free > SEATS) atomic_store(&over, true);
    }
    return NULL;
}

/* As many as were sold since the push, and no more than were pushed. */
static void a_sale_spoken_of_frees_its_seat(void **state)
{
    (void)state;
    struct seat_hold hold, held;
    seats_vacate(standing, contract, buyer, 1); /* nothing is pushed: nothing is counted */
    seats_push_contract(standing, contract, true, 2, 1000);
    seats_vacate(standing, contract, buyer, 1);
    assert_int_equal(read_at(contract, 1).seats_free, 2);
    assert_true(seats_take(standing, contract, buyer, 1, &hold));
    assert_true(seats_take(standing, contract, buyer, 1, &held));
    seats_vacate(standing, contract, buyer, 1); /* both are only posted */
    assert_int_equal(read_at(contract, 1).seats_free, 0);
    seats_keep(standing, &hold);
    seats_vacate(standing, contract, buyer, 1);
    seats_vacate(standing, contract, buyer, 1);
    assert_int_equal(read_at(contract, 1).seats_free, 1);
    seats_keep(standing, &held);
    seats_push_contract(standing, contract, true, 1, 1000); /* says all again */
    seats_vacate(standing, contract, buyer, 1);
    assert_int_equal(read_at(contract, 1).seats_free, 1);
    assert_true(seats_take(standing, contract, buyer, 1, &hold));
    seats_keep(standing, &hold);
    seats_vacate(standing, contract, buyer, 1000); /* the push has expired */
    assert_int_equal(read_at(contract, 1).seats_free, 0);
}

static void never_over_with_threads(void **state)
{
    (void)state;
    pthread_t takers[4], pusher, reader;
    seats_push_buyer(standing, buyer, true, SEATS, 1000);
    atomic_store(&over, false);
    atomic_store(&stopped, false);
    assert_int_equal(pthread_create(&pusher, NULL, push_again, NULL), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_again, NULL), 0);
    for (int t = 0; t < 4; t++)
        assert_int_equal(pthread_create(&takers[t], NULL, take_and_end, t % 2 ? &contract : &other), 0);
    for (int t = 0; t < 4; t++) pthread_join(takers[t], NULL);
    atomic_store(&stopped, true);
    pthread_join(pusher, NULL);
    pthread_join(reader, NULL);
    assert_false(atomic_load(&over));
    seats_push_buyer(standing, buyer, true, SEATS, 1000);
    assert_int_equal(read_at(contract, 1).seats_free, SEATS); /* every hold has ended */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(silence_is_no_signal, start, stop),
        cmocka_unit_test_setup_teardown(push_is_fresh_until_it_expires, start, stop),
        cmocka_unit_test_setup_teardown(later_push_counts, start, stop),
        cmocka_unit_test_setup_teardown(seats_are_taken_and_given_back, start, stop),
        cmocka_unit_test_setup_teardown(open_posts_are_counted_in_a_push, start, stop),
        cmocka_unit_test_setup_teardown(one_pool_for_all_of_a_buyer, start, stop),
        cmocka_unit_test_setup_teardown(seats_not_named_are_not_counted, start, stop),
        cmocka_unit_test_setup_teardown(pause_is_a_push_of_its_length, start, stop),
        cmocka_unit_test_setup_teardown(extremes_are_bounded, start, stop),
        cmocka_unit_test_setup_teardown(a_sale_spoken_of_frees_its_seat, start, stop),
        cmocka_unit_test_setup_teardown(never_over_with_threads, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
