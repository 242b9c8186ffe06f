/* One row a counter and window; an entry touches few, so they are found by looking through all. */
#include "exchange/ledger/capping.h"

#include "exchange/ledger/journal.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

enum fault capping_begin(struct capping *capping, struct arena *arena, unsigned posts)
{
    *capping = (struct capping){.room = posts * BOOK_CAP_KEYS_MAX};
    capping->list = arena_take(arena, capping->room * sizeof *capping->list);
    return capping->list ? FAULT_NONE : FAULT_MEMORY;
}

static struct capping_change *change_of(struct capping *capping, const struct book_cap_key *key)
{
    char at[CAPPING_KEY_BYTES];
    memcpy(at, key->id, sizeof key->id);
    store_key_u32(at + sizeof key->id, key->window);
    for (unsigned i = 0; i < capping->count; i++)
        if (memcmp(capping->list[i].key, at, sizeof at) == 0) return &capping->list[i];
    check(capping->count < capping->room, "%u counters", capping->count);
    struct capping_change *change = &capping->list[capping->count++];
    *change = (struct capping_change){.change = 0};
    memcpy(change->key, at, sizeof at);
    return change;
}

void capping_add(struct capping *capping, const struct book_cap_key *key, int64_t change)
{
    if (change) change_of(capping, key)->change += change;
}

enum fault capping_plan(struct store *store, struct MDB_txn *txn, struct capping *capping)
{
    for (unsigned i = 0; i < capping->count; i++) {
        struct capping_change *change = &capping->list[i];
        struct bytes value;
        int64_t before = 0, after;
        enum fault fault = store_get(store, txn, BOOK_CAPS, (struct bytes){change->key, CAPPING_KEY_BYTES}, &value);
        if (fault == FAULT_NONE && value.len != 8) return FAULT_CORRUPT;
        if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
        if (fault == FAULT_NONE) before = (int64_t)store_read_value_u64(value.at);
        if (!money_add(before, change->change, &after) || after < 0) return FAULT_INPUT;
        change->after = (uint64_t)after;
    }
    return FAULT_NONE;
}

enum fault capping_write(struct store *store, struct MDB_txn *txn, const struct capping *capping)
{
    for (unsigned i = 0; i < capping->count; i++) {
        char value[8];
        store_value_u64(value, capping->list[i].after);
        enum fault fault = store_put(store, txn, BOOK_CAPS, (struct bytes){capping->list[i].key, CAPPING_KEY_BYTES},
                                     (struct bytes){value, sizeof value});
        if (fault != FAULT_NONE) return fault;
    }
    return FAULT_NONE;
}
