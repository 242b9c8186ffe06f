/* campaign: a lead held against its campaign's schema: checked, normalised, split into public facts and private rest.
 *
 * Pure; results live in the given arena. A facts set answers filters by field number; private fields are in it only for
 * a one-call lead or a post, and then marked, never written into a ping. */
#pragma once

#include "exchange/market/catalogue.h"
#include "protocol/message/complaint.h"

struct fact {
    bool is_set;
    struct bytes text; /* normalised text (numbers too) */
    int64_t number;    /* INTEGER */
};

struct facts {
    const struct campaign *campaign;
    const struct fact *fields; /* campaign->fields_count of them */
    struct bytes affiliate, source;
};

struct lead_form {
    struct facts facts;
    struct bytes public_json; /* {"state":"CA",…}: public fields only, schema order, normalised */
    struct bytes
        full_json; /* every field: named ones normalised in schema order, then unknown ones as they came; posts only */
    struct digest
        document; /* of the whole normalised document (lead and consent), canonical MessagePack: "the same lead" */
};

enum lead_stage { LEAD_PING, LEAD_POST, LEAD_ONE_CALL };

/* Reads `lead` (a map) for that stage: PING demands fields required at ping and refuses none that are named; unknown
 * and private fields in a ping are taken but never go out nor into facts. POST and ONE_CALL demand all required ones.
 * Complaints name "lead.<field>". False: complaints were made, or memory is out (then *out_of_memory). */
bool campaign_read_lead(const struct campaign *campaign, enum lead_stage stage, const struct node *lead,
                        const struct node *consent, struct arena *arena, struct lead_form *form,
                        struct complaints *complaints, bool *out_of_memory);
/* True if every fact the campaign requires (tcpa …) is true in the consent map (NULL: none is). */
bool campaign_has_consent(const struct campaign *campaign, const struct node *consent);
/* For a post: the ping's public facts (as public_json was stored) inherited where the lead omits them, compared where
 * both have them. Returns the merged lead as a new map node, or NULL when memory is out; *mismatch names the first
 * differing field. */
const struct node *campaign_merge_ping(const struct campaign *campaign, struct bytes ping_public_json,
                                       const struct node *lead, struct arena *arena, struct bytes *mismatch);
