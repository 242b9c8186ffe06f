/* The order of things, so that no moment is without a key for what is on disk:
 *
 *   file {new, old} -> entry "begun" -> data keys, a few a transaction -> meta "key" = new, entry "ended" -> file {new}
 *
 * From the first arrow on nothing is written that the old key wrapped (content_put), so one walk is enough. A start
 * that finds two keys walks again from the beginning, passing over what is done. */
#include "exchange/ledger/rotation.h"

#include "exchange/base/log.h"
#include "exchange/ledger/engine.h"

#define WRAPPED_AT_ONCE 64u /* a step waits for so many at most */

static void publish(struct ledger *ledger)
{
    const struct rotation *rotation = &ledger->rotation;
    atomic_store(&ledger->rotation_failed, rotation->has_failed);
    atomic_store(&ledger->rotating, rotation->is_running);
    atomic_store(&ledger->rewrapped, rotation->walk.wrapped);
    atomic_store(&ledger->unreadable, rotation->walk.unreadable);
}

void rotation_resume(struct ledger *ledger)
{
    ledger->rotation = (struct rotation){.is_running = keyfile_in_file(ledger->keys) > 1};
    publish(ledger);
}

static enum fault write_entry(struct ledger *ledger, struct MDB_txn *txn, enum rows_rotation what, int64_t wall_ms)
{
    char body[1 + ROWS_KEY_ID];
    struct sink sink = sink_over(body, sizeof body);
    if (!rows_write_rotation(&sink, what, keyfile_newest(ledger->keys))) return FAULT_INPUT;
    return writer_entry(ledger, txn, ENTRY_ROTATION, wall_ms, sink_written(&sink), NULL);
}

/* If the entry is not written after all, the file has its new key, and the walk is due all the same. */
enum fault rotation_begin(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    struct ledger_note note = {.text = ""};
    enum fault fault = keyfile_rotate(ledger->keys, &note);
    if (note.text[0]) log_line(LOG_ERROR, "ledger.keys_not_written", "why", note.text, NULL);
    if (fault == FAULT_NONE) {
        rotation_resume(ledger);
        fault = write_entry(ledger, txn, ROWS_ROTATION_BEGUN, job->wall_ms);
    }
    job->answer.seq = fault == FAULT_NONE ? ledger->chain.seq : 0;
    job->answer.fault = fault;
    bool is_refusal = fault == FAULT_IN_USE || fault == FAULT_FULL || fault == FAULT_SYSTEM || fault == FAULT_INPUT;
    return is_refusal ? FAULT_NONE : fault;
}

/* The walk as it will be once this is committed stands in the job. */
enum fault rotation_go_on(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    struct content_walk *walk = job->walk;
    enum fault fault = content_rewrap(ledger->book, txn, ledger->keys, &ledger->arena, walk, WRAPPED_AT_ONCE);
    if (fault == FAULT_NONE && walk->is_done && walk->unreadable == 0) {
        fault = store_put(ledger->book, txn, BOOK_META, BYTES("key"), keyfile_newest(ledger->keys));
        if (fault == FAULT_NONE) fault = write_entry(ledger, txn, ROWS_ROTATION_ENDED, job->wall_ms);
    }
    job->has_rows = fault == FAULT_NONE;
    job->answer.fault = fault;
    return fault;
}

#define INDEXED_AT_ONCE 256u         /* likewise */
#define INDEX_AFTER_MS INT64_C(2000) /* most leads are there by then whose ids are older */
#define INDEX_LOOK_US INT64_C(1000000)

enum fault rotation_index(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    enum fault fault = content_index(ledger->book, txn, &ledger->arena, &job->id, job->wall_ms - INDEX_AFTER_MS,
                                     INDEXED_AT_ONCE, &job->swept);
    job->has_rows = job->swept > 0;
    job->answer.fault = fault;
    return fault;
}

static bool is_any_new(struct ledger *ledger, int64_t wall_ms)
{
    struct MDB_txn *txn = NULL;
    struct store_cursor cursor = {0};
    struct ident next = IDENT_NONE, behind = ledger->indexed;
    enum fault fault = store_begin(ledger->book, false, &txn);
    if (fault != FAULT_NONE) return false;
    for (unsigned i = sizeof behind.at; i > 0 && ++behind.at[i - 1] == 0; i--) continue; /* the id after it */
    fault = store_cursor_open(ledger->book, txn, BOOK_DATA_KEYS, &cursor);
    if (fault == FAULT_NONE) fault = store_seek(&cursor, ident_bytes(&behind));
    bool is_any = fault == FAULT_NONE && cursor.key.len == sizeof next.at;
    if (is_any) memcpy(next.at, cursor.key.at, sizeof next.at);
    store_cursor_close(&cursor);
    store_abort(&txn);
    return is_any && ident_wall_ms(&next) < wall_ms - INDEX_AFTER_MS;
}

/* An exchange at rest does not touch its disk; one that is never idle still gets on with it. */
bool rotation_index_turn(struct ledger *ledger, int64_t now_us, bool is_idle)
{
    int state = atomic_load(&ledger->state);
    if (ledger->next_index_us == 0) ledger->next_index_us = now_us + INDEX_LOOK_US; /* not while it starts */
    if (now_us < ledger->next_index_us || (state != ENGINE_OPEN && state != ENGINE_NEARLY_FULL)) return false;
    struct job job = {.kind = JOB_INDEX, .wall_ms = clock_wall_ms(), .id = ledger->indexed}, *list = &job;
    bool is_any = is_any_new(ledger, job.wall_ms);
    if (is_any) writer_batch(ledger, &list, 1);
    if (is_any && job.answer.fault == FAULT_NONE) ledger->indexed = job.id;
    bool has_more = is_any && job.answer.fault == FAULT_NONE && job.swept == INDEXED_AT_ONCE;
    if (!has_more || !is_idle) ledger->next_index_us = now_us + INDEX_LOOK_US;
    return has_more && is_idle;
}

static void end(struct ledger *ledger)
{
    struct ledger_note note = {.text = "data keys that no known key opens: the old keys stay in the key file"};
    struct rotation *rotation = &ledger->rotation;
    enum fault fault = FAULT_CORRUPT;
    if (rotation->walk.unreadable == 0) fault = keyfile_retire(ledger->keys, &note);
    rotation->has_failed = fault != FAULT_NONE;
    if (rotation->has_failed)
        log_line(LOG_ERROR, "ledger.keys_not_retired", "why", note.text, NULL);
    else
        log_line(LOG_INFO, "ledger.keys_rotated", NULL);
    rotation->is_running = false;
}

bool rotation_turn(struct ledger *ledger)
{
    struct rotation *rotation = &ledger->rotation;
    int state = atomic_load(&ledger->state);
    if (!rotation->is_running || rotation->has_failed || (state != ENGINE_OPEN && state != ENGINE_NEARLY_FULL))
        return false;
    struct content_walk walk = rotation->walk;
    struct job job = {.kind = JOB_REWRAP, .wall_ms = clock_wall_ms(), .walk = &walk}, *list = &job;
    writer_batch(ledger, &list, 1);
    if (job.answer.fault != FAULT_NONE) return false;
    rotation->walk = walk;
    if (walk.is_done) end(ledger);
    publish(ledger);
    return rotation->is_running;
}
