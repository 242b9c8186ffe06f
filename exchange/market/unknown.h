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

struct unknown_rules {
    uint8_t policies[UNKNOWN_CAUSES]; /* enum unknown_policy, by enum verdict_doubt; of DOUBT_NONE: unused */
};
