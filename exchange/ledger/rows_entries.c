/* One function for each kind of entry. Each looks at all of its body before it writes: one that is refused changes
 * nothing. */
#include "exchange/ledger/aftersales.h"
#include "exchange/ledger/counting.h"
#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/erasures.h"
#include "exchange/ledger/hearing.h"
#include "exchange/ledger/outbox.h"
#include "exchange/ledger/rows.h"
#include "exchange/ledger/seen.h"

struct scene {
    struct store *store;
    struct MDB_txn *txn;
    const struct entry *entry;
    struct arena *arena;
    struct rows_refusal *refusal;
};

typedef enum fault apply(const struct scene *scene);

static apply apply_switch, apply_catalogue, apply_revocation, apply_counts, apply_deliveries, apply_disposition,
    apply_erasure, apply_disclosure, apply_field_names, apply_rotation;

static apply *const applies[ENTRY_KINDS] = {
    [ENTRY_SWITCH] = apply_switch,     [ENTRY_CATALOGUE] = apply_catalogue,   [ENTRY_REVOCATION] = apply_revocation,
    [ENTRY_COUNTS] = apply_counts,     [ENTRY_DELIVERIES] = apply_deliveries, [ENTRY_DISPOSITION] = apply_disposition,
    [ENTRY_ERASURE] = apply_erasure,   [ENTRY_DISCLOSURE] = apply_disclosure, [ENTRY_FIELD_NAMES] = apply_field_names,
    [ENTRY_ROTATION] = apply_rotation,
};

enum fault rows_apply_other(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                            struct rows_refusal *refusal)
{
    apply *one = (unsigned)entry->kind < ENTRY_KINDS ? applies[entry->kind] : NULL;
    return one ? one(&(struct scene){store, txn, entry, arena, refusal}) : FAULT_VERSION;
}

static enum fault refuse(const struct scene *scene, const char *text)
{
    scene->refusal->text = text;
    return FAULT_INPUT;
}

static enum fault apply_switch(const struct scene *scene)
{
    const struct entry *entry = scene->entry;
    if (entry->body.len < 2 || (unsigned char)entry->body.at[0] > 1 || entry->body.len - 1 > STORE_KEY_MAX)
        return refuse(scene, "the record of a switch cannot be read");
    struct bytes contract = bytes_from(entry->body, 1);
    if (entry->body.at[0] == 0) return store_drop(scene->store, scene->txn, BOOK_SWITCHES, contract);
    char value[8];
    store_value_u64(value, (uint64_t)entry->wall_ms);
    return store_put(scene->store, scene->txn, BOOK_SWITCHES, contract, (struct bytes){value, sizeof value});
}

static enum fault apply_catalogue(const struct scene *scene)
{
    struct digest version;
    uint64_t len;
    if (rows_read_catalogue(scene->entry->body, &version, &len)) return FAULT_NONE;
    return refuse(scene, "the record of a catalogue cannot be read");
}

static enum fault apply_revocation(const struct scene *scene)
{
    struct revocation revocation;
    int64_t wall_ms = scene->entry->wall_ms;
    if (!revocation_read(scene->entry->body, &revocation))
        return refuse(scene, "the record of a revocation cannot be read");
    enum fault fault = hearing_revocation(scene->store, scene->txn, &revocation, wall_ms, scene->arena);
    if (fault != FAULT_NONE) return fault;
    return seen_revoke(scene->store, scene->txn, &revocation.keys, wall_ms);
}

static enum fault apply_counts(const struct scene *scene)
{
    return counting_apply(scene->store, scene->txn, scene->entry);
}

static enum fault apply_deliveries(const struct scene *scene)
{
    enum fault fault = outbox_apply(scene->store, scene->txn, scene->entry);
    return fault == FAULT_INPUT ? refuse(scene, "the record of deliveries cannot be read") : fault;
}

static enum fault apply_disposition(const struct scene *scene)
{
    return aftersales_dispose(scene->store, scene->txn, scene->entry, scene->arena, scene->refusal);
}

static enum fault apply_erasure(const struct scene *scene)
{
    return erasures_apply(scene->store, scene->txn, scene->entry, scene->arena, scene->refusal);
}

static enum fault apply_disclosure(const struct scene *scene)
{
    enum fault fault = disclosures_apply(scene->store, scene->txn, scene->entry);
    if (fault == FAULT_NOT_FOUND) return refuse(scene, "a disclosure of a lead that is not there");
    return fault == FAULT_INPUT ? refuse(scene, "a disclosure that cannot be read, or was told before") : fault;
}

static enum fault apply_field_names(const struct scene *scene)
{
    enum fault fault = disclosures_apply_names(scene->store, scene->txn, scene->entry);
    return fault == FAULT_INPUT ? refuse(scene, "names of fields that cannot be, or are known") : fault;
}

static enum fault apply_rotation(const struct scene *scene)
{
    struct bytes body = scene->entry->body;
    if (body.len == 1 + ROWS_KEY_ID && (unsigned char)body.at[0] <= ROWS_ROTATION_ENDED) return FAULT_NONE;
    return refuse(scene, "the record of a rotation cannot be read");
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
