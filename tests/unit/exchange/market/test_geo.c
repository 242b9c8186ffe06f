/* The tables of zips and area codes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "exchange/market/geo.h"

#define SF "94110\t37.7486\t-122.4158\tCA\tSan Francisco\tAmerica/Los_Angeles\n"
#define OAK "94612\t37.8085\t-122.2668\tCA\tAlameda\tAmerica/Los_Angeles\n"
#define NYC "10001\t40.7506\t-73.9972\tNY\tNew York\tAmerica/New_York\n"

static struct arena arena;

static void reads_and_measures(void **state)
{
    struct geo geo = {0};
    struct geo_error error;
    (void)state;
    assert_true(
        geo_read_zips(&geo, BYTES("# c\nzip\tlat\tlon\tstate\tcounty\ttz\r\n" SF "\n" OAK NYC), &arena, &error));
    assert_int_equal(geo.zips_count, 3);
    assert_int_equal(geo.zips[0].zip, 10001);
    assert_null(geo_zip(&geo, 94111));
    assert_true(bytes_is(geo_zip(&geo, 94110)->county, "San Francisco"));
    double near = geo_miles(geo_zip(&geo, 94110), geo_zip(&geo, 94612));
    double far = geo_miles(geo_zip(&geo, 94110), geo_zip(&geo, 10001));
    assert_true(near > 8 && near < 10);
    assert_true(far > 2560 && far < 2575);
    assert_true(geo_read_areas(&geo, BYTES("415\tCA\tAmerica/Los_Angeles\n"), &arena, &error));
    assert_non_null(geo_area(&geo, 415));
    assert_null(geo_area(&geo, 416));
}

static void tells_the_line(void **state)
{
    static const struct {
        const char *text, *error;
        unsigned line;
    } CASES[] = {
        {SF "9411\t1\t1\tCA\tx\tUTC\n", "zip: 9411 is not five digits", 2},
        {"94110\t91\t1\tCA\tx\tUTC\n", "lat: 91 is not a latitude such as 37.7486", 1},
        {"94110\t1\t-180.5\tCA\tx\tUTC\n", "lon: -180.5 is not a longitude such as -122.4158", 1},
        {"94110\t1\t1e2\tCA\tx\tUTC\n", "lon: 1e2 is not a longitude such as -122.4158", 1},
        {"94110\t1\t1\tXX\tx\tUTC\n", "state: XX is not a state's two letters", 1},
        {"94110\t1\t1\tCA\tx\t\n", "tz:  is not a time zone's name", 1},
        {"\n94110 1\t1\n", "a line has 6 columns between tabs, this one has 2", 2},
        {SF SF, "zip 94110 stands twice", 3},
        {"# nothing\n", "the table has no line", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct geo geo = {0};
        struct geo_error error;
        assert_false(geo_read_zips(&geo, bytes_of(CASES[i].text), &arena, &error));
        assert_string_equal(error.text, CASES[i].error);
        assert_int_equal(error.line, CASES[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_and_measures), cmocka_unit_test(tells_the_line)};
    arena_init(&arena, 1 << 16, 1 << 24);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}
