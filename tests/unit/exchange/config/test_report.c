/* report: order, what is printed, and that nothing quoted can do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/exchange/config/given.h"

static void sorts_by_file_then_place(void **state)
{
    (void)state;
    struct config_report report;
    config_report_open(&report);
    config_report_mention(&report, "z");
    config_report_add(&report, true, "a", 2, 1, "three");
    config_report_add(&report, true, "z", 9, 9, "a two");
    config_report_add(&report, false, "z", 9, 1, "one");
    config_report_add(&report, true, "a", 10, 1, "four");
    config_report_add(&report, true, "", 0, 0, "five");
    config_report_sort(&report);
    assert_string_equal(given_findings(&report),
                        "z:9:1: warning: one\nz:9:9: a two\na:2:1: three\na:10:1: four\nfive\n");
    assert_int_equal(report.errors, 4);
    assert_int_equal(report.warnings, 1);
    assert_false(config_report_is_clean(&report));
    config_report_close(&report);
}

static void quotes_nothing_harmful(void **state)
{
    (void)state;
    struct config_report report;
    config_report_open(&report);
    config_report_add(&report, false, "a\nb", 1, 1, "%s", "x\x1b[2Jy\xff\xc3\xa9\xe2\x82");
    assert_string_equal(given_findings(&report), "a?b:1:1: warning: x?[2Jy?\xc3\xa9??\n");
    assert_true(config_report_is_clean(&report));
    config_report_close(&report);
}

static void counts_what_it_does_not_keep(void **state)
{
    (void)state;
    struct config_report report;
    config_report_open(&report);
    for (unsigned i = 0; i < CONFIG_FINDINGS_MAX + 5; i++) config_report_add(&report, true, "a", 1, 1, "again");
    assert_int_equal(report.count, CONFIG_FINDINGS_MAX);
    assert_int_equal(report.errors, CONFIG_FINDINGS_MAX + 5);
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    config_report_print(&report, out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "a:1:1: again\nand 5 more\n"));
    free(text);
    config_report_close(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_by_file_then_place),
        cmocka_unit_test(quotes_nothing_harmful),
        cmocka_unit_test(counts_what_it_does_not_keep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
