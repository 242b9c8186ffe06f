/* difference: what of a recorded auction comes out otherwise when it is decided again. None, as long as deciding is a
 * pure function of what the trace keeps. Pure. */
#pragma once

#include "exchange/market/replay.h"

#define DIFFERENCES_MAX 64u /* of one auction; more of them tell nothing new */

struct difference {
    struct bytes contract; /* empty: of the auction as a whole */
    const char *what;      /* "place", "payout", "reason", … */
    struct bytes was, is;
};

struct differences {
    uint32_t count;
    struct difference list[DIFFERENCES_MAX];
};

/* Of a replay under the recorded catalogue. Texts live in the arena, in the catalogue or in the trace. */
void difference_find(const struct trace_auction *trace, const struct replay *replay, struct arena *arena,
                     struct differences *differences);
