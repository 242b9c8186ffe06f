/* ledger: the only writer of the book (LMDB, default durability, hash-chained journal) and of the trace (one LMDB
 * environment per day); a ledger thread, and a reader thread for look-ups (a cold page must never stall a loop).
 *
 * Two lanes: steps first and at once (a batch is what gathered during the last commit), traces after, every 100 to 250
 * ms. A step is acknowledged only when its transaction is on disk. After a failed flush nothing more is written and
 * every append says so (market.md: lose nothing that was answered). Workers reach it through a line each, on their own
 * thread. */
#pragma once

#include "exchange/base/tally.h"
#include "exchange/ledger/booking.h"
#include "exchange/ledger/matter.h"
#include "exchange/ledger/reader.h"
#include "exchange/market/duplicates.h"
#include "exchange/record/delivery.h"
#include "exchange/standing/offers.h"
#include "protocol/wire/loop.h"

struct ledger;
struct ledger_line;

struct ledger_note {
    char text[320]; /* one sentence for an operator */
};

struct ledger_options {
    const char *path; /* folder: book/ and trace/YYYY-MM-DD/ below it */
    uint64_t map_bytes;
    const char *keys_path; /* made (0600) at the first start */
    int64_t trace_keep_ms;
    uint64_t trace_max_bytes;
    unsigned lines_max;      /* workers, plus one for the main thread */
    const struct zone *zone; /* whose months are the periods of the accounts; it outlives the ledger. NULL: UTC */
};

/* Opens or makes the stores, checks the version (FAULT_VERSION: newer than this program) and the chain's tail
 * (FAULT_CORRUPT: the note names the record), turns intents without a verdict into doubts (an entry each).
 * FAULT_IN_USE: another exchange holds it. */
enum fault ledger_open(const struct ledger_options *options, struct ledger **ledger, struct ledger_note *note) MUST_USE;
/* What stood when we stopped: caps of current windows, switches, what was learned, what buyers have left, offers that
 * have not expired. Before ledger_start. `standing` outlives the ledger: from then on what is learned and how a buyer's
 * money changes (but for what posts take before their intent, see standing/funds.h) is published there, once it is on
 * disk. */
enum fault ledger_restore(struct ledger *ledger, struct standing *standing, struct offers *offers, int64_t now_us,
                          int64_t wall_ms, uint32_t *doubts) MUST_USE;
enum fault ledger_start(struct ledger *ledger) MUST_USE;
/* Writes what is queued, commits, joins both threads; appends that come later are FAULT_FULL. What was written is still
 * told to the lines, as far as their loops run. */
void ledger_stop(struct ledger *ledger);
void ledger_close(struct ledger **ledger);

/* A key for another purpose, derived from the key file's: the same over restarts. */
enum fault ledger_derive(const struct ledger *ledger, const char *purpose, struct digest *key) MUST_USE;

/* REASON_NONE while it takes writes, else REASON_LEDGER_DOWN; *text (may be NULL) says why. */
enum reason ledger_state(const struct ledger *ledger, const char **text);

enum fault ledger_line_open(struct ledger *ledger, struct loop *loop, struct ledger_line **line) MUST_USE;
/* On the line's thread, not from its callbacks. Waits for what is under way; its callbacks do not come any more. */
void ledger_line_close(struct ledger_line **line);

/* on_durable on the line's thread: FAULT_NONE with the entry's seq, or why it is not written (nothing of it is then).
 * `token` is the caller's. The step is serialised, its content sealed, before this returns: nothing of it need live on.
 * After a fault of the call itself on_durable does not come. FAULT_FULL: the queue is full. Of on_durable: FAULT_INPUT:
 * the step contradicts what stands (a second open intent, a sale without its post, …), a bug of the story;
 * FAULT_DISK_FULL: no room now, later steps may be written; FAULT_DISK: nothing is written any more; FAULT_TAKEN: the
 * guard (NULL: none; it lives until on_durable) found the person taken: nothing of the step was written. */
enum fault ledger_append(struct ledger_line *line, const struct book_step *step, const struct duplicates_guard *guard,
                         void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                         uint64_t token) MUST_USE;
