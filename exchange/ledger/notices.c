#include "exchange/ledger/notices.h"

#include "exchange/ledger/engine.h"
#include "exchange/ledger/events.h"
#include "exchange/ledger/outbox.h"

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

static enum fault list(struct reader *reader, int64_t from_ms, int64_t to_ms, uint32_t each, struct notices_walk *walk,
                       struct arena *arena, struct delivery *found, uint32_t max, uint32_t *count)
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
    return list(reader, 0, wall_ms, each, walk, arena, found, max, count);
}

enum fault notices_given_up(struct reader *reader, uint32_t each, struct notices_walk *walk, struct arena *arena,
                            struct delivery *found, uint32_t max, uint32_t *count)
{
    return list(reader, OUTBOX_NEVER, OUTBOX_NEVER, each, walk, arena, found, max, count);
}
