/* reversals: returns of sales: asked for, approved or denied, and what an approved one takes back. For this room only.
 *
 *   returns        return id                        -> aftersale_write_return (parts)
 *   return_lists   'b' | buyer | 0 | return id      -> empty: the buyer's own
 *                  's' | status (1) | return id     -> empty
 *                  'l' | lead id | return id        -> empty
 *
 * Approving is one entry with all it implies: the reversal of the money, the states of post and lead, room under caps,
 * what is learned, and who hears of it. A sale of which a part only came back stays a sale. */
#pragma once

#include "exchange/ledger/aftersales.h"
#include "exchange/ledger/due.h"

/* ENTRY_RETURN and ENTRY_JUDGEMENT. */
enum fault reversals_ask(const struct rows_work *work) MUST_USE;
enum fault reversals_judge(const struct rows_work *work) MUST_USE;
/* DUE_RETURN: nobody has judged it in time. */
enum fault reversals_due(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row,
                         int64_t wall_ms) MUST_USE;

/* In the arena. FAULT_NOT_FOUND. */
enum fault reversals_one(struct store *store, struct MDB_txn *txn, const struct ident *return_id, struct arena *arena,
                         struct book_return *asked) MUST_USE;
/* A buyer's (`buyer` not empty), or those of a status; oldest first, after `after` (none: from the start), at most
 * `max`. */
enum fault reversals_list(struct store *store, struct MDB_txn *txn, struct bytes buyer, enum return_status status,
                          const struct ident *after, struct arena *arena, struct book_return *list, uint32_t max,
                          uint32_t *count) MUST_USE;
/* The return of that lead after *return_id (none: the first), which moves on. FAULT_NOT_FOUND: no more. */
enum fault reversals_next(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                          struct ident *return_id) MUST_USE;
/* What of the sale's price may still be asked back. FAULT_NOT_FOUND: there is no such sale. */
enum fault reversals_left(struct store *store, struct MDB_txn *txn, const struct ident *sale_id, int64_t pending_micros,
                          struct arena *arena, int64_t *left_micros) MUST_USE;
bool reversals_touches(const struct entry *entry, enum book_table table, struct bytes key);
