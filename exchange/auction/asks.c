/* What goes out to buyers and what comes back, as the story's steps see it: the pings of one auction, the post of one
 * slot. */
#include "exchange/auction/parts.h"

#include "exchange/market/redirect.h"
#include "protocol/base/money.h"
#include "protocol/message/consent.h"

#define RETRIES_MAX 2                  /* of one post */
#define RETRY_PAUSE_US INT64_C(100000) /* before the first */
#define RETRY_LEAST_US INT64_C(50000)  /* with less time than this it only makes the same doubt again */
#define TAIL_ROOM 64                   /* of a ping's tail: the names around consent and lead */

/* A ping is counted where a cap counts pings, before it goes out; one that does not is given back. */
static enum reason send_ping(struct auction *auction, const struct auction_ask *ask,
                             const struct cap_segments *segments, uint64_t *call)
{
    struct cap_key keys[RESERVATION_KEYS_MAX];
    const struct contract *contract = ask->contract;
    struct standing *standing = auction->host->standing(auction->world);
    unsigned count = 0, full;
    if (contract->counts_pings && !auction->rehearsal)
        count = cap_ping_keys(contract, &auction->catalogue->buyers[contract->buyer], segments, standing,
                              auction->opened_ms, keys);
    if (!caps_reserve(standing, keys, count, &full)) return REASON_CAPPED;
    enum reason reason = auction->host->ask(auction->world, auction, ask, call);
    if (reason != REASON_NONE) caps_release(standing, keys, count, false);
    return reason;
}

/* The first phone and the first e-mail, for contracts whose pings carry their hashes. */
static void take_person(const struct auction *auction, struct ping_hashes *hashes)
{
    *hashes = (struct ping_hashes){0};
    for (uint32_t i = auction->person.count; i-- > 0;) {
        const struct person_hash *hash = &auction->person.list[i];
        if (hash->kind == PERSON_PHONE) hashes->has_phone = true, hashes->phone = hash->plain;
        if (hash->kind == PERSON_EMAIL) hashes->has_email = true, hashes->email = hash->plain;
    }
}

/* In whole hundredths where such a bid does as well. */
static int64_t min_bid(const struct auction *auction, const struct contract *contract)
{
    struct price_parties parties = {auction->catalogue, auction->campaign, auction->affiliate,
                                    catalogue_source_of(auction->affiliate, auction->form.facts.source), contract};
    int64_t most = contract->max_price_micros ? contract->max_price_micros : PRICE_MAX_MICROS;
    if (auction->floor_micros <= 0) return 0;
    int64_t least = price_least(&parties, auction->floor_micros, most);
    int64_t round = least < 0 ? -1 : -money_floor(-least, MONEY_UNIT / 100);
    if (round > least && price_carries(contract, price_payout(&parties, round), auction->floor_micros)) least = round;
    if (least >= 0 && least < contract->min_price_micros) least = contract->min_price_micros;
    return least < 0 ? 0 : least;
}

