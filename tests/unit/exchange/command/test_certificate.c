/* When an expiring certificate is told of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/command/certificate.h"

static void told_at_each_of_the_days(void **state)
{
    static const int64_t day_ms = 86400000;
    (void)state;
    assert_int_equal(certificate_level(90 * day_ms), 0);
    assert_int_equal(certificate_level(21 * day_ms + 1), 0);
    assert_int_equal(certificate_level(21 * day_ms), 1);
    assert_int_equal(certificate_level(7 * day_ms + 1), 1);
    assert_int_equal(certificate_level(7 * day_ms), 2);
    assert_int_equal(certificate_level(day_ms + 1), 2);
    assert_int_equal(certificate_level(day_ms), 3);
    assert_int_equal(certificate_level(1), 3);
    assert_int_equal(certificate_level(0), CERTIFICATE_LEVELS);
    assert_int_equal(certificate_level(-90 * day_ms), CERTIFICATE_LEVELS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(told_at_each_of_the_days)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
