/* booking: what an operator does to the accounts by hand: an amount booked, a period closed. Each is an entry, none is
 * an edit.
 *
 * Belongs to whoever asks, texts included, and is lent to the ledger thread until the answer comes. */
#pragma once

#include "exchange/record/move.h"
#include "protocol/base/fault.h"

struct ledger_line;

enum booking_kind { BOOKING_ADJUSTMENT, BOOKING_CLOSE, BOOKING_KINDS };

struct booking {
    enum booking_kind kind;
    struct book_adjustment adjustment; /* its effective_ms 0: now; its effective_period is the ledger's to say */
    bool is_known;                     /* the catalogue has that account; else it must have been moved before */
    uint32_t period;                   /* CLOSE: up to this one; it is over, in the house's time */

    /* The answer. With FAULT_INPUT: what is wrong; FAULT_NOT_FOUND: no such account; FAULT_TAKEN: the ref was used
     * before, or the period is closed. */
    const char *why;
    uint32_t in_period, of_period; /* where it stands, and the one it belongs to if that was closed; else 0 */
    int64_t booked_ms;
    int64_t balance_micros; /* of the account (of an affiliate: what is cleared), then */
};

/* The booking lives until on_durable, and is filled by then. */
enum fault ledger_book(struct ledger_line *line, struct booking *booking, int64_t wall_ms,
                       void (*on_durable)(void *arg, uint64_t token, enum fault fault, uint64_t seq), void *arg,
                       uint64_t token) MUST_USE;
