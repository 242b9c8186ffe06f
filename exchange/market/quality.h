/* quality: what a campaign asks of a lead beside the types of its fields; part of the snapshot (market.md section 8).
 * campaign.h and score.h say what of a lead is held against it. */
#pragma once

#include "protocol/base/bytes.h"

struct filter;
struct places;

/* Numbers of a zip's field and of the state's that it has to be in. */
struct zip_pair {
    uint32_t zip, state;
};

struct score_rule {
    const struct filter *when; /* NULL: always */
    int64_t points;
};

struct quality {
    const struct places *zip_places; /* NULL: no zip is held against its state */
    const struct zip_pair *zip_pairs;
    uint32_t zip_pairs_count;
    const struct bytes *consent_required; /* "tcpa": true; other parts of the record: given */
    uint32_t consent_required_count;
    bool consent_at_ping; /* required in the ping already */
    const struct score_rule *score;
    uint32_t score_count;
    const struct filter *const *test_patterns; /* a lead that fits one of them is a test */
    uint32_t test_patterns_count;
};
