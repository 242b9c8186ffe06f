/* spending: what a buyer may still spend, told to operators and to the buyer itself. */
#pragma once

#include "exchange/market/availability.h"
#include "exchange/record/trace.h"
#include "protocol/codec/json.h"

#define SPENDING_SENTENCE_MAX 120

/* The member "money": what is left, or null where there is no limit. `view` as availability_read fills it. */
void spending_write(struct json *json, const struct buyer *buyer, const struct availability_view *view);
/* How little there was when a contract that is told to have had too little was looked at; empty: the trace or the
 * snapshot does not tell. Lives in `text`. */
struct bytes spending_sentence(const struct catalogue *catalogue, const struct trace_contract *told,
                               char text[SPENDING_SENTENCE_MAX]);
