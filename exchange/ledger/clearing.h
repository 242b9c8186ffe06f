/* clearing: at the end of an affiliate's term the payout of a sale moves from uncleared to cleared, by an entry of the
 * sweep. For this room only.
 *
 * Entry CLEAR: the sale's id (16). */
#pragma once

#include "exchange/ledger/due.h"
#include "exchange/ledger/rows.h"

enum fault clearing_due(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row,
                        int64_t wall_ms) MUST_USE;
enum fault clearing_apply(const struct rows_work *work) MUST_USE;
