/* cap: what the caps of contract, buyer and affiliate say about a sale, a post or a ping (market.md section 7): which
 * windows, which segments, how much room now. The counters themselves are standing's.
 *
 * Pure but for what it reads of standing. Percent: no more than the share of what was sold in the window, this one
 * included, rounded up to whole leads (so one of each always fits): only sales that were made count as sold, so the
 * share holds whatever becomes of posts under way. Pace: a day's limit grows with the share of its open hours that has
 * gone; the first lead is never held back. */
#pragma once

#include "exchange/market/campaign.h"

/* Which segment of each kind a lead is in: a digest of its name; "" (not given) is a segment like others. */
struct cap_segments {
    struct cap_id of[CAP_PERS];
};

/* A sale that is wished for. */
struct cap_deal {
    const struct catalogue *catalogue;
    const struct contract *contract;
    const struct affiliate *affiliate; /* NULL: it has gone, and its caps with it */
    const struct cap_segments *segments;
    struct ident offer; /* the ping whose offer it is; none: no offer */
    int64_t wall_ms, price_micros, payout_micros;
};

/* Only those that some cap of the campaign asks for are worked out. */
void cap_segments_of(const struct facts *facts, struct cap_segments *segments);

/* The window a cap counts in at that instant, as standing keys it: the UTC minute (since 1970) in which the zone's
 * local minute, hour, day, week (Monday) or month began, or the total's since. */
int64_t cap_window_of(const struct cap *cap, const struct zone *zone, int64_t wall_ms);
/* What of the limit may be used by now: all of it, or less for a percent or a paced cap. `schedule` may be NULL. */
uint32_t cap_limit_now(const struct cap *cap, const struct zone *zone, const struct schedule *schedule,
                       struct standing *standing, int64_t wall_ms);

/* What one segment of that name has used of it now. */
uint32_t cap_segment_used(const struct cap *cap, const struct zone *zone, struct bytes name, struct standing *standing,
                          int64_t wall_ms);

/* The keys a sale reserves, in fixed order (the contract's caps, its buyer's, the affiliate's, the count of the day),
 * for the windows of that instant. Returns how many (at most RESERVATION_KEYS_MAX, which a catalogue holds everyone
 * to). */
unsigned cap_keys(const struct cap_deal *deal, struct standing *standing, struct cap_key *keys);
/* Of a contract that counts them: its sales of the house's day, posts under way included (policy even). */
uint32_t cap_sold_today(const struct catalogue *catalogue, const struct contract *contract, struct standing *standing,
                        int64_t wall_ms);
/* The keys one ping to that contract takes. */
unsigned cap_ping_keys(const struct contract *contract, const struct buyer *buyer, const struct cap_segments *segments,
                       struct standing *standing, int64_t wall_ms, struct cap_key *keys);
/* Number of the first cap without room (the contract's, then its buyer's), -1: all have room. `segments` NULL: caps per
 * something are not asked. */
int32_t cap_first_full(const struct contract *contract, const struct buyer *buyer, const struct cap_segments *segments,
                       struct standing *standing, int64_t wall_ms);

/* The affiliate's caps in that campaign, caps_count of them; NULL: none, or it may not sell there. */
const struct cap *cap_of_affiliate(const struct affiliate *affiliate, const struct campaign *campaign);
/* Takes a ping or one-call lead from those caps that count pings, and looks at the others. False: one has no room, and
 * nothing is taken. */
bool cap_admits(const struct catalogue *catalogue, const struct affiliate *affiliate, const struct campaign *campaign,
                const struct cap_segments *segments, struct standing *standing, int64_t wall_ms);
