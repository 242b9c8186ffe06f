/* condition: what a filter is compiled to; for filter*.c and index*.c only. */
#pragma once

#include "exchange/market/campaign.h"
#include "exchange/market/geo.h"
#include "exchange/market/regex.h"

enum condition {
    CONDITION_ALL,
    CONDITION_ANY,
    CONDITION_NONE,
    CONDITION_MASK,     /* choice or state among at most 64 */
    CONDITION_RANGE,    /* integer or date from..to, both included */
    CONDITION_NUMBERS,  /* integer, date, zip or one of many choices, sorted */
    CONDITION_RUNS,     /* zip in one of these runs */
    CONDITION_TEXTS,    /* sorted */
    CONDITION_PREFIXES, /* sorted, none starts with another */
    CONDITION_REGEX,
    CONDITION_EXISTS,
    CONDITION_MISSING,
    CONDITION_AGE,       /* full years since the date, from..to */
    CONDITION_AFFILIATE, /* sorted texts; from here on it is not about a field */
    CONDITION_SOURCE,    /* sorted texts */
    CONDITION_SUB_ID,    /* sorted texts: one of the lead's is among them */
    CONDITION_AREA_CODE, /* numbers */
    CONDITION_CONSENT,   /* one text: a fact of the consent */
    CONDITION_IN_LIST,   /* from: the list of the catalogue that the person is on */
    CONDITION_SCORE,     /* the lead's points, from..to */
    CONDITIONS_COUNT
};

struct filter {
    uint8_t condition; /* enum condition */
    bool is_private;   /* this or something below looks at a private field */
    uint16_t field;    /* its number in the campaign */
    uint32_t count;    /* of parts, numbers, runs or texts */
    union {
        const struct filter *parts; /* in a row */
        uint64_t mask;
        struct {
            int64_t from, to;
        };
        const int64_t *numbers;
        const struct geo_run *runs;
        const struct regex *regex;
        const struct bytes *texts;
    };
};

/* True if this part holds, whatever private fields there are. */
bool condition_holds(const struct filter *filter, const struct facts *facts);
/* Full years from that date (YYYYMMDD) to the facts' day; negative: unknown, or not born yet. */
int64_t condition_age(const struct facts *facts, int64_t born);
