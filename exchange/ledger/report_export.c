/* Sales in the order they were made, out of the journal; what the sale does not say itself (affiliate, source, ids)
 * comes from its lead's row, and what became of it from its own. Movements out of their own table. */
#include <stdio.h>

#include "exchange/ledger/account.h"
#include "exchange/ledger/report_lines.h"
#include "exchange/ledger/upgrade.h"
#include "exchange/market/catalogue.h"

#define ROWS_PER_TXN 512u
#define ARENA_MAX_BYTES (64u << 20)
#define MOVE_KEY 9u

struct export
{
    const struct report_wish *wish;
    struct store *book;
    struct MDB_txn *txn;
    struct arena arena;
    struct report_out out;
    uint64_t next; /* the entry */
    unsigned n;    /* the movement of it */
};

typedef enum fault stretch(struct export *export, bool *is_last);
static stretch sales_stretch, moves_stretch;
static enum fault print_names(struct export *export);

/* A book of before this version has sales, and no movements until a start brings it up to date. */
static enum fault check_version(struct export *export)
{
    uint64_t version = 0;
    enum fault fault = store_begin(export->book, false, &export->txn);
    if (fault != FAULT_NONE) return fault;
    fault = journal_read_version(export->book, export->txn, &version);
    bool is_older = version < BOOK_VERSION || upgrade_is_under_way(export->book, export->txn);
    store_abort(&export->txn);
    if (fault == FAULT_NONE && version > BOOK_VERSION) return FAULT_VERSION;
    return fault == FAULT_NONE && is_older && export->wish->what == REPORT_MOVES ? FAULT_VERSION : fault;
}

enum fault report_export(const char *path, const struct report_wish *wish, FILE *out)
{
    static stretch *const stretches[] = {[REPORT_SALES] = sales_stretch, [REPORT_MOVES] = moves_stretch};
    char folder[4096];
    struct export export = {.wish = wish, .next = 1};
    bool is_last = false;
    snprintf(folder, sizeof folder, "%s/book", path);
    enum fault fault = store_open(folder, journal_tables, BOOK_TABLES_COUNT, 0, STORE_READ, &export.book);
    if (fault != FAULT_NONE) return fault;
    arena_init(&export.arena, 65536, ARENA_MAX_BYTES);
    export.out = (struct report_out){.format = wish->format, .file = out, .arena = &export.arena};
    fault = check_version(&export);
    if (fault == FAULT_NONE && wish->format == REPORT_CSV) fault = print_names(&export);
    while (fault == FAULT_NONE && !is_last) {
        fault = store_begin(export.book, false, &export.txn);
        if (fault == FAULT_NONE) fault = stretches[wish->what](&export, &is_last);
        store_abort(&export.txn);
    }
    arena_free(&export.arena);
    store_close(&export.book);
    return fault == FAULT_NONE && (fflush(out) != 0 || ferror(out)) ? FAULT_DISK : fault;
}

static bool is_wished(struct bytes wish, struct bytes is)
{
    return wish.len == 0 || bytes_same(wish, is);
}

/* --- sales --- */

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

static void fill_sale(struct report_line *line, const struct entry *entry, const struct book_step *step,
                      const struct book_sale *sale, const struct lead_record *lead)
{
    struct bytes buyer_lead_id;
    bool by_operator;
    find_verdict(step, sale, &buyer_lead_id, &by_operator);
    report_line_begin(line);
    report_line_number(line, "seq", entry->seq);
    report_line_wall(line, "at", step->wall_ms);
    report_line_id(line, "sale_id", &sale->sale_id);
    report_line_id(line, "lead_id", &lead->lead_id);
    report_line_id(line, "ping_id", &lead->ping_id);
    report_line_text(line, "affiliate", lead->affiliate);
    report_line_text(line, "campaign", lead->campaign);
    report_line_text(line, "source", lead->source);
    report_line_text(line, "channel", lead->channel);
    report_line_text(line, "ref", lead->ref);
    report_line_text(line, "click_id", lead->click_id);
    report_line_bare(line, "sub_ids", lead->sub_ids.len ? lead->sub_ids : BYTES("[]"));
    report_line_text(line, "contract", sale->contract);
    report_line_text(line, "buyer", sale->buyer);
    report_line_text(line, "buyer_lead_id", buyer_lead_id);
    report_line_money(line, "price", sale->price_micros);
    report_line_money(line, "payout", sale->payout_micros);
    report_line_money(line, "margin", sale->margin_micros);
    bool is_named = sale->margin_rule < MARGIN_SOURCE_COUNT;
    report_line_text(line, "margin_rule",
                     is_named ? bytes_of(margin_source_name((enum margin_source)sale->margin_rule)) : BYTES("unknown"));
    report_line_bare(line, "by_operator", by_operator ? BYTES("true") : BYTES("false"));
    report_line_bare(line, "test", lead->offer.rehearsal ? BYTES("true") : BYTES("false"));
}

