/* margin: what the house keeps of a price, and by whose rule; worked out in price.h. Plain data of a snapshot. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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

/* Where a margin was stated; the name goes into the ledger line. Stored: append only. */
enum margin_source {
    MARGIN_EXCHANGE,
    MARGIN_CAMPAIGN,
    MARGIN_AFFILIATE,
    MARGIN_SOURCE,
    MARGIN_CONTRACT,
    MARGIN_PAIR,
    MARGIN_SOURCE_COUNT
};
const char *margin_source_name(enum margin_source source);

#define MARGIN_BANDS_MAX 32u
/* What is wrong with a list of bands, and at which; NULL: nothing. */
const char *margin_bands_error(const struct margin_band *bands, uint32_t count, uint32_t *at);

/* The margin of one affiliate with one contract. */
struct margin_pair {
    uint32_t affiliate;
    struct margin margin;
};

struct margin_pairs {
    const struct margin_pair *list; /* by affiliate, ascending */
    uint32_t count;
};
