/* index: the filters of a campaign's contracts as bitsets: for every value that a lead may have, which contracts it
 * suits. A ping takes one row for each fact that filters look at and ANDs them.
 *
 * Built with the catalogue, in its memory, read by all threads. A contract that the rows rule out is ruled out by its
 * filter as well; one that is left fits, unless index_needs_check says that the rows do not tell all. */
#pragma once

#include "exchange/market/campaign.h"

#define INDEX_CLASSES_MAX 256u /* values of one fact that are told apart: 32 bytes a contract */

struct index;
struct contract;

/* Of the contracts with these places in `contracts`; bit i is the i-th of `list`. NULL: memory is out. */
const struct index *index_build(struct arena *arena, const struct campaign *campaign, const struct contract *contracts,
                                const uint32_t *list, uint32_t count);
/* 64-bit words that `left` must have. */
uint32_t index_words(const struct index *index);
/* Clears in `left` who is ruled out, sets the others; returns how many are left. */
uint32_t index_run(const struct index *index, const struct facts *facts, uint64_t *left);
/* True if the filter or the price rules of the i-th contract have to be asked as well. */
bool index_needs_check(const struct index *index, uint32_t i);
