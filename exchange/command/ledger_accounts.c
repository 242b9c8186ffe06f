/* `outcry ledger accounts` and `statement`: who is owed what, and how it came about. Read a page at a time, beside a
 * live exchange or without one. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/api/statement.h"
#include "exchange/command/command.h"
#include "exchange/command/house.h"
#include "exchange/command/ledger_verbs.h"
#include "exchange/command/table.h"
#include "protocol/base/money.h"

#define PAGE 500u
#define ARENA_CHUNK (1u << 20)
#define ARENA_MAX (256u << 20)
#define LINE_ROOM (1u << 16)
#define TEXT_ROOM 64u

/* --- accounts --- */

static void print_balance(const struct statement_balance *one, bool as_json, bool is_first, int64_t *sum_micros)
{
    char balance[TABLE_NUMBER_MAX], held[TABLE_NUMBER_MAX], memory[2048];
    if (!money_add(*sum_micros, one->balance_micros, sum_micros)) *sum_micros = INT64_MAX;
    if (!as_json) {
        printf("  %-44.*s %16s", TABLE_SHOWN(one->name), table_money(one->balance_micros, balance));
        if (one->held_micros) printf(" %16s", table_money(one->held_micros, held));
        printf("\n");
        return;
    }
    struct sink sink = sink_over(memory, sizeof memory);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "account");
    json_text(&json, one->name);
    json_key(&json, "balance");
    json_money(&json, one->balance_micros);
    json_key(&json, "held");
    json_money(&json, one->held_micros);
    json_close_map(&json);
    printf("%s%.*s", is_first ? "" : ",", (int)sink.len, sink.at);
}

static enum fault print_balances(struct reader *reader, bool as_json, int64_t *sum_micros)
{
    struct arena arena;
    struct bytes after = BYTES_NONE;
    char kept[512];
    bool is_first = true;
    enum fault fault = FAULT_NONE;
    arena_init(&arena, ARENA_CHUNK, ARENA_MAX);
    do {
        struct statement_balance *list = arena_take(&arena, PAGE * sizeof *list);
        uint32_t count = 0;
        fault = list ? statement_balances(reader, &after, &arena, list, PAGE, &count) : FAULT_MEMORY;
        for (uint32_t i = 0; i < count; i++, is_first = false) print_balance(&list[i], as_json, is_first, sum_micros);
        if (after.len) memcpy(kept, after.at, after.len); /* an account's name fits */
        after.at = kept;
        arena_reset(&arena);
    } while (fault == FAULT_NONE && after.len);
    arena_free(&arena);
    return fault;
}

int verb_accounts(const struct settings *settings, const struct options_given *given)
{
    struct reader *reader;
    bool as_json = given->values[LEDGER_JSON] != NULL;
    int64_t sum_micros = 0;
    char text[TABLE_NUMBER_MAX];
    enum fault fault = reader_open(settings->ledger_path, NULL, &reader);
    if (fault != FAULT_NONE) return verb_fail(settings, fault);
    if (as_json)
        printf("{\"accounts\":[");
    else
        printf("  %-44s %16s %16s\n", "account (below 0: it owes the house)", "balance", "held");
    fault = print_balances(reader, as_json, &sum_micros);
    if (as_json)
        printf("]}\n");
    else
        printf("  %-44s %16s\n", "sum of all, always 0", table_money(sum_micros, text));
    reader_close(&reader);
    return fault == FAULT_NONE ? COMMAND_DONE : verb_fail(settings, fault);
}

/* --- a statement --- */

struct sheet {
    struct reader *reader;
    struct arena names, page; /* the statement's own; a page's */
    struct statement statement;
    const struct zone *zone;
    struct statement_line *lines;
    char *room;
    bool as_json;
};

static void write_local(struct sink *sink, const struct zone *zone, int64_t wall_ms)
{
    char text[32];
    struct sink whole = sink_over(text, sizeof text);
    clock_write_wall(&whole, wall_ms + zone_offset_s(zone, wall_ms / 1000) * INT64_C(1000));
    sink_bytes(sink, bytes_first(sink_written(&whole), 10));
    sink_char(sink, ' ');
    sink_bytes(sink, bytes_first(bytes_from(sink_written(&whole), 11), 5));
}

