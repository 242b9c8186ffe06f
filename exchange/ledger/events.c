/* The number of the next event stands in a row of its own, so that numbers go on when all events are forgotten: a
 * hearer's place in its feed stays good. */
#include "exchange/ledger/events.h"

#include "exchange/ledger/journal.h"
#include "exchange/ledger/outbox.h"
#include "protocol/base/check.h"

#define EVENT_BYTES 256u
#define KEY_BYTES (EVENTS_HEARER_MAX + 8u)
#define END_BYTES (8u + KEY_BYTES)
#define PRUNED_MAX 8u /* that one entry may forget */

struct bytes events_hearer(char at[EVENTS_HEARER_MAX], const struct hearer *hearer)
{
    check(hearer->id.len > 0 && hearer->id.len <= HEARER_ID_MAX, "a hearer's id of %zu bytes", hearer->id.len);
    at[0] = (char)hearer->kind;
    at[1] = (char)hearer->address;
    memcpy(at + 2, hearer->id.at, hearer->id.len);
    at[2 + hearer->id.len] = '\0';
    return (struct bytes){at, hearer->id.len + 3};
}

bool events_read_hearer(struct bytes key, struct hearer *hearer, struct bytes *rest)
{
    if (key.len < 4) return false;
    struct bytes id = bytes_from(key, 2);
    id = bytes_first(id, bytes_find(id, '\0'));
    if (id.len == 0 || id.len > HEARER_ID_MAX || id.len + 3 > key.len) return false;
    *hearer = (struct hearer){.kind = (enum notice_hearer)key.at[0], .address = (uint8_t)key.at[1], .id = id};
    *rest = bytes_from(key, id.len + 3);
    return true;
}

static struct bytes event_key(char at[KEY_BYTES], const struct hearer *hearer, uint64_t number)
{
    struct bytes head = events_hearer(at, hearer);
    store_key_u64(at + head.len, number);
    return (struct bytes){at, head.len + 8};
}

static struct bytes end_key(char at[END_BYTES], int64_t until_ms, struct bytes event_key)
{
    store_key_u64(at, (uint64_t)until_ms);
    memcpy(at + 8, event_key.at, event_key.len);
    return (struct bytes){at, 8 + event_key.len};
}

static enum fault next_number(struct store *store, struct MDB_txn *txn, struct bytes head, uint64_t *number)
{
    struct bytes value;
    *number = 1;
    enum fault fault = store_get(store, txn, BOOK_EVENTS, head, &value);
    if (fault == FAULT_NOT_FOUND) return FAULT_NONE;
    if (fault == FAULT_NONE && value.len != 8) fault = FAULT_CORRUPT;
    if (fault == FAULT_NONE) *number = store_read_value_u64(value.at) + 1;
    return fault;
}

enum fault events_add(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, const struct event *event)
{
    char at[KEY_BYTES], end[END_BYTES], row[EVENT_BYTES], count[8];
    struct sink sink = sink_over(row, sizeof row);
    uint64_t number;
    check(notice_is_for(event->notice, hearer->kind), "%s is not for hearer %d", notice_type(event->notice),
          (int)hearer->kind);
    check(event_write(&sink, event), "an event of more than %u bytes", EVENT_BYTES);
    enum fault fault = next_number(store, txn, events_hearer(at, hearer), &number);
    if (fault != FAULT_NONE) return fault;
    store_value_u64(count, number);
    fault = store_put(store, txn, BOOK_EVENTS, events_hearer(at, hearer), (struct bytes){count, sizeof count});
    struct bytes key = event_key(at, hearer, number);
    if (fault == FAULT_NONE) fault = store_put(store, txn, BOOK_EVENTS, key, sink_written(&sink));
    if (fault == FAULT_NONE)
        fault = store_put(store, txn, BOOK_EVENT_ENDS, end_key(end, event->at_ms + EVENTS_KEEP_MS, key), BYTES_NONE);
    if (fault != FAULT_NONE) return fault;
    return outbox_add(store, txn, hearer, number, &event->lead_id, event->at_ms);
}

/* --- forgetting --- */

static enum fault forget(struct store *store, struct MDB_txn *txn, struct bytes end, int64_t wall_ms)
{
    char at[END_BYTES];
    struct hearer hearer;
    struct event event;
    struct bytes value, rest;
    if (end.len > sizeof at) return FAULT_CORRUPT;
    memcpy(at, end.at, end.len); /* what is dropped may move it */
    struct bytes key = bytes_from((struct bytes){at, end.len}, 8);
    if (!events_read_hearer(key, &hearer, &rest) || rest.len != 8) return FAULT_CORRUPT;
    enum fault fault = store_get(store, txn, BOOK_EVENTS, key, &value);
    if (fault != FAULT_NONE || !event_read(value, &event)) return fault == FAULT_NONE ? FAULT_CORRUPT : fault;
    struct ident lead_id = event.lead_id;
    fault = outbox_forget(store, txn, &hearer, store_read_key_u64(rest.at), &lead_id, wall_ms);
    if (fault == FAULT_NONE) fault = store_drop(store, txn, BOOK_EVENTS, key);
    return fault == FAULT_NONE ? store_drop(store, txn, BOOK_EVENT_ENDS, (struct bytes){at, end.len}) : fault;
}

enum fault events_prune(struct store *store, struct MDB_txn *txn, int64_t wall_ms)
{
    for (unsigned i = 0; i < PRUNED_MAX; i++) {
        struct bytes end, unused;
        enum fault fault = store_first(store, txn, BOOK_EVENT_ENDS, &end, &unused);
        if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
        if (end.len < 8) return FAULT_CORRUPT;
        if ((int64_t)store_read_key_u64(end.at) > wall_ms) return FAULT_NONE;
        fault = forget(store, txn, end, wall_ms);
        if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    }
    return FAULT_NONE;
}

/* --- reading --- */

static bool read_event(struct bytes value, struct arena *arena, struct event *event)
{
    struct bytes copy = arena_copy(arena, value);
    return copy.at && event_read(copy, event);
}

enum fault events_one(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, uint64_t number,
                      struct arena *arena, struct event *event)
{
    char at[KEY_BYTES];
    struct bytes value;
    enum fault fault = store_get(store, txn, BOOK_EVENTS, event_key(at, hearer, number), &value);
    if (fault != FAULT_NONE) return fault;
    return read_event(value, arena, event) ? FAULT_NONE : FAULT_CORRUPT;
}

enum fault events_after(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, uint64_t after,
                        struct arena *arena, struct event_row *rows, uint32_t max, uint32_t *count)
{
    char at[KEY_BYTES];
    struct store_cursor cursor;
    struct bytes head = bytes_first(event_key(at, hearer, after + 1), hearer->id.len + 3);
    *count = 0;
    enum fault fault = store_cursor_open(store, txn, BOOK_EVENTS, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_seek(&cursor, (struct bytes){at, head.len + 8});
    for (; fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        if (!bytes_starts(cursor.key, head)) break;
        struct event_row *row = &rows[*count];
        if (cursor.key.len != head.len + 8 || !read_event(cursor.value, arena, &row->event)) {
            fault = FAULT_CORRUPT;
            break;
        }
        row->number = store_read_key_u64(cursor.key.at + head.len);
        ++*count;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}
