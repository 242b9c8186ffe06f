/* purses: buyers' money in the simulated world: what the ledger thread would publish of it, and what must be true of it
 * (market.md section 7: never over, not by one micro). What a buyer has is worked out each time anew, from all accounts
 * and all posts there are. For tests/sim only. */
#pragma once

#include "tests/sim/world.h"

/* Before a step is in the book: what it gives back and takes, into standing. */
void purses_publish(struct world *world, const struct book_step *step);
/* After it: nobody's intent has gone over its limit. */
void purses_check_step(struct world *world, const struct book_step *step);
/* A start. */
void purses_restore(struct world *world);
/* A buyer's money as it is in the book: balance less what its open and doubtful posts hold. */
int64_t purses_left(const struct model *model, struct bytes buyer);
/* Nothing is under way, no offer stands: standing says what the book does. */
void purses_check(struct world *world);
