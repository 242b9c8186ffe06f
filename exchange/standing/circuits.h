/* circuits: the word of each contract's and each origin's circuit. Its meaning belongs to market/circuit; 0 is a closed
 * circuit without history. Lock-free. */
#pragma once

#include "exchange/standing/cell.h"

uint64_t circuits_word(struct standing *standing, bool of_origin, uint32_t cell);
/* Puts `to` in place of `from`; false when the word is another by now: read it and judge again. */
bool circuits_swap(struct standing *standing, bool of_origin, uint32_t cell, uint64_t from, uint64_t to);
