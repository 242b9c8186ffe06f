/* docs/config.md is what the table says today, and every example in it and in docs/examples loads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/base/file.h"
#include "exchange/config/config.h"
#include "exchange/config/reference.h"
#include "protocol/crypto/digest.h"
#include "tests/unit/exchange/config/given.h"

static struct arena arena;
static struct config_report report;

static struct bytes page(void)
{
    struct bytes content;
    assert_int_equal(file_read(OUTCRY_SOURCE_DIR "/docs/config.md", 1 << 20, &arena, &content), FAULT_NONE);
    return content;
}

static void the_page_is_fresh(void **state)
{
    (void)state;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    reference_print(REFERENCE_MARKDOWN, out);
    assert_int_equal(fclose(out), 0);
    bool fresh = bytes_same((struct bytes){text, len}, page());
    free(text);
    if (!fresh) print_error("make it again: outcry check --schema --markdown > docs/config.md\n");
    assert_true(fresh);
}

static void write_part(const char *name, struct bytes text)
{
    FILE *file = fopen(given_path(name), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text.at, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

/* The next block between ``` lines of that language; *rest is what follows it. */
static bool next_block(struct bytes *rest, const char *fence, struct bytes *block)
{
    const char *at = memmem(rest->at, rest->len, fence, strlen(fence));
    if (!at) return false;
    struct bytes from = bytes_from(*rest, (size_t)(at - rest->at) + strlen(fence));
    const char *end = memmem(from.at, from.len, "```\n", 4);
    assert_non_null(end);
    *block = bytes_first(from, (size_t)(end - from.at));
    *rest = bytes_from(from, block->len + 4);
    return true;
}

static void loads(const char *settings_path)
{
    struct settings settings;
    config_report_close(&report);
    bool good = settings_read(settings_path, &settings, &report);
    struct catalogue *catalogue = good ? config_catalogue(&settings, NULL, &report) : NULL;
    assert_string_equal(given_findings(&report), "");
    assert_non_null(catalogue);
    catalogue_drop(&catalogue);
}

static void every_example_of_the_page_loads(void **state)
{
    (void)state;
    given_file("cert.pem", "x");
    given_file("key.pem", "x");
    assert_int_equal(mkdir(given_path("market"), 0700), 0);
    struct bytes rest = page(), block;
    unsigned settings_seen = 0, markets_seen = 0, lines_seen = 0;
    while (next_block(&rest, "```yaml\n", &block)) {
        bool is_settings = bytes_starts(block, BYTES("# outcry.yaml\n"));
        assert_true(is_settings || bytes_starts(block, BYTES("# market.yaml\n")));
        if (is_settings) {
            char name[32];
            (void)snprintf(name, sizeof name, "settings%u.yaml", settings_seen++);
            write_part(name, block);
        } else {
            write_part("market.yaml", block);
            if (markets_seen++ == 0) write_part("market/market.yaml", block); /* the one that bulk lines belong to */
            loads(given_path("settings0.yaml"));
        }
    }
    assert_int_equal(settings_seen, 2);
    assert_int_equal(markets_seen, 2);
    for (rest = page(); next_block(&rest, "```json\n", &block); lines_seen++) write_part("market/bulk.ndjson", block);
    assert_int_equal(lines_seen, 1);
    loads(given_path("settings1.yaml"));
    given_file("folder.yaml", "{listen: {admin: \"unix:a\"}, catalogue: market}");
    loads(given_path("folder.yaml"));
}

static void the_example_files_load(void **state)
{
    (void)state;
    loads(OUTCRY_SOURCE_DIR "/docs/examples/outcry.yaml");
}

static int open_all(void **state)
{
    arena_init(&arena, 65536, 1 << 24);
    config_report_open(&report);
    return given_open(state);
}

static int close_all(void **state)
{
    arena_free(&arena);
    config_report_close(&report);
    return given_close(state);
}

int main(void)
{
    assert_int_equal(crypto_start(), FAULT_NONE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_page_is_fresh, open_all, close_all),
        cmocka_unit_test_setup_teardown(every_example_of_the_page_loads, open_all, close_all),
        cmocka_unit_test_setup_teardown(the_example_files_load, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
