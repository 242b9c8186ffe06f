/* aftersales: rows of what is told of sales after they were made. For this room only.
 *
 * As everywhere: first everything is looked up and checked, then written, so a refused entry changes nothing. */
#pragma once

#include "exchange/ledger/rows.h"
#include "exchange/record/aftersale.h"

/* A post's sale with all that was told of it. */
struct aftersales_sale {
    struct post_record post;
    struct lead_record lead;
    const struct book_sale *sale;   /* NULL: it was not sold */
    struct aftersale_record record; /* zeros but for the ids where nothing was told yet */
};

/* FAULT_NOT_FOUND: no such post. */
enum fault aftersales_find(struct store *store, struct MDB_txn *txn, const struct ident *post_id, struct arena *arena,
                           struct aftersales_sale *found) MUST_USE;
/* The record alone; FAULT_NOT_FOUND: nothing was told of that post. */
enum fault aftersales_record(struct store *store, struct MDB_txn *txn, const struct ident *post_id,
                             struct aftersale_record *record) MUST_USE;
/* By the id the buyer gave the lead. FAULT_NOT_FOUND. */
enum fault aftersales_find_buyers(struct store *store, struct MDB_txn *txn, struct bytes buyer, struct bytes lead,
                                  struct ident *post_id) MUST_USE;
/* What was told under that event id; texts are the store's, until it is written. FAULT_NOT_FOUND. */
enum fault aftersales_told(struct store *store, struct MDB_txn *txn, struct bytes buyer, struct bytes event_id,
                           struct book_disposition *told) MUST_USE;

/* The sales of a step: what their buyers call the leads. */
enum fault aftersales_open(struct store *store, struct MDB_txn *txn, const struct book_step *step) MUST_USE;
/* The entry had to do with that row. */
bool aftersales_touches(const struct entry *entry, enum book_table table, struct bytes key);
/* ENTRY_DISPOSITION. */
enum fault aftersales_dispose(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                              struct rows_refusal *refusal) MUST_USE;
