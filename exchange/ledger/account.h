/* account: who is owed what, in the book's table of accounts. For this room only.
 *
 * A movement is a balanced set of legs, one an account: their sum is 0, so the sum over all accounts is 0 at any time.
 * Looked up and added (checked) first, written after: a movement that cannot be made changes nothing. */
#pragma once

#include "exchange/ledger/journal.h"
#include "exchange/record/book.h"

#define ACCOUNT_NAME_MAX 300
#define ACCOUNT_LEGS_MAX (OFFER_SALES_MAX + 3) /* buyers, the affiliate, the house twice */

struct account_leg {
    char name[ACCOUNT_NAME_MAX];
    size_t name_len;
    int64_t micros; /* what moves */
    int64_t after;  /* the balance then */
};

struct account_movement {
    struct account_leg legs[ACCOUNT_LEGS_MAX];
    unsigned count;
};

/* Into a movement that is empty (zeroed) or has other sales of the lead: buyer:X −price, affiliate:Y:uncleared +payout,
 * house:margin +margin (a negative one: house:loss); legs of 0 are left out. FAULT_INPUT: it is not balanced, a name is
 * too long, or a balance would pass an int64. */
enum fault account_add_sale(struct store *store, struct MDB_txn *txn, const struct book_sale *sale,
                            struct bytes affiliate, struct account_movement *movement) MUST_USE;
enum fault account_write(struct store *store, struct MDB_txn *txn, const struct account_movement *movement) MUST_USE;
/* fn for each account; FAULT_CORRUPT: a row that is none. */
enum fault account_each(struct store *store, struct MDB_txn *txn,
                        void (*fn)(void *arg, struct bytes account, int64_t micros), void *arg) MUST_USE;
