/* Read at each match of each contract, written once a call: acquire and release are all it needs. */
#include "exchange/standing/circuits.h"

#include "exchange/standing/cells.h"

static _Atomic uint64_t *word_at(struct standing *standing, bool of_origin, uint32_t cell)
{
    return of_origin ? &origin_at(standing, cell)->circuit : &contract_at(standing, cell)->circuit;
}

uint64_t circuits_word(struct standing *standing, bool of_origin, uint32_t cell)
{
    return atomic_load_explicit(word_at(standing, of_origin, cell), memory_order_acquire);
}

bool circuits_swap(struct standing *standing, bool of_origin, uint32_t cell, uint64_t from, uint64_t to)
{
    return atomic_compare_exchange_strong_explicit(word_at(standing, of_origin, cell), &from, to, memory_order_acq_rel,
                                                   memory_order_acquire);
}
