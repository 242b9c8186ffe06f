/* erasure: what the book says when private content is destroyed: which leads' and why; nothing of what it was. Flat,
 * versioned. */
#pragma once

#include "exchange/record/person.h"

#define ERASURE_LEADS_MAX 64u /* of one entry; what is more follows in others */

enum erasure_cause {
    ERASURE_ASKED,     /* a person, through an operator: is not sold any more either */
    ERASURE_RETENTION, /* the campaign's time for it is over */
    ERASURE_WAITED,    /* asked for while the lead's story ran, and it has ended */
    ERASURE_CAUSES
};
const char *erasure_cause_name(enum erasure_cause cause); /* "asked", "retention", "waited" */

struct erasure_lead {
    struct ident lead_id;
    bool waits; /* its story still runs: destroyed when that ends */
};

struct erasure {
    enum erasure_cause cause;
    struct person_keys keys; /* keyed hashes; with ASKED: who is not sold any more */
    uint32_t count;
    struct erasure_lead list[ERASURE_LEADS_MAX];
};

bool erasure_write(struct sink *sink, const struct erasure *erasure);
/* False: not a valid record of a known version; one that says nothing is none. */
bool erasure_read(struct bytes bytes, struct erasure *erasure);
