/* Addresses that are left in peace: after failures in a row for a second, then longer, tried by one call; after a 410
 * until a reload; each hearer by itself, and as many as there is room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "exchange/courier/gates.h"

#define SECOND INT64_C(1000000)
#define START (INT64_C(1000) * SECOND)

static const struct hearer best = {.kind = NOTICE_TO_AFFILIATE, .id = {"best", 4}};
static const struct hearer north = {.kind = NOTICE_TO_BUYER, .id = {"north", 5}};
static const struct hearer first = {.kind = NOTICE_TO_COPY, .address = 0, .id = {"north", 5}};
static const struct hearer second = {.kind = NOTICE_TO_COPY, .address = 1, .id = {"north", 5}};

static struct gates gates;
static struct hearer closed[GATES_MAX];

static int begin(void **state)
{
    (void)state;
    gates = (struct gates){.count = 0};
    return 0;
}

static void fail_often(const struct hearer *hearer, unsigned times, int64_t now_us)
{
    for (unsigned i = 0; i < times; i++) gates_after(&gates, hearer, false, now_us);
}

static void test_five_failures_close(void **state)
{
    (void)state;
    fail_often(&first, 4, START);
    assert_true(gates_pass(&gates, &first, START));
    fail_often(&first, 1, START);
    assert_false(gates_pass(&gates, &first, START));
    assert_true(gates_pass(&gates, &second, START) && gates_pass(&gates, &north, START));
    assert_int_equal(gates_closed(&gates, START, closed), 1);
    assert_true(hearer_same(&closed[0], &first));
    /* after a pause one call tries it, and no second one beside it */
    int64_t later_us = START + SECOND + SECOND / 2; /* instants are kept coarsely */
    assert_int_equal(gates_closed(&gates, later_us, closed), 0);
    assert_true(gates_pass(&gates, &first, later_us));
    assert_false(gates_pass(&gates, &first, later_us));
    gates_after(&gates, &first, false, later_us);
    assert_false(gates_pass(&gates, &first, later_us + SECOND));
    assert_true(gates_pass(&gates, &first, later_us + 3 * SECOND));
    gates_after(&gates, &first, true, later_us + 3 * SECOND);
    assert_true(gates_pass(&gates, &first, later_us + 3 * SECOND));
    assert_int_equal(gates.count, 0); /* forgotten */
}

/* However long it is dead, it is tried once a minute. */
static void test_the_pause_has_an_end(void **state)
{
    int64_t now_us = START;
    (void)state;
    fail_often(&best, 5, now_us);
    for (unsigned i = 0; i < 12; i++) {
        now_us += 61 * SECOND;
        assert_true(gates_pass(&gates, &best, now_us));
        gates_after(&gates, &best, false, now_us);
    }
    assert_false(gates_pass(&gates, &best, now_us + 59 * SECOND));
    assert_true(gates_pass(&gates, &best, now_us + 61 * SECOND));
}

static void test_gone_until_a_reload(void **state)
{
    (void)state;
    gates_gone(&gates, &best);
    gates_after(&gates, &north, false, START);
    assert_false(gates_pass(&gates, &best, START + 3600 * SECOND));
    gates_reloaded(&gates);
    assert_true(gates_pass(&gates, &best, START));
    gates_after(&gates, &best, true, START);
    assert_int_equal(gates.count, 1); /* north's failure is remembered, and its id with it */
    assert_true(hearer_same(&gates.list[0].hearer, &north));
}

static void test_more_than_there_is_room_for(void **state)
{
    char names[GATES_MAX + 8][16];
    (void)state;
    for (unsigned i = 0; i < GATES_MAX + 8; i++) {
        snprintf(names[i], sizeof names[i], "buyer-%u", i);
        struct hearer hearer = {.kind = NOTICE_TO_BUYER, .id = bytes_of(names[i])};
        fail_often(&hearer, 5, START);
        assert_int_equal(gates_pass(&gates, &hearer, START), i >= GATES_MAX);
    }
    assert_int_equal(gates_closed(&gates, START, closed), GATES_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_five_failures_close, begin),
        cmocka_unit_test_setup(test_the_pause_has_an_end, begin),
        cmocka_unit_test_setup(test_gone_until_a_reload, begin),
        cmocka_unit_test_setup(test_more_than_there_is_room_for, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
