/* whatif: recorded auctions under another catalogue: what would have been offered, sold and earned, beside what was.
 * The reckoning; whatif_print.c tells it. */
#pragma once

#include <stdio.h>

#include "exchange/command/past.h"
#include "exchange/command/recorded.h"

struct whatif_sums {
    uint64_t offers, leads;
    int64_t revenue_micros, payout_micros, margin_micros;
};

struct whatif_buyer {
    struct bytes id;
    struct whatif_sums was, is; /* offers: not counted */
};

struct whatif {
    struct recorded *recorded;
    struct recorded_span span;
    struct catalogue *other;
    const char *name; /* of the other catalogue */
    struct past past;
    struct whatif_sums was, is;
    struct whatif_buyer *buyers;
    uint32_t buyers_count, buyers_room;
    struct table buyer_places;
    uint64_t auctions, pings, whole_leads, bids;
    /* What could not be known, or was assumed. */
    uint64_t too_old, strange, unreadable;
    uint64_t unknown_auctions, unknown_contracts; /* that would be asked, and were not then */
    uint64_t drawn_sales, drawn_refusals;         /* posts never made, by the contract's share */
    uint64_t drawn_offers;                        /* offers never made: taken, by the affiliate's share */
    uint64_t doubts;                              /* posts in doubt, there and here */
    enum fault fault;
    bool no_memory;
};

void whatif_print(const struct whatif *whatif, FILE *out);
void whatif_print_json(const struct whatif *whatif, FILE *out);
