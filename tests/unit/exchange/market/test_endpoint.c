/* endpoint: which addresses an operator may name, with and without allow_private. */
#include "exchange/market/endpoint.h"

#include "tests/unit/exchange/market/world.h"

static void what_may_be_named(void **state)
{
    static const struct {
        const char *url;
        bool ping, post, with_private;
    } ROWS[] = {
        {"https://north.example/ping", true, true, true},
        {"https://north.example", true, true, true},
        {"https://north.example:8443/a?b=c", true, true, true},
        {"https://NORTH.example:443/", true, true, true},
        {"http://north.example/ping", true, false, true},
        {"http://north.example:8080/ping", true, false, true},
        {"http://north.example:443/ping", false, false, true},
        {"https://north.example:444/", false, false, true},
        {"https://north.example:80/", false, false, true},
        {"https://127.0.0.1/", false, false, true},
        {"http://127.0.0.1:4000/ping", false, false, true},
        {"https://8.8.8.8/", false, false, true},
        {"https://2130706433/", false, false, true},
        {"https://north.1/", false, false, true},
        {"https://[::1]/", false, false, true},
        {"https://localhost/", false, false, true},
        {"https://user@north.example/", false, false, false},
        {"https://user:pw@north.example/", false, false, false},
        {"https://north.example/#x", false, false, false},
        {"https://north.example/a b", false, false, false},
        {"https://north.example:0/", false, false, false},
        {"https://north.example:65536/", false, false, false},
        {"https:///x", false, false, false},
        {"ftp://north.example/", false, false, false},
        {"north.example/ping", false, false, false},
        {"", false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct endpoint endpoint;
        struct bytes url = bytes_of(ROWS[i].url);
        if (!endpoint_read(url, false, false, &endpoint) != ROWS[i].ping) fail_msg("%s for a ping", ROWS[i].url);
        if (!endpoint_read(url, false, true, &endpoint) != ROWS[i].post) fail_msg("%s for a post", ROWS[i].url);
        if (!endpoint_read(url, true, true, &endpoint) != ROWS[i].with_private) fail_msg("%s in a demo", ROWS[i].url);
    }
}

static void how_it_is_split(void **state)
{
    struct endpoint endpoint;
    char long_url[ENDPOINT_URL_MAX + 2];
    (void)state;
    assert_null(endpoint_read(BYTES("https://north.example:8443/a/b?c=d"), false, true, &endpoint));
    assert_true(endpoint.is_https);
    assert_true(bytes_is(endpoint.host, "north.example"));
    assert_int_equal(endpoint.port, 8443);
    assert_true(bytes_is(endpoint.target, "/a/b?c=d"));
    assert_null(endpoint_read(BYTES("http://north.example"), false, false, &endpoint));
    assert_false(endpoint.is_https);
    assert_int_equal(endpoint.port, 80);
    assert_true(bytes_is(endpoint.target, "/"));
    memset(long_url, 'a', sizeof long_url);
    memcpy(long_url, "https://north.example/", 22);
    assert_null(endpoint_read((struct bytes){long_url, ENDPOINT_URL_MAX}, false, true, &endpoint));
    assert_non_null(endpoint_read((struct bytes){long_url, ENDPOINT_URL_MAX + 1}, false, true, &endpoint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_named),
        cmocka_unit_test(how_it_is_split),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
