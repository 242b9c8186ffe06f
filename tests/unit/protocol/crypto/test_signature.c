/* signature.h: what is signed is accepted and nothing else; two secrets while one is replaced; the clock's tolerance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/crypto/signature.h"

#define NOW INT64_C(1800000000)
#define OLD "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"     /* 0123456789abcdef01234567 */
#define NEW "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=" /* abcdefghijklmnopqrstuvwxyz */
#define ID BYTES("msg_1")
#define BODY BYTES("{\"price\":1}")

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

static struct signer *open_two(const char *first, const char *second)
{
    struct bytes secrets[2] = {bytes_of(first), bytes_of(second)};
    struct signer *signer = signer_open(secrets, second ? 2 : 1);
    assert_non_null(signer);
    return signer;
}

static struct bytes sign(struct signer *signer, char *at, size_t cap)
{
    struct sink sink = sink_over(at, cap);
    const struct bytes parts[] = {BYTES("{\"pri"), BYTES_NONE, BYTES("ce\":1}")};
    signer_sign(signer, ID, NOW, parts, 3, &sink);
    assert_false(sink.cut);
    return sink_written(&sink);
}

static enum signature_verdict verify(struct signer *signer, struct bytes signatures)
{
    return signer_verify(signer, ID, BYTES("1800000000"), signatures, BODY, NOW);
}

/* Computed with Python's hmac over "msg_1.1800000000.{\"price\":1}". */
static void signs_by_the_formula(void **state)
{
    (void)state;
    char text[128];
    struct signer *signer = open_two(OLD, NULL);
    struct bytes signatures = sign(signer, text, sizeof text);
    assert_int_equal(signatures.len, SIGNATURE_TEXT);
    assert_true(bytes_is(signatures, "v1,QhpcOCPJJN04EcrCWRzBoB8kuDWQPKdzQ4rt2kqziOo="));
    signer_close(&signer);
    assert_null(signer);
    signer_close(&signer);
    signer = open_two(OLD, NEW);
    assert_true(
        bytes_is(sign(signer, text, sizeof text),
                 "v1,QhpcOCPJJN04EcrCWRzBoB8kuDWQPKdzQ4rt2kqziOo= v1,XPH+JoB02TtwaHBuE6BtyTgvOkmxVsx8uvhoV9YrvNw="));
    signer_close(&signer);
}

static void any_right_entry_of_any_secret_is_good(void **state)
{
    (void)state;
    char of_old[64], of_new[64], of_both[128], noisy[256];
    struct signer *old = open_two(OLD, NULL), *new = open_two(NEW, NULL), *both = open_two(NEW, OLD);
    struct bytes by_old = sign(old, of_old, sizeof of_old), by_new = sign(new, of_new, sizeof of_new);
    struct bytes by_both = sign(both, of_both, sizeof of_both);
    assert_int_equal(verify(old, by_old), SIGNATURE_GOOD);
    assert_int_equal(verify(old, by_new), SIGNATURE_WRONG);
    assert_int_equal(verify(both, by_old), SIGNATURE_GOOD);
    assert_int_equal(verify(both, by_new), SIGNATURE_GOOD);
    assert_int_equal(verify(old, by_both), SIGNATURE_GOOD);
    assert_int_equal(verify(new, by_both), SIGNATURE_GOOD);
    struct sink sink = sink_over(noisy, sizeof noisy);
    sink_text(&sink, "  v1a,x v2,");
    sink_bytes(&sink, bytes_from(by_old, 3));
    assert_int_equal(verify(old, sink_written(&sink)), SIGNATURE_WRONG);
    sink_text(&sink, " v1, v1,AAAA ");
    sink_bytes(&sink, by_old);
    assert_int_equal(verify(old, sink_written(&sink)), SIGNATURE_GOOD);
    signer_close(&old);
    signer_close(&new);
    signer_close(&both);
}

