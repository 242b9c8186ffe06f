/* slots: stale ids, the bound, reuse; a long random life against a plain list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/base/slots.h"

#define MAX 200u

static void an_id_goes_stale(void **state)
{
    (void)state;
    struct slots slots;
    uint64_t a, b;
    assert_int_equal(slots_open(&slots, 24, MAX), FAULT_NONE);
    char *first = slots_take(&slots, &a);
    assert_true(a != 0);
    assert_int_equal((uintptr_t)first % 64, 0);
    assert_ptr_equal(slots_find(&slots, a), first);
    slots_give(&slots, a);
    assert_null(slots_find(&slots, a));
    assert_ptr_equal(slots_take(&slots, &b), first); /* last in, first out */
    assert_true(a != b);
    assert_null(slots_find(&slots, a));
    assert_null(slots_find(&slots, 0));
    assert_null(slots_find(&slots, UINT64_MAX));
    assert_null(slots_find(&slots, b + 1)); /* a slot that was never made */
    assert_int_equal(slots_live(&slots, 0), b);
    assert_int_equal(slots_live(&slots, 1), 0);
    assert_null(slots_at(&slots, 1));
    slots_close(&slots);
}

static void holds_no_more_than_max(void **state)
{
    (void)state;
    struct slots slots;
    uint64_t ids[MAX], more;
    assert_int_equal(slots_open(&slots, 8, MAX), FAULT_NONE);
    for (uint32_t i = 0; i < MAX; i++) assert_non_null(slots_take(&slots, &ids[i]));
    assert_null(slots_take(&slots, &more));
    assert_int_equal(slots.used, MAX);
    slots_give(&slots, ids[77]);
    assert_ptr_equal(slots_take(&slots, &more), slots_at(&slots, 77));
    slots_close(&slots);
}

static void objects_are_clear_only_at_first(void **state)
{
    (void)state;
    struct slots slots;
    uint64_t id;
    assert_int_equal(slots_open(&slots, 8, MAX), FAULT_NONE);
    uint64_t *object = slots_take(&slots, &id);
    assert_int_equal(*object, 0);
    *object = 5;
    slots_give(&slots, id);
    object = slots_take(&slots, &id);
    assert_int_equal(*object, 5);
    slots_close(&slots);
}

static void lives_long(void **state)
{
    (void)state;
    struct slots slots;
    uint64_t live[MAX], dead = 0, random = 88172645463325252u;
    uint32_t count = 0;
    assert_int_equal(slots_open(&slots, sizeof(uint64_t), MAX), FAULT_NONE);
    for (int step = 0; step < 100000; step++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if (random % 2 && count < MAX) {
            uint64_t *object = slots_take(&slots, &live[count]);
            assert_non_null(object);
            *object = live[count++];
        } else if (count > 0) {
            uint32_t at = (uint32_t)(random >> 8) % count;
            uint64_t *object = slots_find(&slots, live[at]);
            assert_non_null(object);
            assert_int_equal(*object, live[at]);
            dead = live[at];
            slots_give(&slots, dead);
            live[at] = live[--count];
        }
        assert_int_equal(slots.used, count);
        assert_null(slots_find(&slots, dead));
    }
    for (uint32_t i = 0; i < count; i++) assert_non_null(slots_find(&slots, live[i]));
    slots_close(&slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_goes_stale),
        cmocka_unit_test(holds_no_more_than_max),
        cmocka_unit_test(objects_are_clear_only_at_first),
        cmocka_unit_test(lives_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
