/* One word a contract, read and written with the verdict's entry, so that a restart knows what the last commit knew. */
#include "exchange/ledger/learning.h"

#include "exchange/ledger/journal.h"
#include "exchange/market/acceptance.h"

static bool counts(enum post_state before, enum post_state now)
{
    if (now == POST_ACCEPTED) return true;
    return before == POST_OPEN && (now == POST_REJECTED || now == POST_UNKNOWN || now == POST_VOIDED);
}

enum fault learning_note(struct store *store, struct MDB_txn *txn, struct bytes contract, enum post_state before,
                         enum post_state now, int64_t wall_ms, struct learning *learning)
{
    struct bytes row;
    char value[8];
    *learning = (struct learning){0};
    if (!counts(before, now)) return FAULT_NONE;
    enum fault fault = store_get(store, txn, BOOK_LEARNED, contract, &row);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    if (fault == FAULT_NONE && row.len != sizeof value) return FAULT_CORRUPT;
    uint64_t word = fault == FAULT_NONE ? store_read_value_u64(row.at) : 0;
    learning->contract = contract;
    learning->word = acceptance_after(word, now == POST_ACCEPTED, wall_ms);
    store_value_u64(value, learning->word);
    return store_put(store, txn, BOOK_LEARNED, contract, (struct bytes){value, sizeof value});
}

enum fault learning_load(struct store *store, struct MDB_txn *txn, struct standing *standing)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(store, txn, BOOK_LEARNED, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor)) {
        uint32_t cell = cursor.value.len == 8 ? standing_contract_cell(standing, cursor.key) : STANDING_NONE;
        if (cell == STANDING_NONE) {
            fault = cursor.value.len == 8 ? FAULT_MEMORY : FAULT_CORRUPT;
            break;
        }
        learned_publish(standing, cell, store_read_value_u64(cursor.value.at));
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}
