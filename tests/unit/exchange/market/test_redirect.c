/* Where verdicts may send people: by the host alone, and by nothing that two readers of a URL could read differently.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/redirect.h"

static const struct bytes hosts[] = {{"quote.north.example", 19}, {"x.example", 9}};
static const struct buyer buyer = {.redirect_hosts = {hosts, 2}};

static bool may(const char *url)
{
    return redirect_is_allowed(&buyer, bytes_of(url));
}

static void test_listed_hosts_only(void **state)
{
    (void)state;
    assert_true(may("https://quote.north.example/x?id=7#a"));
    assert_true(may("https://QUOTE.north.Example"));
    assert_true(may("HTTPS://x.example:8443/"));
    assert_true(may("https://x.example?to=https://evil.example"));
    assert_false(may("https://north.example/"));
    assert_false(may("https://quote.north.example.evil.example/"));
    assert_false(may("https://evilx.example/"));
    assert_false(may("https://a.x.example/"));
    assert_false(may(""));
}

static void test_https_only(void **state)
{
    (void)state;
    assert_false(may("http://x.example/"));
    assert_false(may("//x.example/"));
    assert_false(may("javascript:alert(1)//x.example"));
    assert_false(may("https:/x.example/"));
}

static void test_no_two_readings(void **state)
{
    (void)state;
    assert_false(may("https://x.example@evil.example/"));
    assert_false(may("https://user:pw@x.example/"));
    assert_false(may("https://x.example\\@evil.example/"));
    assert_false(may("https://x.example\\.evil.example/"));
    assert_false(may("https://x.example\t/"));
    assert_false(may("https://x.example/a b"));
    assert_false(may("https://x.example\xE3\x80\x82/"));
    assert_false(may("https://x.example%2eevil.example/"));
    assert_false(may("https://x.example:/"));
    assert_false(may("https://x.example:0/"));
    assert_false(may("https://x.example:70000/"));
    assert_false(may("https://x.example:443x/"));
    assert_false(may("https://[::1]/"));
}

static void test_nothing_without_a_list(void **state)
{
    (void)state;
    struct buyer bare = {.redirect_hosts = {NULL, 0}};
    assert_false(redirect_is_allowed(&bare, BYTES("https://x.example/")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listed_hosts_only),
        cmocka_unit_test(test_https_only),
        cmocka_unit_test(test_no_two_readings),
        cmocka_unit_test(test_nothing_without_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
