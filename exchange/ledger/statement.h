/* statement: what an account, or the two of an affiliate together, came to in a period: where it began, each movement
 * in the order of the book, where it ended. Out of rows that are derived from the entries; nothing is added up but a
 * line for each period before.
 *
 * For the reader thread, and commands; each call a short read transaction. What is found is copied into the arena. */
#pragma once

#include "exchange/ledger/reader.h"
#include "exchange/record/move.h"
#include "exchange/record/sale.h"

#define STATEMENT_ACCOUNTS_MAX 2
#define STATEMENT_LINES_MAX 500 /* of one page */

struct statement_account {
    struct bytes name; /* "affiliate:X:uncleared" */
    uint32_t number;   /* 0: nothing was ever booked on it */
    int64_t opening_micros, closing_micros;
    struct move_tally tally; /* of the period */
};

struct statement {
    struct bytes who; /* "buyer:X", "affiliate:X", or an account's own name */
    uint32_t period;
    bool is_closed;
    uint64_t seq; /* of the book as it was looked at */
    int64_t opening_micros, closing_micros;
    struct move_tally tally; /* of all its accounts */
    unsigned accounts_count;
    struct statement_account accounts[STATEMENT_ACCOUNTS_MAX]; /* of an affiliate: uncleared, cleared */
};

/* Where a page begins: behind that movement. */
struct statement_place {
    uint64_t seq;
    unsigned n; /* of the entry's movements */
};

struct statement_line {
    struct statement_place place;
    struct move_record move;
    bool has_sale;
    struct sale_record sale;                /* as it stands now */
    int64_t micros[STATEMENT_ACCOUNTS_MAX]; /* what moved, by account */
    int64_t balance_micros;                 /* of all its accounts, then */
};

/* FAULT_NOT_FOUND: nothing was ever booked on any of its accounts (the statement is filled, with zeros); FAULT_INPUT:
 * no account is called so. */
enum fault statement_read(struct reader *reader, struct bytes who, uint32_t period, struct arena *arena,
                          struct statement *statement) MUST_USE;
/* Up to `max` (at most STATEMENT_LINES_MAX) lines behind `after` (seq 0: from the start). Movements that came since the
 * statement was read are left out, so that its pages come to its closing balance. */
enum fault statement_lines(struct reader *reader, const struct statement *statement,
                           const struct statement_place *after, struct arena *arena, struct statement_line *lines,
                           uint32_t max, uint32_t *count) MUST_USE;

/* fn for every account in the order of names, with what is held beside it (a buyer's). A page at a time is copied, so
 * the transaction is short; *after (empty: from the start) moves on, empty at the end. */
struct statement_balance {
    struct bytes name;
    int64_t balance_micros, held_micros;
};
enum fault statement_balances(struct reader *reader, struct bytes *after, struct arena *arena,
                              struct statement_balance *list, uint32_t max, uint32_t *count) MUST_USE;
