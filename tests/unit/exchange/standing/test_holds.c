/* holds: places among open offers, reservations kept for them; what ends when; and threads that want the last place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "exchange/standing/holds.h"
#include "protocol/base/clock.h"

static struct standing *standing;
static struct holds *holds;
static uint32_t contracts[2], buyer, cap;

static int start(void **state)
{
    (void)state;
    if (standing_open(&standing) || holds_open(&holds)) return -1;
    contracts[0] = standing_contract_cell(standing, BYTES("c0"));
    contracts[1] = standing_contract_cell(standing, BYTES("c1"));
    buyer = standing_buyer_cell(standing, BYTES("b"));
    cap = standing_cap_cell(standing, &(struct cap_id){{1}});
    return 0;
}

static int stop(void **state)
{
    (void)state;
    holds_close(&holds);
    standing_close(&standing);
    return 0;
}

static struct ident ping(uint32_t number)
{
    struct ident id = {{1}};
    memcpy(id.at + 4, &number, sizeof number);
    return id;
}

static struct reservation take(uint32_t contract)
{
    struct reservation taken = {.keys = {{.cell = cap, .id = {{1}}, .window = 9, .amount = 1, .limit = UINT32_MAX}},
                                .keys_count = 1};
    assert_int_equal(reservation_take(standing, contract, buyer, 1, &taken), REASON_NONE);
    return taken;
}

static bool put(uint32_t number, uint32_t contract, uint32_t max, int64_t expires_us, int64_t until_us)
{
    struct reservation taken;
    struct hold_terms terms = {
        .ping_id = ping(number), .contract_cell = contract, .max = max, .expires_us = expires_us, .until_us = until_us};
    if (until_us) {
        taken = take(contract);
        terms.reservation = &taken;
    }
    bool fits = holds_put(holds, standing, &terms);
    if (!fits && until_us) reservation_release(standing, &taken);
    return fits;
}

static uint32_t used(void)
{
    return caps_used(standing, cap, 9);
}

static bool has(uint32_t number, uint32_t contract)
{
    struct ident id = ping(number);
    return holds_has(holds, &id, contract);
}

static void end(uint32_t number)
{
    struct ident id = ping(number);
    holds_end(holds, standing, &id);
}

static void places(void **state)
{
    (void)state;
    assert_true(put(1, contracts[0], 2, 100, 0));
    assert_true(put(2, contracts[0], 2, 200, 0));
    assert_false(put(3, contracts[0], 2, 300, 0));
    assert_true(put(4, contracts[1], 2, 300, 0));
    assert_int_equal(holds_open_offers(standing, contracts[0]), 2);
    holds_sweep(holds, standing, 99);
    assert_false(put(3, contracts[0], 2, 300, 0));
    holds_sweep(holds, standing, 100); /* the first has expired */
    assert_true(put(3, contracts[0], 2, 300, 0));
    end(2);
    end(2); /* once is enough */
    assert_int_equal(holds_open_offers(standing, contracts[0]), 1);
    holds_sweep(holds, standing, INT64_MAX);
    assert_int_equal(holds_open_offers(standing, contracts[0]), 0);
    assert_int_equal(holds_open_offers(standing, contracts[1]), 0);
}

static void reservations(void **state)
{
    struct reservation taken;
    struct ident id = ping(1);
    (void)state;
    assert_true(put(1, contracts[0], 0, 1000, 20));
    assert_true(put(2, contracts[0], 0, 1000, 50));
    assert_true(put(3, contracts[0], 0, 30, 50)); /* the offer ends before its hold */
    assert_int_equal(used(), 3);
    assert_true(has(1, contracts[0]));
    assert_false(has(1, contracts[1]));
    assert_true(holds_take(holds, &id, contracts[0], &taken)); /* posted in time: the sale's now */
    assert_false(holds_take(holds, &id, contracts[0], &taken));
    assert_int_equal(taken.keys_count, 1);
    assert_int_equal(used(), 3);
    holds_sweep(holds, standing, 30);
    assert_int_equal(used(), 2);
    assert_true(has(2, contracts[0]));
    holds_sweep(holds, standing, 50); /* not posted: room again, the offer stands */
    assert_int_equal(used(), 1);
    assert_false(has(2, contracts[0]));
    assert_int_equal(holds_open_offers(standing, contracts[0]), 2);
    end(1);
    assert_int_equal(used(), 1); /* what was taken is not given back with the offer */
    reservation_release(standing, &taken);
    holds_sweep(holds, standing, 1000);
    assert_int_equal(used(), 0);
    assert_int_equal(holds_open_offers(standing, contracts[0]), 0);
}

