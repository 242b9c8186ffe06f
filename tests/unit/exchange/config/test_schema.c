/* The table is sound, and the checker says of each mistake what it is and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/config/checker.h"
#include "exchange/config/schema_groups.h"
#include "exchange/config/yaml.h"
#include "protocol/crypto/digest.h"
#include "tests/unit/exchange/config/given.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

static const struct {
    const struct schema_group *const *groups;
    const unsigned *count;
} parts[] = {
    {schema_settings_groups, &schema_settings_groups_count},
    {schema_catalogue_groups, &schema_catalogue_groups_count},
    {schema_buyer_groups, &schema_buyer_groups_count},
};

static void each_row(void (*look)(const struct schema_group *group, const struct schema_row *row))
{
    for (unsigned p = 0; p < 3; p++)
        for (unsigned g = 0; g < *parts[p].count; g++)
            for (unsigned i = 0; i < parts[p].groups[g]->rows_count; i++)
                look(parts[p].groups[g], &parts[p].groups[g]->rows[i]);
}

/* A row's own default has to pass the row's own check. */
static void look_at(const struct schema_group *group, const struct schema_row *row)
{
    bool later = row->flags & SCHEMA_LATER;
    assert_ptr_equal(schema_find(group, bytes_of(row->key)), row); /* no key twice */
    assert_true(strlen(row->prose) > 0);
    if (row->type == SCHEMA_MAP && !later) assert_non_null(row->group);
    if (row->type == SCHEMA_CHOICE) assert_non_null(row->choices);
    if (!row->fallback || later) return;
    assert_false(row->flags & SCHEMA_REQUIRED);
    struct config_report report;
    struct tree tree;
    config_report_open(&report);
    tree_open(&tree, &report);
    struct node node = {.kind = NODE_TEXT, .key = bytes_of(row->key), .text = bytes_of(row->fallback), .span = 1};
    struct tree_place place = {.file = tree_file(&tree, "default"), .line = 1};
    assert_int_equal(tree_add(&tree, &node, &place), 0);
    bool good = value_check(&tree, row, tree.nodes, "");
    if (!good) print_error("%s.%s: %s\n", group->name, row->key, report.findings[0].text);
    assert_true(good);
    tree_close(&tree);
    config_report_close(&report);
}

static void the_table_is_sound(void **state)
{
    (void)state;
    each_row(look_at);
}

/* Checks `text` as the group; the findings must be these. Gives what checker_run said. */
static bool finds(const struct schema_group *group, const char *text, const char *findings)
{
    struct config_report report;
    struct tree tree;
    config_report_open(&report);
    tree_open(&tree, &report);
    uint32_t root = yaml_read(&tree, tree_file(&tree, "a"), bytes_of(text));
    assert_int_not_equal(root, TREE_NONE);
    bool whole = checker_run(&tree, root, group, "");
    config_report_sort(&report);
    assert_string_equal(given_findings(&report), findings);
    tree_close(&tree);
    config_report_close(&report);
    return whole;
}

static void knows_every_key(void **state)
{
    (void)state;
    assert_true(finds(&schema_settings, "catalogue: m\nwokers: 2\n",
                      "a:2:1: unknown key wokers in settings (did you mean workers?)\n"));
    assert_true(finds(&schema_settings, "catalogue: m\nzzz: 2\n", "a:2:1: unknown key zzz in settings\n"));
    assert_true(finds(&schema_settings, "catalogue: m\nlisten: {publik: \"127.0.0.1:1\"}\n",
                      "a:2:10: unknown key publik in listen (did you mean public?)\n"));
    assert_true(finds(&schema_bulk_contract,
                      "{buyer: b, id: c1, campaign: x, post_url: \"https://x.example/\", price: live, ping_ur: y}",
                      "a:1:78: unknown key ping_ur in contract c1 (did you mean ping_url?)\n"));
}

static void lists_every_error(void **state)
{
    (void)state;
    assert_false(finds(&schema_settings, "workers: many\nlog: {level: loud}\nmax_posts: 99\npayout_step: 0\n",
                       "a:1:1: settings: catalogue is missing\n"
                       "a:1:10: workers: many is not a whole number\n"
                       "a:2:14: level: loud is not one of: error warn info debug\n"
                       "a:3:12: max_posts: 99 is too high: 1..16\n"
                       "a:4:14: payout_step: 0 is too low: 0.000001..1000\n"));
}

