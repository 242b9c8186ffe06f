/* mac.h and seal.h against Project Wycheproof: 174 HMAC-SHA256 and 316 AES-GCM cases. They prove our wrappers: whole
 * tags only, one key, nonce and tag length, everything else refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "protocol/crypto/mac.h"
#include "protocol/crypto/seal.h"

#define HMAC_FILE OUTCRY_SUITES_DIR "/wycheproof/hmac_sha256_test.json"
#define GCM_FILE OUTCRY_SUITES_DIR "/wycheproof/aes_gcm_test.json"
#define FIELD_MAX 4096

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

struct field {
    uint8_t at[FIELD_MAX];
    size_t len;
};

static struct bytes read_field(json_t *test, const char *name, struct field *field)
{
    struct bytes hex = bytes_of(json_string_value(json_object_get(test, name)));
    assert_non_null(hex.at);
    field->len = hex.len / 2;
    assert_true(field->len <= sizeof field->at && bytes_unhex(hex, field->at, field->len));
    return (struct bytes){(const char *)field->at, field->len};
}

static bool is_valid(json_t *test)
{
    const char *result = json_string_value(json_object_get(test, "result"));
    assert_non_null(result);
    assert_true(strcmp(result, "valid") == 0 || strcmp(result, "invalid") == 0);
    return strcmp(result, "valid") == 0;
}

static int number(json_t *object, const char *name)
{
    return (int)json_integer_value(json_object_get(object, name));
}

struct tally {
    unsigned all, taken, refused;
};

static void each_test(const char *file, void (*run)(json_t *group, json_t *test, struct tally *tally),
                      struct tally *tally)
{
    json_error_t error;
    json_t *suite = json_load_file(file, 0, &error);
    assert_non_null(suite);
    json_t *group, *test;
    size_t i, k;
    json_array_foreach(json_object_get(suite, "testGroups"), i, group)
    {
        json_array_foreach(json_object_get(group, "tests"), k, test)
        {
            tally->all++;
            run(group, test, tally);
        }
    }
    json_decref(suite);
}

/* Tags cut to 128 bits are refused, also where the suite calls them valid. */
static void run_hmac(json_t *group, json_t *test, struct tally *tally)
{
    struct field fields[3];
    struct bytes key = read_field(test, "key", &fields[0]), message = read_field(test, "msg", &fields[1]);
    struct bytes tag = read_field(test, "tag", &fields[2]);
    bool whole = number(group, "tagSize") == 256;
    struct mac *mac = mac_open(key);
    assert_non_null(mac);
    bool good = mac_verify(mac, tag, &message, 1);
    mac_close(&mac);
    if (good != (whole && is_valid(test))) fail_msg("HMAC case %d", number(test, "tcId"));
    *(good ? &tally->taken : &tally->refused) += 1;
}

static void hmac_cases(void **state)
{
    (void)state;
    struct tally tally = {0};
    if (access(HMAC_FILE, R_OK) != 0) {
        print_message("skipped: no %s\n", HMAC_FILE);
        skip();
    }
    each_test(HMAC_FILE, run_hmac, &tally);
    assert_int_equal(tally.all, 174);
    assert_int_equal(tally.taken + tally.refused, 174);
    assert_true(tally.taken > 0 && tally.refused >= 87);
}

static void run_gcm(json_t *group, json_t *test, struct tally *tally)
{
    static struct field fields[6];
    uint8_t out[FIELD_MAX], new_tag[16];
    struct bytes key = read_field(test, "key", &fields[0]), nonce = read_field(test, "iv", &fields[1]);
    struct bytes associated = read_field(test, "aad", &fields[2]), plain = read_field(test, "msg", &fields[3]);
    struct bytes sealed = read_field(test, "ct", &fields[4]), tag = read_field(test, "tag", &fields[5]);
    bool ours = number(group, "keySize") == 256 && number(group, "ivSize") == 96 && number(group, "tagSize") == 128;
    bool valid = is_valid(test);
    int id = number(test, "tcId");

    enum fault opened = seal_open_with(key, nonce, associated, sealed, tag, out);
    if (opened != (!ours ? FAULT_INPUT : valid ? FAULT_NONE : FAULT_CORRUPT)) fail_msg("AES-GCM case %d", id);
    if (opened == FAULT_NONE && memcmp(out, plain.at, plain.len) != 0) fail_msg("AES-GCM case %d: plain text", id);
    *(ours ? &tally->taken : &tally->refused) += 1;

    enum fault closed = seal_close_with(key, nonce, associated, plain, out, new_tag);
    if (closed != (ours ? FAULT_NONE : FAULT_INPUT)) fail_msg("AES-GCM case %d: closing", id);
    if (!ours) return;
    bool same = memcmp(out, sealed.at, sealed.len) == 0 && memcmp(new_tag, tag.at, sizeof new_tag) == 0;
    if (same != valid) fail_msg("AES-GCM case %d: sealed text", id);
}

static void gcm_cases(void **state)
{
    (void)state;
    struct tally tally = {0};
    if (access(GCM_FILE, R_OK) != 0) {
        print_message("skipped: no %s\n", GCM_FILE);
        skip();
    }
    each_test(GCM_FILE, run_gcm, &tally);
    assert_int_equal(tally.all, 316);
    assert_int_equal(tally.taken, 66);
    assert_int_equal(tally.refused, 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hmac_cases), cmocka_unit_test(gcm_cases)};
    return cmocka_run_group_tests(tests, start, stop);
}
