/* score: a lead's points by the rules of its campaign: the sum of all rules whose condition holds. Pure.
 *
 * No rule looks at a private field (an error of the catalogue): a lead scores the same in its ping, whole in one call,
 * and when its auction is decided again from its trace. */
#pragma once

#include "exchange/market/campaign.h"

#define SCORE_POINTS_MAX 1000000 /* of one rule, up or down */
#define SCORE_RULES_MAX 256u

/* 0 where the campaign has no rules. */
int64_t score_of(const struct facts *facts);
