/* delivery: an event on its way to its hearer's address, and what came of a try. What came of several is one record of
 * the book. Flat, versioned; texts point into the bytes. */
#pragma once

#include "exchange/record/event.h"

#define DELIVERIES_MAX 64u /* of one record */

/* How far an event has got on its way. */
enum delivery_state {
    DELIVERY_WAITING,    /* for its turn, or to be tried again */
    DELIVERY_RECEIVED,   /* answered with 2xx */
    DELIVERY_NO_ADDRESS, /* its hearer has none: it stands in the feed only */
    DELIVERY_GIVEN_UP,   /* refused or unanswered as often as it is tried */
    DELIVERY_STATES
};
const char *delivery_state_name(enum delivery_state state); /* "waiting", "received", "no_address", "given_up" */

struct delivery {
    struct hearer hearer;
    uint64_t number; /* of the event */
    struct ident lead_id;
    int64_t due_ms; /* WAITING: when it is tried next */
    uint32_t tries;
    enum delivery_state state;
    enum reason reason; /* of the latest try that failed */
    uint16_t status;    /* HTTP; 0: no answer */
};

bool deliveries_write(struct sink *sink, const struct delivery *list, uint32_t count);
/* `list` has room for DELIVERIES_MAX. */
bool deliveries_read(struct bytes bytes, struct delivery *list, uint32_t *count);
