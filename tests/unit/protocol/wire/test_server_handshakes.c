/* How many TLS handshakes are let begin, on a clock of the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/wire/server_handshakes.h"

#define START_US INT64_C(5000000)

static unsigned let_in(struct server_handshakes *handshakes, const char *address, int64_t now_us, unsigned tries)
{
    unsigned count = 0;
    for (unsigned i = 0; i < tries; i++)
        count += server_handshakes_enter(handshakes, (struct bytes){address, 4}, now_us);
    return count;
}

static void a_second_s_worth_at_once(void **state)
{
    (void)state;
    struct server_handshakes handshakes = {.address_max = 10};
    assert_int_equal(let_in(&handshakes, "aaaa", START_US, 100), 10);
    assert_int_equal(let_in(&handshakes, "aaaa", START_US + 99999, 100), 0);
    assert_int_equal(let_in(&handshakes, "aaaa", START_US + 100000, 100), 1);
    assert_int_equal(let_in(&handshakes, "aaaa", START_US + 600000, 100), 5);
    assert_int_equal(let_in(&handshakes, "aaaa", START_US + 600000000, 100),
                     10); /* what was not used does not add up */
}

static void one_s_flood_is_not_another_s(void **state)
{
    (void)state;
    struct server_handshakes handshakes = {.all_max = 50, .address_max = 10};
    assert_int_equal(let_in(&handshakes, "aaaa", START_US, 10000), 10);
    unsigned others = 0;
    for (char last = 'b'; last < 'f'; last++)
        others += let_in(&handshakes, (char[]){'b', 'b', 'b', last}, START_US, 10);
    assert_true(others >= 20); /* of 40: some might share a place, which one time in a thousand they do */
    assert_int_equal(let_in(&handshakes, "zzzz", START_US, 100), 50 - 10 - others < 10 ? 50 - 10 - others : 10);
}

static void all_together(void **state)
{
    (void)state;
    struct server_handshakes handshakes = {.all_max = 1000};
    unsigned count = 0;
    for (uint32_t i = 0; i < 5000; i++) count += let_in(&handshakes, (const char *)&i, START_US + i * 1000, 3);
    assert_true(count >= 5900 && count <= 6000); /* five seconds, and the one that may come at once */
    struct server_handshakes open = {0};
    assert_int_equal(let_in(&open, "aaaa", START_US, 100000), 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_s_worth_at_once),
        cmocka_unit_test(one_s_flood_is_not_another_s),
        cmocka_unit_test(all_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
