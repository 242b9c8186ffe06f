/* trial: what the sums of an experiment's arm say, and how sure that is: 95 % intervals. Pure integers.
 *
 * Share of auctions that sold, k of n: Wilson's interval (E. B. Wilson, "Probable inference", 1927), z = 1.96,
 *
 *   (k + z²/2 ± z·√(k(n − k)/n + z²/4)) / (n + z²)
 *
 * Margin of an auction (0 where nothing was sold): mean ± z·s/√n with s² the variance of the sample; from two auctions
 * on. */
#pragma once

#include "exchange/standing/arms.h"

struct trial_share {
    uint32_t ppm, low_ppm, high_ppm;
};

struct trial_margin {
    int64_t mean_micros, low_micros, high_micros;
};

/* One lead's margin, as arm_sums.margin_squares counts it. */
uint64_t trial_square(int64_t margin_micros);
/* False: there was no auction. */
bool trial_share_of(const struct arm_sums *sums, struct trial_share *share);
/* False: fewer than two auctions. */
bool trial_margin_of(const struct arm_sums *sums, struct trial_margin *margin);
