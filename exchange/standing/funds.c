/* Balance and holds are one word, so one swap looks at both and takes: there is no instant at which two threads may
 * have been promised the same money. The limit is not kept here: it comes with each asking out of the snapshot the
 * asker stands on, as the limits of caps do. */
#include "exchange/standing/funds.h"

#include "exchange/standing/cells.h"
#include "protocol/base/money.h"

int64_t funds_left(struct standing *standing, uint32_t buyer_cell)
{
    return atomic_load_explicit(&buyer_at(standing, buyer_cell)->funds, memory_order_acquire);
}

/* What would be left, if it may be. */
static bool may_take(int64_t left, int64_t micros, int64_t credit_micros, int64_t *after)
{
    if (!money_sub(left, micros, after)) return false;
    return credit_micros == FUNDS_ANY || *after >= -credit_micros;
}

bool funds_take(struct standing *standing, uint32_t buyer_cell, int64_t micros, int64_t credit_micros,
                struct funds_hold *hold)
{
    _Atomic int64_t *funds = &buyer_at(standing, buyer_cell)->funds;
    int64_t left = atomic_load_explicit(funds, memory_order_acquire), after;
    check(micros >= 0 && credit_micros >= 0, "buyer cell %u", buyer_cell);
    *hold = (struct funds_hold){.buyer_cell = buyer_cell};
    do {
        if (!may_take(left, micros, credit_micros, &after)) return false;
    } while (!atomic_compare_exchange_weak_explicit(funds, &left, after, memory_order_acq_rel, memory_order_acquire));
    hold->micros = micros;
    return true;
}

void funds_give(struct standing *standing, const struct funds_hold *hold)
{
    if (hold->micros && !hold->is_booked) funds_change(standing, hold->buyer_cell, hold->micros);
}

/* The book, which checks its sums, has refused what would not fit. */
void funds_change(struct standing *standing, uint32_t buyer_cell, int64_t micros)
{
    atomic_fetch_add_explicit(&buyer_at(standing, buyer_cell)->funds, micros, memory_order_acq_rel);
}
