/* swarm: which features and which faults there are at all in one seeded world. Each is absent from about half of the
 * worlds, so that those that are left meet more often, and nothing hides behind what always happens; one world in eight
 * has all of them. */
#pragma once

#include "tests/sim/queue.h"

enum swarm {
    /* In the market. */
    SWARM_SHARED,
    SWARM_SECOND_PRICE,
    SWARM_POLICIES,
    SWARM_EXPERIMENT,
    SWARM_WATERFALL,
    SWARM_DUPLICATES,
    SWARM_LISTS,
    SWARM_QUIET,
    SWARM_CAPS,
    SWARM_SEGMENTS, /* caps per something */
    SWARM_FUNDS,
    SWARM_FILTERS,
    SWARM_HOLDS, /* of offers */
    SWARM_SEATS,
    SWARM_RATES,
    SWARM_MARGINS,
    SWARM_LOWER, /* price_at_post, max_price */
    SWARM_UNKNOWN,
    SWARM_DOUBT, /* an end, a status endpoint */
    SWARM_SELLERS,
    SWARM_TIERS,
    SWARM_RELEASES, /* affiliates whose on_pending says so */
    SWARM_STANDING, /* prices without a ping */
    SWARM_COPIES,   /* of sold leads, and who is told of a sale */
    SWARM_INBOX,    /* nothing is posted: the buyer reads */
    /* Of affiliates. */
    SWARM_TESTS,
    SWARM_KEYS,
    SWARM_REFINES,
    SWARM_IMPATIENCE, /* timeouts of their own, and some hang up */
    /* Of buyers. */
    SWARM_SLOW, /* around the deadlines */
    SWARM_ODD,  /* what is no answer */
    SWARM_REFUSALS,
    SWARM_LEGS,
    SWARM_PUSHES,
    SWARM_VERDICTS, /* by buyers and operators */
    /* Of the way, of the house. */
    SWARM_LOST,   /* requests and replies that never come */
    SWARM_TWICE,  /* and those that come twice */
    SWARM_EDGES,  /* replies at a deadline, a millisecond and a microsecond around it; the same of affiliates */
    SWARM_STALLS, /* a commit that takes far longer than those before */
    SWARM_FULL,   /* no room on the disk, and room again */
    SWARM_BREAKS, /* a flush fails */
    SWARM_CRASHES,
    SWARM_DRAINS,
    SWARM_RELOADS,
    SWARM_JUMPS, /* of time */
    SWARM_KEPT,  /* the exchange's own rows are kept beside the model (keeper.h) */
    SWARM_COUNT
};

typedef uint64_t swarm_set;
_Static_assert(SWARM_COUNT <= 64, "a set has 64 bits");

static inline swarm_set swarm_draw(uint64_t seed)
{
    struct queue chance;
    queue_open(&chance, 0, seed ^ 0x5a4aceu, false);
    swarm_set set = queue_draw(&chance, 1u << 16);
    for (unsigned i = 0; i < 3; i++) set = set << 16 | queue_draw(&chance, 1u << 16);
    return queue_draw(&chance, 8) ? set : ~UINT64_C(0);
}

static inline bool swarm_has(swarm_set set, enum swarm one)
{
    return set >> one & 1;
}
