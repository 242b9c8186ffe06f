/* The earliest row of each hearer stands first, so what is due is found by looking at one row of each: however much a
 * dead address has gathered, the others do not wait for it to be read. */
#include "exchange/ledger/outbox.h"

#include "exchange/ledger/events.h"

#define DUE_BYTES (EVENTS_HEARER_MAX + 16u)
#define LEAD_BYTES (EVENTS_HEARER_MAX + sizeof(struct ident) + 8u)
#define ROW_BYTES (sizeof(struct ident) + 4u)

static struct bytes due_key(char at[DUE_BYTES], const struct hearer *hearer, int64_t due_ms, uint64_t number)
{
    struct bytes head = events_hearer(at, hearer);
    store_key_u64(at + head.len, (uint64_t)due_ms);
    store_key_u64(at + head.len + 8, number);
    return (struct bytes){at, head.len + 16};
}

static struct bytes lead_key(char at[LEAD_BYTES], const struct hearer *hearer, const struct ident *lead_id,
                             uint64_t number)
{
    struct bytes head = events_hearer(at, hearer);
    memcpy(at + head.len, lead_id->at, sizeof lead_id->at);
    store_key_u64(at + head.len + sizeof lead_id->at, number);
    return (struct bytes){at, head.len + sizeof lead_id->at + 8};
}

static enum fault put_due(struct store *store, struct MDB_txn *txn, const struct delivery *delivery)
{
    char at[DUE_BYTES], row[ROW_BYTES];
    memcpy(row, delivery->lead_id.at, sizeof delivery->lead_id.at);
    row[16] = (char)delivery->tries;
    row[17] = (char)delivery->reason;
    row[18] = (char)(delivery->status & 0xff);
    row[19] = (char)(delivery->status >> 8);
    return store_put(store, txn, BOOK_OUTBOX, due_key(at, &delivery->hearer, delivery->due_ms, delivery->number),
                     (struct bytes){row, sizeof row});
}

static enum fault put_lead(struct store *store, struct MDB_txn *txn, const struct delivery *delivery)
{
    char at[LEAD_BYTES], value[8];
    store_value_u64(value, (uint64_t)delivery->due_ms);
    return store_put(store, txn, BOOK_OUTBOX_LEADS,
                     lead_key(at, &delivery->hearer, &delivery->lead_id, delivery->number),
                     (struct bytes){value, sizeof value});
}

static enum fault put(struct store *store, struct MDB_txn *txn, const struct delivery *delivery)
{
    enum fault fault = put_lead(store, txn, delivery);
    return fault == FAULT_NONE ? put_due(store, txn, delivery) : fault;
}

