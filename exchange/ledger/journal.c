/* An entry is put together in one piece, hashed, and cut into parts by the store. The head in meta is what a restart
 * compares the journal's end with: it is written in the same transaction. */
#include "exchange/ledger/journal.h"

#include "exchange/record/period.h"
#include "protocol/base/check.h"

#define ENTRY_VERSION 2
#define STAMPS_AT 2u
#define PERIOD_AT (STAMPS_AT + 16u)
#define BEFORE_AT (PERIOD_AT + 4u)
#define HEAD_BYTES (BEFORE_AT + DIGEST_LEN)
#define HEAD_1_BYTES (PERIOD_AT + DIGEST_LEN) /* of version 1 */

const char *const journal_tables[BOOK_TABLES_COUNT] = {
#define X(name, text) text,
    BOOK_TABLES(X)
#undef X
};

static void chain_of(uint64_t seq, struct bytes value, struct digest *digest)
{
    char number[8];
    store_key_u64(number, seq);
    digest_of(digest, (struct bytes[]){{number, sizeof number}, value}, 2);
}

enum fault journal_append(struct store *store, struct MDB_txn *txn, struct chain *chain, struct arena *arena,
                          const struct entry *entry)
{
    char key[8], *value = arena_take(arena, HEAD_BYTES + entry->body.len);
    if (!value) return FAULT_MEMORY;
    check(entry->seq == chain->seq + 1, "entry %llu", (unsigned long long)entry->seq);
    value[0] = ENTRY_VERSION;
    value[1] = (char)entry->kind;
    store_value_u64(value + STAMPS_AT, (uint64_t)entry->wall_ms);
    store_value_u64(value + STAMPS_AT + 8, (uint64_t)entry->mono_us);
    store_value_u32(value + PERIOD_AT, entry->period);
    memcpy(value + BEFORE_AT, chain->digest.at, DIGEST_LEN);
    if (entry->body.len) memcpy(value + HEAD_BYTES, entry->body.at, entry->body.len);
    struct bytes whole = {value, HEAD_BYTES + entry->body.len};
    store_key_u64(key, entry->seq);
    enum fault fault = store_put_parts(store, txn, BOOK_JOURNAL, (struct bytes){key, sizeof key}, whole, true);
    if (fault != FAULT_NONE) return fault;
    chain_of(entry->seq, whole, &chain->digest);
    chain->seq = entry->seq;
    return FAULT_NONE;
}

enum fault journal_read(struct store *store, struct MDB_txn *txn, uint64_t seq, struct arena *arena,
                        struct entry *entry)
{
    char key[8];
    struct bytes value;
    store_key_u64(key, seq);
    enum fault fault = store_get_parts(store, txn, BOOK_JOURNAL, (struct bytes){key, sizeof key}, arena, &value);
    if (fault != FAULT_NONE) return fault;
    bool is_first = value.len && value.at[0] == 1;
    size_t head = is_first ? HEAD_1_BYTES : HEAD_BYTES;
    if (value.len < head) return FAULT_CORRUPT;
    *entry = (struct entry){.seq = seq,
                            .kind = (enum entry_kind)(unsigned char)value.at[1],
                            .wall_ms = (int64_t)store_read_value_u64(value.at + STAMPS_AT),
                            .mono_us = (int64_t)store_read_value_u64(value.at + STAMPS_AT + 8),
                            .body = bytes_from(value, head)};
    entry->period = is_first ? period_of(entry->wall_ms) : store_read_value_u32(value.at + PERIOD_AT);
    memcpy(entry->before.at, value.at + head - DIGEST_LEN, DIGEST_LEN);
    chain_of(seq, value, &entry->chain);
    bool is_version = value.at[0] == 1 || value.at[0] == ENTRY_VERSION;
    return is_version && entry->kind >= ENTRY_STEP && entry->kind < ENTRY_KINDS ? FAULT_NONE : FAULT_VERSION;
}

enum fault journal_last(struct store *store, struct MDB_txn *txn, uint64_t *seq)
{
    struct store_cursor cursor;
    *seq = 0;
    enum fault fault = store_cursor_open(store, txn, BOOK_JOURNAL, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_last(&cursor);
    if (fault == FAULT_NONE && cursor.key.len != 12) fault = FAULT_CORRUPT;
    if (fault == FAULT_NONE) *seq = store_read_key_u64(cursor.key.at);
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault journal_read_head(struct store *store, struct MDB_txn *txn, struct chain *chain)
{
    struct bytes value;
    *chain = (struct chain){0};
    enum fault fault = store_get(store, txn, BOOK_META, BYTES("head"), &value);
    if (fault != FAULT_NONE) return fault;
    if (value.len != 8 + DIGEST_LEN) return FAULT_CORRUPT;
    chain->seq = store_read_value_u64(value.at);
    memcpy(chain->digest.at, value.at + 8, DIGEST_LEN);
    return FAULT_NONE;
}

enum fault journal_write_head(struct store *store, struct MDB_txn *txn, const struct chain *chain)
{
    char value[8 + DIGEST_LEN];
    store_value_u64(value, chain->seq);
    memcpy(value + 8, chain->digest.at, DIGEST_LEN);
    return store_put(store, txn, BOOK_META, BYTES("head"), (struct bytes){value, sizeof value});
}

enum fault journal_read_version(struct store *store, struct MDB_txn *txn, uint64_t *version)
{
    struct bytes value;
    enum fault fault = store_get(store, txn, BOOK_META, BYTES("version"), &value);
    if (fault != FAULT_NONE) return fault;
    if (value.len != 8) return FAULT_CORRUPT;
    *version = store_read_value_u64(value.at);
    return FAULT_NONE;
}

enum fault journal_write_version(struct store *store, struct MDB_txn *txn)
{
    char value[8];
    store_value_u64(value, BOOK_VERSION);
    return store_put(store, txn, BOOK_META, BYTES("version"), (struct bytes){value, sizeof value});
}
