/* turns: numbers that only grow, each given once, with any number of threads; what was learned, as it was published;
 * and the sums of an experiment's arms. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/standing/standing.h"

#define THREADS 4
#define TURNS 20000

static void each_turn_is_later(void **state)
{
    struct standing *standing;
    (void)state;
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    uint32_t a = standing_contract_cell(standing, BYTES("a")), b = standing_contract_cell(standing, BYTES("b"));
    assert_int_equal(turns_latest(standing, a), 0);
    turns_take(standing, a);
    turns_take(standing, b);
    assert_int_equal(turns_latest(standing, a), 1);
    assert_int_equal(turns_latest(standing, b), 2);
    turns_take(standing, a);
    assert_int_equal(turns_latest(standing, a), 3);
    learned_publish(standing, a, 77);
    assert_int_equal(learned_word(standing, a), 77);
    assert_int_equal(learned_word(standing, b), 0);
    standing_close(&standing);
}

struct taker {
    struct standing *standing;
    uint32_t cell;
};

static void *take_many(void *arg)
{
    struct taker *taker = arg;
    uint64_t before = 0;
    for (unsigned i = 0; i < TURNS; i++) {
        turns_take(taker->standing, taker->cell);
        uint64_t now = turns_latest(taker->standing, taker->cell);
        if (now <= before) return taker;
        before = now;
    }
    return NULL;
}

static void threads_share_the_count(void **state)
{
    struct standing *standing;
    struct taker takers[THREADS];
    pthread_t threads[THREADS];
    uint64_t latest = 0;
    (void)state;
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    for (unsigned i = 0; i < THREADS; i++) {
        char name[2] = {(char)('a' + i / 2), 0}; /* two threads to a cell */
        takers[i] = (struct taker){standing, standing_contract_cell(standing, bytes_of(name))};
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
        uint64_t turn = turns_latest(standing, takers[i].cell);
        if (turn > latest) latest = turn;
    }
    assert_int_equal(latest, THREADS * TURNS);
    standing_close(&standing);
}

static void arms_are_summed_apart(void **state)
{
    struct standing *standing;
    struct arm_sums more = {3, 1, 12000000, 9600000, 2400000, 57600}, sums;
    (void)state;
    assert_int_equal(standing_open(&standing), FAULT_NONE);
    uint32_t one = standing_experiment_cell(standing, BYTES("auto|1"));
    uint32_t other = standing_experiment_cell(standing, BYTES("auto|2"));
    arms_add(standing, one, 1, &more);
    arms_add(standing, one, 1, &more);
    arms_read(standing, one, 1, &sums);
    assert_int_equal(sums.auctions, 6);
    assert_int_equal(sums.sold, 2);
    assert_int_equal(sums.revenue_micros, 24000000);
    assert_int_equal(sums.payout_micros, 19200000);
    assert_int_equal(sums.margin_micros, 4800000);
    assert_int_equal(sums.margin_squares, 115200);
    arms_read(standing, one, 0, &sums);
    assert_int_equal(sums.auctions, 0);
    arms_read(standing, other, 1, &sums);
    assert_int_equal(sums.auctions, 0);
    standing_close(&standing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_turn_is_later),
        cmocka_unit_test(threads_share_the_count),
        cmocka_unit_test(arms_are_summed_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
