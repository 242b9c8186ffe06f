/* random: a small market drawn from a seed: its three files. */
#pragma once

#include "tests/sim/swarm.h"

#define RANDOM_BUYERS_MAX 6u
#define RANDOM_CONTRACTS_MAX 2u
#define RANDOM_AFFILIATES 2u

struct random_market {
    unsigned buyers, contracts[RANDOM_BUYERS_MAX];
    unsigned reloads; /* what a reload may change is drawn with it */
    uint64_t seed;
    swarm_set swarm; /* what there is in this world */
};

/* Draws the market and writes its files. False: they could not be written. */
bool random_write(struct random_market *market, uint64_t seed, const char *folder);
/* The settings and market again with other terms, caps and filters; ids and buyers stay. */
bool random_rewrite(struct random_market *market, const char *folder);
/* "b2", "b2-c1", "a0": names in that market. */
void random_buyer(unsigned buyer, char name[16]);
void random_contract(unsigned buyer, unsigned contract, char name[16]);
void random_affiliate(unsigned affiliate, char name[16]);
