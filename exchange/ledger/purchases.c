#include "exchange/ledger/purchases.h"

#include "exchange/ledger/journal.h"
#include "protocol/base/check.h"

#define BUYER_MAX 64u /* bytes of an id, as the schema has it */
#define KEY_BYTES (BUYER_MAX + 1u + 8u + sizeof(struct ident))

static struct bytes write_key(char at[KEY_BYTES], struct bytes buyer, int64_t sold_ms, const struct ident *post_id)
{
    check(buyer.len <= BUYER_MAX, "a buyer's id of %zu bytes", buyer.len);
    if (buyer.len) memcpy(at, buyer.at, buyer.len);
    at[buyer.len] = '\0';
    store_key_u64(at + buyer.len + 1, (uint64_t)sold_ms);
    memcpy(at + buyer.len + 9, post_id->at, sizeof post_id->at);
    return (struct bytes){at, buyer.len + 9 + sizeof post_id->at};
}

enum fault purchases_add(struct store *store, struct MDB_txn *txn, const struct post_record *post,
                         const struct ident *sale_id)
{
    char at[KEY_BYTES];
    return store_put(store, txn, BOOK_PURCHASES, write_key(at, post->intent.buyer, post->settled_ms, &post->post_id),
                     ident_bytes(sale_id));
}

enum fault purchases_after(struct store *store, struct MDB_txn *txn, struct bytes buyer,
                           const struct post_record *after, struct purchase *list, uint32_t max, uint32_t *count)
{
    char at[KEY_BYTES];
    struct store_cursor cursor;
    struct bytes unused;
    struct bytes key = write_key(at, buyer, after ? after->settled_ms : 0, after ? &after->post_id : &IDENT_NONE);
    struct bytes head = bytes_first(key, buyer.len + 1);
    *count = 0;
    enum fault fault = after ? store_get(store, txn, BOOK_PURCHASES, key, &unused) : FAULT_NONE;
    if (fault == FAULT_NONE) fault = store_cursor_open(store, txn, BOOK_PURCHASES, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_seek(&cursor, key);
    if (fault == FAULT_NONE && after) fault = store_next(&cursor);
    for (; fault == FAULT_NONE && *count < max && bytes_starts(cursor.key, head); fault = store_next(&cursor)) {
        struct purchase *purchase = &list[(*count)++];
        if (cursor.key.len != key.len || cursor.value.len != sizeof purchase->sale_id.at) {
            fault = FAULT_CORRUPT;
            break;
        }
        memcpy(purchase->post_id.at, cursor.key.at + head.len + 8, sizeof purchase->post_id.at);
        memcpy(purchase->sale_id.at, cursor.value.at, sizeof purchase->sale_id.at);
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}
