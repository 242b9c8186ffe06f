/* seal.h: known answers of the GCM specification, and that whatever is changed is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/crypto/seal.h"

static int start(void **state)
{
    (void)state;
    return crypto_start() == FAULT_NONE ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    crypto_stop();
    return 0;
}

static const char key_text[] = "0123456789abcdef0123456789abcdef";
#define KEY ((struct bytes){key_text, SEAL_KEY_LEN})
#define PLAIN BYTES("Jane Doe, 212-555-0100")
#define ASSOCIATED BYTES("lead 7")
#define SEALED_LEN (sizeof "Jane Doe, 212-555-0100" - 1 + SEAL_EXTRA)

static struct bytes as_bytes(const uint8_t *at, size_t len)
{
    return (struct bytes){(const char *)at, len};
}

/* Test cases 13 and 14 of McGrew and Viega's specification: all zeros. */
static void knows_the_published_answers(void **state)
{
    (void)state;
    static const uint8_t zeros[32];
    uint8_t out[16], tag[16], wanted[16];
    struct bytes key = as_bytes(zeros, 32), nonce = as_bytes(zeros, 12);
    assert_int_equal(seal_close_with(key, nonce, BYTES_NONE, BYTES_NONE, out, tag), FAULT_NONE);
    assert_true(bytes_unhex(BYTES("530f8afbc74536b9a963b4f1c4cb738b"), wanted, 16));
    assert_memory_equal(tag, wanted, 16);
    assert_int_equal(seal_close_with(key, nonce, BYTES_NONE, as_bytes(zeros, 16), out, tag), FAULT_NONE);
    assert_true(bytes_unhex(BYTES("cea7403d4d606b6e074ec5d3baf39d18"), wanted, 16));
    assert_memory_equal(out, wanted, 16);
    assert_true(bytes_unhex(BYTES("d0d1c8a799996bf0265b98b5d48ab919"), wanted, 16));
    assert_memory_equal(tag, wanted, 16);
    uint8_t back[16] = {1};
    assert_int_equal(seal_open_with(key, nonce, BYTES_NONE, as_bytes(out, 16), as_bytes(tag, 16), back), FAULT_NONE);
    assert_memory_equal(back, zeros, 16);
}

static void comes_back_as_it_was(void **state)
{
    (void)state;
    char plain[300];
    memset(plain, 'x', sizeof plain);
    for (size_t size = 0; size <= sizeof plain; size += 25) {
        uint8_t sealed[400], out[300];
        size_t len = 0, out_len = 0;
        struct bytes content = {plain, size};
        assert_int_equal(seal_close(KEY, ASSOCIATED, content, sealed, size + SEAL_EXTRA, &len), FAULT_NONE);
        assert_int_equal(len, size + SEAL_EXTRA);
        assert_int_equal(seal_open(KEY, ASSOCIATED, as_bytes(sealed, len), out, size, &out_len), FAULT_NONE);
        assert_true(bytes_same(as_bytes(out, out_len), content));
    }
}

static void no_nonce_twice(void **state)
{
    (void)state;
    static uint8_t sealed[64][SEALED_LEN];
    size_t len = 0;
    for (int i = 0; i < 64; i++) {
        assert_int_equal(seal_close(KEY, ASSOCIATED, PLAIN, sealed[i], SEALED_LEN, &len), FAULT_NONE);
        for (int k = 0; k < i; k++) assert_memory_not_equal(sealed[i], sealed[k], 12);
    }
}

