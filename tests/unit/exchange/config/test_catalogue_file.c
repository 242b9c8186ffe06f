/* catalogue_file: one file or a folder, bulk contracts, every error of all files in one list, defaults as the table has
 * them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/config/config.h"
#include "protocol/base/money.h"
#include "tests/unit/exchange/config/given.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
#define CAMPAIGN                                                                                                       \
    "campaigns:\n- id: auto\n  fields:\n    state: {type: us_state, required: ping, private: false}\n"                 \
    "    type: {type: text, private: false}\n    phone: {type: us_phone, required: post}\n"
#define HASH "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define AFFILIATE "affiliates: [{id: best, campaigns: [auto], keys: [\"" HASH "\"]}]\n"
#define BUYER "buyers:\n- id: north\n  signing_secret: " SECRET "\n"
#define LINE(id, more)                                                                                                 \
    "{\"buyer\":\"north\",\"id\":\"" id                                                                                \
    "\",\"campaign\":\"auto\",\"post_url\":\"https://n.example/\",\"price\":\"9\"" more "}\n"

static struct settings settings;
static struct config_report report;
static struct catalogue *catalogue;

static int open_files(void **state)
{
    config_report_open(&report);
    if (given_open(state) != 0) return -1;
    given_file("outcry.yaml", "{listen: {admin: \"unix:a\"}, catalogue: market.yaml, margin: {percent: 10}}");
    given_file("market.yaml", CAMPAIGN);
    bool good = settings_read(given_path("outcry.yaml"), &settings, &report);
    return good ? 0 : -1;
}

static int close_files(void **state)
{
    catalogue_drop(&catalogue);
    config_report_close(&report);
    return given_close(state);
}

static void load(const char *findings)
{
    config_report_close(&report);
    catalogue_drop(&catalogue);
    catalogue = config_catalogue(&settings, NULL, &report);
    assert_string_equal(given_findings(&report), findings);
    assert_int_equal(catalogue != NULL, config_report_is_clean(&report));
}

/* From now on the catalogue is this folder. */
static void use_folder(void)
{
    (void)unlink(given_path("market.yaml"));
    assert_int_equal(mkdir(given_path("market"), 0700), 0);
    (void)snprintf(settings.catalogue, sizeof settings.catalogue, "%s", given_path("market"));
}

static void one_file_with_the_tables_defaults(void **state)
{
    (void)state;
    given_file("market.yaml",
               CAMPAIGN AFFILIATE BUYER "  contracts:\n  - {id: c, campaign: auto, ping_url: \"https://n.example/p\", "
                                        "post_url: \"https://n.example/\", price: live}\n");
    load("");
    const struct campaign *campaign = catalogue_campaign(catalogue, BYTES("auto"));
    assert_int_equal(campaign->timeout_us, 1000000);
    assert_int_equal(campaign->post_timeout_us, 3000000);
    assert_int_equal(campaign->offer_ttl_us, 300000000);
    assert_int_equal(campaign->promise, PROMISE_SQUEEZE);
    assert_int_equal(campaign->min_margin_micros, 0);
    assert_false(campaign->margin.is_set);
    assert_int_equal(campaign->fields_count, 3);
    assert_true(campaign->fields[2].is_private);
    assert_int_equal(catalogue->house.margin.ppm, 100000);
    const struct affiliate *affiliate = catalogue_affiliate(catalogue, BYTES("best"));
    assert_int_equal(affiliate->min_price_micros, 0);
    assert_int_equal(affiliate->reveal, REVEAL_ID);
    assert_int_equal(affiliate->pings_per_s, 0);
    assert_false(affiliate->paused);
    const struct contract *contract = catalogue_contract(catalogue, BYTES("c"));
    assert_int_equal(contract->tier, 1);
    assert_true(contract->is_live);
    assert_false(contract->seats_required);
    assert_true(contract->silent_available);
    assert_false(contract->paused);
    assert_null(contract->filter);
    assert_null(contract->schedule);
}

static void a_folder_is_one_catalogue(void **state)
{
    (void)state;
    use_folder();
    given_file("market/a.yaml", CAMPAIGN);
    given_file("market/b.yaml",
               BUYER "  contracts: [{id: one, campaign: auto, post_url: \"https://n.example/\", price: \"5\"}]\n");
    given_file("market/c.json", "{\"affiliates\": [{\"id\": \"best\", \"campaigns\": [\"auto\"], \"paused\": true,\n"
                                "\"keys\": [\"" HASH "\"]}]}");
    given_file("market/d.ndjson",
               LINE("two", "") "\n" LINE("three",
                                         ",\"tier\":2,\"paused\":true,\"filter\":{\"field\":\"type\",\"is\":\"NO\"}"));
    given_file("market/.hidden", "x");
    load("");
    assert_int_equal(catalogue->contracts_count, 3);
    assert_true(catalogue_affiliate(catalogue, BYTES("best"))->paused);
    assert_int_equal(catalogue_buyer(catalogue, BYTES("north"))->contracts_count, 3);
    const struct contract *three = catalogue_contract(catalogue, BYTES("three"));
    assert_int_equal(three->tier, 2);
    assert_true(three->paused);
    assert_non_null(three->filter);
    assert_int_equal(three->prices[0].price_micros, 9 * MONEY_UNIT);
}

