/* full/ holds every key that settings and catalogue will ever have, as the design gives them: what is built is taken,
 * each of the others is refused by its name, and nothing else is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/base/file.h"
#include "exchange/config/config.h"
#include "protocol/crypto/digest.h"
#include "tests/unit/exchange/config/given.h"

/* In the files' order. */
static const char *const later[] = {
    /* campaign */
    /* affiliate */
    "terms"};
#define LATER (sizeof later / sizeof *later)

static void copy_file(struct arena *arena, const char *name)
{
    char path[512];
    struct bytes content;
    (void)snprintf(path, sizeof path, OUTCRY_SOURCE_DIR "/tests/unit/exchange/config/full/%s", name);
    assert_int_equal(file_read(path, 1 << 20, arena, &content), FAULT_NONE);
    given_file(name, content.at);
}

static void refuses_by_name_and_says_nothing_else(void **state)
{
    (void)state;
    struct arena arena;
    struct settings settings;
    struct config_report report;
    arena_init(&arena, 65536, 1 << 20);
    copy_file(&arena, "outcry.yaml");
    copy_file(&arena, "market.yaml");
    given_file("zips.tsv", "94110\t37.7486\t-122.4158\tCA\tSan Francisco\tAmerica/Los_Angeles\n");
    given_file("areas.tsv", "415\tCA\tAmerica/Los_Angeles\n");
    given_file("north.hash", "the key of keyed hashes\n");
    given_file("cert.pem", "x");
    given_file("key.pem", "x");
    config_report_open(&report);
    assert_true(settings_read(given_path("outcry.yaml"), &settings, &report));
    assert_null(config_catalogue(&settings, NULL, &report));
    for (uint32_t i = 0; i < report.count; i++) {
        char wanted[64];
        const char *key = i < LATER ? later[i] : "nothing more";
        (void)snprintf(wanted, sizeof wanted, "%s%s not supported yet", key, strchr(key, ' ') ? "" : ":");
        assert_string_equal(report.findings[i].text, wanted);
    }
    assert_int_equal(report.count, LATER);
    config_report_close(&report);
    arena_free(&arena);
}

int main(void)
{
    assert_int_equal(crypto_start(), FAULT_NONE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_by_name_and_says_nothing_else, given_open, given_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
