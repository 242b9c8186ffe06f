/* apikey: made keys are read back as their kind, and any other text is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/crypto/apikey.h"

static const char *const prefixes[APIKEY_KINDS] = {"oc_aff_", "oc_aff_test_", "oc_buy_", "oc_adm_"};

static void made_keys_are_read(void **state)
{
    (void)state;
    char last[APIKEY_TEXT_MAX + 1] = "";
    for (unsigned i = 0; i < 400; i++) {
        char text[APIKEY_TEXT_MAX + 1];
        enum apikey_kind kind = (enum apikey_kind)(i % APIKEY_KINDS), found = APIKEY_KINDS;
        apikey_make(kind, text);
        assert_true(bytes_starts(bytes_of(text), bytes_of(prefixes[kind])));
        assert_true(apikey_read(bytes_of(text), &found));
        assert_int_equal(found, kind);
        assert_string_not_equal(text, last);
        memcpy(last, text, sizeof last);
    }
}

/* Every single change of a letter, and every cut, is noticed. */
static void slips_are_noticed(void **state)
{
    (void)state;
    char text[APIKEY_TEXT_MAX + 1];
    enum apikey_kind kind;
    apikey_make(APIKEY_BUYER, text);
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        char right = text[i];
        text[i] = right == 'q' ? 'r' : 'q';
        assert_false(apikey_read(bytes_of(text), &kind));
        text[i] = '!';
        assert_false(apikey_read(bytes_of(text), &kind));
        text[i] = 0;
        assert_false(apikey_read((struct bytes){text, len}, &kind));
        text[i] = right;
        assert_false(apikey_read((struct bytes){text, i}, &kind));
    }
    /* The last letter holds two bits that no byte takes: they are zero. */
    char right = text[len - 1];
    for (const char *other = "abcdefghijklmnopqrstuvwxyz234567"; *other; other++) {
        text[len - 1] = *other;
        assert_int_equal(apikey_read(bytes_of(text), &kind), *other == right);
    }
    text[len - 1] = right;
    assert_true(apikey_read(bytes_of(text), &kind));
}

static void the_prefix_is_part_of_it(void **state)
{
    (void)state;
    char text[APIKEY_TEXT_MAX + 1];
    enum apikey_kind kind;
    apikey_make(APIKEY_BUYER, text);
    memcpy(text, "oc_adm_", 7);
    assert_false(apikey_read(bytes_of(text), &kind));
    memcpy(text, "oc_xyz_", 7);
    assert_false(apikey_read(bytes_of(text), &kind));
}

static void its_hash_is_sha256_of_the_text(void **state)
{
    (void)state;
    struct digest digest;
    static const uint8_t right[4] = {0xba, 0x78, 0x16, 0xbf}; /* of "abc", FIPS 180-4 */
    apikey_digest(BYTES("abc"), &digest);
    assert_memory_equal(digest.at, right, 4);
}

int main(void)
{
    assert_int_equal(crypto_start(), FAULT_NONE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_keys_are_read),
        cmocka_unit_test(slips_are_noticed),
        cmocka_unit_test(the_prefix_is_part_of_it),
        cmocka_unit_test(its_hash_is_sha256_of_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
