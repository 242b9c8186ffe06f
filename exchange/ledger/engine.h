/* engine: what the ledger's files share: the stores, the two threads, the lines. For this room only.
 *
 *   a line's thread                       ledger thread                        reader thread
 *   ledger_append --job--> steps mailbox --> writer: batch, commit
 *   ledger_trace  --copy-> lane ------------> writer: days
 *   ledger_ask    --ask------------------------------------------> asks mailbox --> asking: reader_…
 *   on_durable, done <--mail-- the line's own mailbox <----------------------------------+ */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "exchange/base/mailbox.h"
#include "exchange/base/tally.h"
#include "exchange/ledger/counting.h"
#include "exchange/ledger/days.h"
#include "exchange/ledger/due.h"
#include "exchange/ledger/job.h"
#include "exchange/ledger/keyfile.h"
#include "exchange/ledger/news.h"
#include "exchange/ledger/rotation.h"
#include "protocol/base/histogram.h"

#define BATCH_MAX 256
#define LINES_MAX 1025
#define PATH_BYTES 4096

enum engine_state { ENGINE_OPEN, ENGINE_NEARLY_FULL, ENGINE_FULL, ENGINE_DOWN, ENGINE_STATES };

/* A doubt that ended in the batch at hand: standing is told when it is on disk. */
struct resolved_news {
    struct ident post_id;
    bool is_sold, is_first; /* and the lead was not sold before */
    bool is_test;
    int64_t price_micros, payout_micros;
    uint8_t keys_count;
    struct book_cap_key keys[BOOK_CAP_KEYS_MAX];
};

struct ledger {
    struct store *book;
    struct days *days;
    struct keyfile *keys;
    const struct zone *zone; /* the house's */
    int lock_fd;
    unsigned lines_max;
    struct ledger_line *_Atomic *lines; /* a place is filled once */
    pthread_mutex_t lines_mutex;        /* of opening and closing */

    struct mailbox *steps; /* struct job *; NULL: only to wake */
    struct mailbox *asks;  /* struct ask *; NULL likewise */
    pthread_t writer_thread, asking_thread;
    _Atomic bool is_running;
    _Atomic bool stopping;

    /* The ledger thread's (before it starts and after it ended: the opener's). */
    struct chain chain;
    struct rows_totals totals;
    struct arena arena;        /* of one job */
    struct histogram waits[2]; /* whole batches, begin to commit; the second is the span before */
    int64_t waits_turned_us, next_trace_us, next_house_us, next_check_us;
    uint64_t flush_taken;    /* the flush the open trace transaction will satisfy */
    unsigned traces_pending; /* taken and not yet committed */
    bool trace_failed;       /* the last try failed: the next failure drops */
    int64_t next_dropped_us; /* when dropping is logged again */
    bool is_nearly_full;
    struct rotation rotation;
    struct ident indexed; /* see content_index */
    int64_t next_index_us;
    struct counting *counting; /* NULL: no pings are counted yet */
    struct standing *standing; /* where news are published; NULL: not restored into any */
    struct news news;          /* of the batch at hand */
    struct resolved_news resolved[BATCH_MAX];
    unsigned resolved_count;
    struct tally tally; /* of what was sold out of doubts */

    /* Published. */
    _Atomic int state;     /* enum engine_state */
    char why[256];         /* written before the state becomes ENGINE_DOWN */
    _Atomic uint64_t lows; /* buyers whose balance fell below what is low for them, since the start */
    _Atomic uint64_t seq, entries, commits, batches_max, doubts, posts_open, used_bytes, max_bytes;
    _Atomic bool rotating, rotation_failed;
    _Atomic uint64_t rewrapped, unreadable;
    _Atomic uint64_t traces, traces_dropped, trace_bytes;
    _Atomic int64_t wait_p50_us, wait_p99_us;
    _Atomic uint64_t flush_asked, flush_done;
    pthread_mutex_t flush_mutex;
    pthread_cond_t flushed; /* flush_done or seq has moved */

    struct reader *reader; /* the reader thread's */
};

/* writer.c */
void *writer_run(void *ledger);
/* One transaction for up to BATCH_MAX jobs; each one's answer is filled. Used by the thread, and at open. */
void writer_batch(struct ledger *ledger, struct job **jobs, unsigned count);
/* An entry with its rows, in the transaction at hand. FAULT_INPUT: it contradicts what stands; nothing is written, and
 * the operator has been told. `about` (may be NULL): the id the log names. */
enum fault writer_entry(struct ledger *ledger, struct MDB_txn *txn, enum entry_kind kind, int64_t wall_ms,
                        struct bytes body, const struct ident *about) MUST_USE;
/* Publishes what counts and alarms look at. */
void writer_publish(struct ledger *ledger);

/* resolving.c: a job's FAULT_INPUT and FAULT_NOT_FOUND are its own; nothing is written then. */
enum fault resolving_write(struct ledger *ledger, struct MDB_txn *txn, struct job *job) MUST_USE;
/* Of due.h. */
enum fault resolving_end(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row,
                         int64_t wall_ms) MUST_USE;
void resolving_publish(struct ledger *ledger);

/* matters.c: one of them looked at, and its entry written. FAULT_INPUT, FAULT_NOT_FOUND: refused, the matter says why.
 */
enum fault matters_write(struct ledger *ledger, struct MDB_txn *txn, struct matter *matter, int64_t wall_ms) MUST_USE;
/* booking.c: likewise. FAULT_INPUT, FAULT_NOT_FOUND, FAULT_TAKEN: refused. */
enum fault booking_write(struct ledger *ledger, struct MDB_txn *txn, struct booking *booking, int64_t wall_ms) MUST_USE;

/* asking.c */
void *asking_run(void *ledger);

/* traces.c: lane two. True if there is more to do at once. */
bool traces_turn(struct ledger *ledger, int64_t now_us, bool is_last);

/* restore.c: a start's share of the work; the rest is ledger_restore. */
enum fault restore_check(struct ledger *ledger, const char *keys_path, struct ledger_note *note) MUST_USE;
enum fault restore_doubts(struct ledger *ledger, struct ledger_note *note) MUST_USE;

/* reader.c, notices.c */
struct reader {
    struct store *book;
    struct days *days;
    const struct keyfile *keys;
    struct keyfile *own_keys;
    bool is_own; /* the stores were opened by reader_open */
};

/* reader.c: a reader over stores that are open already. */
struct reader *reader_over(struct store *book, struct days *days, const struct keyfile *keys);
