/* digest.h: known answers of FIPS 180-4 and RFC 4648, several threads at once, and the edges of base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "protocol/crypto/digest.h"

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

static void assert_hex(const struct digest *digest, const char *hex)
{
    uint8_t wanted[DIGEST_LEN];
    assert_true(bytes_unhex(bytes_of(hex), wanted, sizeof wanted));
    assert_memory_equal(digest->at, wanted, sizeof wanted);
}

static void knows_the_published_answers(void **state)
{
    (void)state;
    struct digest digest;
    const struct bytes abc = BYTES("abc");
    const struct bytes two_blocks = BYTES("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    digest_of(&digest, NULL, 0);
    assert_hex(&digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_of(&digest, &abc, 1);
    assert_hex(&digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_of(&digest, &two_blocks, 1);
    assert_hex(&digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void parts_are_hashed_as_one(void **state)
{
    (void)state;
    struct digest whole, parted;
    const struct bytes all = BYTES("one two three");
    const struct bytes parts[] = {BYTES("one "), BYTES_NONE, BYTES("two"), BYTES(" three")};
    digest_of(&whole, &all, 1);
    digest_of(&parted, parts, 4);
    assert_true(digest_same(&whole, &parted));
    digest_of(&parted, parts, 3);
    assert_false(digest_same(&whole, &parted));
}

static void *hash_many(void *arg)
{
    struct digest *digest = arg;
    const struct bytes abc = BYTES("abc");
    for (int i = 0; i < 2000; i++) digest_of(digest, &abc, 1);
    return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
    (void)state;
    pthread_t threads[4];
    struct digest digests[4];
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, hash_many, &digests[i]), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_hex(&digests[i], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void starts_again_after_a_stop(void **state)
{
    (void)state;
    struct digest digest;
    crypto_stop();
    crypto_stop(); /* nothing left to stop */
    assert_int_equal(crypto_start(), FAULT_NONE);
    digest_of(&digest, NULL, 0);
    assert_hex(&digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void random_bytes_fill_the_whole_length(void **state)
{
    (void)state;
    /* 24 draws of 1024 bytes: a byte that stays zero in all of them is one that is not written. */
    static uint8_t seen[1024], drawn[1024];
    for (int round = 0; round < 24; round++) {
        crypto_random(drawn, sizeof drawn);
        for (size_t i = 0; i < sizeof drawn; i++) seen[i] |= drawn[i];
    }
    for (size_t i = 0; i < sizeof seen; i++) assert_int_not_equal(seen[i], 0);
    uint8_t guard = 7;
    crypto_random(&guard, 0);
    assert_int_equal(guard, 7);
}

static void compares_and_wipes(void **state)
{
    (void)state;
    char secret[] = "secret";
    assert_true(crypto_same("abc", "abc", 3));
    assert_false(crypto_same("abc", "abd", 3));
    assert_false(crypto_same("abc", "bbc", 3));
    assert_true(crypto_same("abc", "abd", 2));
    assert_true(crypto_same("", "", 0));
    crypto_wipe(secret, 3);
    assert_memory_equal(secret, "\0\0\0ret", 7);
    crypto_wipe(NULL, 0);
}

struct base64_case {
    const char *raw;
    const char *text;
};

static const struct base64_case base64_cases[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/"},
};

static void base64_round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof base64_cases / sizeof base64_cases[0]; i++) {
        char text[16];
        uint8_t raw[16];
        size_t len = 99;
        struct bytes wanted = bytes_of(base64_cases[i].raw);
        struct sink sink = sink_over(text, sizeof text);
        crypto_base64(&sink, wanted);
        assert_false(sink.cut);
        assert_true(bytes_is(sink_written(&sink), base64_cases[i].text));
        assert_true(crypto_unbase64(sink_written(&sink), raw, sizeof raw, &len));
        assert_true(bytes_same((struct bytes){(const char *)raw, len}, wanted));
        assert_true(crypto_unbase64(sink_written(&sink), raw, wanted.len, &len));
        if (wanted.len > 0) assert_false(crypto_unbase64(sink_written(&sink), raw, wanted.len - 1, &len));
    }
    for (unsigned value = 0; value < 65536; value++) {
        char raw[2] = {(char)(value >> 8), (char)value}, text[4];
        uint8_t back[2];
        size_t len = 0;
        struct sink sink = sink_over(text, sizeof text);
        crypto_base64(&sink, (struct bytes){raw, 2});
        assert_true(crypto_unbase64(sink_written(&sink), back, 2, &len));
        assert_memory_equal(raw, back, 2);
    }
}

static void base64_refuses_what_is_not(void **state)
{
    (void)state;
    static const char *const bad[] = {"Z",    "Zg",   "Zg=",   "Zg==Zg==", "Zh==", "Zm9=", "Z===",  "====",     "Z=g=",
                                      "Zm8-", "Zm8_", "Zm 8=", "Zm9v\n",   "=m9v", "Zg=A", "Zg==A", "Zm9vZg==="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t raw[16];
        size_t len = 0;
        if (crypto_unbase64(bytes_of(bad[i]), raw, sizeof raw, &len)) fail_msg("accepted %s", bad[i]);
    }
    char small[3];
    struct sink sink = sink_over(small, sizeof small);
    crypto_base64(&sink, BYTES("foo"));
    assert_true(sink.cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_published_answers),
        cmocka_unit_test(parts_are_hashed_as_one),
        cmocka_unit_test(threads_do_not_disturb_each_other),
        cmocka_unit_test(starts_again_after_a_stop),
        cmocka_unit_test(random_bytes_fill_the_whole_length),
        cmocka_unit_test(compares_and_wipes),
        cmocka_unit_test(base64_round_trips),
        cmocka_unit_test(base64_refuses_what_is_not),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
