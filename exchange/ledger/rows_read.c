/* What is looked up: a lead, a post, and one row of numbers, so that nothing is counted at a start. */
#include "exchange/ledger/rows.h"

#include "protocol/base/check.h"

/* --- rows by id --- */

enum fault rows_lead(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, struct arena *arena,
                     struct lead_record *lead)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_LEADS, ident_bytes(lead_id), arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    if (!book_read_lead(bytes, arena, lead)) return FAULT_CORRUPT;
    fault = store_get_parts(store, txn, BOOK_OFFERS, ident_bytes(lead_id), arena, &bytes);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    return book_read_offer(bytes, &lead->offer) ? FAULT_NONE : FAULT_CORRUPT;
}

enum fault rows_post(struct store *store, struct MDB_txn *txn, const struct ident *post_id, struct arena *arena,
                     struct post_record *post)
{
    struct bytes bytes;
    enum fault fault = store_get_parts(store, txn, BOOK_POSTS, ident_bytes(post_id), arena, &bytes);
    if (fault != FAULT_NONE) return fault;
    return book_read_post(bytes, arena, post) ? FAULT_NONE : FAULT_CORRUPT;
}

/* --- what is told of an entry --- */

void rows_tell_funds(struct rows_refusal *refusal, struct bytes buyer, int64_t micros)
{
    unsigned at = 0;
    if (!buyer.len || !micros) return;
    while (at < refusal->funds_count && !bytes_same(refusal->funds[at].buyer, buyer)) at++;
    check(at < ROWS_FUNDS_MAX, "an entry moves the money of more than %u buyers", ROWS_FUNDS_MAX);
    if (at == refusal->funds_count) refusal->funds[refusal->funds_count++] = (struct rows_funds){.buyer = buyer};
    refusal->funds[at].micros += micros;
}

/* --- totals --- */

#define TOTALS_COUNT 20
#define TOTALS_LEAST 13 /* in a book from before there were tests */

static void totals_words(struct rows_totals *totals, uint64_t *words[TOTALS_COUNT])
{
    uint64_t *list[TOTALS_COUNT] = {&totals->entries,
                                    &totals->leads,
                                    &totals->sold,
                                    &totals->unsold,
                                    &totals->pending,
                                    &totals->posts,
                                    &totals->doubts,
                                    &totals->posts_open,
                                    (uint64_t *)&totals->revenue_micros,
                                    (uint64_t *)&totals->payout_micros,
                                    (uint64_t *)&totals->margin_micros,
                                    (uint64_t *)&totals->first_ms,
                                    (uint64_t *)&totals->last_ms,
                                    &totals->tests,
                                    &totals->accounts,
                                    &totals->closed_period,
                                    (uint64_t *)&totals->buyers_beside_micros,
                                    (uint64_t *)&totals->affiliates_beside_micros,
                                    (uint64_t *)&totals->house_beside_micros,
                                    (uint64_t *)&totals->cash_micros};
    memcpy(words, list, sizeof list);
}

enum fault rows_read_totals(struct store *store, struct MDB_txn *txn, struct rows_totals *totals)
{
    struct bytes value;
    uint64_t *words[TOTALS_COUNT];
    *totals = (struct rows_totals){0};
    enum fault fault = store_get(store, txn, BOOK_TOTALS, BYTES("totals"), &value);
    if (fault == FAULT_NOT_FOUND) return FAULT_NONE;
    if (fault != FAULT_NONE) return fault;
    if (value.len % 8 || value.len > 8 * TOTALS_COUNT || value.len < 8 * TOTALS_LEAST) return FAULT_CORRUPT;
    totals_words(totals, words);
    for (unsigned i = 0; i < value.len / 8; i++) *words[i] = store_read_value_u64(value.at + 8 * i);
    return FAULT_NONE;
}

enum fault rows_write_totals(struct store *store, struct MDB_txn *txn, const struct rows_totals *totals)
{
    struct rows_totals copy = *totals;
    uint64_t *words[TOTALS_COUNT];
    char value[8 * TOTALS_COUNT];
    totals_words(&copy, words);
    for (unsigned i = 0; i < TOTALS_COUNT; i++) store_value_u64(value + 8 * i, *words[i]);
    return store_put(store, txn, BOOK_TOTALS, BYTES("totals"), (struct bytes){value, sizeof value});
}

enum fault rows_each_key_revoked(struct store *store, struct MDB_txn *txn,
                                 void (*fn)(void *arg, const struct digest *key, int64_t wall_ms), void *arg)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(store, txn, BOOK_KEYS_REVOKED, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, BYTES_NONE);
    for (; fault == FAULT_NONE; fault = store_next(&cursor)) {
        struct digest key;
        if (cursor.key.len != DIGEST_LEN || cursor.value.len != 8) {
            fault = FAULT_CORRUPT;
            break;
        }
        memcpy(key.at, cursor.key.at, DIGEST_LEN);
        fn(arg, &key, (int64_t)store_read_value_u64(cursor.value.at));
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}
