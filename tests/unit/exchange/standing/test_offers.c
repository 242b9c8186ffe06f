/* offers: their life from put to reclaim; each claimed exactly once among four threads while its place is written anew;
 * no reader ever sees bytes of two offers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "exchange/standing/offers.h"

static struct offers *offers;
static char copy[OFFER_BYTES_MAX];
static size_t copy_len;

static int stop(void **state)
{
    (void)state;
    offers_close(&offers);
    assert_null(offers);
    return 0;
}

static struct ident id_of(uint32_t number)
{
    struct ident id = IDENT_NONE;
    memcpy(id.at + 4, &number, sizeof number);
    id.at[0] = 1;
    return id;
}

static bool put(uint32_t worker, uint32_t number, int64_t expires_us, int64_t now_us, struct bytes flat)
{
    struct ident id = id_of(number);
    return offers_put(offers, worker, &id, NULL, expires_us, now_us, flat);
}

static enum offer_state claim(uint32_t number, int64_t now_us)
{
    struct ident id = id_of(number);
    return offers_claim(offers, &id, now_us, copy, sizeof copy, &copy_len);
}

static enum offer_state look(uint32_t number, int64_t now_us)
{
    struct ident id = id_of(number);
    return offers_look(offers, &id, now_us, copy, sizeof copy, &copy_len);
}

static void assert_copied(const char *text)
{
    assert_int_equal(copy_len, strlen(text));
    assert_memory_equal(copy, text, copy_len);
    memset(copy, '?', sizeof copy);
}

static void lives_open_claimed_answered(void **state)
{
    (void)state;
    struct ident id = id_of(1);
    assert_int_equal(offers_open(100, 2, &offers), FAULT_NONE);
    assert_int_equal(look(1, 0), OFFER_NONE);
    assert_true(put(0, 1, 1000, 0, BYTES("nine byte")));
    assert_true(put(1, 2, 1000, 0, BYTES("")));
    assert_int_equal(look(1, 999), OFFER_OPEN);
    assert_copied("nine byte");
    assert_int_equal(claim(1, 999), OFFER_OPEN);
    assert_copied("nine byte");
    assert_int_equal(look(1, 999), OFFER_CLAIMED);
    assert_copied("nine byte");
    assert_int_equal(claim(1, 999), OFFER_CLAIMED);
    assert_copied("nine byte");
    offers_return(offers, &id);
    assert_int_equal(claim(1, 999), OFFER_OPEN);
    offers_answered(offers, &id);
    assert_int_equal(claim(1, 999), OFFER_ANSWERED);
    assert_copied("nine byte");
    offers_return(offers, &id); /* too late: answered is for good */
    assert_int_equal(look(1, 5000), OFFER_ANSWERED);
    assert_int_equal(claim(2, 999), OFFER_OPEN);
    assert_copied("");
    assert_int_equal(claim(3, 999), OFFER_NONE);
}

static void expires(void **state)
{
    (void)state;
    struct ident id = id_of(1), open = id_of(2);
    assert_int_equal(offers_open(100, 1, &offers), FAULT_NONE);
    assert_true(put(0, 1, 1000, 0, BYTES("a")));
    assert_true(put(0, 2, 1000, 0, BYTES("b")));
    assert_int_equal(claim(1, 999), OFFER_OPEN);
    assert_int_equal(claim(1, 1000), OFFER_CLAIMED);
    assert_int_equal(claim(2, 1000), OFFER_EXPIRED);
    assert_copied("b");
    assert_int_equal(look(2, 1000), OFFER_EXPIRED);
    offers_return(offers, &id);
    assert_int_equal(claim(1, 1000), OFFER_EXPIRED);
    offers_answered(offers, &open); /* it is not claimed */
    assert_int_equal(look(2, 999), OFFER_OPEN);
    assert_int_equal(offers_count(offers, 999), 2);
    assert_int_equal(offers_count(offers, 1000), 0);
}

