/* outbox: events on their way to their hearers' addresses: rows derived from the journal like all others. For this room
 * only.
 *
 *   outbox         hearer | due, wall ms (8, big-endian) | number (8, big-endian)
 *                                      -> lead id (16) | tries (1) | reason (1) | HTTP status (2)
 *   outbox_leads   hearer | lead id (16) | number (8, big-endian)   -> due (8); 0: it waits for an earlier one
 *
 * Of one lead a hearer is told in order: only the earliest event of it stands in outbox, the others wait in
 * outbox_leads until that one has been received or given up. What was given up stays in outbox, due never, for people
 * to see, as long as its event. What became of tries is an entry (ENTRY_DELIVERIES), so a restart goes on where it was.
 * Where to deliver is not written here: the address is the catalogue's at that time. */
#pragma once

#include "exchange/ledger/journal.h"
#include "exchange/ledger/notices.h"

#define OUTBOX_NEVER INT64_MAX

/* A new event; due at once, unless an earlier one of its lead is on its way. */
enum fault outbox_add(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, uint64_t number,
                      const struct ident *lead_id, int64_t at_ms) MUST_USE;
/* The event is forgotten, and its way ends, wherever it was. */
enum fault outbox_forget(struct store *store, struct MDB_txn *txn, const struct hearer *hearer, uint64_t number,
                         const struct ident *lead_id, int64_t wall_ms) MUST_USE;
/* The rows of ENTRY_DELIVERIES. An outcome of what was forgotten meanwhile changes nothing. FAULT_INPUT: it cannot be
 * read. */
enum fault outbox_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry) MUST_USE;

/* Rows due from `from_ms` to `to_ms` (0 to now: what may be tried; NEVER to NEVER: what was given up): of each hearer
 * the first `each`, all in all up to `max`; in the arena. */
enum fault outbox_list(struct store *store, struct MDB_txn *txn, int64_t from_ms, int64_t to_ms, uint32_t each,
                       struct notices_walk *walk, struct arena *arena, struct delivery *list, uint32_t max,
                       uint32_t *count) MUST_USE;
