/* complaint: what is wrong with a request, field by field (RFC 9457's `errors`). Bounded; later ones are counted only.
 * Starts zeroed, and stays where it is while it is in use: names composed here are kept inside. One thread. */
#pragma once

#include "protocol/message/reason.h"

#define COMPLAINTS_MAX 16
#define COMPLAINT_NAMES_MAX 512 /* bytes of all composed names; after that a complaint names the outer field only */

struct complaint {
    struct bytes field; /* "lead.zip"; lives as long as the request or the arena it was made in */
    const char *code;   /* "required", "unknown", "type", "range", "choice", "format", "mismatch", "not_supported",
                          "too_long" */
    const char *text;   /* a constant sentence */
};

struct complaints {
    struct complaint list[COMPLAINTS_MAX];
    unsigned count; /* may exceed COMPLAINTS_MAX; only the first are listed */
    unsigned names_len;
    char names[COMPLAINT_NAMES_MAX];
};

static inline void complain(struct complaints *complaints, struct bytes field, const char *code, const char *text)
{
    if (complaints->count < COMPLAINTS_MAX) complaints->list[complaints->count] = (struct complaint){field, code, text};
    complaints->count++;
}

/* About `inner` in the map `outer`: "consent.foo". A long inner name is cut at a character. */
void complain_within(struct complaints *complaints, const char *outer, struct bytes inner, const char *code,
                     const char *text);