/* As it stands now; a test's has no row. */
static void fill_since(struct report_line *line, const struct sale_record *row)
{
    report_line_text(line, "state", bytes_of(sale_state_name(row->state)));
    report_line_money(line, "returned", row->returned.price_micros);
    report_line_money(line, "returned_payout", row->returned.payout_micros - row->lost_micros);
    report_line_money(line, "added", row->added.price_micros);
    report_line_money(line, "added_payout", row->added.payout_micros);
    report_line_money(line, "uncleared", row->uncleared_micros);
    report_line_wall(line, "clears_at", row->clear_after_ms ? row->clears_ms : 0);
    report_line_period(line, "period", row->period);
}

static enum fault export_sale(struct export *export, const struct entry *entry, const struct book_step *step,
                              const struct book_sale *sale, const struct lead_record *lead)
{
    struct report_line line;
    struct sale_record row;
    if (!is_wished(export->wish->buyer, sale->buyer)) return FAULT_NONE;
    enum fault fault = account_sale(export->book, export->txn, &sale->sale_id, &export->arena, &row);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    if (fault == FAULT_NOT_FOUND) row = (struct sale_record){.state = SALE_SOLD};
    fill_sale(&line, entry, step, sale, lead);
    fill_since(&line, &row);
    return report_line_print(&export->out, &line);
}

static enum fault export_entry(struct export *export, uint64_t seq)
{
    const struct report_wish *wish = export->wish;
    struct entry entry;
    struct book_step step;
    struct lead_record lead;
    arena_reset(&export->arena);
    enum fault fault = journal_read(export->book, export->txn, seq, &export->arena, &entry);
    if (fault == FAULT_NOT_FOUND) return FAULT_CORRUPT;
    if (fault != FAULT_NONE || entry.kind != ENTRY_STEP) return fault;
    if (!book_read_step(entry.body, &export->arena, &step)) return FAULT_CORRUPT;
    if (!step.sales_count || step.wall_ms < wish->from_ms || step.wall_ms >= wish->to_ms) return FAULT_NONE;
    fault = rows_lead(export->book, export->txn, &step.lead_id, &export->arena, &lead);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    if (!is_wished(wish->affiliate, lead.affiliate) || !is_wished(wish->campaign, lead.campaign)) return FAULT_NONE;
    for (unsigned i = 0; i < step.sales_count && fault == FAULT_NONE; i++)
        fault = export_sale(export, &entry, &step, &step.sales[i], &lead);
    return fault;
}

static enum fault sales_stretch(struct export *export, bool *is_last)
{
    struct chain head = {0};
    enum fault fault = journal_read_head(export->book, export->txn, &head);
    if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE;
    for (unsigned n = 0; n < ROWS_PER_TXN && export->next <= head.seq && fault == FAULT_NONE; n++)
        fault = export_entry(export, export->next++);
    *is_last = export->next > head.seq;
    return fault;
}

/* --- movements --- */

static void fill_move(struct report_line *line, uint64_t seq, unsigned n, const struct move_record *move,
                      const struct sale_record *sale)
{
    report_line_begin(line);
    report_line_number(line, "seq", seq);
    report_line_number(line, "n", n);
    report_line_wall(line, "booked_at", move->booked_ms);
    report_line_wall(line, "effective_at", move->effective_ms);
    report_line_wall(line, "clears_at", move->clears_ms);
    report_line_period(line, "period", move->period);
    report_line_period(line, "of_period", move->of_period);
    report_line_text(line, "kind", bytes_of(move_kind_name(move->kind)));
    report_line_id(line, "sale_id", &move->sale_id);
    report_line_id(line, "lead_id", &sale->lead_id);
    report_line_text(line, "ref", move->ref);
    report_line_text(line, "note", move->note);
    report_line_text(line, "affiliate", sale->affiliate);
    report_line_text(line, "campaign", sale->campaign);
    report_line_text(line, "source", sale->source);
    report_line_text(line, "channel", sale->channel);
    report_line_bare(line, "sub_ids", sale->sub_ids.len ? sale->sub_ids : BYTES("[]"));
    report_line_text(line, "contract", sale->contract);
    report_line_text(line, "buyer", sale->buyer);
}

