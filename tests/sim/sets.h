/* sets: which legs a lead is sold by, worked out a second time, the slow and obvious way: every set of them is tried,
 * as docs/market.md ("Ranking", 8 and 9) says it, with nothing of exchange/market/legs.h. One thread. */
#pragma once

#include "exchange/market/decide.h"

#define SETS_LEGS_MAX 14u /* more are too many sets to try */
#define SETS_NOTE_MAX 200

enum sets_verdict { SETS_EQUAL, SETS_OTHER, SETS_TOO_MANY };

/* An auction of several sales, as it was decided. */
struct sets_decided {
    const struct decision *decision;
    const struct rank_bid *bids; /* with their results */
    uint32_t count, planned;
    struct rank_bid *ranked; /* the same bids as the ranking alone leaves them: no set is chosen yet */
};

/* The set in front, the places of all others, who is out of every set, and what is paid. OTHER: `note` says what. */
enum sets_verdict sets_compare(const struct sets_decided *decided, char note[SETS_NOTE_MAX]);
