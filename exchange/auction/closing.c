/* When the bidding is over, and when another round of it begins. Asked at every wake of a collecting auction, so the
 * common case (a contract without a ceiling is still out) is one comparison. */
#include "exchange/auction/parts.h"

#define TIERS_MAX 1000u /* numbers a catalogue may give them */
#define TIER_WORDS (TIERS_MAX / 64 + 1)
#define LOOK_ALWAYS 32u /* calls that are out */

/* The lowest tier above the one asked last that anybody askable is in; 0: none. *left: how many there are. */
static uint32_t next_tier(const struct auction *auction, uint32_t *left)
{
    uint64_t tiers[TIER_WORDS] = {0};
    uint32_t next = 0;
    *left = 0;
    for (uint32_t i = 0; i < auction->match.entries_count; i++) {
        const struct match_entry *entry = &auction->match.entries[i];
        uint32_t tier = entry->contract->tier;
        if (entry->reason != REASON_NONE || tier <= auction->tier || tier > TIERS_MAX) continue;
        tiers[tier / 64] |= UINT64_C(1) << tier % 64;
        if (next == 0 || tier < next) next = tier;
    }
    for (unsigned i = 0; i < TIER_WORDS; i++) *left += (uint32_t)__builtin_popcountll(tiers[i]);
    return next;
}

/* Nothing was decided by it. */
static void forget_ranking(struct auction *auction)
{
    auction->bids_count = auction->order_count = 0;
    auction->ranked_ms = 0;
}

void closing_begin(struct auction *auction)
{
    uint32_t left;
    auction->ask_by_us = auction->collect_by_us;
    auction->out_looked = 0;
    forget_ranking(auction);
    if (!auction->campaign->is_waterfall) return;
    int64_t now_us = auction->host->now_us(auction->world);
    auction->tier = next_tier(auction, &left);
    if (left > 1 && auction->collect_by_us > now_us)
        auction->ask_by_us = now_us + (auction->collect_by_us - now_us) / left;
}

bool closing_goes_on(const struct auction *auction)
{
    uint32_t left;
    if (!auction->campaign->is_waterfall || auction->drained) return false;
    if (auction->host->now_us(auction->world) >= auction->collect_by_us) return false;
    return next_tier(auction, &left) > 0;
}

/* For a ping's post nobody new is asked: its promise rests on those who bid for it. A slot that has no post left needs
 * nobody; and while one is sold or in doubt, somebody has the lead. */
bool closing_asks_on(const struct auction *auction)
{
    bool has_posts = auction->slots && auction->slots[0].posts_sent < auction->catalogue->house.max_posts;
    bool is_begun = admission_is_whole(auction) && auction->candidates && !story_has_left(auction);
    return is_begun && has_posts && closing_goes_on(auction);
}

/* The bids in hand as they would be ranked now, against everyone who is still out. */
static bool is_beaten_by_none(const struct auction *auction)
{
    struct decision decision = asks_decision(auction);
    struct rank_terms terms = decide_terms(&decision);
    for (uint32_t place = 0; place < auction->match.entries_count; place++)
        if (auction->asked[place].state == ASK_OUT &&
            !ceiling_settles(&terms, auction->bids, auction->order, auction->order_count,
                             &auction->match.entries[place]))
            return false;
    return true;
}

/* Of several sales the whole set is looked at, against all who are out together. What stands in bids and order is lost,
 * and made again when the auction ranks. */
static bool is_set_settled(struct auction *auction)
{
    struct decision decision = asks_decision(auction);
    uint32_t count = 0;
    if (!auction->late)
        auction->late = arena_take(&auction->arena, auction->match.entries_count * sizeof *auction->late);
    for (uint32_t place = 0; auction->late && place < auction->match.entries_count; place++)
        if (auction->asked[place].state == ASK_OUT) auction->late[count++] = &auction->match.entries[place];
    return auction->late &&
           ceilings_settle(&decision, auction->bids, auction->bids_count, auction->order, auction->late, count);
}

/* A bid in hand might not become the offer's, and then one that is still out might. */
static bool may_be_held_out(const struct auction *auction)
{
    if (auction->request.kind != AUCTION_PING || auction->rehearsal) return false;
    for (uint32_t i = 0; i < auction->order_count; i++)
        if (promise_is_bound(auction->bids[auction->order[i]].entry->contract)) return true;
    return false;
}

/* Every look ranks all bids in hand. Among very many, one is due when a quarter of those who were out has answered. */
static bool is_due(struct auction *auction)
{
    if (auction->out > LOOK_ALWAYS && auction->out_looked && auction->out > auction->out_looked / 4 * 3) return false;
    auction->out_looked = auction->out;
    return true;
}

/* No bid that is still out could change who wins, or what is paid. A ranking that does not count leaves no trace. */
static bool is_settled(struct auction *auction)
{
    if (auction->candidates) return false;            /* the best in hand has refused */
    if (auction->request.ping.all_legs) return false; /* the affiliate wants to see whatever is bid */
    if (auction->out_open > 0 || !is_due(auction) || !asks_rank(auction)) return false;
    bool is_several = auction->max_sales > 1;
    if (!may_be_held_out(auction) && (is_several ? is_set_settled(auction) : is_beaten_by_none(auction))) return true;
    forget_ranking(auction);
    return false;
}

const char *closing_cause(struct auction *auction, int64_t now_us)
{
    if (now_us >= auction->ask_by_us) return "deadline";
    if (auction->out == 0) return "all_answered";
    if (auction->drained) return "shutting_down";
    return is_settled(auction) ? CLOSED_EARLY : NULL;
}