static void lists_the_errors_of_all_files(void **state)
{
    (void)state;
    use_folder();
    given_file("market/a.yaml", CAMPAIGN "  tmeout: 2s\naffiliates: [{id: best, campaigns: [moto]}]\n");
    given_file("market/b.yaml", BUYER "  grup: x\n");
    given_file(
        "market/c.ndjson",
        LINE("one", ",\"tier\":0") "{\"buyer\": oops}\n" LINE(
            "two", ",\"teir\":1") "{\"buyer\":\"sowth\",\"id\":\"x\",\"campaign\":\"auto\",\"post_url\":\"https://"
                                  "n.example/\",\"price\":\"9\"}\n");
    given_file("market/notes.txt", "x");
    load("market/a.yaml:7:3: unknown key tmeout in campaign auto (did you mean timeout?)\n"
         "market/a.yaml:8:14: warning: affiliate best has no key: it cannot send leads [no_key]\n"
         "market/a.yaml:8:37: there is no such campaign\n"
         "market/b.yaml:4:3: unknown key grup in buyer north (did you mean group?)\n"
         "market/c.ndjson:1:98: tier: 0 is too low: 1..1000\n"
         "market/c.ndjson:2:11: not a value\n"
         "market/c.ndjson:3:98: unknown key teir in contract two (did you mean tier?)\n"
         "market/c.ndjson:4:10: there is no such buyer\n"
         "market/notes.txt: warning: left out: not named .yaml, .json or .ndjson\n");
}

/* What is read of a contract when all of them are known is remembered. */
static void what_is_looked_at_later(void **state)
{
    (void)state;
    use_folder();
    given_file("market/a.yaml", CAMPAIGN BUYER);
    given_file("market/b.ndjson",
               LINE("one", "") LINE("two", ",\"duplicates\":{\"window\":\"30d\"}") LINE("three", ""));
    load("");
    assert_int_equal(catalogue_contract(catalogue, BYTES("two"))->people->duplicates_ms, INT64_C(30) * 86400000);
    const struct contract *three = catalogue_contract(catalogue, BYTES("three"));
    assert_true(!three->people || !three->people->duplicates_ms);
}

/* A line and the same contract in a document are the same, to the last byte that the book keeps. */
static void a_line_is_what_a_document_says(void **state)
{
    static const char more[] = ",\"filter\":{\"field\":\"type\",\"in\":[\"NO\"]},\"caps\":[{\"window\":\"day\","
                               "\"leads\":3}],\"schedule\":{\"mon-fri\":\"08:00-20:00\"}";
    (void)state;
    use_folder();
    given_file("market/a.yaml", CAMPAIGN BUYER);
    given_file("market/b.ndjson", LINE("one", ",\"tier\":2"));
    char line[1024];
    (void)snprintf(line, sizeof line,
                   "{\"buyer\":\"north\",\"id\":\"two\",\"campaign\":\"auto\",\"post_url\":\"https://"
                   "n.example/\",\"price\":\"9\"%s}\n",
                   more);
    given_file("market/c.ndjson", line);
    load("");
    struct arena zones;
    arena_init(&zones, 4096, 1 << 20);
    struct catalogue *again = catalogue_unpack(catalogue->packed, config_read_zone, &zones);
    assert_non_null(again);
    assert_int_equal(again->contracts_count, 2);
    assert_true(bytes_same(again->packed, catalogue->packed));
    const struct contract *two = catalogue_contract(again, BYTES("two"));
    assert_non_null(two->filter);
    assert_non_null(two->schedule);
    assert_int_equal(two->caps_count, 1);
    assert_int_equal(catalogue_contract(again, BYTES("one"))->tier, 2);
    catalogue_drop(&again);
    arena_free(&zones);
}

static void columns_of_lines_count_characters(void **state)
{
    (void)state;
    use_folder();
    given_file("market/a.yaml", CAMPAIGN BUYER);
    given_file("market/b.ndjson", LINE("one", "") "\r\n{\"buyer\":\"n\xc3\xb6rth\",\"id\":7,\"campaign\":null}\r\n");
    load("market/b.ndjson:3:1: contract 7: price is missing\n"
         "market/b.ndjson:3:10: buyer: n\xc3\xb6rth is not a name (letters, digits, . _ - ; at most 64)\n"
         "market/b.ndjson:3:36: campaign: null is not a name (letters, digits, . _ - ; at most 64)\n");
}

