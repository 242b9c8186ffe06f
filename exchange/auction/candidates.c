/* A candidate is looked at again when its turn comes, because the world moved on since the ping: pause, caps, seat,
 * circuit, and the promise. The schedule alone is honoured as it stood at the ping. */
#include "exchange/auction/parts.h"

#include "protocol/base/check.h"

#define ATTEMPT_LEAST_US 50000 /* a post with less time than this only makes doubts */

static bool begin(struct auction *auction, uint32_t count)
{
    auction->candidates = arena_zero(&auction->arena, count ? count : 1, sizeof *auction->candidates);
    auction->attempts = arena_zero(&auction->arena, ATTEMPTS_MAX, sizeof *auction->attempts);
    return auction->candidates && auction->attempts;
}

bool candidates_from_rank(struct auction *auction)
{
    uint32_t count = auction->order_count < CANDIDATES_MAX ? auction->order_count : CANDIDATES_MAX;
    if (!begin(auction, count)) return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct rank_bid *bid = &auction->bids[auction->order[i]];
        auction->candidates[i] = (struct candidate){
            .terms = {.contract = bid->entry->contract->id,
                      .bid_id = bid->bid_id,
                      .price_micros = bid->pays_micros,
                      .bid_micros = bid->price_micros,
                      .payout_micros = bid->payout.payout_micros,
                      .margin_rule = (uint8_t)bid->payout.rule,
                      .max_sold = 1,
                      .leg = (uint8_t)(i + 1),
                      .valid_until_ms = INT64_MAX},
            .contract = bid->entry->contract,
            .entry = (uint32_t)(bid->entry - auction->match.entries),
        };
    }
    auction->candidates_count = count;
    entries_offer(auction); /* what a fallback after a restart needs */
    return true;
}

bool candidates_from_offer(struct auction *auction, uint64_t tried)
{
    const struct offer *offer = &auction->offer;
    if (!begin(auction, offer->candidates_count)) return false;
    for (uint32_t i = 0; i < offer->candidates_count; i++)
        auction->candidates[i] = (struct candidate){
            .terms = offer->candidates[i],
            .contract = catalogue_contract(auction->catalogue, offer->candidates[i].contract),
            .entry = UINT32_MAX,
            .tried = (tried >> i & 1) != 0,
            .reached = (tried >> i & 1) != 0, /* the book does not tell here which of them were never sent */
        };
    auction->candidates_count = offer->candidates_count;
    return true;
}

struct attempt *candidates_note(struct auction *auction, struct slot *slot, bool skipped, enum reason reason)
{
    check(auction->attempts_count < ATTEMPTS_MAX); /* no candidate is tried twice */
    struct attempt *attempt = &auction->attempts[auction->attempts_count++];
    *attempt = (struct attempt){.candidate = slot->candidate,
                                .slot = (uint32_t)(slot - auction->slots),
                                .skipped = skipped,
                                .reason = reason,
                                .payout = slot->payout};
    auction->candidates[slot->candidate].tried = true;
    return attempt;
}

/* Under a second price a fallback pays at least what the promise needs, and never more than its own bid. */
static void raise_price(const struct auction *auction, struct candidate *candidate, int64_t promise_micros)
{
    struct offer_candidate *terms = &candidate->terms;
    if (terms->bid_micros <= terms->price_micros || terms->payout_micros >= promise_micros) return;
    struct price_parties parties = {auction->catalogue, auction->campaign, auction->affiliate,
                                    catalogue_source_of(auction->affiliate, auction->offer.source),
                                    candidate->contract};
    int64_t least = price_least(&parties, promise_micros, terms->bid_micros);
    if (least < 0) least = terms->bid_micros; /* not even that is enough: margin may still be given up */
    if (least <= terms->price_micros) return;
    struct payout payout = price_payout(&parties, least);
    terms->price_micros = least;
    terms->payout_micros = payout.payout_micros;
    terms->margin_rule = (uint8_t)payout.rule;
}

/* As it stood at the ping: a reload since then may better the terms, never worsen them. */
static struct payout usual_payout(const struct auction *auction, const struct candidate *candidate)
{
    const struct offer_candidate *terms = &candidate->terms;
    struct price_parties parties = {auction->catalogue, auction->campaign, auction->affiliate,
                                    catalogue_source_of(auction->affiliate, auction->offer.source),
                                    candidate->contract};
    struct payout now = price_payout(&parties, terms->price_micros);
    if (now.payout_micros >= terms->payout_micros && now.margin_micros >= 0) return now;
    return (struct payout){.payout_micros = terms->payout_micros,
                           .margin_micros = terms->price_micros - terms->payout_micros,
                           .rule = (enum margin_source)terms->margin_rule};
}

/* Buyers of one owner never get the same lead twice, refused or not, nor at the same time. */
static bool is_reached(const struct auction *auction, const struct slot *asking, struct bytes group)
{
    for (uint32_t i = 0; i < auction->candidates_count; i++) {
        const struct candidate *candidate = &auction->candidates[i];
        if (!candidate->contract) continue;
        bool is_held = false;
        for (uint32_t k = 0; k < auction->slots_count && !candidate->reached; k++) {
            const struct slot *slot = &auction->slots[k];
            is_held |= slot != asking && slot->candidate == i && (SLOTS_HOLD & SLOT_BIT(slot->state));
        }
        if (!candidate->reached && !is_held) continue;
        if (bytes_same(auction->catalogue->buyers[candidate->contract->buyer].group, group)) return true;
    }
    return false;
}

