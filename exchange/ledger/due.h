/* due: what is to happen to something at a time of the wall clock: rows derived from the journal like all others, and
 * the sweep that looks once a second for those whose time has come. For this room only; ledger thread.
 *
 *   due   at, wall ms (8, big-endian) | kind (1) | id (16)  ->  empty, or what the kind keeps there
 *
 * A row is put by the entry that makes it so, and dropped by the entry that says what became of it: a sweep itself
 * changes no row, it writes that entry. So a stop, a kill and a new start forget nothing, and verification finds the
 * same rows. */
#pragma once

#include "exchange/ledger/journal.h"
#include "protocol/base/ident.h"

struct ledger;

/* Kind, and who writes its entry: `enum fault fn(struct ledger *, struct MDB_txn *, const struct due_row *, int64_t
 * wall_ms)`, by writer_entry. FAULT_INPUT (told by the writer already) leaves the row for the next sweep; any other
 * fault gives the transaction up. The numbers are stored: new ones go to the end. */
#define DUE_KINDS(X)                                                                                                   \
    X(CLEAR, clearing_due)     /* a sale's payout clears */                                                            \
    X(DOUBT, resolving_end)    /* of a post: its doubt ends by itself */                                               \
    X(RETENTION, erasures_due) /* a lead's content */                                                                  \
    X(RETURN, reversals_due)   /* a return that nobody judged is approved */                                           \
    X(CONTACT, onward_due)     /* of a post: the time to reach the person is over */

enum due_kind {
    DUE_NOTHING,
#define X(name, fn) DUE_##name,
    DUE_KINDS(X)
#undef X
        DUE_KINDS_COUNT
};

#define DUE_SWEEP_MAX 256u /* rows of one transaction; what is more follows at once */
#define DUE_VALUE_MAX 64u

struct due_row {
    int64_t at_ms;
    enum due_kind kind;
    struct ident id;
    struct bytes value; /* as store_get's */
};

/* One row for each time, kind and id. */
enum fault due_put(struct store *store, struct MDB_txn *txn, const struct due_row *row) MUST_USE;
enum fault due_drop(struct store *store, struct MDB_txn *txn, int64_t at_ms, enum due_kind kind,
                    const struct ident *id) MUST_USE;
/* Up to `max` rows with at_ms <= wall_ms, the earliest first; FAULT_CORRUPT: a row that is none. Values are good until
 * the transaction ends. */
enum fault due_list(struct store *store, struct MDB_txn *txn, int64_t wall_ms, struct due_row *rows, unsigned max,
                    unsigned *count) MUST_USE;

/* Writes the entries of what is due by wall_ms. */
void due_turn(struct ledger *ledger, int64_t wall_ms);
/* The part of it that is one transaction; *swept: rows that were seen to. A job of the writer's. */
enum fault due_sweep(struct ledger *ledger, struct MDB_txn *txn, int64_t wall_ms, unsigned *swept) MUST_USE;
