/* The timers' heap against a plain list that does the obvious: thousands of random settings under a clock of our own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "protocol/base/clock.h"
#include "protocol/wire/timers.h"

#define TIMERS 100u
#define STEPS 50000u

struct one {
    struct loop_timer *timer;
    int64_t due_us; /* what the model thinks */
    unsigned fired;
    unsigned fired_expected;
    int64_t fired_due_us;
};

static uint64_t seed = 88172645463325252u;
static struct one all[TIMERS];
static int64_t last_fired_us;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static void on_time(void *arg)
{
    struct one *one = arg;
    one->fired++;
    one->fired_due_us = one->due_us;
    assert_true(one->due_us >= last_fired_us); /* soonest first */
    last_fired_us = one->due_us;
    one->due_us = CLOCK_NEVER;
}

static void run_both(struct timers *timers, int64_t now_us)
{
    for (unsigned i = 0; i < TIMERS; i++) {
        all[i].fired_expected += all[i].due_us <= now_us;
        assert_true(all[i].due_us == CLOCK_NEVER || timers_next_us(timers) <= all[i].due_us);
    }
    last_fired_us = INT64_MIN;
    timers_run(timers, now_us);
    for (unsigned i = 0; i < TIMERS; i++) assert_int_equal(all[i].fired, all[i].fired_expected);
}

static void same_as_a_plain_list(void **state)
{
    (void)state;
    struct timers timers = {0};
    int64_t now_us = 1000;
    memset(all, 0, sizeof all);
    for (unsigned i = 0; i < TIMERS; i++) {
        assert_int_equal(timers_open_one(&timers, &all[i].timer), FAULT_NONE);
        all[i].timer->on_time = on_time;
        all[i].timer->arg = &all[i];
        all[i].due_us = CLOCK_NEVER;
    }
    for (unsigned step = 0; step < STEPS; step++) {
        struct one *one = &all[next_random() % TIMERS];
        unsigned act = (unsigned)(next_random() % 8);
        if (act == 0) {
            one->due_us = CLOCK_NEVER;
        } else if (act == 1) {
            now_us += (int64_t)(next_random() % 400);
            run_both(&timers, now_us);
            continue;
        } else {
            one->due_us = now_us + (int64_t)(next_random() % 2000) - 200;
        }
        timers_set(one->timer, one->due_us);
    }
    run_both(&timers, now_us + 10000);
    assert_true(all[0].fired > 10);
    for (unsigned i = 0; i < TIMERS; i++) timers_close_one(&all[i].timer);
    timers_free(&timers);
}

static struct loop_timer *again;
static unsigned again_fired;

static void on_again(void *arg)
{
    (void)arg;
    again_fired++;
    timers_set(again, 0);
}

static void one_that_sets_itself_to_the_past_runs_once_a_pass(void **state)
{
    (void)state;
    struct timers timers = {0};
    assert_int_equal(timers_open_one(&timers, &again), FAULT_NONE);
    again->on_time = on_again;
    timers_set(again, 5);
    timers_run(&timers, 10);
    assert_int_equal(again_fired, 1);
    assert_int_equal(timers_next_us(&timers), 0);
    timers_run(&timers, 10);
    assert_int_equal(again_fired, 2);
    timers_close_one(&again);
    assert_int_equal(timers_next_us(&timers), CLOCK_NEVER);
    timers_free(&timers);
}

static void a_later_setting_leaves_the_heap_alone(void **state)
{
    (void)state;
    struct timers timers = {0};
    struct one one = {.due_us = 900};
    assert_int_equal(timers_open_one(&timers, &one.timer), FAULT_NONE);
    one.timer->on_time = on_time;
    one.timer->arg = &one;
    timers_set(one.timer, 100);
    timers_set(one.timer, 900);
    assert_int_equal(timers_next_us(&timers), 100); /* looked at once for nothing, which is the price */
    timers_run(&timers, 500);
    assert_int_equal(one.fired, 0);
    assert_int_equal(timers_next_us(&timers), 900);
    last_fired_us = INT64_MIN;
    timers_run(&timers, 900);
    assert_int_equal(one.fired, 1);
    timers_close_one(&one.timer);
    timers_free(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_a_plain_list),
        cmocka_unit_test(one_that_sets_itself_to_the_past_runs_once_a_pass),
        cmocka_unit_test(a_later_setting_leaves_the_heap_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
