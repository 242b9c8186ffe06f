/* Keys begin with the time, so the sweep reads the beginning of the table and stops at the first row that may wait. The
 * rows of a sweep are copied before anything is written: a write moves what a cursor stands on. */
#include "exchange/ledger/due.h"

#include "exchange/ledger/engine.h"
#include "protocol/base/check.h"

#define KEY_BYTES 25u

typedef enum fault due_handler(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row, int64_t wall_ms);

#define X(name, fn) due_handler fn;
DUE_KINDS(X)
#undef X

static due_handler *const handlers[DUE_KINDS_COUNT] = {NULL,
#define X(name, fn) fn,
                                                       DUE_KINDS(X)
#undef X
};

static struct bytes write_key(char at[KEY_BYTES], int64_t at_ms, enum due_kind kind, const struct ident *id)
{
    check(at_ms >= 0 && kind > DUE_NOTHING && kind < DUE_KINDS_COUNT, "kind %d, at %lld", (int)kind, (long long)at_ms);
    store_key_u64(at, (uint64_t)at_ms);
    at[8] = (char)kind;
    memcpy(at + 9, id->at, sizeof id->at);
    return (struct bytes){at, KEY_BYTES};
}

enum fault due_put(struct store *store, struct MDB_txn *txn, const struct due_row *row)
{
    char key[KEY_BYTES];
    check(row->value.len <= DUE_VALUE_MAX, "%zu bytes", row->value.len);
    return store_put(store, txn, BOOK_DUE, write_key(key, row->at_ms, row->kind, &row->id), row->value);
}

enum fault due_drop(struct store *store, struct MDB_txn *txn, int64_t at_ms, enum due_kind kind, const struct ident *id)
{
    char key[KEY_BYTES];
    return store_drop(store, txn, BOOK_DUE, write_key(key, at_ms, kind, id));
}

static bool read_row(const struct store_cursor *cursor, struct due_row *row)
{
    struct bytes key = cursor->key;
    if (key.len != KEY_BYTES || cursor->value.len > DUE_VALUE_MAX) return false;
    unsigned kind = (unsigned char)key.at[8];
    uint64_t at_ms = store_read_key_u64(key.at);
    if (kind == DUE_NOTHING || kind >= DUE_KINDS_COUNT || at_ms > INT64_MAX) return false;
    *row = (struct due_row){.at_ms = (int64_t)at_ms, .kind = (enum due_kind)kind, .value = cursor->value};
    memcpy(row->id.at, key.at + 9, sizeof row->id.at);
    return true;
}

enum fault due_list(struct store *store, struct MDB_txn *txn, int64_t wall_ms, struct due_row *rows, unsigned max,
                    unsigned *count)
{
    struct store_cursor cursor;
    *count = 0;
    enum fault fault = store_cursor_open(store, txn, BOOK_DUE, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        if (!read_row(&cursor, &rows[*count])) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (rows[*count].at_ms > wall_ms) break;
        ++*count;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault due_sweep(struct ledger *ledger, struct MDB_txn *txn, int64_t wall_ms, unsigned *swept)
{
    struct due_row *rows = arena_take(&ledger->arena, DUE_SWEEP_MAX * sizeof *rows);
    char *values = arena_take(&ledger->arena, DUE_SWEEP_MAX * DUE_VALUE_MAX);
    unsigned count = 0;
    *swept = 0;
    if (!rows || !values) return FAULT_MEMORY;
    enum fault fault = due_list(ledger->book, txn, wall_ms, rows, DUE_SWEEP_MAX, &count);
    for (unsigned i = 0; i < count; i++, values += DUE_VALUE_MAX) {
        struct bytes *value = &rows[i].value;
        if (value->len) memcpy(values, value->at, value->len);
        value->at = values;
    }
    for (unsigned i = 0; i < count && fault == FAULT_NONE; i++) {
        fault = handlers[rows[i].kind](ledger, txn, &rows[i], wall_ms);
        if (fault == FAULT_NONE) ++*swept;
        if (fault == FAULT_INPUT) fault = FAULT_NONE;
    }
    return fault;
}

static enum fault look(struct ledger *ledger, int64_t wall_ms, unsigned *count)
{
    struct MDB_txn *txn = NULL;
    struct due_row row;
    *count = 0;
    enum fault fault = store_begin(ledger->book, false, &txn);
    if (fault == FAULT_NONE) fault = due_list(ledger->book, txn, wall_ms, &row, 1, count);
    store_abort(&txn);
    return fault;
}

/* A write transaction is opened only when there is something to write: an exchange at rest does not touch its disk. */
void due_turn(struct ledger *ledger, int64_t wall_ms)
{
    unsigned count = 0;
    enum fault fault = look(ledger, wall_ms, &count);
    if (fault == FAULT_NONE && count == 0) return;
    struct job job = {.kind = JOB_SWEEP, .wall_ms = wall_ms}, *list = &job;
    do {
        job.swept = 0;
        writer_batch(ledger, &list, 1);
    } while (job.answer.fault == FAULT_NONE && job.swept == DUE_SWEEP_MAX);
}
