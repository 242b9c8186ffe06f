/* rules: what must be true of a world in which nothing is under way any more. What must be true all the time is checked
 * where it happens (host.c, lane.c). The first broken one is left in world->wrong. */
#pragma once

#include "tests/sim/world.h"

/* limits.c: caps per segment and in percent, and quiet hours, counted again from the posts. */
void limits_check(struct world *world);
/* Caps alone, while the ledger writes nothing: no counter is below the book's, whatever is held besides. */
void rules_check_broken(struct world *world);
/* Nothing is open: every auction has closed, every entry is written. */
void rules_check(struct world *world);
