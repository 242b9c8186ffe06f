/* The end of a doubt stands beside it, so that nobody has to look through all of them to see whose time has come. */
#include "exchange/ledger/waiting.h"

#include "exchange/ledger/journal.h"

int64_t waiting_until(const struct post_record *post, int64_t wall_ms)
{
    int64_t within_ms = post->intent.doubt.within_ms;
    return post->state == POST_UNKNOWN && within_ms > 0 ? wall_ms + within_ms : 0;
}

static enum fault put(struct store *store, struct MDB_txn *txn, const struct ident *id, enum rows_wait wait)
{
    char value = (char)wait;
    return store_put(store, txn, BOOK_DOUBTS, ident_bytes(id), (struct bytes){&value, 1});
}

enum fault waiting_open(struct store *store, struct MDB_txn *txn, const struct ident *post_id)
{
    return put(store, txn, post_id, ROWS_OPEN);
}

enum fault waiting_settle(struct store *store, struct MDB_txn *txn, const struct post_record *post,
                          int64_t resolves_ms)
{
    (void)resolves_ms;
    if (post->state == POST_UNKNOWN) return put(store, txn, &post->post_id, ROWS_DOUBT);
    return store_drop(store, txn, BOOK_DOUBTS, ident_bytes(&post->post_id));
}

enum fault waiting_lead(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, bool goes_on)
{
    return goes_on ? put(store, txn, lead_id, ROWS_GOES_ON) : store_drop(store, txn, BOOK_DOUBTS, ident_bytes(lead_id));
}
