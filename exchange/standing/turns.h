/* turns: when a contract last had its turn (policy round_robin). One count for the whole house gives every turn a
 * number; whoever had none, or the oldest, is next. Lock-free. Not kept over a restart: then the draw begins anew. */
#pragma once

#include "exchange/standing/cell.h"

/* A lead goes out to the contract: that was its turn. */
void turns_take(struct standing *standing, uint32_t contract_cell);
/* The number of its latest turn; 0: it had none yet. */
uint64_t turns_latest(struct standing *standing, uint32_t contract_cell);
