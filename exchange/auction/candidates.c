/* A candidate is looked at again when its turn comes, because the world moved on since the ping: pause, caps, money,
 * seat, circuit, and the promise. The schedule alone is honoured as it stood at the ping. */
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
                      .max_sold = bid->max_sold,
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

/* A contract is tried once, whichever of its legs it was. */
static void shut_other_legs(struct auction *auction, uint32_t tried)
{
    for (uint32_t i = 0; i < auction->candidates_count; i++) {
        struct candidate *candidate = &auction->candidates[i];
        if (bytes_same(candidate->terms.contract, auction->candidates[tried].terms.contract)) candidate->tried = true;
    }
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
    if (auction->slots_max > 1) shut_other_legs(auction, slot->candidate);
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

static struct bytes group_of(const struct auction *auction, uint32_t candidate)
{
    return auction->catalogue->buyers[auction->candidates[candidate].contract->buyer].group;
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
static enum reason availability_now(const struct auction *auction, const struct candidate *candidate,
                                    const struct buyer *buyer)
{
    const struct contract *contract = candidate->contract;
    const struct auction_host *host = auction->host;
    struct availability_view view;
    struct availability_lead lead;
    int64_t wall_ms = host->wall_ms(auction->world);
    availability_lead(&auction->form.facts, wall_ms, &lead);
    availability_read(contract, buyer, &lead, host->standing(auction->world), host->now_us(auction->world), wall_ms,
                      &view);
    view.rate_spent = view.offers_full = false;
    view.stake_micros = candidate->terms.price_micros;
    if (contract->hold_offer_ms && host->holds(auction->world, &auction->ping_id, contract)) {
        view.cap_full = -1; /* what fills them may be its own */
        view.seats_free = INT64_MAX;
        view.counts_funds = false;
    }
    return availability_reason(contract, buyer, &view, auction->pinged_ms);
}

/* The first gate that is shut now, whatever it pays; or NONE. */
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
    bool is_kept_out = match_excludes(auction->affiliate, buyer, &auction->form.facts); /* since a reload, too */
    if (is_kept_out && !auction->rehearsal) return REASON_EXCLUDED;
    return auction->rehearsal ? REASON_NONE : availability_now(auction, candidate, buyer);
}

/* What it pays now, into slot->payout; or why that is too little. */
static enum reason pay(struct auction *auction, struct slot *slot, struct candidate *candidate)
{
    const struct contract *contract = candidate->contract;
    if (auction->promise_micros) raise_price(auction, candidate, slot->promise_micros);
    struct payout usual = usual_payout(auction, candidate);
    if (auction->promise_micros == 0) {
        slot->payout = usual;
        int64_t floor_micros = auction->slots_max > 1 ? auction->leg_floor_micros : auction->floor_micros;
        return price_carries(contract, usual, floor_micros) ? REASON_NONE : REASON_LOW_BID;
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

/* True: that candidate is the slot's. Else it is noted why not. */
static bool take(struct auction *auction, struct slot *slot, uint32_t number)
{
    struct candidate *candidate = &auction->candidates[number];
    slot->candidate = number;
    enum reason reason = gate(auction, slot, candidate);
    if (reason == REASON_NONE) reason = pay(auction, slot, candidate);
    if (reason == REASON_NONE) return true;
    slot->payout = (struct payout){.payout_micros = candidate->terms.payout_micros};
    candidates_note(auction, slot, true, reason);
    return false;
}

/* A lead that may be sold to several and is planned for one is planned anew rather than handed on: see below. */
bool candidates_next(struct auction *auction, struct slot *slot)
{
    uint32_t planned = slot->planned;
    slot->planned = NO_CANDIDATE;
    if (planned != NO_CANDIDATE && !auction->candidates[planned].tried && take(auction, slot, planned)) return true;
    if (auction->slots_max > 1 && auction->plan_size == 1) return false;
    for (uint32_t i = 0; i < auction->candidates_count; i++) {
        const struct candidate *candidate = &auction->candidates[i];
        bool fits = candidate->terms.max_sold >= auction->plan_size + auction->sold_elsewhere;
        if (!candidate->tried && fits && take(auction, slot, i)) return true;
    }
    return false;
}

/* Under a second price a fallback may be asked for as much as it bid: raise_price. */
static int64_t most_of(const struct offer_candidate *terms)
{
    return terms->bid_micros > terms->price_micros ? terms->bid_micros : terms->price_micros;
}

/* Those not asked yet who may still be, as legs; the others' reasons. */
static uint32_t list_legs(struct auction *auction, struct leg *legs, uint32_t *places, enum reason *reasons)
{
    struct slot *slot = &auction->slots[0];
    uint32_t count = 0;
    for (uint32_t i = 0; i < auction->candidates_count; i++) {
        struct candidate *candidate = &auction->candidates[i];
        reasons[i] = REASON_NONE;
        if (candidate->tried) continue;
        reasons[i] = gate(auction, slot, candidate);
        if (reasons[i] != REASON_NONE) continue;
        struct payout usual = usual_payout(auction, candidate);
        int64_t price_micros = candidate->terms.price_micros, reach_micros = usual.payout_micros;
        int64_t squeezed_micros = most_of(&candidate->terms) - auction->campaign->min_margin_micros;
        bool may_squeeze = auction->promise_micros && auction->campaign->promise == PROMISE_SQUEEZE;
        if (may_squeeze && squeezed_micros > reach_micros) reach_micros = squeezed_micros;
        reasons[i] = auction->promise_micros ? REASON_BELOW_PROMISE : REASON_LOW_BID; /* unless it is in the set */
        if (!price_carries(candidate->contract, usual, auction->leg_floor_micros)) continue;
        const struct buyer *buyer = &auction->catalogue->buyers[candidate->contract->buyer];
        uint32_t group = 0;
        while (group < count && !bytes_same(group_of(auction, places[group]), buyer->group)) group++;
        places[count] = i;
        legs[count++] = (struct leg){.group = group,
                                     .tier = candidate->contract->tier,
                                     .max_sold = candidate->terms.max_sold,
                                     .reach_micros = reach_micros,
                                     .worth_micros = decide_worth(auction->campaign, price_micros, &usual)};
    }
    return count;
}

/* What was promised in one is promised by each leg: its usual payout, and of what is missing as much as it can give. */
static void share_promise(struct auction *auction)
{
    int64_t missing_micros = auction->promise_micros;
    for (uint32_t i = 0; i < auction->plan_size && auction->promise_micros; i++) {
        struct slot *slot = &auction->slots[i];
        slot->promise_micros = usual_payout(auction, &auction->candidates[slot->planned]).payout_micros;
        missing_micros -= slot->promise_micros;
    }
    for (uint32_t i = 0; i < auction->plan_size && missing_micros > 0 && auction->promise_micros; i++) {
        struct slot *slot = &auction->slots[i];
        int64_t most_micros = most_of(&auction->candidates[slot->planned].terms);
        int64_t more_micros = most_micros - auction->campaign->min_margin_micros - slot->promise_micros;
        if (more_micros > missing_micros) more_micros = missing_micros;
        if (more_micros <= 0) continue;
        slot->promise_micros += more_micros;
        missing_micros -= more_micros;
    }
}

bool candidates_plan(struct auction *auction)
{
    struct leg legs[CANDIDATES_MAX];
    enum reason reasons[CANDIDATES_MAX];
    uint32_t places[CANDIDATES_MAX], chosen[OFFER_SALES_MAX];
    struct legs_terms terms = {auction->slots_max, auction->sold_elsewhere,
                               auction->promise_micros ? auction->promise_micros : auction->floor_micros};
    uint32_t count = list_legs(auction, legs, places, reasons), size = legs_choose(&terms, legs, count, chosen);
    for (uint32_t i = 0; i < auction->candidates_count && size == 0; i++) {
        if (auction->candidates[i].tried) continue;
        auction->slots[0].candidate = i;
        candidates_note(auction, &auction->slots[0], true, reasons[i]);
    }
    if (size == 0) return false;
    auction->plan_size = size;
    if (auction->slots_count < size) auction->slots_count = size;
    for (uint32_t i = 0; i < size; i++) {
        auction->slots[i].state = SLOT_OPEN;
        auction->slots[i].planned = places[chosen[i]];
    }
    share_promise(auction);
    return true;
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
