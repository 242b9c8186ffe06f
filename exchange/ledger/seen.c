/* A post's keys stand in a row of their own, because its verdict comes later and does not name them. Rows of one person
 * stand together, newest last, for ids grow with time. */
#include "exchange/ledger/seen.h"

#include "exchange/ledger/journal.h"

#define ROW_BYTES 400u
#define PAIR_BYTES (PERSON_KEY_LEN + sizeof(struct ident))
#define END_BYTES (8 + sizeof(struct ident))
#define PRUNED_MAX 8u /* ends that one entry may clear */

static struct bytes pair_key(char at[PAIR_BYTES], const struct person_key *key, const struct ident *post_id)
{
    memcpy(at, key->at, PERSON_KEY_LEN);
    memcpy(at + PERSON_KEY_LEN, post_id->at, sizeof post_id->at);
    return (struct bytes){at, PAIR_BYTES};
}

static struct bytes end_key(char at[END_BYTES], int64_t until_ms, const struct ident *id)
{
    store_key_u64(at, (uint64_t)until_ms);
    memcpy(at + 8, id->at, sizeof id->at);
    return (struct bytes){at, END_BYTES};
}

static enum fault put_encounters(struct store *store, struct MDB_txn *txn, const struct person_keys *keys,
                                 const struct encounter *encounter)
{
    char pair[PAIR_BYTES], row[ROW_BYTES];
    struct sink sink = sink_over(row, sizeof row);
    enum fault fault = FAULT_NONE;
    if (!encounter_write(&sink, encounter)) return FAULT_INPUT;
    for (uint32_t i = 0; i < keys->count && fault == FAULT_NONE; i++)
        fault = store_put(store, txn, BOOK_SEEN, pair_key(pair, &keys->list[i], &encounter->post_id),
                          sink_written(&sink));
    return fault;
}

static enum fault find_post(struct store *store, struct MDB_txn *txn, const struct ident *post_id,
                            struct book_seen *row)
{
    struct bytes bytes;
    enum fault fault = store_get(store, txn, BOOK_SEEN_POSTS, ident_bytes(post_id), &bytes);
    if (fault != FAULT_NONE) return fault;
    return book_read_seen(bytes, row) ? FAULT_NONE : FAULT_CORRUPT;
}

static enum fault forget_post(struct store *store, struct MDB_txn *txn, const struct ident *post_id,
                              const struct person_keys *keys)
{
    char pair[PAIR_BYTES];
    enum fault fault = store_drop(store, txn, BOOK_SEEN_POSTS, ident_bytes(post_id));
    for (uint32_t i = 0; i < keys->count && fault == FAULT_NONE; i++)
        fault = store_drop(store, txn, BOOK_SEEN, pair_key(pair, &keys->list[i], post_id));
    return fault;
}

enum fault seen_open(struct store *store, struct MDB_txn *txn, const struct book_step *step,
                     const struct book_intent *intent, struct bytes campaign)
{
    char row[ROW_BYTES];
    struct sink sink = sink_over(row, sizeof row);
    if (!step->seen || !step->seen->keys.count) return FAULT_NONE;
    struct encounter encounter = {.post_id = intent->post_id,
                                  .lead_id = step->lead_id,
                                  .state = ENCOUNTER_OPEN,
                                  .at_ms = step->wall_ms,
                                  .campaign = campaign,
                                  .contract = intent->contract};
    if (!book_write_seen(&sink, step->seen)) return FAULT_INPUT;
    enum fault fault = store_put(store, txn, BOOK_SEEN_POSTS, ident_bytes(&encounter.post_id), sink_written(&sink));
    return fault == FAULT_NONE ? put_encounters(store, txn, &step->seen->keys, &encounter) : fault;
}

