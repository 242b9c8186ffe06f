/* learned: what is known of a contract from its buyer's verdicts: one word, whose meaning belongs to
 * market/acceptance; 0 is nothing. Written by the ledger thread alone, which keeps it in the book; read by any. */
#pragma once

#include "exchange/standing/cell.h"

void learned_publish(struct standing *standing, uint32_t contract_cell, uint64_t word);
uint64_t learned_word(struct standing *standing, uint32_t contract_cell);
/* Likewise of its sales, which of them it keeps. */
void learned_publish_kept(struct standing *standing, uint32_t contract_cell, uint64_t word);
uint64_t learned_kept(struct standing *standing, uint32_t contract_cell);
