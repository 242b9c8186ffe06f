/* ranking: by which rules a campaign puts its bids in order and prices them (market.md section 5). Plain data, written
 * only while the catalogue is built. A campaign has one such set, and a second one where it runs an experiment. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum ranking_policy { POLICY_PRICE, POLICY_PRIORITY, POLICY_WEIGHTED, POLICY_ROUND_ROBIN, POLICY_EVEN, POLICIES };
const char *ranking_policy_name(enum ranking_policy policy); /* "round_robin" */

struct ranking {
    enum ranking_policy policy;
    bool by_expected_value; /* rank_by: price × multiplier × P(accepted) instead of price × multiplier */
    bool is_shadow;         /* decides by price, and notes what expected value would have said */
    bool unavailable_last;  /* bids that say available: false rank behind all others; else they are out */
    bool is_second_price;
    int64_t second_step_micros;
};

/* Which set an auction goes by. Stored: append only. */
enum ranking_arm { ARM_NONE, ARM_CONTROL, ARM_TRIAL, ARMS };
const char *ranking_arm_name(enum ranking_arm arm); /* "control"; "" without an experiment */