void asks_send(struct auction *auction)
{
    struct cap_segments segments;
    int64_t now_us = auction->host->now_us(auction->world);
    size_t room = auction->form.public_json.len + (auction->consent ? CONSENT_FACTS_MAX : 0) + TAIL_ROOM;
    struct sink tail = sink_over(arena_take(&auction->arena, room), room);
    if (!tail.at) tail.cap = 0;
    ping_write_tail(&tail, auction->consent, auction->opened_ms, auction->form.public_json);
    struct auction_ask ask = {.kind = ASK_PING,
                              .ping_id = auction->ping_id,
                              .channel = auction->request.ping.channel,
                              .offer_ttl_ms = auction->campaign->offer_ttl_us / 1000,
                              .tail = sink_written(&tail),
                              .affiliate = auction->affiliate->id,
                              .source = auction->request.ping.source};
    struct ping_hashes person;
    if (auction->campaign->gives_hashes) {
        take_person(auction, &person);
        ask.person = &person;
    }
    cap_segments_of(&auction->form.facts, &segments);
    for (uint32_t place = 0; place < auction->match.entries_count; place++) {
        const struct match_entry *entry = &auction->match.entries[place];
        struct asked *asked = &auction->asked[place];
        if (entry->reason == REASON_NONE && entry->contract->tier < auction->tier) continue; /* asked before */
        asked->reason = entry->reason;
        if (entry->reason != REASON_NONE) continue;
        if (auction->tier && entry->contract->tier > auction->tier) {
            asked->reason = REASON_OUTBID; /* unless its turn comes */
            continue;
        }
        asked->asked_us = asked->answered_us = now_us;
        if (entry->standing_price_micros > 0) {
            asked->state = ASK_BID;
            asked->is_standing = true;
            asked->bid = (struct bid){.price_micros = entry->standing_price_micros, .available = true};
            continue;
        }
        ask.contract = entry->contract;
        ask.min_bid_micros = entry->contract->discloses & DISCLOSES_FLOOR ? min_bid(auction, entry->contract) : 0;
        ask.place = place;
        ask.deadline_us = now_us + entry->contract->ping_timeout_us;
        if (ask.deadline_us > auction->ask_by_us) ask.deadline_us = auction->ask_by_us;
        if (auction->rehearsal) rehearse_ask(auction, entry->contract, &ask);
        asked->reason = tail.cut ? REASON_TOO_LARGE : send_ping(auction, &ask, &segments, &asked->call);
        if (asked->reason != REASON_NONE) continue;
        asked->state = ASK_OUT;
        auction->out++;
        auction->out_open += !ceiling_is_known(entry->contract);
    }
}

/* Whoever has not answered by now is late; or could not have won. */
void asks_stop(struct auction *auction)
{
    bool is_early = strcmp(auction->closed_cause, CLOSED_EARLY) == 0;
    for (uint32_t place = 0; auction->out > 0; place++) {
        struct asked *asked = &auction->asked[place];
        if (asked->state != ASK_OUT) continue;
        auction->host->cancel(auction->world, asked->call);
        asked->state = ASK_FAILED;
        asked->reason = auction->affiliate_gone ? REASON_AFFILIATE_GONE : is_early ? REASON_OUTBID : REASON_TIMEOUT;
        asked->answered_us = 0;
        auction->out--;
    }
    auction->out_open = 0;
}

/* What bids are ranked by, at the instant of ranked_ms. */
struct decision asks_decision(const struct auction *auction)
{
    return (struct decision){.catalogue = auction->catalogue,
                             .campaign = auction->campaign,
                             .affiliate = auction->affiliate,
                             .source = catalogue_source_of(auction->affiliate, auction->form.facts.source),
                             .floor_micros = auction->floor_micros,
                             .leg_floor_micros = auction->leg_floor_micros,
                             .max_sales = auction->max_sales,
                             .sold_elsewhere = auction->sold_elsewhere,
                             .seed = auction->seed,
                             .arm = auction->arm,
                             .is_offer = auction->request.kind == AUCTION_PING,
                             .opened_ms = auction->opened_ms,
                             .ranked_ms = auction->ranked_ms};
}

void asks_keep_legs(struct auction *auction, struct asked *asked, const struct bid *bid)
{
    struct bytes copy = arena_copy(&auction->arena,
                                   (struct bytes){(const char *)bid->legs, bid->legs_count * sizeof *bid->legs});
    asked->bid.legs = (const void *)copy.at;
    if (copy.at) return;
    asked->bid.legs_count = 0;
    asked->state = ASK_FAILED;
    asked->reason = REASON_BUSY;
}

/* Room for every leg of every bid. */
static bool make_room(struct auction *auction)
{
    uint32_t room = 1;
    for (uint32_t place = 0; place < auction->match.entries_count; place++) {
        const struct asked *asked = &auction->asked[place];
        if (asked->state == ASK_BID) room += asked->bid.legs_count ? asked->bid.legs_count : 2;
    }
    if (room <= auction->bids_room) return true;
    auction->bids = arena_take(&auction->arena, room * sizeof *auction->bids);
    auction->order = arena_take(&auction->arena, room * sizeof *auction->order);
    auction->bids_room = auction->bids && auction->order ? room : 0;
    return auction->bids_room > 0;
}

