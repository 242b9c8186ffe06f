/* One word a contract, read and written with the verdict's entry, so that a restart knows what the last commit knew. */
#include "exchange/ledger/learning.h"

#include "exchange/ledger/journal.h"
#include "exchange/market/acceptance.h"

static bool counts(enum post_state before, enum post_state now)
{
    if (now == POST_ACCEPTED) return true;
    return before == POST_OPEN && (now == POST_REJECTED || now == POST_UNKNOWN || now == POST_VOIDED);
}

static enum fault read_word(struct store *store, struct MDB_txn *txn, enum book_table table, struct bytes contract,
                            uint64_t *word)
{
    struct bytes row;
    *word = 0;
    enum fault fault = store_get(store, txn, table, contract, &row);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (row.len != 8) return FAULT_CORRUPT;
    *word = store_read_value_u64(row.at);
    return FAULT_NONE;
}

static enum fault write_word(struct store *store, struct MDB_txn *txn, enum book_table table, struct bytes contract,
                             uint64_t word, struct learning *learning)
{
    char value[8];
    *learning = (struct learning){contract, word};
    store_value_u64(value, word);
    return store_put(store, txn, table, contract, (struct bytes){value, sizeof value});
}

enum fault learning_note(struct store *store, struct MDB_txn *txn, struct bytes contract, enum post_state before,
                         enum post_state now, int64_t wall_ms, struct learning *learning)
{
    uint64_t word;
    *learning = (struct learning){0};
    if (!counts(before, now)) return FAULT_NONE;
    enum fault fault = read_word(store, txn, BOOK_LEARNED, contract, &word);
    if (fault != FAULT_NONE) return fault;
    word = acceptance_after(word, now == POST_ACCEPTED, wall_ms);
    return write_word(store, txn, BOOK_LEARNED, contract, word, learning);
}

enum fault learning_keep(struct store *store, struct MDB_txn *txn, struct bytes contract, int64_t wall_ms,
                         struct learning *learning)
{
    uint64_t word;
    enum fault fault = read_word(store, txn, BOOK_KEPT, contract, &word);
    if (fault != FAULT_NONE) return fault;
    return write_word(store, txn, BOOK_KEPT, contract, acceptance_after(word, true, wall_ms), learning);
}

enum fault learning_take_back(struct store *store, struct MDB_txn *txn, struct bytes contract, int64_t sold_ms,
                              int64_t wall_ms, struct learning *learning)
{
    uint64_t word;
    enum fault fault = read_word(store, txn, BOOK_KEPT, contract, &word);
    if (fault != FAULT_NONE) return fault;
    return write_word(store, txn, BOOK_KEPT, contract, acceptance_undo(word, sold_ms, wall_ms), learning);
}

static enum fault load(struct store *store, struct MDB_txn *txn, enum book_table table, struct standing *standing,
                       void (*publish)(struct standing *standing, uint32_t cell, uint64_t word))
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(store, txn, table, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor)) {
        uint32_t cell = cursor.value.len == 8 ? standing_contract_cell(standing, cursor.key) : STANDING_NONE;
        if (cell == STANDING_NONE) {
            fault = cursor.value.len == 8 ? FAULT_MEMORY : FAULT_CORRUPT;
            break;
        }
        publish(standing, cell, store_read_value_u64(cursor.value.at));
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault learning_load(struct store *store, struct MDB_txn *txn, struct standing *standing)
{
    enum fault fault = load(store, txn, BOOK_LEARNED, standing, learned_publish);
    return fault == FAULT_NONE ? load(store, txn, BOOK_KEPT, standing, learned_publish_kept) : fault;
}
