/* Each reads its record and puts or drops a row. */
#include "exchange/ledger/kinds.h"

#include "exchange/ledger/counting.h"
#include "exchange/ledger/seen.h"

enum fault rows_apply_switch(const struct rows_work *work)
{
    struct bytes body = work->entry->body;
    if (body.len < 2 || (unsigned char)body.at[0] > 1 || body.len - 1 > STORE_KEY_MAX)
        return rows_refuse(work, "the record of a switch cannot be read");
    struct bytes contract = bytes_from(body, 1);
    if (body.at[0] == 0) return store_drop(work->store, work->txn, BOOK_SWITCHES, contract);
    char value[8];
    store_value_u64(value, (uint64_t)work->entry->wall_ms);
    return store_put(work->store, work->txn, BOOK_SWITCHES, contract, (struct bytes){value, sizeof value});
}

enum fault rows_apply_catalogue(const struct rows_work *work)
{
    struct digest version;
    uint64_t len;
    if (rows_read_catalogue(work->entry->body, &version, &len)) return FAULT_NONE;
    return rows_refuse(work, "the record of a catalogue cannot be read");
}

enum fault rows_apply_revocation(const struct rows_work *work)
{
    struct revocation revocation;
    if (!revocation_read(work->entry->body, &revocation))
        return rows_refuse(work, "the record of a revocation cannot be read");
    return seen_revoke(work->store, work->txn, &revocation.keys, work->entry->wall_ms);
}

enum fault rows_apply_counts(const struct rows_work *work)
{
    return counting_apply(work->store, work->txn, work->entry);
}
