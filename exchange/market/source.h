/* source: what a catalogue is built of: the operator's document and the house's rules. For the call of catalogue_build.
 */
#pragma once

#include "exchange/market/affiliate.h"
#include "exchange/market/circuit.h"
#include "exchange/market/geo.h"
#include "protocol/codec/document.h"

/* What settings say for every campaign; part of the snapshot so that one auction sees one version of both. */
struct house_rules {
    struct margin margin;
    int64_t payout_step_micros;
    uint32_t max_posts;
    struct bytes currency;
    struct bytes time_zone; /* IANA name of the house's day; empty: UTC */
    struct circuit_rules circuit;
    bool allow_private; /* webhooks may be IP literals, any port, plain http for posts: demos and tests only */
};

/* A finding, with the node it concerns (for file:line:col). `is_error` false: a warning. The text lives for the call.
 */
typedef void catalogue_on_finding(void *arg, const struct node *where, bool is_error, const char *text);

struct catalogue_source {
    /* Map: campaigns, affiliates, buyers (each with its contracts), and contracts (bulk ones, each with its `buyer`);
     * the schema has checked keys and plain types. Secrets are their text already, never file: or env: references. */
    const struct node *document;
    struct house_rules house;
    /* More contracts, one after the other, each a map with its `buyer` that is good until the next call; NULL: there
     * are no more. *is_wrong: one was left out, and it was told why. At most bulk_max of them. NULL: there are none. */
    const struct node *(*next_bulk)(void *arg, bool *is_wrong);
    void *next_bulk_arg;
    uint32_t bulk_max;
    const struct geo *geo; /* the operator's tables, for the call; NULL: none */
    struct standing
        *standing; /* cells are found or made here; NULL: no cells (check, explain): all are STANDING_NONE */
    /* The TZif file of an IANA zone, in memory that outlives the build; false: no such zone. */
    bool (*read_zone)(void *arg, struct bytes name, struct bytes *file);
    void *read_zone_arg;
    catalogue_on_finding *on_finding; /* may be NULL */
    void *on_finding_arg;
};