/* The earliest event of that lead on its way to that hearer. FAULT_NOT_FOUND: none is. */
static enum fault first_of_lead(struct store *store, struct MDB_txn *txn, const struct hearer *hearer,
                                const struct ident *lead_id, uint64_t *number)
{
    char at[LEAD_BYTES];
    struct store_cursor cursor;
    struct bytes key = lead_key(at, hearer, lead_id, 0), head = bytes_first(key, key.len - 8);
    enum fault fault = store_cursor_open(store, txn, BOOK_OUTBOX_LEADS, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_seek(&cursor, key);
    if (fault == FAULT_NONE && !bytes_starts(cursor.key, head)) fault = FAULT_NOT_FOUND;
    if (fault == FAULT_NONE && cursor.key.len != key.len) fault = FAULT_CORRUPT;
    if (fault == FAULT_NONE) *number = store_read_key_u64(cursor.key.at + head.len);
    store_cursor_close(&cursor);
    return fault;
}

enum fault outbox_add(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, uint64_t number,
                      const struct ident *lead_id, int64_t at_ms)
{
    struct delivery delivery = {.hearer = *hearer, .number = number, .lead_id = *lead_id, .due_ms = at_ms};
    uint64_t earlier;
    enum fault fault = first_of_lead(store, txn, hearer, lead_id, &earlier);
    if (fault == FAULT_NOT_FOUND) return put(store, txn, &delivery);
    delivery.due_ms = 0;
    return fault == FAULT_NONE ? put_lead(store, txn, &delivery) : fault;
}

/* Its way ends; the next event of the lead takes its place. */
static enum fault end(struct store *store, struct MDB_txn *txn, const struct delivery *delivery, int64_t due_ms,
                      int64_t wall_ms)
{
    char at[LEAD_BYTES], due[DUE_BYTES];
    struct delivery next = {.hearer = delivery->hearer, .lead_id = delivery->lead_id, .due_ms = wall_ms};
    enum fault fault = store_drop(store, txn, BOOK_OUTBOX_LEADS,
                                  lead_key(at, &delivery->hearer, &delivery->lead_id, delivery->number));
    if (fault != FAULT_NONE || due_ms == 0) return fault;
    fault = store_drop(store, txn, BOOK_OUTBOX, due_key(due, &delivery->hearer, due_ms, delivery->number));
    if (fault == FAULT_NONE) fault = first_of_lead(store, txn, &delivery->hearer, &delivery->lead_id, &next.number);
    if (fault == FAULT_NONE) return put(store, txn, &next);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* When it is due; FAULT_NOT_FOUND: it is not on its way. */
static enum fault find(struct store *store, struct MDB_txn *txn, const struct delivery *delivery, int64_t *due_ms)
{
    char at[LEAD_BYTES];
    struct bytes value;
    enum fault fault = store_get(store, txn, BOOK_OUTBOX_LEADS,
                                 lead_key(at, &delivery->hearer, &delivery->lead_id, delivery->number), &value);
    if (fault != FAULT_NONE) return fault;
    if (value.len != 8) return FAULT_CORRUPT;
    *due_ms = (int64_t)store_read_value_u64(value.at);
    return FAULT_NONE;
}

enum fault outbox_forget(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, uint64_t number,
                         const struct ident *lead_id, int64_t wall_ms)
{
    struct delivery delivery = {.hearer = *hearer, .number = number, .lead_id = *lead_id};
    char at[DUE_BYTES];
    int64_t due_ms;
    enum fault fault = find(store, txn, &delivery, &due_ms);
    if (fault == FAULT_NONE) return end(store, txn, &delivery, due_ms, wall_ms);
    if (fault != FAULT_NOT_FOUND) return fault;
    return store_drop(store, txn, BOOK_OUTBOX, due_key(at, hearer, OUTBOX_NEVER, number));
}

/* --- outcomes --- */

static enum fault try_again(struct store *store, struct MDB_txn *txn, const struct delivery *delivery, int64_t due_ms)
{
    char at[DUE_BYTES];
    enum fault fault = store_drop(store, txn, BOOK_OUTBOX, due_key(at, &delivery->hearer, due_ms, delivery->number));
    return fault == FAULT_NONE ? put(store, txn, delivery) : fault;
}

static enum fault settle(struct store *store, struct MDB_txn *txn, const struct delivery *delivery, int64_t wall_ms)
{
    int64_t due_ms;
    enum fault fault = find(store, txn, delivery, &due_ms);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (due_ms == 0) return FAULT_NONE; /* it had to wait, and still has */
    if (delivery->state == DELIVERY_WAITING) return try_again(store, txn, delivery, due_ms);
    fault = end(store, txn, delivery, due_ms, wall_ms);
    if (fault != FAULT_NONE || delivery->state != DELIVERY_GIVEN_UP) return fault;
    struct delivery given_up = *delivery;
    given_up.due_ms = OUTBOX_NEVER;
    return put_due(store, txn, &given_up);
}

enum fault outbox_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry)
{
    struct delivery list[DELIVERIES_MAX];
    uint32_t count;
    enum fault fault = deliveries_read(entry->body, list, &count) ? FAULT_NONE : FAULT_INPUT;
    for (uint32_t i = 0; fault == FAULT_NONE && i < count; i++) fault = settle(store, txn, &list[i], entry->wall_ms);
    return fault;
}

/* --- what is due --- */

static bool take_row(const struct store_cursor *cursor, struct arena *arena, struct delivery *delivery)
{
    struct bytes rest, value = cursor->value;
    *delivery = (struct delivery){0};
    if (!events_read_hearer(cursor->key, &delivery->hearer, &rest) || rest.len != 16 || value.len != ROW_BYTES)
        return false;
    delivery->hearer.id = arena_copy(arena, delivery->hearer.id);
    delivery->due_ms = (int64_t)store_read_key_u64(rest.at);
    delivery->number = store_read_key_u64(rest.at + 8);
    memcpy(delivery->lead_id.at, value.at, sizeof delivery->lead_id.at);
    delivery->tries = (uint8_t)value.at[16];
    delivery->reason = (enum reason)(uint8_t)value.at[17];
    delivery->status = (uint16_t)((uint8_t)value.at[18] | (unsigned)(uint8_t)value.at[19] << 8);
    delivery->state = delivery->due_ms == OUTBOX_NEVER ? DELIVERY_GIVEN_UP : DELIVERY_WAITING;
    return delivery->hearer.id.at && delivery->reason < REASON_COUNT;
}

/* The rows of the hearer the cursor stands on; where the next one begins is left in the walk. */
static enum fault list_hearer(struct store_cursor *cursor, int64_t from_ms, int64_t to_ms, uint32_t each,
                              struct notices_walk *walk, struct arena *arena, struct delivery *list, uint32_t max,
                              uint32_t *count)
{
    char at[DUE_BYTES];
    struct hearer hearer;
    struct bytes rest;
    if (!events_read_hearer(cursor->key, &hearer, &rest)) return FAULT_CORRUPT;
    struct bytes key = due_key(at, &hearer, from_ms, 0), head = bytes_first(key, key.len - 16);
    memcpy(walk->from, head.at, walk->len = head.len);
    walk->from[walk->len - 1] = 1; /* past all of this hearer */
    enum fault fault = store_seek(cursor, key);
    for (uint32_t n = 0; fault == FAULT_NONE && n < each && *count < max; n++, fault = store_next(cursor)) {
        if (!bytes_starts(cursor->key, head)) break;
        if (!take_row(cursor, arena, &list[*count])) return FAULT_CORRUPT;
        if (list[*count].due_ms > to_ms) break;
        ++*count;
    }
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault outbox_list(struct store *store, struct MDB_txn *txn, int64_t from_ms, int64_t to_ms, uint32_t each,
                       struct notices_walk *walk, struct arena *arena, struct delivery *list, uint32_t max,
                       uint32_t *count)
{
    struct store_cursor cursor;
    *count = 0;
    enum fault fault = store_cursor_open(store, txn, BOOK_OUTBOX, &cursor);
    if (fault != FAULT_NONE) return fault;
    while (fault == FAULT_NONE && *count < max) {
        fault = store_seek(&cursor, (struct bytes){walk->from, walk->len});
        if (fault == FAULT_NONE)
            fault = list_hearer(&cursor, from_ms, to_ms, each, walk, arena, list, max, count);
        else
            walk->len = 0;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}
