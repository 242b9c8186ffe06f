/* list, shelf, revoked: sets of people, and what threads see of them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "exchange/standing/list.h"
#include "exchange/standing/revoked.h"

static uint64_t mixed(uint64_t number)
{
    number = (number ^ number >> 31) * UINT64_C(0x7FB5D329728EA185);
    return (number ^ number >> 27) * UINT64_C(0x81DADEF4BC2DD44D) | 1;
}

static struct list *list_of(uint64_t from, uint64_t to)
{
    struct list_maker *maker;
    struct list *list;
    assert_int_equal(list_begin(&maker), FAULT_NONE);
    for (uint64_t i = from; i < to; i++) assert_int_equal(list_add(maker, mixed(i)), FAULT_NONE);
    if (to > from) assert_int_equal(list_add(maker, mixed(from)), FAULT_NONE); /* twice is once */
    assert_int_equal(list_finish(&maker, false, &list), FAULT_NONE);
    return list;
}

static void count_one(void *arg, uint64_t entry)
{
    (void)entry;
    ++*(uint64_t *)arg;
}

static void what_is_on_a_list(void **state)
{
    static const uint64_t sizes[] = {0, 1, 2, 7, 1000, 50000};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct list *list = list_of(1000000, 1000000 + sizes[i]);
        uint64_t found = 0, strangers = 0, each = 0;
        for (uint64_t k = 0; k < sizes[i]; k++) found += list_has(list, mixed(1000000 + k));
        for (uint64_t k = 0; k < 10000; k++) strangers += list_has(list, mixed(k));
        list_each(list, count_one, &each);
        assert_int_equal(found, sizes[i]);
        assert_int_equal(list_count(list), sizes[i]);
        assert_int_equal(each, sizes[i]);
        assert_int_equal(strangers, 0);
        list_drop(&list);
    }
    struct digest zero = {{0}};
    assert_int_equal(list_entry(&zero), 1);
    struct list_maker *maker;
    assert_int_equal(list_begin(&maker), FAULT_NONE);
    assert_int_equal(list_finish(&maker, false, NULL), FAULT_NONE); /* given up */
}

static void a_shelf_replaces_one_and_shares_the_rest(void **state)
{
    struct shelf *old = shelf_open(), *fresh = shelf_open();
    struct list_origin origin = {1, 2, 3, 4}, found;
    (void)state;
    assert_int_equal(shelf_put(old, BYTES("a"), list_of(0, 10), &origin), FAULT_NONE);
    assert_int_equal(shelf_put(old, BYTES("b"), list_of(10, 20), &origin), FAULT_NONE);
    assert_int_equal(shelf_copy(fresh, old), FAULT_NONE);
    assert_int_equal(shelf_put(fresh, BYTES("b"), list_of(20, 30), &origin), FAULT_NONE);
    assert_ptr_equal(shelf_find(old, BYTES("a"), &found), shelf_find(fresh, BYTES("a"), NULL));
    assert_int_equal(found.changed_ns, 4);
    assert_true(list_has(shelf_find(old, BYTES("b"), NULL), mixed(10)));
    assert_true(list_has(shelf_find(fresh, BYTES("b"), NULL), mixed(20)));
    assert_false(list_has(shelf_find(fresh, BYTES("b"), NULL), mixed(10)));
    assert_null(shelf_find(fresh, BYTES("c"), NULL));
    assert_null(shelf_find(NULL, BYTES("a"), NULL));
    shelf_drop(&old);
    assert_true(list_has(shelf_find(fresh, BYTES("a"), NULL), mixed(5)));
    for (unsigned i = 2; i < SHELF_LISTS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "%u", i);
        assert_int_equal(shelf_put(fresh, bytes_of(name), list_of(0, 0), &origin), FAULT_NONE);
    }
    assert_int_equal(shelf_put(fresh, BYTES("one more"), list_of(0, 0), &origin), FAULT_FULL);
    shelf_drop(&fresh);
}

#define PEOPLE 20000u

static struct person_keys person(uint64_t number)
{
    struct person_keys keys = {.count = 1};
    uint64_t halves[2] = {mixed(number), mixed(number + 1)};
    memcpy(keys.list[0].at, halves, sizeof halves);
    return keys;
}

struct adding {
    struct revoked *revoked;
    _Atomic bool is_over, has_failed;
};

static void *add_people(void *arg)
{
    struct adding *adding = arg;
    bool good = true;
    for (uint64_t i = 0; i < PEOPLE && good; i++) {
        struct person_keys keys = person(i);
        good = revoked_add(adding->revoked, &keys.list[0]) == FAULT_NONE;
        if (i % 7 == 0 && good) good = revoked_add(adding->revoked, &keys.list[0]) == FAULT_NONE;
    }
    adding->has_failed = !good;
    adding->is_over = true;
    return NULL;
}

/* Somebody else, looked for from the very place where that person goes: the place fills while it is looked at. */
static struct person_keys neighbour(uint64_t number)
{
    struct person_keys keys = person(number);
    keys.list[0].at[sizeof keys.list[0].at - 1] ^= 1;
    return keys;
}

/* Once seen, always seen; and nobody is who was not added, not even while his place is taken by another. */
static void the_revoked_under_way(void **state)
{
    struct revoked *revoked = revoked_open();
    struct adding adding = {.revoked = revoked};
    struct person_keys nobody = {.count = 0}, some = person(3);
    uint64_t seen = 0, wrong = 0;
    pthread_t thread;
    (void)state;
    assert_true(revoked_is_empty(revoked));
    assert_false(revoked_has(revoked, &some));
    assert_int_equal(pthread_create(&thread, NULL, add_people, &adding), 0);
    while (!adding.is_over) {
        struct person_keys keys = person(seen), stranger = neighbour(seen);
        wrong += revoked_has(revoked, &stranger);
        if (seen < PEOPLE) seen += revoked_has(revoked, &keys);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(adding.has_failed);
    assert_int_equal(wrong, 0);
    for (uint64_t i = 0; i < PEOPLE; i++) {
        struct person_keys keys = person(i), stranger = neighbour(i);
        if (!revoked_has(revoked, &keys)) fail_msg("person %u was forgotten", (unsigned)i);
        if (revoked_has(revoked, &stranger)) fail_msg("the neighbour of %u is revoked", (unsigned)i);
    }
    assert_false(revoked_has(revoked, &nobody));
    revoked_close(&revoked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_on_a_list),
        cmocka_unit_test(a_shelf_replaces_one_and_shares_the_rest),
        cmocka_unit_test(the_revoked_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