/* What it is about, in one cell. */
static void write_about(struct sink *sink, const struct sheet *sheet, const struct statement_line *line)
{
    const struct move_record *move = &line->move;
    char id[IDENT_TEXT + 1];
    if (line->has_sale) {
        sink_text(sink, ident_text(&line->sale.sale_id, id));
        sink_char(sink, ' ');
        sink_bytes(sink, line->sale.contract);
        sink_text(sink, " from ");
        sink_bytes(sink, line->sale.affiliate);
    }
    if (move->ref.len) sink_text(sink, line->has_sale ? ", ref " : "ref ");
    sink_bytes(sink, move->ref);
    if (move->note.len) sink_text(sink, ": ");
    sink_bytes(sink, move->note);
    if (move->of_period) {
        sink_text(sink, ", of ");
        period_write(sink, move->of_period);
    }
    if (move->effective_ms != move->booked_ms) {
        sink_text(sink, ", effective ");
        write_local(sink, sheet->zone, move->effective_ms);
    }
    if (move->clears_ms) {
        sink_text(sink, ", clears ");
        write_local(sink, sheet->zone, move->clears_ms);
    }
}

static const struct table_column columns[] = {{"booked", TABLE_LEFT, 16},
                                              {"kind", TABLE_LEFT, 7},
                                              {"amount", TABLE_RIGHT, 12},
                                              {"balance", TABLE_RIGHT, 12},
                                              {"what", TABLE_LEFT, 20}};

static void add_row(struct table_page *page, const struct sheet *sheet, const struct statement_line *line)
{
    char booked[32], amount[TABLE_NUMBER_MAX], balance[TABLE_NUMBER_MAX], about[2048];
    int64_t micros = 0;
    struct sink when = sink_over(booked, sizeof booked), what = sink_over(about, sizeof about);
    for (unsigned i = 0; i < sheet->statement.accounts_count; i++)
        micros = (int64_t)((uint64_t)micros + (uint64_t)line->micros[i]);
    if (line->move.kind == MOVE_CLEAR && sheet->statement.accounts_count > 1) {
        sink_text(&what, "cleared ");
        money_write(&what, line->micros[1]);
        sink_text(&what, ", ");
    }
    write_local(&when, sheet->zone, line->move.booked_ms);
    write_about(&what, sheet, line);
    const struct bytes cells[] = {sink_written(&when), bytes_of(move_kind_name(line->move.kind)),
                                  bytes_of(table_money(micros, amount)),
                                  bytes_of(table_money(line->balance_micros, balance)), sink_written(&what)};
    table_row(page, cells);
}

static bool print_page(const struct sheet *sheet, uint32_t count, bool is_first)
{
    if (!sheet->as_json) {
        struct table_page page;
        table_open(&page, columns, sizeof columns / sizeof *columns, 2);
        for (uint32_t i = 0; i < count; i++) add_row(&page, sheet, &sheet->lines[i]);
        if (count) table_print(&page, stdout);
        table_close(&page);
        return true;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct sink sink = sink_over(sheet->room, LINE_ROOM);
        struct json json = json_into(&sink);
        statement_write_line(&json, &sheet->statement, &sheet->lines[i], STATEMENT_FOR_OPERATOR);
        if (sink.cut) return false;
        printf("%s%.*s", is_first && i == 0 ? "" : ",", (int)sink.len, sink.at);
    }
    return true;
}

static enum fault print_lines(struct sheet *sheet)
{
    struct statement_place after = {0, 0};
    uint32_t count = PAGE;
    for (bool is_first = true; count == PAGE; is_first = false) {
        arena_reset(&sheet->page);
        enum fault fault = statement_lines(sheet->reader, &sheet->statement, &after, &sheet->page, sheet->lines, PAGE,
                                           &count);
        if (fault != FAULT_NONE) return fault;
        if (!print_page(sheet, count, is_first)) return FAULT_TOO_LARGE;
        if (count) after = sheet->lines[count - 1].place;
    }
    return FAULT_NONE;
}

