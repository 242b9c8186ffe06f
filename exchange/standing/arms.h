/* arms: what became of the auctions of an experiment, for each of its two arms, since the exchange started. Sums only;
 * what follows from them is worked out by market/trial. Lock-free; a campaign without an experiment has no cell. */
#pragma once

#include "exchange/standing/cell.h"

#define ARMS_PER_EXPERIMENT 2u

struct arm_sums {
    uint64_t auctions, sold; /* pings and whole leads; leads sold */
    int64_t revenue_micros, payout_micros, margin_micros;
    uint64_t margin_squares; /* of each lead's margin in hundredths */
};

void arms_add(struct standing *standing, uint32_t cell, unsigned arm, const struct arm_sums *more);
void arms_read(struct standing *standing, uint32_t cell, unsigned arm, struct arm_sums *sums);
