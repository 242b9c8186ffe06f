/* Each sum by itself: whoever reads between two additions of one lead sees a lead half told, which in sums of many is
 * nothing. */
#include "exchange/standing/arms.h"

#include "exchange/standing/cells.h"

static void raise_sum(_Atomic uint64_t *sum, uint64_t by)
{
    if (by) atomic_fetch_add_explicit(sum, by, memory_order_relaxed);
}

void arms_add(struct standing *standing, uint32_t cell, unsigned arm, const struct arm_sums *more)
{
    check(arm < ARMS_PER_EXPERIMENT, "arm %u", arm);
    struct arm_cell *sums = &experiment_at(standing, cell)->arms[arm];
    raise_sum(&sums->auctions, more->auctions);
    raise_sum(&sums->sold, more->sold);
    raise_sum(&sums->revenue_micros, (uint64_t)more->revenue_micros);
    raise_sum(&sums->payout_micros, (uint64_t)more->payout_micros);
    raise_sum(&sums->margin_micros, (uint64_t)more->margin_micros);
    raise_sum(&sums->margin_squares, more->margin_squares);
}

void arms_read(struct standing *standing, uint32_t cell, unsigned arm, struct arm_sums *sums)
{
    check(arm < ARMS_PER_EXPERIMENT, "arm %u", arm);
    struct arm_cell *from = &experiment_at(standing, cell)->arms[arm];
#define READ(name) atomic_load_explicit(&from->name, memory_order_relaxed)
    *sums = (struct arm_sums){.auctions = READ(auctions),
                              .sold = READ(sold),
                              .revenue_micros = (int64_t)READ(revenue_micros),
                              .payout_micros = (int64_t)READ(payout_micros),
                              .margin_micros = (int64_t)READ(margin_micros),
                              .margin_squares = READ(margin_squares)};
#undef READ
}
