/* jump: an offer keeps what was left of it when the wall clock jumps, and is not touched when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "exchange/record/offer.h"
#include "exchange/worker/jump.h"

#define NOW_US INT64_C(5000000)
#define WALL_MS INT64_C(1790000000000)
#define LEFT_MS INT64_C(300000)
#define HOUR_MS INT64_C(3600000)

static struct offers *offers;
static char flat[OFFER_BYTES_MAX];
static size_t flat_len;
static struct offer offer;

static int begin(void **state)
{
    (void)state;
    offer = (struct offer){.ping_id = {{7}},
                           .pinged_ms = WALL_MS,
                           .expires_ms = WALL_MS + LEFT_MS,
                           .affiliate = BYTES("acme"),
                           .campaign = BYTES("auto"),
                           .candidates_count = 1,
                           .candidates = {{.contract = BYTES("north"), .valid_until_ms = WALL_MS + 20000}}};
    struct sink sink = sink_over(flat, sizeof flat);
    assert_true(offer_write(&sink, &offer));
    flat_len = sink.len;
    assert_int_equal(offers_open(16, 1, &offers), FAULT_NONE);
    assert_true(offers_put(offers, 0, &offer.ping_id, NULL, NOW_US + LEFT_MS * 1000, NOW_US, sink_written(&sink)));
    return 0;
}

static int end(void **state)
{
    (void)state;
    offers_close(&offers);
    return 0;
}

/* Read `after_ms` later, the wall having moved by `wall_moved_ms`. */
static struct offer follow(int64_t after_ms, int64_t wall_moved_ms)
{
    struct offer found;
    size_t len = jump_follow(offers, NOW_US + after_ms * 1000, WALL_MS + wall_moved_ms, flat, flat_len);
    assert_true(offer_read((struct bytes){flat, len}, &found));
    return found;
}

static void test_no_jump(void **state)
{
    (void)state;
    char before[OFFER_BYTES_MAX];
    memcpy(before, flat, flat_len);
    follow(100000, 100000);
    follow(100000, 100400); /* slewed */
    assert_memory_equal(before, flat, flat_len);
}

static void test_an_hour_ahead_and_back(void **state)
{
    (void)state;
    struct offer found = follow(1000, 1000 + HOUR_MS);
    assert_int_equal(found.expires_ms, offer.expires_ms + HOUR_MS);
    assert_int_equal(found.pinged_ms, offer.pinged_ms + HOUR_MS);
    assert_int_equal(found.candidates[0].valid_until_ms, offer.candidates[0].valid_until_ms + HOUR_MS);
    found = follow(2000, 2000 - HOUR_MS);
    assert_int_equal(found.expires_ms, offer.expires_ms - HOUR_MS);
    found = follow(3000, 3000);
    assert_int_equal(found.expires_ms, offer.expires_ms);
}

static void test_what_stands_nowhere_stays(void **state)
{
    (void)state;
    struct offers *others;
    assert_int_equal(offers_open(16, 1, &others), FAULT_NONE);
    assert_int_equal(jump_follow(others, NOW_US, WALL_MS + HOUR_MS, flat, flat_len), flat_len);
    assert_int_equal(follow(0, 0).expires_ms, offer.expires_ms);
    offers_close(&others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_no_jump, begin, end),
        cmocka_unit_test_setup_teardown(test_an_hour_ahead_and_back, begin, end),
        cmocka_unit_test_setup_teardown(test_what_stands_nowhere_stays, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
