/* order: the one total order bids stand in, and the seeded draws in it. Pure; rank.h says what the keys mean. */
#pragma once

#include "protocol/base/bytes.h"

struct order_key {
    bool is_last; /* not to be had now */
    uint32_t tier;
    uint64_t policy_key;
    int64_t effective_micros; /* higher ones first */
    int32_t response_us;      /* 0: without history */
    uint64_t draw;
    struct bytes id; /* two draws may be equal */
    uint32_t index;  /* order_sort's own: two legs of one contract stand as they came */
};

/* A number of the seed's for that key: every bit of both moves every bit of it. */
uint64_t order_draw(uint64_t seed, uint64_t key);
/* −log2((drawn + 1) / 2^64), in units of 2^-32: 0 to 64 · 2^32; high by less than a unit. */
uint64_t order_minus_log2(uint64_t drawn);
/* Up to the effective price: response times and the draw are left out. Below 0: a stands before b; 0: a tie. */
int order_compare(const struct order_key *a, const struct order_key *b);
/* Sorts indexes by their keys, best first: order_compare, then ties by response time (without history: as the fastest
 * of the tie), then the draw. Without memory, n log n for any input. */
void order_sort(uint32_t *order, uint32_t count, void (*key_of)(const void *arg, uint32_t index, struct order_key *key),
                const void *arg);
