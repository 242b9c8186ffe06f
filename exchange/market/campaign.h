/* campaign: a lead held against its campaign's schema: checked, normalised, split into public facts and private rest.
 *
 * Pure; results live in the given arena (or point into the lead's nodes). A facts set answers filters by field number;
 * private fields are in it only for a one-call lead or a post, and then with_private says so; they are never written
 * into a ping. */
#pragma once

#include "exchange/market/catalogue.h"
#include "protocol/message/complaint.h"

#define CAMPAIGN_FIELDS_MAX DOCUMENT_KEYS_MAX

struct facts {
    const struct campaign *campaign;
    const struct fact *fields; /* campaign->fields_count of them */
    struct bytes affiliate, source, channel;
    const struct bytes *sub_ids;
    uint32_t sub_ids_count;
    struct names excluded;      /* buyers, or groups of them, that do not get this lead */
    const struct node *consent; /* NULL: none was given */
    uint32_t area_code;         /* of the public field area_code, else of the first phone; 0: unknown */
    int64_t today;              /* the ping's day in UTC, YYYYMMDD; ages are counted to it */
    bool with_private;          /* private fields were looked at */
    const uint64_t *on_lists;   /* bit n: the person is on list n of the catalogue; NULL: on none, or not known */
};

struct lead_form {
    struct facts facts;
    struct bytes public_json; /* {"state":"CA",…}: public fields only, schema order, normalised */
    struct bytes
        full_json; /* every field: named ones normalised in schema order, then unknown ones as they came; posts only */
    struct digest document; /* of the whole normalised document (lead and consent), canonical MessagePack: "the same
                               lead", to be keyed before it is kept; all zero for a ping */
};

enum lead_stage { LEAD_PING, LEAD_POST, LEAD_ONE_CALL };

/* Reads `lead` (a map) for that stage: PING demands fields required at ping and refuses none that are named; unknown
 * and private fields in a ping are taken but never go out nor into facts. POST and ONE_CALL demand all required ones.
 * Complaints name "lead.<field>". A field given as null or as an empty text counts as not given. In the document's
 * digest every plain value counts as its text, so that JSON, MessagePack and form agree. False: complaints were made,
 * or memory is out (then *out_of_memory). The phone is looked at for its area code
 * even in a ping, where it is private and goes nowhere. The caller sets facts.affiliate, .source, .channel, .sub_ids
 * and .today.
 */
bool campaign_read_lead(const struct campaign *campaign, enum lead_stage stage, const struct node *lead,
                        const struct node *consent, struct arena *arena, struct lead_form *form,
                        struct complaints *complaints, bool *out_of_memory);
/* NULL: the campaign names no such field. */
const struct field *campaign_field(const struct campaign *campaign, struct bytes name);
/* The day of an instant in UTC, YYYYMMDD. */
int64_t campaign_day(int64_t wall_ms);
/* True if every part of the consent that the campaign requires is there: tcpa true, others given (NULL: none is). */
bool campaign_has_consent(const struct campaign *campaign, const struct node *consent);
/* The same of the facts that a trace keeps of a consent: parts that it never keeps count as given. */
bool campaign_had_consent(const struct campaign *campaign, const struct node *facts);
/* True if the lead looks like a test by the campaign's patterns. Those on private fields need a one-call lead or a
 * post.
 */
bool campaign_is_test(const struct facts *facts);
/* For a post: the ping's public facts (as public_json was stored) inherited where the lead omits them, compared after
 * normalisation where both have them (a value that cannot be normalised is left for campaign_read_lead to complain
 * about). Returns the merged lead as a new map node, or NULL when memory is out; *mismatch names the differing fields
 * ("state, zip"), else it is empty. */
const struct node *campaign_merge_ping(const struct campaign *campaign, struct bytes ping_public_json,
                                       const struct node *lead, struct arena *arena, struct bytes *mismatch);
