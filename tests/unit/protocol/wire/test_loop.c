/* The loop over real descriptors, timers and threads. Nothing here asserts how fast; only order, count and "never
 * early". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/wire/loop.h"

static int open_loop(void **state)
{
    struct loop *loop = NULL;
    if (loop_open(&loop) != FAULT_NONE) return -1;
    *state = loop;
    return 0;
}

static int close_loop(void **state)
{
    struct loop *loop = *state;
    loop_close(&loop);
    return loop != NULL;
}

/* --- timers --- */

struct alarm {
    struct loop *loop;
    struct loop_timer *timer;
    int64_t due_us;
    int64_t fired_us;
    unsigned fired;
    unsigned *order;
    unsigned place;
    bool stops;
};

static void on_alarm(void *arg)
{
    struct alarm *alarm = arg;
    alarm->fired++;
    alarm->fired_us = loop_now_us(alarm->loop);
    if (alarm->order) alarm->place = (*alarm->order)++;
    if (alarm->stops) loop_stop(alarm->loop);
}

static void timers_fire_in_order_and_never_early(void **state)
{
    struct loop *loop = *state;
    unsigned order = 0;
    struct alarm alarms[5] = {0};
    static const int64_t after_us[5] = {30000, 1000, 20000, 100, 40000};
    static const unsigned places[5] = {3, 1, 2, 0, 4};
    int64_t start_us = loop_now_us(loop);
    for (unsigned i = 0; i < 5; i++) {
        alarms[i] = (struct alarm){.loop = loop, .due_us = start_us + after_us[i], .order = &order, .stops = i == 4};
        assert_int_equal(loop_timer_open(loop, on_alarm, &alarms[i], &alarms[i].timer), FAULT_NONE);
        loop_timer_at(alarms[i].timer, alarms[i].due_us);
    }
    loop_run(loop);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(alarms[i].fired, 1);
        assert_int_equal(alarms[i].place, places[i]);
        assert_true(alarms[i].fired_us >= alarms[i].due_us);
        loop_timer_close(&alarms[i].timer);
        assert_null(alarms[i].timer);
    }
}

static void timers_set_again_sooner_later_and_off(void **state)
{
    struct loop *loop = *state;
    struct alarm sooner = {.loop = loop}, later = {.loop = loop}, off = {.loop = loop},
                 end = {.loop = loop, .stops = true};
    assert_int_equal(loop_timer_open(loop, on_alarm, &sooner, &sooner.timer), FAULT_NONE);
    assert_int_equal(loop_timer_open(loop, on_alarm, &later, &later.timer), FAULT_NONE);
    assert_int_equal(loop_timer_open(loop, on_alarm, &off, &off.timer), FAULT_NONE);
    assert_int_equal(loop_timer_open(loop, on_alarm, &end, &end.timer), FAULT_NONE);
    int64_t now_us = loop_now_us(loop);
    loop_timer_at(sooner.timer, now_us + INT64_C(3600000000));
    loop_timer_at(sooner.timer, now_us + 1000);
    loop_timer_at(later.timer, now_us + 1000);
    loop_timer_at(later.timer, now_us + 20000);
    loop_timer_at(off.timer, now_us + 1000);
    loop_timer_off(off.timer);
    loop_timer_at(end.timer, now_us + 30000);
    loop_run(loop);
    assert_int_equal(sooner.fired, 1);
    assert_int_equal(later.fired, 1);
    assert_true(later.fired_us >= now_us + 20000);
    assert_int_equal(off.fired, 0);
    loop_timer_close(&sooner.timer);
    loop_timer_close(&later.timer);
    loop_timer_close(&off.timer);
    loop_timer_close(&end.timer);
}

static void on_set_other(void *arg)
{
    struct alarm *other = arg;
    loop_timer_at(other->timer, loop_now_us(other->loop) + 1000);
}

/* The system's timer stands at an hour by the time the sooner one is set. */
static void a_sooner_timer_set_while_the_loop_sleeps(void **state)
{
    struct loop *loop = *state;
    struct alarm far = {.loop = loop}, near = {.loop = loop, .stops = true};
    assert_int_equal(loop_timer_open(loop, on_alarm, &far, &far.timer), FAULT_NONE);
    assert_int_equal(loop_timer_open(loop, on_alarm, &near, &near.timer), FAULT_NONE);
    loop_timer_at(far.timer, loop_now_us(loop) + INT64_C(3600000000));
    loop_wake(loop);
    loop_set_wake(loop, on_set_other, &near);
    loop_run(loop);
    assert_int_equal(near.fired, 1);
    assert_int_equal(far.fired, 0);
    loop_timer_close(&far.timer);
    loop_timer_close(&near.timer);
}

static void on_close_myself(void *arg)
{
    struct alarm *alarm = arg;
    loop_timer_close(&alarm->timer);
    loop_stop(alarm->loop);
}

static void a_timer_may_close_itself_and_a_past_instant_fires(void **state)
{
    struct loop *loop = *state;
    struct alarm alarm = {.loop = loop};
    assert_int_equal(loop_timer_open(loop, on_close_myself, &alarm, &alarm.timer), FAULT_NONE);
    loop_timer_at(alarm.timer, 1);
    loop_run(loop);
    assert_null(alarm.timer);
}

/* --- watches --- */

struct ear {
    struct loop *loop;
    struct loop_watch *watch;
    int fd;
    unsigned readable, writable;
    char got[16];
    size_t got_len;
    bool close_in_callback;
};

