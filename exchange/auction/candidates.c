/* A candidate is looked at again when its turn comes, because the world moved on since the ping: pause, caps, money,
 * seat, circuit, and the promise. The schedule alone is honoured as it stood at the ping. */
#include "exchange/auction/parts.h"

#include "exchange/market/acceptance.h"
#include "exchange/market/fallback.h"
#include "exchange/standing/learned.h"
#include "protocol/base/check.h"

#define ATTEMPT_LEAST_US 50000 /* a post with less time than this only makes doubts */

static bool begin(struct auction *auction, uint32_t count)
{
    auction->candidates = arena_zero(&auction->arena, count ? count : 1, sizeof *auction->candidates);
    auction->attempts = arena_zero(&auction->arena, ATTEMPTS_MAX, sizeof *auction->attempts);
    return auction->candidates && auction->attempts;
}

/* A one-call lead is posted at once: no bid ends before that. */
static struct candidate candidate_of(const struct auction *auction, const struct rank_bid *bid, uint32_t number)
{
    return (struct candidate){
        .terms = {.contract = bid->entry->contract->id,
                  .bid_id = bid->bid_id,
                  .price_micros = bid->pays_micros,
                  .bid_micros = bid->price_micros,
                  .payout_micros = bid->payout.payout_micros,
                  .margin_rule = (uint8_t)bid->payout.rule,
                  .max_sold = bid->max_sold,
                  .leg = (uint8_t)(number + 1),
                  .valid_until_ms = INT64_MAX},
        .contract = bid->entry->contract,
        .entry = (uint32_t)(bid->entry - auction->match.entries),
    };
}

bool candidates_from_rank(struct auction *auction)
{
    uint32_t count = auction->order_count < CANDIDATES_MAX ? auction->order_count : CANDIDATES_MAX;
    if (!begin(auction, count)) return false;
    for (uint32_t i = 0; i < count; i++)
        auction->candidates[i] = candidate_of(auction, &auction->bids[auction->order[i]], i);
    auction->candidates_count = count;
    entries_offer(auction); /* what a fallback after a restart needs */
    return true;
}

/* A contract has had its turn, whichever of its legs it was; false: this one is new. */
static bool had_its_turn(const struct candidate *candidates, uint32_t count, const struct candidate *wanted)
{
    for (uint32_t i = 0; i < count; i++)
        if (candidates[i].entry == wanted->entry) return true;
    return false;
}

/* Those that were there keep their numbers, which attempts, slots and the book know them by. The offer in the book,
 * once it is written, stays as it is: see admission_resume. */
bool candidates_more(struct auction *auction)
{
    uint32_t before = auction->candidates_count, count = before;
    struct candidate *all = arena_zero(&auction->arena, CANDIDATES_MAX, sizeof *all);
    if (!all) return false;
    memcpy(all, auction->candidates, before * sizeof *all);
    struct offer *offer = &auction->offer;
    for (uint32_t i = 0; i < auction->order_count && count < CANDIDATES_MAX; i++) {
        const struct rank_bid *bid = &auction->bids[auction->order[i]];
        all[count] = candidate_of(auction, bid, count);
        if (had_its_turn(all, before, &all[count])) continue;
        if (count < OFFER_CANDIDATES_MAX && !auction->opening_written) {
            offer->candidates[count] = all[count].terms;
            offer->candidates[count].valid_until_ms = bid->valid_until_ms;
            offer->candidates_count = count + 1;
        }
        count++;
    }
    auction->candidates = all;
    auction->candidates_count = count;
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
    least = price_readable(auction->catalogue, least, terms->bid_micros);
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
    if (slot->promise_micros && price_is_later(contract)) return REASON_BELOW_PROMISE; /* it brings nothing to pay it */
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

/* What the ranking knew of it; of an offer's candidate only what is learned by now. */
static struct match_entry entry_of(const struct auction *auction, const struct candidate *candidate)
{
    struct match_entry entry = {.contract = candidate->contract};
    if (candidate->entry != UINT32_MAX) return auction->match.entries[candidate->entry];
    uint64_t learned = learned_word(auction->host->standing(auction->world), candidate->contract->cell);
    entry.view.accepted_ppm = acceptance_ppm(learned, auction->host->wall_ms(auction->world));
    uint64_t kept = learned_kept(auction->host->standing(auction->world), candidate->contract->cell);
    entry.view.returned_ppm = ACCEPTANCE_ONE - acceptance_ppm(kept, auction->host->wall_ms(auction->world));
    return entry;
}

/* Those not asked yet who may still be, and how they were asked so far; the others' reasons. */
static uint32_t list_left(struct auction *auction, struct rank_bid *bids, struct match_entry *entries, uint32_t *places,
                          enum reason *reasons)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < auction->candidates_count; i++) {
        struct candidate *candidate = &auction->candidates[i];
        const struct offer_candidate *terms = &candidate->terms;
        reasons[i] = candidate->tried ? REASON_NONE : gate(auction, &auction->slots[0], candidate);
        if (candidate->tried || reasons[i] != REASON_NONE) continue;
        reasons[i] = auction->promise_micros ? REASON_BELOW_PROMISE : REASON_LOW_BID; /* unless it is in the set */
        entries[count] = entry_of(auction, candidate);
        places[count] = i;
        bids[count] = (struct rank_bid){.entry = &entries[count],
                                        .price_micros = terms->bid_micros > terms->price_micros ? terms->bid_micros
                                                                                                : terms->price_micros,
                                        .pays_micros = terms->price_micros,
                                        .payout = usual_payout(auction, candidate),
                                        .max_sold = terms->max_sold,
                                        .available = true};
        count++;
    }
    return count;
}

/* What it is asked for now, together with others. */
static void take_terms(struct candidate *candidate, const struct rank_bid *bid)
{
    struct offer_candidate *terms = &candidate->terms;
    if (bid->pays_micros == terms->price_micros) return;
    terms->price_micros = bid->pays_micros;
    terms->payout_micros = bid->payout.payout_micros;
    terms->margin_rule = (uint8_t)bid->payout.rule;
}

bool candidates_plan(struct auction *auction)
{
    struct rank_bid bids[CANDIDATES_MAX];
    struct match_entry entries[CANDIDATES_MAX];
    enum reason reasons[CANDIDATES_MAX];
    uint32_t places[CANDIDATES_MAX], chosen[OFFER_SALES_MAX];
    int64_t promises[OFFER_SALES_MAX];
    struct decision decision = asks_decision(auction);
    struct fallback fallback = {&decision, auction->promise_micros};
    decision.max_sales = (uint8_t)auction->slots_max;
    uint32_t count = list_left(auction, bids, entries, places, reasons);
    uint32_t size = fallback_plan(&fallback, bids, count, chosen, promises);
    for (uint32_t i = 0; i < auction->candidates_count && size == 0; i++) {
        if (auction->candidates[i].tried) continue;
        auction->slots[0].candidate = i;
        candidates_note(auction, &auction->slots[0], true, reasons[i]);
    }
    if (size == 0) return false;
    auction->plan_size = size;
    if (auction->slots_count < size) auction->slots_count = size;
    for (uint32_t i = 0; i < size; i++) {
        struct slot *slot = &auction->slots[i];
        slot->state = SLOT_OPEN;
        slot->planned = places[chosen[i]];
        if (auction->promise_micros) slot->promise_micros = promises[i];
        take_terms(&auction->candidates[slot->planned], &bids[chosen[i]]);
    }
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
