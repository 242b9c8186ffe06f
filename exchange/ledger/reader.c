/* Each look-up is a short read transaction of its own: what it found is copied into the caller's arena before it ends.
 */
#include "exchange/ledger/reader.h"

#include <stdio.h>
#include <stdlib.h>

#include "exchange/ledger/account.h"
#include "exchange/ledger/aftersales.h"
#include "exchange/ledger/content.h"
#include "exchange/ledger/days.h"
#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/onward.h"
#include "exchange/ledger/reversals.h"
#include "exchange/ledger/seen.h"
#include "exchange/ledger/stakes.h"
#include "protocol/base/money.h"

struct reader *reader_over(struct store *book, struct days *days, const struct keyfile *keys)
{
    struct reader *made = calloc(1, sizeof *made);
    if (!made) return NULL;
    *made = (struct reader){.book = book, .days = days, .keys = keys};
    return made;
}

enum fault reader_open(const char *path, const char *keys_path, struct reader **reader)
{
    char folder[PATH_BYTES], trace[PATH_BYTES];
    snprintf(folder, sizeof folder, "%s/book", path);
    snprintf(trace, sizeof trace, "%s/trace", path);
    struct reader *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->is_own = true;
    enum fault fault = store_open(folder, journal_tables, BOOK_TABLES_COUNT, 0, STORE_READ, &made->book);
    if (fault == FAULT_NONE) {
        struct days_options options = {.path = trace, .is_reader = true};
        fault = days_open(&options, &made->days);
    }
    if (fault == FAULT_NONE && keys_path) fault = keyfile_open(keys_path, false, &made->own_keys, NULL);
    made->keys = made->own_keys;
    struct MDB_txn *txn = NULL;
    uint64_t version = 0;
    if (fault == FAULT_NONE) fault = store_begin(made->book, false, &txn);
    if (fault == FAULT_NONE) fault = journal_read_version(made->book, txn, &version);
    store_abort(&txn);
    if (fault == FAULT_NONE && version > BOOK_VERSION) fault = FAULT_VERSION;
    if (fault == FAULT_NONE)
        *reader = made;
    else
        reader_close(&made);
    return fault;
}

void reader_close(struct reader **reader)
{
    struct reader *gone = *reader;
    *reader = NULL;
    if (!gone) return;
    keyfile_close(&gone->own_keys);
    if (gone->is_own) days_close(&gone->days);
    if (gone->is_own) store_close(&gone->book);
    free(gone);
}

/* A row of version 1 does not say what an acceptance of its open post would make: its post does. */
static enum fault fill_sale(struct reader *reader, struct MDB_txn *txn, struct arena *arena, struct lead_slot *slot)
{
    struct post_record post;
    enum fault fault = rows_post(reader->book, txn, &slot->post_id, arena, &post);
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
    slot->sale = (struct book_sale){.sale_id = post.post_id,
                                    .post_id = post.post_id,
                                    .contract = post.intent.contract,
                                    .buyer = post.intent.buyer,
                                    .price_micros = post.intent.price_micros,
                                    .payout_micros = post.intent.payout_micros,
                                    .margin_rule = post.intent.margin_rule};
    return money_sub(post.intent.price_micros, post.intent.payout_micros, &slot->sale.margin_micros) ? FAULT_NONE
                                                                                                     : FAULT_CORRUPT;
}

static enum fault find_lead(struct reader *reader, struct MDB_txn *txn, const struct ident *lead_id,
                            struct arena *arena, struct lead_record *lead)
{
    enum fault fault = rows_lead(reader->book, txn, lead_id, arena, lead);
    for (unsigned i = 0; fault == FAULT_NONE && i < lead->slots_count; i++) {
        struct lead_slot *slot = &lead->slots[i];
        bool is_open = slot->is_used && (slot->state == POST_OPEN || slot->state == POST_UNKNOWN);
        if (is_open && slot->sale.contract.len == 0) fault = fill_sale(reader, txn, arena, slot);
    }
    return fault;
}