/* A full house: room comes from what has expired, the earliest first, and from nothing else. */
static void bounded_by_max(void **state)
{
    (void)state;
    enum { MAX = 300 };
    assert_int_equal(offers_open(MAX, 1, &offers), FAULT_NONE);
    for (uint32_t i = 0; i < MAX; i++) assert_true(put(0, i, 1000 + (i * 37) % MAX, 0, BYTES("x")));
    assert_false(put(0, MAX, 9000, 999, BYTES("x")));
    assert_int_equal(offers_count(offers, 0), MAX);
    assert_true(put(0, MAX, 9000, 1000, BYTES("y"))); /* in place of offer 0 */
    assert_int_equal(look(0, 1000), OFFER_NONE);
    assert_int_equal(look(1, 1000), OFFER_OPEN);
    assert_int_equal(look(MAX, 1000), OFFER_OPEN);
    assert_copied("y");
    assert_false(put(0, MAX + 1, 9000, 1000, BYTES("x")));
    for (uint32_t i = 1; i < MAX; i++) assert_true(put(0, MAX + i, 9000, 1000 + i, BYTES("x")));
    assert_false(put(0, 5000, 9000, 8999, BYTES("x")));
    assert_int_equal(offers_count(offers, 8999), MAX);
    for (uint32_t i = 0; i < MAX; i++) assert_int_equal(look(i, 0), OFFER_NONE);
    for (uint32_t i = 0; i < MAX; i++) assert_int_equal(look(MAX + i, 0), OFFER_OPEN);
}

static void refuses_what_is_too_long(void **state)
{
    (void)state;
    static char flat[OFFER_BYTES_MAX + 1];
    memset(flat, 'z', sizeof flat);
    assert_int_equal(offers_open(1, 1, &offers), FAULT_NONE);
    assert_false(put(0, 1, 1000, 0, (struct bytes){flat, sizeof flat}));
    assert_true(put(0, 1, 1000, 0, (struct bytes){flat, OFFER_BYTES_MAX}));
    assert_int_equal(claim(1, 0), OFFER_OPEN);
    assert_int_equal(copy_len, OFFER_BYTES_MAX);
    assert_memory_equal(copy, flat, OFFER_BYTES_MAX);
}

static void refuses_odd_sizes(void **state)
{
    (void)state;
    assert_int_equal(offers_open(0, 1, &offers), FAULT_INPUT);
    assert_int_equal(offers_open(1, 0, &offers), FAULT_INPUT);
    assert_int_equal(offers_open(OFFERS_MAX + 1, 1, &offers), FAULT_INPUT);
    assert_null(offers);
}

/* One worker may use nearly all places when the others have no pings; together they have exactly all. */
static void workers_share_the_places(void **state)
{
    (void)state;
    uint32_t number = 0, first = 0, second = 0;
    assert_int_equal(offers_open(1000, 2, &offers), FAULT_NONE);
    assert_true(put(1, number++, 1000, 0, BYTES("x")));
    while (put(0, number, 1000, 0, BYTES("x"))) number++, first++;
    assert_in_range(first, 900, 999);
    while (put(1, number, 1000, 0, BYTES("x"))) number++, second++;
    assert_int_equal(1 + first + second, 1000);
    for (uint32_t i = 0; i < number; i++) assert_int_equal(look(i, 0), OFFER_OPEN);
}

/* Expired ones are told from unknown ones for a while; then their places are used again, few of them for a steady flow.
 */
static void places_are_used_again(void **state)
{
    (void)state;
    assert_int_equal(offers_open(1000, 1, &offers), FAULT_NONE);
    for (uint32_t i = 0; i < 200000; i++) {
        int64_t now_us = (int64_t)i * 100000; /* ten a second, each open for 20 s: with the linger, 300 places */
        assert_true(put(0, i, now_us + 20000000, now_us, BYTES("flow")));
        if (i < 400) continue;
        assert_int_equal(look(i - 199, now_us), OFFER_OPEN);
        assert_int_equal(look(i - 201, now_us), OFFER_EXPIRED);
        assert_int_equal(look(i - 301, now_us), OFFER_NONE);
    }
}

static bool standing(uint32_t same, int64_t now_us)
{
    struct ident id = id_of(same);
    return offers_standing(offers, &id, now_us, copy, sizeof copy, &copy_len);
}

/* The same ping finds the offer that is open for it, and no other. */
static void stands_for_the_same(void **state)
{
    (void)state;
    struct ident first = id_of(1), second = id_of(2), same = id_of(77);
    assert_int_equal(offers_open(100, 1, &offers), FAULT_NONE);
    assert_false(standing(77, 0));
    assert_true(offers_put(offers, 0, &first, &same, 1000, 0, BYTES("first")));
    assert_true(standing(77, 999));
    assert_copied("first");
    assert_false(standing(77, 1000));
    assert_false(standing(1, 0)); /* a ping's id is another name */
    assert_int_equal(claim(77, 0), OFFER_NONE);
    assert_int_equal(claim(1, 0), OFFER_OPEN);
    assert_false(standing(77, 0));
    assert_true(offers_put(offers, 0, &second, &same, 1000, 0, BYTES("second")));
    assert_true(standing(77, 0));
    assert_copied("second");
    offers_answered(offers, &first);
    assert_int_equal(claim(2, 0), OFFER_OPEN);
    assert_false(standing(77, 0));
}

