/* A bucket is one number, the instant (ns) at which it would be full again (the "generic cell rate algorithm" of ATM):
 * a token costs 1 s / per_s of the future, and at most one second of it may be spent ahead. No refill, no timer, one
 * swap. Nanoseconds, because a microsecond is too coarse a share of a second from some thousand tokens on.
 *
 * A response time is {mean in 1/256 µs, calls seen up to 20} in one word; the first calls weigh 1/n, later ones 1/20.
 */
#include "exchange/standing/rates.h"

#include "exchange/standing/cells.h"

#define SECOND_NS INT64_C(1000000000)
#define RESPONSE_US_MAX INT64_C(60000000)
#define MEAN_SHIFT 8u
#define CALLS_BITS 8u
#define CALLS_MASK 0xFFu

bool rates_enter(struct standing *standing, uint32_t buyer_cell, uint32_t max)
{
    _Atomic uint32_t *in_flight = &buyer_at(standing, buyer_cell)->in_flight;
    uint32_t now = atomic_load_explicit(in_flight, memory_order_relaxed);
    do {
        if (max && now >= max) return false;
    } while (
        !atomic_compare_exchange_weak_explicit(in_flight, &now, now + 1, memory_order_acq_rel, memory_order_relaxed));
    return true;
}

void rates_leave(struct standing *standing, uint32_t buyer_cell)
{
    uint32_t before = atomic_fetch_sub_explicit(&buyer_at(standing, buyer_cell)->in_flight, 1, memory_order_acq_rel);
    check(before > 0, "buyer cell %u", buyer_cell);
}

uint32_t rates_in_flight(struct standing *standing, uint32_t buyer_cell)
{
    return atomic_load_explicit(&buyer_at(standing, buyer_cell)->in_flight, memory_order_acquire);
}

/* The instant at which the bucket is full again after one more token, or -1 when it has none. A token's price is
 * rounded up: per_s of them fit a full bucket exactly, and never more come out than per_s allows. */
static int64_t after_one(int64_t full_ns, uint32_t per_s, int64_t now_us)
{
    int64_t token_ns = (SECOND_NS + per_s - 1) / per_s, now_ns = now_us * 1000;
    int64_t after_ns = (full_ns > now_ns ? full_ns : now_ns) + token_ns;
    return after_ns - now_ns <= token_ns * per_s ? after_ns : -1;
}

static bool take(_Atomic int64_t *bucket, uint32_t per_s, int64_t now_us)
{
    if (!per_s) return true;
    int64_t full_ns = atomic_load_explicit(bucket, memory_order_relaxed), after_ns;
    do {
        after_ns = after_one(full_ns, per_s, now_us);
        if (after_ns < 0) return false;
    } while (
        !atomic_compare_exchange_weak_explicit(bucket, &full_ns, after_ns, memory_order_acq_rel, memory_order_relaxed));
    return true;
}

bool rates_take_buyer(struct standing *standing, uint32_t buyer_cell, uint32_t per_s, int64_t now_us)
{
    return take(&buyer_at(standing, buyer_cell)->bucket, per_s, now_us);
}

bool rates_peek_buyer(struct standing *standing, uint32_t buyer_cell, uint32_t per_s, int64_t now_us)
{
    if (!per_s) return true;
    int64_t full_ns = atomic_load_explicit(&buyer_at(standing, buyer_cell)->bucket, memory_order_acquire);
    return after_one(full_ns, per_s, now_us) >= 0;
}

bool rates_take_affiliate(struct standing *standing, uint32_t affiliate_cell, uint32_t per_s, int64_t now_us)
{
    return take(&affiliate_at(standing, affiliate_cell)->bucket, per_s, now_us);
}

void rates_answered(struct standing *standing, uint32_t contract_cell, int64_t us)
{
    _Atomic uint64_t *response = &contract_at(standing, contract_cell)->response;
    uint64_t word = atomic_load_explicit(response, memory_order_relaxed), next;
    int64_t sample = (us < 0 ? 0 : us > RESPONSE_US_MAX ? RESPONSE_US_MAX : us) << MEAN_SHIFT;
    do {
        int64_t calls = (int64_t)(word & CALLS_MASK), mean = (int64_t)(word >> CALLS_BITS);
        if (calls < RATES_CALLS_MIN) calls++;
        mean += (sample - mean) / calls;
        next = (uint64_t)mean << CALLS_BITS | (uint64_t)calls;
    } while (!atomic_compare_exchange_weak_explicit(response, &word, next, memory_order_acq_rel, memory_order_relaxed));
}

int32_t rates_response_us(struct standing *standing, uint32_t contract_cell)
{
    uint64_t word = atomic_load_explicit(&contract_at(standing, contract_cell)->response, memory_order_acquire);
    int32_t mean_us = (int32_t)(word >> (CALLS_BITS + MEAN_SHIFT));
    if ((word & CALLS_MASK) < RATES_CALLS_MIN) return 0;
    return mean_us ? mean_us : 1;
}

void rates_failed(struct standing *standing, uint32_t contract_cell, uint8_t code, int64_t wall_ms)
{
    uint64_t word = (uint64_t)wall_ms << 8 | code;
    atomic_store_explicit(&contract_at(standing, contract_cell)->last_error, word, memory_order_relaxed);
}

bool rates_last_failure(struct standing *standing, uint32_t contract_cell, uint8_t *code, int64_t *wall_ms)
{
    uint64_t word = atomic_load_explicit(&contract_at(standing, contract_cell)->last_error, memory_order_relaxed);
    *code = (uint8_t)word;
    *wall_ms = (int64_t)(word >> 8);
    return word != 0;
}
