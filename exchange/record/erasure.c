#include "exchange/record/erasure.h"

#include "exchange/record/pieces.h"

#define ERASURE_VERSION 1

const char *erasure_cause_name(enum erasure_cause cause)
{
    static const char *const names[ERASURE_CAUSES] = {"asked", "retention", "waited"};
    return names[cause];
}

bool erasure_write(struct sink *sink, const struct erasure *erasure)
{
    flat_put_head(sink, 'X', ERASURE_VERSION);
    flat_put(sink, erasure->cause);
    pieces_put_keys(sink, &erasure->keys);
    flat_put(sink, erasure->count);
    for (uint32_t i = 0; i < erasure->count; i++) {
        flat_put_id(sink, &erasure->list[i].lead_id);
        flat_put(sink, erasure->list[i].waits);
    }
    return !sink->cut;
}

bool erasure_read(struct bytes bytes, struct erasure *erasure)
{
    struct flat flat = flat_over(bytes);
    *erasure = (struct erasure){0};
    flat_take_head(&flat, 'X', ERASURE_VERSION);
    erasure->cause = (enum erasure_cause)flat_take_upto(&flat, ERASURE_CAUSES - 1);
    pieces_take_keys(&flat, &erasure->keys);
    erasure->count = (uint32_t)flat_take_upto(&flat, ERASURE_LEADS_MAX);
    for (uint32_t i = 0; i < erasure->count; i++) {
        flat_take_id(&flat, &erasure->list[i].lead_id);
        erasure->list[i].waits = flat_take_flag(&flat);
    }
    return flat_ends(&flat) && erasure->count + erasure->keys.count > 0;
}
