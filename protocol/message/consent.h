/* consent: what the consumer agreed to, as the affiliate reports it (market.md section 8): {tcpa, channels, text |
 * text_id, text_sha256, page_url, at, ip, user_agent, sellers, trustedform_cert_url, trustedform_ping_url, leadid}.
 * Stored whole with a sale; a ping carries six facts of it and nothing else. No state. */
#pragma once

#include "protocol/codec/json.h"
#include "protocol/message/complaint.h"

#define CONSENT_CHANNELS_MAX 16
#define CONSENT_SELLERS_MAX 100
#define CONSENT_FACTS_MAX 4096 /* bytes of the object in a ping; its texts hold no control characters */

/* Checks the types of the fields of the map `consent`; unknown ones are complained about as "consent.<name>". */
void consent_check(const struct node *consent, struct complaints *complaints);
/* Its parts, in the order above. */
#define CONSENT_NAMES_MAX 512u /* bytes of "consent.tcpa,consent.channels,…" */
unsigned consent_parts(void);
struct bytes consent_part(unsigned number);
/* True if the record has a part of that name; and if a ping carries that part (and a trace keeps it). */
bool consent_has_part(struct bytes name);
bool consent_is_fact(struct bytes name);
/* True if that fact is there and true (a form says it as text). `consent` may be NULL: nothing is true. */
bool consent_says(const struct node *consent, struct bytes fact);
/* True if that name is among its sellers, letter by letter. */
bool consent_names(const struct node *consent, struct bytes seller);
/* The object a buyer's ping carries, of a consent that was checked: tcpa, channels, age_s, text_id, leadid,
 * trustedform_ping_url, those that are there. age_s is the time from `at` to wall_ms, at least 0. */
void consent_write_facts(struct json *json, const struct node *consent, int64_t wall_ms);
