/* What goes out to buyers and what comes back, as the story's steps see it: the pings of one auction, one post at a
 * time. */
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
                             .seed = auction->seed,
                             .arm = auction->arm,
                             .is_offer = auction->request.kind == AUCTION_PING,
                             .opened_ms = auction->opened_ms,
                             .ranked_ms = auction->ranked_ms};
}

bool asks_rank(struct auction *auction)
{
    uint32_t count = auction->match.entries_count;
    if (!auction->bids) auction->bids = arena_take(&auction->arena, count * sizeof *auction->bids);
    if (!auction->order) auction->order = arena_take(&auction->arena, count * sizeof *auction->order);
    if (!auction->bids || !auction->order) return false;
    auction->bids_count = 0;
    for (uint32_t place = 0; place < count; place++) {
        const struct asked *asked = &auction->asked[place];
        if (asked->state != ASK_BID || asked->reason != REASON_NONE) continue; /* it may be out since: promise.c */
        struct rank_bid *bid = &auction->bids[auction->bids_count++];
        *bid = (struct rank_bid){
            .entry = &auction->match.entries[place],
            .price_micros = asked->bid.price_micros,
            .available = asked->bid.available,
            .bid_id = asked->bid.bid_id,
            .valid_us = asked->bid.valid_us,
            .ms = (asked->answered_us - asked->asked_us) / 1000,
        };
    }
    auction->ranked_ms = auction->host->wall_ms(auction->world);
    struct decision decision = asks_decision(auction);
    auction->order_count = decide_run(&decision, auction->bids, auction->bids_count, auction->order);
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
        bool is_held_out = asked->state == ASK_BID && asked->reason != REASON_NONE; /* promise.c */
        if (asked->state != ASK_NEVER && !is_held_out) return REASON_NO_BID;
        counts[asked->reason]++;
    }
    return match_commonest(counts);
}

void asks_post(struct auction *auction)
{
    struct candidate *candidate = &auction->candidates[auction->candidate];
    struct attempt *attempt = &auction->attempts[auction->attempts_count - 1];
    int64_t now_us = auction->host->now_us(auction->world);
    if (auction->retries == 0) attempt->sent_us = now_us;
    struct auction_ask ask = {
        .kind = ASK_POST,
        .contract = candidate->contract,
        .ping_id = auction->ping_id,
        .lead_id = auction->lead_id,
        .post_id = attempt->post_id,
        .bid_id = candidate->terms.bid_id,
        .price_micros = candidate->terms.price_micros,
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
    if (auction->retries == 0 && !auction->rehearsal)
        turns_take(auction->host->standing(auction->world), candidate->contract->cell);
    /* The drain's time may end while the intent is written: what was never sent need not become a doubt. */
    enum reason reason = auction->drained ? REASON_SHUTTING_DOWN
                                          : auction->host->ask(auction->world, auction, &ask, &auction->post_call);
    auction->post_out = reason == REASON_NONE;
    auction->post_failed = !auction->post_out;
    auction->post_reason = reason;
}

static enum unknown_policy policy_of(const struct auction *auction)
{
    const struct contract *contract = auction->candidates[auction->candidate].contract;
    bool is_unknown = auction->post_answered && auction->verdict.class == VERDICT_UNKNOWN;
    return is_unknown ? unknown_by_cause(contract->on_unknown, auction->verdict.doubt) : UNKNOWN_HOLD;
}

/* The pause before each retry doubles. A retry that cannot be sent leaves what was unknown before it unknown. */
bool asks_again(struct auction *auction)
{
    if (auction->post_failed && auction->retries) {
        auction->post_failed = false;
        auction->post_answered = true;
        return false;
    }
    int64_t at_us = auction->host->now_us(auction->world) + (RETRY_PAUSE_US << auction->retries);
    if (policy_of(auction) != UNKNOWN_RETRY || auction->retries == RETRIES_MAX || auction->drained) return false;
    if (at_us + RETRY_LEAST_US > auction->post_by_us) return false;
    auction->retries++;
    auction->retry_at_us = at_us;
    auction->post_answered = false;
    return true;
}

/* What the sale is billed at, and what the affiliate gets of it. */
static void bill(struct auction *auction, struct attempt *attempt, const struct candidate *candidate)
{
    struct price_parties parties = {auction->catalogue, auction->campaign, auction->affiliate,
                                    catalogue_source_of(auction->affiliate, auction->offer.source),
                                    candidate->contract};
    int64_t owed = auction->promise_micros ? auction->promise_micros : auction->floor_micros;
    attempt->billed_micros = price_billed(&parties, candidate->terms.price_micros, auction->verdict.price_micros, owed,
                                          &attempt->payout);
    auction->payout = attempt->payout;
}

/* Only a post whose bytes may have left counts towards max_posts. */
void asks_verdict(struct auction *auction)
{
    static const enum post_state states[] = {
        [VERDICT_ACCEPTED] = POST_ACCEPTED, [VERDICT_REJECTED] = POST_REJECTED, [VERDICT_UNKNOWN] = POST_UNKNOWN};
    static const enum reason reasons[] = {
        [VERDICT_ACCEPTED] = REASON_NONE, [VERDICT_REJECTED] = REASON_REJECTED, [VERDICT_UNKNOWN] = REASON_UNKNOWN};
    struct attempt *attempt = &auction->attempts[auction->attempts_count - 1];
    attempt->settled_us = auction->host->now_us(auction->world);
    auction->verdict_unwritten = true;
    if (auction->post_failed) {
        attempt->state = POST_FAILED;
        attempt->reason = auction->post_reason;
        return;
    }
    auction->posts_sent++;
    auction->reservation.sent = true;
    auction->candidates[attempt->candidate].reached = true;
    bool is_silence = policy_of(auction) == UNKNOWN_FALLBACK;
    attempt->reason = reasons[auction->verdict.class];
    if (is_silence) auction->verdict.class = VERDICT_REJECTED;
    attempt->state = states[auction->verdict.class];
    attempt->code = auction->verdict.code;
    attempt->text = auction->verdict.text;
    if (auction->verdict.class != VERDICT_ACCEPTED) return;
    auction->sale_id = auction->host->make_id(auction->world);
    const struct contract *contract = auction->candidates[attempt->candidate].contract;
    bill(auction, attempt, &auction->candidates[attempt->candidate]);
    if (redirect_is_allowed(&auction->catalogue->buyers[contract->buyer], auction->verdict.redirect_url))
        attempt->redirect_url = auction->verdict.redirect_url;
}
