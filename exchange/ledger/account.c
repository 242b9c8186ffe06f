/* Rows are few and hot: a name and eight bytes. */
#include "exchange/ledger/account.h"

#include "protocol/base/money.h"

static enum fault new_leg(struct store *store, struct MDB_txn *txn, struct account_movement *movement,
                          const struct account_leg *named)
{
    struct account_leg *leg = &movement->legs[movement->count];
    struct bytes value;
    *leg = *named;
    enum fault fault = store_get(store, txn, BOOK_ACCOUNTS, (struct bytes){leg->name, leg->name_len}, &value);
    if (fault == FAULT_NONE && value.len != 8) fault = FAULT_CORRUPT;
    if (fault == FAULT_NONE) leg->after = (int64_t)store_read_value_u64(value.at);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    movement->count++;
    return FAULT_NONE;
}

static enum fault add_leg(struct store *store, struct MDB_txn *txn, struct account_movement *movement,
                          const struct bytes name[3], int64_t micros)
{
    struct account_leg named = {.micros = 0};
    enum fault fault = FAULT_NONE;
    unsigned at = 0;
    if (micros == 0) return FAULT_NONE;
    struct sink sink = sink_over(named.name, sizeof named.name);
    for (unsigned i = 0; i < 3; i++) sink_bytes(&sink, name[i]);
    if (sink.cut) return FAULT_INPUT;
    named.name_len = sink.len;
    while (at < movement->count &&
           !bytes_same(sink_written(&sink), (struct bytes){movement->legs[at].name, movement->legs[at].name_len}))
        at++;
    if (at == ACCOUNT_LEGS_MAX) return FAULT_INPUT;
    if (at == movement->count) fault = new_leg(store, txn, movement, &named);
    if (fault != FAULT_NONE) return fault;
    struct account_leg *leg = &movement->legs[at];
    bool fits = money_add(leg->micros, micros, &leg->micros) && money_add(leg->after, micros, &leg->after);
    return fits ? FAULT_NONE : FAULT_INPUT;
}

enum fault account_add_sale(struct store *store, struct MDB_txn *txn, const struct book_sale *sale,
                            struct bytes affiliate, struct account_movement *movement)
{
    int64_t sum, owed;
    if (sale->price_micros < 0 || sale->payout_micros < 0) return FAULT_INPUT;
    if (!money_add(sale->payout_micros, sale->margin_micros, &sum) || sum != sale->price_micros) return FAULT_INPUT;
    if (!money_sub(0, sale->price_micros, &owed)) return FAULT_INPUT;
    const struct bytes buyer_name[3] = {BYTES("buyer:"), sale->buyer, BYTES_NONE};
    const struct bytes affiliate_name[3] = {BYTES("affiliate:"), affiliate, BYTES(":uncleared")};
    const struct bytes house_name[3] = {sale->margin_micros < 0 ? BYTES("house:loss") : BYTES("house:margin"),
                                        BYTES_NONE, BYTES_NONE};
    enum fault fault = add_leg(store, txn, movement, buyer_name, owed);
    if (fault == FAULT_NONE) fault = add_leg(store, txn, movement, affiliate_name, sale->payout_micros);
    if (fault == FAULT_NONE) fault = add_leg(store, txn, movement, house_name, sale->margin_micros);
    return fault;
}

enum fault account_write(struct store *store, struct MDB_txn *txn, const struct account_movement *movement)
{
    for (unsigned i = 0; i < movement->count; i++) {
        const struct account_leg *leg = &movement->legs[i];
        char value[8];
        store_value_u64(value, (uint64_t)leg->after);
        enum fault fault = store_put(store, txn, BOOK_ACCOUNTS, (struct bytes){leg->name, leg->name_len},
                                     (struct bytes){value, sizeof value});
        if (fault != FAULT_NONE) return fault;
    }
    return FAULT_NONE;
}

enum fault account_each(struct store *store, struct MDB_txn *txn,
                        void (*fn)(void *arg, struct bytes account, int64_t micros), void *arg)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(store, txn, BOOK_ACCOUNTS, &cursor);
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
