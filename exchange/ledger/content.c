/* LMDB writes a changed page elsewhere and uses the old one again later. Overwriting a data key before its row is
 * dropped keeps it out of the unused part of the new page; the old page holds it, wrapped, until it is used again, or
 * for good in a backup. What ends that is a rotation: then nothing is left that could open it. */
#include "exchange/ledger/content.h"

#include <stdlib.h>

#include "exchange/ledger/journal.h"
#include "exchange/record/flat.h"
#include "protocol/base/check.h"

#define PEOPLE_BYTES (PERSON_KEY_LEN + sizeof(struct ident))
#define ROW_MAX (KEYFILE_WRAPPED + 1u + PERSON_KEYS_MAX * (1u + PERSON_KEY_LEN))

static struct bytes people_key(char at[PEOPLE_BYTES], const struct person_key *key, const struct ident *lead_id)
{
    memcpy(at, key->at, PERSON_KEY_LEN);
    memcpy(at + PERSON_KEY_LEN, lead_id->at, sizeof lead_id->at);
    return (struct bytes){at, PEOPLE_BYTES};
}

static bool read_person(struct bytes row, struct person_keys *person)
{
    struct flat flat = flat_over(bytes_from(row, KEYFILE_WRAPPED));
    *person = (struct person_keys){0};
    if (row.len <= KEYFILE_WRAPPED) return false;
    person->count = (uint32_t)flat_take_upto(&flat, PERSON_KEYS_MAX);
    for (uint32_t i = 0; i < person->count; i++) {
        person->list[i].kind = (uint8_t)flat_take_upto(&flat, PERSON_KINDS - 1);
        flat_take_raw(&flat, person->list[i].at, PERSON_KEY_LEN);
    }
    return flat_ends(&flat);
}

static enum fault put_key(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                          const uint8_t wrapped[KEYFILE_WRAPPED], const struct person_keys *person)
{
    char row[ROW_MAX];
    struct sink sink = sink_over(row, sizeof row);
    sink_bytes(&sink, (struct bytes){(const char *)wrapped, KEYFILE_WRAPPED});
    flat_put(&sink, person->count);
    for (uint32_t i = 0; i < person->count; i++) {
        flat_put(&sink, person->list[i].kind);
        sink_bytes(&sink, (struct bytes){(const char *)person->list[i].at, PERSON_KEY_LEN});
    }
    check(!sink.cut);
    return store_put(store, txn, BOOK_DATA_KEYS, ident_bytes(lead_id), sink_written(&sink));
}

/* A seal made before a rotation may be written after it: from the moment the newest key is there, nothing is written
 * that needs an older one. */
enum fault content_put(struct store *store, struct MDB_txn *txn, const struct keyfile *keys,
                       const struct ident *indexed, const struct ident *lead_id, struct bytes sealed,
                       const struct person_keys *person)
{
    bool is_late = memcmp(lead_id->at, indexed->at, sizeof lead_id->at) <= 0; /* the index has passed it */
    uint8_t wrapped[KEYFILE_WRAPPED];
    enum fault fault = FAULT_NONE;
    if (sealed.len < KEYFILE_SEALED_EXTRA) return FAULT_CORRUPT;
    memcpy(wrapped, sealed.at, sizeof wrapped);
    if (!keyfile_is_newest(keys, sealed)) fault = keyfile_rewrap(keys, lead_id, sealed, wrapped);
    if (fault == FAULT_NONE) fault = put_key(store, txn, lead_id, wrapped, person);
    if (fault == FAULT_NONE)
        fault = store_put_parts(store, txn, BOOK_CONTENT, ident_bytes(lead_id), bytes_from(sealed, KEYFILE_WRAPPED),
                                true);
    for (uint32_t i = 0; is_late && i < person->count && fault == FAULT_NONE; i++) {
        char at[PEOPLE_BYTES], kind = (char)person->list[i].kind;
        fault = store_put(store, txn, BOOK_PEOPLE, people_key(at, &person->list[i], lead_id), (struct bytes){&kind, 1});
    }
    return fault;
}

