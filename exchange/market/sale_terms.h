/* sale_terms: what contracts, campaigns and affiliates say of the time after a sale; read when a catalogue is built.
 * Plain data; the rules are in returns.h and payday.h. */
#pragma once

#include "exchange/market/lists.h"

/* What a contract takes back. */
struct return_terms {
    int64_t window_ms;
    int64_t max_ppm;         /* of the month's sales; MONEY_PPM: all of them */
    struct names reasons;    /* codes a return may give; empty: any */
    bool is_reviewed;        /* an operator decides; else approved at once */
    int64_t accept_after_ms; /* of a reviewed one: approved by itself after so long; 0: never */
};

/* What of it an affiliate bears. */
struct return_share {
    bool is_set; /* else nothing: the house bears all of it */
    int64_t window_ms, max_ppm;
};

/* Which leads of a campaign go to a new auction. */
struct onward_terms {
    bool returned, uncontacted;
    int64_t max_age_ms; /* since they were sent in */
};

struct sale_terms {
    bool takes_back; /* else nothing may be returned */
    struct return_terms returns;
    uint8_t pays_at;    /* enum sale_stage: billed when it is reached; NONE: when the lead is accepted */
    int64_t contact_ms; /* so long to reach the person; 0: for ever */
    uint32_t pays_ppm;  /* of what the buyer says it is worth; 0: the price */
};
