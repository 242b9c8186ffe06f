/* A sale and what befalls its money later. Each of them changes the sale's row beside its movement, so that a later one
 * sees what is left of the price to give back and of the payout to clear. */
#include "exchange/ledger/account_parts.h"
#include "exchange/ledger/due.h"
#include "exchange/market/giveback.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define SALE_ROOM 512u /* beside its texts */
#define NAME(kind, id, part)                                                                                           \
    (const struct bytes[3])                                                                                            \
    {                                                                                                                  \
        BYTES(kind), id, BYTES(part)                                                                                   \
    }

static enum fault margin_leg(struct account_book *book, struct move_record *move, int64_t margin, int64_t micros)
{
    return margin < 0 ? account_leg(book, move, NAME("house:loss", BYTES_NONE, ""), micros)
                      : account_leg(book, move, NAME("house:margin", BYTES_NONE, ""), micros);
}

static enum fault sale_legs(struct account_book *book, struct move_record *move, const struct sale_record *sale,
                            const struct sale_money *money)
{
    int64_t sum, owed;
    if (money->price_micros < 0 || money->payout_micros < 0) return account_refuse(book, "an amount is below 0");
    if (!money_add(money->payout_micros, money->margin_micros, &sum) || sum != money->price_micros)
        return account_refuse(book, "the sale's money does not balance or overflows");
    if (!money_sub(0, money->price_micros, &owed)) return account_refuse(book, "the sale's money overflows");
    enum fault fault = account_leg(book, move, NAME("buyer:", sale->buyer, ""), owed);
    if (fault == FAULT_NONE)
        fault = account_leg(book, move, NAME("affiliate:", sale->affiliate, ":uncleared"), money->payout_micros);
    return fault == FAULT_NONE ? margin_leg(book, move, money->margin_micros, money->margin_micros) : fault;
}

/* --- rows --- */

enum fault account_sale(struct store *store, struct MDB_txn *txn, const struct ident *sale_id, struct arena *arena,
                        struct sale_record *sale)
{
    struct bytes row;
    enum fault fault = store_get_parts(store, txn, BOOK_SALES, ident_bytes(sale_id), arena, &row);
    if (fault != FAULT_NONE) return fault;
    if (!sale_read(row, sale)) return FAULT_CORRUPT;
    sale->sale_id = *sale_id;
    return FAULT_NONE;
}

enum fault account_put_sale(struct store *store, struct MDB_txn *txn, struct arena *arena,
                            const struct sale_record *sale, bool is_new)
{
    size_t room = SALE_ROOM + sale->affiliate.len + sale->buyer.len + sale->contract.len + sale->campaign.len +
                  sale->source.len + sale->channel.len + sale->sub_ids.len;
    struct sink sink = sink_over(arena_take(arena, room), room);
    if (!sink.at) return FAULT_MEMORY;
    check(sale_write(&sink, sale));
    return store_put_parts(store, txn, BOOK_SALES, ident_bytes(&sale->sale_id), sink_written(&sink), is_new);
}

enum fault account_set_due(struct account_book *book, const struct sale_record *sale)
{
    struct due_row row = {.at_ms = sale->clears_ms, .kind = DUE_CLEAR, .id = sale->sale_id};
    if (sale->clear_after_ms == 0) return FAULT_NONE;
    return sale->uncleared_micros ? due_put(book->store, book->txn, &row)
                                  : due_drop(book->store, book->txn, row.at_ms, row.kind, &row.id);
}

/* As this entry's movements so far leave it. */
static enum fault find_sale(struct account_book *book, const struct ident *sale_id, struct sale_record **sale)
{
    for (unsigned i = 0; i < book->sales_count; i++) {
        if (!ident_same(&book->sales[i].sale_id, sale_id)) continue;
        *sale = &book->sales[i];
        return FAULT_NONE;
    }
    check(book->sales_count < book->room, "%u sales", book->sales_count);
    *sale = &book->sales[book->sales_count];
    enum fault fault = account_sale(book->store, book->txn, sale_id, book->arena, *sale);
    if (fault == FAULT_NOT_FOUND) return account_refuse(book, "there is no such sale");
    if (fault != FAULT_NONE) return fault;
    book->is_new_sale[book->sales_count++] = false;
    return FAULT_NONE;
}

/* --- sold --- */

