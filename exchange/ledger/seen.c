/* A person's keys are spread all over their table: each is a page of its own to write. So what changes with a verdict
 * stands under the post, where ids grow with time and neighbours share a page, and a key's own row is written once and
 * only says which posts to look at. Rows of one person stand together, newest last. */
#include "exchange/ledger/seen.h"

#include "exchange/ledger/journal.h"

#define ROW_BYTES 800u
#define LENGTH_BYTES 4u
#define PAIR_BYTES (PERSON_KEY_LEN + sizeof(struct ident))
#define END_BYTES (8 + sizeof(struct ident))
#define OF_KEY_MAX (SEEN_ENCOUNTERS_MAX / PERSON_KEYS_MAX)
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

/* What stands under a post: the person's keys and how long they are kept | what came of it. */
struct remembered {
    struct book_seen seen;
    struct encounter encounter;
};

static enum fault write_post(struct store *store, struct MDB_txn *txn, const struct remembered *post)
{
    char row[ROW_BYTES];
    struct sink sink = sink_over(row + LENGTH_BYTES, sizeof row - LENGTH_BYTES);
    if (!book_write_seen(&sink, &post->seen)) return FAULT_INPUT;
    store_value_u32(row, (uint32_t)sink.len);
    if (!encounter_write(&sink, &post->encounter)) return FAULT_INPUT;
    return store_put(store, txn, BOOK_SEEN_POSTS, ident_bytes(&post->encounter.post_id),
                     (struct bytes){row, LENGTH_BYTES + sink.len});
}

