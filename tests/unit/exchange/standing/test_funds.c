/* funds: what may be taken and what not, to the micro; and eight threads after the same money. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "exchange/standing/reservation.h"

#define THREADS 8
#define PRICE INT64_C(7000003)
#define SALES 800000

static struct standing *standing;
static uint32_t buyer, other, contract;

static int start(void **state)
{
    (void)state;
    if (standing_open(&standing)) return -1;
    buyer = standing_buyer_cell(standing, BYTES("north"));
    other = standing_buyer_cell(standing, BYTES("south"));
    contract = standing_contract_cell(standing, BYTES("north-ca"));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    standing_close(&standing);
    return 0;
}

static bool take(int64_t micros, int64_t credit_micros)
{
    struct funds_hold hold;
    bool taken = funds_take(standing, buyer, micros, credit_micros, &hold);
    assert_int_equal(hold.micros, taken ? micros : 0);
    return taken;
}

static void prepaid_to_the_last_micro(void **state)
{
    (void)state;
    assert_false(take(1, 0));
    assert_true(take(0, 0)); /* what costs nothing */
    funds_change(standing, buyer, 10);
    assert_false(take(11, 0));
    assert_int_equal(funds_left(standing, buyer), 10);
    assert_true(take(4, 0));
    assert_true(take(6, 0));
    assert_false(take(1, 0));
    assert_int_equal(funds_left(standing, buyer), 0);
    assert_int_equal(funds_left(standing, other), 0);
}

/* A limit comes with each asking, so a lower one holds at once; what was taken before stays taken. */
static void credit_and_a_lowered_limit(void **state)
{
    (void)state;
    assert_true(take(30, 50));
    assert_false(take(21, 50));
    assert_true(take(20, 50));
    assert_false(take(1, 40));
    funds_change(standing, buyer, 10);
    assert_false(take(1, 40)); /* 40 owed, and 40 allowed: no more yet */
    funds_change(standing, buyer, 1);
    assert_true(take(1, 40));
    assert_int_equal(funds_left(standing, buyer), -40);
    assert_true(take(1000, FUNDS_ANY));
    assert_int_equal(funds_left(standing, buyer), -1040);
    assert_false(take(INT64_MAX, FUNDS_ANY)); /* no sum beyond an int64 */
}

/* Before its intent is in the book a hold is the worker's to give back; after that it is the book's. */
static void who_gives_back(void **state)
{
    (void)state;
    struct funds_hold hold;
    funds_change(standing, buyer, 100);
    assert_true(funds_take(standing, buyer, 60, 0, &hold));
    funds_give(standing, &hold);
    assert_int_equal(funds_left(standing, buyer), 100);
    assert_true(funds_take(standing, buyer, 60, 0, &hold));
    hold.is_booked = true;
    funds_give(standing, &hold);
    assert_int_equal(funds_left(standing, buyer), 40);
    funds_change(standing, buyer, 60); /* refused */
    assert_int_equal(funds_left(standing, buyer), 100);
    funds_give(standing, &(struct funds_hold){.micros = 0});
    assert_int_equal(funds_left(standing, buyer), 100);
}

static struct reservation wish(int64_t price_micros, int64_t credit_micros, uint32_t cap_limit)
{
    struct cap_id id = {{1}};
    struct reservation reservation = {
        .keys_count = 1,
        .price_micros = price_micros,
        .credit_micros = credit_micros,
        .keys = {{.cell = standing_cap_cell(standing, &id), .id = id, .window = 60, .amount = 1, .limit = cap_limit}}};
    return reservation;
}

static enum reason reserve(struct reservation *reservation)
{
    return reservation_take(standing, contract, buyer, 1, reservation);
}

/* Caps, then money, then the seat: whatever is missing, nothing is held. */
static void of_a_reservation_all_or_nothing(void **state)
{
    (void)state;
    struct reservation first = wish(70, 100, 2), second = wish(40, 100, 2), third = wish(30, 100, 2);
    assert_int_equal(reserve(&first), REASON_NONE);
    assert_int_equal(reserve(&second), REASON_NO_FUNDS);
    assert_int_equal(caps_used(standing, first.keys[0].cell, 60), 1);
    seats_push_contract(standing, contract, true, 1, 1000); /* the post that is out takes it */
    assert_int_equal(reserve(&third), REASON_NO_SEAT);
    assert_int_equal(funds_left(standing, buyer), -70);
    assert_int_equal(caps_used(standing, first.keys[0].cell, 60), 1);
    struct reservation full = wish(30, 100, 1);
    assert_int_equal(reserve(&full), REASON_CAPPED);
    reservation_release(standing, &first);
    assert_int_equal(funds_left(standing, buyer), 0);
    assert_int_equal(caps_used(standing, first.keys[0].cell, 60), 0);
}

