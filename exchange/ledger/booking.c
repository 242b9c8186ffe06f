/* What is asked is first tried against the rows without writing: a refusal is an answer to whoever asked, not an entry
 * and nothing that has gone wrong. */
#include "exchange/ledger/booking.h"

#include "exchange/ledger/account.h"
#include "exchange/ledger/booking_rows.h"
#include "exchange/ledger/engine.h"
#include "exchange/market/zone.h"

#define BODY_ROOM (ACCOUNT_NAME_MAX + MOVE_REF_MAX + MOVE_NOTE_MAX + 128u)
#define CLOSE_BYTES 4u

/* --- rows --- */

enum fault booking_apply_adjustment(const struct rows_work *work)
{
    struct account_book book;
    struct book_adjustment adjustment;
    if (!move_read_adjustment(work->entry->body, &adjustment))
        return rows_refuse(work, "the record of an adjustment cannot be read");
    enum fault fault = account_begin(&book, work, 1);
    if (fault == FAULT_NONE) fault = account_add_adjustment(&book, &adjustment);
    if (fault == FAULT_INPUT) return rows_refuse(work, book.why);
    return fault == FAULT_NONE ? account_write(&book) : fault;
}

enum fault booking_apply_close(const struct rows_work *work)
{
    struct bytes body = work->entry->body;
    uint32_t period = body.len == CLOSE_BYTES ? store_read_value_u32(body.at) : PERIOD_NONE;
    if (period == PERIOD_NONE) return rows_refuse(work, "the record of a closing cannot be read");
    if (period <= work->totals->closed_period) return rows_refuse(work, "the period is closed");
    if (period >= work->entry->period) return rows_refuse(work, "the period is not over");
    work->totals->closed_period = period;
    return FAULT_NONE;
}

/* --- asked for --- */

static uint32_t period_at(const struct ledger *ledger, int64_t wall_ms)
{
    return period_of(wall_ms + zone_offset_s(ledger->zone, wall_ms / 1000) * INT64_C(1000));
}

static enum fault refuse(struct booking *booking, enum fault fault, const char *why)
{
    booking->why = why;
    return fault;
}

static struct bytes row_of(const struct book_adjustment *adjustment, char memory[ACCOUNT_NAME_MAX])
{
    struct sink sink = sink_over(memory, ACCOUNT_NAME_MAX);
    sink_bytes(&sink, adjustment->account);
    if (bytes_starts(adjustment->account, BYTES("affiliate:"))) sink_text(&sink, ":cleared");
    return sink.cut ? BYTES_NONE : sink_written(&sink);
}

/* Known to the catalogue, or moved before. */
static enum fault check_account(struct ledger *ledger, struct MDB_txn *txn, struct booking *booking)
{
    char memory[ACCOUNT_NAME_MAX];
    int64_t unused;
    struct sink sink = sink_over(memory, sizeof memory);
    if (booking->is_known) return FAULT_NONE;
    struct bytes name = row_of(&booking->adjustment, memory);
    enum fault fault = name.len ? account_balance(ledger->book, txn, name, &unused) : FAULT_NOT_FOUND;
    if (fault == FAULT_NOT_FOUND && bytes_starts(booking->adjustment.account, BYTES("affiliate:"))) {
        sink_bytes(&sink, booking->adjustment.account);
        sink_text(&sink, ":uncleared");
        fault = sink.cut ? FAULT_NOT_FOUND : account_balance(ledger->book, txn, sink_written(&sink), &unused);
    }
    return fault == FAULT_NOT_FOUND ? refuse(booking, FAULT_NOT_FOUND, "no such account") : fault;
}

/* As its entry would find it. */
static enum fault rehearse(struct ledger *ledger, struct MDB_txn *txn, struct booking *booking)
{
    struct rows_totals totals = ledger->totals;
    struct rows_refusal *told = arena_zero(&ledger->arena, 1, sizeof *told);
    struct entry entry = {.wall_ms = booking->booked_ms, .period = period_at(ledger, booking->booked_ms)};
    const struct rows_work work = {ledger->book, txn, &entry, &ledger->arena, &totals, told};
    struct account_book book;
    if (!told) return FAULT_MEMORY;
    if (account_ref_is_used(ledger->book, txn, booking->adjustment.ref))
        return refuse(booking, FAULT_TAKEN, "the ref was used before");
    enum fault fault = account_begin(&book, &work, 1);
    if (fault == FAULT_NONE) fault = account_add_adjustment(&book, &booking->adjustment);
    if (fault != FAULT_NONE) return fault == FAULT_INPUT ? refuse(booking, fault, book.why) : fault;
    booking->in_period = book.moves[0].period;
    booking->of_period = book.moves[0].of_period;
    booking->balance_micros = book.touched[0].balance_micros;
    return FAULT_NONE;
}

static enum fault adjust(struct ledger *ledger, struct MDB_txn *txn, struct booking *booking)
{
    struct book_adjustment *adjustment = &booking->adjustment;
    if (adjustment->effective_ms == 0) adjustment->effective_ms = booking->booked_ms;
    adjustment->effective_period = period_at(ledger, adjustment->effective_ms);
    if (adjustment->effective_period == PERIOD_NONE) return refuse(booking, FAULT_INPUT, "it takes effect in no year");
    enum fault fault = check_account(ledger, txn, booking);
    if (fault == FAULT_NONE) fault = rehearse(ledger, txn, booking);
    if (fault != FAULT_NONE) return fault;
    struct sink sink = sink_over(arena_take(&ledger->arena, BODY_ROOM), BODY_ROOM);
    if (!sink.at) return FAULT_MEMORY;
    if (!move_write_adjustment(&sink, adjustment)) return refuse(booking, FAULT_INPUT, "a text is too long");
    return writer_entry(ledger, txn, ENTRY_ADJUSTMENT, booking->booked_ms, sink_written(&sink), NULL);
}

static enum fault close_period(struct ledger *ledger, struct MDB_txn *txn, struct booking *booking)
{
    char body[CLOSE_BYTES];
    if (booking->period >= period_at(ledger, booking->booked_ms))
        return refuse(booking, FAULT_INPUT, "the period is not over");
    if (booking->period <= ledger->totals.closed_period) return refuse(booking, FAULT_TAKEN, "the period is closed");
    store_value_u32(body, booking->period);
    return writer_entry(ledger, txn, ENTRY_CLOSE, booking->booked_ms, (struct bytes){body, sizeof body}, NULL);
}

enum fault booking_write(struct ledger *ledger, struct MDB_txn *txn, struct booking *booking, int64_t wall_ms)
{
    static enum fault (*const kinds[BOOKING_KINDS])(struct ledger *, struct MDB_txn *, struct booking *) = {
        [BOOKING_ADJUSTMENT] = adjust, [BOOKING_CLOSE] = close_period};
    booking->why = "";
    booking->booked_ms = wall_ms;
    return kinds[booking->kind](ledger, txn, booking);
}
