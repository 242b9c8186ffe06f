/* The leads that wait are found by the time they are too old, so that whoever looks for them never reads one that is.
 */
#include "exchange/ledger/onward.h"

#include "exchange/ledger/aftersales.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/events.h"

#define WAITS 'w'
#define WENT 'd'
#define CAME 'o'
#define WAITING_KEY_BYTES 24u

struct onward {
    char kind;
    int64_t until_ms; /* WAITS */
    struct ident other;
};

static enum fault read_row(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, struct onward *onward)
{
    struct bytes value;
    *onward = (struct onward){.other = IDENT_NONE};
    enum fault fault = store_get(store, txn, BOOK_ONWARD, ident_bytes(lead_id), &value);
    if (fault != FAULT_NONE) return fault;
    onward->kind = value.len ? value.at[0] : '\0';
    size_t wanted = onward->kind == WAITS ? 9 : 17;
    if (value.len != wanted || !memchr("wdo", onward->kind, 3)) return FAULT_CORRUPT;
    if (onward->kind == WAITS)
        onward->until_ms = (int64_t)store_read_value_u64(value.at + 1);
    else
        memcpy(onward->other.at, value.at + 1, sizeof onward->other.at);
    return FAULT_NONE;
}

static enum fault put_row(const struct rows_work *work, const struct ident *lead_id, char kind, struct bytes what)
{
    char value[17] = {kind};
    memcpy(value + 1, what.at, what.len);
    return store_put(work->store, work->txn, BOOK_ONWARD, ident_bytes(lead_id), (struct bytes){value, 1 + what.len});
}

static struct bytes waiting_key(char at[WAITING_KEY_BYTES], int64_t until_ms, const struct ident *lead_id)
{
    store_key_u64(at, (uint64_t)until_ms);
    memcpy(at + 8, lead_id->at, sizeof lead_id->at);
    return (struct bytes){at, WAITING_KEY_BYTES};
}

enum fault onward_offer(const struct rows_work *work, const struct ident *lead_id, int64_t until_ms)
{
    struct onward onward;
    char key[WAITING_KEY_BYTES], number[8];
    if (until_ms < work->entry->wall_ms) return FAULT_NONE;
    enum fault fault = read_row(work->store, work->txn, lead_id, &onward);
    if (fault != FAULT_NOT_FOUND) return fault;
    store_value_u64(number, (uint64_t)until_ms);
    fault = put_row(work, lead_id, WAITS, (struct bytes){number, sizeof number});
    if (fault != FAULT_NONE) return fault;
    return store_put(work->store, work->txn, BOOK_ONWARD_WAITING, waiting_key(key, until_ms, lead_id), BYTES_NONE);
}

enum fault onward_check(const struct rows_work *work, const struct book_step *step)
{
    struct onward onward;
    if (ident_is_none(&step->origin)) return FAULT_NONE;
    if (!step->opening) return rows_refuse(work, "a lead comes of another one with its opening only");
    enum fault fault = read_row(work->store, work->txn, &step->origin, &onward);
    if (fault == FAULT_NONE && onward.kind == WAITS) return FAULT_NONE;
    return fault == FAULT_NONE || fault == FAULT_NOT_FOUND
               ? rows_refuse(work, "the lead it comes of is not to go on, or went before")
               : fault;
}

enum fault onward_open(const struct rows_work *work, const struct book_step *step)
{
    struct onward onward;
    char key[WAITING_KEY_BYTES];
    if (ident_is_none(&step->origin)) return FAULT_NONE;
    enum fault fault = read_row(work->store, work->txn, &step->origin, &onward);
    if (fault == FAULT_NONE)
        fault = store_drop(work->store, work->txn, BOOK_ONWARD_WAITING,
                           waiting_key(key, onward.until_ms, &step->origin));
    if (fault == FAULT_NONE) fault = put_row(work, &step->origin, WENT, ident_bytes(&step->lead_id));
    return fault == FAULT_NONE ? put_row(work, &step->lead_id, CAME, ident_bytes(&step->origin)) : fault;
}

/* --- not reached in time --- */

