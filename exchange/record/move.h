/* move: a movement of money as the book keeps it: a balanced set of legs with its kind and what it is about; and what
 * an account knows of itself. Rows derived from entries; struct <-> bytes, versioned, bounded.
 *
 * Texts point into the bytes read. Amounts are micro-units; a buyer that owes is below 0. No thread of its own, no I/O.
 */
#pragma once

#include "exchange/record/flat.h"
#include "exchange/record/period.h"

#define MOVE_LEGS_MAX 5
#define MOVE_REF_MAX 128
#define MOVE_NOTE_MAX 500

enum move_kind {
    MOVE_SALE = 1,
    MOVE_RETURN,
    MOVE_VOID,  /* a sale that should not have been */
    MOVE_EVENT, /* a stage the lead reached: paid on top of its sale */
    MOVE_PAYMENT,
    MOVE_PAYOUT,
    MOVE_CREDIT,
    MOVE_DEBIT,
    MOVE_LOSS,  /* what an account owes and will not pay */
    MOVE_CLEAR, /* of an affiliate, from uncleared to cleared: between its own accounts */
    MOVE_KIND_COUNT
};
const char *move_kind_name(enum move_kind kind); /* "sale", "return", … */
/* False: no kind is called so. */
bool move_kind_read(struct bytes name, enum move_kind *kind);

struct move_leg {
    uint32_t account; /* its number */
    int64_t micros;
};

struct move_record {
    enum move_kind kind;
    struct ident sale_id; /* IDENT_NONE: of no sale */
    int64_t booked_ms, effective_ms;
    int64_t clears_ms;  /* 0: nothing of it clears by time */
    uint32_t period;    /* the one it stands in */
    uint32_t of_period; /* the one it belongs to, where that is another: it was closed, or the sale was made in it */
    struct bytes ref, note; /* a movement of a sale without one: the sale's own id is its ref */
    unsigned legs_count;
    struct move_leg legs[MOVE_LEGS_MAX]; /* their sum is 0 */
};
bool move_write(struct sink *sink, const struct move_record *move);
bool move_read(struct bytes bytes, struct move_record *move);

/* An entry: what an operator books by hand. */
struct book_adjustment {
    enum move_kind kind;
    struct bytes account; /* "buyer:X", "affiliate:X" */
    int64_t amount_micros;
    int64_t effective_ms;
    uint32_t effective_period; /* in the house's time */
    struct bytes ref, note;
};
bool move_write_adjustment(struct sink *sink, const struct book_adjustment *adjustment);
bool move_read_adjustment(struct bytes bytes, struct book_adjustment *adjustment);

/* Sums by kind, of one account in one period. They wrap where the balances, which are checked, would have been refused
 * long before. */
struct move_tally {
    uint64_t count;
    int64_t micros[MOVE_KIND_COUNT];
};
void move_tally_add(struct move_tally *tally, enum move_kind kind, int64_t micros);
int64_t move_tally_sum(const struct move_tally *tally);
bool move_write_tally(struct sink *sink, const struct move_tally *tally);
bool move_read_tally(struct bytes bytes, struct move_tally *tally);

/* A line of an account: what one movement was to it, and its tally of that period from then on. */
struct move_line {
    int64_t micros;
    struct move_tally tally;
};
bool move_write_line(struct sink *sink, const struct move_line *line);
bool move_read_line(struct bytes bytes, struct move_line *line);
