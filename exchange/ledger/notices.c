#include "exchange/ledger/notices.h"

#include "exchange/ledger/account.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/events.h"
#include "exchange/ledger/outbox.h"
#include "exchange/ledger/purchases.h"

enum fault notices_after(struct reader *reader, const struct hearer *hearer, uint64_t after, struct arena *arena,
                         struct event_row *rows, uint32_t max, uint32_t *count)
{
    struct MDB_txn *txn;
    *count = 0;
    if (after >= EVENT_NUMBER_MAX) return FAULT_NONE;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = events_after(reader->book, txn, hearer, after, arena, rows, max, count);
    store_abort(&txn);
    return fault;
}

enum fault notices_one(struct reader *reader, const struct hearer *hearer, uint64_t number, struct arena *arena,
                       struct event *event)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = events_one(reader->book, txn, hearer, number, arena, event);
    store_abort(&txn);
    return fault;
}

static enum fault list_rows(struct reader *reader, int64_t from_ms, int64_t to_ms, uint32_t each,
                            struct notices_walk *walk, struct arena *arena, struct delivery *found, uint32_t max,
                            uint32_t *count)
{
    struct MDB_txn *txn;
    *count = 0;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = outbox_list(reader->book, txn, from_ms, to_ms, each, walk, arena, found, max, count);
    store_abort(&txn);
    return fault;
}

enum fault notices_due(struct reader *reader, int64_t wall_ms, uint32_t each, struct notices_walk *walk,
                       struct arena *arena, struct delivery *found, uint32_t max, uint32_t *count)
{
    return list_rows(reader, 0, wall_ms, each, walk, arena, found, max, count);
}

enum fault notices_given_up(struct reader *reader, uint32_t each, struct notices_walk *walk, struct arena *arena,
                            struct delivery *found, uint32_t max, uint32_t *count)
{
    return list_rows(reader, OUTBOX_NEVER, OUTBOX_NEVER, each, walk, arena, found, max, count);
}

static enum fault find_purchase(struct reader *reader, struct MDB_txn *txn, const struct purchase *row,
                                struct arena *arena, struct reader_purchase *purchase)
{
    enum fault fault = rows_post(reader->book, txn, &row->post_id, arena, &purchase->post);
    if (fault == FAULT_NONE) fault = account_sale(reader->book, txn, &row->sale_id, arena, &purchase->sale);
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

enum fault reader_purchases(struct reader *reader, struct bytes buyer, const struct ident *after, struct arena *arena,
                            struct reader_purchase *list, uint32_t max, uint32_t *count)
{
    struct MDB_txn *txn;
    struct post_record from;
    bool is_start = ident_is_none(after);
    struct purchase *rows = arena_zero(arena, max, sizeof *rows);
    *count = 0;
    if (!rows) return FAULT_MEMORY;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    if (!is_start) fault = rows_post(reader->book, txn, after, arena, &from);
    if (fault == FAULT_NONE)
        fault = purchases_after(reader->book, txn, buyer, is_start ? NULL : &from, rows, max, count);
    for (uint32_t i = 0; i < *count && fault == FAULT_NONE; i++)
        fault = find_purchase(reader, txn, &rows[i], arena, &list[i]);
    store_abort(&txn);
    return fault;
}
