/* The ledger thread. A batch is what gathered while the last commit was on its way to the disk, so the busier, the
 * cheaper each step; nobody waits for a batch to fill.
 *
 * What can go wrong is sorted in one place (fail_batch): a full disk or map may have room again, so it is tried again;
 * a step that contradicts the book is refused alone; whatever else went wrong while writing latches, because what the
 * disk holds is no longer known (Linux may have dropped the pages of a failed flush). */
#include <stdio.h>

#include "exchange/base/log.h"
#include "exchange/ledger/content.h"
#include "exchange/ledger/disclosures.h"
#include "exchange/ledger/engine.h"
#include "exchange/ledger/erasures.h"
#include "exchange/ledger/seen.h"
#include "exchange/market/duplicates.h"
#include "exchange/market/zone.h"
#include "exchange/record/period.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"

#define TRACE_LOOK_US INT64_C(100000)
#define HOUSE_US INT64_C(1000000)
#define READERS_US INT64_C(60000000)
#define WAITS_SPAN_US INT64_C(10000000)
#define FULL_PPM 850000

static unsigned gather(struct ledger *ledger, struct job **jobs);
static void answer(struct job **jobs, unsigned count);
static void keep_house(struct ledger *ledger, int64_t now_us);

void *writer_run(void *arg)
{
    struct ledger *ledger = arg;
    struct job *jobs[BATCH_MAX];
    for (;;) {
        bool is_last = atomic_load(&ledger->stopping); /* what was queued before it was set is gathered below */
        unsigned count = gather(ledger, jobs);
        if (count) {
            writer_batch(ledger, jobs, count);
            answer(jobs, count);
        }
        int64_t now_us = clock_now_us();
        bool has_more = traces_turn(ledger, now_us, is_last && count == 0);
        if (!is_last && rotation_turn(ledger)) has_more = true;
        if (!is_last && rotation_index_turn(ledger, now_us, count == 0)) has_more = true;
        if (now_us >= ledger->next_house_us) keep_house(ledger, now_us);
        if (count || has_more) continue;
        if (is_last) break;
        int64_t until_us = ledger->next_trace_us < ledger->next_house_us ? ledger->next_trace_us
                                                                         : ledger->next_house_us;
        if (!atomic_load(&ledger->stopping))
            mailbox_wait(ledger->steps, until_us); /* its letter may be taken already */
    }
    counting_turn(ledger);
    return NULL;
}

static unsigned gather(struct ledger *ledger, struct job **jobs)
{
    unsigned count = 0;
    struct job *job;
    while (count < BATCH_MAX && mailbox_take(ledger->steps, &job))
        if (job) jobs[count++] = job;
    return count;
}

static void answer(struct job **jobs, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct mail mail = {.job = jobs[i]};
        bool sent = mailbox_send(jobs[i]->line->mail, &mail);
        check(sent, "a line's mailbox is as large as all it may have under way");
    }
}

/* --- a batch --- */