enum fault reader_lead(struct reader *reader, const struct ident *lead_id, struct arena *arena,
                       struct lead_record *lead)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = find_lead(reader, txn, lead_id, arena, lead);
    store_abort(&txn);
    return fault;
}

/* A lead by a table of other keys. */
static enum fault lead_of(struct reader *reader, enum book_table table, struct bytes key, struct arena *arena,
                          struct lead_record *lead)
{
    struct MDB_txn *txn;
    struct bytes value;
    struct ident lead_id;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = store_get(reader->book, txn, table, key, &value);
    if (fault == FAULT_NONE && value.len != sizeof lead_id.at) fault = FAULT_CORRUPT;
    if (fault == FAULT_NONE) {
        memcpy(lead_id.at, value.at, sizeof lead_id.at);
        fault = find_lead(reader, txn, &lead_id, arena, lead);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_CORRUPT;
    }
    store_abort(&txn);
    return fault;
}

enum fault reader_lead_of_ping(struct reader *reader, const struct ident *ping_id, struct arena *arena,
                               struct lead_record *lead)
{
    return lead_of(reader, BOOK_PINGS, ident_bytes(ping_id), arena, lead);
}

enum fault reader_lead_of_key(struct reader *reader, const struct digest *key, struct arena *arena,
                              struct lead_record *lead)
{
    return lead_of(reader, BOOK_KEYS, (struct bytes){(const char *)key->at, DIGEST_LEN}, arena, lead);
}

enum fault reader_encounters(struct reader *reader, const struct person_keys *keys, struct arena *arena,
                             struct encounter **list, uint32_t *count)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = seen_of(reader->book, txn, keys, arena, list, count);
    store_abort(&txn);
    return fault;
}

enum fault reader_post(struct reader *reader, const struct ident *post_id, struct arena *arena,
                       struct post_record *post)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = rows_post(reader->book, txn, post_id, arena, post);
    store_abort(&txn);
    return fault;
}

static enum fault parts_of(struct reader *reader, enum book_table table, struct bytes key, struct arena *arena,
                           struct bytes *value)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = store_get_parts(reader->book, txn, table, key, arena, value);
    store_abort(&txn);
    return fault;
}

enum fault reader_content(struct reader *reader, const struct ident *lead_id, struct arena *arena,
                          struct bytes *content)
{
    struct MDB_txn *txn;
    if (!reader->keys) return FAULT_INPUT;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = content_open(reader->book, txn, reader->keys, lead_id, arena, content);
    store_abort(&txn);
    return fault;
}

enum fault reader_disclosures(struct reader *reader, const struct ident *lead_id,
                              void (*fn)(void *arg, const struct disclosure *disclosure), void *arg)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = disclosures_each(reader->book, txn, lead_id, fn, arg);
    store_abort(&txn);
    return fault;
}

enum fault reader_field_names(struct reader *reader, uint64_t id, struct arena *arena, struct bytes *names)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = disclosures_names(reader->book, txn, id, arena, names);
    store_abort(&txn);
    return fault;
}

enum fault reader_catalogue(struct reader *reader, const struct digest *version, struct arena *arena,
                            struct bytes *packed)
{
    return parts_of(reader, BOOK_CATALOGUES, (struct bytes){(const char *)version->at, DIGEST_LEN}, arena, packed);
}

