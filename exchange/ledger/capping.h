/* capping: what an entry changes in the book's counters of caps. Added up first, looked up and checked then, written
 * last. For this room only. */
#pragma once

#include "exchange/ledger/store.h"
#include "exchange/record/book.h"

#define CAPPING_KEY_BYTES 20u /* the counter's id, the window's number */

struct capping_change {
    char key[CAPPING_KEY_BYTES];
    int64_t change;
    uint64_t after;
};

struct capping {
    struct capping_change *list;
    unsigned count, room;
};
/* Room for the counters of that many verdicts and intents; in the arena. */
enum fault capping_begin(struct capping *capping, struct arena *arena, unsigned posts) MUST_USE;

void capping_add(struct capping *capping, const struct book_cap_key *key, int64_t change);
/* FAULT_INPUT: a counter would fall below zero. */
enum fault capping_plan(struct store *store, struct MDB_txn *txn, struct capping *capping) MUST_USE;
enum fault capping_write(struct store *store, struct MDB_txn *txn, const struct capping *capping) MUST_USE;