static void takes_each_type_and_nothing_else(void **state)
{
    (void)state;
    static const char *const lines[][2] = {
        {"trace: {keep: 7}", "a:2:15: keep: 7 is not a duration (250ms 3s 5m 2h 30d 5y)\n"},
        {"trace: {max: 40GB}", "a:2:14: max: 40GB is not a size (512 64KiB 2GiB)\n"},
        {"margin: {percent: 15%}", "a:2:19: percent: 15% is not a percentage (15, 12.5)\n"},
        {"margin: {min: \"0.0000001\"}", "a:2:15: min: 0.0000001 is not money (\"12.50\")\n"},
        {"currency: usd", "a:2:11: currency: usd is not a currency (three capitals: USD)\n"},
        {"time_zone: America/Nowhere", "a:2:12: time_zone: no such time zone on this system: America/Nowhere\n"},
        {"time_zone: ../../etc/passwd", "a:2:12: time_zone: ../../etc/passwd is not a time zone (America/New_York)\n"},
        {"endpoints: {allow_private: NO}", "a:2:28: allow_private: NO is not true or false\n"},
        {"workers: [1]", "a:2:10: workers: must be a whole number, not a list\n"},
        {"workers:", "a:2:9: workers: an empty value is not a whole number\n"},
        {"limits: 5", "a:2:9: limits: must be a map of keys and values\n"},
        {"admin_keys: x", "a:2:13: admin_keys: must be a list\n"},
        {"admin_keys: [x]", "a:2:14: admin_keys: must be a key's hash (sha256: and 64 hexadecimal digits)\n"},
        {"admin_keys: [oc_adm_abc]",
         "a:2:14: admin_keys: must be a key's hash (sha256: and 64 hexadecimal digits), never the "
         "key itself: replace this key, it has been written down\n"},
        {"listen: {admin: \"localhost:80\"}",
         "a:2:17: admin: localhost:80 is not an address (127.0.0.1:8443, \"[::1]:8443\", unix:PATH)\n"},
        {"listen: {admin: \"127.0.0.1:65536\"}",
         "a:2:17: admin: 127.0.0.1:65536 is not an address (127.0.0.1:8443, \"[::1]:8443\", unix:PATH)\n"},
        {"ledger: {keys: data/keys}", "a:2:16: keys: must be a key file (file:PATH)\n"},
        {"listen: {public: []}", "a:2:18: public: the list is empty\n"},
        {"listen: {public: [\"127.0.0.1:1\", \"127.0.0.1:2\", \"127.0.0.1:3\", \"127.0.0.1:4\", \"127.0.0.1:5\"]}",
         "a:2:18: public: more than 4 items\n"},
        {"workers: auto", ""},
        {"endpoints: {ca: null}", ""},
        {"endpoints: {ca: }", ""},
        {"listen: {public: \"[::1]:0\", admin: \"unix:a.sock\"}", ""},
    };
    for (unsigned i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "catalogue: m\n%s\n", lines[i][0]);
        assert_true(finds(&schema_settings, text, lines[i][1]));
    }
}

static void names_what_is_missing(void **state)
{
    (void)state;
    assert_true(finds(&schema_catalogue, "campaigns: []\nbuyers:\n  - id: north\n  - {signing_secret: " SECRET "}\n",
                      "a:3:5: buyer north: signing_secret is missing\na:4:5: buyer: id is missing\n"));
    assert_true(finds(&schema_catalogue, "affiliates: [{id: a}]\n", "a:1:14: affiliate a: campaigns is missing\n"));
    /* A campaign is what others refer to: without it nothing can be said about the rest. */
    assert_false(finds(&schema_catalogue, "campaigns: [{id: c}]\n", "a:1:13: campaign c: fields is missing\n"));
}

