/* Sales in the order they were written, out of the journal; what the sale does not say itself (affiliate, source, ids)
 * comes from its lead's row. CSV fields that a spreadsheet would take for a formula get an apostrophe in front. */
#include <stdio.h>

#include "exchange/ledger/report.h"
#include "exchange/ledger/rows.h"
#include "exchange/market/catalogue.h"
#include "protocol/base/clock.h"
#include "protocol/base/money.h"
#include "protocol/codec/csv.h"
#include "protocol/codec/json.h"

#define ENTRIES_PER_TXN 512u
#define LINE_FIGURES 1024u /* names and punctuation of a line */
#define FIELDS_MAX 24u
#define ARENA_MAX_BYTES (64u << 20)

struct line_field {
    const char *name;
    struct bytes text;
    bool is_bare; /* in NDJSON: not quoted */
};

struct line {
    struct line_field fields[FIELDS_MAX];
    unsigned count;
    char memory[1024]; /* of the texts made here */
    struct sink sink;
};

struct export
{
    struct store *book;
    struct MDB_txn *txn;
    struct arena arena;
    enum report_format format;
    int64_t from_ms, to_ms;
    FILE *out;
    uint64_t next;
    bool has_head;
};

static enum fault export_stretch(struct export *export, bool *is_last);
static void fill(struct line *line, const struct entry *entry, const struct book_step *step,
                 const struct book_sale *sale, const struct lead_record *lead);
static enum fault print(struct export *export, const struct line *line) MUST_USE;

enum fault report_export(const char *path, enum report_format format, int64_t from_ms, int64_t to_ms, FILE *out)
{
    char folder[4096];
    struct export export = {.format = format, .from_ms = from_ms, .to_ms = to_ms, .out = out, .next = 1};
    bool is_last = false;
    snprintf(folder, sizeof folder, "%s/book", path);
    enum fault fault = store_open(folder, journal_tables, BOOK_TABLES_COUNT, 0, STORE_READ, &export.book);
    if (fault != FAULT_NONE) return fault;
    arena_init(&export.arena, 65536, ARENA_MAX_BYTES);
    if (format == REPORT_CSV) { /* the names stand there even if no sale follows */
        struct line names = {.count = 0};
        fill(&names, &(struct entry){.seq = 0}, &(struct book_step){.wall_ms = 0},
             &(struct book_sale){.margin_rule = 0}, &(struct lead_record){.tried = 0});
        fault = print(&export, &names);
    }
    while (fault == FAULT_NONE && !is_last) fault = export_stretch(&export, &is_last);
    arena_free(&export.arena);
    store_close(&export.book);
    return fault == FAULT_NONE && (fflush(out) != 0 || ferror(out)) ? FAULT_DISK : fault;
}

static enum fault export_one(struct export *export, uint64_t seq)
{
    struct entry entry;
    struct book_step step;
    struct lead_record lead;
    arena_reset(&export->arena);
    enum fault fault = journal_read(export->book, export->txn, seq, &export->arena, &entry);
    if (fault == FAULT_NOT_FOUND) return FAULT_CORRUPT;
    if (fault != FAULT_NONE || entry.kind != ENTRY_STEP) return fault;
    if (!book_read_step(entry.body, &export->arena, &step)) return FAULT_CORRUPT;
    if (!step.sales_count || step.wall_ms < export->from_ms || step.wall_ms >= export->to_ms) return FAULT_NONE;
    fault = rows_lead(export->book, export->txn, &step.lead_id, &export->arena, &lead);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    for (unsigned i = 0; i < step.sales_count && fault == FAULT_NONE; i++) {
        struct line line = {.count = 0};
        fill(&line, &entry, &step, &step.sales[i], &lead);
        fault = print(export, &line);
    }
    return fault;
}

static enum fault export_stretch(struct export *export, bool *is_last)
{
    struct chain head = {0};
    enum fault fault = store_begin(export->book, false, &export->txn);
    if (fault != FAULT_NONE) return fault;
    fault = journal_read_head(export->book, export->txn, &head);
    if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE;
    for (unsigned n = 0; n < ENTRIES_PER_TXN && export->next <= head.seq && fault == FAULT_NONE; n++)
        fault = export_one(export, export->next++);
    *is_last = export->next > head.seq;
    store_abort(&export->txn);
    return fault;
}

/* --- a line --- */

static void add(struct line *line, const char *name, struct bytes text, bool is_bare)
{
    line->fields[line->count++] = (struct line_field){name, text, is_bare};
}

static void add_written(struct line *line, const char *name, size_t from, bool is_bare)
{
    add(line, name, (struct bytes){line->sink.at + from, line->sink.len - from}, is_bare);
}