/* Limits of pings and offers are none of posts; the schedule is honoured as it stood at the ping. */
static enum reason availability_now(const struct auction *auction, const struct contract *contract,
                                    const struct buyer *buyer)
{
    const struct auction_host *host = auction->host;
    struct availability_view view;
    struct availability_lead lead;
    int64_t wall_ms = host->wall_ms(auction->world);
    availability_lead(&auction->form.facts, wall_ms, &lead);
    availability_read(contract, buyer, &lead, host->standing(auction->world), host->now_us(auction->world), wall_ms,
                      &view);
    view.rate_spent = view.offers_full = false;
    if (contract->hold_offer_ms && host->holds(auction->world, &auction->ping_id, contract)) {
        view.cap_full = -1; /* what fills them may be its own */
        view.seats_free = INT64_MAX;
    }
    return availability_reason(contract, buyer, &view, auction->pinged_ms);
}

/* The first gate that is shut now, or NONE and the payout. */
static enum reason gate(struct auction *auction, struct slot *slot, struct candidate *candidate)
{
    const struct auction_host *host = auction->host;
    const struct contract *contract = candidate->contract;
    int64_t now_us = host->now_us(auction->world), wall_ms = host->wall_ms(auction->world);
    if (!contract || contract->campaign != auction->campaign->index) return REASON_NO_CONTRACT;
    if (!rehearse_may_post(auction, contract)) return REASON_NO_CONTRACT;
    if (slot->posts_sent >= auction->catalogue->house.max_posts) return REASON_POSTS_MAX;
    if (now_us + ATTEMPT_LEAST_US > auction->post_by_us) return REASON_NO_TIME;
    if (candidate->terms.valid_until_ms <= wall_ms) return REASON_PING_EXPIRED;
    const struct buyer *buyer = &auction->catalogue->buyers[contract->buyer];
    if (is_reached(auction, slot, buyer->group)) return REASON_SAME_GROUP;
    enum reason barred = people_bars(auction, contract);
    if (barred != REASON_NONE) return barred;
    enum reason reason = auction->rehearsal ? REASON_NONE : availability_now(auction, contract, buyer);
    if (reason != REASON_NONE) return reason;
    if (auction->promise_micros) raise_price(auction, candidate, slot->promise_micros);
    struct payout usual = usual_payout(auction, candidate);
    if (auction->promise_micros == 0) {
        slot->payout = usual;
        return price_carries(contract, usual, auction->floor_micros) ? REASON_NONE : REASON_LOW_BID;
    }
    bool holds = price_under_promise(auction->campaign, usual, candidate->terms.price_micros, slot->promise_micros,
                                     &slot->payout);
    return holds ? REASON_NONE : REASON_BELOW_PROMISE;
}

void candidates_reserve(struct auction *auction, struct slot *slot)
{
    const struct candidate *candidate = &auction->candidates[slot->candidate];
    struct cap_segments segments;
    if (auction->rehearsal) {
        rehearse_reserve(slot);
        return;
    }
    struct cap_deal deal = {.catalogue = auction->catalogue,
                            .contract = candidate->contract,
                            .affiliate = auction->affiliate,
                            .segments = &segments,
                            .offer = auction->ping_id,
                            .wall_ms = auction->host->wall_ms(auction->world),
                            .price_micros = candidate->terms.price_micros,
                            .payout_micros = slot->payout.payout_micros};
    cap_segments_of(&auction->form.facts, &segments);
    slot->state = SLOT_RESERVING;
    auction->host->reserve(auction->world, auction, (uint32_t)(slot - auction->slots), &deal, &slot->reservation);
}

bool candidates_next(struct auction *auction, struct slot *slot)
{
    for (uint32_t i = 0; i < auction->candidates_count; i++) {
        struct candidate *candidate = &auction->candidates[i];
        if (candidate->tried) continue;
        slot->candidate = i;
        enum reason reason = gate(auction, slot, candidate);
        if (reason == REASON_NONE) return true;
        slot->payout = (struct payout){.payout_micros = candidate->terms.payout_micros};
        candidates_note(auction, slot, true, reason);
    }
    return false;
}

/* Nearest to a sale first: somebody refused it; nobody could take it under the promise; there was no time; else why the
 * best candidate was passed over. */
enum reason candidates_reason(const struct auction *auction)
{
    static const enum reason nearest[] = {REASON_REJECTED, REASON_UNKNOWN, REASON_BELOW_PROMISE, REASON_POSTS_MAX,
                                          REASON_NO_TIME};
    if (auction->record && auction->request.kind == AUCTION_RESUMED) return REASON_REJECTED;
    for (size_t k = 0; k < sizeof nearest / sizeof *nearest; k++)
        for (uint32_t i = 0; i < auction->attempts_count; i++)
            if (auction->attempts[i].reason == nearest[k]) return nearest[k];
    return auction->attempts_count ? auction->attempts[0].reason : REASON_NO_CONTRACT;
}
