/* mac.h: the test cases of RFC 4231, keys of every length, and that a kept context starts afresh each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/crypto/mac.h"

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

struct known {
    const char *key; /* hex */
    const char *message;
    const char *tag; /* hex */
};

#define AA20 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct known cases[] = {
    {"", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"4a656665", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {AA20 AA20 AA20 AA20 AA20 AA20 "aaaaaaaaaaaaaaaaaaaaaa", /* 131 bytes: hashed first */
     "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

static struct mac *open_hex(const char *hex, struct digest *tag, const char *tag_hex)
{
    uint8_t key[256];
    size_t len = strlen(hex) / 2;
    assert_true(bytes_unhex(bytes_of(hex), key, len));
    assert_true(bytes_unhex(bytes_of(tag_hex), tag->at, DIGEST_LEN));
    struct mac *mac = mac_open((struct bytes){(const char *)key, len});
    memset(key, 0, sizeof key); /* the key was copied */
    return mac;
}

static void knows_the_published_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct digest wanted, got;
        struct mac *mac = open_hex(cases[i].key, &wanted, cases[i].tag);
        assert_non_null(mac);
        struct bytes message = bytes_of(cases[i].message);
        mac_of(mac, &got, &message, 1);
        bool same = digest_same(&wanted, &got);
        mac_close(&mac);
        assert_null(mac);
        assert_true(same);
    }
}

static void a_kept_context_starts_afresh(void **state)
{
    (void)state;
    struct digest wanted, got;
    const struct bytes message = BYTES("what do ya want for nothing?"), other = BYTES("other");
    const struct bytes parts[] = {BYTES("what do ya "), BYTES_NONE, BYTES("want for nothing?")};
    struct mac *mac = open_hex(cases[2].key, &wanted, cases[2].tag);
    for (int i = 0; i < 3; i++) {
        mac_of(mac, &got, &message, 1);
        assert_true(digest_same(&wanted, &got));
        mac_of(mac, &got, parts, 3);
        assert_true(digest_same(&wanted, &got));
        mac_of(mac, &got, &other, 1);
        assert_false(digest_same(&wanted, &got));
    }
    mac_close(&mac);
    mac_close(&mac); /* already closed */
}

static void no_key_at_all_is_the_empty_key(void **state)
{
    (void)state;
    struct digest a, b;
    struct mac *none = mac_open(BYTES_NONE), *empty = mac_open(BYTES(""));
    assert_non_null(none);
    assert_non_null(empty);
    mac_of(none, &a, NULL, 0);
    mac_of(empty, &b, NULL, 0);
    assert_true(digest_same(&a, &b));
    mac_close(&none);
    mac_close(&empty);
}

static void keys_do_not_mix(void **state)
{
    (void)state;
    struct digest a, b, again;
    const struct bytes message = BYTES("message");
    struct mac *one = mac_open(BYTES("one")), *two = mac_open(BYTES("two"));
    mac_of(one, &a, &message, 1);
    mac_of(two, &b, &message, 1);
    mac_of(one, &again, &message, 1);
    assert_false(digest_same(&a, &b));
    assert_true(digest_same(&a, &again));
    mac_close(&one);
    mac_close(&two);
}

static void verifies_whole_tags_only(void **state)
{
    (void)state;
    struct digest tag;
    const struct bytes message = BYTES("Hi There"), other = BYTES("Hi there");
    struct mac *mac = open_hex(cases[1].key, &tag, cases[1].tag);
    struct bytes whole = {(const char *)tag.at, DIGEST_LEN};
    assert_true(mac_verify(mac, whole, &message, 1));
    assert_false(mac_verify(mac, whole, &other, 1));
    for (size_t len = 0; len < DIGEST_LEN; len++) assert_false(mac_verify(mac, bytes_first(whole, len), &message, 1));
    for (size_t i = 0; i < DIGEST_LEN; i++) {
        tag.at[i] ^= 0x80;
        assert_false(mac_verify(mac, whole, &message, 1));
        tag.at[i] ^= 0x80;
    }
    char longer[DIGEST_LEN + 1] = {0};
    memcpy(longer, tag.at, DIGEST_LEN);
    assert_false(mac_verify(mac, (struct bytes){longer, sizeof longer}, &message, 1));
    mac_close(&mac);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_published_answers),    cmocka_unit_test(a_kept_context_starts_afresh),
        cmocka_unit_test(no_key_at_all_is_the_empty_key), cmocka_unit_test(keys_do_not_mix),
        cmocka_unit_test(verifies_whole_tags_only),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
