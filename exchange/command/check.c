/* The same reading as serve's, without its standing state; what it says goes to standard output, since it is what was
 * asked for. */
#include <stdio.h>

#include "exchange/command/command.h"
#include "exchange/command/options.h"
#include "exchange/command/table.h"
#include "exchange/config/config.h"
#include "exchange/config/reference.h"
#include "protocol/codec/json.h"

#define LINE_MAX_BYTES 8192 /* a finding as JSON: a path and a message, escaped */

enum { CONFIG, SCHEMA, MARKDOWN, JSON };

static const struct option_row rows[] = {
    [CONFIG] = {"config", "FILE", "the settings file"},
    [SCHEMA] = {"schema", NULL, "print every key, its type, default and meaning instead"},
    [MARKDOWN] = {"markdown", NULL, "with --schema: as docs/config.md"},
    [JSON] = {"json", NULL, "print JSON: one object; with --schema one a line"},
};
static const struct options options = {
    .command = "check",
    .usage = "",
    .prose = "Reads settings and catalogue as serve would and lists all that is wrong, as file:line:col: message.\n"
             "Exit status: 0 good, 2 something is wrong.",
    .rows = rows,
    .rows_count = sizeof rows / sizeof *rows,
};

static void print_text(const struct settings *settings, const struct catalogue *catalogue,
                       const struct config_report *report);
static void print_json(const struct catalogue *catalogue, const struct config_report *report);
static void print_finding(const struct config_finding *finding, bool is_first);

int command_check(int argc, char **argv)
{
    struct options_given given;
    int status;
    if (!options_read(&options, argc, argv, &given, &status)) return status;
    if (given.values[SCHEMA]) {
        reference_print(given.values[MARKDOWN] ? REFERENCE_MARKDOWN
                        : given.values[JSON]   ? REFERENCE_JSON
                                               : REFERENCE_TEXT,
                        stdout);
        return COMMAND_DONE;
    }
    if (crypto_start() != FAULT_NONE) {
        fprintf(stderr, "outcry check: the cryptographic library cannot be used\n");
        return COMMAND_USAGE;
    }
    struct settings settings;
    struct config_report report;
    config_report_open(&report);
    struct catalogue *catalogue = NULL;
    bool good = settings_read(config_path(given.values[CONFIG]), &settings, &report);
    if (good || *settings.catalogue) /* all errors of both files in one list */
        catalogue = config_catalogue(&settings, NULL, &report);
    struct shelf *shelf = catalogue ? lists_read(&settings, catalogue, NULL, NULL, &report) : NULL;
    if (!shelf) catalogue_drop(&catalogue);
    shelf_drop(&shelf);
    if (given.values[JSON])
        print_json(catalogue, &report);
    else
        print_text(&settings, catalogue, &report);
    status = catalogue ? COMMAND_DONE : COMMAND_USAGE;
    catalogue_drop(&catalogue);
    config_report_close(&report);
    crypto_stop();
    return status;
}

static void print_text(const struct settings *settings, const struct catalogue *catalogue,
                       const struct config_report *report)
{
    config_report_print(report, stdout);
    if (!catalogue) {
        printf("%u error%s, %u warning%s\n", report->errors, report->errors == 1 ? "" : "s", report->warnings,
               report->warnings == 1 ? "" : "s");
        return;
    }
    char version[2 * DIGEST_LEN];
    struct sink sink = sink_over(version, sizeof version);
    sink_hex(&sink, (struct bytes){(const char *)catalogue->version.at, 8});
    printf("%s: good. Catalogue %.*s: %u campaign%s, %u affiliate%s, %u buyer%s, %u contract%s\n", settings->file,
           (int)sink.len, sink.at, catalogue->campaigns_count, table_plural(catalogue->campaigns_count),
           catalogue->affiliates_count, table_plural(catalogue->affiliates_count), catalogue->buyers_count,
           table_plural(catalogue->buyers_count), catalogue->contracts_count, table_plural(catalogue->contracts_count));
}

static void print_json(const struct catalogue *catalogue, const struct config_report *report)
{
    printf("{\"good\":%s,\"errors\":%u,\"warnings\":%u", catalogue ? "true" : "false", report->errors,
           report->warnings);
    if (catalogue) {
        char version[2 * DIGEST_LEN];
        struct sink sink = sink_over(version, sizeof version);
        sink_hex(&sink, (struct bytes){(const char *)catalogue->version.at, DIGEST_LEN});
        printf(",\"catalogue_version\":\"%.*s\",\"campaigns\":%u,\"affiliates\":%u,\"buyers\":%u,\"contracts\":%u",
               (int)sink.len, sink.at, catalogue->campaigns_count, catalogue->affiliates_count, catalogue->buyers_count,
               catalogue->contracts_count);
    }
    printf(",\"findings\":[");
    for (uint32_t i = 0; i < report->count; i++) print_finding(&report->findings[i], i == 0);
    printf("]}\n");
}

static void print_finding(const struct config_finding *finding, bool is_first)
{
    char line[LINE_MAX_BYTES];
    struct sink sink = sink_over(line, sizeof line);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "file");
    json_text(&json, bytes_of(finding->file));
    json_key(&json, "line");
    json_u64(&json, finding->line);
    json_key(&json, "col");
    json_u64(&json, finding->col);
    json_key(&json, "severity");
    json_text(&json, finding->is_error ? BYTES("error") : BYTES("warning"));
    json_key(&json, "text");
    json_text(&json, bytes_of(finding->text));
    json_close_map(&json);
    printf("%s%.*s", is_first ? "" : ",", (int)sink.len, sink.at);
}