/* Its texts are the row's. */
static enum fault find_post(struct store *store, struct MDB_txn *txn, const struct ident *post_id,
                            struct remembered *post)
{
    struct bytes row;
    enum fault fault = store_get(store, txn, BOOK_SEEN_POSTS, ident_bytes(post_id), &row);
    if (fault != FAULT_NONE) return fault;
    if (row.len < LENGTH_BYTES) return FAULT_CORRUPT;
    size_t seen_len = store_read_value_u32(row.at);
    struct bytes both = bytes_from(row, LENGTH_BYTES);
    bool is_read = seen_len <= both.len && book_read_seen(bytes_first(both, seen_len), &post->seen) &&
                   encounter_read(bytes_from(both, seen_len), &post->encounter);
    post->encounter.post_id = *post_id;
    return is_read ? FAULT_NONE : FAULT_CORRUPT;
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

static enum fault put_pairs(struct store *store, struct MDB_txn *txn, const struct person_keys *keys,
                            const struct ident *post_id, struct bytes value)
{
    char pair[PAIR_BYTES];
    enum fault fault = FAULT_NONE;
    for (uint32_t i = 0; i < keys->count && fault == FAULT_NONE; i++)
        fault = store_put(store, txn, BOOK_SEEN, pair_key(pair, &keys->list[i], post_id), value);
    return fault;
}

enum fault seen_open(struct store *store, struct MDB_txn *txn, const struct book_step *step,
                     const struct book_intent *intent, struct bytes campaign)
{
    if (!step->seen || !step->seen->keys.count) return FAULT_NONE;
    struct remembered post = {.seen = *step->seen,
                              .encounter = {.post_id = intent->post_id,
                                            .lead_id = step->lead_id,
                                            .state = ENCOUNTER_OPEN,
                                            .at_ms = step->wall_ms,
                                            .campaign = campaign,
                                            .contract = intent->contract}};
    enum fault fault = write_post(store, txn, &post);
    return fault == FAULT_NONE ? put_pairs(store, txn, &post.seen.keys, &intent->post_id, BYTES_NONE) : fault;
}

/* A doubt leaves the encounter open: it may yet be a sale. */
enum fault seen_settle(struct store *store, struct MDB_txn *txn, const struct book_step *step,
                       const struct book_verdict *verdict)
{
    bool is_sold = verdict->state == POST_ACCEPTED, is_voided = verdict->state == POST_VOIDED;
    bool is_refused = verdict->state == POST_REJECTED || is_voided; /* its buyer may have it: not again for a while */
    struct remembered post;
    char end[END_BYTES];
    if (verdict->state == POST_UNKNOWN) return FAULT_NONE;
    enum fault fault = find_post(store, txn, &verdict->post_id, &post);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    int64_t keep_ms = is_sold ? post.seen.sold_keep_ms : is_refused ? post.seen.refused_keep_ms : 0;
    if (keep_ms <= 0) return forget_post(store, txn, &verdict->post_id, &post.seen.keys);
    post.encounter.state = is_sold ? ENCOUNTER_SOLD : ENCOUNTER_REFUSED;
    post.encounter.at_ms = step->wall_ms;
    fault = write_post(store, txn, &post);
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
    struct remembered post;
    struct digest key;
    enum fault fault;
    if (end.len != END_BYTES || (value.len && value.len != DIGEST_LEN)) return FAULT_CORRUPT;
    memcpy(at, end.at, END_BYTES);
    memcpy(id.at, at + 8, sizeof id.at);
    if (value.len) { /* the row is copied first: what is dropped may move it */
        memcpy(key.at, value.at, DIGEST_LEN);
        fault = forget_key(store, txn, (struct bytes){(const char *)key.at, DIGEST_LEN}, &id);
    } else {
        fault = find_post(store, txn, &id, &post);
        if (fault == FAULT_NONE) fault = forget_post(store, txn, &id, &post.seen.keys);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_CORRUPT;
    }
    return fault == FAULT_NONE ? store_drop(store, txn, BOOK_ENDS, (struct bytes){at, END_BYTES}) : fault;
}

enum fault seen_prune(struct store *store, struct MDB_txn *txn, int64_t wall_ms)
{
    for (unsigned i = 0; i < PRUNED_MAX; i++) {
        struct bytes end, value;
        enum fault fault = store_first(store, txn, BOOK_ENDS, &end, &value);
        if (fault == FAULT_NOT_FOUND) return FAULT_NONE;
        if (fault != FAULT_NONE) return fault;
        if (end.len < 8 || (int64_t)store_read_key_u64(end.at) > wall_ms) return FAULT_NONE;
        fault = forget(store, txn, end, value);
        if (fault != FAULT_NONE) return fault;
    }
    return FAULT_NONE;
}

/* --- what is known of a person --- */

struct walk {
    struct store *store;
    struct MDB_txn *txn;
    struct arena *arena;
    struct encounter *list; /* NULL: only counted */
    uint32_t count;
};

/* The row of a revocation is its own; of others, the post's. */
static enum fault take_encounter(struct walk *walk, const struct store_cursor *cursor, const struct person_key *key)
{
    struct encounter *encounter = &walk->list[walk->count];
    struct remembered post;
    struct ident post_id;
    memcpy(post_id.at, cursor->key.at + PERSON_KEY_LEN, sizeof post_id.at);
    enum fault fault = FAULT_NONE;
    if (ident_is_none(&post_id))
        fault = encounter_read(cursor->value, &post.encounter) ? FAULT_NONE : FAULT_CORRUPT;
    else
        fault = find_post(walk->store, walk->txn, &post_id, &post);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    *encounter = post.encounter;
    encounter->post_id = post_id;
    encounter->kind = key->kind;
    encounter->campaign = arena_copy(walk->arena, post.encounter.campaign);
    encounter->contract = arena_copy(walk->arena, post.encounter.contract);
    return encounter->campaign.at && encounter->contract.at ? FAULT_NONE : FAULT_MEMORY;
}

/* From the newest back. */
static enum fault walk_key(struct walk *walk, struct store_cursor *cursor, const struct person_key *key)
{
    char past[PAIR_BYTES + 1];
    memset(past, 0xff, sizeof past);
    memcpy(past, key->at, PERSON_KEY_LEN);
    enum fault fault = store_seek(cursor, (struct bytes){past, sizeof past});
    fault = fault == FAULT_NOT_FOUND ? store_last(cursor) : fault == FAULT_NONE ? store_before(cursor) : fault;
    for (uint32_t n = 0; fault == FAULT_NONE && n < OF_KEY_MAX; n++, fault = store_before(cursor)) {
        if (cursor->key.len != PAIR_BYTES) return FAULT_CORRUPT;
        if (memcmp(cursor->key.at, key->at, PERSON_KEY_LEN) != 0) return FAULT_NONE;
        if (walk->list) fault = take_encounter(walk, cursor, key);
        if (fault != FAULT_NONE) return fault;
        walk->count++;
    }
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault walk_all(struct walk *walk, const struct person_keys *keys)
{
    struct store_cursor cursor;
    walk->count = 0;
    enum fault fault = store_cursor_open(walk->store, walk->txn, BOOK_SEEN, &cursor);
    for (uint32_t i = 0; i < keys->count && fault == FAULT_NONE; i++) fault = walk_key(walk, &cursor, &keys->list[i]);
    store_cursor_close(&cursor);
    return fault;
}

/* Counted first: nearly everybody is unknown. */
enum fault seen_of(struct store *store, struct MDB_txn *txn, const struct person_keys *keys, struct arena *arena,
                   struct encounter **list, uint32_t *count)
{
    struct walk walk = {.store = store, .txn = txn, .arena = arena};
    *list = NULL;
    enum fault fault = walk_all(&walk, keys);
    *count = walk.count;
    if (fault != FAULT_NONE || *count == 0) return fault;
    *list = walk.list = arena_zero(arena, *count, sizeof **list);
    return *list ? walk_all(&walk, keys) : FAULT_MEMORY;
}

/* --- revocations --- */

enum fault seen_revoke(struct store *store, struct MDB_txn *txn, const struct person_keys *keys, int64_t wall_ms)
{
    struct encounter encounter = {.state = ENCOUNTER_REVOKED, .at_ms = wall_ms};
    char row[ROW_BYTES];
    struct sink sink = sink_over(row, sizeof row);
    if (!encounter_write(&sink, &encounter)) return FAULT_INPUT;
    enum fault fault = put_pairs(store, txn, keys, &encounter.post_id, sink_written(&sink));
    for (uint32_t i = 0; i < keys->count && fault == FAULT_NONE; i++)
        fault = store_put(store, txn, BOOK_REVOKED, (struct bytes){(const char *)keys->list[i].at, PERSON_KEY_LEN},
                          BYTES_NONE);
    return fault;
}

enum fault seen_each_revoked(struct store *store, struct MDB_txn *txn,
                             bool (*fn)(void *arg, const struct person_key *key), void *arg)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(store, txn, BOOK_REVOKED, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, BYTES_NONE);
    for (; fault == FAULT_NONE; fault = store_next(&cursor)) {
        struct person_key key = {0};
        if (cursor.key.len != PERSON_KEY_LEN) {
            fault = FAULT_CORRUPT;
            break;
        }
        memcpy(key.at, cursor.key.at, PERSON_KEY_LEN);
        if (!fn(arg, &key)) fault = FAULT_MEMORY;
        if (fault != FAULT_NONE) break;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}
