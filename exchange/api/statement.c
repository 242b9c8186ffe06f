/* The reader thread reads a page of lines and writes it; what a party must not see is left out here, in one place. */
#include "exchange/api/statement.h"

#include "exchange/api/accounts.h"
#include "exchange/market/zone.h"
#include "protocol/base/money.h"

#define PAGE_LINES 200u
#define PAGE_ROOM (1u << 20) /* lines stop before it is full, and `after` goes on */
#define BALANCES_MAX 1000u

/* --- in JSON --- */

static void write_period(struct json *json, const char *key, uint32_t period)
{
    char text[PERIOD_TEXT];
    struct sink sink = sink_over(text, sizeof text);
    period_write(&sink, period);
    json_key(json, key);
    json_text(json, sink_written(&sink));
}

static void write_money(struct json *json, const char *key, int64_t micros)
{
    json_key(json, key);
    json_money(json, micros);
}

static void write_text(struct json *json, const char *key, struct bytes text)
{
    if (!text.len) return;
    json_key(json, key);
    json_text(json, text);
}

static void write_id(struct json *json, const char *key, const struct ident *id)
{
    char text[IDENT_TEXT + 1];
    json_key(json, key);
    json_text(json, bytes_of(ident_text(id, text)));
}

static void write_instant(struct json *json, const char *key, int64_t wall_ms)
{
    json_key(json, key);
    json_wall(json, wall_ms);
}

void statement_write_head(struct json *json, const struct statement *statement, enum statement_audience audience)
{
    if (audience == STATEMENT_FOR_OPERATOR) write_text(json, "account", statement->who);
    write_period(json, "period", statement->period);
    json_key(json, "closed");
    json_bool(json, statement->is_closed);
    write_money(json, "opening", statement->opening_micros);
}

static void write_sale(struct json *json, const struct sale_record *sale, enum statement_audience audience)
{
    write_id(json, "sale_id", &sale->sale_id);
    write_id(json, "lead_id", &sale->lead_id);
    write_text(json, "campaign", sale->campaign);
    if (audience != STATEMENT_FOR_AFFILIATE) write_text(json, "contract", sale->contract);
    if (audience == STATEMENT_FOR_BUYER) return;
    write_text(json, "source", sale->source);
    write_text(json, "channel", sale->channel);
    if (sale->sub_ids.len) {
        json_key(json, "sub_ids");
        json_raw(json, sale->sub_ids);
    }
    if (audience == STATEMENT_FOR_AFFILIATE) return;
    write_text(json, "affiliate", sale->affiliate);
    write_text(json, "buyer", sale->buyer);
}

/* "affiliate:X:uncleared" is told as uncleared. */
static const char *part_of(const struct statement *statement, unsigned at)
{
    static const char *const parts[STATEMENT_ACCOUNTS_MAX] = {"uncleared", "cleared"};
    return statement->accounts_count > 1 ? parts[at] : NULL;
}

void statement_write_line(struct json *json, const struct statement *statement, const struct statement_line *line,
                          enum statement_audience audience)
{
    const struct move_record *move = &line->move;
    char id[32];
    int64_t amount = 0;
    struct sink sink = sink_over(id, sizeof id);
    sink_u64(&sink, line->place.seq);
    sink_char(&sink, '.');
    sink_u64(&sink, line->place.n);
    json_open_map(json);
    json_key(json, "id");
    json_text(json, sink_written(&sink));
    write_instant(json, "at", move->booked_ms);
    json_key(json, "kind");
    json_text(json, bytes_of(move_kind_name(move->kind)));
    for (unsigned i = 0; i < statement->accounts_count; i++)
        amount = (int64_t)((uint64_t)amount + (uint64_t)line->micros[i]);
    write_money(json, "amount", amount);
    for (unsigned i = 0; i < statement->accounts_count; i++)
        if (part_of(statement, i) && line->micros[i]) write_money(json, part_of(statement, i), line->micros[i]);
    write_money(json, "balance", line->balance_micros);
    if (line->has_sale) write_sale(json, &line->sale, audience);
    write_text(json, "ref", move->ref);
    write_text(json, "note", move->note);
    if (move->effective_ms != move->booked_ms) write_instant(json, "effective_at", move->effective_ms);
    if (move->clears_ms && audience != STATEMENT_FOR_BUYER) write_instant(json, "clears_at", move->clears_ms);
    if (move->of_period) write_period(json, "of_period", move->of_period);
    json_close_map(json);
}

