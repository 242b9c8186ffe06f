/* A word that says all at once needs no more than a store and a load. */
#include "exchange/standing/learned.h"

#include "exchange/standing/cells.h"

void learned_publish(struct standing *standing, uint32_t contract_cell, uint64_t word)
{
    atomic_store_explicit(&contract_at(standing, contract_cell)->learned, word, memory_order_release);
}

uint64_t learned_word(struct standing *standing, uint32_t contract_cell)
{
    return atomic_load_explicit(&contract_at(standing, contract_cell)->learned, memory_order_acquire);
}

void learned_publish_kept(struct standing *standing, uint32_t contract_cell, uint64_t word)
{
    atomic_store_explicit(&contract_at(standing, contract_cell)->kept, word, memory_order_release);
}

uint64_t learned_kept(struct standing *standing, uint32_t contract_cell)
{
    return atomic_load_explicit(&contract_at(standing, contract_cell)->kept, memory_order_acquire);
}
