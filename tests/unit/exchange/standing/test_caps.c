/* caps: windows, limits, roll-back; and eight threads that try to get one too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "exchange/standing/standing.h"

#define THREADS 8
#define ROUNDS 200000

static struct standing *standing;
static uint32_t cells[3];

static int start(void **state)
{
    (void)state;
    if (standing_open(&standing)) return -1;
    for (uint8_t i = 0; i < 3; i++) cells[i] = standing_cap_cell(standing, &(struct cap_id){{i}});
    return 0;
}

static int stop(void **state)
{
    (void)state;
    standing_close(&standing);
    return 0;
}

static struct cap_key key(unsigned cell, uint32_t window, uint32_t amount, uint32_t limit)
{
    return (struct cap_key){.cell = cells[cell], .window = window, .amount = amount, .limit = limit};
}

static bool reserve(struct cap_key one)
{
    unsigned full = 99;
    bool reserved = caps_reserve(standing, &one, 1, &full);
    assert_int_equal(full, reserved ? 99 : 0);
    return reserved;
}

static void hold_to_the_limit(void **state)
{
    (void)state;
    struct cap_key one = key(0, 60, 1, 3);
    assert_true(reserve(one));
    assert_true(reserve(one));
    assert_true(reserve(one));
    assert_false(reserve(one));
    assert_int_equal(caps_used(standing, cells[0], 60), 3);
    caps_release(standing, &one, 1, false);
    assert_int_equal(caps_used(standing, cells[0], 60), 2);
    assert_true(reserve(one));
    assert_false(reserve(key(1, 60, 1, 0)));
    assert_false(reserve(key(1, 60, 4, 3)));
    assert_true(reserve(key(1, 60, 3, 3)));
    assert_true(reserve(key(2, 60, UINT32_MAX, UINT32_MAX)));
    assert_false(reserve(key(2, 60, 1, UINT32_MAX)));
    assert_false(reserve(key(2, 60, UINT32_MAX, UINT32_MAX)));
}

/* The book was not told of a release: what it still counts is counted, room or not, and nobody else gets in. */
static void a_release_is_taken_back(void **state)
{
    (void)state;
    struct cap_key keys[] = {key(0, 60, 2, 2), key(1, 60, 1, 9), key(2, 60, 1, 9)};
    unsigned full;
    keys[1].stay = CAP_SPENT;
    keys[2].stay = CAP_COUNTED;
    assert_true(caps_reserve(standing, keys, 3, &full));
    caps_release(standing, keys, 3, true);
    assert_int_equal(caps_used(standing, cells[0], 60), 0);
    assert_true(reserve(key(0, 60, 1, 2))); /* somebody was quick */
    caps_retake(standing, keys, 3, true);
    assert_int_equal(caps_used(standing, cells[0], 60), 3);
    assert_int_equal(caps_used(standing, cells[1], 60), 1); /* it was never given back */
    assert_int_equal(caps_used(standing, cells[2], 60), 0);
    assert_false(reserve(key(0, 60, 1, 2)));
    caps_release(standing, keys, 3, false);
    caps_retake(standing, keys, 3, false);
    assert_int_equal(caps_used(standing, cells[1], 60), 1);
    assert_true(reserve(key(0, 120, 1, 2)));
    caps_retake(standing, keys, 3, false); /* that window is over */
    assert_int_equal(caps_used(standing, cells[0], 120), 1);
}

static void lowered_limit_waits(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) assert_true(reserve(key(0, 60, 1, 5)));
    struct cap_key one = key(0, 60, 1, 2);
    for (uint32_t left = 5; left > 2; left--) {
        assert_false(reserve(one));
        caps_release(standing, &one, 1, false);
    }
    assert_false(reserve(one));
    caps_release(standing, &one, 1, false);
    assert_true(reserve(one));
    assert_int_equal(caps_used(standing, cells[0], 60), 2);
}

static void windows_move_forward(void **state)
{
    (void)state;
    struct cap_key old = key(0, 60, 1, 2), new = key(0, 120, 1, 2);
    assert_true(reserve(old));
    assert_true(reserve(old));
    assert_int_equal(caps_used(standing, cells[0], 120), 0);
    assert_true(reserve(new));
    assert_int_equal(caps_used(standing, cells[0], 120), 1);
    assert_int_equal(caps_used(standing, cells[0], 60), 0);
    assert_false(reserve(old)); /* its window is over */
    caps_release(standing, &old, 1, false);
    assert_int_equal(caps_used(standing, cells[0], 120), 1);
    assert_true(reserve(new));
    assert_false(reserve(new));
}

