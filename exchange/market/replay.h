/* replay: a recorded auction decided again, from its trace and a catalogue: the one it was decided under, or another.
 * Pure: it calls the functions the auction called, with what the trace has kept.
 *
 * Under the recorded catalogue everything must come out as it was (exchange/market/difference.h). Under another one
 * some things cannot be known, and are counted: what a contract that was not asked would have bid, and whether private
 * fields suit a filter that looks at them. */
#pragma once

#include "exchange/market/decide.h"
#include "exchange/record/trace.h"

#define REPLAY_NONE UINT32_MAX

enum replay_outcome {
    REPLAY_DECIDED,
    REPLAY_NO_AUCTION, /* a record of posts: its auction is the ping's; or a test, which follows a script */
    REPLAY_TOO_OLD,    /* recorded before traces held all inputs */
    REPLAY_STRANGE,    /* campaign or affiliate are not in that catalogue, or the facts do not suit its fields */
    REPLAY_NO_MEMORY
};

/* A contract that passes its static filter. */
struct replay_entry {
    uint32_t told;      /* its place in the trace's contracts; REPLAY_NONE: the trace does not tell of it */
    uint32_t bid;       /* its place in bids; REPLAY_NONE: no bid */
    bool is_unknown;    /* it would be asked, and nobody knows what it would say */
    enum reason reason; /* as the trace tells it of a contract that was let and did not bid; else match's, rank's */
};

struct replay {
    const struct catalogue *catalogue;
    const struct campaign *campaign;
    const struct affiliate *affiliate;
    const struct lead_source *source;
    struct lead_form form; /* facts from public fields and what the trace tells beside them */
    enum reason refused;   /* before matching, by rules or as it was by what a store knew; NONE: it is matched */
    struct match match;
    struct replay_entry *entries; /* match.entries_count of them */
    int64_t floor_micros;
    enum ranking_arm arm;
    bool is_ranked;
    struct decision decision; /* what it was ranked by, if it was */
    struct rank_bid *bids;
    uint32_t *order, bids_count, order_count;
    uint32_t planned;       /* the first so many of the order are the set to be sold to */
    uint32_t unknown_count; /* entries with is_unknown */
    /* What the ping is told, where it is ranked. */
    enum reason reason;   /* NONE: an offer, or someone to post to */
    int64_t price_micros; /* of the best candidate: its payout */
    int64_t expires_ms;   /* of an offer made of it */
};

/* Facts as they were at match, from public fields, and the trace's words for the rest; private ones are not there.
 * False: the lead does not suit this campaign's fields, or memory is out. */
bool replay_facts(const struct trace_auction *trace, const struct campaign *campaign, struct arena *arena,
                  struct lead_form *form);
/* True if that auction went as far as matching. */
bool replay_was_matched(const struct trace_auction *trace);
/* Results live in the arena, and point into trace and catalogue. */
enum replay_outcome replay_run(const struct trace_auction *trace, const struct catalogue *catalogue,
                               struct arena *arena, struct replay *replay);
