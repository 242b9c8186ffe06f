/* The end of a doubt stands beside it, so that nobody has to look through all of them to see whose time has come. */
#include "exchange/ledger/waiting.h"

#include "exchange/ledger/due.h"
#include "exchange/ledger/hearing.h"
#include "exchange/ledger/rows.h"
#include "protocol/base/check.h"

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

enum fault waiting_settle(struct store *store, struct MDB_txn *txn, const struct post_record *post, int64_t resolves_ms)
{
    enum fault fault = FAULT_NONE;
    if (resolves_ms) fault = due_drop(store, txn, resolves_ms, DUE_DOUBT, &post->post_id);
    if (fault == FAULT_NONE && post->resolves_ms)
        fault = due_put(store, txn,
                        &(struct due_row){.at_ms = post->resolves_ms, .kind = DUE_DOUBT, .id = post->post_id});
    if (fault != FAULT_NONE) return fault;
    if (post->state == POST_UNKNOWN) return put(store, txn, &post->post_id, ROWS_DOUBT);
    return store_drop(store, txn, BOOK_DOUBTS, ident_bytes(&post->post_id));
}

enum fault waiting_lead(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, bool goes_on)
{
    return goes_on ? put(store, txn, lead_id, ROWS_GOES_ON) : store_drop(store, txn, BOOK_DOUBTS, ident_bytes(lead_id));
}

/* --- too late --- */

#define LATE_ROW_ROOM 4096u /* what a post's row may take beside its texts */

void waiting_write_late(struct sink *sink, const struct ident *post_id, enum verdict_source by)
{
    sink_bytes(sink, ident_bytes(post_id));
    sink_char(sink, (char)by);
}

enum fault waiting_late(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                        const char **refusal)
{
    struct ident post_id;
    struct post_record post;
    struct bytes row;
    *refusal = "the record of a late acceptance cannot be read";
    if (entry->body.len != WAITING_LATE_BYTES || (unsigned char)entry->body.at[16] >= VERDICT_SOURCES)
        return FAULT_INPUT;
    memcpy(post_id.at, entry->body.at, sizeof post_id.at);
    enum fault fault = store_get_parts(store, txn, BOOK_POSTS, ident_bytes(&post_id), arena, &row);
    *refusal = "a late acceptance of a post that is not there, was not given up, or is known to be accepted";
    if (fault != FAULT_NONE) return fault == FAULT_NOT_FOUND ? FAULT_INPUT : fault;
    if (!book_read_post(row, arena, &post)) return FAULT_CORRUPT;
    if (!post_may_be_late(&post) || post.late_ms) return FAULT_INPUT;
    post.late_ms = entry->wall_ms;
    struct sink sink = sink_over(arena_take(arena, row.len + LATE_ROW_ROOM), row.len + LATE_ROW_ROOM);
    if (!sink.at) return FAULT_MEMORY;
    check(book_write_post(&sink, &post));
    fault = store_put_parts(store, txn, BOOK_POSTS, ident_bytes(&post_id), sink_written(&sink), false);
    return fault == FAULT_NONE ? hearing_late(store, txn, &post) : fault;
}
