/* When a delivery is tried again, and when no more: the instants of api.md, told one after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/courier/ladder.h"

static void test_the_instants(void **state)
{
    static const int64_t at_s[] = {0, 5, 305, 2105, 9305, 27305, 63305, 99305}; /* of each try, from the event on */
    int64_t now_ms = 0;
    (void)state;
    for (uint32_t tries = 1; tries <= LADDER_TRIES; tries++) {
        assert_int_equal(now_ms, at_s[tries - 1] * 1000);
        now_ms += ladder_wait_ms(tries);
    }
    assert_int_equal(ladder_wait_ms(LADDER_TRIES), -1);
    assert_int_equal(ladder_wait_ms(LADDER_TRIES + 1), -1);
    assert_int_equal(ladder_wait_ms(255), -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_instants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