/* A doubt leaves the encounter open: it may yet be a sale. */
enum fault seen_settle(struct store *store, struct MDB_txn *txn, const struct book_step *step,
                       const struct book_verdict *verdict, struct bytes campaign, struct bytes contract)
{
    bool is_sold = verdict->state == POST_ACCEPTED, is_voided = verdict->state == POST_VOIDED;
    bool is_refused = verdict->state == POST_REJECTED || is_voided; /* its buyer may have it: not again for a while */
    struct book_seen row;
    char end[END_BYTES];
    if (verdict->state == POST_UNKNOWN) return FAULT_NONE;
    enum fault fault = find_post(store, txn, &verdict->post_id, &row);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    int64_t keep_ms = is_sold ? row.sold_keep_ms : is_refused ? row.refused_keep_ms : 0;
    if (keep_ms <= 0) return forget_post(store, txn, &verdict->post_id, &row.keys);
    struct encounter encounter = {.post_id = verdict->post_id,
                                  .lead_id = step->lead_id,
                                  .state = is_sold ? ENCOUNTER_SOLD : ENCOUNTER_REFUSED,
                                  .at_ms = step->wall_ms,
                                  .campaign = campaign,
                                  .contract = contract};
    fault = put_encounters(store, txn, &row.keys, &encounter);
    if (fault != FAULT_NONE) return fault;
    return store_put(store, txn, BOOK_ENDS, end_key(end, step->wall_ms + keep_ms, &verdict->post_id), BYTES_NONE);
}

enum fault seen_end_key(struct store *store, struct MDB_txn *txn, const struct book_step *step)
{
    char end[END_BYTES];
    if (!step->opening || !step->opening->has_key || !step->seen || step->seen->key_keep_ms <= 0) return FAULT_NONE;
    return store_put(store, txn, BOOK_ENDS, end_key(end, step->wall_ms + step->seen->key_keep_ms, &step->lead_id),
                     (struct bytes){(const char *)step->opening->key.at, DIGEST_LEN});
}