/* A contract with this added; findings start at column 1 of line 9. */
static void finds_in_contract(const char *added, const char *findings)
{
    char text[1024];
    (void)snprintf(text, sizeof text,
                   "buyers:\n  - id: b\n    signing_secret: " SECRET "\n    contracts:\n"
                   "    - id: c\n      campaign: x\n      post_url: https://x.example/\n      price: live\n      %s\n",
                   added);
    assert_true(finds(&schema_catalogue, text, findings));
}

/* One word, or a map. */
static void reads_a_choice_or_a_map_of_them(void **state)
{
    (void)state;
    finds_in_contract("on_unknown: {timeout: hold, http_5xx: fallback}", "");
    finds_in_contract("on_unknown: fallback", "");
    finds_in_contract("on_unknown: {timeout: hald}",
                      "a:9:29: timeout: hald is not one of: hold retry fallback (did you mean hold?)\n");
    finds_in_contract("on_unknown: {timeouts: hold}",
                      "a:9:20: unknown key timeouts in on_unknown (did you mean timeout?)\n");
    finds_in_contract("on_unknown: [hold]", "a:9:19: on_unknown: must be one of its words, not a list\n");
    finds_in_contract("price_at_post: {bid: 1}", "a:9:22: price_at_post: must be one of its words, not a map\n");
}

static void refuses_what_is_not_built_yet(void **state)
{
    (void)state;
    finds_in_contract("multiplier: \"0.001\"", "a:9:19: multiplier: 0.001 is too low: 0.01..100\n");
    finds_in_contract("max_sold: 1", "a:9:17: max_sold: 1 is too low: 2..100\n");
    finds_in_contract("type: shred",
                      "a:9:13: type: shred is not one of: exclusive shared either (did you mean shared?)\n");
    finds_in_contract("caps: [{window: week, leads: 1, per: stat}]",
                      "a:9:44: per: stat is not one of: state affiliate source channel (did you mean state?)\n");
    finds_in_contract("caps: [{window: day, percent: 500}]", "a:9:37: percent: 500 is too high: 0.0001..99.9999\n");
    finds_in_contract("caps: [{leads: 1}]", "a:9:14: cap: window is missing\n");
    finds_in_contract("filter: {in_list: \"a b\"}",
                      "a:9:25: in_list: a b is not a name (letters, digits, . _ - ; at most 64)\n");
    finds_in_contract("filter: {all: [{any: [{score: {min: x}}]}]}", "a:9:43: min: x is not a whole number\n");
    assert_true(finds(&schema_catalogue, "margins: []\nlists: {x: {fil: a}}\n",
                      "a:2:13: unknown key fil in list (did you mean file?)\n"));
    assert_false(finds(&schema_catalogue, "campaigns: [{id: c, max_sales: 9, fields: {a: {type: data}}}]\n",
                       "a:1:32: max_sales: 9 is too high: 1..8\n"
                       "a:1:54: type: data is not one of: text integer decimal boolean choice date email url ip "
                       "us_state us_zip us_phone "
                       "(did you mean date?)\n"));
}

static void checks_what_a_contract_is_made_of(void **state)
{
    (void)state;
    finds_in_contract("schedule: {mon-fry: \"08:00-20:00\"}",
                      "a:9:18: schedule: mon-fry: days are written mon-fri, sat or mon,wed,fri\n");
    finds_in_contract("schedule: {mon: \"08:10-20:00\"}",
                      "a:9:23: schedule: 08:10-20:00: hours are written 08:00-20:00, on the half hour, up to 24:00\n");
    finds_in_contract(
        "ping_url: ftp://x.example/",
        "a:9:17: ping_url: ftp://x.example/ is not a URL (https://host/path, without user or fragment)\n");
    finds_in_contract("filter: [a]", "a:9:15: filter: must be a map of keys and values\n");
    finds_in_contract("filter: {feild: a}", "a:9:16: unknown key feild in filter (did you mean field?)\n");
    finds_in_contract("filter: {field: state, in: [NO, CA]}", "");
    finds_in_contract("tier: 0", "a:9:13: tier: 0 is too low: 1..1000\n");
    assert_true(finds(&schema_bulk_contract,
                      "{buyer: b, id: c, campaign: x, post_url: \"https://x.example/\", price: \"12.50\"}", ""));
    assert_false(finds(&schema_bulk_contract,
                       "{buyer: b, id: c, campaign: x, post_url: \"https://x.example/\", price: dead}",
                       "a:1:71: price: dead is not live, money or a list of rules\n"));
    assert_false(finds(&schema_bulk_contract,
                       "{buyer: b, id: c, campaign: x, post_url: \"https://x.example/\", price: {exclusive: \"4\"}}",
                       "a:1:71: leg prices: shared is missing\n"));
    assert_false(finds(&schema_bulk_contract,
                       "{buyer: b, id: c, campaign: x, post_url: \"https://x.example/\", price: [{when: {field: a}}]}",
                       "a:1:72: price rule: price is missing\n"));
}

