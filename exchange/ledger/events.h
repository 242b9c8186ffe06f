/* events: what affiliates, buyers and contracts' addresses are told after the fact (record/event.h): rows derived from
 * the journal like all others, one list for each hearer, kept for 90 days. For this room only.
 *
 *   hearer        kind (1) | address (1) | id | 0
 *   events        hearer                            -> how many there were (8)
 *                 hearer | number (8, big-endian)   -> event_write
 *   event_ends    until (8, big-endian) | hearer | number (8, big-endian)   -> empty
 *
 * Whoever applies an entry that somebody is to hear of calls events_add in the same transaction; the way to the
 * hearer's address begins there too (outbox.h). What has ended is forgotten by the next entries, a few each. */
#pragma once

#include "exchange/ledger/store.h"
#include "exchange/record/event.h"

/* Changing it changes what older entries derive. */
#define EVENTS_KEEP_MS (INT64_C(90) * 86400000)
#define EVENTS_HEARER_MAX (HEARER_ID_MAX + 3u)

/* The beginning of a hearer's keys, in `at`. */
struct bytes events_hearer(char at[EVENTS_HEARER_MAX], const struct hearer *hearer);
/* The hearer a key begins with, its id pointing there, and what follows it. False: it begins with none. */
bool events_read_hearer(struct bytes key, struct hearer *hearer, struct bytes *rest);

/* One event for one hearer, to be delivered too. Nothing is refused: FAULT_NONE, or the store's fault. */
enum fault events_add(struct store *store, struct MDB_txn *txn, const struct hearer *hearer,
                      const struct event *event) MUST_USE;
/* Forgets some of what ended by then, delivered or not. */
enum fault events_prune(struct store *store, struct MDB_txn *txn, int64_t wall_ms) MUST_USE;

/* What is read is in the arena. FAULT_NOT_FOUND: it is forgotten. */
enum fault events_one(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, uint64_t number,
                      struct arena *arena, struct event *event) MUST_USE;
/* Those after that number, in order; at most `max`. */
enum fault events_after(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, uint64_t after,
                        struct arena *arena, struct event_row *rows, uint32_t max, uint32_t *count) MUST_USE;
