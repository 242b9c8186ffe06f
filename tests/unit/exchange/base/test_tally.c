/* tally: what is counted is what is summed, and every counter has a name of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/base/tally.h"

static void test_sums(void **state)
{
    (void)state;
    struct tally *parts = calloc(3, sizeof *parts);
    struct tally *sum = &parts[2];
    assert_non_null(parts);
    for (unsigned i = 0; i < TALLY_COUNT; i++) {
        tally_add(&parts[0], (enum tally_name)i, i);
        tally_add(&parts[1], (enum tally_name)i, 100);
        tally_add(&parts[1], (enum tally_name)i, 1);
    }
    tally_reason(&parts[0], REASON_LOW_BID);
    tally_reason(&parts[1], REASON_LOW_BID);
    tally_reason(&parts[1], REASON_REVOKED);
    tally_sale(&parts[0], 30, 25, 5);
    tally_sale(&parts[1], 100, 80, 20);
    histogram_add(&parts[0].ping_us, 10);
    histogram_add(&parts[1].ping_us, 20);
    histogram_add(&parts[1].post_us, 30);
    histogram_add(&parts[1].lead_us, 40);
    histogram_add(&parts[1].added_us, 50);
    tally_merge(sum, &parts[0]);
    tally_merge(sum, &parts[1]);
    for (unsigned i = 0; i < TALLY_COUNT; i++) assert_int_equal(sum->counts[i], i + 101);
    for (unsigned i = 0; i < REASON_COUNT; i++)
        assert_int_equal(sum->reasons[i], i == REASON_LOW_BID ? 2 : i == REASON_REVOKED ? 1 : 0);
    assert_int_equal(sum->revenue_micros, 130);
    assert_int_equal(sum->payout_micros, 105);
    assert_int_equal(sum->margin_micros, 25);
    assert_int_equal(histogram_count(&sum->ping_us), 2);
    assert_int_equal(histogram_max(&sum->ping_us), 20);
    assert_int_equal(histogram_max(&sum->post_us), 30);
    assert_int_equal(histogram_max(&sum->lead_us), 40);
    assert_int_equal(histogram_max(&sum->added_us), 50);
    free(parts);
}

static void test_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TALLY_COUNT; i++) {
        assert_true(strlen(tally_help((enum tally_name)i)) > 5);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(tally_metric((enum tally_name)i), tally_metric((enum tally_name)k));
    }
    assert_string_equal(tally_metric(TALLY_PINGS), "pings");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sums), cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
