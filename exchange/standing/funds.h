/* funds: what each buyer has left: its balance in the book less what its open posts, and offers that hold, may still
 * cost (market.md sections 2 and 4). One word a buyer, shared by all its contracts, on a cache line of its own; kept
 * for every buyer, limited or not, so that a limit that is set by a reload holds from its first post on.
 *
 * Who writes it. A worker takes the price at stake before the intent is written. Until the intent is in the book the
 * worker may give it back. From then on the ledger thread alone does, with the entry that says what became of the post,
 * once that is on disk: a rejection gives all of it back, a sale the difference between it and what is billed, a doubt
 * nothing. So whoever resolves a doubt, and however late, the word follows the book.
 *
 * Lock-free; any thread. */
#pragma once

#include "exchange/standing/cell.h"

#define FUNDS_ANY INT64_MAX /* a credit without end, and what is left of it */

/* What one post or offer has taken; a value. Zeroed: nothing. */
struct funds_hold {
    uint32_t buyer_cell;
    bool is_booked; /* its intent is in the book, which gives it back */
    int64_t micros; /* 0: nothing */
};

/* Balance less holds; negative: so much is owed. */
int64_t funds_left(struct standing *standing, uint32_t buyer_cell);
/* Takes `micros` if the balance less all holds does not fall below −credit: never, not by one micro, with any number of
 * threads. FUNDS_ANY: it is only counted. False: there is not so much, and nothing is held. */
bool funds_take(struct standing *standing, uint32_t buyer_cell, int64_t micros, int64_t credit_micros,
                struct funds_hold *hold) __attribute__((warn_unused_result));
/* Gives back what is not in the book. */
void funds_give(struct standing *standing, const struct funds_hold *hold);
/* The ledger thread's, once it is on disk: a hold has ended, money came or went. */
void funds_change(struct standing *standing, uint32_t buyer_cell, int64_t micros);
