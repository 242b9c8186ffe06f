/* content: what is private of the leads, sealed, and the keys and names it is found by. Outside the journal, so that it
 * can be destroyed: of a lead whose content is gone the journal holds a hash and ids. For this room only.
 *
 *   content     lead id                      -> version | sealed {"lead":…,"consent":…}       (parts)
 *   data_keys   lead id                      -> its data key, wrapped | its person's keys
 *   people      person's key (16) | lead id  -> kind (1)
 *
 * Evidence of a return is content too, by the return's id, and of no person: it goes with its lead (erasures.c).
 *
 * Rows of people lie scattered, so they are not written with each lead but later, many at once and in their order
 * ("indexed" in meta tells up to which lead); who looks for a person looks through the data keys behind that too.
 *
 * A data key has a table of its own, so that a rotation reads and writes 100 bytes a lead and its content stays as it
 * was written. */
#pragma once

#include "exchange/ledger/keyfile.h"
#include "exchange/ledger/store.h"
#include "exchange/record/person.h"

/* `sealed` is keyfile_seal's. FAULT_CORRUPT: its key is not known. A lead behind `indexed` gets its rows of people
 * later (content_index). */
enum fault content_put(struct store *store, struct MDB_txn *txn, const struct keyfile *keys,
                       const struct ident *indexed, const struct ident *lead_id, struct bytes sealed,
                       const struct person_keys *person) MUST_USE;
/* Opened, in the arena. FAULT_NOT_FOUND: there is none (any more). */
enum fault content_open(struct store *store, struct MDB_txn *txn, const struct keyfile *keys,
                        const struct ident *lead_id, struct arena *arena, struct bytes *plain) MUST_USE;
/* By whom the lead's content is found. None: count 0. */
enum fault content_person(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                          struct person_keys *person) MUST_USE;
/* The leads of that key after *after (none: from the first), at most `max`. */
enum fault content_leads(struct store *store, struct MDB_txn *txn, const struct person_key *key,
                         const struct ident *after, struct ident *ids, unsigned max, unsigned *count) MUST_USE;
/* The same of leads without rows of people yet, by any of the keys: *after moves on from `indexed`, and is where the
 * look-up goes on; the end of the table is reached when *count is less than `max`. */
enum fault content_recent(struct store *store, struct MDB_txn *txn, const struct person_keys *keys, struct ident *after,
                          struct ident *ids, unsigned max, unsigned *count) MUST_USE;
/* Up to which lead people have their rows; a new book: none. */
enum fault content_read_indexed(struct store *store, struct MDB_txn *txn, struct ident *indexed) MUST_USE;
/* Rows of people of up to `max` leads behind *indexed that came before that time; *indexed moves on, and holds only if
 * the transaction is committed. *count: leads that were seen to. */
enum fault content_index(struct store *store, struct MDB_txn *txn, struct arena *arena, struct ident *indexed,
                         int64_t before_ms, unsigned max, unsigned *count) MUST_USE;
/* Nothing of it is left: the wrapped key is overwritten where it stands, then all rows are dropped. */
enum fault content_destroy(struct store *store, struct MDB_txn *txn, const struct ident *lead_id,
                           struct arena *arena) MUST_USE;
/* How far the wrapping anew has come. */
struct content_walk {
    struct ident last;
    bool in_content; /* the second walk, for content that still has its data key with it: of an older version's book */
    bool is_done;
    uint64_t wrapped, unreadable; /* that no known key opens: passed over */
};
/* Wraps anew what is not wrapped by the newest key, of up to `max` leads after walk->last. The walk moves on, and holds
 * only if the transaction is committed. */
enum fault content_rewrap(struct store *store, struct MDB_txn *txn, const struct keyfile *keys, struct arena *arena,
                          struct content_walk *walk, unsigned max) MUST_USE;
