/* A flag beside the seats of its contract: both are read together at match and seldom written. */
#include "exchange/standing/switches.h"

#include "exchange/standing/cells.h"

void switches_set(struct standing *standing, uint32_t contract_cell, bool paused)
{
    atomic_store_explicit(&contract_at(standing, contract_cell)->paused, paused, memory_order_release);
}

bool switches_paused(struct standing *standing, uint32_t contract_cell)
{
    return atomic_load_explicit(&contract_at(standing, contract_cell)->paused, memory_order_acquire);
}