bool asks_rank(struct auction *auction)
{
    auction->ranked_ms = auction->host->wall_ms(auction->world);
    struct decision decision = asks_decision(auction);
    if (!make_room(auction)) return false;
    auction->bids_count = 0;
    for (uint32_t place = 0; place < auction->match.entries_count; place++) {
        struct asked *asked = &auction->asked[place];
        if (asked->state != ASK_BID || asked->reason != REASON_NONE) continue; /* it may be out since: promise.c */
        struct rank_bid said = {
            .entry = &auction->match.entries[place],
            .price_micros = asked->bid.price_micros,
            .available = asked->bid.available,
            .bid_id = asked->bid.bid_id,
            .valid_us = asked->bid.valid_us,
            .ms = (asked->answered_us - asked->asked_us) / 1000,
        };
        uint32_t legs = decide_legs(&decision, &said, asked->bid.legs, asked->bid.legs_count,
                                    &auction->bids[auction->bids_count]);
        auction->bids_count += legs;
        if (legs == 0) asked->reason = REASON_NOT_CHOSEN; /* none that this lead may be sold in */
    }
    auction->order_count = decide_run(&decision, auction->bids, auction->bids_count, auction->order, &auction->planned);
    return true;
}

enum reason asks_nearest(const struct auction *auction)
{
    uint32_t counts[REASON_COUNT];
    if (auction->bids_count) return rank_nearest(auction->bids, auction->bids_count);
    memcpy(counts, auction->match.counts, sizeof counts);
    for (uint32_t place = 0; place < auction->match.entries_count; place++) {
        if (auction->match.entries[place].reason != REASON_NONE) continue;
        const struct asked *asked = &auction->asked[place];
        bool is_held_out = asked->state == ASK_BID && asked->reason != REASON_NONE && /* promise.c */
                           asked->reason != REASON_NOT_CHOSEN;
        if (asked->state != ASK_NEVER && !is_held_out) return REASON_NO_BID;
        counts[asked->reason]++;
    }
    return match_commonest(counts);
}

void asks_post(struct auction *auction, uint32_t number)
{
    struct slot *slot = &auction->slots[number];
    struct candidate *candidate = &auction->candidates[slot->candidate];
    struct attempt *attempt = &auction->attempts[slot->attempt];
    int64_t now_us = auction->host->now_us(auction->world);
    if (slot->retries == 0) attempt->sent_us = now_us;
    struct auction_ask ask = {
        .kind = ASK_POST,
        .contract = candidate->contract,
        .place = number,
        .ping_id = auction->ping_id,
        .lead_id = auction->lead_id,
        .post_id = attempt->post_id,
        .bid_id = candidate->terms.bid_id,
        .price_micros = candidate->terms.price_micros,
        .max_sold = candidate->terms.max_sold,
        .slot = (uint8_t)(number + 1),
        .consent = auction->consent_json,
        .lead = auction->form.full_json,
        .affiliate = auction->affiliate->id,
        .channel = auction->offer.channel,
        .source = auction->offer.source,
        .deadline_us = now_us + candidate->contract->post_timeout_us,
    };
    if (auction->request.kind == AUCTION_ONE_CALL) {
        ask.channel = auction->request.ping.channel;
        ask.source = auction->request.ping.source;
    }
    if (auction->rehearsal) rehearse_ask(auction, candidate->contract, &ask);
    if (ask.deadline_us > auction->post_by_us) ask.deadline_us = auction->post_by_us;
    if (slot->retries == 0 && !auction->rehearsal)
        turns_take(auction->host->standing(auction->world), candidate->contract->cell);
    /* The drain's time may end while the intent is written: what was never sent need not become a doubt. */
    slot->post_reason = auction->drained ? REASON_SHUTTING_DOWN
                                         : auction->host->ask(auction->world, auction, &ask, &slot->call);
    slot->post_failed = slot->post_reason != REASON_NONE;
    slot->state = slot->post_failed ? SLOT_ANSWERED : SLOT_OUT;
}