static void add_id(struct line *line, const char *name, const struct ident *ident)
{
    size_t from = line->sink.len;
    if (!ident_is_none(ident)) ident_write(&line->sink, ident);
    add_written(line, name, from, false);
}

static void add_money(struct line *line, const char *name, int64_t micros)
{
    size_t from = line->sink.len;
    money_write(&line->sink, micros);
    add_written(line, name, from, false);
}

/* What the buyer said when it took the lead. */
static void find_verdict(const struct book_step *step, const struct book_sale *sale, struct bytes *buyer_lead_id,
                         bool *by_operator)
{
    *buyer_lead_id = BYTES_NONE;
    *by_operator = false;
    for (unsigned i = 0; i < step->verdicts_count; i++) {
        if (!ident_same(&step->verdicts[i].post_id, &sale->post_id)) continue;
        *buyer_lead_id = step->verdicts[i].buyer_lead_id;
        *by_operator = step->verdicts[i].by == VERDICT_BY_OPERATOR;
    }
}

static void fill(struct line *line, const struct entry *entry, const struct book_step *step,
                 const struct book_sale *sale, const struct lead_record *lead)
{
    struct bytes buyer_lead_id;
    bool by_operator;
    find_verdict(step, sale, &buyer_lead_id, &by_operator);
    line->sink = sink_over(line->memory, sizeof line->memory);
    sink_u64(&line->sink, entry->seq);
    add_written(line, "seq", 0, true);
    size_t from = line->sink.len;
    clock_write_wall(&line->sink, step->wall_ms);
    add_written(line, "at", from, false);
    add_id(line, "sale_id", &sale->sale_id);
    add_id(line, "lead_id", &lead->lead_id);
    add_id(line, "ping_id", &lead->ping_id);
    add(line, "affiliate", lead->affiliate, false);
    add(line, "campaign", lead->campaign, false);
    add(line, "source", lead->source, false);
    add(line, "channel", lead->channel, false);
    add(line, "ref", lead->ref, false);
    add(line, "click_id", lead->click_id, false);
    add(line, "sub_ids", lead->sub_ids.len ? lead->sub_ids : BYTES("[]"), true);
    add(line, "contract", sale->contract, false);
    add(line, "buyer", sale->buyer, false);
    add(line, "buyer_lead_id", buyer_lead_id, false);
    add_money(line, "price", sale->price_micros);
    add_money(line, "payout", sale->payout_micros);
    add_money(line, "margin", sale->margin_micros);
    bool is_named = sale->margin_rule < MARGIN_SOURCE_COUNT;
    add(line, "margin_rule",
        is_named ? bytes_of(margin_source_name((enum margin_source)sale->margin_rule)) : BYTES("unknown"), false);
    add(line, "by_operator", by_operator ? BYTES("true") : BYTES("false"), true);
    add(line, "test", lead->offer.rehearsal ? BYTES("true") : BYTES("false"), true);
}

static bool is_money(const char *name)
{
    return strcmp(name, "price") == 0 || strcmp(name, "payout") == 0 || strcmp(name, "margin") == 0;
}

static void print_csv(struct export *export, const struct line *line, struct sink *sink)
{
    for (unsigned i = 0; i < line->count; i++) {
        const struct line_field *field = &line->fields[i];
        if (i) sink_char(sink, ',');
        csv_write(sink, export->has_head ? field->text : bytes_of(field->name), is_money(field->name));
    }
    export->has_head = true;
    sink_text(sink, "\r\n");
}

static void print_json(const struct line *line, struct sink *sink)
{
    struct json json = json_into(sink);
    json_open_map(&json);
    for (unsigned i = 0; i < line->count; i++) {
        const struct line_field *field = &line->fields[i];
        json_key(&json, field->name);
        if (field->is_bare)
            json_raw(&json, field->text);
        else
            json_text(&json, field->text);
    }
    json_close_map(&json);
    sink_char(sink, '\n');
}

/* A write that fails shows at the end, in the file's own error flag. */
static enum fault print(struct export *export, const struct line *line)
{
    size_t room = LINE_FIGURES;
    for (unsigned i = 0; i < line->count; i++) room += 6 * line->fields[i].text.len; /* escapes */
    struct sink sink = sink_over(arena_take(&export->arena, room), room);
    if (!sink.at) return FAULT_MEMORY;
    if (export->format == REPORT_CSV)
        print_csv(export, line, &sink);
    else
        print_json(line, &sink);
    fwrite(sink.at, 1, sink.len, export->out);
    return FAULT_NONE;
}
