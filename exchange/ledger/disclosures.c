/* A row of a post is empty: contract, buyer, time and what became of it stand in the post's own row, and are told from
 * there, so that nothing can be told twice and differently. */
#include "exchange/ledger/disclosures.h"

#define COPY_ROOM 512u
#define ROW_KEY (2 * sizeof(struct ident))

static struct bytes row_key(char at[ROW_KEY], const struct ident *lead_id, const struct ident *id)
{
    memcpy(at, lead_id->at, sizeof lead_id->at);
    memcpy(at + sizeof lead_id->at, id->at, sizeof id->at);
    return (struct bytes){at, ROW_KEY};
}

enum fault disclosures_post(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                            const struct ident *post_id)
{
    char key[ROW_KEY];
    return store_put(store, txn, BOOK_DISCLOSURES, row_key(key, lead_id, post_id), BYTES_NONE);
}

/* The id is made of the post's: an address gets one copy of it, however often it is sent. */
enum fault disclosures_copy(struct store *store, struct MDB_txn *txn, const struct post_record *post, unsigned address)
{
    char key[ROW_KEY], row[COPY_ROOM], to[16], number = (char)address;
    struct digest digest;
    struct disclosure copy = {.kind = DISCLOSURE_COPY,
                              .lead_id = post->lead_id,
                              .contract = post->intent.contract,
                              .buyer = post->intent.buyer,
                              .wall_ms = post->settled_ms};
    struct sink sink = sink_over(row, sizeof row), text = sink_over(to, sizeof to);
    digest_of(&digest, (struct bytes[]){BYTES("copy"), ident_bytes(&post->post_id), {&number, 1}}, 3);
    memcpy(copy.id.at, digest.at, sizeof copy.id.at);
    sink_text(&text, "copy ");
    sink_u64(&text, address + 1);
    copy.to = sink_written(&text);
    if (!disclosure_write(&sink, &copy)) return FAULT_INPUT;
    return store_put(store, txn, BOOK_DISCLOSURES, row_key(key, &copy.lead_id, &copy.id), sink_written(&sink));
}

enum fault disclosures_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry)
{
    char key[ROW_KEY], first[sizeof(struct ident) + 4] = {0};
    struct disclosure disclosure;
    struct bytes unused;
    if (!disclosure_read(entry->body, &disclosure) || disclosure.kind == DISCLOSURE_POST) return FAULT_INPUT;
    if (entry->body.len > STORE_PART_MAX) return FAULT_INPUT;
    memcpy(first, disclosure.lead_id.at, sizeof disclosure.lead_id.at); /* the key of the first part */
    enum fault fault = store_get(store, txn, BOOK_LEADS, (struct bytes){first, sizeof first}, &unused);
    if (fault != FAULT_NONE) return fault;
    row_key(key, &disclosure.lead_id, &disclosure.id);
    fault = store_get(store, txn, BOOK_DISCLOSURES, (struct bytes){key, sizeof key}, &unused);
    if (fault == FAULT_NONE) return FAULT_INPUT;
    if (fault != FAULT_NOT_FOUND) return fault;
    return store_put(store, txn, BOOK_DISCLOSURES, (struct bytes){key, sizeof key}, entry->body);
}

enum fault disclosures_each(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                            void (*fn)(void *arg, const struct disclosure *disclosure), void *arg)
{
    struct store_cursor cursor = {0};
    enum fault fault = store_cursor_open(store, txn, BOOK_DISCLOSURES, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, ident_bytes(lead_id));
    for (; fault == FAULT_NONE; fault = store_next(&cursor)) {
        struct disclosure disclosure = {.kind = DISCLOSURE_POST, .lead_id = *lead_id};
        if (cursor.key.len != ROW_KEY) fault = FAULT_CORRUPT;
        if (fault != FAULT_NONE || memcmp(cursor.key.at, lead_id->at, sizeof lead_id->at) != 0) break;
        memcpy(disclosure.id.at, cursor.key.at + sizeof lead_id->at, sizeof disclosure.id.at);
        if (cursor.value.len && !disclosure_read(cursor.value, &disclosure)) {
            fault = FAULT_CORRUPT;
            break;
        }
        fn(arg, &disclosure);
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

/* --- names of fields --- */

enum fault disclosures_apply_names(struct store *store, struct MDB_txn *txn, const struct entry *entry)
{
    char key[8];
    if (entry->body.len == 0 || entry->body.len > DISCLOSURE_NAMES_MAX) return FAULT_INPUT;
    uint64_t id = disclosure_names_id(entry->body);
    store_key_u64(key, id);
    if (disclosures_know_names(store, txn, id)) return FAULT_INPUT;
    return store_put_parts(store, txn, BOOK_FIELD_SETS, (struct bytes){key, sizeof key}, entry->body, true);
}

bool disclosures_know_names(struct store *store, struct MDB_txn *txn, uint64_t id)
{
    char first[8 + 4] = {0};
    struct bytes unused;
    store_key_u64(first, id);
    return store_get(store, txn, BOOK_FIELD_SETS, (struct bytes){first, sizeof first}, &unused) == FAULT_NONE;
}

enum fault disclosures_names(struct store *store, struct MDB_txn *txn, uint64_t id, struct arena *arena,
                             struct bytes *names)
{
    char key[8];
    store_key_u64(key, id);
    return store_get_parts(store, txn, BOOK_FIELD_SETS, (struct bytes){key, sizeof key}, arena, names);
}
