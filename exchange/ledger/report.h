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

enum report_format { REPORT_CSV, REPORT_NDJSON };
/* Sales (one line each, RFC 4180 or NDJSON) with from ≤ time < to. No private field. */
enum fault report_export(const char *path, enum report_format format, int64_t from_ms, int64_t to_ms,
                         FILE *out) MUST_USE;
