/* settings: defaults, paths, what two settings mean together, what a reload may change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exchange/config/config.h"
#include "exchange/config/schema_groups.h"
#include "protocol/base/money.h"
#include "tests/unit/exchange/config/given.h"

#define SECOND INT64_C(1000000)
#define HASH "sha256:00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static struct settings settings;
static struct config_report report;

static bool read_settings(const char *text)
{
    given_file("outcry.yaml", text);
    config_report_close(&report);
    return settings_read(given_path("outcry.yaml"), &settings, &report);
}

static void finds(const char *text, const char *findings)
{
    bool good = read_settings(text);
    assert_string_equal(given_findings(&report), findings);
    assert_int_equal(good, config_report_is_clean(&report));
}

static int open_files(void **state)
{
    if (given_open(state) != 0) return -1;
    given_file("market.yaml", "campaigns: []\n");
    given_file("cert.pem", "x");
    given_file("key.pem", "x");
    return 0;
}

static int close_files(void **state)
{
    config_report_close(&report);
    return given_close(state);
}

static void has_the_tables_defaults(void **state)
{
    (void)state;
    finds("{listen: {admin: \"unix:a.sock\"}, catalogue: market.yaml}", "");
    assert_int_equal(settings.listen_public.count, 1);
    assert_string_equal(settings.listen_public.at[0], "127.0.0.1:8080");
    assert_int_equal(strncmp(settings.listen_admin, "unix:/tmp/", 10), 0);
    assert_int_equal(settings.workers, 0);
    assert_string_equal(settings.ledger_path, given_path("data"));
    assert_string_equal(settings.ledger_keys, given_path("data/ledger.keys"));
    assert_int_equal(settings.ledger_map_bytes, INT64_C(64) << 30);
    assert_int_equal(settings.trace_keep_us, 7 * 86400 * SECOND);
    assert_string_equal(settings.time_zone, "UTC");
    assert_int_equal(settings.offers_max, 200000);
    assert_string_equal(settings.currency, "USD");
    assert_int_equal(settings.payout_step_micros, MONEY_UNIT / 100);
    assert_true(settings.margin.is_set);
    assert_int_equal(settings.margin.ppm, 0);
    assert_int_equal(settings.circuit.failures, 5);
    assert_int_equal(settings.circuit.share_ppm, 500000);
    assert_int_equal(settings.circuit.of, 20);
    assert_int_equal(settings.circuit.pause_us, SECOND);
    assert_int_equal(settings.circuit.pause_max_us, 4 * SECOND);
    assert_int_equal(settings.max_posts, 4);
    assert_false(settings.endpoints_allow_private);
    assert_string_equal(settings.endpoints_ca, "");
    assert_int_equal(settings.limits_connections, 20000);
    assert_int_equal(settings.limits_body_bytes, 65536);
    assert_int_equal(settings.limits_idle_us, 60 * SECOND);
    assert_int_equal(settings.log_level, LOG_INFO);
    assert_int_equal(settings.log_format, LOG_TEXT);
}

static void takes_what_is_written(void **state)
{
    (void)state;
    finds("listen: {public: [\"0.0.0.0:8443\", \"[::]:8443\"], admin: \"127.0.0.1:9090\"}\n"
          "tls: {certificate: cert.pem, key: key.pem}\n"
          "workers: 3\n"
          "ledger: {path: /var/lib/outcry, map_size: 2GiB, keys: file:own.keys}\n"
          "admin_keys: [\"" HASH "\"]\n"
          "catalogue: market.yaml\n"
          "margin: {percent: 12.5, min: \"0.10\"}\n"
          "endpoints: {allow_private: true, ca: cert.pem}\n"
          "limits: {head_time: 250ms}\n"
          "log: {level: debug, format: json}\n",
          "");
    assert_int_equal(settings.listen_public.count, 2);
    assert_string_equal(settings.listen_public.at[1], "[::]:8443");
    assert_string_equal(settings.tls_certificate, given_path("cert.pem"));
    assert_int_equal(settings.workers, 3);
    assert_string_equal(settings.ledger_path, "/var/lib/outcry");
    assert_string_equal(settings.ledger_keys, given_path("own.keys"));
    assert_int_equal(settings.admin_keys.count, 1);
    assert_int_equal(settings.admin_keys.at[0].at[1], 0x11);
    assert_int_equal(settings.admin_keys.at[0].at[31], 0xff);
    assert_int_equal(settings.margin.ppm, 125000);
    assert_int_equal(settings.margin.min_micros, MONEY_UNIT / 10);
    assert_true(settings.endpoints_allow_private);
    assert_string_equal(settings.endpoints_ca, given_path("cert.pem"));
    assert_int_equal(settings.limits_head_us, 250000);
    assert_int_equal(settings.log_level, LOG_DEBUG);
    assert_int_equal(settings.log_format, LOG_JSON);
    struct house_rules house = settings_house_rules(&settings);
    assert_int_equal(house.margin.ppm, 125000);
    assert_true(house.allow_private);
    assert_true(bytes_is(house.currency, "USD"));
}

static void bands_of_the_exchange(void **state)
{
    (void)state;
    finds("listen: {public: \"127.0.0.1:8080\", admin: \"unix:a.sock\"}\n"
          "catalogue: market.yaml\n"
          "ledger: {path: d}\n"
          "margin: {min: \"0.10\", bands: [{up_to: \"10\", percent: 25}, {percent: 15, fixed: \"1\"}]}\n",
          "");
    struct house_rules house = settings_house_rules(&settings);
    assert_int_equal(house.margin.bands_count, 2);
    assert_int_equal(house.margin.bands[0].up_to_micros, 10 * MONEY_UNIT);
    assert_int_equal(house.margin.bands[0].ppm, 250000);
    assert_int_equal(house.margin.bands[1].up_to_micros, INT64_MAX);
    assert_int_equal(house.margin.bands[1].fixed_micros, MONEY_UNIT);
    finds("listen: {public: \"127.0.0.1:8080\", admin: \"unix:a.sock\"}\n"
          "catalogue: market.yaml\n"
          "ledger: {path: d}\n"
          "margin: {percent: 5, bands: [{up_to: \"10\"}, {up_to: \"9\"}]}\n",
          "outcry.yaml:4:29: bands state percent and fixed themselves: both would not count\n"
          "outcry.yaml:4:45: the last band needs no up_to: it takes all prices above\n");
}

static void without_tls_stays_on_loopback(void **state)
{
    (void)state;
    finds("listen: {public: [\"127.0.0.1:1\", \"0.0.0.0:8443\"], admin: \"10.0.0.1:9090\"}\ncatalogue: market.yaml\n"
          "admin_keys: [\"" HASH "\"]\n",
          "outcry.yaml:1:18: public: 0.0.0.0:8443 is not a loopback address: that needs tls\n"
          "outcry.yaml:1:58: admin: 10.0.0.1:9090 is not a loopback address: that needs tls\n");
    finds("listen: {public: \"unix:x\", admin: \"unix:y\"}\ncatalogue: market.yaml\n",
          "outcry.yaml:1:18: public: must be an address and a port, not a unix socket\n");
    assert_true(settings_is_loopback("127.9.9.9:1"));
    assert_true(settings_is_loopback("[::1]:1"));
    assert_false(settings_is_loopback("128.0.0.1:1"));
    assert_false(settings_is_loopback("[::]:1"));
}

static void files_must_be_readable(void **state)
{
    (void)state;
    char gone[512];
    finds("listen: {admin: \"unix:y\"}\ntls: {certificate: cert.pem, key: none.pem}\ncatalogue: none.yaml\nendpoints: "
          "{ca: "
          "none}\n",
          (snprintf(gone, sizeof gone,
                    "outcry.yaml:2:35: key: %s cannot be read: No such file or directory\n"
                    "outcry.yaml:3:12: catalogue: %s cannot be read: No such file or directory\n"
                    "outcry.yaml:4:17: ca: %s cannot be read: No such file or directory\n",
                    given_path("none.pem"), given_path("none.yaml"), given_path("none")),
           gone));
    config_report_close(&report);
    assert_false(settings_read(given_path("nothing.yaml"), &settings, &report));
    assert_string_equal(given_findings(&report), "nothing.yaml: cannot be read: No such file or directory\n");
    config_report_close(&report);
    assert_false(settings_read(given_folder, &settings, &report));
    assert_int_equal(report.errors, 1);
}

static void warns_where_nobody_may_operate(void **state)
{
    (void)state;
    assert_true(read_settings("catalogue: market.yaml\n"));
    assert_int_equal(report.warnings, 1);
    assert_non_null(strstr(report.findings[0].text, "no admin_keys"));
}

static void weighs_what_belongs_together(void **state)
{
    (void)state;
    finds("listen: {admin: \"unix:y\"}\ncatalogue: market.yaml\ncircuit: {pause: 5s}\n",
          "outcry.yaml:3:18: circuit: pause is longer than pause_max\n");
    finds("listen: {admin: \"unix:y\"}\ncatalogue: market.yaml\ncircuit: {pause_max: 500ms}\n",
          "outcry.yaml:3:22: circuit: pause is longer than pause_max\n");
}

static void keeps_what_a_reload_cannot_change(void **state)
{
    (void)state;
    finds("listen: {admin: \"unix:y\"}\ncatalogue: market.yaml\nmax_posts: 2\n", "");
    struct settings running = settings;
    finds("listen: {admin: \"unix:z\"}\ncatalogue: market.yaml\nmax_posts: 3\nworkers: 4\nlog: {level: error}\n", "");
    assert_int_equal(settings_keep(&running, &settings, &report), 3);
    config_report_sort(&report);
#define STAYS " cannot change while the exchange runs: the old value stays until it is restarted\n"
    assert_string_equal(given_findings(&report),
                        "outcry.yaml: warning: listen.admin" STAYS "outcry.yaml: warning: log.level" STAYS
                        "outcry.yaml: warning: workers" STAYS);
    assert_true(config_report_is_clean(&report));
    assert_string_equal(settings.listen_admin, running.listen_admin);
    assert_int_equal(settings.workers, 0);
    assert_int_equal(settings.log_level, LOG_INFO);
    assert_int_equal(settings.max_posts, 3);
    assert_int_equal(settings_keep(&running, &settings, &report), 0);
}

static void tls_comes_and_goes_only_at_a_restart(void **state)
{
    (void)state;
    finds("listen: {admin: \"unix:y\"}\ncatalogue: market.yaml\n", "");
    struct settings plain = settings;
    finds("listen: {admin: \"unix:y\"}\ncatalogue: market.yaml\ntls: {certificate: cert.pem, key: key.pem}\n", "");
    struct settings running = settings;
    assert_int_equal(settings_keep(&plain, &settings, &report), 1);
    assert_string_equal(given_findings(&report), "outcry.yaml: warning: tls" STAYS);
    assert_string_equal(settings.tls_certificate, "");
    assert_int_equal(settings_keep(&running, &settings, &report), 1);
    assert_string_equal(settings.tls_key, given_path("key.pem"));
    finds("listen: {admin: \"unix:y\"}\ncatalogue: market.yaml\ntls: {certificate: key.pem, key: cert.pem}\n", "");
    assert_int_equal(settings_keep(&running, &settings, &report), 0); /* another certificate is what a reload is for */
    assert_string_equal(settings.tls_key, given_path("cert.pem"));
}

int main(void)
{
    config_report_open(&report);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(has_the_tables_defaults, open_files, close_files),
        cmocka_unit_test_setup_teardown(takes_what_is_written, open_files, close_files),
        cmocka_unit_test_setup_teardown(bands_of_the_exchange, open_files, close_files),
        cmocka_unit_test_setup_teardown(without_tls_stays_on_loopback, open_files, close_files),
        cmocka_unit_test_setup_teardown(files_must_be_readable, open_files, close_files),
        cmocka_unit_test_setup_teardown(warns_where_nobody_may_operate, open_files, close_files),
        cmocka_unit_test_setup_teardown(weighs_what_belongs_together, open_files, close_files),
        cmocka_unit_test_setup_teardown(keeps_what_a_reload_cannot_change, open_files, close_files),
        cmocka_unit_test_setup_teardown(tls_comes_and_goes_only_at_a_restart, open_files, close_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
