/* excluded: the buyers (ids, or groups of them) that an affiliate keeps one lead from, by the ping's `exclude_buyers`:
 * as names to match by, and as the JSON list that offer and trace keep of them. Pure; everything lives in the arena. */
#pragma once

#include "exchange/market/lists.h"
#include "protocol/base/arena.h"

/* Sorted, each once, as matching wants them. False: memory is out. */
bool excluded_sort(const struct bytes *texts, uint32_t count, struct arena *arena, struct names *names);
/* Empty where there are none. False: memory is out. */
bool excluded_pack(const struct names *names, struct arena *arena, struct bytes *list);
/* The way back. False: it is no such list, or memory is out. */
bool excluded_unpack(struct bytes list, struct arena *arena, struct names *names);
