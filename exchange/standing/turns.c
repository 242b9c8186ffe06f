/* Two threads may take a turn of one contract at once; the later number stays, so a turn never moves back. */
#include "exchange/standing/turns.h"

#include "exchange/standing/cells.h"

void turns_take(struct standing *standing, uint32_t contract_cell)
{
    uint64_t turn = atomic_fetch_add_explicit(&standing->turns, 1, memory_order_acq_rel) + 1;
    _Atomic uint64_t *latest = &contract_at(standing, contract_cell)->turn;
    uint64_t before = atomic_load_explicit(latest, memory_order_acquire);
    while (before < turn &&
           !atomic_compare_exchange_weak_explicit(latest, &before, turn, memory_order_acq_rel, memory_order_acquire))
        ;
}

uint64_t turns_latest(struct standing *standing, uint32_t contract_cell)
{
    return atomic_load_explicit(&contract_at(standing, contract_cell)->turn, memory_order_acquire);
}
