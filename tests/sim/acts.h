/* acts: what happens in the seeded world, one thing after the other: affiliates ask, buyers and operators do theirs,
 * the exchange crashes, its disk fills up. Of what a world has none (swarm.h) nothing happens in it. One thread. */
#pragma once

#include "tests/sim/random.h"
#include "tests/sim/world.h"

#define ACTS_RECENT 16u /* pings that are posted to */

struct run {
    struct world *world;
    struct random_market market;
    struct queue chance;
    char settings[128];
    struct {
        uint32_t request, variant; /* of the lead */
    } recent[ACTS_RECENT];         /* pings */
    unsigned recent_count;
};

/* The next thing, and a little time. */
void acts_go(struct run *run);
/* The operator asks the buyer of that post, if it is in doubt, and says what it heard. */
void acts_resolve(struct run *run, uint32_t post);
/* The reference of filters reads the market's file, as it is now. */
void acts_know_market(struct run *run);
