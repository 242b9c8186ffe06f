/* person: by what someone is known again: keyed hashes of phones and e-mails, never the values and never their plain
 * hashes (a plain hash of a phone number is the phone number); and what the book remembers of them.
 *
 * An encounter is one post of a lead of that person: with whom, when, and what came of it. A revocation is an encounter
 * without a post. Flat, versioned; texts point into the bytes. */
#pragma once

#include "protocol/base/ident.h"

#define PERSON_KEYS_MAX 4u
#define PERSON_KEY_LEN 16u

enum person_kind { PERSON_PHONE, PERSON_EMAIL, PERSON_KINDS };
const char *person_kind_name(enum person_kind kind); /* "phone", "email" */

struct person_key {
    uint8_t kind;               /* enum person_kind */
    uint8_t at[PERSON_KEY_LEN]; /* the start of an HMAC */
};

struct person_keys {
    uint32_t count;
    struct person_key list[PERSON_KEYS_MAX];
};

enum encounter_state {
    ENCOUNTER_OPEN, /* posted, and no verdict yet, or in doubt */
    ENCOUNTER_SOLD,
    ENCOUNTER_REFUSED,
    ENCOUNTER_REVOKED, /* asked not to be sold any more */
    ENCOUNTER_STATES
};

struct encounter {
    struct ident post_id, lead_id; /* none: a revocation */
    enum encounter_state state;
    uint8_t kind;  /* enum person_kind: by which key it was found */
    int64_t at_ms; /* of the post; sold and refused: of the verdict */
    struct bytes campaign, contract;
};

/* post_id and kind are not in it: they are where it is kept. */
bool encounter_write(struct sink *sink, const struct encounter *encounter);
bool encounter_read(struct bytes bytes, struct encounter *encounter);

/* A person who is not to be sold any more. */
struct revocation {
    struct person_keys keys;
    struct bytes affiliate; /* who told it */
};
bool revocation_write(struct sink *sink, const struct revocation *revocation);
bool revocation_read(struct bytes bytes, struct revocation *revocation);
