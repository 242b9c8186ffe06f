/* again: every auction that was traced is decided again at once, from the trace's bytes and the catalogue as a book
 * keeps it; what comes out otherwise is wrong with the world. */
#pragma once

#include "tests/sim/world.h"

struct again;

/* NULL: memory is out. */
struct again *again_open(void);
void again_close(struct again **again);
/* The catalogue that auctions are opened with from now on. */
void again_keep(struct again *again, const struct catalogue *catalogue);
/* `offer`: what was promised of it; may be NULL. */
void again_check(struct world *world, struct bytes record, const struct offer *offer);
