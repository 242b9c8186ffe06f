/* learning: what the book has learned of each contract from its buyer's verdicts (market/acceptance.h), row by row in
 * the entry's transaction. For this room only.
 *
 * An accepted post counts for a contract, a refused one and one without a verdict against it; when a doubt is resolved
 * as accepted that counts for it too. What was never sent counts nothing. */
#pragma once

#include "exchange/ledger/store.h"
#include "exchange/record/book.h"
#include "exchange/standing/standing.h"

/* What an entry has taught; the contract's id lives as long as the entry's arena. */
struct learning {
    struct bytes contract; /* empty: nothing */
    uint64_t word;         /* what is known of it from then on */
};

/* A post's verdict, and what it was before. */
enum fault learning_note(struct store *store, struct MDB_txn *txn, struct bytes contract, enum post_state before,
                         enum post_state now, int64_t wall_ms, struct learning *learning) MUST_USE;
/* A sale of a contract that takes returns; and one that came back, or is told to be bad. */
enum fault learning_keep(struct store *store, struct MDB_txn *txn, struct bytes contract, int64_t wall_ms,
                         struct learning *learning) MUST_USE;
enum fault learning_take_back(struct store *store, struct MDB_txn *txn, struct bytes contract, int64_t sold_ms,
                              int64_t wall_ms, struct learning *learning) MUST_USE;
/* All that was learned, into standing. */
enum fault learning_load(struct store *store, struct MDB_txn *txn, struct standing *standing) MUST_USE;
