/* recall: what a story asks its host about a person, and what it hears (host.h, `recall`). */
#pragma once

#include "exchange/market/duplicates.h"

/* What is known of a person. `claims`: and nobody else may be at that person meanwhile, until `forget`. */
struct auction_recall {
    struct person_keys keys;
    uint32_t claims_count; /* 0: only looks */
    struct digest claims[PERSON_KEYS_MAX];
};

enum recall_outcome {
    RECALL_TOLD,      /* the claims are yours */
    RECALL_IN_FLIGHT, /* a lead of that person is under way */
    RECALL_BUSY,      /* too many claims at hand */
    RECALL_FAILED,    /* the store could not be asked */
};

struct auction_recalled {
    enum recall_outcome outcome;
    const struct encounter *list; /* copied by the fact */
    uint32_t count;
};
