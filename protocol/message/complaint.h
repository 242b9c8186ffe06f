/* complaint: what is wrong with a request, field by field (RFC 9457's `errors`). Bounded; later ones are counted only. */
#pragma once

#include "protocol/message/reason.h"

#define COMPLAINTS_MAX 16

struct complaint {
    struct bytes field; /* "lead.zip"; lives as long as the request or the arena it was made in */
    const char *code;   /* "required", "unknown", "type", "range", "choice", "format", "not_supported", "too_long" */
    const char *text;   /* a constant sentence */
};

struct complaints {
    struct complaint list[COMPLAINTS_MAX];
    unsigned count; /* may exceed COMPLAINTS_MAX; only the first are listed */
};

static inline void complain(struct complaints *complaints, struct bytes field, const char *code, const char *text)
{
    if (complaints->count < COMPLAINTS_MAX) complaints->list[complaints->count] = (struct complaint){field, code, text};
    complaints->count++;
}
