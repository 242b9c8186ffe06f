/* standing: cells found again by id and never moved, with several threads making them; circuits and switches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>

#include "exchange/standing/standing.h"

#define THREADS 4
#define IDS 20000u

static struct standing *standing;

static int start(void **state)
{
    (void)state;
    return standing_open(&standing) == FAULT_NONE ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    standing_close(&standing);
    assert_null(standing);
    standing_close(&standing); /* closing nothing is fine */
    return 0;
}

static struct bytes id_text(char *buffer, size_t cap, unsigned number)
{
    return (struct bytes){buffer, (size_t)snprintf(buffer, cap, "contract-%u", number)};
}

static void cells_are_found_again(void **state)
{
    (void)state;
    char text[32];
    for (unsigned i = 0; i < IDS; i++)
        assert_int_equal(standing_contract_cell(standing, id_text(text, sizeof text, i)), i);
    for (unsigned i = IDS; i-- > 0;)
        assert_int_equal(standing_contract_cell(standing, id_text(text, sizeof text, i)), i);
    assert_int_equal(standing_contract_cell(standing, BYTES("")), IDS);
    assert_int_equal(standing_contract_cell(standing, BYTES_NONE), IDS);
}

/* The same text names another cell in each kind. */
static void kinds_stand_apart(void **state)
{
    (void)state;
    struct cap_id cap = {"contract-0......"};
    assert_int_equal(standing_contract_cell(standing, BYTES("x")), 0);
    assert_int_equal(standing_contract_cell(standing, BYTES("contract-0......")), 1);
    assert_int_equal(standing_buyer_cell(standing, BYTES("contract-0......")), 0);
    assert_int_equal(standing_origin_cell(standing, BYTES("contract-0......")), 0);
    assert_int_equal(standing_affiliate_cell(standing, BYTES("contract-0......")), 0);
    assert_int_equal(standing_cap_cell(standing, &cap), 0);
    cap.at[15] ^= 1;
    assert_int_equal(standing_cap_cell(standing, &cap), 1);
}

/* What was put into a cell is still there after thousands of others were made beside it. */
static void cells_keep_their_content(void **state)
{
    (void)state;
    char text[32];
    for (unsigned i = 0; i < IDS; i++) {
        uint32_t cell = standing_contract_cell(standing, id_text(text, sizeof text, i));
        assert_int_equal(circuits_word(standing, false, cell), 0);
        assert_true(circuits_swap(standing, false, cell, 0, i + 1));
    }
    for (unsigned i = 0; i < IDS; i++) assert_int_equal(circuits_word(standing, false, i), i + 1);
}

static void circuits_swap_only_what_was_read(void **state)
{
    (void)state;
    uint32_t contract = standing_contract_cell(standing, BYTES("c"));
    uint32_t origin = standing_origin_cell(standing, BYTES("https://c:443"));
    assert_true(circuits_swap(standing, false, contract, 0, 7));
    assert_false(circuits_swap(standing, false, contract, 0, 8));
    assert_int_equal(circuits_word(standing, false, contract), 7);
    assert_int_equal(circuits_word(standing, true, origin), 0);
    assert_true(circuits_swap(standing, true, origin, 0, UINT64_MAX));
    assert_int_equal(circuits_word(standing, true, origin), UINT64_MAX);
    assert_int_equal(circuits_word(standing, false, contract), 7);
}

static void switches_stay(void **state)
{
    (void)state;
    uint32_t a = standing_contract_cell(standing, BYTES("a")), b = standing_contract_cell(standing, BYTES("b"));
    assert_false(switches_paused(standing, a));
    switches_set(standing, a, true);
    assert_true(switches_paused(standing, a));
    assert_false(switches_paused(standing, b));
    assert_true(switches_paused(standing, standing_contract_cell(standing, BYTES("a"))));
    switches_set(standing, a, false);
    assert_false(switches_paused(standing, a));
}

static uint32_t made[THREADS][IDS];
static pthread_barrier_t all_there; /* a thread that starts late meets no one */

/* Makes all cells, each thread in an order of its own, and counts in each through its index at once. */
static void *make_all(void *arg)
{
    uint32_t *mine = arg;
    char text[32];
    unsigned from = (unsigned)((mine - made[0]) / IDS) * (IDS / THREADS);
    pthread_barrier_wait(&all_there);
    for (unsigned n = 0; n < IDS; n++) {
        unsigned i = (from + n) % IDS;
        mine[i] = standing_contract_cell(standing, id_text(text, sizeof text, i));
        uint64_t word = circuits_word(standing, false, mine[i]);
        while (!circuits_swap(standing, false, mine[i], word, word + 1)) word = circuits_word(standing, false, mine[i]);
    }
    return NULL;
}

static void many_threads_make_each_once(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    assert_int_equal(pthread_barrier_init(&all_there, NULL, THREADS), 0);
    for (int t = 0; t < THREADS; t++) assert_int_equal(pthread_create(&threads[t], NULL, make_all, made[t]), 0);
    for (int t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
    pthread_barrier_destroy(&all_there);
    for (unsigned i = 0; i < IDS; i++) {
        assert_in_range(made[0][i], 0, IDS - 1);
        for (int t = 1; t < THREADS; t++) assert_int_equal(made[t][i], made[0][i]);
        assert_int_equal(circuits_word(standing, false, i), THREADS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cells_are_found_again, start, stop),
        cmocka_unit_test_setup_teardown(kinds_stand_apart, start, stop),
        cmocka_unit_test_setup_teardown(cells_keep_their_content, start, stop),
        cmocka_unit_test_setup_teardown(circuits_swap_only_what_was_read, start, stop),
        cmocka_unit_test_setup_teardown(switches_stay, start, stop),
        cmocka_unit_test_setup_teardown(many_threads_make_each_once, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