static void on_ready(void *arg, bool readable, bool writable)
{
    struct ear *ear = arg;
    ear->readable += readable;
    ear->writable += writable;
    if (writable) loop_watch_want(ear->watch, true, false);
    if (!readable) return;
    ssize_t got = read(ear->fd, ear->got + ear->got_len, 1); /* one at a time: the loop must tell again */
    assert_int_equal(got, 1);
    ear->got_len++;
    if (ear->close_in_callback) loop_watch_close(&ear->watch);
    if (ear->got_len == 3 || !ear->watch) loop_stop(ear->loop);
}

static void watches_are_level_triggered_and_change(void **state)
{
    struct loop *loop = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    struct ear ear = {.loop = loop, .fd = pair[0]};
    assert_int_equal(loop_watch_open(loop, pair[0], on_ready, &ear, &ear.watch), FAULT_NONE);
    loop_watch_want(ear.watch, true, true);
    assert_int_equal(write(pair[1], "abc", 3), 3);
    loop_run(loop);
    assert_memory_equal(ear.got, "abc", 3);
    assert_int_equal(ear.readable, 3);
    assert_int_equal(ear.writable, 1);

    ear.close_in_callback = true;
    assert_int_equal(write(pair[1], "de", 2), 2);
    loop_run(loop);
    assert_null(ear.watch);
    assert_int_equal(ear.readable, 4);
    close(pair[0]);
    close(pair[1]);
}

/* --- wakes --- */

#define WAKERS 4
#define WAKES 5000

struct mail {
    struct loop *loop;
    _Atomic unsigned posted;
    unsigned seen;
    unsigned wakes;
};

static void *wake_often(void *arg)
{
    struct mail *mail = arg;
    for (unsigned i = 0; i < WAKES; i++) {
        atomic_fetch_add(&mail->posted, 1);
        loop_wake(mail->loop);
    }
    return NULL;
}

static void on_wake(void *arg)
{
    struct mail *mail = arg;
    mail->wakes++;
    mail->seen = atomic_load(&mail->posted);
    if (mail->seen == WAKERS * WAKES) loop_stop(mail->loop);
}

/* Were one wake lost, the loop would sleep for good and the test's own time limit would end it. */
static void no_wake_is_lost(void **state)
{
    struct loop *loop = *state;
    struct mail mail = {.loop = loop};
    pthread_t threads[WAKERS];
    loop_set_wake(loop, on_wake, &mail);
    for (unsigned i = 0; i < WAKERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, wake_often, &mail), 0);
    loop_run(loop);
    for (unsigned i = 0; i < WAKERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(mail.seen, WAKERS * WAKES);
    assert_in_range(mail.wakes, 1, WAKERS * WAKES);
}

static void *stop_it(void *arg)
{
    loop_stop(arg);
    return NULL;
}

static void any_thread_may_stop_even_before_it_runs(void **state)
{
    struct loop *loop = *state;
    pthread_t thread;
    loop_stop(loop);
    loop_run(loop);
    assert_int_equal(pthread_create(&thread, NULL, stop_it, loop), 0);
    loop_run(loop);
    pthread_join(thread, NULL);
}

/* --- later --- */

struct chore {
    struct loop_later later;
    struct loop *loop;
    unsigned runs;
    unsigned again;
    unsigned *order, place;
};

static void on_chore(struct loop_later *later)
{
    struct chore *chore = (struct chore *)later;
    chore->runs++;
    if (chore->order) chore->place = (*chore->order)++;
    if (chore->again) {
        chore->again--;
        loop_later(chore->loop, later, on_chore);
    } else {
        loop_stop(chore->loop);
    }
}

static void on_free_chore(struct loop_later *later)
{
    free(later);
}

static void later_runs_once_per_setting_in_order(void **state)
{
    struct loop *loop = *state;
    unsigned order = 0;
    struct chore first = {.loop = loop, .order = &order}, second = {.loop = loop, .order = &order};
    loop_later(loop, &first.later, on_chore);
    loop_later(loop, &second.later, on_chore);
    loop_later(loop, &first.later, on_chore);
    loop_run(loop);
    assert_int_equal(first.runs, 1);
    assert_int_equal(second.runs, 1);
    assert_int_equal(first.place, 0);
    assert_int_equal(second.place, 1);
}

/* A list that is not empty keeps the loop from sleeping: nothing else is there to wake it. */
static void later_set_while_running_comes_in_the_next_turn(void **state)
{
    struct loop *loop = *state;
    struct chore chore = {.loop = loop, .again = 3};
    loop_later(loop, &chore.later, on_chore);
    loop_run(loop);
    assert_int_equal(chore.runs, 4);
}

static void later_may_free_its_owner_and_runs_at_close(void **state)
{
    struct loop *loop = *state;
    struct chore *chore = calloc(1, sizeof *chore);
    assert_non_null(chore);
    loop_later(loop, &chore->later, on_free_chore);
}

int main(void)
{
#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, open_loop, close_loop)
    const struct CMUnitTest tests[] = {
        LOOP_TEST(timers_fire_in_order_and_never_early),
        LOOP_TEST(timers_set_again_sooner_later_and_off),
        LOOP_TEST(a_sooner_timer_set_while_the_loop_sleeps),
        LOOP_TEST(a_timer_may_close_itself_and_a_past_instant_fires),
        LOOP_TEST(watches_are_level_triggered_and_change),
        LOOP_TEST(no_wake_is_lost),
        LOOP_TEST(any_thread_may_stop_even_before_it_runs),
        LOOP_TEST(later_runs_once_per_setting_in_order),
        LOOP_TEST(later_set_while_running_comes_in_the_next_turn),
        LOOP_TEST(later_may_free_its_owner_and_runs_at_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
