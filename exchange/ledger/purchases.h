/* purchases: what each buyer has bought, in the order of the sales: rows derived from the journal like all others.
 * Tests are not among them. For this room only.
 *
 *   purchases   buyer | 0 | sold at, wall ms (8, big-endian) | post id (16)   -> sale id (16) */
#pragma once

#include "exchange/ledger/store.h"
#include "exchange/record/book.h"

struct purchase {
    struct ident post_id, sale_id;
};

/* A post that its buyer accepted. */
enum fault purchases_add(struct store *store, struct MDB_txn *txn, const struct post_record *post,
                         const struct ident *sale_id) MUST_USE;
/* The buyer's after that one (none: from the start), in order; at most `max`. FAULT_NOT_FOUND: `after`
 * is no purchase of this buyer's. */
enum fault purchases_after(struct store *store, struct MDB_txn *txn, struct bytes buyer,
                           const struct post_record *after, struct purchase *list, uint32_t max,
                           uint32_t *count) MUST_USE;