static void an_empty_folder_is_no_catalogue(void **state)
{
    (void)state;
    use_folder();
    load("market: no .yaml, .json or .ndjson file in this folder\n");
    given_file("market/b.ndjson", LINE("one", ""));
    load("market: no campaigns: a .yaml file has to stand beside the .ndjson\n");
    (void)snprintf(settings.catalogue, sizeof settings.catalogue, "%s", given_path("gone"));
    load("gone: cannot be read: No such file or directory\n");
}

/* A field named like a key of the schema is a field, and gets no defaults of another one. */
static void fields_have_any_name(void **state)
{
    (void)state;
    load("");
    const struct campaign *campaign = catalogue_campaign(catalogue, BYTES("auto"));
    assert_true(bytes_is(campaign->fields[1].name, "type"));
    assert_int_equal(campaign->fields[1].type, FIELD_TEXT);
    assert_false(campaign->fields[1].is_private);
}

static void secrets_come_from_beside_the_settings(void **state)
{
    (void)state;
    given_file("north.secret", SECRET "\n");
    given_file("market.yaml", CAMPAIGN "buyers: [{id: north, signing_secret: file:north.secret}]\n");
    load("");
    assert_true(bytes_is(catalogue_buyer(catalogue, BYTES("north"))->secrets[0], SECRET));
    given_file("market.yaml", CAMPAIGN "buyers: [{id: north, signing_secret: file:south.secret}]\n");
    load("market.yaml:7:38: signing_secret: file:south.secret cannot be read: not found\n");
}

static void ten_thousand_contracts(void **state)
{
    (void)state;
    use_folder();
    given_file("market/a.yaml", CAMPAIGN BUYER);
    FILE *file = fopen(given_path("market/bulk.ndjson"), "we");
    assert_non_null(file);
    for (unsigned i = 0; i < 10000; i++)
        fprintf(file,
                "{\"buyer\":\"north\",\"id\":\"c%u\",\"campaign\":\"auto\",\"ping_url\":\"https://n.example/"
                "p%u\",\"post_url\":"
                "\"https://n.example/"
                "\",\"price\":\"live\",\"filter\":{\"all\":[{\"field\":\"state\",\"in\":[\"CA\",\"NV\"]},"
                "{\"none\":[{\"affiliate\":[\"best\"]}]}]},\"caps\":[{\"window\":\"day\",\"leads\":%u}]}\n",
                i, i, i + 1);
    assert_int_equal(fclose(file), 0);
    load("");
    assert_int_equal(catalogue->contracts_count, 10000);
    assert_int_equal(catalogue_contract(catalogue, BYTES("c9999"))->caps[0].limit, 10000);
}

/* So many lines are read ahead; what is told of the wrong ones, and of those that were built, comes as from one. */
static void findings_of_many_lines(void **state)
{
    (void)state;
    use_folder();
    given_file("market/a.yaml", CAMPAIGN BUYER);
    FILE *file = fopen(given_path("market/bulk.ndjson"), "we");
    assert_non_null(file);
    for (unsigned i = 1; i <= 3000; i++) {
        if (i == 1200)
            fprintf(file, "{\"id\":\n");
        else
            fprintf(file,
                    "{\"buyer\":\"%s\",\"id\":\"c%u\",\"campaign\":\"auto\",\"post_url\":"
                    "\"https://n.example/\",\"price\":\"9\"}\n",
                    i == 1201 || i == 2999 ? "nobody" : "north", i);
    }
    assert_int_equal(fclose(file), 0);
    config_report_close(&report);
    catalogue = config_catalogue(&settings, NULL, &report);
    assert_null(catalogue);
    assert_int_equal(report.errors, 3);
    assert_int_equal(report.findings[0].line, 1200);
    assert_int_equal(report.findings[1].line, 1201);
    assert_string_equal(report.findings[1].text, "there is no such buyer");
    assert_int_equal(report.findings[2].line, 2999);
}

int main(void)
{
    assert_int_equal(crypto_start(), FAULT_NONE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_file_with_the_tables_defaults, open_files, close_files),
        cmocka_unit_test_setup_teardown(a_folder_is_one_catalogue, open_files, close_files),
        cmocka_unit_test_setup_teardown(lists_the_errors_of_all_files, open_files, close_files),
        cmocka_unit_test_setup_teardown(columns_of_lines_count_characters, open_files, close_files),
        cmocka_unit_test_setup_teardown(what_is_looked_at_later, open_files, close_files),
        cmocka_unit_test_setup_teardown(a_line_is_what_a_document_says, open_files, close_files),
        cmocka_unit_test_setup_teardown(an_empty_folder_is_no_catalogue, open_files, close_files),
        cmocka_unit_test_setup_teardown(fields_have_any_name, open_files, close_files),
        cmocka_unit_test_setup_teardown(secrets_come_from_beside_the_settings, open_files, close_files),
        cmocka_unit_test_setup_teardown(ten_thousand_contracts, open_files, close_files),
        cmocka_unit_test_setup_teardown(findings_of_many_lines, open_files, close_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