enum fault onward_due(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row, int64_t wall_ms)
{
    return writer_entry(ledger, txn, ENTRY_UNCONTACTED, wall_ms, ident_bytes(&row->id), &row->id);
}

static enum fault tell(const struct rows_work *work, const struct aftersales_sale *found)
{
    struct hearer affiliate = {.kind = NOTICE_TO_AFFILIATE, .id = found->lead.affiliate};
    struct hearer buyer = {.kind = NOTICE_TO_BUYER, .id = found->slot->sale.buyer};
    struct event event = {.notice = NOTICE_LEAD_UNCONTACTED,
                          .at_ms = work->entry->wall_ms,
                          .lead_id = found->lead.lead_id,
                          .post_id = found->slot->sale.sale_id,
                          .state = found->lead.state,
                          .reason = REASON_UNCONTACTED};
    enum fault fault = events_add(work->store, work->txn, &affiliate, &event);
    event.post_id = found->post.post_id;
    event.contract = found->slot->sale.contract;
    return fault == FAULT_NONE ? events_add(work->store, work->txn, &buyer, &event) : fault;
}

/* A lead that others hold as well stays with them. */
enum fault onward_uncontacted(const struct rows_work *work)
{
    struct ident post_id;
    struct aftersales_sale *found = arena_zero(work->arena, 1, sizeof *found);
    if (!found) return FAULT_MEMORY;
    if (work->entry->body.len != sizeof post_id.at)
        return rows_refuse(work, "the record of a missing contact cannot be read");
    memcpy(post_id.at, work->entry->body.at, sizeof post_id.at);
    enum fault fault = aftersales_find(work->store, work->txn, &post_id, work->arena, found);
    if (fault == FAULT_NOT_FOUND) return rows_refuse(work, "a post that never was is not contacted");
    if (fault != FAULT_NONE) return fault;
    struct aftersale_record *record = &found->record;
    if (!found->slot || record->contact_by_ms == 0 || work->entry->wall_ms < record->contact_by_ms)
        return rows_refuse(work, "a contact is missed that was made, or is not due");
    bool is_alone = lead_slots_in(&found->lead, LEAD_SLOTS(POST_ACCEPTED)) == 1;
    int64_t onward_ms = is_alone ? record->terms.onward_ms : 0;
    fault = due_drop(work->store, work->txn, record->contact_by_ms, DUE_CONTACT, &post_id);
    record->contact_by_ms = 0;
    record->is_uncontacted = true;
    if (fault == FAULT_NONE) fault = aftersales_put(work->store, work->txn, record);
    if (fault == FAULT_NONE && onward_ms)
        fault = onward_offer(work, &found->lead.lead_id, found->lead.created_ms + onward_ms);
    return fault == FAULT_NONE ? tell(work, found) : fault;
}

bool onward_touches(const struct entry *entry, enum book_table table, struct bytes key)
{
    return entry->kind == ENTRY_UNCONTACTED && table == BOOK_AFTERSALES && bytes_same(key, entry->body);
}

/* --- looking up --- */

enum fault onward_of(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, struct ident *became,
                     struct ident *came_of)
{
    struct onward onward;
    *became = *came_of = IDENT_NONE;
    enum fault fault = read_row(store, txn, lead_id, &onward);
    if (fault == FAULT_NONE && onward.kind == WENT) *became = onward.other;
    if (fault == FAULT_NONE && onward.kind == CAME) *came_of = onward.other;
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault onward_waiting(struct store *store, struct MDB_txn *txn, struct reader_onward *after, struct ident *ids,
                          uint32_t max, uint32_t *count)
{
    char key[WAITING_KEY_BYTES];
    struct store_cursor cursor;
    struct bytes from = waiting_key(key, after->until_ms, &after->lead_id);
    *count = 0;
    enum fault fault = store_cursor_open(store, txn, BOOK_ONWARD_WAITING, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, from);
    for (; fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        if (cursor.key.len != WAITING_KEY_BYTES) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (bytes_same(cursor.key, from)) continue; /* the last of the list before */
        after->until_ms = (int64_t)store_read_key_u64(cursor.key.at);
        memcpy(after->lead_id.at, cursor.key.at + 8, sizeof after->lead_id.at);
        ids[(*count)++] = after->lead_id;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}
