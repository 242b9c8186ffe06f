/* contract: the buying side of a snapshot: buyers, their contracts, and what a contract is made of. Plain data, written
 * only while the catalogue is built (exchange/market/catalogue.h says who owns it). */
#pragma once

#include "exchange/market/filter.h"
#include "exchange/market/schedule.h"
#include "exchange/standing/standing.h"

/* Up to this price, this margin; the last one of a list takes every price above as well. */
struct margin_band {
    int64_t up_to_micros; /* INT64_MAX: the last */
    int64_t ppm, fixed_micros;
};

/* What the house keeps of a price, or, with is_pay, what it pays for it. */
struct margin {
    bool is_set;
    int64_t ppm;                     /* of the price */
    int64_t min_micros;              /* at least this much */
    int64_t max_micros;              /* at most this much; 0: no bound */
    bool is_pay;                     /* ppm or fixed_micros (is_fixed) is the payout */
    bool is_fixed;                   /* a pay that is the same for every price */
    int64_t fixed_micros;            /* a margin's amount beside the share */
    const struct margin_band *bands; /* instead of ppm and fixed_micros; NULL: none */
    uint32_t bands_count;
};

/* The margin of one affiliate with one contract. */
struct margin_pair {
    uint32_t affiliate;
    struct margin margin;
};

struct margin_pairs {
    const struct margin_pair *list; /* by affiliate, ascending */
    uint32_t count;
};

enum cap_window { CAP_HOUR, CAP_DAY, CAP_MINUTE, CAP_WEEK, CAP_MONTH, CAP_TOTAL, CAP_WINDOWS };
const char *cap_window_name(enum cap_window window); /* "day" */

struct cap {
    uint8_t window;     /* enum cap_window */
    bool is_money;      /* counts the price, in hundredths rounded up; else leads */
    uint32_t limit;     /* leads, or hundredths */
    uint32_t since_min; /* TOTAL: UTC minutes since 1970 */
    uint32_t cell;      /* in standing's caps */
    struct cap_id id;   /* stable: owner, window, unit, segment */
};

struct endpoint {
    struct bytes host;   /* lower case, NUL-terminated */
    struct bytes target; /* path and query */
    struct bytes url;
    unsigned port; /* here, so that the four of a contract hold no hole */
    bool is_https;
};

/* Where test leads of a contract go. */
struct contract_test {
    struct endpoint ping, post; /* ping.url empty: a standing price */
};

/* The first rule whose filter matches gives the standing price. */
struct price_rule {
    const struct filter *when; /* NULL: always */
    int64_t price_micros;
};

struct contract {
    uint32_t index; /* in catalogue.contracts */
    uint32_t buyer, campaign;
    uint32_t cell;                               /* in standing's contracts */
    uint32_t ping_origin_cell, post_origin_cell; /* in standing's origins; STANDING_NONE without that endpoint */
    struct bytes id;
    uint64_t draw_key;                /* of the id, the same in every process: feeds seeded draws */
    struct endpoint ping, post;       /* ping.url empty: a standing price without a call */
    const struct contract_test *test; /* NULL: test leads pass it by */
    int64_t ping_timeout_us, post_timeout_us;
    bool is_live; /* asked for a price; else the first price rule that matches bids */
    const struct price_rule *prices;
    uint32_t prices_count;
    int64_t min_price_micros, max_price_micros; /* 0: none */
    const struct margin *margin;                /* NULL: not stated */
    const struct margin_pairs *pairs;           /* NULL: none */
    uint32_t tier;
    const struct filter *filter;     /* NULL: everything */
    const struct schedule *schedule; /* NULL: always open; the buyer's where it has none of its own */
    const struct cap *caps;
    uint32_t caps_count;
    uint32_t from_min, until_min; /* UTC minutes since 1970: closed before, and from then on; 0: no bound */
    bool is_free;                 /* a payout of 0 is no fault */
    bool seats_required;
    bool silent_available; /* when_silent */
    int64_t bid_ttl_us;
    bool paused;
};

struct names {
    const struct bytes *at; /* sorted */
    uint32_t count;
};

struct buyer {
    uint32_t index;
    uint32_t cell; /* in standing's buyers */
    struct bytes id, group, public_name;
    const struct zone *zone;
    const struct schedule *schedule; /* NULL: none */
    const struct cap *caps;          /* over all its contracts */
    uint32_t caps_count;
    struct bytes secrets[2]; /* whsec_… ; none in a snapshot that was unpacked */
    uint32_t secrets_count;
    struct names redirect_hosts;                      /* lower case: where its verdicts may send people */
    uint32_t max_in_flight;                           /* 0: none */
    uint32_t max_pings_per_s;                         /* 0: none */
    struct names exclude_affiliates, exclude_sources; /* whose leads it does not take */
    const uint32_t *contracts;                        /* indexes */
    uint32_t contracts_count;
};