/* Several contracts behind one offer end together. */
static void several_of_one_offer(void **state)
{
    (void)state;
    assert_true(put(1, contracts[0], 1, 100, 60));
    assert_true(put(1, contracts[1], 1, 100, 70));
    assert_true(has(1, contracts[0]) && has(1, contracts[1]));
    holds_sweep(holds, standing, 60);
    assert_true(!has(1, contracts[0]) && has(1, contracts[1]));
    end(1);
    assert_int_equal(used(), 0);
    assert_int_equal(holds_open_offers(standing, contracts[1]), 0);
    assert_true(put(1, contracts[1], 1, 100, 70)); /* the id may come again */
    holds_sweep(holds, standing, 100);
    assert_int_equal(used(), 0);
}

#define MANY 20000u

/* Random ends: what stands is always what a plain list says. */
static void by_a_plain_list(void **state)
{
    static int64_t expires[MANY], until[MANY];
    static bool live[MANY];
    uint64_t dice = 88172645463325252u;
    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
        int64_t now = i;
        expires[i] = now + 1 + (int64_t)(dice % 3000);
        until[i] = dice & 4096 ? 0 : now + 1 + (int64_t)(dice >> 20) % 500;
        live[i] = true;
        assert_true(put(i, contracts[0], 0, expires[i], until[i]));
        if (dice >> 40 & 1) {
            uint32_t gone = (uint32_t)(dice >> 41) % (i + 1);
            end(gone);
            live[gone] = false;
        }
        holds_sweep(holds, standing, now);
        if (i % 97) continue;
        uint32_t open = 0, held = 0;
        for (uint32_t k = 0; k <= i; k++) {
            open += live[k] && expires[k] > now;
            held += live[k] && expires[k] > now && until[k] > now;
        }
        assert_int_equal(holds_open_offers(standing, contracts[0]), open);
        assert_int_equal(used(), held);
    }
}

static _Atomic uint32_t most;

static void *want_a_place(void *arg)
{
    uint32_t turn = (uint32_t)(uintptr_t)arg;
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t number = turn * 1000000 + i;
        bool got = put(number, contracts[0], 3, 1000000, i % 2 ? 1000000 : 0);
        uint32_t open = holds_open_offers(standing, contracts[0]), seen = atomic_load(&most);
        while (open > seen && !atomic_compare_exchange_weak(&most, &seen, open))
            ;
        holds_sweep(holds, standing, i);
        if (got) end(number);
    }
    return NULL;
}

static void never_over_with_threads(void **state)
{
    pthread_t threads[8];
    (void)state;
    atomic_store(&most, 0);
    for (uintptr_t i = 0; i < 8; i++) assert_int_equal(pthread_create(&threads[i], NULL, want_a_place, (void *)i), 0);
    for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
    assert_in_range(atomic_load(&most), 1, 3);
    assert_int_equal(holds_open_offers(standing, contracts[0]), 0);
    assert_int_equal(used(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(places, start, stop),
        cmocka_unit_test_setup_teardown(reservations, start, stop),
        cmocka_unit_test_setup_teardown(several_of_one_offer, start, stop),
        cmocka_unit_test_setup_teardown(by_a_plain_list, start, stop),
        cmocka_unit_test_setup_teardown(never_over_with_threads, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
