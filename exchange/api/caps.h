/* caps: the caps of a contract and its buyer, told with what is used of them, segment by segment. */
#pragma once

#include "exchange/market/cap.h"
#include "exchange/record/trace.h"
#include "protocol/codec/json.h"

struct caps_scene {
    const struct catalogue *catalogue;
    struct standing *standing;
    int64_t wall_ms;
    bool is_private; /* for a buyer: who sold to it, and from which source, is not its business */
};

#define CAPS_SENTENCE_MAX 160

/* Which cap was full when a contract that is told as capped was looked at: "the buyer's cap of 100 leads a day, per
 * state, is reached"; empty: the trace or the snapshot does not tell. Lives in `text`. */
struct bytes caps_sentence(const struct catalogue *catalogue, const struct trace_contract *told,
                           char text[CAPS_SENTENCE_MAX]);
/* The member "caps": a list, those of the contract first. */
void caps_write(struct json *json, const struct caps_scene *scene, const struct contract *contract);
