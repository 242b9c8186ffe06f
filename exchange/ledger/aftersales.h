/* aftersales: rows of what holds after a sale and of what is told of it. For this room only.
 *
 *   aftersales     post id                              -> aftersale_write_record
 *   dispositions   SHA-256 of buyer, 0, event id        -> aftersale_write_disposition
 *   buyer_leads    buyer, 0, its own id of the lead     -> post id
 *   sale_months    'c' or 'a', period (4), contract or affiliate  -> sales (8), of them returned (8)
 *
 * As everywhere: first everything is looked up and checked, then written, so a refused entry changes nothing. */
#pragma once

#include "exchange/ledger/rows.h"
#include "exchange/market/returns.h"
#include "exchange/record/aftersale.h"

/* A post's sale with all that was told of it. */
struct aftersales_sale {
    struct post_record post;
    struct lead_record lead;
    struct lead_slot *slot;         /* of `lead`; NULL: it was not sold */
    struct aftersale_record record; /* zeros but for the ids where there is none yet */
};

/* FAULT_NOT_FOUND: no such post. */
enum fault aftersales_find(struct store *store, struct MDB_txn *txn, const struct ident *post_id, struct arena *arena,
                           struct aftersales_sale *found) MUST_USE;
/* The record alone; FAULT_NOT_FOUND: there is none. */
enum fault aftersales_record(struct store *store, struct MDB_txn *txn, const struct ident *post_id,
                             struct aftersale_record *record) MUST_USE;
/* It is billed at a stage, and nothing when it is accepted. */
bool aftersales_is_later(struct store *store, struct MDB_txn *txn, const struct ident *post_id);
enum fault aftersales_put(struct store *store, struct MDB_txn *txn, const struct aftersale_record *record) MUST_USE;
/* By the id the buyer gave the lead. FAULT_NOT_FOUND. */
enum fault aftersales_find_buyers(struct store *store, struct MDB_txn *txn, struct bytes buyer, struct bytes lead,
                                  struct ident *post_id) MUST_USE;
/* What was told under that event id; texts are the store's, until it is written. FAULT_NOT_FOUND. */
enum fault aftersales_told(struct store *store, struct MDB_txn *txn, struct bytes buyer, struct bytes event_id,
                           struct book_disposition *told) MUST_USE;

/* Whose months are counted. */
enum aftersales_owner { AFTERSALES_CONTRACT = 'c', AFTERSALES_AFFILIATE = 'a' };
/* None counted: zeros. */
enum fault aftersales_month(struct store *store, struct MDB_txn *txn, enum aftersales_owner owner, struct bytes id,
                            uint32_t period, struct return_month *month) MUST_USE;
/* Both of a sale's owners; `sales` or `returns` by 1, or -1. */
enum fault aftersales_count(const struct rows_work *work, struct bytes contract, struct bytes affiliate,
                            uint32_t period, int sales, int returns) MUST_USE;

/* Terms stand only with the intents they are of. */
bool aftersales_fit(const struct book_step *step);
/* The terms of a step's intents, what its sales begin, what its refusals end. After the step's own rows. */
enum fault aftersales_step(const struct rows_work *work, const struct book_step *step, struct bytes affiliate,
                           bool is_test) MUST_USE;
/* Nobody need be reached any more. The record is the caller's to write. */
enum fault aftersales_end_waiting(const struct rows_work *work, struct aftersale_record *record) MUST_USE;
/* ENTRY_DISPOSITION. */
enum fault aftersales_dispose(const struct rows_work *work) MUST_USE;
/* The entry had to do with that row. */
bool aftersales_touches(const struct entry *entry, enum book_table table, struct bytes key);