static void is_superseded_for_good(void **state)
{
    (void)state;
    struct ident id = id_of(1);
    assert_int_equal(offers_open(100, 1, &offers), FAULT_NONE);
    assert_true(put(0, 1, 1000, 0, BYTES("a")));
    offers_superseded(offers, &id); /* nobody has claimed it */
    assert_int_equal(claim(1, 0), OFFER_OPEN);
    offers_superseded(offers, &id);
    assert_int_equal(claim(1, 0), OFFER_SUPERSEDED);
    assert_copied("a");
    offers_return(offers, &id);
    assert_int_equal(look(1, 5000), OFFER_SUPERSEDED);
    assert_int_equal(offers_count(offers, 0), 0);
}

/* Whoever claimed it may still be at it after its end: nobody else takes it for gone. */
static void a_claimed_one_keeps_its_place(void **state)
{
    (void)state;
    struct ident id = id_of(1);
    assert_int_equal(offers_open(1, 1, &offers), FAULT_NONE);
    assert_true(put(0, 1, 1000, 0, BYTES("a")));
    assert_int_equal(claim(1, 0), OFFER_OPEN);
    assert_false(put(0, 2, 90000000, 50000000, BYTES("b")));
    assert_int_equal(look(1, 50000000), OFFER_CLAIMED);
    offers_answered(offers, &id);
    assert_true(put(0, 2, 90000000, 50000001, BYTES("b")));
    assert_int_equal(look(1, 50000001), OFFER_NONE);
}

/* Threads: a putter per worker, four claimers that follow it through a slab so small that places are written anew all
 * the time. Every offer is 8-byte numbers of its own, so a torn copy shows. */
#define WORKERS 2u
#define CLAIMERS 4u
#define EACH 30000u
#define SLAB 64u

static _Atomic uint32_t put_so_far[WORKERS];
static _Atomic uint8_t claimed[WORKERS * EACH];
static _Atomic uint32_t torn, twice, wins, gone;
static _Atomic bool stopped;

static size_t content(uint32_t number, uint64_t *words)
{
    size_t count = 1 + number % (OFFER_BYTES_MAX / 8);
    for (size_t i = 0; i < count; i++) words[i] = (uint64_t)number << 32 | i;
    return count * 8;
}

/* Time goes by one microsecond an offer; each lives for SLAB / 2 of them. */
static void *put_all(void *arg)
{
    uint32_t worker = (uint32_t)(uintptr_t)arg;
    uint64_t words[OFFER_BYTES_MAX / 8];
    for (uint32_t i = 0; i < EACH; i++) {
        uint32_t number = i * WORKERS + worker;
        struct ident id = id_of(number);
        size_t len = content(number, words);
        if (offers_put(offers, worker, &id, NULL, i + SLAB / 2, i, (struct bytes){(const char *)words, len}))
            atomic_store(&put_so_far[worker], i + 1);
    }
    return NULL;
}

static void judge(uint32_t number, enum offer_state state, const char *bytes, size_t len)
{
    uint64_t words[OFFER_BYTES_MAX / 8];
    if (state == OFFER_NONE) {
        atomic_fetch_add(&gone, 1);
        return;
    }
    if (content(number, words) != len || memcmp(words, bytes, len) != 0) atomic_fetch_add(&torn, 1);
    if (state != OFFER_OPEN) return;
    atomic_fetch_add(&wins, 1);
    if (atomic_exchange(&claimed[number], 1)) atomic_fetch_add(&twice, 1);
}

