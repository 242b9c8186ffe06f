/* table: put, find, drop; a long random life against an array that says what should be there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "protocol/base/table.h"

static void finds_what_was_put(void **state)
{
    (void)state;
    struct table table;
    table_init(&table);
    assert_int_equal(table_find(&table, BYTES("a")), TABLE_NONE);
    assert_false(table_drop(&table, BYTES("a")));
    assert_int_equal(table_put(&table, BYTES("a"), 1), FAULT_NONE);
    assert_int_equal(table_put(&table, BYTES(""), 2), FAULT_NONE);
    assert_int_equal(table_put(&table, BYTES("a\0b"), 3), FAULT_NONE);
    assert_int_equal(table_find(&table, BYTES("a")), 1);
    assert_int_equal(table_find(&table, BYTES_NONE), 2);
    assert_int_equal(table_find(&table, BYTES("a\0b")), 3);
    assert_int_equal(table_find(&table, BYTES("a\0c")), TABLE_NONE);
    assert_int_equal(table_put(&table, BYTES("a"), 9), FAULT_NONE);
    assert_int_equal(table_find(&table, BYTES("a")), 9);
    assert_int_equal(table.count, 3);
    assert_true(table_drop(&table, BYTES("a")));
    assert_false(table_drop(&table, BYTES("a")));
    assert_int_equal(table.count, 2);
    table_free(&table);
    assert_int_equal(table_find(&table, BYTES("")), TABLE_NONE);
}

#define KEYS 3000u

static void lives_long(void **state)
{
    (void)state;
    static char keys[KEYS][24];
    static uint32_t expected[KEYS];
    struct table table;
    uint64_t random = 88172645463325252u;
    table_init(&table);
    for (uint32_t i = 0; i < KEYS; i++) {
        snprintf(keys[i], sizeof keys[i], "%*u", (int)(i % 20) + 1, i);
        expected[i] = TABLE_NONE;
    }
    for (uint32_t step = 0; step < 300000; step++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        uint32_t at = (uint32_t)(random >> 20) % KEYS;
        struct bytes key = bytes_of(keys[at]);
        assert_int_equal(table_find(&table, key), expected[at]);
        if (random % 5 < (step / 50000) % 2 * 2 + 2) { /* now growing, now shrinking */
            assert_int_equal(table_put(&table, key, step), FAULT_NONE);
            expected[at] = step;
        } else {
            assert_int_equal(table_drop(&table, key), expected[at] != TABLE_NONE);
            expected[at] = TABLE_NONE;
        }
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_int_equal(table_find(&table, bytes_of(keys[i])), expected[i]);
        count += expected[i] != TABLE_NONE;
    }
    assert_int_equal(table.count, count);
    assert_true(table.places >= 2 * table.count);
    table_free(&table);
}

/* Every length goes through its own path of the hash; one changed byte anywhere changes it. */
static void every_byte_counts_in_the_hash(void **state)
{
    (void)state;
    char text[41] = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";
    for (size_t len = 1; len <= 40; len++) {
        struct bytes key = {text, len};
        uint64_t hash = table_hash(key);
        assert_int_equal(hash, table_hash(key));
        assert_true(hash != 0 && hash != table_hash(bytes_first(key, len - 1)));
        for (size_t i = 0; i < len; i++) {
            text[i] ^= 1;
            assert_true(hash != table_hash(key));
            text[i] ^= 1;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_put),
        cmocka_unit_test(lives_long),
        cmocka_unit_test(every_byte_counts_in_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