static enum unknown_policy policy_of(const struct auction *auction, const struct slot *slot)
{
    const struct contract *contract = auction->candidates[slot->candidate].contract;
    bool is_unknown = !slot->post_failed && slot->verdict.class == VERDICT_UNKNOWN;
    return is_unknown ? unknown_by_cause(contract->on_unknown, slot->verdict.doubt) : UNKNOWN_HOLD;
}

/* The pause before each retry doubles. A retry that cannot be sent leaves what was unknown before it unknown. */
bool asks_again(struct auction *auction, struct slot *slot)
{
    if (slot->post_failed && slot->retries) {
        slot->post_failed = false;
        return false;
    }
    int64_t at_us = auction->host->now_us(auction->world) + (RETRY_PAUSE_US << slot->retries);
    if (policy_of(auction, slot) != UNKNOWN_RETRY || slot->retries == RETRIES_MAX || auction->drained) return false;
    if (at_us + RETRY_LEAST_US > auction->post_by_us) return false;
    slot->retries++;
    slot->retry_at_us = at_us;
    return true;
}

/* What the sale is billed at, and what the affiliate gets of it. */
static void bill(struct auction *auction, struct slot *slot, struct attempt *attempt, const struct candidate *candidate)
{
    struct price_parties parties = {auction->catalogue, auction->campaign, auction->affiliate,
                                    catalogue_source_of(auction->affiliate, auction->offer.source),
                                    candidate->contract};
    int64_t floor_micros = auction->plan_size == 1 ? auction->floor_micros : auction->leg_floor_micros;
    int64_t owed = auction->promise_micros ? slot->promise_micros : floor_micros;
    attempt->billed_micros = price_billed(&parties, candidate->terms.price_micros, slot->verdict.price_micros, owed,
                                          &attempt->payout);
}

/* Only a post whose bytes may have left counts towards max_posts. */
void asks_verdict(struct auction *auction, struct slot *slot)
{
    static const struct {
        enum post_state post;
        enum slot_state slot;
        enum reason reason;
    } ends[] = {[VERDICT_ACCEPTED] = {POST_ACCEPTED, SLOT_SOLD, REASON_NONE},
                [VERDICT_REJECTED] = {POST_REJECTED, SLOT_REFUSED, REASON_REJECTED},
                [VERDICT_UNKNOWN] = {POST_UNKNOWN, SLOT_DOUBT, REASON_UNKNOWN}};
    struct attempt *attempt = &auction->attempts[slot->attempt];
    attempt->settled_us = auction->host->now_us(auction->world);
    slot->unwritten = true;
    if (slot->post_failed) {
        attempt->state = POST_FAILED;
        attempt->reason = slot->post_reason;
        slot->state = SLOT_REFUSED;
        return;
    }
    slot->posts_sent++;
    slot->reservation.sent = true;
    auction->candidates[attempt->candidate].reached = true;
    bool is_silence = policy_of(auction, slot) == UNKNOWN_FALLBACK;
    attempt->reason = ends[slot->verdict.class].reason;
    if (is_silence) slot->verdict.class = VERDICT_REJECTED;
    attempt->state = ends[slot->verdict.class].post;
    if (attempt->state == POST_UNKNOWN && auction->affiliate->releases) {
        attempt->state = POST_VOIDED;
        attempt->reason = REASON_VOIDED;
    }
    attempt->code = slot->verdict.code;
    attempt->text = slot->verdict.text;
    slot->state = ends[slot->verdict.class].slot;
    if (slot->state != SLOT_SOLD) return;
    slot->sale_id = auction->host->make_id(auction->world);
    const struct contract *contract = auction->candidates[attempt->candidate].contract;
    bill(auction, slot, attempt, &auction->candidates[attempt->candidate]);
    if (redirect_is_allowed(&auction->catalogue->buyers[contract->buyer], slot->verdict.redirect_url))
        attempt->redirect_url = slot->verdict.redirect_url;
}