static void notices_every_change(void **state)
{
    (void)state;
    static const uint8_t zeros[SEALED_LEN];
    uint8_t sealed[SEALED_LEN], out[SEALED_LEN];
    size_t len = 0, out_len = 99;
    assert_int_equal(seal_close(KEY, ASSOCIATED, PLAIN, sealed, sizeof sealed, &len), FAULT_NONE);
    for (size_t i = 0; i < len; i++) {
        sealed[i] ^= 1;
        memset(out, 0, sizeof out);
        assert_int_equal(seal_open(KEY, ASSOCIATED, as_bytes(sealed, len), out, sizeof out, &out_len), FAULT_CORRUPT);
        assert_memory_equal(out, zeros, sizeof out);
        sealed[i] ^= 1;
    }
    char other[SEAL_KEY_LEN];
    memcpy(other, key_text, sizeof other);
    other[31] ^= 1;
    struct bytes wrong = {other, sizeof other}, all = as_bytes(sealed, len);
    assert_int_equal(seal_open(wrong, ASSOCIATED, all, out, sizeof out, &out_len), FAULT_CORRUPT);
    assert_int_equal(seal_open(KEY, BYTES("lead 8"), all, out, sizeof out, &out_len), FAULT_CORRUPT);
    assert_int_equal(seal_open(KEY, BYTES_NONE, all, out, sizeof out, &out_len), FAULT_CORRUPT);
    for (size_t cut = 0; cut < len; cut++)
        assert_int_equal(seal_open(KEY, ASSOCIATED, bytes_first(all, cut), out, sizeof out, &out_len), FAULT_CORRUPT);
    assert_int_equal(out_len, 99);
    assert_int_equal(seal_open(KEY, ASSOCIATED, all, out, sizeof out, &out_len), FAULT_NONE);
}

static void takes_no_other_lengths(void **state)
{
    (void)state;
    static const uint8_t zeros[64];
    uint8_t sealed[SEALED_LEN], tag[16];
    size_t len = 0;
    for (size_t key_len = 0; key_len <= 64; key_len++) {
        if (key_len == SEAL_KEY_LEN) continue;
        struct bytes key = as_bytes(zeros, key_len);
        assert_int_equal(seal_close(key, ASSOCIATED, PLAIN, sealed, sizeof sealed, &len), FAULT_INPUT);
        assert_int_equal(seal_open(key, ASSOCIATED, as_bytes(zeros, 40), sealed, sizeof sealed, &len), FAULT_INPUT);
    }
    for (size_t size = 0; size <= 64; size++) {
        struct bytes some = as_bytes(zeros, size), nonce = as_bytes(zeros, 12);
        if (size != 12) {
            assert_int_equal(seal_close_with(KEY, some, ASSOCIATED, PLAIN, sealed, tag), FAULT_INPUT);
            assert_int_equal(seal_open_with(KEY, some, ASSOCIATED, PLAIN, as_bytes(tag, 16), sealed), FAULT_INPUT);
        }
        if (size != 16) assert_int_equal(seal_open_with(KEY, nonce, ASSOCIATED, PLAIN, some, sealed), FAULT_INPUT);
    }
}

static void keeps_within_the_given_room(void **state)
{
    (void)state;
    uint8_t sealed[SEALED_LEN], out[SEALED_LEN];
    size_t len = 0, out_len = 0;
    assert_int_equal(seal_close(KEY, ASSOCIATED, PLAIN, sealed, SEALED_LEN - 1, &len), FAULT_TOO_LARGE);
    assert_int_equal(seal_close(KEY, ASSOCIATED, PLAIN, sealed, 3, &len), FAULT_TOO_LARGE);
    assert_int_equal(seal_close(KEY, ASSOCIATED, PLAIN, sealed, SEALED_LEN, &len), FAULT_NONE);
    assert_int_equal(seal_open(KEY, ASSOCIATED, as_bytes(sealed, len), out, len - SEAL_EXTRA - 1, &out_len),
                     FAULT_TOO_LARGE);
    struct bytes huge = {key_text, (size_t)INT32_MAX + 1};
    assert_int_equal(seal_close_with(KEY, bytes_first(KEY, 12), huge, PLAIN, sealed, out), FAULT_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_published_answers),
        cmocka_unit_test(comes_back_as_it_was),
        cmocka_unit_test(no_nonce_twice),
        cmocka_unit_test(notices_every_change),
        cmocka_unit_test(takes_no_other_lengths),
        cmocka_unit_test(keeps_within_the_given_room),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
