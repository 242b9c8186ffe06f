/* A batch of entries is a transaction, which also says how far it has come; so it is done once, whatever happens. */
#include "exchange/ledger/upgrade.h"

#include <stdio.h>

#include "exchange/base/log.h"
#include "exchange/ledger/rows.h"

#define BATCH_ENTRIES 4096u
#define ARENA_BYTES (64u << 10)
#define ARENA_MAX_BYTES (256u << 20)

static const struct bytes derived_key = {"derived", 7};
/* Content of before stands together with its data key, until a rotation parts them (content.h). */
static const struct bytes combined_key = {"combined", 8};
#define APART_SINCE 3u

/* What no entry tells. */
static bool is_kept(unsigned table)
{
    return table == BOOK_META || table == BOOK_JOURNAL || table == BOOK_CONTENT || table == BOOK_CATALOGUES ||
           table == BOOK_DATA_KEYS || table == BOOK_PEOPLE;
}

/* FAULT_NOT_FOUND: no upgrade is under way. */
static enum fault read_derived(struct store *book, struct MDB_txn *txn, uint64_t *seq)
{
    struct bytes value;
    enum fault fault = store_get(book, txn, BOOK_META, derived_key, &value);
    if (fault != FAULT_NONE) return fault;
    if (value.len != 8) return FAULT_CORRUPT;
    *seq = store_read_value_u64(value.at);
    return FAULT_NONE;
}

static enum fault write_derived(struct store *book, struct MDB_txn *txn, uint64_t seq)
{
    char value[8];
    store_value_u64(value, seq);
    return store_put(book, txn, BOOK_META, derived_key, (struct bytes){value, sizeof value});
}

bool upgrade_is_under_way(struct store *book, struct MDB_txn *txn)
{
    uint64_t seq;
    return read_derived(book, txn, &seq) != FAULT_NOT_FOUND;
}

/* From here on an older program does not open it. */
static enum fault clear(struct store *book, uint64_t version)
{
    struct MDB_txn *txn = NULL;
    enum fault fault = store_begin(book, true, &txn);
    for (unsigned table = 0; table < BOOK_TABLES_COUNT && fault == FAULT_NONE; table++)
        if (!is_kept(table)) fault = store_clear(book, txn, table);
    if (fault == FAULT_NONE) fault = journal_write_version(book, txn);
    if (fault == FAULT_NONE && version < APART_SINCE) fault = store_put(book, txn, BOOK_META, combined_key, BYTES("1"));
    if (fault == FAULT_NONE) fault = write_derived(book, txn, 0);
    if (fault == FAULT_NONE) fault = store_commit(&txn);
    store_abort(&txn);
    return fault;
}

static enum fault derive_entry(struct store *book, struct MDB_txn *txn, uint64_t seq, struct arena *arena,
                               struct rows_totals *totals, struct ledger_note *note)
{
    struct entry entry;
    struct rows_refusal refusal = {.text = "it cannot be read"};
    arena_reset(arena);
    enum fault fault = journal_read(book, txn, seq, arena, &entry);
    if (fault == FAULT_NONE) fault = rows_apply(book, txn, &entry, arena, totals, &refusal);
    if (fault != FAULT_INPUT && fault != FAULT_NOT_FOUND && fault != FAULT_CORRUPT) return fault;
    snprintf(note->text, sizeof note->text,
             "book: entry %llu of an older version cannot be brought up to date: %s; go on with a copy that verifies",
             (unsigned long long)seq, refusal.text);
    return FAULT_CORRUPT;
}

/* *is_done: that was the last of them. */
static enum fault derive_batch(struct store *book, struct arena *arena, struct ledger_note *note, bool *is_done)
{
    struct MDB_txn *txn = NULL;
    struct rows_totals totals;
    uint64_t seq = 0, last = 0;
    *is_done = false;
    enum fault fault = store_begin(book, true, &txn);
    if (fault == FAULT_NONE) fault = read_derived(book, txn, &seq);
    if (fault == FAULT_NONE) fault = journal_last(book, txn, &last);
    if (fault == FAULT_NONE) fault = rows_read_totals(book, txn, &totals);
    for (uint64_t end = seq + BATCH_ENTRIES; fault == FAULT_NONE && seq < last && seq < end;)
        fault = derive_entry(book, txn, ++seq, arena, &totals, note);
    if (fault == FAULT_NONE) fault = rows_write_totals(book, txn, &totals);
    *is_done = fault == FAULT_NONE && seq == last;
    if (*is_done)
        fault = store_drop(book, txn, BOOK_META, derived_key);
    else if (fault == FAULT_NONE)
        fault = write_derived(book, txn, seq);
    if (fault == FAULT_NONE) fault = store_commit(&txn);
    store_abort(&txn);
    return fault;
}

static enum fault look(struct store *book, uint64_t *version, bool *is_under_way)
{
    struct MDB_txn *txn = NULL;
    enum fault fault = store_begin(book, false, &txn);
    if (fault == FAULT_NONE) fault = journal_read_version(book, txn, version);
    if (fault == FAULT_NONE) *is_under_way = upgrade_is_under_way(book, txn);
    store_abort(&txn);
    return fault;
}

enum fault upgrade_book(struct store *book, struct ledger_note *note)
{
    uint64_t version = 0;
    bool is_under_way = false;
    struct arena arena;
    enum fault fault = look(book, &version, &is_under_way);
    if (fault != FAULT_NONE || (version >= BOOK_VERSION && !is_under_way)) return fault;
    log_line(LOG_INFO, "ledger.upgrade", "why", "the book is of an older version: its rows are derived anew", NULL);
    if (!is_under_way) fault = clear(book, version);
    arena_init(&arena, ARENA_BYTES, ARENA_MAX_BYTES);
    for (bool is_done = false; fault == FAULT_NONE && !is_done;) fault = derive_batch(book, &arena, note, &is_done);
    arena_free(&arena);
    return fault;
}
