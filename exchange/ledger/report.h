/* report: the whole book read through: verified, or told in lines. For commands; each runs over short read
 * transactions. */
#pragma once

#include <stdio.h>

#include "exchange/ledger/reader.h"

struct report_verdict {
    bool good;
    uint64_t older; /* the book's version, when its rows are still to be brought up to date by a start; else 0 */
    uint64_t entries;
    uint64_t bad_seq; /* the first entry at fault */
    char text[320];   /* what is wrong with it, and how to go on */
};

/* Chain, sums (all legs 0, balances re-derived), rows against entries, caps re-derived, orphans. `progress` may be
 * NULL. */
enum fault report_verify(const char *path, struct report_verdict *verdict,
                         void (*progress)(void *arg, uint64_t done, uint64_t all), void *arg) MUST_USE;

enum report_format { REPORT_CSV, REPORT_NDJSON, REPORT_MSGPACK };
enum report_what { REPORT_SALES, REPORT_MOVES };

struct report_wish {
    enum report_what what;
    enum report_format format;
    int64_t from_ms, to_ms;                  /* from ≤ booked < to */
    struct bytes affiliate, buyer, campaign; /* empty: of any */
};

/* Sales in the order they were made, each as it stands now; or movements of money in the order of the book, a line for
 * each leg. RFC 4180, NDJSON, or one MessagePack map after the other. No private field. FAULT_VERSION: of a book that
 * an older exchange left there are no movements yet. */
enum fault report_export(const char *path, const struct report_wish *wish, FILE *out) MUST_USE;

/* A consistent copy of the book into the folder `to`/book (made; FAULT_TAKEN: there is something already), as it stands
 * at one instant, beside a live exchange; never in its process. It is no backup before report_verify of it. */
enum fault report_copy(const char *path, const char *to) MUST_USE;