static enum fault read_doubts(struct reader *reader, struct MDB_txn *txn, struct bytes from, struct arena *arena,
                              struct post_record *posts, uint32_t max, uint32_t *count)
{
    struct store_cursor cursor;
    enum fault fault = store_cursor_open(reader->book, txn, BOOK_DOUBTS, &cursor);
    if (fault != FAULT_NONE) return fault;
    fault = store_seek(&cursor, from);
    if (fault == FAULT_NONE && from.len && bytes_same(cursor.key, from)) fault = store_next(&cursor);
    for (; fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        struct ident post_id;
        if (cursor.key.len != sizeof post_id.at || cursor.value.len != 1) {
            fault = FAULT_CORRUPT;
            break;
        }
        if (cursor.value.at[0] != ROWS_DOUBT) continue;
        memcpy(post_id.at, cursor.key.at, sizeof post_id.at);
        fault = rows_post(reader->book, txn, &post_id, arena, &posts[*count]);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_CORRUPT;
        if (fault != FAULT_NONE) break;
        (*count)++;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault reader_doubts(struct reader *reader, const struct ident *after, struct arena *arena,
                         struct post_record *posts, uint32_t max, uint32_t *count)
{
    struct MDB_txn *txn;
    *count = 0;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    bool from_start = !after || ident_is_none(after);
    fault = read_doubts(reader, txn, from_start ? BYTES_NONE : ident_bytes(after), arena, posts, max, count);
    store_abort(&txn);
    return fault;
}

static enum fault read_going_on(struct reader *reader, struct store_cursor *cursor, struct MDB_txn *txn,
                                struct arena *arena, int64_t before_ms, bool *is_one)
{
    struct ident lead_id;
    struct lead_record lead;
    *is_one = false;
    if (cursor->key.len != sizeof lead_id.at || cursor->value.len != 1) return FAULT_CORRUPT;
    if (cursor->value.at[0] != ROWS_GOES_ON) return FAULT_NONE;
    memcpy(lead_id.at, cursor->key.at, sizeof lead_id.at);
    arena_reset(arena);
    enum fault fault = rows_lead(reader->book, txn, &lead_id, arena, &lead);
    *is_one = fault == FAULT_NONE && lead.updated_ms < before_ms;
    return fault == FAULT_NOT_FOUND ? FAULT_CORRUPT : fault;
}

enum fault reader_going_on(struct reader *reader, int64_t before_ms, struct ident *after, struct ident *ids,
                           uint32_t max, uint32_t *count)
{
    struct MDB_txn *txn;
    struct store_cursor cursor = {0};
    struct arena arena;
    *count = 0;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    arena_init(&arena, 65536, 4u << 20);
    struct bytes from = ident_is_none(after) ? BYTES_NONE : ident_bytes(after);
    fault = store_cursor_open(reader->book, txn, BOOK_DOUBTS, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, from);
    if (fault == FAULT_NONE && from.len && bytes_same(cursor.key, from)) fault = store_next(&cursor);
    for (; fault == FAULT_NONE && *count < max; fault = store_next(&cursor)) {
        bool is_one;
        fault = read_going_on(reader, &cursor, txn, &arena, before_ms, &is_one);
        if (fault != FAULT_NONE) break;
        if (is_one) memcpy(ids[(*count)++].at, cursor.key.at, sizeof ids->at);
    }
    if (*count) *after = ids[*count - 1];
    store_cursor_close(&cursor);
    store_abort(&txn);
    arena_free(&arena);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault reader_trace(struct reader *reader, const struct ident *id, struct arena *arena, struct bytes *record)
{
    return days_find(reader->days, id, arena, record);
}

enum fault reader_aftersale(struct reader *reader, const struct ident *post_id, struct aftersale_record *record)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = aftersales_record(reader->book, txn, post_id, record);
    store_abort(&txn);
    return fault;
}

enum fault reader_onward(struct reader *reader, const struct ident *lead_id, struct ident *became,
                         struct ident *came_of)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = onward_of(reader->book, txn, lead_id, became, came_of);
    store_abort(&txn);
    return fault;
}

enum fault reader_onward_waiting(struct reader *reader, struct reader_onward *after, struct ident *ids, uint32_t max,
                                 uint32_t *count)
{
    struct MDB_txn *txn;
    *count = 0;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = onward_waiting(reader->book, txn, after, ids, max, count);
    store_abort(&txn);
    return fault;
}

enum fault reader_sale(struct reader *reader, const struct ident *sale_id, struct arena *arena,
                       struct sale_record *sale)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = account_sale(reader->book, txn, sale_id, arena, sale);
    store_abort(&txn);
    return fault;
}

