/* stakes: what buyers' posts without a final verdict may still cost them, in the book's table of holds: a post's price
 * from its intent on, through a doubt, until its sale, refusal or end. No row: nothing. A test's post holds nothing.
 * For this room only.
 *
 * Beside the accounts, whose sum is 0, not among them: held money has not moved. Balance less hold is what a limited
 * buyer has left (exchange/standing/funds.h), and this is where that figure comes from at a start. Looked up and added
 * (checked) first, written after. */
#pragma once

#include "exchange/ledger/account.h"
#include "exchange/standing/standing.h"

struct stake {
    char name[ACCOUNT_NAME_MAX]; /* "buyer:X" */
    size_t name_len;
    int64_t change_micros, after_micros;
};

struct stakes {
    struct stake *list;
    unsigned count, room;
};
/* Room for the buyers of that many verdicts and intents; in the arena. */
enum fault stakes_begin(struct stakes *stakes, struct arena *arena, unsigned posts) MUST_USE;

/* Whether a post holds its price. */
bool stakes_is_held(enum post_state state);
/* Into stakes that are empty or have others of the step. FAULT_INPUT: a name is too long, or the sum passes an
 * int64. */
enum fault stakes_add(struct store *store, struct MDB_txn *txn, struct stakes *stakes, struct bytes buyer,
                      int64_t micros) MUST_USE;
/* After the last of them. FAULT_INPUT: more is given back than is held. */
enum fault stakes_check(const struct stakes *stakes) MUST_USE;
enum fault stakes_write(struct store *store, struct MDB_txn *txn, const struct stakes *stakes) MUST_USE;
/* fn for each buyer that has any, "buyer:X". FAULT_CORRUPT: a row that is none. */
enum fault stakes_each(struct store *store, struct MDB_txn *txn,
                       void (*fn)(void *arg, struct bytes account, int64_t micros), void *arg) MUST_USE;
/* At a start: what each buyer has, less what is held of it, into standing, where nothing of it may be yet. */
enum fault stakes_load(struct store *store, struct MDB_txn *txn, struct standing *standing) MUST_USE;
/* The buyer whose account that is; empty: nobody's. */
struct bytes stakes_buyer(struct bytes account);
