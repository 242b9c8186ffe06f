/* A row is there only while something is held, so the table is as short as what is under way, and empty at rest. */
#include "exchange/ledger/stakes.h"

#include "protocol/base/money.h"

#define BUYER BYTES("buyer:")

struct bytes stakes_buyer(struct bytes account)
{
    return bytes_starts(account, BUYER) ? bytes_from(account, BUYER.len) : BYTES_NONE;
}

bool stakes_is_held(enum post_state state)
{
    return state == POST_OPEN || state == POST_UNKNOWN;
}

enum fault stakes_begin(struct stakes *stakes, struct arena *arena, unsigned posts)
{
    *stakes = (struct stakes){.room = posts};
    stakes->list = arena_take(arena, posts * sizeof *stakes->list);
    return stakes->list ? FAULT_NONE : FAULT_MEMORY;
}

static enum fault read_row(struct store *store, struct MDB_txn *txn, struct stake *stake)
{
    struct bytes value;
    enum fault fault = store_get(store, txn, BOOK_HOLDS, (struct bytes){stake->name, stake->name_len}, &value);
    stake->after_micros = 0;
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (value.len != 8) return FAULT_CORRUPT;
    stake->after_micros = (int64_t)store_read_value_u64(value.at);
    return FAULT_NONE;
}

enum fault stakes_add(struct store *store, struct MDB_txn *txn, struct stakes *stakes, struct bytes buyer,
                      int64_t micros)
{
    char name[ACCOUNT_NAME_MAX];
    struct sink sink = sink_over(name, sizeof name);
    unsigned at = 0;
    sink_bytes(&sink, BUYER);
    sink_bytes(&sink, buyer);
    if (sink.cut) return FAULT_INPUT;
    while (at < stakes->count &&
           !bytes_same(sink_written(&sink), (struct bytes){stakes->list[at].name, stakes->list[at].name_len}))
        at++;
    if (at == stakes->room) return FAULT_INPUT;
    struct stake *stake = &stakes->list[at];
    if (at == stakes->count) {
        *stake = (struct stake){.name_len = sink.len};
        memcpy(stake->name, name, sink.len);
        enum fault fault = read_row(store, txn, stake);
        if (fault != FAULT_NONE) return fault;
        stakes->count++;
    }
    bool fits = money_add(stake->change_micros, micros, &stake->change_micros) &&
                money_add(stake->after_micros, micros, &stake->after_micros);
    return fits ? FAULT_NONE : FAULT_INPUT;
}

enum fault stakes_check(const struct stakes *stakes)
{
    for (unsigned i = 0; i < stakes->count; i++)
        if (stakes->list[i].after_micros < 0) return FAULT_INPUT;
    return FAULT_NONE;
}

enum fault stakes_write(struct store *store, struct MDB_txn *txn, const struct stakes *stakes)
{
    enum fault fault = FAULT_NONE;
    for (unsigned i = 0; i < stakes->count && fault == FAULT_NONE; i++) {
        const struct stake *stake = &stakes->list[i];
        struct bytes name = {stake->name, stake->name_len};
        char value[8];
        store_value_u64(value, (uint64_t)stake->after_micros);
        if (stake->after_micros)
            fault = store_put(store, txn, BOOK_HOLDS, name, (struct bytes){value, sizeof value});
        else
            fault = store_drop(store, txn, BOOK_HOLDS, name);
    }
    return fault;
}

enum fault stakes_each(struct store *store, struct MDB_txn *txn,
                       void (*fn)(void *arg, struct bytes account, int64_t micros), void *arg)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(store, txn, BOOK_HOLDS, &cursor);
    if (fault != FAULT_NONE) return fault;
    for (fault = store_seek(&cursor, BYTES_NONE); fault == FAULT_NONE; fault = store_next(&cursor)) {
        if (cursor.value.len != 8) {
            fault = FAULT_CORRUPT;
            break;
        }
        fn(arg, cursor.key, (int64_t)store_read_value_u64(cursor.value.at));
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* --- a start --- */

struct loading {
    struct standing *standing;
    int64_t sign;
    bool no_memory;
};

static void load(void *arg, struct bytes account, int64_t micros)
{
    struct loading *loading = arg;
    struct bytes buyer = stakes_buyer(account);
    if (!buyer.len) return;
    uint32_t cell = standing_buyer_cell(loading->standing, buyer);
    if (cell == STANDING_NONE)
        loading->no_memory = true;
    else
        funds_change(loading->standing, cell, loading->sign * micros);
}

enum fault stakes_load(struct store *store, struct MDB_txn *txn, struct standing *standing)
{
    struct loading loading = {.standing = standing, .sign = 1};
    enum fault fault = account_each(store, txn, load, &loading);
    loading.sign = -1;
    if (fault == FAULT_NONE) fault = stakes_each(store, txn, load, &loading);
    return fault == FAULT_NONE && loading.no_memory ? FAULT_MEMORY : fault;
}
