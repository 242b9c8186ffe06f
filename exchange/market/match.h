/* match: which contracts of the campaign may be asked, and why not the others (market.md section 3, step 2). Pure.
 *
 * Static first (filter, exclusions, catalogue), then the standing view. Entries exist for every contract that passed
 * its static filter; the rest are counted by reason and can be derived again from the catalogue. */
#pragma once

#include "exchange/market/availability.h"
#include "exchange/market/campaign.h"

struct match_entry {
    const struct contract *contract;
    struct availability_view view;
    enum reason reason;            /* NONE: may be asked */
    int64_t standing_price_micros; /* > 0: bids this without a call */
};

struct match {
    struct match_entry *entries;
    uint32_t entries_count;
    uint32_t askable;              /* entries without a reason */
    uint32_t counts[REASON_COUNT]; /* of all contracts of the campaign that may not be asked */
};

/* *match lives in the arena; false: memory is out. */
bool match_run(const struct catalogue *catalogue, const struct facts *facts, struct standing *standing, int64_t now_us,
               int64_t wall_ms, struct arena *arena, struct match *match);
/* The first half of it: the places in catalogue->contracts, ascending, of those that pass their static filter:
 * match->entries_count of them, the others are in match->counts. NULL: memory is out. */
const uint32_t *match_suiting(const struct catalogue *catalogue, const struct facts *facts, struct arena *arena,
                              struct match *match);
/* Why this contract may not be asked by its static part alone: NONE; FILTERED: by its filter, or because none of its
 * standing prices is for this lead; EXCLUDED: its buyer and the lead's affiliate or source do not trade, or the ping
 * names it among `exclude_buyers`. */
enum reason match_static(const struct catalogue *catalogue, const struct contract *contract, const struct facts *facts);
/* For a trace, of facts with private fields: a bit for each contract of the campaign that is_hidden, in the campaign's
 * order, set where match_static does not say FILTERED. In the arena; empty: there are none, or memory is out. */
struct bytes match_pack_hidden(const struct catalogue *catalogue, const struct facts *facts, struct arena *arena);
/* Of such a trace's bits the `bit`-th: true if that contract was let. */
static inline bool match_hidden_let(struct bytes bits, uint32_t bit)
{
    return bit / 8 < bits.len && ((unsigned char)bits.at[bit / 8] >> bit % 8 & 1) != 0;
}
/* True if buyer and affiliate, or source, do not trade, or the lead is kept from it; `affiliate` may be NULL. */
bool match_excludes(const struct affiliate *affiliate, const struct buyer *buyer, const struct facts *facts);
/* What a contract that is not live bids for these facts: the first price rule that matches; 0 when none does, or it is
 * live. */
int64_t match_standing_price(const struct contract *contract, const struct facts *facts);
/* The commonest of these reasons (of equals the one that stands first in the list of reasons); NO_CONTRACT when there
 * is none. */
enum reason match_commonest(const uint32_t counts[REASON_COUNT]);