/* A key that was used again since belongs to another lead by now. */
static enum fault forget_key(struct store *store, struct MDB_txn *txn, struct bytes key, const struct ident *lead_id)
{
    struct bytes owner;
    enum fault fault = store_get(store, txn, BOOK_KEYS, key, &owner);
    if (fault == FAULT_NONE && bytes_same(owner, ident_bytes(lead_id))) fault = store_drop(store, txn, BOOK_KEYS, key);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault forget(struct store *store, struct MDB_txn *txn, struct bytes end, struct bytes value)
{
    char at[END_BYTES];
    struct ident id;
    struct book_seen row;
    struct digest key;
    enum fault fault;
    if (end.len != END_BYTES || (value.len && value.len != DIGEST_LEN)) return FAULT_CORRUPT;
    memcpy(at, end.at, END_BYTES);
    memcpy(id.at, at + 8, sizeof id.at);
    if (value.len) { /* the row is copied first: what is dropped may move it */
        memcpy(key.at, value.at, DIGEST_LEN);
        fault = forget_key(store, txn, (struct bytes){(const char *)key.at, DIGEST_LEN}, &id);
    } else {
        fault = find_post(store, txn, &id, &row);
        if (fault == FAULT_NONE) fault = forget_post(store, txn, &id, &row.keys);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_CORRUPT;
    }
    return fault == FAULT_NONE ? store_drop(store, txn, BOOK_ENDS, (struct bytes){at, END_BYTES}) : fault;
}

enum fault seen_prune(struct store *store, struct MDB_txn *txn, int64_t wall_ms)
{
    for (unsigned i = 0; i < PRUNED_MAX; i++) {
        struct store_cursor cursor;
        struct bytes end = BYTES_NONE, value = BYTES_NONE;
        enum fault fault = store_cursor_open(store, txn, BOOK_ENDS, &cursor);
        if (fault == FAULT_NONE) fault = store_seek(&cursor, BYTES_NONE);
        if (fault == FAULT_NONE) {
            end = cursor.key;
            value = cursor.value;
        }
        store_cursor_close(&cursor);
        if (fault == FAULT_NOT_FOUND) return FAULT_NONE;
        if (fault != FAULT_NONE) return fault;
        if (end.len < 8 || (int64_t)store_read_key_u64(end.at) > wall_ms) return FAULT_NONE;
        fault = forget(store, txn, end, value);
        if (fault != FAULT_NONE) return fault;
    }
    return FAULT_NONE;
}

/* --- what is known of a person --- */

static bool take_encounter(const struct store_cursor *cursor, const struct person_key *key, struct arena *arena,
                           struct encounter *encounter)
{
    struct bytes copy = arena_copy(arena, cursor->value);
    if (!copy.at || !encounter_read(copy, encounter)) return false;
    memcpy(encounter->post_id.at, cursor->key.at + PERSON_KEY_LEN, sizeof encounter->post_id.at);
    encounter->kind = key->kind;
    return true;
}

/* From the newest back. */
static enum fault walk_key(struct store_cursor *cursor, const struct person_key *key, struct arena *arena,
                           struct encounter *list, uint32_t room, uint32_t *count)
{
    char past[PAIR_BYTES + 1];
    memset(past, 0xff, sizeof past);
    memcpy(past, key->at, PERSON_KEY_LEN);
    enum fault fault = store_seek(cursor, (struct bytes){past, sizeof past});
    fault = fault == FAULT_NOT_FOUND ? store_last(cursor) : fault == FAULT_NONE ? store_before(cursor) : fault;
    for (uint32_t n = 0; fault == FAULT_NONE && n < room; n++, fault = store_before(cursor)) {
        if (cursor->key.len != PAIR_BYTES) return FAULT_CORRUPT;
        if (memcmp(cursor->key.at, key->at, PERSON_KEY_LEN) != 0) return FAULT_NONE;
        if (list && !take_encounter(cursor, key, arena, &list[*count])) return FAULT_MEMORY;
        (*count)++;
    }
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault walk(struct store *store, struct MDB_txn *txn, const struct person_keys *keys, struct arena *arena,
                       struct encounter *list, uint32_t *count)
{
    struct store_cursor cursor;
    *count = 0;
    enum fault fault = store_cursor_open(store, txn, BOOK_SEEN, &cursor);
    for (uint32_t i = 0; i < keys->count && fault == FAULT_NONE; i++)
        fault = walk_key(&cursor, &keys->list[i], arena, list, SEEN_ENCOUNTERS_MAX / PERSON_KEYS_MAX, count);
    store_cursor_close(&cursor);
    return fault;
}

/* Counted first: nearly everybody is unknown. */
enum fault seen_of(struct store *store, struct MDB_txn *txn, const struct person_keys *keys, struct arena *arena,
                   struct encounter **list, uint32_t *count)
{
    *list = NULL;
    enum fault fault = walk(store, txn, keys, arena, NULL, count);
    if (fault != FAULT_NONE || *count == 0) return fault;
    *list = arena_zero(arena, *count, sizeof **list);
    return *list ? walk(store, txn, keys, arena, *list, count) : FAULT_MEMORY;
}

/* --- revocations --- */

enum fault seen_revoke(struct store *store, struct MDB_txn *txn, const struct person_keys *keys, int64_t wall_ms)
{
    struct encounter encounter = {.state = ENCOUNTER_REVOKED, .at_ms = wall_ms};
    return put_encounters(store, txn, keys, &encounter);
}

enum fault seen_each_revoked(struct store *store, struct MDB_txn *txn,
                             bool (*fn)(void *arg, const struct person_key *key), void *arg)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(store, txn, BOOK_SEEN, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, BYTES_NONE);
    for (; fault == FAULT_NONE; fault = store_next(&cursor)) {
        struct ident post_id;
        struct person_key key = {0};
        if (cursor.key.len != PAIR_BYTES) {
            fault = FAULT_CORRUPT;
            break;
        }
        memcpy(post_id.at, cursor.key.at + PERSON_KEY_LEN, sizeof post_id.at);
        if (!ident_is_none(&post_id)) continue;
        memcpy(key.at, cursor.key.at, PERSON_KEY_LEN);
        if (!fn(arg, &key)) fault = FAULT_MEMORY;
        if (fault != FAULT_NONE) break;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}