static void fill_sale(struct sale_record *row, const struct account_book *book, const struct book_sale *sale,
                      const struct lead_record *lead)
{
    *row = (struct sale_record){.sale_id = sale->sale_id,
                                .lead_id = lead->lead_id,
                                .post_id = sale->post_id,
                                .affiliate = lead->affiliate,
                                .buyer = sale->buyer,
                                .contract = sale->contract,
                                .campaign = lead->campaign,
                                .source = lead->source,
                                .channel = lead->channel,
                                .sub_ids = lead->sub_ids,
                                .sold = {sale->price_micros, sale->payout_micros, sale->margin_micros},
                                .uncleared_micros = sale->payout_micros,
                                .margin_rule = sale->margin_rule,
                                .booked_ms = book->entry->wall_ms,
                                .clear_after_ms = lead->clear_after_ms,
                                .clears_ms = book->entry->wall_ms + lead->clear_after_ms};
}

enum fault account_add_sale(struct account_book *book, const struct book_sale *sale, const struct lead_record *lead)
{
    struct move_record *move = account_next(book, MOVE_SALE, book->entry->wall_ms);
    struct bytes unused;
    char first[sizeof sale->sale_id.at + 4] = {0};
    if (!move) return account_refuse(book, "more movements than an entry has");
    memcpy(first, sale->sale_id.at, sizeof sale->sale_id.at);
    enum fault fault = store_get(book->store, book->txn, BOOK_SALES, (struct bytes){first, sizeof first}, &unused);
    if (fault == FAULT_NONE) return account_refuse(book, "the sale id was used before");
    if (fault != FAULT_NOT_FOUND) return fault;
    struct sale_record *row = &book->sales[book->sales_count];
    fill_sale(row, book, sale, lead);
    if (row->clear_after_ms < 0 || row->clears_ms < 0) return account_refuse(book, "the terms cannot be");
    move->sale_id = sale->sale_id;
    move->clears_ms = row->clear_after_ms ? row->clears_ms : 0;
    fault = sale_legs(book, move, row, &row->sold);
    if (fault != FAULT_NONE) return fault;
    account_land(book, move, book->entry->period);
    row->period = move->period;
    book->is_new_sale[book->sales_count++] = true;
    return account_close(book, move);
}

/* --- given back --- */

static bool sum_sold(const struct sale_record *sale, struct sale_money *sum)
{
    return money_add(sale->sold.price_micros, sale->added.price_micros, &sum->price_micros) &&
           money_add(sale->sold.payout_micros, sale->added.payout_micros, &sum->payout_micros) &&
           money_add(sale->sold.margin_micros, sale->added.margin_micros, &sum->margin_micros);
}

/* The part's payout, out of what is uncleared first, or borne by the house. */
static enum fault take_payout(struct account_book *book, struct move_record *move, struct sale_record *sale,
                              int64_t payout_micros, bool house_pays)
{
    if (house_pays) {
        sale->lost_micros += payout_micros;
        return account_leg(book, move, NAME("house:loss", BYTES_NONE, ""), -payout_micros);
    }
    int64_t uncleared = payout_micros < sale->uncleared_micros ? payout_micros : sale->uncleared_micros;
    sale->uncleared_micros -= uncleared;
    enum fault fault = account_leg(book, move, NAME("affiliate:", sale->affiliate, ":uncleared"), -uncleared);
    if (fault != FAULT_NONE) return fault;
    return account_leg(book, move, NAME("affiliate:", sale->affiliate, ":cleared"), uncleared - payout_micros);
}

static enum fault part_of(struct account_book *book, const struct account_return *back, const struct sale_record *sale,
                          struct sale_money *part, bool *is_last)
{
    struct sale_money sold;
    if (sale->state != SALE_SOLD) return account_refuse(book, "nothing of the sale is left to give back");
    if (!sum_sold(sale, &sold)) return account_refuse(book, "the sale's money overflows");
    bool fits = back->is_whole ? giveback_rest(&sold, &sale->returned, part)
                               : giveback_part(&sold, &sale->returned, back->price_micros, part);
    if (!fits) return account_refuse(book, "more than is left of the sale, or nothing of it");
    *is_last = back->is_whole || part->price_micros == sold.price_micros - sale->returned.price_micros;
    return FAULT_NONE;
}

