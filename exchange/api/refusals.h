/* refusals: the contracts of an auction's campaign that its trace does not tell of, because their static part said no:
 * derived again from the catalogue it was decided under. */
#pragma once

#include "exchange/market/match.h"
#include "exchange/record/trace.h"
#include "protocol/codec/json.h"

#define REFUSALS_MAX 256u /* told one by one */

/* Members of explain's list of contracts, up to REFUSALS_MAX of them; of the others `counts` by reason. Nothing where
 * the auction ended before anybody was looked at. */
void refusals_write(struct json *json, const struct trace_auction *auction, const struct catalogue *catalogue,
                    struct arena *arena, uint32_t counts[REASON_COUNT]);
