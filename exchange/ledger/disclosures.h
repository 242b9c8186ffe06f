/* disclosures: who was shown a lead, by lead; rows derived from the journal. For this room only.
 *
 *   disclosures   lead id | id (of a post, or of what else it was)  ->  empty for a post (its row tells), else
 *                                                                       disclosure_write
 *   field_sets    id (8, big-endian)                                ->  names, see record/disclosure.h */
#pragma once

#include "exchange/ledger/journal.h"
#include "exchange/record/book.h"
#include "exchange/record/disclosure.h"

/* A post of that lead is about to be sent. */
enum fault disclosures_post(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                            const struct ident *post_id) MUST_USE;
/* A post was accepted, and a copy of its lead goes to that address of its contract's list. */
enum fault disclosures_copy(struct store *store, struct MDB_txn *txn, const struct post_record *post,
                            unsigned address) MUST_USE;
/* One that is neither. FAULT_NOT_FOUND: no such lead; FAULT_INPUT: it cannot be read, or was told before. */
enum fault disclosures_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry) MUST_USE;
/* Each of a lead's, in the order of their ids. A post's has its kind, ids and nothing else. */
enum fault disclosures_each(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                            void (*fn)(void *arg, const struct disclosure *disclosure), void *arg) MUST_USE;

enum fault disclosures_apply_names(struct store *store, struct MDB_txn *txn, const struct entry *entry) MUST_USE;
bool disclosures_know_names(struct store *store, struct MDB_txn *txn, uint64_t id);
/* FAULT_NOT_FOUND: no such set. In the arena. */
enum fault disclosures_names(struct store *store, struct MDB_txn *txn, uint64_t id, struct arena *arena,
                             struct bytes *names) MUST_USE;
