/* account: who is owed what, and how it came about: the book's tables of accounts, sales, movements and refs. For this
 * room only.
 *
 *   accounts       "buyer:X"  ->  balance (8) | number (4) | period (4) | tally of that period
 *   account_names  number (4, big-endian)  ->  name
 *   account_lines  number (4), period (4), seq (8), n (1), all big-endian  ->  what moved | tally of the period then
 *   moves          seq (8), n (1), big-endian  ->  move_write
 *   refs           whose (1) | ref  ->  seq (8), n (1): a second one is refused
 *   sales          sale id (parts)  ->  sale_write
 *
 * A movement is a balanced set of legs, so the sum over all accounts is 0 at any time. Accounts are buyer:X,
 * affiliate:X:uncleared, affiliate:X:cleared, house:margin, house:loss and external:cash, no others; what is below 0 is
 * owed to the house.
 *
 * All movements of an entry are put together in a struct account_book: account_begin, then account_add_… (looks up and
 * checks; may come several times), then account_write once. FAULT_INPUT of an add: *why says what is wrong with it, as
 * a constant; nothing was written. Any other fault gives the transaction up. */
#pragma once

#include "exchange/ledger/rows.h"
#include "exchange/record/move.h"
#include "exchange/record/sale.h"

#define ACCOUNT_NAME_MAX 300

/* An account as it will be. */
struct account_touched {
    struct bytes name;
    uint32_t number;
    bool is_new;
    int64_t before_micros; /* its balance before the entry */
    int64_t balance_micros;
    uint32_t period; /* the latest it was moved in */
    struct move_tally tally;
};

struct account_book {
    struct store *store;
    struct MDB_txn *txn;
    struct arena *arena; /* of the entry */
    struct rows_totals *totals;
    const struct entry *entry;
    struct rows_refusal *told;
    const char *why;
    struct account_touched *touched; /* legs name their place here, until they are written */
    struct move_record *moves;
    struct sale_record *sales; /* as they will be, one for each movement at most */
    bool *is_new_sale;
    unsigned touched_count, moves_count, sales_count, room; /* room: of moves */
};

/* Room for that many movements. FAULT_MEMORY. */
enum fault account_begin(struct account_book *book, const struct rows_work *work, unsigned moves_max) MUST_USE;
/* Writes all of it; the work's totals move on, and it is told what buyers' money changed. */
enum fault account_write(struct account_book *book) MUST_USE;

/* A sale of that lead: buyer −price, affiliate uncleared +payout, house margin +margin (a negative one: house loss);
 * legs of 0 are left out. */
enum fault account_add_sale(struct account_book *book, const struct book_sale *sale,
                            const struct lead_record *lead) MUST_USE;

/* All or a part of a sale taken back. Its payout and margin go back in proportion, the last part takes what is left.
 * The affiliate pays its share out of what is uncleared, then out of what is cleared; or the house bears it. */
struct account_return {
    struct ident sale_id;
    bool is_void;         /* kind void, not return */
    bool is_whole;        /* all that is left: price_micros is not looked at */
    bool house_pays;      /* the affiliate keeps its payout: house:loss */
    int64_t price_micros; /* > 0, at most what is left */
    int64_t effective_ms;
    struct bytes ref, note; /* the return's own id; its reason */
};
enum fault account_add_return(struct account_book *book, const struct account_return *back) MUST_USE;

/* A stage the lead reached, paid on top: price = payout + margin. It clears with its sale, or, once that is cleared,
 * after the same time from now. */
struct account_event {
    struct ident sale_id;
    struct sale_money money;
    int64_t effective_ms;
    struct bytes ref, note; /* the event's own id; the stage */
};
enum fault account_add_event(struct account_book *book, const struct account_event *event) MUST_USE;

/* What is uncleared of a sale, cleared; not before its time. */
enum fault account_add_clear(struct account_book *book, const struct ident *sale_id) MUST_USE;

/* By an operator's hand. `account` is buyer:X or affiliate:X (what is cleared of it). PAYMENT and CREDIT add to it,
 * PAYOUT and DEBIT take from it; cash comes from outside, the others from the house's margin; LOSS adds to it out of
 * the house's loss. CLEAR moves an affiliate's own, from what is uncleared. A ref of its own it must have. */
enum fault account_add_adjustment(struct account_book *book, const struct book_adjustment *adjustment) MUST_USE;

/* A sale as it stands, its texts in the arena. FAULT_NOT_FOUND. */
enum fault account_sale(struct store *store, struct MDB_txn *txn, const struct ident *sale_id, struct arena *arena,
                        struct sale_record *sale) MUST_USE;
/* For who changes what else stands in a sale's row. */
enum fault account_put_sale(struct store *store, struct MDB_txn *txn, struct arena *arena,
                            const struct sale_record *sale, bool is_new) MUST_USE;
/* FAULT_NOT_FOUND: nothing was ever booked on it; *balance is 0 then. */
enum fault account_balance(struct store *store, struct MDB_txn *txn, struct bytes name,
                           int64_t *balance_micros) MUST_USE;
/* Of adjustments. A look-up that fails says no: the write finds out. */
bool account_ref_is_used(struct store *store, struct MDB_txn *txn, struct bytes ref);
/* Its row. FAULT_NOT_FOUND; FAULT_CORRUPT. */
enum fault account_find(struct store *store, struct MDB_txn *txn, struct bytes name,
                        struct account_touched *account) MUST_USE;
/* Of account_lines. */
#define ACCOUNT_LINE_KEY 17u
void account_line_key(char key[ACCOUNT_LINE_KEY], uint32_t number, uint32_t period, uint64_t seq, unsigned n);
/* The last line of that account before that place, in that period or any before it: its period and tally.
 * FAULT_NOT_FOUND: there is none. */
enum fault account_line_before(struct store *store, struct MDB_txn *txn, uint32_t number, uint32_t period, uint64_t seq,
                               unsigned n, uint32_t *of_period, struct move_tally *tally) MUST_USE;
/* fn for each account; FAULT_CORRUPT: a row that is none. */
enum fault account_each(struct store *store, struct MDB_txn *txn,
                        void (*fn)(void *arg, struct bytes account, int64_t micros), void *arg) MUST_USE;
