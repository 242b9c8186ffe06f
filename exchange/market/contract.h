/* contract: the buying side of a snapshot: buyers, their contracts, and what a contract is made of. Plain data, written
 * only while the catalogue is built (exchange/market/catalogue.h says who owns it). */
#pragma once

#include "exchange/market/addresses.h"
#include "exchange/market/filter.h"
#include "exchange/market/lists.h"
#include "exchange/market/margin.h"
#include "exchange/market/purse.h"
#include "exchange/market/schedule.h"
#include "exchange/market/unknown.h"
#include "exchange/standing/standing.h"

#define CAPS_MAX 8u /* of a contract and its buyer together, and of an affiliate; a percent counts as two */

enum cap_window { CAP_HOUR, CAP_DAY, CAP_MINUTE, CAP_WEEK, CAP_MONTH, CAP_TOTAL, CAP_WINDOWS };
const char *cap_window_name(enum cap_window window); /* "day" */

/* One count for all leads, or one for each of these. */
enum cap_per { CAP_PER_ALL, CAP_PER_STATE, CAP_PER_AFFILIATE, CAP_PER_SOURCE, CAP_PER_CHANNEL, CAP_PERS };
const char *cap_per_name(enum cap_per per); /* "state"; ALL: "" */

enum cap_counts { CAP_OF_SOLD, CAP_OF_POSTS, CAP_OF_PINGS, CAP_COUNTS };
const char *cap_counts_name(enum cap_counts counts); /* "sold" */

struct cap {
    uint8_t window;      /* enum cap_window */
    uint8_t per;         /* enum cap_per */
    uint8_t counts;      /* enum cap_counts */
    bool is_money : 1;   /* counts the price (an affiliate's: its payout), in hundredths rounded up; else leads */
    bool is_percent : 1; /* the limit is a share of the owner's sales in the window, in ppm; always per something */
    bool is_paced : 1;   /* a day's limit grows over its open hours */
    bool gives_back : 1; /* returned sales make room again */
    uint32_t limit;      /* leads, hundredths, or ppm */
    uint32_t since_min;  /* TOTAL: UTC minutes since 1970 */
    uint32_t cell;       /* in standing's caps; of a percent: all the owner's sales */
    struct cap_id id;    /* stable: owner, window, unit, per, counts; its segments' follow from it */
};

/* What few contracts have. */
struct contract_asides {
    bool has_test;
    struct endpoint test_ping, test_post; /* where its test leads go; the ping's empty: a standing price */
    struct endpoint status;               /* asked about posts in doubt; empty: nobody is */
    struct sale_addresses sales;          /* told of its sales, or given copies */
    const struct sale_terms *after;       /* NULL: nothing is said of the time after a sale */
};

/* The first rule whose filter matches gives the standing price. */
struct price_rule {
    const struct filter *when; /* NULL: always */
    int64_t price_micros;
};

#define DISCLOSES_FLOOR 128u
struct contract {
    uint32_t index, buyer, campaign;             /* in the catalogue's lists */
    uint32_t cell;                               /* in standing's contracts */
    uint32_t ping_origin_cell, post_origin_cell; /* in standing's origins; STANDING_NONE without that endpoint */
    struct bytes id;
    uint64_t draw_key;                    /* of the id, the same in every process: feeds seeded draws */
    struct endpoint ping, post;           /* ping.url empty: a standing price without a call */
    const struct contract_asides *asides; /* NULL: none */
    uint32_t ping_timeout_us, post_timeout_us;
    const struct price_rule *prices;
    uint16_t prices_count;
    uint8_t max_sold : 7, is_shared : 1; /* takes a lead that so many buyers get at most (1: alone); never alone */
    uint32_t tier;
    int64_t min_price_micros, max_price_micros; /* 0: none */
    const struct margin *margin;                /* NULL: not stated */
    const struct margin_pairs *pairs;           /* NULL: none */
    const struct filter *filter;                /* NULL: everything */
    const struct schedule *schedule;            /* NULL: always open; the buyer's where it has none of its own */
    const struct cap *caps;                     /* with counts_today one more stands behind them */
    uint32_t caps_count;
    uint32_t priority, weight;         /* of the policies of these names: lower ones first; its share of the draw */
    uint32_t multiplier_ppm;           /* on its price, for the ranking */
    uint32_t from_min, until_min;      /* UTC minutes since 1970: closed before, and from then on; 0: no bound */
    uint32_t max_open_offers;          /* 0: none */
    uint32_t hold_offer_ms;            /* what an offer of its reserves at once, for so long; 0: nothing */
    uint32_t bid_ttl_ms, doubt_s;      /* doubt_s: when a doubt ends by itself */
    const struct people_terms *people; /* NULL: no rules of its own */
    const struct seller *seller;       /* NULL: none is shown */
    uint8_t discloses; /* in its pings: bits 1 << enum person_kind: keyed hashes of those; DISCLOSES_FLOOR */
    bool is_live;      /* asked for a price; else the first price rule that matches bids */
    bool is_free;      /* a payout of 0 is no fault */
    bool paused;
    struct unknown_rules on_unknown;
    bool bills_lower : 1, seats_required : 1, silent_available : 1; /* price_at_post; seats; when_silent */
    bool counts_pings : 1;                                          /* a cap of its own or its buyer's does */
    bool counts_today : 1; /* its sales of the house's day are counted: policy even goes by them */
    bool is_hidden : 1;    /* filter or prices look at private fields: public ones do not tell again whom they let */
    bool asks_list : 1;    /* its filter asks whether the person is on a list */
    bool has_alone : 1;    /* prices[1] is for the lead alone, no rule */
    bool is_named : 1;     /* only a consent that names its seller will do */
    bool doubt_sells : 1;  /* and is a sale then; else it is voided */
    bool is_inbox : 1;     /* bought by the exchange itself, for the buyer to read: no call leaves */
};

/* Test leads do not pass it by. */
static inline bool contract_takes_tests(const struct contract *contract)
{
    return contract->asides && contract->asides->has_test;
}

static inline const struct sale_terms *contract_after(const struct contract *contract)
{
    return contract->asides ? contract->asides->after : NULL;
}

struct buyer {
    uint32_t index, cell; /* cell: in standing's buyers */
    struct bytes id, group, public_name;
    const struct zone *zone;
    const struct schedule *schedule; /* NULL: none */
    const struct cap *caps;          /* over all its contracts */
    uint32_t caps_count;
    struct bytes secrets[2]; /* whsec_… ; none in a snapshot that was unpacked */
    uint32_t secrets_count;
    struct bytes hash_secret;       /* the bytes are the key of hashes in its pings; empty: none, or unpacked */
    const struct endpoint *notices; /* NULL: none */
    struct names redirect_hosts;    /* lower case: where its verdicts may send people */
    uint32_t max_in_flight;         /* 0: none */
    uint32_t max_pings_per_s;       /* 0: none */
    struct purse purse;
    struct names exclude_affiliates, exclude_sources; /* whose leads it does not take */
    struct people_rules people;
    const uint32_t *contracts; /* indexes */
    uint32_t contracts_count;
};
