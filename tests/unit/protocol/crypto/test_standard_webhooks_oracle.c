/* signature.h against the 29 Standard Webhooks cases. Some secrets there lack "whsec_", which other libraries strip
 * where they find it; ours wants it, so it is put in front. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "protocol/crypto/signature.h"

#define FILE_NAME OUTCRY_SUITES_DIR "/standard-webhooks/vectors.json"

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

static struct bytes text_of(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    return (struct bytes){json_string_value(value), json_string_length(value)};
}

static struct signer *open_signer(json_t *secrets)
{
    static char texts[SIGNATURE_SECRETS_MAX][128];
    struct bytes list[SIGNATURE_SECRETS_MAX];
    size_t count = json_array_size(secrets);
    assert_true(count >= 1 && count <= SIGNATURE_SECRETS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct bytes text = bytes_of(json_string_value(json_array_get(secrets, i)));
        struct sink sink = sink_over(texts[i], sizeof texts[i]);
        if (!bytes_starts(text, BYTES("whsec_"))) sink_text(&sink, "whsec_");
        sink_bytes(&sink, text);
        list[i] = sink_written(&sink);
    }
    return signer_open(list, count);
}

/* A published signature is also ours, bit by bit. */
static void check_signing(json_t *test, struct signer *signer)
{
    char text[128];
    int64_t timestamp = 0;
    json_t *headers = json_object_get(test, "headers");
    struct bytes body = text_of(test, "body");
    struct sink sink = sink_over(text, sizeof text);
    assert_true(bytes_i64(text_of(headers, "webhook-timestamp"), &timestamp));
    signer_sign(signer, text_of(headers, "webhook-id"), timestamp, &body, 1, &sink);
    assert_true(bytes_same(sink_written(&sink), text_of(headers, "webhook-signature")));
}

static bool accepts(json_t *test)
{
    struct signer *signer = open_signer(json_object_get(test, "secrets"));
    if (!signer) return false;
    assert_int_equal(json_integer_value(json_object_get(test, "tolerance_s")), SIGNATURE_SKEW_S);
    json_t *headers = json_object_get(test, "headers");
    enum signature_verdict verdict = signer_verify(
        signer, text_of(headers, "webhook-id"), text_of(headers, "webhook-timestamp"),
        text_of(headers, "webhook-signature"), text_of(test, "body"), json_integer_value(json_object_get(test, "now")));
    if (json_is_true(json_object_get(test, "published"))) check_signing(test, signer);
    signer_close(&signer);
    return verdict == SIGNATURE_GOOD;
}

static void all_cases(void **state)
{
    (void)state;
    if (access(FILE_NAME, R_OK) != 0) {
        print_message("skipped: no %s\n", FILE_NAME);
        skip();
    }
    json_error_t error;
    json_t *suite = json_load_file(FILE_NAME, 0, &error), *test;
    assert_non_null(suite);
    size_t i;
    unsigned accepted = 0;
    json_array_foreach(json_object_get(suite, "cases"), i, test)
    {
        bool good = accepts(test);
        if (good != bytes_is(text_of(test, "expect"), "accept"))
            fail_msg("case %zu: %s", i, json_string_value(json_object_get(test, "name")));
        accepted += good;
    }
    assert_int_equal(i, 29);
    assert_true(accepted > 0 && accepted < 29);
    json_decref(suite);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_cases)};
    return cmocka_run_group_tests(tests, start, stop);
}
