/* offer_index: ping id → place of its offer, for this room only. A fixed table of 64-bit entries {tag, place + 1}; an
 * entry never moves, so a look-up needs no lock and sees every id that stands in it. Any thread. */
#pragma once

#include <stdatomic.h>

#include "protocol/base/ident.h"

#define OFFER_INDEX_WINDOW 64u /* entries an id may stand in, from its own on: eight cache lines */
#define OFFER_INDEX_NONE UINT32_MAX

struct offer_index {
    _Atomic uint64_t *entries;
    uint32_t mask; /* windows of 8 entries, a power of two of them */
};

/* Entries for so many offers: bytes to be given, zeroed, to offer_index_over. */
size_t offer_index_bytes(uint32_t offers_max);
void offer_index_over(struct offer_index *index, void *memory, uint32_t offers_max);
/* The entry taken, for offer_index_drop, or OFFER_INDEX_NONE: the id's window is full. */
uint32_t offer_index_put(struct offer_index *index, const struct ident *id, uint32_t place);
void offer_index_drop(struct offer_index *index, uint32_t entry);
/* Places whose id may be this one, one at a time: *at starts at 0. OFFER_INDEX_NONE: no more. */
uint32_t offer_index_next(const struct offer_index *index, const struct ident *id, uint32_t *at);