static void notices_every_change(void **state)
{
    (void)state;
    char text[64];
    struct signer *signer = open_two(OLD, NULL);
    struct bytes by = sign(signer, text, sizeof text), then = BYTES("1800000000");
    assert_int_equal(signer_verify(signer, BYTES("msg_2"), then, by, BODY, NOW), SIGNATURE_WRONG);
    assert_int_equal(signer_verify(signer, ID, BYTES("1800000001"), by, BODY, NOW), SIGNATURE_WRONG);
    assert_int_equal(signer_verify(signer, ID, BYTES("01800000000"), by, BODY, NOW), SIGNATURE_WRONG);
    assert_int_equal(signer_verify(signer, ID, then, by, BYTES("{\"price\":2}"), NOW), SIGNATURE_WRONG);
    assert_int_equal(signer_verify(signer, ID, then, by, BYTES_NONE, NOW), SIGNATURE_WRONG);
    for (size_t i = 0; i < by.len; i++) {
        char kept = text[i];
        text[i] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(verify(signer, by), SIGNATURE_WRONG);
        text[i] = kept;
        if (i > 0) assert_int_equal(verify(signer, bytes_first(by, i)), SIGNATURE_WRONG);
    }
    assert_int_equal(verify(signer, by), SIGNATURE_GOOD);
    signer_close(&signer);
}

static void tells_missing_from_stale(void **state)
{
    (void)state;
    static const char *const no_instant[] = {"soon",
                                             "+1800000000",
                                             "-1",
                                             "1800000000.5",
                                             " 1800000000",
                                             "99999999999999999999",
                                             "9223372036854775808",
                                             "9223372036854775807",
                                             "0"};
    char text[64];
    struct signer *signer = open_two(OLD, NULL);
    struct bytes by = sign(signer, text, sizeof text), then = BYTES("1800000000");
    assert_int_equal(signer_verify(signer, BYTES_NONE, then, by, BODY, NOW), SIGNATURE_MISSING);
    assert_int_equal(signer_verify(signer, ID, BYTES_NONE, by, BODY, NOW), SIGNATURE_MISSING);
    assert_int_equal(signer_verify(signer, ID, then, BYTES_NONE, BODY, NOW), SIGNATURE_MISSING);
    for (size_t i = 0; i < sizeof no_instant / sizeof no_instant[0]; i++)
        assert_int_equal(signer_verify(signer, ID, bytes_of(no_instant[i]), by, BODY, NOW), SIGNATURE_STALE);
    assert_int_equal(signer_verify(signer, ID, BYTES("9223372036854775807"), by, BODY, INT64_MIN), SIGNATURE_STALE);
    assert_int_equal(signer_verify(signer, ID, BYTES("18446744073709551615"), by, BODY, 0),
                     SIGNATURE_STALE); /* not -1 */
    assert_int_equal(signer_verify(signer, ID, then, by, BODY, NOW + 300), SIGNATURE_GOOD);
    assert_int_equal(signer_verify(signer, ID, then, by, BODY, NOW + 301), SIGNATURE_STALE);
    assert_int_equal(signer_verify(signer, ID, then, by, BODY, NOW - 300), SIGNATURE_GOOD);
    assert_int_equal(signer_verify(signer, ID, then, by, BODY, NOW - 301), SIGNATURE_STALE);
    signer_close(&signer);
}

static void secrets_are_24_to_64_bytes(void **state)
{
    (void)state;
    char text[128];
    uint8_t raw[64];
    for (size_t size = 0; size <= 70; size++) {
        char key[70] = {0};
        size_t len = 0;
        struct sink sink = sink_over(text, sizeof text);
        sink_text(&sink, "whsec_");
        crypto_base64(&sink, (struct bytes){key, size});
        struct bytes secret = sink_written(&sink);
        bool right = size >= 24 && size <= 64;
        assert_int_equal(signature_secret(secret, raw, sizeof raw, &len), right);
        if (right) assert_int_equal(len, size);
        struct signer *signer = signer_open(&secret, 1);
        assert_int_equal(signer != NULL, right);
        signer_close(&signer);
        assert_false(signature_secret(bytes_from(secret, 6), raw, sizeof raw, &len));
    }
    size_t len = 0;
    assert_false(signature_secret(BYTES(OLD), raw, 23, &len));
    assert_false(signature_secret(BYTES("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY"), raw, 64, &len));
    assert_false(signature_secret(BYTES("WHSEC_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"), raw, 64, &len));
}

static void opens_one_or_two(void **state)
{
    (void)state;
    struct bytes secrets[3] = {BYTES(OLD), BYTES(NEW), BYTES(OLD)};
    assert_null(signer_open(secrets, 0));
    assert_null(signer_open(secrets, 3));
    secrets[1] = BYTES("whsec_no");
    assert_null(signer_open(secrets, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_by_the_formula),       cmocka_unit_test(any_right_entry_of_any_secret_is_good),
        cmocka_unit_test(notices_every_change),       cmocka_unit_test(tells_missing_from_stale),
        cmocka_unit_test(secrets_are_24_to_64_bytes), cmocka_unit_test(opens_one_or_two),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
