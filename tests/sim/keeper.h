/* keeper: the exchange's own book beside the model: every step of a world is written into real rows (exchange/ledger's
 * rows.h, over a store that is thrown away), which must take it, keep all sums at 0 after each one, and at rest say of
 * every lead, post, cap, hold and account what the model says. And what its affiliates heard by events: once of each
 * lead that was pending how it ended, and nothing after that.
 *
 * One for all worlds of a process; a world that has none pays nothing. One thread. */
#pragma once

#include "tests/sim/world.h"

/* In that folder, which must be there. NULL: the store cannot be made. */
struct keeper *keeper_open(const char *folder);
void keeper_close(struct keeper **keeper);
/* An empty book, for that world's model. */
void keeper_begin(struct keeper *keeper, struct world *world);
/* No world is kept until the next begins. */
void keeper_end(struct keeper *keeper);
/* When nothing is under way any more. What is wrong is the world's (world_wrong). */
void keeper_check(struct keeper *keeper);
