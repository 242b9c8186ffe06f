/* reach: whether a filter can hold at all; for the warnings of `outcry check`, never for a decision. Pure.
 *
 * "Never" is said only where it is certain: what cannot be told (expressions, facts that depend on each other, filters
 * too large to look through) counts as possible. */
#pragma once

#include "exchange/market/filter.h"

struct catalogue;

struct reach;

/* For one campaign of a catalogue whose affiliates are known. NULL: memory is out. */
struct reach *reach_open(const struct catalogue *catalogue, const struct campaign *campaign);
void reach_close(struct reach **reach);
/* Everything may be; then conditions are added, each to hold or not to hold. NULL filters hold. */
void reach_begin(struct reach *reach);
void reach_add(struct reach *reach, const struct filter *filter, bool wanted);
/* True if no lead fits all that was added. */
bool reach_is_never(struct reach *reach);
