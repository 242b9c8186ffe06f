/* Findings are made in the order files are walked, and shown in the order a person reads: sorting is done once, at the
 * end. Each text is a heap string of its own, because findings are few and short-lived. */
#include "exchange/config/report.h"

#include <stdarg.h>
#include <stdlib.h>

#define MESSAGE_MAX 512
#define LINE_MAX_BYTES 2048 /* a path of up to 1024, the place and the message */

static struct config_finding *take_place(struct config_report *report);
static uint32_t file_order(struct config_report *report, const char *file);
static void make_printable(char *text);
static int compare(const void *a, const void *b);

void config_report_open(struct config_report *report)
{
    *report = (struct config_report){0};
}

void config_report_close(struct config_report *report)
{
    for (uint32_t i = 0; i < report->count; i++) {
        free(report->findings[i].file);
        free(report->findings[i].text);
    }
    for (uint32_t i = 0; i < report->files_count; i++) free(report->files[i]);
    free(report->files);
    free(report->findings);
    *report = (struct config_report){0};
}

void config_report_add(struct config_report *report, bool is_error, const char *file, uint32_t line, uint32_t col,
                       const char *format, ...)
{
    if (is_error)
        report->errors++;
    else
        report->warnings++;
    if (report->count == CONFIG_FINDINGS_MAX) return;
    char text[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* a longer message loses its end, no more */
    va_end(arguments);
    struct config_finding *finding = take_place(report);
    if (!finding) {
        report->out_of_memory = true;
        return;
    }
    *finding = (struct config_finding){.file = strdup(file), .line = line, .col = col, .is_error = is_error};
    finding->text = strdup(text);
    if (!finding->file || !finding->text) {
        free(finding->file);
        free(finding->text);
        report->out_of_memory = true;
        return;
    }
    finding->order = file_order(report, file);
    make_printable(finding->file);
    make_printable(finding->text);
    report->count++;
}

/* What the other only counted lies behind more than any report holds, so it is only counted here too. */
void config_report_repeat(struct config_report *report, const struct config_report *other,
                          const struct config_report_count *from, const struct config_report_count *to)
{
    uint32_t errors = to->errors - from->errors, warnings = to->warnings - from->warnings;
    for (uint32_t i = from->findings; i < to->findings; i++) {
        const struct config_finding *finding = &other->findings[i];
        const char *file = other->files[finding->order];
        config_report_add(report, finding->is_error, file, finding->line, finding->col, "%s", finding->text);
        errors -= finding->is_error;
        warnings -= !finding->is_error;
    }
    report->errors += errors;
    report->warnings += warnings;
    report->out_of_memory |= other->out_of_memory;
}

void config_report_mention(struct config_report *report, const char *file)
{
    (void)file_order(report, file);
}

bool config_report_is_clean(const struct config_report *report)
{
    return report->errors == 0 && !report->out_of_memory;
}

void config_report_sort(struct config_report *report)
{
    if (report->count > 1) qsort(report->findings, report->count, sizeof *report->findings, compare);
}

void config_report_write(const struct config_report *report, uint32_t index, struct sink *out)
{
    const struct config_finding *finding = &report->findings[index];
    if (finding->line)
        sink_format(out, "%s:%u:%u: ", finding->file, finding->line, finding->col);
    else if (*finding->file)
        sink_format(out, "%s: ", finding->file);
    if (!finding->is_error) sink_text(out, "warning: ");
    sink_text(out, finding->text);
}

void config_report_print(const struct config_report *report, FILE *out)
{
    for (uint32_t i = 0; i < report->count; i++) {
        char line[LINE_MAX_BYTES];
        struct sink sink = sink_over(line, sizeof line);
        config_report_write(report, i, &sink);
        fprintf(out, "%.*s\n", (int)sink.len, sink.at);
    }
    uint32_t all = report->errors + report->warnings;
    if (all > report->count) fprintf(out, "and %u more\n", all - report->count);
    if (report->out_of_memory) fprintf(out, "out of memory: the list is not whole\n");
}

static struct config_finding *take_place(struct config_report *report)
{
    if (report->count == report->cap) {
        uint32_t cap = report->cap ? report->cap * 2 : 16;
        struct config_finding *grown = realloc(report->findings, cap * sizeof *grown);
        if (!grown) return NULL;
        report->findings = grown;
        report->cap = cap;
    }
    return &report->findings[report->count];
}

/* Files are few, and the last one named is nearly always the one again. */
static uint32_t file_order(struct config_report *report, const char *file)
{
    for (uint32_t i = report->files_count; i-- > 0;)
        if (strcmp(report->files[i], file) == 0) return i;
    if (report->files_count == report->files_cap) {
        uint32_t cap = report->files_cap ? report->files_cap * 2 : 8;
        char **grown = realloc(report->files, cap * sizeof *grown);
        if (!grown) goto fail;
        report->files = grown;
        report->files_cap = cap;
    }
    report->files[report->files_count] = strdup(file);
    if (!report->files[report->files_count]) goto fail;
    return report->files_count++;
fail:
    report->out_of_memory = true;
    return report->files_count;
}

/* Findings quote what others wrote: nothing in them may move a terminal's cursor or spoil the JSON they are put into.
 */
static void make_printable(char *text)
{
    size_t step;
    for (struct bytes rest = bytes_of(text); rest.len > 0; rest = bytes_from(rest, step)) {
        step = bytes_utf8_step(rest);
        bool control = (unsigned char)rest.at[0] < 0x20 || rest.at[0] == 0x7f;
        if (step == 0 || control) text[rest.at - text] = '?';
        if (step == 0) step = 1;
    }
}

static int compare(const void *a, const void *b)
{
    const struct config_finding *one = a, *other = b;
    if (one->order != other->order) return one->order < other->order ? -1 : 1;
    if (one->line != other->line) return one->line < other->line ? -1 : 1;
    if (one->col != other->col) return one->col < other->col ? -1 : 1;
    return strcmp(one->text, other->text);
}
