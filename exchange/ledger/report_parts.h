/* report_parts: what verification's files share. For them only. */
#pragma once

#include "exchange/ledger/rows.h"

/* The tables of money: which entry is behind a row that is not as it should be, by what was derived anew. 0: none is
 * known. `table` is any other: 0. */
enum fault report_money_entry(struct store *scratch, enum book_table table, struct bytes key, uint64_t *seq) MUST_USE;
bool report_is_money(enum book_table table);
/* The balances against the totals, and against the tallies of the accounts' lines, which are added up on other ways:
 * what the same function derived twice would be equal even if that function added wrongly. NULL: all is well. */
enum fault report_money_sums(struct store *book, struct MDB_txn *txn, const struct rows_totals *totals,
                             const char **wrong) MUST_USE;