void statement_write_end(struct json *json, const struct statement *statement)
{
    json_key(json, "totals");
    json_open_map(json);
    for (unsigned i = MOVE_SALE; i < MOVE_KIND_COUNT; i++) {
        bool is_told = statement->tally.micros[i] != 0;
        for (unsigned k = 0; k < statement->accounts_count; k++) is_told |= statement->accounts[k].tally.micros[i] != 0;
        if (is_told) write_money(json, move_kind_name((enum move_kind)i), statement->tally.micros[i]);
    }
    json_close_map(json);
    write_money(json, "closing", statement->closing_micros);
    for (unsigned i = 0; i < statement->accounts_count && part_of(statement, i); i++) {
        json_key(json, part_of(statement, i));
        json_open_map(json);
        write_money(json, "opening", statement->accounts[i].opening_micros);
        write_money(json, "closing", statement->accounts[i].closing_micros);
        json_close_map(json);
    }
}

/* --- a page --- */

static void fail(struct inquiry *inquiry, enum fault fault)
{
    inquiry->status = fault == FAULT_NOT_FOUND ? 404 : 503;
    inquiry->reason = fault == FAULT_NOT_FOUND ? REASON_NOT_FOUND : REASON_LEDGER_DOWN;
}

static size_t texts_of(const struct statement_line *line)
{
    const struct sale_record *sale = &line->sale;
    size_t len = line->move.ref.len + line->move.note.len;
    if (line->has_sale)
        len += sale->affiliate.len + sale->buyer.len + sale->contract.len + sale->campaign.len + sale->source.len +
               sale->channel.len + sale->sub_ids.len;
    return 6 * len;
}

static void write_page(struct inquiry *inquiry, const struct statement *statement, const struct statement_line *lines,
                       uint32_t count)
{
    enum statement_audience audience = (enum statement_audience)inquiry->about.audience;
    struct json json = json_into(&inquiry->out);
    uint32_t written = 0;
    json_open_map(&json);
    statement_write_head(&json, statement, audience);
    json_key(&json, "lines");
    json_open_list(&json);
    for (; written < count && written < PAGE_LINES; written++) {
        size_t left = inquiry->out.cap - inquiry->out.len;
        if (left < 2 * STATEMENT_LINE_ROOM + texts_of(&lines[written])) break;
        statement_write_line(&json, statement, &lines[written], audience);
    }
    json_close_list(&json);
    json_key(&json, "after");
    if (written < count) { /* one more than a page was asked for, to know */
        const struct statement_place *place = &lines[written - 1].place;
        char text[32];
        struct sink sink = sink_over(text, sizeof text);
        sink_u64(&sink, place->seq);
        sink_char(&sink, '.');
        sink_u64(&sink, place->n);
        json_text(&json, sink_written(&sink));
    } else {
        json_null(&json);
    }
    statement_write_end(&json, statement);
    json_close_map(&json);
}

/* A party that nothing was booked for has a statement of zeros; an account an operator asks for must be there. */
static void look_statement(struct inquiry *inquiry, struct reader *reader)
{
    const struct inquiry_about *about = &inquiry->about;
    struct statement statement;
    struct statement_line *lines = arena_take(&inquiry->arena, (PAGE_LINES + 1) * sizeof *lines);
    const struct statement_place after = {about->after_seq, about->after_n};
    uint32_t count = 0;
    enum fault fault = lines ? statement_read(reader, about->who, about->period, &inquiry->arena, &statement)
                             : FAULT_MEMORY;
    if (fault == FAULT_NOT_FOUND && about->is_known) fault = FAULT_NONE;
    if (fault == FAULT_INPUT) fault = FAULT_NOT_FOUND;
    if (fault == FAULT_NONE)
        fault = statement_lines(reader, &statement, &after, &inquiry->arena, lines, PAGE_LINES + 1, &count);
    if (fault == FAULT_NONE)
        write_page(inquiry, &statement, lines, count);
    else
        fail(inquiry, fault);
}

