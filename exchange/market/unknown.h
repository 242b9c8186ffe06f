/* unknown: what a contract says about a post that brings no verdict, by the cause (market.md section 3). Plain data. */
#pragma once

#include <stdint.h>

#define UNKNOWN_CAUSES 6u /* enum verdict_doubt */

enum unknown_policy {
    UNKNOWN_HOLD,     /* it stays in doubt */
    UNKNOWN_RETRY,    /* the same post again, for contracts that take it as the same lead */
    UNKNOWN_FALLBACK, /* the contract says that silence means no */
    UNKNOWN_POLICIES
};

/* Two bits for each cause: contracts are many. */
struct unknown_rules {
    uint16_t policies;
};

static inline enum unknown_policy unknown_by_cause(struct unknown_rules rules, unsigned cause)
{
    return (enum unknown_policy)(rules.policies >> 2 * cause & 3);
}

static inline void unknown_say(struct unknown_rules *rules, unsigned cause, enum unknown_policy policy)
{
    rules->policies = (uint16_t)((rules->policies & ~(3u << 2 * cause)) | (unsigned)policy << 2 * cause);
}
