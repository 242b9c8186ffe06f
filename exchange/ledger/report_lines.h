/* report_lines: a line of an export, put together field by field and written in one of the formats. For the exports
 * only. */
#pragma once

#include "exchange/ledger/report.h"
#include "exchange/ledger/store.h"
#include "protocol/base/ident.h"

#define REPORT_FIELDS_MAX 32u

enum report_field_kind { REPORT_TEXT, REPORT_BARE, REPORT_MONEY }; /* BARE: JSON as it stands */

struct report_line {
    struct {
        const char *name;
        struct bytes text;
        enum report_field_kind kind;
    } fields[REPORT_FIELDS_MAX];
    unsigned count;
    char memory[1024]; /* of the texts made here */
    struct sink sink;
};

void report_line_begin(struct report_line *line);
/* Not copied. */
void report_line_text(struct report_line *line, const char *name, struct bytes text);
void report_line_bare(struct report_line *line, const char *name, struct bytes json);
void report_line_number(struct report_line *line, const char *name, uint64_t number);
void report_line_money(struct report_line *line, const char *name, int64_t micros);
/* IDENT_NONE, 0, 0: empty. */
void report_line_id(struct report_line *line, const char *name, const struct ident *ident);
void report_line_wall(struct report_line *line, const char *name, int64_t wall_ms);
void report_line_period(struct report_line *line, const char *name, uint32_t period);

/* Where lines go. */
struct report_out {
    enum report_format format;
    FILE *file;
    struct arena *arena; /* for a line's bytes */
    bool has_head;       /* of CSV: the names */
};
/* The first of a CSV is its names, whatever its texts. */
enum fault report_line_print(struct report_out *out, const struct report_line *line) MUST_USE;