static enum fault write_step(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_resolution(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_switch(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_catalogue(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_revocation(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_counts(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_swept(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_deliveries(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_matter(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_booking(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_key_revoked(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_erasure(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static enum fault write_disclosure(struct ledger *ledger, struct MDB_txn *txn, struct job *job);
static void fail_batch(struct ledger *ledger, enum fault fault, struct job **jobs, unsigned count);
static void set_state(struct ledger *ledger, enum engine_state state);
static void set_open(struct ledger *ledger);

/* Each says FAULT_NONE with the job's own answer filled (a refusal is one), or why the transaction is to be given up.
 */
static enum fault (*const write_job[JOB_KINDS])(struct ledger *ledger, struct MDB_txn *txn, struct job *job) = {
    [JOB_STEP] = write_step,
    [JOB_RESOLVE] = write_resolution,
    [JOB_SWITCH] = write_switch,
    [JOB_CATALOGUE] = write_catalogue,
    [JOB_REVOCATION] = write_revocation,
    [JOB_COUNTS] = write_counts,
    [JOB_SWEEP] = write_swept,
    [JOB_DELIVERIES] = write_deliveries,
    [JOB_MATTER] = write_matter,
    [JOB_KEY_REVOKED] = write_key_revoked,
    [JOB_BOOKING] = write_booking,
    [JOB_ERASE] = write_erasure,
    [JOB_ROTATE] = rotation_begin,
    [JOB_REWRAP] = rotation_go_on,
    [JOB_DISCLOSE] = write_disclosure,
    [JOB_INDEX] = rotation_index,
};

static void count_wait(struct ledger *ledger, int64_t began_us)
{
    int64_t now_us = clock_now_us();
    histogram_add(&ledger->waits[0], now_us - began_us);
}

static bool has_written(const struct ledger *ledger, const struct chain *before, struct job **jobs, unsigned count)
{
    bool has_rows = false;
    for (unsigned i = 0; i < count; i++) has_rows |= jobs[i]->has_rows;
    return has_rows || ledger->chain.seq != before->seq;
}

void writer_batch(struct ledger *ledger, struct job **jobs, unsigned count)
{
    struct chain chain = ledger->chain;
    struct rows_totals totals = ledger->totals;
    struct MDB_txn *txn = NULL;
    int64_t began_us = clock_now_us();
    news_begin(&ledger->news);
    ledger->resolved_count = 0;
    enum fault fault = atomic_load(&ledger->state) == ENGINE_DOWN ? FAULT_DISK : FAULT_NONE;
    if (fault == FAULT_NONE) fault = store_begin(ledger->book, true, &txn);
    for (unsigned i = 0; i < count && fault == FAULT_NONE; i++) {
        arena_reset(&ledger->arena);
        fault = write_job[jobs[i]->kind](ledger, txn, jobs[i]);
    }
    if (fault == FAULT_NONE && has_written(ledger, &chain, jobs, count)) {
        fault = journal_write_head(ledger->book, txn, &ledger->chain);
        if (fault == FAULT_NONE) fault = rows_write_totals(ledger->book, txn, &ledger->totals);
        if (fault == FAULT_NONE) fault = store_commit(&txn);
        if (fault == FAULT_NONE) count_wait(ledger, began_us);
    }
    store_abort(&txn); /* only refusals, or a fault */
    if (fault != FAULT_NONE) {
        ledger->chain = chain;
        ledger->totals = totals;
        fail_batch(ledger, fault, jobs, count);
        return;
    }
    atomic_fetch_add_explicit(&ledger->lows, news_publish(&ledger->news, ledger->standing), memory_order_relaxed);
    resolving_publish(ledger);
    atomic_fetch_add_explicit(&ledger->commits, 1, memory_order_relaxed);
    if (count > atomic_load_explicit(&ledger->batches_max, memory_order_relaxed))
        atomic_store_explicit(&ledger->batches_max, count, memory_order_relaxed);
    writer_publish(ledger);
}

static void fail_batch(struct ledger *ledger, enum fault fault, struct job **jobs, unsigned count)
{
    bool may_recover = fault == FAULT_DISK_FULL || fault == FAULT_MEMORY;
    bool was_down = atomic_load(&ledger->state) == ENGINE_DOWN;
    if (fault == FAULT_DISK_FULL) set_state(ledger, ENGINE_FULL);
    if (!may_recover && !was_down) {
        snprintf(ledger->why, sizeof ledger->why,
                 "writing the book failed (%s); nothing more is written: stop, run outcry ledger verify, start again",
                 fault_text(fault));
        set_state(ledger, ENGINE_DOWN);
    }
    for (unsigned i = 0; i < count; i++)
        jobs[i]->answer = (struct ledger_resolution){.fault = may_recover ? fault : FAULT_DISK};
}

static void set_state(struct ledger *ledger, enum engine_state state)
{
    static const char *const events[ENGINE_STATES] = {"ledger.open", "ledger.nearly_full", "ledger.full",
                                                      "ledger.down"};
    const char *text = NULL;
    if (atomic_load(&ledger->state) == (int)state) return;
    atomic_store(&ledger->state, (int)state);
    ledger_state(ledger, &text);
    log_line(state == ENGINE_OPEN ? LOG_INFO : LOG_ERROR, events[state], "why", text ? text : "takes writes again",
             NULL);
}

void writer_publish(struct ledger *ledger)
{
    uint64_t used, max;
    store_size(ledger->book, &used, &max);
    atomic_store_explicit(&ledger->used_bytes, used, memory_order_relaxed);
    atomic_store_explicit(&ledger->max_bytes, max, memory_order_relaxed);
    atomic_store_explicit(&ledger->entries, ledger->totals.entries, memory_order_relaxed);
    atomic_store_explicit(&ledger->doubts, ledger->totals.doubts, memory_order_relaxed);
    atomic_store_explicit(&ledger->posts_open, ledger->totals.posts_open, memory_order_relaxed);
    atomic_store(&ledger->seq, ledger->chain.seq);
    ledger->is_nearly_full = used >= max / 1000000 * FULL_PPM;
    int state = atomic_load(&ledger->state);
    if (state == ENGINE_OPEN || state == ENGINE_NEARLY_FULL) set_open(ledger);
}

static void set_open(struct ledger *ledger)
{
    set_state(ledger, ledger->is_nearly_full ? ENGINE_NEARLY_FULL : ENGINE_OPEN);
}

/* --- jobs --- */

/* What is refused is told to the operator: the story that made it is wrong, or the rows are. */
enum fault writer_entry(struct ledger *ledger, struct MDB_txn *txn, enum entry_kind kind, int64_t wall_ms,
                        struct bytes body, const struct ident *about)
{
    struct rows_refusal refusal = {.text = ""};
    struct entry entry = {
        .seq = ledger->chain.seq + 1, .kind = kind, .wall_ms = wall_ms, .mono_us = clock_now_us(), .body = body};
    entry.period = period_of(wall_ms + zone_offset_s(ledger->zone, wall_ms / 1000) * INT64_C(1000));
    enum fault fault = rows_apply(ledger->book, txn, &entry, &ledger->arena, &ledger->totals, &refusal);
    if (fault == FAULT_INPUT) {
        char id[IDENT_TEXT + 1];
        log_line(LOG_ERROR, "ledger.refused", "id", about ? ident_text(about, id) : "", "why", refusal.text, NULL);
    }
    if (fault == FAULT_NONE) fault = news_note(&ledger->news, ledger->standing, &refusal);
    if (fault != FAULT_NONE) return fault;
    fault = journal_append(ledger->book, txn, &ledger->chain, &ledger->arena, &entry);
    if (fault != FAULT_NONE || ident_is_none(&refusal.ended)) return fault;
    return erasures_end(ledger, txn, &refusal.ended, wall_ms);
}

/* A refusal is the job's, any other fault the batch's. */
static enum fault tell(struct ledger *ledger, struct job *job, enum fault fault)
{
    job->answer.fault = fault;
    job->answer.seq = fault == FAULT_NONE ? ledger->chain.seq : 0;
    return fault == FAULT_INPUT || fault == FAULT_NOT_FOUND || fault == FAULT_TAKEN ? FAULT_NONE : fault;
}

/* Whatever was written before, by whomever, is seen here: entries are written one after the other. */
static enum fault check_guard(struct ledger *ledger, struct MDB_txn *txn, const struct job *job)
{
    const struct duplicates_guard *guard = job->guard;
    struct encounter *list;
    uint32_t count;
    enum fault fault = seen_of(ledger->book, txn, &guard->keys, &ledger->arena, &list, &count);
    if (fault != FAULT_NONE) return fault;
    return duplicates_guards(guard, &job->id, list, count, job->wall_ms) ? FAULT_TAKEN : FAULT_NONE;
}

/* Names of fields are told once, before the first lead that has just these. */
static enum fault tell_names(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    if (!job->names.len) return FAULT_NONE;
    if (disclosures_know_names(ledger->book, txn, disclosure_names_id(job->names))) return FAULT_NONE;
    return writer_entry(ledger, txn, ENTRY_FIELD_NAMES, job->wall_ms, job->names, NULL);
}

static enum fault write_step(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    enum fault fault = job->guard ? check_guard(ledger, txn, job) : FAULT_NONE;
    if (fault == FAULT_NONE) fault = tell_names(ledger, txn, job);
    if (fault == FAULT_NONE) fault = writer_entry(ledger, txn, ENTRY_STEP, job->wall_ms, job->body, &job->id);
    if (fault == FAULT_NONE && job->sealed.len)
        fault = content_put(ledger->book, txn, ledger->keys, &ledger->indexed, &job->id, job->sealed, &job->person);
    return tell(ledger, job, fault);
}

static enum fault write_switch(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, writer_entry(ledger, txn, ENTRY_SWITCH, job->wall_ms, job->body, NULL));
}

static enum fault write_counts(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, writer_entry(ledger, txn, ENTRY_COUNTS, job->wall_ms, job->body, NULL));
}

static enum fault write_key_revoked(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, writer_entry(ledger, txn, ENTRY_KEY_REVOKED, job->wall_ms, job->body, NULL));
}

static enum fault write_swept(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, due_sweep(ledger, txn, job->wall_ms, &job->swept));
}

static enum fault write_resolution(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, resolving_write(ledger, txn, job));
}

static enum fault write_deliveries(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, writer_entry(ledger, txn, ENTRY_DELIVERIES, job->wall_ms, job->body, NULL));
}

static enum fault write_revocation(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, writer_entry(ledger, txn, ENTRY_REVOCATION, job->wall_ms, job->body, NULL));
}

static enum fault write_booking(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, booking_write(ledger, txn, job->booking, job->wall_ms));
}

static enum fault write_matter(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, matters_write(ledger, txn, job->matter, job->wall_ms));
}

static enum fault write_erasure(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, erasures_ask(ledger, txn, job));
}

static enum fault write_disclosure(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    return tell(ledger, job, writer_entry(ledger, txn, ENTRY_DISCLOSURE, job->wall_ms, job->body, &job->id));
}

static enum fault write_catalogue(struct ledger *ledger, struct MDB_txn *txn, struct job *job)
{
    struct bytes version = bytes_first(job->body, DIGEST_LEN), unused;
    char first[DIGEST_LEN + 4] = {0}; /* the key of the first part */
    memcpy(first, version.at, version.len);
    enum fault fault = store_get(ledger->book, txn, BOOK_CATALOGUES, (struct bytes){first, sizeof first}, &unused);
    if (fault != FAULT_NOT_FOUND) return tell(ledger, job, fault);
    fault = writer_entry(ledger, txn, ENTRY_CATALOGUE, job->wall_ms, job->body, NULL);
    if (fault == FAULT_NONE) fault = store_put_parts(ledger->book, txn, BOOK_CATALOGUES, version, job->sealed, true);
    return tell(ledger, job, fault);
}

/* --- house-keeping, once a second --- */

/* A write that changes nothing: is there room again? Only this ends ENGINE_FULL: a small step that still fits does not.
 */
static void probe(struct ledger *ledger)
{
    struct MDB_txn *txn = NULL;
    enum fault fault = store_begin(ledger->book, true, &txn);
    if (fault == FAULT_NONE) fault = journal_write_head(ledger->book, txn, &ledger->chain);
    if (fault == FAULT_NONE) fault = store_commit(&txn);
    store_abort(&txn);
    if (fault == FAULT_NONE)
        set_open(ledger);
    else if (fault != FAULT_DISK_FULL)
        fail_batch(ledger, fault, NULL, 0);
}

/* The quantiles of the last ten to twenty seconds. */
static void publish_waits(struct ledger *ledger, int64_t now_us)
{
    if (now_us - ledger->waits_turned_us > WAITS_SPAN_US) {
        histogram_clear(&ledger->waits[1]);
        histogram_merge(&ledger->waits[1], &ledger->waits[0]);
        histogram_clear(&ledger->waits[0]);
        ledger->waits_turned_us = now_us;
    }
    struct histogram *both = arena_zero(&ledger->arena, 1, sizeof *both);
    if (!both) return; /* the figures of a second ago stand */
    histogram_merge(both, &ledger->waits[0]);
    histogram_merge(both, &ledger->waits[1]);
    if (histogram_count(both) == 0) return; /* nothing lately: likewise */
    atomic_store_explicit(&ledger->wait_p50_us, histogram_quantile(both, 500000), memory_order_relaxed);
    atomic_store_explicit(&ledger->wait_p99_us, histogram_quantile(both, 990000), memory_order_relaxed);
}

static void keep_house(struct ledger *ledger, int64_t now_us)
{
    ledger->next_house_us = now_us + HOUSE_US;
    arena_reset(&ledger->arena);
    publish_waits(ledger, now_us);
    atomic_store_explicit(&ledger->trace_bytes, days_bytes(ledger->days), memory_order_relaxed);
    if (atomic_load(&ledger->state) == ENGINE_FULL) probe(ledger);
    counting_turn(ledger);
    due_turn(ledger, clock_wall_ms());
    if (now_us < ledger->next_check_us) return;
    ledger->next_check_us = now_us + READERS_US;
    store_check_readers(ledger->book);
    days_prune(ledger->days, clock_wall_ms());
}
