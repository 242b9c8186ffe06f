/* report: what a reading of settings and catalogue found, every finding of it, with its place.
 *
 * A finding is one line: `file:line:col: message`. Errors refuse the reading, warnings do not. The report owns its
 * memory; one thread. It holds no secret: messages never quote the value of a secret or a key. */
#pragma once

#include <stdio.h>

#include "protocol/base/bytes.h"

#define CONFIG_FINDINGS_MAX 10000 /* the rest is only counted */

struct config_finding {
    char *file;         /* as the operator wrote it; empty: no file is to blame */
    uint32_t line, col; /* from 1; 0: the file as a whole */
    uint32_t order;     /* of files, by their first mention */
    bool is_error;
    char *text;
};

struct config_report {
    struct config_finding *findings;
    uint32_t count, cap;
    char **files; /* in the order they were mentioned: what the list is sorted by first */
    uint32_t files_count, files_cap;
    uint32_t errors, warnings; /* all, those that were only counted included */
    bool out_of_memory;        /* counts as an error: the list is not whole */
};

struct config_report_count {
    uint32_t findings, errors, warnings;
};

void config_report_open(struct config_report *report);
void config_report_close(struct config_report *report);
void config_report_add(struct config_report *report, bool is_error, const char *file, uint32_t line, uint32_t col,
                       const char *format, ...) __attribute__((format(printf, 6, 7)));
static inline struct config_report_count config_report_counted(const struct config_report *report)
{
    return (struct config_report_count){report->count, report->errors, report->warnings};
}
/* Adds again what another report found between two counts of it. */
void config_report_repeat(struct config_report *report, const struct config_report *other,
                          const struct config_report_count *from, const struct config_report_count *to);
/* Gives the file its turn in the list, before anything is found in it. */
void config_report_mention(struct config_report *report, const char *file);
/* True if nothing stands in the way. */
bool config_report_is_clean(const struct config_report *report);
/* By file in the order of first mention, then line, then column. Done by settings_read and config_catalogue at their
 * end. */
void config_report_sort(struct config_report *report);
/* One line without its newline: "market.yaml:3:5: unknown key ..."; warnings say "warning: " before the message. */
void config_report_write(const struct config_report *report, uint32_t index, struct sink *out);
/* All lines, and how many more there were. */
void config_report_print(const struct config_report *report, FILE *out);