/* Whose a movement of no sale is stands in its accounts. */
static bool is_of(struct bytes wish, const char *kind, struct bytes account)
{
    struct bytes id = bytes_from(account, strlen(kind)), part = bytes_from(id, wish.len);
    if (wish.len == 0) return true;
    return bytes_starts(account, bytes_of(kind)) && bytes_starts(id, wish) && (part.len == 0 || part.at[0] == ':');
}

static enum fault name_of(struct export *export, uint32_t number, struct bytes *name)
{
    char key[4];
    store_key_u32(key, number);
    enum fault fault = store_get(export->book, export->txn, BOOK_ACCOUNT_NAMES, (struct bytes){key, sizeof key}, name);
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

static enum fault is_move_wished(struct export *export, const struct move_record *move, const struct sale_record *sale,
                                 bool *wished)
{
    const struct report_wish *wish = export->wish;
    bool is_affiliates = false, is_buyers = false;
    *wished = move->booked_ms >= wish->from_ms && move->booked_ms < wish->to_ms;
    if (!ident_is_none(&move->sale_id)) {
        *wished = *wished && is_wished(wish->affiliate, sale->affiliate) && is_wished(wish->buyer, sale->buyer) &&
                  is_wished(wish->campaign, sale->campaign);
        return FAULT_NONE;
    }
    for (unsigned i = 0; i < move->legs_count; i++) {
        struct bytes name;
        enum fault fault = name_of(export, move->legs[i].account, &name);
        if (fault != FAULT_NONE) return fault;
        is_affiliates |= is_of(wish->affiliate, "affiliate:", name);
        is_buyers |= is_of(wish->buyer, "buyer:", name);
    }
    *wished = *wished && is_affiliates && is_buyers && wish->campaign.len == 0;
    return FAULT_NONE;
}

static enum fault export_move(struct export *export, uint64_t seq, unsigned n, struct bytes row)
{
    struct move_record move;
    struct sale_record sale = {.lead_id = IDENT_NONE};
    enum fault fault = FAULT_NONE;
    bool wished;
    arena_reset(&export->arena);
    if (!move_read(row, &move)) return FAULT_CORRUPT;
    if (!ident_is_none(&move.sale_id))
        fault = account_sale(export->book, export->txn, &move.sale_id, &export->arena, &sale);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    fault = is_move_wished(export, &move, &sale, &wished);
    for (unsigned i = 0; wished && i < move.legs_count && fault == FAULT_NONE; i++) {
        struct report_line line;
        struct bytes name;
        fault = name_of(export, move.legs[i].account, &name);
        if (fault != FAULT_NONE) return fault;
        fill_move(&line, seq, n, &move, &sale);
        report_line_text(&line, "account", name);
        report_line_money(&line, "amount", move.legs[i].micros);
        fault = report_line_print(&export->out, &line);
    }
    return fault;
}

static enum fault moves_stretch(struct export *export, bool *is_last)
{
    struct store_cursor cursor;
    char key[MOVE_KEY];
    store_key_u64(key, export->next);
    key[8] = (char)export->n;
    enum fault fault = store_cursor_open(export->book, export->txn, BOOK_MOVES, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_seek(&cursor, (struct bytes){key, sizeof key});
    for (unsigned i = 0; i < ROWS_PER_TXN && fault == FAULT_NONE; i++) {
        if (cursor.key.len != MOVE_KEY) {
            fault = FAULT_CORRUPT;
            break;
        }
        export->next = store_read_key_u64(cursor.key.at);
        export->n = (unsigned char)cursor.key.at[8];
        fault = export_move(export, export->next, export->n++, cursor.value);
        if (fault == FAULT_NONE) fault = store_next(&cursor);
    }
    store_cursor_close(&cursor);
    *is_last = fault == FAULT_NOT_FOUND;
    return *is_last ? FAULT_NONE : fault;
}

/* The names stand there even if no line follows. */
static enum fault print_names(struct export *export)
{
    struct report_line line;
    if (export->wish->what == REPORT_MOVES) {
        fill_move(&line, 0, 0, &(struct move_record){.kind = MOVE_SALE}, &(struct sale_record){.period = 0});
        report_line_text(&line, "account", BYTES_NONE);
        report_line_money(&line, "amount", 0);
    } else {
        fill_sale(&line, &(struct entry){.seq = 0}, &(struct book_step){.wall_ms = 0},
                  &(struct book_sale){.margin_rule = 0}, &(struct lead_record){.tried = 0});
        fill_since(&line, &(struct sale_record){.period = 0});
    }
    return report_line_print(&export->out, &line);
}
