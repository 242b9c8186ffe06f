/* person: who a lead is about, as far as duplicates and lists of people ask: SHA-256 of its phones (E.164) and e-mails
 * (lower case). Plain hashes: they live as long as the auction and are stored nowhere; what is kept of them is keyed
 * (exchange/record/person.h). Pure. */
#pragma once

#include "exchange/market/campaign.h"
#include "exchange/record/person.h"
#include "protocol/message/ping.h"

struct person_hash {
    uint8_t kind; /* enum person_kind */
    struct digest plain;
};

struct person {
    uint32_t count;
    struct person_hash list[PERSON_KEYS_MAX];
};

/* From the fields of types us_phone and email, in their order, at most PERSON_KEYS_MAX; for a kind no field of which is
 * given, from the hashes of a ping (NULL: none). Values that cannot be read are passed over: campaign_read_lead
 * complains. False: memory is out. */
bool person_read(const struct campaign *campaign, const struct node *lead, const struct ping_hashes *told,
                 struct arena *arena, struct person *person);
/* Of one value as a list or an exclusion spells it: a phone, an e-mail, or 64 hexadecimal digits (already a hash; its
 * kind is not told). False: none of these. The arena is for what is read on the way. */
bool person_hash_of(struct bytes text, struct arena *arena, struct digest *plain);
/* True if one of the hashes is the person's. */
bool person_has(const struct person *person, const struct digest *plain);
