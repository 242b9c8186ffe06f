/* switches: the operator's pause of a contract. Durable in the book, which sets it again at start; stands over reloads.
 */
#pragma once

#include "exchange/standing/cell.h"

void switches_set(struct standing *standing, uint32_t contract_cell, bool paused);
bool switches_paused(struct standing *standing, uint32_t contract_cell);