static void *claim_all(void *arg)
{
    uint32_t seed = (uint32_t)(uintptr_t)arg + 1;
    char bytes[OFFER_BYTES_MAX];
    size_t len;
    while (!atomic_load(&stopped)) {
        seed = seed * 1664525u + 1013904223u;
        uint32_t worker = (seed >> 9) % WORKERS, newest = atomic_load(&put_so_far[worker]);
        if (!newest) continue;
        uint32_t back = (seed >> 12) % SLAB, i = newest - 1 - (back < newest ? back : 0);
        struct ident id = id_of(i * WORKERS + worker);
        enum offer_state state = offers_claim(offers, &id, i, bytes, sizeof bytes, &len);
        judge(i * WORKERS + worker, state, bytes, len);
        if (state == OFFER_OPEN) (seed % 3 ? offers_superseded : offers_answered)(offers, &id);
        if (offers_look(offers, &id, i, bytes, sizeof bytes, &len) == OFFER_OPEN)
            judge(i * WORKERS + worker, OFFER_EXPIRED, bytes, len); /* not claimed: only its bytes are judged */
    }
    return NULL;
}

static void each_is_claimed_once(void **state)
{
    (void)state;
    pthread_t putters[WORKERS], claimers[CLAIMERS];
    assert_int_equal(offers_open(WORKERS * SLAB, WORKERS, &offers), FAULT_NONE);
    for (uintptr_t t = 0; t < CLAIMERS; t++)
        assert_int_equal(pthread_create(&claimers[t], NULL, claim_all, (void *)t), 0);
    for (uintptr_t t = 0; t < WORKERS; t++) assert_int_equal(pthread_create(&putters[t], NULL, put_all, (void *)t), 0);
    for (uint32_t t = 0; t < WORKERS; t++) pthread_join(putters[t], NULL);
    while (!atomic_load(&wins)) /* the last ones are still there: someone gets one */
        ;
    atomic_store(&stopped, true);
    for (uint32_t t = 0; t < CLAIMERS; t++) pthread_join(claimers[t], NULL);
    assert_int_equal(atomic_load(&torn), 0);
    assert_int_equal(atomic_load(&twice), 0);
}

/* All four after the same offers, from the same instant on: no offer without a winner, none with two. */
#define PRIZES 5000u

static _Atomic uint32_t ready;

static void *race(void *arg)
{
    (void)arg;
    char bytes[OFFER_BYTES_MAX];
    size_t len;
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < CLAIMERS)
        ;
    for (uint32_t i = 0; i < PRIZES; i++) {
        struct ident id = id_of(i);
        enum offer_state state = offers_claim(offers, &id, 0, bytes, sizeof bytes, &len);
        judge(i, state, bytes, len);
    }
    return NULL;
}

static void all_are_won(void **state)
{
    (void)state;
    pthread_t claimers[CLAIMERS];
    uint64_t words[OFFER_BYTES_MAX / 8];
    memset((void *)claimed, 0, sizeof claimed);
    atomic_store(&wins, 0);
    atomic_store(&twice, 0);
    atomic_store(&torn, 0);
    atomic_store(&gone, 0);
    assert_int_equal(offers_open(PRIZES, 1, &offers), FAULT_NONE);
    for (uint32_t i = 0; i < PRIZES; i++) {
        size_t len = content(i, words);
        assert_true(put(0, i, 1000, 0, (struct bytes){(const char *)words, len}));
    }
    for (uint32_t t = 0; t < CLAIMERS; t++) assert_int_equal(pthread_create(&claimers[t], NULL, race, NULL), 0);
    for (uint32_t t = 0; t < CLAIMERS; t++) pthread_join(claimers[t], NULL);
    assert_int_equal(atomic_load(&wins), PRIZES);
    assert_int_equal(atomic_load(&twice), 0);
    assert_int_equal(atomic_load(&torn), 0);
    assert_int_equal(atomic_load(&gone), 0);
    assert_int_equal(offers_count(offers, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lives_open_claimed_answered, stop),
        cmocka_unit_test_teardown(expires, stop),
        cmocka_unit_test_teardown(stands_for_the_same, stop),
        cmocka_unit_test_teardown(is_superseded_for_good, stop),
        cmocka_unit_test_teardown(a_claimed_one_keeps_its_place, stop),
        cmocka_unit_test_teardown(bounded_by_max, stop),
        cmocka_unit_test_teardown(refuses_what_is_too_long, stop),
        cmocka_unit_test_teardown(refuses_odd_sizes, stop),
        cmocka_unit_test_teardown(workers_share_the_places, stop),
        cmocka_unit_test_teardown(places_are_used_again, stop),
        cmocka_unit_test_teardown(each_is_claimed_once, stop),
        cmocka_unit_test_teardown(all_are_won, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