enum fault reader_returns(struct reader *reader, struct bytes buyer, enum return_status status,
                          const struct ident *after, struct arena *arena, struct book_return *list, uint32_t max,
                          uint32_t *count)
{
    struct MDB_txn *txn;
    *count = 0;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = reversals_list(reader->book, txn, buyer, status, after, arena, list, max, count);
    store_abort(&txn);
    return fault;
}

/* The ping's own record tells when its offer ends, and so where it stands. */
enum fault reader_offer(struct reader *reader, const struct ident *ping_id, struct arena *arena, struct offer *offer)
{
    struct bytes record, flat;
    struct trace_auction *trace = arena_take(arena, sizeof *trace);
    if (!trace) return FAULT_MEMORY;
    enum fault fault = days_find(reader->days, ping_id, arena, &record);
    if (fault == FAULT_NONE && !trace_read(record, arena, trace)) fault = FAULT_CORRUPT;
    if (fault == FAULT_NONE && trace->expires_ms == 0) fault = FAULT_NOT_FOUND; /* it was rejected */
    if (fault == FAULT_NONE) fault = days_find_offer(reader->days, ping_id, trace->expires_ms, arena, &flat);
    if (fault == FAULT_NONE && !offer_read(flat, offer)) fault = FAULT_CORRUPT;
    return fault;
}

enum fault reader_keys_revoked(struct reader *reader, void (*fn)(void *arg, const struct digest *key, int64_t wall_ms),
                               void *arg)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = rows_each_key_revoked(reader->book, txn, fn, arg);
    store_abort(&txn);
    return fault;
}

enum fault reader_accounts(struct reader *reader, void (*fn)(void *arg, struct bytes account, int64_t micros),
                           void *arg)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = account_each(reader->book, txn, fn, arg);
    store_abort(&txn);
    return fault;
}

enum fault reader_holds(struct reader *reader, void (*fn)(void *arg, struct bytes account, int64_t micros), void *arg)
{
    struct MDB_txn *txn;
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = stakes_each(reader->book, txn, fn, arg);
    store_abort(&txn);
    return fault;
}

enum fault reader_totals(struct reader *reader, struct reader_totals *totals)
{
    struct MDB_txn *txn;
    struct rows_totals rows;
    struct chain chain = {0};
    enum fault fault = store_begin(reader->book, false, &txn);
    if (fault != FAULT_NONE) return fault;
    fault = rows_read_totals(reader->book, txn, &rows);
    if (fault == FAULT_NONE) fault = journal_read_head(reader->book, txn, &chain);
    if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE; /* a new book has no head */
    store_abort(&txn);
    if (fault != FAULT_NONE) return fault;
    *totals = (struct reader_totals){.entries = rows.entries,
                                     .leads = rows.leads,
                                     .sold = rows.sold,
                                     .unsold = rows.unsold,
                                     .pending = rows.pending,
                                     .posts = rows.posts,
                                     .posts_open = rows.posts_open,
                                     .doubts = rows.doubts,
                                     .tests = rows.tests,
                                     .revenue_micros = rows.revenue_micros,
                                     .payout_micros = rows.payout_micros,
                                     .margin_micros = rows.margin_micros,
                                     .seq = chain.seq,
                                     .chain = chain.digest,
                                     .first_ms = rows.first_ms,
                                     .last_ms = rows.last_ms};
    return FAULT_NONE;
}

enum fault reader_traces(struct reader *reader, int64_t from_ms, int64_t to_ms,
                         bool (*fn)(void *arg, struct bytes record), void *arg)
{
    return days_records(reader->days, from_ms, to_ms, fn, arg);
}

void reader_sizes(struct reader *reader, struct reader_sizes *sizes)
{
    store_size(reader->book, &sizes->book_bytes_used, &sizes->book_bytes_max);
    sizes->trace_bytes = days_bytes(reader->days);
}
