/* condition: what a filter is compiled to; for filter*.c only. */
#pragma once

#include "exchange/market/campaign.h"

enum condition {
    CONDITION_ALL,
    CONDITION_ANY,
    CONDITION_NONE,
    CONDITION_MASK,     /* choice or state among at most 64 */
    CONDITION_RANGE,    /* integer from..to, both included */
    CONDITION_NUMBERS,  /* integer, zip or one of many choices, sorted */
    CONDITION_TEXTS,    /* sorted */
    CONDITION_PREFIXES, /* sorted, none starts with another */
    CONDITION_EXISTS,
    CONDITION_MISSING,
    CONDITION_AFFILIATE, /* sorted texts */
    CONDITION_SOURCE,    /* sorted texts */
    CONDITIONS_COUNT
};

struct filter {
    uint8_t condition; /* enum condition */
    bool is_private;   /* this or something below looks at a private field */
    uint16_t field;    /* its number in the campaign */
    uint32_t count;    /* of parts, numbers or texts */
    union {
        const struct filter *parts; /* in a row */
        uint64_t mask;
        struct {
            int64_t from, to;
        };
        const int64_t *numbers;
        const struct bytes *texts;
    };
};

/* True if this part holds, whatever private fields there are. */
bool condition_holds(const struct filter *filter, const struct facts *facts);
