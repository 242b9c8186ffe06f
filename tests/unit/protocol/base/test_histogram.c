/* histogram: every value has one cell that holds it, quantiles are right to two digits, merging is adding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/base/histogram.h"

static void cells_cover_the_range(void **state)
{
    (void)state;
    struct histogram *histogram = test_calloc(1, sizeof *histogram);
    unsigned last = 0;
    for (int64_t value = 0; value <= HISTOGRAM_MAX_US; value += value < 4096 ? 1 : value / 97) {
        histogram_clear(histogram);
        histogram_add(histogram, value);
        unsigned cell = last;
        while (cell < HISTOGRAM_CELLS && histogram_cell_count(histogram, cell) == 0) cell++;
        assert_true(cell < HISTOGRAM_CELLS); /* and never before the last one's */
        assert_true(value <= histogram_cell_top(cell));
        assert_true(cell == 0 || value > histogram_cell_top(cell - 1));
        assert_true(histogram_cell_top(cell) - value <= value / 64);
        last = cell;
    }
    test_free(histogram);
}

static void quantiles_are_near(void **state)
{
    (void)state;
    struct histogram *histogram = test_calloc(1, sizeof *histogram);
    assert_int_equal(histogram_quantile(histogram, 500000), 0);
    assert_int_equal(histogram_mean(histogram), 0);
    for (int64_t value = 1; value <= 100000; value++) histogram_add(histogram, value);
    for (uint32_t ppm = 1000; ppm <= 1000000; ppm += 999) {
        int64_t exact = (int64_t)(((uint64_t)ppm * 100000 + 999999) / 1000000);
        int64_t told = histogram_quantile(histogram, ppm);
        assert_true(told >= exact && told <= exact + exact / 64 + 1);
    }
    assert_int_equal(histogram_quantile(histogram, 1000000), 100000);
    assert_int_equal(histogram_quantile(histogram, 0), 1);
    assert_int_equal(histogram_count(histogram), 100000);
    assert_int_equal(histogram_mean(histogram), 50000);
    assert_int_equal(histogram_max(histogram), 100000);
    test_free(histogram);
}

static void ends_of_the_range_take_the_rest(void **state)
{
    (void)state;
    struct histogram *histogram = test_calloc(1, sizeof *histogram);
    histogram_add(histogram, -5);
    assert_int_equal(histogram_cell_count(histogram, 0), 1);
    histogram_add(histogram, HISTOGRAM_MAX_US * 10);
    assert_int_equal(histogram_max(histogram), HISTOGRAM_MAX_US * 10);
    assert_int_equal(histogram_count(histogram), 2);
    assert_true(histogram_quantile(histogram, 1000000) >= HISTOGRAM_MAX_US);
    test_free(histogram);
}

static void merging_is_adding(void **state)
{
    (void)state;
    struct histogram *a = test_calloc(1, sizeof *a), *b = test_calloc(1, sizeof *b), *all = test_calloc(1, sizeof *all);
    for (int64_t value = 1; value < 3000000; value += 1 + value / 3) {
        histogram_add(value % 2 ? a : b, value);
        histogram_add(all, value);
    }
    histogram_add(b, 5000000);
    histogram_add(all, 5000000);
    histogram_merge(a, b);
    for (unsigned cell = 0; cell < HISTOGRAM_CELLS; cell++)
        assert_int_equal(histogram_cell_count(a, cell), histogram_cell_count(all, cell));
    assert_int_equal(histogram_count(a), histogram_count(all));
    assert_int_equal(histogram_mean(a), histogram_mean(all));
    assert_int_equal(histogram_max(a), histogram_max(all));
    histogram_clear(a);
    assert_int_equal(histogram_count(a), 0);
    assert_int_equal(histogram_quantile(a, 990000), 0);
    test_free(a);
    test_free(b);
    test_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_cover_the_range),
        cmocka_unit_test(quantiles_are_near),
        cmocka_unit_test(ends_of_the_range_take_the_rest),
        cmocka_unit_test(merging_is_adding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
