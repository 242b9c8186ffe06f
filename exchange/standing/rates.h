/* rates: calls in flight per buyer, token buckets per buyer and affiliate, recent response time per contract.
 * Lock-free. */
#pragma once

#include "exchange/standing/cell.h"

#define RATES_CALLS_MIN 20 /* a response time stands for something from here on */

/* In-flight calls of a buyer: +1 if below max (0: no bound), else false. Each true is to be followed by one leave. */
bool rates_enter(struct standing *standing, uint32_t buyer_cell, uint32_t max);
void rates_leave(struct standing *standing, uint32_t buyer_cell);
uint32_t rates_in_flight(struct standing *standing, uint32_t buyer_cell);
/* Token buckets of one second's depth; per_s 0: no limit. take: false when spent; peek does not take. */
bool rates_take_buyer(struct standing *standing, uint32_t buyer_cell, uint32_t per_s, int64_t now_us);
bool rates_peek_buyer(struct standing *standing, uint32_t buyer_cell, uint32_t per_s, int64_t now_us);
bool rates_take_affiliate(struct standing *standing, uint32_t affiliate_cell, uint32_t per_s, int64_t now_us);
/* A call's answer time; the mean with decay (a call weighs 1/20), 0 before RATES_CALLS_MIN calls and at least 1 from
 * then on. */
void rates_answered(struct standing *standing, uint32_t contract_cell, int64_t us);
int32_t rates_response_us(struct standing *standing, uint32_t contract_cell);
/* A call's last failure, for operators: a small code of the caller's (a reason) and the wall instant. False: none yet.
 */
void rates_failed(struct standing *standing, uint32_t contract_cell, uint8_t code, int64_t wall_ms);
bool rates_last_failure(struct standing *standing, uint32_t contract_cell, uint8_t *code, int64_t *wall_ms);