enum fault account_add_return(struct account_book *book, const struct account_return *back)
{
    struct move_record *move = account_next(book, back->is_void ? MOVE_VOID : MOVE_RETURN, back->effective_ms);
    struct sale_record *sale;
    struct sale_money part = {0};
    bool is_last = false;
    if (!move) return account_refuse(book, "more movements than an entry has");
    enum fault fault = find_sale(book, &back->sale_id, &sale);
    if (fault == FAULT_NONE) fault = part_of(book, back, sale, &part, &is_last);
    if (fault == FAULT_NONE) fault = account_refer(book, move, REFS_RETURNS, back->ref, back->note);
    if (fault != FAULT_NONE) return fault;
    move->sale_id = back->sale_id;
    fault = account_leg(book, move, NAME("buyer:", sale->buyer, ""), part.price_micros);
    if (fault == FAULT_NONE) fault = take_payout(book, move, sale, part.payout_micros, back->house_pays);
    if (fault == FAULT_NONE) fault = margin_leg(book, move, part.margin_micros, -part.margin_micros);
    if (fault != FAULT_NONE) return fault;
    sale->returned.price_micros += part.price_micros;
    sale->returned.payout_micros += part.payout_micros;
    sale->returned.margin_micros += part.margin_micros;
    if (is_last) sale->state = back->is_void ? SALE_VOIDED : SALE_RETURNED;
    account_land(book, move, book->entry->period);
    if (move->of_period == PERIOD_NONE && sale->period != move->period) move->of_period = sale->period;
    return account_close(book, move);
}

/* --- a stage, paid on top --- */

enum fault account_add_event(struct account_book *book, const struct account_event *event)
{
    struct move_record *move = account_next(book, MOVE_EVENT, event->effective_ms);
    struct sale_record *sale;
    struct sale_money *added, sum;
    if (!move) return account_refuse(book, "more movements than an entry has");
    enum fault fault = find_sale(book, &event->sale_id, &sale);
    if (fault == FAULT_NONE && sale->state != SALE_SOLD) fault = account_refuse(book, "the sale was taken back");
    if (fault == FAULT_NONE) fault = account_refer(book, move, REFS_EVENTS, event->ref, event->note);
    if (fault == FAULT_NONE) fault = sale_legs(book, move, sale, &event->money);
    if (fault != FAULT_NONE) return fault;
    added = &sale->added;
    bool fits = money_add(added->price_micros, event->money.price_micros, &added->price_micros) &&
                money_add(added->payout_micros, event->money.payout_micros, &added->payout_micros) &&
                money_add(added->margin_micros, event->money.margin_micros, &added->margin_micros) &&
                sum_sold(sale, &sum);
    if (!fits) return account_refuse(book, "the sale's money overflows");
    if (sale->uncleared_micros == 0) sale->clears_ms = book->entry->wall_ms + sale->clear_after_ms;
    sale->uncleared_micros += event->money.payout_micros; /* at most their sum, which fits */
    move->sale_id = event->sale_id;
    move->clears_ms = sale->clear_after_ms ? sale->clears_ms : 0;
    account_land(book, move, book->entry->period);
    if (move->of_period == PERIOD_NONE && sale->period != move->period) move->of_period = sale->period;
    return account_close(book, move);
}

/* --- cleared --- */

enum fault account_add_clear(struct account_book *book, const struct ident *sale_id)
{
    struct move_record *move = account_next(book, MOVE_CLEAR, book->entry->wall_ms);
    struct sale_record *sale;
    if (!move) return account_refuse(book, "more movements than an entry has");
    enum fault fault = find_sale(book, sale_id, &sale);
    if (fault != FAULT_NONE) return fault;
    if (sale->uncleared_micros == 0) return account_refuse(book, "nothing of the sale is uncleared");
    if (book->entry->wall_ms < sale->clears_ms) return account_refuse(book, "the sale is cleared before its time");
    move->sale_id = *sale_id;
    fault = account_leg(book, move, NAME("affiliate:", sale->affiliate, ":uncleared"), -sale->uncleared_micros);
    if (fault == FAULT_NONE)
        fault = account_leg(book, move, NAME("affiliate:", sale->affiliate, ":cleared"), sale->uncleared_micros);
    if (fault != FAULT_NONE) return fault;
    sale->uncleared_micros = 0;
    account_land(book, move, book->entry->period);
    return account_close(book, move);
}