/* A refused reservation in a new window leaves the old window as it was. */
static void refusal_moves_nothing(void **state)
{
    (void)state;
    assert_true(reserve(key(0, 60, 2, 2)));
    assert_false(reserve(key(0, 120, 3, 2)));
    assert_int_equal(caps_used(standing, cells[0], 60), 2);
}

static void several_are_all_or_none(void **state)
{
    (void)state;
    unsigned full = 99;
    struct cap_key keys[3] = {key(0, 60, 1, 10), key(1, 60, 1, 1), key(2, 60, 1, 10)};
    assert_true(caps_reserve(standing, keys, 3, &full));
    assert_false(caps_reserve(standing, keys, 3, &full));
    assert_int_equal(full, 1);
    for (int i = 0; i < 3; i++) assert_int_equal(caps_used(standing, cells[i], 60), 1);
    caps_release(standing, keys, 3, false);
    for (int i = 0; i < 3; i++) assert_int_equal(caps_used(standing, cells[i], 60), 0);
    assert_true(caps_reserve(standing, keys, 0, &full));
    struct cap_key twice[2] = {key(1, 60, 1, 1), key(1, 60, 1, 1)}; /* the same counter two times over */
    assert_false(caps_reserve(standing, twice, 2, &full));
    assert_int_equal(full, 1);
    assert_int_equal(caps_used(standing, cells[1], 60), 0);
}

static void loaded_from_the_book(void **state)
{
    (void)state;
    struct cap_id known = {{0}}, unknown = {{9}};
    assert_true(caps_load(standing, &known, 60, 4));
    assert_int_equal(caps_used(standing, cells[0], 60), 4);
    assert_false(reserve(key(0, 60, 1, 4)));
    assert_true(reserve(key(0, 60, 1, 5)));
    assert_true(caps_load(standing, &unknown, 60, 2));
    assert_int_equal(caps_used(standing, standing_cap_cell(standing, &unknown), 60), 2);
    assert_true(caps_load(standing, &unknown, 30, 7)); /* an older window says nothing about now */
    assert_int_equal(caps_used(standing, standing_cap_cell(standing, &unknown), 60), 2);
}

/* Threads --------------------------------------------------------------------------------------------------------- */

static pthread_barrier_t all_there; /* a thread that starts late meets no one */
static _Atomic int held[2];         /* reservations out, as the threads see it: never more than the cap's own count */
static _Atomic int taken;           /* kept for good */
static _Atomic bool over;

#define SMALL 5
#define LARGE 7

