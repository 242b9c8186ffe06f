/* affiliate: the selling side of a snapshot: affiliates, their sources, and on what terms they sell. Plain data,
 * written only while the catalogue is built (exchange/market/catalogue.h says who owns it). */
#pragma once

#include "exchange/market/contract.h"
#include "exchange/market/sale_terms.h"

enum reveal_buyers { REVEAL_ID, REVEAL_NAME, REVEAL_NONE };
enum reveal_bids { REVEAL_NO_BIDS, REVEAL_BEST_BID, REVEAL_ALL_BIDS };

/* A sub-division of an affiliate that has rules of its own. */
struct lead_source {
    struct bytes id;
    int64_t min_price_micros;
    struct margin margin;
    bool paused;
};

struct affiliate {
    uint32_t index;
    uint32_t cell; /* in standing's affiliates: rate */
    struct bytes id;
    const uint32_t *campaigns;
    uint32_t campaigns_count;
    struct names exclude_buyers; /* ids and groups that never get its leads */
    int64_t min_price_micros;
    uint8_t max_sales; /* 0: the campaign's */
    struct margin margin;
    const struct lead_source *sources; /* by id, ascending */
    uint32_t sources_count;
    uint32_t pings_per_s;   /* 0: no limit */
    const struct cap *caps; /* caps_count for each of its campaigns, in their order */
    uint32_t caps_count;
    const struct notice_address *notices; /* NULL: none */
    enum reveal_buyers reveal;
    enum reveal_bids reveal_bids;
    bool reveal_stages;
    struct return_share returns; /* what it bears of returned leads */
    bool paused;
    int64_t clear_after_us; /* payouts of its sales clear then; 0: not by time */
    bool releases; /* on_pending: a post without a verdict is void at its deadline */
};