enum fault content_open(struct store *store, struct MDB_txn *txn, const struct keyfile *keys,
                        const struct ident *lead_id, struct arena *arena, struct bytes *plain)
{
    struct bytes content, wrapped = BYTES_NONE;
    enum fault fault = store_get_parts(store, txn, BOOK_CONTENT, ident_bytes(lead_id), arena, &content);
    if (fault != FAULT_NONE) return fault;
    fault = store_get(store, txn, BOOK_DATA_KEYS, ident_bytes(lead_id), &wrapped);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    return keyfile_unseal(keys, lead_id, wrapped, content, arena, plain);
}

enum fault content_person(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                          struct person_keys *person)
{
    struct bytes row;
    *person = (struct person_keys){0};
    enum fault fault = store_get(store, txn, BOOK_DATA_KEYS, ident_bytes(lead_id), &row);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    return read_person(row, person) ? FAULT_NONE : FAULT_CORRUPT;
}

enum fault content_leads(struct store *store, struct MDB_txn *txn, const struct person_key *key,
                         const struct ident *after, struct ident *ids, unsigned max, unsigned *count)
{
    char from[PEOPLE_BYTES + 1] = {0}; /* just behind the last */
    struct store_cursor cursor = {0};
    *count = 0;
    people_key(from, key, after);
    enum fault fault = store_cursor_open(store, txn, BOOK_PEOPLE, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, (struct bytes){from, sizeof from});
    for (; fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        if (cursor.key.len != PEOPLE_BYTES) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (memcmp(cursor.key.at, key->at, PERSON_KEY_LEN) != 0) break;
        memcpy(ids[(*count)++].at, cursor.key.at + PERSON_KEY_LEN, sizeof ids->at);
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static bool is_of_any(const struct person_keys *person, const struct person_keys *keys)
{
    for (uint32_t i = 0; i < person->count; i++)
        for (uint32_t k = 0; k < keys->count; k++)
            if (memcmp(person->list[i].at, keys->list[k].at, PERSON_KEY_LEN) == 0) return true;
    return false;
}

/* The lead the cursor stands on. A damaged row is of nobody: it stops no walk; verification tells of it. */
static enum fault next_key(const struct store_cursor *cursor, struct ident *after, struct person_keys *person)
{
    if (cursor->key.len != sizeof after->at) return FAULT_CORRUPT;
    if (!read_person(cursor->value, person)) person->count = 0;
    memcpy(after->at, cursor->key.at, sizeof after->at);
    return FAULT_NONE;
}

static enum fault seek_behind(struct store_cursor *cursor, const struct ident *after)
{
    enum fault fault = store_seek(cursor, ident_is_none(after) ? BYTES_NONE : ident_bytes(after));
    bool is_there = fault == FAULT_NONE && bytes_same(cursor->key, ident_bytes(after));
    return is_there ? store_next(cursor) : fault;
}

enum fault content_recent(struct store *store, struct MDB_txn *txn, const struct person_keys *keys, struct ident *after,
                          struct ident *ids, unsigned max, unsigned *count)
{
    struct store_cursor cursor = {0};
    struct person_keys person;
    *count = 0;
    enum fault fault = store_cursor_open(store, txn, BOOK_DATA_KEYS, &cursor);
    if (fault == FAULT_NONE) fault = seek_behind(&cursor, after);
    for (; fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        fault = next_key(&cursor, after, &person);
        if (fault != FAULT_NONE) break;
        if (is_of_any(&person, keys)) ids[(*count)++] = *after;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* --- the index of people --- */

static const struct bytes indexed_key = {"indexed", 7};

struct pair {
    char at[PEOPLE_BYTES];
    char kind;
};

static int compare_pairs(const void *a, const void *b)
{
    return memcmp(((const struct pair *)a)->at, ((const struct pair *)b)->at, PEOPLE_BYTES);
}

enum fault content_read_indexed(struct store *store, struct MDB_txn *txn, struct ident *indexed)
{
    struct bytes value;
    *indexed = IDENT_NONE;
    enum fault fault = store_get(store, txn, BOOK_META, indexed_key, &value);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (value.len != sizeof indexed->at) return FAULT_CORRUPT;
    memcpy(indexed->at, value.at, sizeof indexed->at);
    return FAULT_NONE;
}

static enum fault gather_pairs(struct store *store, struct MDB_txn *txn, struct ident *indexed, int64_t before_ms,
                               unsigned max, struct pair *pairs, unsigned *leads, unsigned *count)
{
    struct store_cursor cursor = {0};
    struct person_keys person;
    enum fault fault = store_cursor_open(store, txn, BOOK_DATA_KEYS, &cursor);
    if (fault == FAULT_NONE) fault = seek_behind(&cursor, indexed);
    for (; fault == FAULT_NONE && *leads < max; fault = store_next(&cursor)) {
        struct ident lead_id = *indexed;
        fault = next_key(&cursor, &lead_id, &person);
        if (fault != FAULT_NONE || ident_wall_ms(&lead_id) >= before_ms) break;
        *indexed = lead_id;
        ++*leads;
        for (uint32_t i = 0; i < person.count; i++) {
            people_key(pairs[*count].at, &person.list[i], &lead_id);
            pairs[(*count)++].kind = (char)person.list[i].kind;
        }
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault content_index(struct store *store, struct MDB_txn *txn, struct arena *arena, struct ident *indexed,
                         int64_t before_ms, unsigned max, unsigned *count)
{
    struct pair *pairs = arena_take(arena, (size_t)max * PERSON_KEYS_MAX * sizeof *pairs);
    unsigned pairs_count = 0;
    *count = 0;
    if (!pairs) return FAULT_MEMORY;
    enum fault fault = gather_pairs(store, txn, indexed, before_ms, max, pairs, count, &pairs_count);
    if (fault != FAULT_NONE || *count == 0) return fault;
    qsort(pairs, pairs_count, sizeof *pairs, compare_pairs);
    for (unsigned i = 0; i < pairs_count && fault == FAULT_NONE; i++)
        fault = store_put(store, txn, BOOK_PEOPLE, (struct bytes){pairs[i].at, PEOPLE_BYTES},
                          (struct bytes){&pairs[i].kind, 1});
    return fault == FAULT_NONE ? store_put(store, txn, BOOK_META, indexed_key, ident_bytes(indexed)) : fault;
}

/* --- destroying --- */

static enum fault overwrite_key(struct store *store, struct MDB_txn *txn, const struct ident *lead_id)
{
    static const char zeros[ROW_MAX];
    struct bytes row;
    enum fault fault = store_get(store, txn, BOOK_DATA_KEYS, ident_bytes(lead_id), &row);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    if (row.len > ROW_MAX) return FAULT_CORRUPT;
    fault = store_put(store, txn, BOOK_DATA_KEYS, ident_bytes(lead_id), (struct bytes){zeros, row.len});
    return fault == FAULT_NONE ? store_drop(store, txn, BOOK_DATA_KEYS, ident_bytes(lead_id)) : fault;
}

/* The same length again, so that every part is overwritten in its place. */
static enum fault overwrite_content(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                                    struct arena *arena)
{
    struct bytes content;
    enum fault fault = store_get_parts(store, txn, BOOK_CONTENT, ident_bytes(lead_id), arena, &content);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
    memset((char *)(uintptr_t)content.at, 0, content.len); /* the arena's copy */
    fault = store_put_parts(store, txn, BOOK_CONTENT, ident_bytes(lead_id), content, false);
    return fault == FAULT_NONE ? store_drop_parts(store, txn, BOOK_CONTENT, ident_bytes(lead_id)) : fault;
}

enum fault content_destroy(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, struct arena *arena)
{
    struct person_keys person;
    enum fault fault = content_person(store, txn, lead_id, &person);
    for (uint32_t i = 0; i < person.count && fault == FAULT_NONE; i++) {
        char at[PEOPLE_BYTES];
        fault = store_drop(store, txn, BOOK_PEOPLE, people_key(at, &person.list[i], lead_id));
    }
    if (fault == FAULT_NONE) fault = overwrite_key(store, txn, lead_id);
    return fault == FAULT_NONE ? overwrite_content(store, txn, lead_id, arena) : fault;
}

/* --- wrapping anew --- */

/* Content of version 1 loses its wrapped key to a row of its own, and is otherwise what it was. */
static enum fault split(struct store *store, struct MDB_txn *txn, const struct keyfile *keys, struct arena *arena,
                        const struct ident *lead_id)
{
    uint8_t wrapped[KEYFILE_WRAPPED];
    struct bytes content;
    struct person_keys nobody = {0};
    enum fault fault = store_get_parts(store, txn, BOOK_CONTENT, ident_bytes(lead_id), arena, &content);
    if (fault == FAULT_NONE) fault = keyfile_split(keys, lead_id, content, wrapped);
    if (fault == FAULT_NONE) fault = put_key(store, txn, lead_id, wrapped, &nobody);
    if (fault != FAULT_NONE) return fault;
    struct bytes apart = bytes_from(content, KEYFILE_COMBINED_HEAD - 1);
    *(char *)(uintptr_t)apart.at = KEYFILE_CONTENT_APART; /* the arena's copy: the wrapped key's last byte */
    return store_put_parts(store, txn, BOOK_CONTENT, ident_bytes(lead_id), apart, false);
}

static enum fault rewrap_one(struct store *store, struct MDB_txn *txn, const struct keyfile *keys, struct arena *arena,
                             const struct ident *lead_id, struct content_walk *walk)
{
    uint8_t fresh[KEYFILE_WRAPPED];
    struct bytes row;
    struct person_keys person;
    enum fault fault = store_get(store, txn, BOOK_DATA_KEYS, ident_bytes(lead_id), &row);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    if (fault == FAULT_NONE && keyfile_is_newest(keys, row)) return FAULT_NONE;
    bool is_combined = fault == FAULT_NOT_FOUND;
    if (is_combined)
        fault = split(store, txn, keys, arena, lead_id);
    else if (!read_person(row, &person))
        fault = FAULT_CORRUPT;
    else
        fault = keyfile_rewrap(keys, lead_id, row, fresh);
    if (fault == FAULT_NONE && !is_combined) fault = put_key(store, txn, lead_id, fresh, &person);
    walk->wrapped += fault == FAULT_NONE;
    walk->unreadable += fault == FAULT_CORRUPT;
    return fault == FAULT_CORRUPT ? FAULT_NONE : fault;
}

/* Keys are lead ids, in the content's table with a part's number behind them. */
static enum fault list_leads(struct store *store, struct MDB_txn *txn, enum book_table table, const struct ident *last,
                             struct ident *ids, unsigned max, unsigned *count)
{
    struct ident before = *last;
    struct store_cursor cursor = {0};
    *count = 0;
    enum fault fault = store_cursor_open(store, txn, table, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, ident_is_none(last) ? BYTES_NONE : ident_bytes(last));
    for (; fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        if (cursor.key.len < sizeof before.at) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (memcmp(cursor.key.at, before.at, sizeof before.at) == 0) continue;
        memcpy(before.at, cursor.key.at, sizeof before.at);
        ids[(*count)++] = before;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault content_rewrap(struct store *store, struct MDB_txn *txn, const struct keyfile *keys, struct arena *arena,
                          struct content_walk *walk, unsigned max)
{
    enum book_table table = walk->in_content ? BOOK_CONTENT : BOOK_DATA_KEYS;
    struct ident *ids = arena_take(arena, max * sizeof *ids);
    unsigned count = 0;
    if (!ids) return FAULT_MEMORY;
    enum fault fault = list_leads(store, txn, table, &walk->last, ids, max, &count);
    for (unsigned i = 0; i < count && fault == FAULT_NONE; i++)
        fault = rewrap_one(store, txn, keys, arena, &ids[i], walk);
    if (fault != FAULT_NONE) return fault;
    if (count == max) {
        walk->last = ids[count - 1];
        return FAULT_NONE;
    }
    struct bytes unused;
    fault = walk->in_content ? FAULT_NOT_FOUND : store_get(store, txn, BOOK_META, BYTES("combined"), &unused);
    if (fault != FAULT_NONE && fault != FAULT_NOT_FOUND) return fault;
    walk->is_done = fault == FAULT_NOT_FOUND;
    walk->in_content = fault == FAULT_NONE;
    walk->last = IDENT_NONE;
    return walk->is_done ? store_drop(store, txn, BOOK_META, BYTES("combined")) : FAULT_NONE;
}