static void once_booked_it_stays_until_the_book_speaks(void **state)
{
    (void)state;
    struct reservation one = wish(70, 100, 9);
    assert_int_equal(reserve(&one), REASON_NONE);
    reservation_booked(&one);
    reservation_release(standing, &one);
    assert_int_equal(funds_left(standing, buyer), -70);
    reservation_retake(standing, contract, buyer, 1, &one); /* it was never let go */
    assert_int_equal(funds_left(standing, buyer), -70);
    reservation_commit(standing, &one);
    assert_int_equal(funds_left(standing, buyer), -70);
}

/* With threads -------------------------------------------------------------------------------------------------------
 */

static pthread_barrier_t all_there;
static _Atomic int64_t paid; /* by threads, as they see it: never more than came in */
static _Atomic int sold;
static _Atomic bool over;

/* All together try twice as often as there is money for; some holds are given back at once. */
static void *buy(void *arg)
{
    unsigned number = (unsigned)(uintptr_t)arg;
    struct funds_hold hold;
    pthread_barrier_wait(&all_there);
    for (unsigned round = number; round < number + SALES / 4; round++) {
        if (!funds_take(standing, buyer, PRICE, PRICE * SALES + PRICE - 1, &hold)) continue;
        if (funds_left(standing, buyer) < -(PRICE * SALES + PRICE - 1)) atomic_store(&over, true);
        if (round % 5 == 0)
            funds_give(standing, &hold);
        else
            atomic_fetch_add(&sold, 1);
    }
    return NULL;
}

static void run(void *(*work)(void *))
{
    pthread_t threads[THREADS];
    assert_int_equal(pthread_barrier_init(&all_there, NULL, THREADS), 0);
    for (uintptr_t t = 0; t < THREADS; t++) assert_int_equal(pthread_create(&threads[t], NULL, work, (void *)t), 0);
    for (int t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&all_there);
}

/* The limit is a micro short of one sale more. */
static void exactly_as_many_as_fit(void **state)
{
    (void)state;
    struct funds_hold hold;
    atomic_store(&over, false);
    atomic_store(&sold, 0);
    run(buy);
    while (funds_take(standing, buyer, PRICE, PRICE * SALES + PRICE - 1, &hold)) atomic_fetch_add(&sold, 1);
    assert_false(atomic_load(&over));
    assert_int_equal(atomic_load(&sold), SALES);
    assert_int_equal(funds_left(standing, buyer), -PRICE * SALES);
    assert_false(funds_take(standing, buyer, PRICE, PRICE * SALES + PRICE - 1, &hold));
    assert_true(funds_take(standing, buyer, PRICE - 1, PRICE * SALES + PRICE - 1, &hold));
}

/* Every other thread pays in, as the ledger thread publishes it; the others spend what there is. */
static void *pay_or_spend(void *arg)
{
    bool pays = (uintptr_t)arg % 2 == 0;
    struct funds_hold hold;
    pthread_barrier_wait(&all_there);
    for (unsigned round = 0; round < SALES; round++) {
        if (pays) {
            atomic_fetch_add(&paid, 5);
            funds_change(standing, buyer, 5);
        } else if (funds_take(standing, buyer, 3 + round % 4, 0, &hold)) {
            if (atomic_fetch_sub(&paid, hold.micros) < hold.micros) atomic_store(&over, true);
        }
    }
    return NULL;
}

static void prepaid_money_is_spent_once(void **state)
{
    (void)state;
    atomic_store(&over, false);
    atomic_store(&paid, 0);
    run(pay_or_spend);
    assert_false(atomic_load(&over));
    assert_int_equal(funds_left(standing, buyer), atomic_load(&paid));
    assert_true(atomic_load(&paid) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(prepaid_to_the_last_micro, start, stop),
        cmocka_unit_test_setup_teardown(credit_and_a_lowered_limit, start, stop),
        cmocka_unit_test_setup_teardown(who_gives_back, start, stop),
        cmocka_unit_test_setup_teardown(of_a_reservation_all_or_nothing, start, stop),
        cmocka_unit_test_setup_teardown(once_booked_it_stays_until_the_book_speaks, start, stop),
        cmocka_unit_test_setup_teardown(exactly_as_many_as_fit, start, stop),
        cmocka_unit_test_setup_teardown(prepaid_money_is_spent_once, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