static void fetches_secrets(void **state)
{
    (void)state;
    given_file("good", SECRET "\n");
    given_file("bad", "hello\n");
    setenv("OUTCRY_TEST_SECRET", SECRET, 1);
    unsetenv("OUTCRY_TEST_NOTHING");
    static const char *const cases[][2] = {
        {"env:OUTCRY_TEST_SECRET", ""},
        {"file:good", ""},
        {"[file:good, env:OUTCRY_TEST_SECRET]", ""},
        {"env:OUTCRY_TEST_NOTHING", "a:1:26: signing_secret: env:OUTCRY_TEST_NOTHING is not set\n"},
        {"file:none", "a:1:26: signing_secret: file:none cannot be read: not found\n"},
        {"file:bad", "a:1:26: signing_secret: must be whsec_ and the base64 of 24 to 64 bytes\n"},
        {"hunter2", "a:1:26: signing_secret: must be whsec_ and the base64 of 24 to 64 bytes\n"},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        struct config_report report;
        struct tree tree;
        config_report_open(&report);
        tree_open(&tree, &report);
        (void)snprintf(text, sizeof text, "{id: b, signing_secret: %s%s}", *cases[i][0] == '[' ? "" : " ", cases[i][0]);
        uint32_t root = yaml_read(&tree, tree_file(&tree, "a"), bytes_of(text));
        (void)checker_run(&tree, root, &schema_buyer, given_folder);
        assert_string_equal(given_findings(&report), cases[i][1]);
        const struct node *secret = node_find(&tree.nodes[root], "signing_secret");
        if (secret->kind == NODE_LIST) secret = node_first(secret);
        if (!*cases[i][1]) assert_string_equal(secret->text.at, SECRET);
        tree_close(&tree);
        config_report_close(&report);
    }
}

static void drops_only_what_is_wrong(void **state)
{
    (void)state;
    struct config_report report;
    struct tree tree;
    config_report_open(&report);
    tree_open(&tree, &report);
    uint32_t root = yaml_read(
        &tree, tree_file(&tree, "a"),
        BYTES("affiliates:\n- {id: a, campaigns: [x], min_price: cheap}\n- {id: b}\n- {id: c, campaigns: "
              "[x], terms: {clear_after: soon}}\n"));
    assert_true(checker_run(&tree, root, &schema_catalogue, ""));
    const struct node *list = checker_find(&tree, &tree.nodes[root], "affiliates"), *a = node_first(list);
    assert_int_equal(report.errors, 3);
    assert_false(tree_place(&tree, a)->dropped);
    assert_null(checker_find(&tree, a, "min_price"));
    assert_non_null(checker_find(&tree, a, "campaigns"));
    assert_true(tree_place(&tree, node_step(a))->dropped);
    assert_false(tree_place(&tree, node_step(node_step(a)))->dropped);
    tree_close(&tree);
    config_report_close(&report);
}

int main(void)
{
    assert_int_equal(crypto_start(), FAULT_NONE);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_sound),
        cmocka_unit_test(knows_every_key),
        cmocka_unit_test(lists_every_error),
        cmocka_unit_test(takes_each_type_and_nothing_else),
        cmocka_unit_test(names_what_is_missing),
        cmocka_unit_test(reads_a_choice_or_a_map_of_them),
        cmocka_unit_test(refuses_what_is_not_built_yet),
        cmocka_unit_test(checks_what_a_contract_is_made_of),
        cmocka_unit_test_setup_teardown(fetches_secrets, given_open, given_close),
        cmocka_unit_test(drops_only_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
