/* full/ holds every key that settings and catalogue will ever have, as the design gives them: all are taken,
 * none is refused, and nothing is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/base/file.h"
#include "exchange/config/config.h"
#include "protocol/crypto/digest.h"
#include "tests/unit/exchange/config/given.h"

static void copy_file(struct arena *arena, const char *name)
{
    char path[512];
    struct bytes content;
    (void)snprintf(path, sizeof path, OUTCRY_SOURCE_DIR "/tests/unit/exchange/config/full/%s", name);
    assert_int_equal(file_read(path, 1 << 20, arena, &content), FAULT_NONE);
    given_file(name, content.at);
}

static void takes_every_key_and_says_nothing(void **state)
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
    struct catalogue *catalogue = config_catalogue(&settings, NULL, &report);
    for (uint32_t i = 0; i < report.count; i++) print_error("%s\n", report.findings[i].text);
    assert_non_null(catalogue);
    assert_int_equal(report.count, 0);
    catalogue_drop(&catalogue);
    config_report_close(&report);
    arena_free(&arena);
}

int main(void)
{
    assert_int_equal(crypto_start(), FAULT_NONE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(takes_every_key_and_says_nothing, given_open, given_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