/* --- routes --- */

static bool read_after(struct bytes text, struct inquiry_about *about)
{
    struct bytes seq;
    uint64_t n;
    struct bytes rest = bytes_split(text, '.', &seq);
    if (!bytes_u64(seq, &about->after_seq) || about->after_seq == 0 || !bytes_u64(rest, &n) || n > UINT8_MAX)
        return false;
    about->after_n = (unsigned)n;
    return true;
}

/* Without a period: the one that runs, in the house's time. */
static void answer(struct visit *visit, struct bytes who, bool is_known, enum statement_audience audience)
{
    struct complaints complaints = {.count = 0};
    struct bytes period = visit_query(visit, "period"), after = visit_query(visit, "after");
    struct inquiry_about about = {.who = who, .is_known = is_known, .audience = audience};
    int64_t wall_ms = clock_wall_ms();
    about.period = period_of(wall_ms +
                             zone_offset_s(worker_catalogue(visit->worker)->zone, wall_ms / 1000) * INT64_C(1000));
    if (period.len && !period_read(period, &about.period))
        complain(&complaints, BYTES("period"), "format", "must be a month: 2026-11");
    if (after.len && !read_after(after, &about))
        complain(&complaints, BYTES("after"), "format", "must be what the page before gave");
    if (complaints.count)
        visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints, 0);
    else
        visit_inquire_about(visit, &about, look_statement, PAGE_ROOM);
}

static void answer_party(struct visit *visit, const char *kind, struct bytes id, enum statement_audience audience)
{
    char name[300];
    struct sink sink = sink_over(name, sizeof name);
    sink_text(&sink, kind);
    sink_bytes(&sink, id);
    answer(visit, sink_written(&sink), true, audience);
}

void affiliate_statement(struct visit *visit)
{
    answer_party(visit, "affiliate:", visit->affiliate->id, STATEMENT_FOR_AFFILIATE);
}

void buyer_statement(struct visit *visit)
{
    answer_party(visit, "buyer:", visit->buyer->id, STATEMENT_FOR_BUYER);
}

void operator_statement(struct visit *visit)
{
    bool is_known = accounts_is_known(worker_catalogue(visit->worker), visit->path_id);
    answer(visit, visit->path_id, is_known, STATEMENT_FOR_OPERATOR);
}

/* --- all of them --- */

static void look_accounts(struct inquiry *inquiry, struct reader *reader)
{
    struct statement_balance *list = arena_take(&inquiry->arena, BALANCES_MAX * sizeof *list);
    struct bytes after = inquiry->about.who;
    uint32_t count = 0;
    enum fault fault = list ? statement_balances(reader, &after, &inquiry->arena, list, BALANCES_MAX, &count)
                            : FAULT_MEMORY;
    if (fault != FAULT_NONE) {
        fail(inquiry, fault);
        return;
    }
    struct json json = json_into(&inquiry->out);
    json_open_map(&json);
    json_key(&json, "accounts");
    json_open_list(&json);
    for (uint32_t i = 0; i < count; i++) {
        json_open_map(&json);
        write_text(&json, "account", list[i].name);
        write_money(&json, "balance", list[i].balance_micros);
        if (list[i].held_micros) write_money(&json, "held", list[i].held_micros);
        json_close_map(&json);
    }
    json_close_list(&json);
    json_key(&json, "after");
    if (after.len)
        json_text(&json, after);
    else
        json_null(&json);
    json_close_map(&json);
}

void operator_accounts(struct visit *visit)
{
    struct inquiry_about about = {.who = visit_query(visit, "after")};
    visit_inquire_about(visit, &about, look_accounts, PAGE_ROOM);
}
