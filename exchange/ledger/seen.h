/* seen: whom the book remembers, derived from the journal like all rows: encounters of people (record/person.h), and
 * until when. For this room only.
 *
 *   seen         person's key (16) | post id    -> empty; post id of zeros: encounter_write of a revocation, for good
 *   seen_posts   post id                        -> length (4) | book_write_seen | encounter_write
 *   revoked      person's key (16)              -> empty: the revocations of seen, for a start
 *   ends         until (8, big-endian) | id     -> empty for a post; SHA-256 of a key for a lead whose key ends
 *
 * What has ended is forgotten by the next entries, a few each, so that the journal alone tells what is still there. */
#pragma once

#include "exchange/ledger/store.h"
#include "exchange/record/book.h"

#define SEEN_ENCOUNTERS_MAX 4096u /* of one person that are looked at, the newest of each key */

/* What a step says of its people: a post is opened, or has a verdict. `campaign` is its lead's, `contract` its own. */
enum fault seen_open(struct store *store, struct MDB_txn *txn, const struct book_step *step,
                     const struct book_intent *intent, struct bytes campaign) MUST_USE;
enum fault seen_settle(struct store *store, struct MDB_txn *txn, const struct book_step *step,
                       const struct book_verdict *verdict) MUST_USE;
/* The row that ends a lead's key, `key_keep_ms` after the step. */
enum fault seen_end_key(struct store *store, struct MDB_txn *txn, const struct book_step *step) MUST_USE;
/* Forgets some of what ended by then. */
enum fault seen_prune(struct store *store, struct MDB_txn *txn, int64_t wall_ms) MUST_USE;
/* All that is known of a person; in the arena. */
enum fault seen_of(struct store *store, struct MDB_txn *txn, const struct person_keys *keys, struct arena *arena,
                   struct encounter **list, uint32_t *count) MUST_USE;

/* A person who is not to be sold any more. */
enum fault seen_revoke(struct store *store, struct MDB_txn *txn, const struct person_keys *keys,
                       int64_t wall_ms) MUST_USE;
/* Each key that is revoked. */
enum fault seen_each_revoked(struct store *store, struct MDB_txn *txn,
                             bool (*fn)(void *arg, const struct person_key *key), void *arg) MUST_USE;
