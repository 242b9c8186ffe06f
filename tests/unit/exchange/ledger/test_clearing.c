/* clearing: what an affiliate's terms say clears by an entry of the sweep, also what fell due while nothing ran, and
 * once; without terms it waits for a hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/base/clock.h"
#include "protocol/crypto/digest.h"
#include "tests/unit/exchange/ledger/desk.h"

#define PATIENCE_US INT64_C(20000000)
#define DAY_MS INT64_C(86400000)

struct sums {
    struct desk *desk;
    enum fault fault;
    int64_t uncleared, cleared;
};

static void add(void *arg, struct bytes account, int64_t micros)
{
    struct sums *sums = arg;
    if (bytes_same(account, BYTES("affiliate:acme:uncleared"))) sums->uncleared = micros;
    if (bytes_same(account, BYTES("affiliate:acme:cleared"))) sums->cleared = micros;
}

static void read_sums(void *context, struct reader *reader)
{
    struct sums *sums = context;
    sums->uncleared = sums->cleared = 0;
    sums->fault = reader_accounts(reader, add, sums);
}

/* Bounded by patience only: the sweep comes once a second. */
static void await_cleared(struct desk *desk, int64_t cleared)
{
    struct sums sums = {.desk = desk};
    int64_t until_us = clock_now_us() + PATIENCE_US;
    do {
        desk_ask(desk, read_sums, &sums, 0, false);
        assert_int_equal(sums.fault, FAULT_NONE);
    } while (sums.cleared != cleared && clock_now_us() < until_us);
    assert_int_equal(sums.cleared, cleared);
}

static void sell(struct desk *desk, int64_t clear_after_ms)
{
    struct tale tale;
    struct lead_ids ids = {desk_id(desk), desk_id(desk), desk_id(desk)};
    tale_begin(&tale, desk, &ids.lead, &ids.ping);
    tale_open(&tale, NULL);
    tale.opening.clear_after_ms = clear_after_ms;
    tale_intend(&tale, &ids.post, 0);
    assert_int_equal(desk_append(desk, &tale.step), FAULT_NONE);
    assert_int_equal(desk_end_lead(desk, &ids, POST_ACCEPTED), FAULT_NONE);
}

static void assert_verifies(const struct desk *desk, uint64_t entries)
{
    struct report_verdict verdict;
    assert_int_equal(report_verify(desk->path, &verdict, NULL, NULL), FAULT_NONE);
    assert_string_equal(verdict.text, "");
    assert_int_equal(verdict.entries, entries);
}

static void test_by_time(void **state)
{
    struct desk desk;
    int64_t age_ms = clock_wall_ms() - DESK_WALL;
    (void)state;
    assert_true(age_ms > DAY_MS);
    desk_folder(&desk);
    assert_int_equal(desk_open(&desk), FAULT_NONE);
    sell(&desk, DAY_MS);               /* its time has come */
    sell(&desk, age_ms + 30 * DAY_MS); /* that of these two has not */
    sell(&desk, 0);
    await_cleared(&desk, DESK_PAYOUT);
    struct sums sums = {.desk = &desk};
    desk_ask(&desk, read_sums, &sums, 0, false);
    assert_int_equal(sums.uncleared, 2 * DESK_PAYOUT);
    desk_close(&desk);
    assert_verifies(&desk, 7);
    assert_int_equal(desk_open(&desk), FAULT_NONE);
    await_cleared(&desk, DESK_PAYOUT);
    desk_close(&desk);
    assert_verifies(&desk, 7);
    desk_remove(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_time)};
    check(crypto_start() == FAULT_NONE);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_stop();
    return failed;
}
