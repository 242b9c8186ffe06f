/* Ids are walked in the order of the table, a batch at a time, because a write moves what a cursor stands on. Leads
 * come before posts: they take what they lack out of their posts' rows, in whatever version those are. */
#include "exchange/ledger/upgrade.h"

#include "exchange/ledger/rows.h"
#include "protocol/base/money.h"

#define BATCH_ROWS 512u
#define ARENA_BYTES (64u << 10)
#define ARENA_MAX_BYTES (64u << 20)
#define GROWTH_BYTES 4096u /* what a row may gain by today's spelling */

/* The rows being walked. */
struct walk {
    struct store *book;
    struct MDB_txn *txn;
    struct arena *arena;
};

/* Reads a row as it is and writes it as it is written today. */
typedef bool respell(const struct walk *walk, struct bytes row, struct sink *sink);

/* A lead used to have one post at a time, and said less of it than a slot does: the rest stands in the post's row. */
static bool complete_slot(const struct walk *walk, struct lead_slot *slot)
{
    struct post_record post;
    if (!slot->is_used) return true;
    if (rows_post(walk->book, walk->txn, &slot->post_id, walk->arena, &post) != FAULT_NONE) return false;
    slot->state = post.state;
    slot->candidate = post.intent.candidate;
    if (post.state == POST_ACCEPTED) return true;
    slot->sale = (struct book_sale){.sale_id = post.post_id,
                                    .post_id = post.post_id,
                                    .contract = post.intent.contract,
                                    .buyer = post.intent.buyer,
                                    .price_micros = post.intent.price_micros,
                                    .payout_micros = post.intent.payout_micros,
                                    .margin_rule = post.intent.margin_rule};
    return money_sub(post.intent.price_micros, post.intent.payout_micros, &slot->sale.margin_micros);
}

static bool respell_lead(const struct walk *walk, struct bytes row, struct sink *sink)
{
    struct lead_record lead;
    if (!book_read_lead(row, walk->arena, &lead)) return false;
    for (unsigned i = 0; i < lead.slots_count; i++)
        if (!complete_slot(walk, &lead.slots[i])) return false;
    return book_write_lead(sink, &lead);
}

static bool respell_post(const struct walk *walk, struct bytes row, struct sink *sink)
{
    struct post_record post;
    return book_read_post(row, walk->arena, &post) && book_write_post(sink, &post);
}

static const struct {
    enum book_table table;
    respell *respell;
} tables[] = {{BOOK_LEADS, respell_lead}, {BOOK_POSTS, respell_post}};

/* The ids after *last (all of them where it is none), each once whatever its number of parts. */
static enum fault list_ids(struct store *book, struct MDB_txn *txn, enum book_table table, const struct ident *last,
                           struct ident *ids, unsigned *count)
{
    struct store_cursor cursor = {0};
    struct ident before = *last;
    enum fault fault = store_cursor_open(book, txn, table, &cursor);
    *count = 0;
    if (fault == FAULT_NONE) fault = store_seek(&cursor, ident_bytes(last));
    for (; fault == FAULT_NONE && *count < BATCH_ROWS; fault = store_next(&cursor)) {
        struct ident id;
        if (cursor.key.len < sizeof id.at) {
            fault = FAULT_CORRUPT;
            break;
        }
        memcpy(id.at, cursor.key.at, sizeof id.at);
        if (ident_same(&id, &before)) continue;
        before = ids[(*count)++] = id;
    }
    store_cursor_close(&cursor);
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

static enum fault write_row(const struct walk *walk, unsigned which, const struct ident *id)
{
    struct bytes row, key = ident_bytes(id);
    arena_reset(walk->arena);
    enum fault fault = store_get_parts(walk->book, walk->txn, tables[which].table, key, walk->arena, &row);
    if (fault != FAULT_NONE) return fault;
    size_t room = 2 * row.len + GROWTH_BYTES;
    struct sink sink = sink_over(arena_take(walk->arena, room), room);
    if (!sink.at) return FAULT_MEMORY;
    if (!tables[which].respell(walk, row, &sink) || sink.cut) return FAULT_CORRUPT;
    return store_put_parts(walk->book, walk->txn, tables[which].table, key, sink_written(&sink), false);
}

static enum fault write_batch(struct store *book, unsigned which, struct ident *last, bool *more, struct arena *arena)
{
    struct ident ids[BATCH_ROWS];
    struct MDB_txn *txn = NULL;
    unsigned count = 0;
    enum fault fault = store_begin(book, true, &txn);
    if (fault == FAULT_NONE) fault = list_ids(book, txn, tables[which].table, last, ids, &count);
    for (unsigned i = 0; i < count && fault == FAULT_NONE; i++)
        fault = write_row(&(struct walk){book, txn, arena}, which, &ids[i]);
    if (fault == FAULT_NONE && count) fault = store_commit(&txn);
    store_abort(&txn);
    *more = count == BATCH_ROWS;
    if (count) *last = ids[count - 1];
    return fault;
}

static enum fault write_rows(struct store *book, struct arena *arena)
{
    enum fault fault = FAULT_NONE;
    for (unsigned which = 0; which < sizeof tables / sizeof *tables; which++) {
        struct ident last = IDENT_NONE;
        for (bool more = true; more && fault == FAULT_NONE;) fault = write_batch(book, which, &last, &more, arena);
    }
    return fault;
}

static enum fault read_version(struct store *book, uint64_t *version)
{
    struct MDB_txn *txn = NULL;
    enum fault fault = store_begin(book, false, &txn);
    if (fault == FAULT_NONE) fault = journal_read_version(book, txn, version);
    store_abort(&txn);
    return fault;
}

/* From here on an older program must not write it. */
static enum fault raise_version(struct store *book)
{
    struct MDB_txn *txn = NULL;
    enum fault fault = store_begin(book, true, &txn);
    if (fault == FAULT_NONE) fault = journal_write_version(book, txn);
    if (fault == FAULT_NONE) fault = store_commit(&txn);
    store_abort(&txn);
    return fault;
}

enum fault upgrade_book(struct store *book)
{
    uint64_t version = 0;
    struct arena arena;
    enum fault fault = read_version(book, &version);
    if (fault != FAULT_NONE || version >= BOOK_VERSION) return fault;
    arena_init(&arena, ARENA_BYTES, ARENA_MAX_BYTES);
    fault = write_rows(book, &arena);
    arena_free(&arena);
    return fault == FAULT_NONE ? raise_version(book) : fault;
}
