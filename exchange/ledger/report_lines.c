/* MessagePack is made of the JSON, so that a line says the same in every format. CSV fields that a spreadsheet would
 * take for a formula get an apostrophe in front. */
#include "exchange/ledger/report_lines.h"

#include "exchange/record/period.h"
#include "protocol/base/check.h"
#include "protocol/base/clock.h"
#include "protocol/base/money.h"
#include "protocol/codec/csv.h"
#include "protocol/codec/json.h"
#include "protocol/codec/pack.h"

#define LINE_FIGURES 2048u /* names and punctuation of a line */

void report_line_begin(struct report_line *line)
{
    line->count = 0;
    line->sink = sink_over(line->memory, sizeof line->memory);
}

static void add(struct report_line *line, const char *name, struct bytes text, enum report_field_kind kind)
{
    check(line->count < REPORT_FIELDS_MAX, "%u fields", line->count);
    line->fields[line->count].name = name;
    line->fields[line->count].text = text;
    line->fields[line->count++].kind = kind;
}

static void add_written(struct report_line *line, const char *name, size_t from, enum report_field_kind kind)
{
    check(!line->sink.cut, "%zu bytes", line->sink.len);
    add(line, name, (struct bytes){line->sink.at + from, line->sink.len - from}, kind);
}

void report_line_text(struct report_line *line, const char *name, struct bytes text)
{
    add(line, name, text, REPORT_TEXT);
}

void report_line_bare(struct report_line *line, const char *name, struct bytes json)
{
    add(line, name, json, REPORT_BARE);
}

void report_line_number(struct report_line *line, const char *name, uint64_t number)
{
    size_t from = line->sink.len;
    sink_u64(&line->sink, number);
    add_written(line, name, from, REPORT_BARE);
}

void report_line_money(struct report_line *line, const char *name, int64_t micros)
{
    size_t from = line->sink.len;
    money_write(&line->sink, micros);
    add_written(line, name, from, REPORT_MONEY);
}

void report_line_id(struct report_line *line, const char *name, const struct ident *ident)
{
    size_t from = line->sink.len;
    if (!ident_is_none(ident)) ident_write(&line->sink, ident);
    add_written(line, name, from, REPORT_TEXT);
}

void report_line_wall(struct report_line *line, const char *name, int64_t wall_ms)
{
    size_t from = line->sink.len;
    if (wall_ms) clock_write_wall(&line->sink, wall_ms);
    add_written(line, name, from, REPORT_TEXT);
}

void report_line_period(struct report_line *line, const char *name, uint32_t period)
{
    size_t from = line->sink.len;
    if (period) period_write(&line->sink, period);
    add_written(line, name, from, REPORT_TEXT);
}

/* --- printed --- */

static void print_csv(struct report_out *out, const struct report_line *line, struct sink *sink)
{
    for (unsigned i = 0; i < line->count; i++) {
        if (i) sink_char(sink, ',');
        csv_write(sink, out->has_head ? line->fields[i].text : bytes_of(line->fields[i].name),
                  line->fields[i].kind == REPORT_MONEY);
    }
    out->has_head = true;
    sink_text(sink, "\r\n");
}

static void print_json(const struct report_line *line, struct sink *sink)
{
    struct json json = json_into(sink);
    json_open_map(&json);
    for (unsigned i = 0; i < line->count; i++) {
        json_key(&json, line->fields[i].name);
        if (line->fields[i].kind == REPORT_BARE)
            json_raw(&json, line->fields[i].text);
        else
            json_text(&json, line->fields[i].text);
    }
    json_close_map(&json);
}

static enum fault print_pack(struct report_out *out, struct bytes text, size_t room)
{
    struct document_error error;
    struct sink sink = sink_over(arena_take(out->arena, room), room);
    const struct node *document = document_read_json(out->arena, text, &DOCUMENT_LIMITS, &error);
    if (!sink.at || !document) return FAULT_MEMORY;
    if (!pack_write(&sink, document)) return FAULT_TOO_LARGE;
    fwrite(sink.at, 1, sink.len, out->file);
    return FAULT_NONE;
}

/* A write that fails shows at the end, in the file's own error flag. */
enum fault report_line_print(struct report_out *out, const struct report_line *line)
{
    size_t room = LINE_FIGURES;
    for (unsigned i = 0; i < line->count; i++) room += 6 * line->fields[i].text.len; /* escapes */
    struct sink sink = sink_over(arena_take(out->arena, room), room);
    if (!sink.at) return FAULT_MEMORY;
    if (out->format == REPORT_CSV)
        print_csv(out, line, &sink);
    else
        print_json(line, &sink);
    if (out->format == REPORT_MSGPACK) return print_pack(out, sink_written(&sink), room);
    if (out->format == REPORT_NDJSON) sink_char(&sink, '\n');
    fwrite(sink.at, 1, sink.len, out->file);
    return FAULT_NONE;
}
