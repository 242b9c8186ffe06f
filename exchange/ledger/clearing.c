/* One entry a sale: whoever asks why his money stands where it does finds the sale. */
#include "exchange/ledger/clearing.h"

#include "exchange/ledger/account.h"
#include "exchange/ledger/engine.h"

enum fault clearing_apply(const struct rows_work *work)
{
    struct account_book book;
    struct ident sale_id;
    if (work->entry->body.len != sizeof sale_id.at) return rows_refuse(work, "the record of a clearing cannot be read");
    memcpy(sale_id.at, work->entry->body.at, sizeof sale_id.at);
    enum fault fault = account_begin(&book, work, 1);
    if (fault == FAULT_NONE) fault = account_add_clear(&book, &sale_id);
    if (fault == FAULT_INPUT) return rows_refuse(work, book.why);
    return fault == FAULT_NONE ? account_write(&book) : fault;
}

enum fault clearing_due(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row, int64_t wall_ms)
{
    return writer_entry(ledger, txn, ENTRY_CLEAR, wall_ms, ident_bytes(&row->id), &row->id);
}
