/* lists: what a snapshot says of people by lists of them: which lists there are, and who is kept out by which. Plain
 * data, written only while the catalogue is built. */
#pragma once

#include "protocol/crypto/digest.h"

#define LISTS_MAX 256u
#define LIST_NO_OWNER UINT32_MAX

/* A list of people; what is on it, its shelf knows by its name (exchange/standing/list.h). */
struct people_list {
    struct bytes name; /* of `lists`; of a list without one the path of its file */
    struct bytes file; /* as it was written; empty: none */
    uint32_t owner;    /* the buyer who may replace it */
    bool is_named;
};

/* People on that list of the catalogue are not sold; unless they consented. */
struct suppress_rule {
    uint16_t list;
    bool unless_tcpa;
};

struct suppression {
    const struct suppress_rule *rules;
    uint32_t count;
};

/* Whom a buyer takes no leads of. */
struct people_rules {
    struct suppression suppress;
    const struct digest *excluded; /* SHA-256 of phones and e-mails; none out of the book */
    uint32_t excluded_count;
};

/* Whom a contract takes no leads of; most have no such rule. */
struct people_terms {
    struct suppression suppress;
    int64_t duplicates_ms; /* nobody sold to it within this is sold to it again; 0: no rule */
};

struct names {
    const struct bytes *at; /* sorted */
    uint32_t count;
};