/* What somebody says of a post in doubt. */
struct ledger_verdict {
    struct ident post_id;
    bool accepted;
    bool not_seen;          /* not accepted: it has not seen it; else it refused it */
    enum verdict_source by; /* OPERATOR, BUYER, STATUS */
    struct bytes buyer;     /* whose post it must be; empty: anybody's */
    int64_t wall_ms;
};
enum resolution_outcome {
    RESOLUTION_MADE, /* the doubt is resolved */
    RESOLUTION_SAME, /* the post is that already: nothing is written (not for operators) */
    RESOLUTION_LATE, /* accepted, after the post was given up: noted in the book, not billed (not for operators) */
};
struct ledger_resolution {
    enum fault fault;
    enum resolution_outcome outcome;
    struct ident lead_id;
    enum post_state state; /* of the post: as it is now; also with FAULT_INPUT */
    bool resumes;          /* rejected, and the story may go on */
    bool is_test;          /* of a test lead: no money moved */
    uint64_t seq;
};
/* Checked by the ledger thread against the row. FAULT_NOT_FOUND: no such post; FAULT_INPUT: its state forbids it.
 * accepted: sale (under the post's id) and transfers; rejected: reservations undone; its slot of the lead may fall back
 * if the offer still stands at wall_ms and no other story is at the lead: then a lead that holds nothing else is
 * POSTING again, and UNSOLD after the next start if nothing came of it. lead_id tells which. Standing has heard of it
 * before on_resolved. */
enum fault ledger_resolve(struct ledger_line *line, const struct ledger_verdict *verdict,
                          void (*on_resolved)(void *arg, const struct ledger_resolution *resolution),
                          void *arg) MUST_USE;
/* Sales that were made out of doubts, by whomever. */
const struct tally *ledger_tally(const struct ledger *ledger);
/* An operator's switch; durable before on_durable. */
enum fault ledger_switch(struct ledger_line *line, struct bytes contract, bool paused, int64_t wall_ms,
                         void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                         uint64_t token) MUST_USE;
/* The API key of this SHA-256 is not taken any more, for good; durable before on_durable. */
enum fault ledger_revoke_key(struct ledger_line *line, const struct digest *key, int64_t wall_ms,
                             void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                             uint64_t token) MUST_USE;
/* A person who is not to be sold any more; durable before on_durable. */
enum fault ledger_revoke(struct ledger_line *line, const struct revocation *revocation, int64_t wall_ms,
                         void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                         uint64_t token) MUST_USE;
/* What came of up to DELIVERIES_MAX tries to deliver events (notices.h): when each is tried again, or that it has come
 * to its end. One of an event that is forgotten changes nothing. */
enum fault ledger_deliver(struct ledger_line *line, const struct delivery *list, uint32_t count, int64_t wall_ms,
                          void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                          uint64_t token) MUST_USE;
/* A catalogue under its content hash (nothing is written if it is there already). At start and reload, before it
 * serves. */
enum fault ledger_catalogue(struct ledger_line *line, const struct digest *version, struct bytes packed,
                            void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                            uint64_t token) MUST_USE;

/* Lane two: dropped and counted when full. Ids that are none are left out of the index. `offer`: flat offer bytes to
 * find again after a restart (may be empty). An empty record: the offer of that ping is written anew. */
bool ledger_trace(struct ledger_line *line, const struct ident *ping_id, const struct ident *lead_id,
                  struct bytes record, struct bytes offer, int64_t offer_expires_ms);
uint64_t ledger_traces_dropped(const struct ledger *ledger);
/* The p99 of recent commits, µs: what a post budget keeps back. */
int64_t ledger_commit_p99_us(const struct ledger *ledger);

/* Runs `job` on the reader thread, then `done` on the line's thread. `after_seq`: waits until that entry is visible (0:
 * not). For a trace just written, `fresh_trace` waits for the next trace commit. FAULT_FULL: the queue is full. */
enum fault ledger_ask(struct ledger_line *line, void (*job)(void *context, struct reader *reader),
                      void (*done)(void *context), void *context, uint64_t after_seq, bool fresh_trace) MUST_USE;

struct ledger_counts {
    uint64_t lows; /* times a sale left a buyer with less than its low_at, since the start */
    uint64_t seq, entries, commits, batches_max, traces, trace_bytes, queue_depth, doubts, posts_open;
    uint64_t book_bytes_used, book_bytes_max;
    int64_t commit_p50_us, commit_p99_us;
};
void ledger_counts(const struct ledger *ledger, struct ledger_counts *counts);
