/* onward: leads that go to a new auction, once: because they came back, or because nobody reached the person in time.
 * What they become is a lead of its own, and each knows the other. For this room only.
 *
 *   onward          lead id             -> 'w' | until (8)    it is to go
 *                                          'd' | lead id      it went, as that lead
 *                                          'o' | lead id      it came of that one, and goes nowhere any more
 *   onward_waiting  until (8, big-endian) | lead id -> empty  those that are to go; past `until` they are too old */
#pragma once

#include "exchange/ledger/due.h"
#include "exchange/ledger/rows.h"

/* It is to go on until that instant; nothing where it has gone before, or may not. */
enum fault onward_offer(const struct rows_work *work, const struct ident *lead_id, int64_t until_ms) MUST_USE;
/* A step that opens a lead out of another one. FAULT_INPUT (refused): that one is not to go on. */
enum fault onward_check(const struct rows_work *work, const struct book_step *step) MUST_USE;
enum fault onward_open(const struct rows_work *work, const struct book_step *step) MUST_USE;

/* DUE_CONTACT and its entry: nobody has reached the person in time. */
enum fault onward_due(struct ledger *ledger, struct MDB_txn *txn, const struct due_row *row, int64_t wall_ms) MUST_USE;
enum fault onward_uncontacted(const struct rows_work *work) MUST_USE;
/* See reader.h. */
enum fault onward_of(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, struct ident *became,
                     struct ident *came_of) MUST_USE;
enum fault onward_waiting(struct store *store, struct MDB_txn *txn, struct reader_onward *after, struct ident *ids,
                          uint32_t max, uint32_t *count) MUST_USE;
bool onward_touches(const struct entry *entry, enum book_table table, struct bytes key);