static void print_amount(const char *name, int64_t micros)
{
    char text[TABLE_NUMBER_MAX];
    printf("  %-26s %12s\n", name, table_money(micros, text));
}

static void print_totals(const struct statement *statement)
{
    printf("\n");
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++)
        if (statement->tally.micros[i]) print_amount(move_kind_name((enum move_kind)i), statement->tally.micros[i]);
    printf("\n");
    print_amount("closing balance", statement->closing_micros);
    if (statement->accounts_count < 2) return;
    print_amount("  of it uncleared", statement->accounts[0].closing_micros);
    print_amount("  of it cleared", statement->accounts[1].closing_micros);
}

static enum fault print_table(struct sheet *sheet)
{
    const struct statement *statement = &sheet->statement;
    char period[PERIOD_TEXT + 1] = {0};
    struct sink sink = sink_over(period, PERIOD_TEXT);
    period_write(&sink, statement->period);
    printf("%.*s, %s (%s)\n\n", TABLE_SHOWN(statement->who), period, statement->is_closed ? "closed" : "open");
    print_amount("opening balance", statement->opening_micros);
    printf("\n");
    enum fault fault = print_lines(sheet);
    if (fault == FAULT_NONE) print_totals(statement);
    return fault;
}

static enum fault print_json(struct sheet *sheet)
{
    struct sink sink = sink_over(sheet->room, LINE_ROOM);
    struct json json = json_into(&sink);
    json_open_map(&json);
    statement_write_head(&json, &sheet->statement, STATEMENT_FOR_OPERATOR);
    json_key(&json, "lines");
    json_raw(&json, BYTES("["));
    printf("%.*s", (int)sink.len, sink.at);
    enum fault fault = print_lines(sheet);
    sink = sink_over(sheet->room, LINE_ROOM);
    statement_write_end(&json, &sheet->statement);
    json_close_map(&json);
    printf("]%.*s\n", (int)sink.len, sink.at);
    return fault;
}

static int print_statement(const struct settings *settings, struct sheet *sheet, const char *who, uint32_t period)
{
    enum fault fault = statement_read(sheet->reader, bytes_of(who), period, &sheet->names, &sheet->statement);
    if (fault == FAULT_INPUT || fault == FAULT_NOT_FOUND) {
        fprintf(stderr,
                "outcry ledger: no account %s: nothing was ever booked on it (outcry ledger accounts lists all)\n",
                who);
        return COMMAND_NO;
    }
    if (fault == FAULT_NONE) fault = sheet->as_json ? print_json(sheet) : print_table(sheet);
    return fault == FAULT_NONE ? COMMAND_DONE : verb_fail(settings, fault);
}

int verb_statement(const struct settings *settings, const struct options_given *given)
{
    struct sheet sheet = {.as_json = given->values[LEDGER_JSON] != NULL};
    int64_t wall_ms = clock_wall_ms();
    int status = COMMAND_USAGE;
    arena_init(&sheet.names, 65536, ARENA_MAX);
    arena_init(&sheet.page, ARENA_CHUNK, ARENA_MAX);
    sheet.zone = house_zone(settings, &sheet.names);
    sheet.lines = malloc(PAGE * sizeof *sheet.lines);
    sheet.room = malloc(LINE_ROOM);
    uint32_t period = sheet.zone ? period_of(wall_ms + zone_offset_s(sheet.zone, wall_ms / 1000) * INT64_C(1000)) : 0;
    const char *wanted = given->values[LEDGER_PERIOD];
    if (wanted && !period_read(bytes_of(wanted), &period)) {
        fprintf(stderr, "outcry ledger: --period is a month such as 2026-11, not %s\n", wanted);
    } else if (sheet.zone && sheet.lines && sheet.room) {
        enum fault fault = reader_open(settings->ledger_path, NULL, &sheet.reader);
        status = fault == FAULT_NONE ? print_statement(settings, &sheet, given->arguments[1], period)
                                     : verb_fail(settings, fault);
        if (fault == FAULT_NONE) reader_close(&sheet.reader);
    }
    free(sheet.room);
    free(sheet.lines);
    arena_free(&sheet.page);
    arena_free(&sheet.names);
    return status;
}
