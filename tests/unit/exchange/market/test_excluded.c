/* excluded: names come in order and once each; what is packed comes back the same; what is no list is refused; a buyer
 * is kept out by its id and by its group. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/market/excluded.h"
#include "exchange/market/match.h"

static struct arena arena;

static int reset(void **state)
{
    (void)state;
    arena_free(&arena);
    arena_init(&arena, 4096, 1 << 20);
    return 0;
}

static int done(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void in_order_and_once_each(void **state)
{
    (void)state;
    const struct bytes texts[] = {BYTES("south"), BYTES("a\"b\\c"), BYTES("north"), BYTES(""), BYTES("south")};
    struct names names, again;
    struct bytes list;
    assert_true(excluded_sort(texts, 5, &arena, &names));
    assert_int_equal(names.count, 4);
    for (uint32_t i = 1; i < names.count; i++) assert_true(bytes_compare(names.at[i - 1], names.at[i]) < 0);
    assert_true(excluded_pack(&names, &arena, &list));
    assert_true(bytes_is(list, "[\"\",\"a\\\"b\\\\c\",\"north\",\"south\"]"));
    assert_true(excluded_unpack(list, &arena, &again));
    assert_int_equal(again.count, 4);
    for (uint32_t i = 0; i < names.count; i++) assert_true(bytes_same(names.at[i], again.at[i]));
}

static void none_costs_nothing(void **state)
{
    (void)state;
    struct names names = {.count = 7};
    struct bytes list = BYTES("x");
    assert_true(excluded_sort(NULL, 0, &arena, &names));
    assert_int_equal(names.count, 0);
    assert_true(excluded_pack(&names, &arena, &list));
    assert_int_equal(list.len, 0);
    names.count = 7;
    assert_true(excluded_unpack(BYTES_NONE, &arena, &names));
    assert_int_equal(names.count, 0);
    assert_int_equal(arena.total, 0);
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    struct names names;
    assert_false(excluded_unpack(BYTES("{\"a\":\"b\"}"), &arena, &names));
    assert_false(excluded_unpack(BYTES("\"a\""), &arena, &names));
    assert_false(excluded_unpack(BYTES("[\"a\""), &arena, &names));
}

static void by_id_and_by_group(void **state)
{
    (void)state;
    const struct bytes texts[] = {BYTES("north-holding"), BYTES("acme"), BYTES("nobody")};
    struct buyer acme = {.id = BYTES("acme"), .group = BYTES("acme")};
    struct buyer north = {.id = BYTES("north"), .group = BYTES("north-holding")};
    struct buyer other = {.id = BYTES("acme2"), .group = BYTES("acme2")};
    struct affiliate affiliate = {.id = BYTES("best")};
    struct facts facts = {0};
    assert_false(match_excludes(&affiliate, &acme, &facts));
    assert_true(excluded_sort(texts, 3, &arena, &facts.excluded));
    assert_true(match_excludes(&affiliate, &acme, &facts));
    assert_true(match_excludes(NULL, &north, &facts));
    assert_false(match_excludes(&affiliate, &other, &facts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(in_order_and_once_each, reset, done),
        cmocka_unit_test_setup_teardown(none_costs_nothing, reset, done),
        cmocka_unit_test_setup_teardown(what_is_no_list_is_refused, reset, done),
        cmocka_unit_test_setup_teardown(by_id_and_by_group, reset, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
