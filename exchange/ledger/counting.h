/* counting: the counts of pings, which no lead's step tells: noted in the book once a second, those that changed, and
 * when the exchange stops. So a kill forgets a second of them at most. Ledger thread; for this room only. */
#pragma once

#include "exchange/ledger/rows.h"

#define COUNTING_ROWS_MAX 512u /* of one entry; what is more waits for the next second */

struct counting;
struct ledger;

/* Writes an entry if any count has changed. */
void counting_turn(struct ledger *ledger);
void counting_close(struct counting **counting);
/* The rows of such an entry. FAULT_INPUT: it cannot be read. */
enum fault counting_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry) MUST_USE;
/* The entry counts that cap (of a row's key: its id). */
bool counting_touches(const struct entry *entry, struct bytes cap);
