/* rows: what the book keeps beside its journal, derived entry by entry: leads, posts, doubts, pings, keys, caps,
 * accounts, switches, totals. For this room only.
 *
 * The same function serves the ledger thread, which keeps the rows in the entry's transaction, and verify, which
 * derives them anew from the journal and compares. First everything is looked up and checked, then everything is
 * written: an entry that does not follow from what stands changes nothing. */
#pragma once

#include "exchange/ledger/journal.h"
#include "exchange/ledger/learning.h"
#include "exchange/ledger/reader.h"
#include "exchange/ledger/waiting.h"

/* One row; written once per transaction. */
struct rows_totals {
    uint64_t entries, leads, sold, unsold, pending, posts, doubts, posts_open; /* tests aside, but for entries */
    int64_t revenue_micros, payout_micros, margin_micros;
    int64_t first_ms, last_ms;
    uint64_t tests;         /* test leads: counted here and nowhere else */
    uint64_t accounts;      /* that have a number: the highest */
    uint64_t closed_period; /* it and those before it are closed; 0: none is */
    /* What other movements than sales came to, by whose accounts they are. */
    int64_t buyers_beside_micros, affiliates_beside_micros, house_beside_micros, cash_micros;
};

#define ROWS_FUNDS_MAX 32u /* buyers of an entry whose money moves */

/* What it changes in what a buyer has left. */
struct rows_funds {
    struct bytes buyer;
    int64_t micros;
};

/* A buyer whose balance a sale took below what is low for it. */
struct rows_low {
    struct bytes buyer;
    int64_t balance_micros;
};

/* What is told of an entry. */
struct rows_refusal {
    const char *text;                                  /* why it is refused: a constant */
    struct learning learning[OFFER_SALES_MAX];         /* what it taught, if it is not: of each verdict */
    struct learning kept[OFFER_SALES_MAX];             /* of sales that are kept or came back */
    struct book_cap_key given_back[BOOK_CAP_KEYS_MAX]; /* counters in which a returned sale made room */
    unsigned given_back_count;
    /* Money that comes and goes, and holds that end; not the holds it begins: whoever asked for it has taken those. */
    struct rows_funds funds[ROWS_FUNDS_MAX];
    unsigned funds_count;
    struct rows_low lows[OFFER_SALES_MAX];
    unsigned lows_count;
    struct ident ended; /* a lead whose erasure waited for its story, which has ended */
};
/* Adds to it; nothing where the buyer is nobody. The name lives as long as the entry's arena. */
void rows_tell_funds(struct rows_refusal *refusal, struct bytes buyer, int64_t micros);

/* What an entry's rows are made of. */
struct rows_work {
    struct store *store;
    struct MDB_txn *txn;
    const struct entry *entry;
    struct arena *arena;
    struct rows_totals *totals; /* as they will be */
    struct rows_refusal *refusal;
};
/* FAULT_INPUT, said why. */
enum fault rows_refuse(const struct rows_work *work, const char *text) MUST_USE;

/* The rows of one entry; *totals moves on. FAULT_INPUT: it contradicts what stands, *refusal says how; nothing was
 * written. Any other fault: the transaction is to be given up. The arena is for the rows met on the way. */
enum fault rows_apply(struct store *store, struct MDB_txn *txn, const struct entry *entry, struct arena *arena,
                      struct rows_totals *totals, struct rows_refusal *refusal) MUST_USE;

/* The part of it for entries that are no steps; rows_entries.c. */
enum fault rows_apply_other(const struct rows_work *work) MUST_USE;

/* A new book has totals of zeros. */
enum fault rows_read_totals(struct store *store, struct MDB_txn *txn, struct rows_totals *totals) MUST_USE;
enum fault rows_write_totals(struct store *store, struct MDB_txn *txn, const struct rows_totals *totals) MUST_USE;

/* Bodies of the entries that are no steps. */
bool rows_write_switch(struct sink *sink, struct bytes contract, bool paused);
/* Each API key (its SHA-256) that was revoked, and when. */
enum fault rows_each_key_revoked(struct store *store, struct MDB_txn *txn,
                                 void (*fn)(void *arg, const struct digest *key, int64_t wall_ms), void *arg) MUST_USE;
bool rows_write_catalogue(struct sink *sink, const struct digest *version, uint64_t len);
bool rows_read_catalogue(struct bytes body, struct digest *version, uint64_t *len);
/* That data keys are wrapped by another key from now on, and that all are. */
enum rows_rotation { ROWS_ROTATION_BEGUN, ROWS_ROTATION_ENDED };
#define ROWS_KEY_ID 8u
bool rows_write_rotation(struct sink *sink, enum rows_rotation what, struct bytes key_id);

/* Rows by id, in the arena. */
enum fault rows_lead(struct store *store, struct MDB_txn *txn, const struct ident *lead_id, struct arena *arena,
                     struct lead_record *lead) MUST_USE;
enum fault rows_post(struct store *store, struct MDB_txn *txn, const struct ident *post_id, struct arena *arena,
                     struct post_record *post) MUST_USE;

/* Of slots: whether one more buyer may hold the lead, and the sale that an acceptance of that post would make. */
bool rows_has_room(const struct lead_record *lead, const struct book_intent *intent);
struct book_sale rows_sale_to_be(const struct book_intent *intent);