/* Takes both caps, holds them for a moment, gives back or (every 8th) keeps. */
static void *take_and_give(void *arg)
{
    unsigned number = (unsigned)(uintptr_t)arg, full;
    struct cap_key keys[2] = {key(0, 60, 1, SMALL), key(1, 60, 1, LARGE)};
    struct cap_key second = keys[1];
    pthread_barrier_wait(&all_there);
    for (unsigned round = 0; round < ROUNDS; round++) {
        bool both = (round + number) % 2 == 0;
        if (!caps_reserve(standing, both ? keys : &second, both ? 2 : 1, &full)) continue;
        if (both && atomic_fetch_add(&held[0], 1) >= SMALL) atomic_store(&over, true);
        if (atomic_fetch_add(&held[1], 1) >= LARGE) atomic_store(&over, true);
        if (both) atomic_fetch_sub(&held[0], 1);
        atomic_fetch_sub(&held[1], 1);
        caps_release(standing, both ? keys : &second, both ? 2 : 1, false);
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

static void never_over_with_threads(void **state)
{
    (void)state;
    atomic_store(&over, false);
    run(take_and_give);
    assert_false(atomic_load(&over));
    assert_int_equal(caps_used(standing, cells[0], 60), 0);
    assert_int_equal(caps_used(standing, cells[1], 60), 0);
}

#define LIMIT (THREADS * ROUNDS * 3 / 4)

static void *take_for_good(void *arg)
{
    (void)arg;
    unsigned full;
    struct cap_key keys[2] = {key(0, 60, 1, LIMIT), key(1, 60, 1, 2 * LIMIT)};
    pthread_barrier_wait(&all_there);
    for (unsigned round = 0; round < ROUNDS; round++)
        if (caps_reserve(standing, keys, 2, &full)) atomic_fetch_add(&taken, 1);
    return NULL;
}

/* All that there is, to the last one, and not one more. */
static void exact_with_threads(void **state)
{
    (void)state;
    atomic_store(&taken, 0);
    run(take_for_good);
    assert_int_equal(atomic_load(&taken), LIMIT);
    assert_int_equal(caps_used(standing, cells[0], 60), LIMIT);
    assert_int_equal(caps_used(standing, cells[1], 60), LIMIT);
}

#define WINDOWS 500u
static _Atomic int in_window[WINDOWS];

/* Each thread walks through the windows at its own pace and releases late, into windows that may be over. */
static void *walk_windows(void *arg)
{
    (void)arg;
    unsigned full;
    pthread_barrier_wait(&all_there);
    for (uint32_t window = 0; window < WINDOWS; window++) {
        struct cap_key one = key(0, 1000 + window, 1, SMALL);
        for (int i = 0; i < 12; i++) {
            if (!caps_reserve(standing, &one, 1, &full)) continue;
            if (i % 3 == 2)
                caps_release(standing, &one, 1, false);
            else
                atomic_fetch_add(&in_window[window], 1);
        }
    }
    return NULL;
}

static void never_over_across_windows(void **state)
{
    (void)state;
    int total = 0;
    for (unsigned w = 0; w < WINDOWS; w++) atomic_store(&in_window[w], 0);
    run(walk_windows);
    for (unsigned w = 0; w < WINDOWS; w++) {
        assert_in_range(atomic_load(&in_window[w]), 0, SMALL);
        total += atomic_load(&in_window[w]);
    }
    assert_true(total > 0);
    assert_int_equal(caps_used(standing, cells[0], 1000 + WINDOWS - 1), atomic_load(&in_window[WINDOWS - 1]));
}

/* Segments -------------------------------------------------------------------------------------------------------- */

static struct cap_id segment_named(uint32_t number)
{
    struct cap_id digest = {{0}}, cap = {{7, 7, 7}};
    uint64_t mixed = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    memcpy(digest.at, &mixed, sizeof mixed);
    memcpy(digest.at + 8, &number, sizeof number);
    return caps_segment(&cap, &digest, true);
}

static struct cap_key segment_key(uint32_t number, uint32_t limit)
{
    return (struct cap_key){
        .cell = STANDING_NONE, .id = segment_named(number), .window = 60, .amount = 1, .limit = limit};
}

/* Each has a count of its own, made by its first reservation and found by its id, which the book knows too. */
static void segments_are_made(void **state)
{
    (void)state;
    unsigned full;
    for (uint32_t i = 0; i < 1000; i++) {
        struct cap_key one = segment_key(i, 2), again = one;
        assert_int_equal(caps_find(standing, &one.id), STANDING_NONE);
        assert_int_equal(caps_used(standing, STANDING_NONE, 60), 0);
        assert_true(caps_reserve(standing, &one, 1, &full));
        assert_int_equal(caps_find(standing, &one.id), one.cell);
        assert_true(caps_reserve(standing, &again, 1, &full));
        assert_int_equal(again.cell, one.cell);
        assert_false(caps_reserve(standing, &again, 1, &full));
        assert_int_equal(standing_cap_cell(standing, &one.id), one.cell);
    }
    for (uint32_t i = 0; i < 1000; i++) {
        struct cap_id id = segment_named(i);
        assert_int_equal(caps_used(standing, caps_find(standing, &id), 60), 2);
    }
    struct cap_id id = segment_named(5000);
    assert_true(caps_load(standing, &id, 60, 9));
    assert_int_equal(caps_used(standing, caps_find(standing, &id), 60), 9);
}

static void whose_windows_are_past(void **state)
{
    (void)state;
    struct cap_id cap = {{1}}, digest = {{2}};
    struct cap_id ending = caps_segment(&cap, &digest, true), lasting = caps_segment(&cap, &digest, false);
    assert_true(caps_is_segment(&ending) && caps_is_segment(&lasting) && !caps_is_segment(&cap));
    assert_memory_not_equal(&ending, &lasting, sizeof ending);
    assert_true(caps_is_past(&ending, 1000, 1000 + 41 * 1440));
    assert_false(caps_is_past(&ending, 1000, 1000 + 31 * 1440 + 60)); /* the longest month is still running */
    assert_false(caps_is_past(&ending, 2000, 1000));
    assert_false(caps_is_past(&lasting, 1000, 1000 + 41 * 1440));
    assert_false(caps_is_past(&cap, 1000, 1000 + 41 * 1440));
}

/* Held, spent and counted: what a refusal, a failure and a sale do to each. */
static void how_long_keys_stay(void **state)
{
    (void)state;
    unsigned full;
    struct cap_key keys[3] = {key(0, 60, 2, 9), key(1, 60, 2, 9), key(2, 60, 2, 0)};
    keys[1].stay = CAP_SPENT;
    keys[2].stay = CAP_COUNTED; /* bound by nothing */
    assert_true(caps_reserve(standing, keys, 3, &full));
    assert_int_equal(caps_used(standing, cells[2], 60), 0);
    caps_release(standing, keys, 3, true);
    assert_int_equal(caps_used(standing, cells[0], 60), 0);
    assert_int_equal(caps_used(standing, cells[1], 60), 2);
    assert_true(caps_reserve(standing, keys, 3, &full));
    caps_release(standing, keys, 3, false);
    assert_int_equal(caps_used(standing, cells[1], 60), 2);
    assert_true(caps_reserve(standing, keys, 3, &full));
    caps_count(standing, keys, 3);
    assert_int_equal(caps_used(standing, cells[0], 60), 2);
    assert_int_equal(caps_used(standing, cells[2], 60), 2);
    keys[2].window = 59; /* a window that is over is not counted in the one that runs */
    caps_count(standing, keys, 3);
    assert_int_equal(caps_used(standing, cells[2], 60), 2);
    keys[2].window = 61;
    caps_count(standing, keys, 3);
    assert_int_equal(caps_used(standing, cells[2], 61), 2);
}

#define SEGMENTS 64u
#define SEGMENT_LIMIT 100
static _Atomic int in_segment[SEGMENTS];

/* All threads make the same counters at once, and look for them meanwhile. */
static void *take_segments(void *arg)
{
    unsigned full, turn = (unsigned)(uintptr_t)arg;
    for (int i = 0; i < ROUNDS / 20; i++) {
        uint32_t number = (uint32_t)(i + (int)turn) % SEGMENTS;
        struct cap_key keys[2] = {segment_key(number, SEGMENT_LIMIT), key(2, 60, 1, UINT32_MAX)};
        struct cap_id id = keys[0].id;
        if (caps_used(standing, caps_find(standing, &id), 60) > SEGMENT_LIMIT) atomic_store(&over, true);
        if (!caps_reserve(standing, keys, 2, &full)) continue;
        if (i % 3 == 0)
            caps_release(standing, keys, 2, false);
        else
            atomic_fetch_add(&in_segment[number], 1);
    }
    return NULL;
}

static void segments_with_threads(void **state)
{
    (void)state;
    int sum = 0;
    for (unsigned i = 0; i < SEGMENTS; i++) atomic_store(&in_segment[i], 0);
    atomic_store(&over, false);
    run(take_segments);
    assert_false(atomic_load(&over));
    for (unsigned i = 0; i < SEGMENTS; i++) {
        struct cap_id id = segment_named(i);
        int kept = atomic_load(&in_segment[i]);
        assert_in_range(kept, 1, SEGMENT_LIMIT);
        assert_int_equal(caps_used(standing, caps_find(standing, &id), 60), kept);
        sum += kept;
    }
    assert_int_equal(caps_used(standing, cells[2], 60), sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hold_to_the_limit, start, stop),
        cmocka_unit_test_setup_teardown(a_release_is_taken_back, start, stop),
        cmocka_unit_test_setup_teardown(lowered_limit_waits, start, stop),
        cmocka_unit_test_setup_teardown(windows_move_forward, start, stop),
        cmocka_unit_test_setup_teardown(refusal_moves_nothing, start, stop),
        cmocka_unit_test_setup_teardown(several_are_all_or_none, start, stop),
        cmocka_unit_test_setup_teardown(loaded_from_the_book, start, stop),
        cmocka_unit_test_setup_teardown(never_over_with_threads, start, stop),
        cmocka_unit_test_setup_teardown(exact_with_threads, start, stop),
        cmocka_unit_test_setup_teardown(never_over_across_windows, start, stop),
        cmocka_unit_test_setup_teardown(segments_are_made, start, stop),
        cmocka_unit_test_setup_teardown(whose_windows_are_past, start, stop),
        cmocka_unit_test_setup_teardown(how_long_keys_stay, start, stop),
        cmocka_unit_test_setup_teardown(segments_with_threads, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
