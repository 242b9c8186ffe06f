/* One function for each kind of entry. Each looks at all of its body before it writes: one that is refused changes
 * nothing. */
#include "exchange/ledger/booking_rows.h"
#include "exchange/ledger/clearing.h"
#include "exchange/ledger/counting.h"
#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/erasures.h"
#include "exchange/ledger/hearing.h"
#include "exchange/ledger/onward.h"
#include "exchange/ledger/outbox.h"
#include "exchange/ledger/reversals.h"
#include "exchange/ledger/rows.h"
#include "exchange/ledger/seen.h"
#include "exchange/ledger/waiting.h"

typedef enum fault apply(const struct rows_work *work);

static apply apply_switch, apply_catalogue, apply_revocation, apply_counts, apply_deliveries, apply_late,
    apply_key_revoked, apply_erasure, apply_disclosure, apply_field_names, apply_rotation;

static apply *const applies[ENTRY_KINDS] = {
    [ENTRY_SWITCH] = apply_switch,
    [ENTRY_CATALOGUE] = apply_catalogue,
    [ENTRY_REVOCATION] = apply_revocation,
    [ENTRY_COUNTS] = apply_counts,
    [ENTRY_DELIVERIES] = apply_deliveries,
    [ENTRY_DISPOSITION] = aftersales_dispose,
    [ENTRY_CLEAR] = clearing_apply,
    [ENTRY_LATE] = apply_late,
    [ENTRY_KEY_REVOKED] = apply_key_revoked,
    [ENTRY_ERASURE] = apply_erasure,
    [ENTRY_DISCLOSURE] = apply_disclosure,
    [ENTRY_FIELD_NAMES] = apply_field_names,
    [ENTRY_ROTATION] = apply_rotation,
    [ENTRY_RETURN] = reversals_ask,
    [ENTRY_JUDGEMENT] = reversals_judge,
    [ENTRY_UNCONTACTED] = onward_uncontacted,
    [ENTRY_ADJUSTMENT] = booking_apply_adjustment,
    [ENTRY_CLOSE] = booking_apply_close,
};

enum fault rows_apply_other(const struct rows_work *work)
{
    apply *one = (unsigned)work->entry->kind < ENTRY_KINDS ? applies[work->entry->kind] : NULL;
    return one ? one(work) : FAULT_VERSION;
}

static enum fault apply_switch(const struct rows_work *work)
{
    const struct entry *entry = work->entry;
    if (entry->body.len < 2 || (unsigned char)entry->body.at[0] > 1 || entry->body.len - 1 > STORE_KEY_MAX)
        return rows_refuse(work, "the record of a switch cannot be read");
    struct bytes contract = bytes_from(entry->body, 1);
    if (entry->body.at[0] == 0) return store_drop(work->store, work->txn, BOOK_SWITCHES, contract);
    char value[8];
    store_value_u64(value, (uint64_t)entry->wall_ms);
    return store_put(work->store, work->txn, BOOK_SWITCHES, contract, (struct bytes){value, sizeof value});
}

static enum fault apply_catalogue(const struct rows_work *work)
{
    struct digest version;
    uint64_t len;
    if (rows_read_catalogue(work->entry->body, &version, &len)) return FAULT_NONE;
    return rows_refuse(work, "the record of a catalogue cannot be read");
}

static enum fault apply_revocation(const struct rows_work *work)
{
    struct revocation revocation;
    int64_t wall_ms = work->entry->wall_ms;
    if (!revocation_read(work->entry->body, &revocation))
        return rows_refuse(work, "the record of a revocation cannot be read");
    enum fault fault = hearing_revocation(work->store, work->txn, &revocation, wall_ms, work->arena);
    if (fault != FAULT_NONE) return fault;
    return seen_revoke(work->store, work->txn, &revocation.keys, wall_ms);
}

/* The first time counts. */
static enum fault apply_key_revoked(const struct rows_work *work)
{
    struct bytes key = work->entry->body, found;
    char value[8];
    if (key.len != DIGEST_LEN) return rows_refuse(work, "the record of a revoked key cannot be read");
    enum fault fault = store_get(work->store, work->txn, BOOK_KEYS_REVOKED, key, &found);
    if (fault != FAULT_NOT_FOUND) return fault;
    store_value_u64(value, (uint64_t)work->entry->wall_ms);
    return store_put(work->store, work->txn, BOOK_KEYS_REVOKED, key, (struct bytes){value, sizeof value});
}

static enum fault apply_counts(const struct rows_work *work)
{
    return counting_apply(work->store, work->txn, work->entry);
}

static enum fault apply_deliveries(const struct rows_work *work)
{
    enum fault fault = outbox_apply(work->store, work->txn, work->entry);
    return fault == FAULT_INPUT ? rows_refuse(work, "the record of deliveries cannot be read") : fault;
}

static enum fault apply_erasure(const struct rows_work *work)
{
    return erasures_apply(work->store, work->txn, work->entry, work->arena, work->refusal);
}

static enum fault apply_disclosure(const struct rows_work *work)
{
    enum fault fault = disclosures_apply(work->store, work->txn, work->entry);
    if (fault == FAULT_NOT_FOUND) return rows_refuse(work, "a disclosure of a lead that is not there");
    return fault == FAULT_INPUT ? rows_refuse(work, "a disclosure that cannot be read, or was told before") : fault;
}

static enum fault apply_field_names(const struct rows_work *work)
{
    enum fault fault = disclosures_apply_names(work->store, work->txn, work->entry);
    return fault == FAULT_INPUT ? rows_refuse(work, "names of fields that cannot be, or are known") : fault;
}

static enum fault apply_rotation(const struct rows_work *work)
{
    struct bytes body = work->entry->body;
    if (body.len == 1 + ROWS_KEY_ID && (unsigned char)body.at[0] <= ROWS_ROTATION_ENDED) return FAULT_NONE;
    return rows_refuse(work, "the record of a rotation cannot be read");
}

/* --- bodies of entries that are no steps --- */

bool rows_write_switch(struct sink *sink, struct bytes contract, bool paused)
{
    sink_char(sink, paused ? 1 : 0);
    sink_bytes(sink, contract);
    return !sink->cut;
}

bool rows_write_catalogue(struct sink *sink, const struct digest *version, uint64_t len)
{
    char number[8];
    store_value_u64(number, len);
    sink_bytes(sink, (struct bytes){(const char *)version->at, DIGEST_LEN});
    sink_bytes(sink, (struct bytes){number, sizeof number});
    return !sink->cut;
}

bool rows_read_catalogue(struct bytes body, struct digest *version, uint64_t *len)
{
    if (body.len != DIGEST_LEN + 8) return false;
    memcpy(version->at, body.at, DIGEST_LEN);
    *len = store_read_value_u64(body.at + DIGEST_LEN);
    return true;
}

bool rows_write_rotation(struct sink *sink, enum rows_rotation what, struct bytes key_id)
{
    sink_char(sink, (char)what);
    sink_bytes(sink, bytes_first(key_id, ROWS_KEY_ID));
    return !sink->cut;
}

static enum fault apply_late(const struct rows_work *work)
{
    return waiting_late(work->store, work->txn, work->entry, work->arena, &work->refusal->text);
}
