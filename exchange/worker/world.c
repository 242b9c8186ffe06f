/* The host an auction sees, over sockets and ledger. Each function does one thing and answers by a fact; nothing here
 * decides. */
#include <stddef.h>

#include "exchange/base/log.h"
#include "exchange/market/deal.h"
#include "exchange/market/doubt.h"
#include "exchange/worker/held.h"
#include "exchange/worker/jump.h"
#include "protocol/base/check.h"

#define TRACE_ROOM (256u << 10)

struct held *world_held(struct auction *auction)
{
    return (struct held *)((char *)auction - offsetof(struct held, auction));
}

static int64_t now_us(void *world)
{
    (void)world;
    return clock_now_us();
}

static int64_t wall_ms(void *world)
{
    (void)world;
    return clock_wall_ms();
}

static struct ident make_id(void *world)
{
    return worker_make_id(world);
}

static uint64_t seed_of(void *world, const struct ident *ping_id)
{
    struct worker *worker = world;
    struct bytes parts[] = {ident_bytes(ping_id)};
    struct digest digest;
    uint64_t seed;
    mac_of(worker->seed_mac, &digest, parts, 1);
    memcpy(&seed, digest.at, sizeof seed);
    return seed;
}

void worker_keyed(struct worker *worker, struct digest *digest)
{
    struct digest plain = *digest;
    struct bytes parts[] = {{(const char *)plain.at, DIGEST_LEN}};
    mac_of(worker->document_mac, digest, parts, 1);
}

/* A commit waits at most for the one before it. */
static void keyed(void *world, struct digest *digest)
{
    worker_keyed(world, digest);
}

static int64_t durable_us(void *world)
{
    return 2 * ledger_commit_p99_us(((struct worker *)world)->hall->ledger) + 1000;
}

static bool is_writable(void *world)
{
    return ledger_state(((struct worker *)world)->hall->ledger, NULL) == REASON_NONE;
}

static bool may_ping(void *world, const struct affiliate *affiliate)
{
    struct worker *worker = world;
    return rates_take_affiliate(worker->hall->standing, affiliate->cell, affiliate->pings_per_s, clock_now_us());
}

static struct standing *standing(void *world)
{
    return hall_standing(((struct worker *)world)->hall);
}

static void wake_at(void *world, struct auction *auction, int64_t at_us)
{
    (void)world;
    loop_timer_at(world_held(auction)->timer, at_us);
}

static enum reason ask(void *world, struct auction *auction, const struct auction_ask *ask, uint64_t *call)
{
    struct worker *worker = world;
    struct held *held = world_held(auction);
    struct call_order order = {
        .kind = ask->kind == ASK_PING ? CALL_PING : CALL_POST,
        .contract = ask->contract,
        .owner = held->id,
        .place = ask->place,
        .deadline_us = ask->deadline_us,
        .ping_id = ask->ping_id,
        .lead_id = ask->lead_id,
        .post_id = ask->post_id,
        .channel = ask->channel,
        .affiliate = ask->affiliate,
        .source = ask->source,
        .offer_ttl_ms = ask->offer_ttl_ms,
        .tail = ask->tail,
        .min_bid_micros = ask->min_bid_micros,
        .person = ask->person,
        .bid_id = ask->bid_id,
        .price_micros = ask->price_micros,
        .max_sold = ask->max_sold,
        .slot = ask->slot,
        .consent = ask->consent,
        .lead = ask->lead,
        .rehearsal = ask->rehearsal,
        .attempt = ask->attempt,
    };
    enum reason reason = call_send(worker->desk, held->lines, &order, call);
    if (reason == REASON_NONE && !ask->rehearsal)
        tally_add(&worker->tally, ask->kind == ASK_PING ? TALLY_CALLS : TALLY_BUYER_POSTS, 1);
    return reason;
}

static void cancel(void *world, uint64_t call)
{
    call_cancel(((struct worker *)world)->desk, call);
}

void world_on_reply(void *arg, const struct call_reply *reply)
{
    struct worker *worker = arg;
    struct held *held = slots_find(&worker->held, reply->owner);
    if (!held) {
        tally_add(&worker->tally, TALLY_LATE, 1);
        return;
    }
    struct auction *auction = held_auction(held);
    if (reply->kind == CALL_PING && reply->reason == REASON_NONE) {
        if (!auction_is_test(auction)) tally_add(&worker->tally, TALLY_BIDS, 1);
        auction_on_bid(auction, reply->place, reply->bid);
    } else if (reply->kind == CALL_PING) {
        auction_on_call_failed(auction, reply->place, reply->reason, reply->bid);
    } else if (reply->reason == REASON_NONE) {
        auction_on_verdict(auction, reply->place, reply->verdict);
    } else {
        auction_on_post_failed(auction, reply->place, reply->reason);
    }
}

static void claim(void *world, struct auction *auction, const struct auction_claim *claim)
{
    claim_start(world, world_held(auction), claim);
}

static void unclaim(void *world, const struct auction_claim *claim, bool answered)
{
    struct hall *hall = ((struct worker *)world)->hall;
    if (claim->is_expired) {
        claim_drop_expired(hall, &claim->ping_id);
    } else if (claim->has_ping) {
        (answered ? offers_answered : offers_return)(hall->offers, &claim->ping_id);
        if (answered) holds_end(hall->holds, hall->standing, &claim->ping_id);
    }
    if (claim->has_key) claims_drop(hall->claims, &claim->key);
}

static void reserve(void *world, struct auction *auction, uint32_t slot, const struct cap_deal *deal,
                    struct reservation *reservation)
{
    struct hall *hall = ((struct worker *)world)->hall;
    auction_on_reserved(auction, slot,
                        deal_reserve(deal, hall->holds, hall_standing(hall), clock_now_us(), reservation));
}

static enum reason hold(void *world, const struct cap_deal *deal, int64_t expires_ms)
{
    struct hall *hall = ((struct worker *)world)->hall;
    int64_t now_us = clock_now_us(), expires_us = now_us + (expires_ms - clock_wall_ms()) * 1000;
    return deal_hold(deal, hall->holds, hall_standing(hall), now_us, expires_us);
}

static bool holds(void *world, const struct ident *ping_id, const struct contract *contract)
{
    return holds_has(((struct worker *)world)->hall->holds, ping_id, contract->cell);
}

static void unhold(void *world, const struct ident *ping_id)
{
    struct hall *hall = ((struct worker *)world)->hall;
    holds_end(hall->holds, hall->standing, ping_id);
}

static void commit(void *world, const struct reservation *reservation)
{
    reservation_commit(((struct worker *)world)->hall->standing, reservation);
}

static void release(void *world, const struct reservation *reservation)
{
    reservation_release(((struct worker *)world)->hall->standing, reservation);
}

static void retake(void *world, const struct contract *contract, const struct buyer *buyer,
                   struct reservation *reservation)
{
    struct standing *standing = ((struct worker *)world)->hall->standing;
    reservation_retake(standing, contract->cell, buyer->cell, clock_now_us(), reservation);
}

static void keep(void *world, const struct ident *post_id, const struct reservation *reservation)
{
    int64_t now_ms = clock_wall_ms();
    struct doubt doubt = {.post_id = *post_id,
                          .seat = reservation->seat,
                          .since_ms = now_ms,
                          .next_ms = doubt_ask_ms(post_id, now_ms, now_ms)};
    doubts_put(((struct worker *)world)->hall->standing, &doubt);
}

static void on_durable(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct worker *worker = arg;
    struct held *held = slots_find(&worker->held, token);
    check(held != NULL, "an auction closed before its entry was written");
    auction_on_durable(held_auction(held), fault, seq);
}

static void look_up(void *world, const struct catalogue *catalogue, const struct campaign *campaign,
                    const struct person *person, const struct person_keys *keys, uint64_t *on_lists)
{
    struct worker *worker = world;
    suppress_look_up(worker->shelf, catalogue, campaign, person, keys, on_lists);
}

static void recall(void *world, struct auction *auction, const struct auction_recall *recall)
{
    recall_start(world, world_held(auction), recall);
}

static void forget(void *world, const struct auction_recall *recall)
{
    recall_end(world, recall, recall->claims_count);
}

static void append(void *world, struct auction *auction, const struct book_step *step,
                   const struct duplicates_guard *guard)
{
    struct worker *worker = world;
    enum fault fault = ledger_append(worker->line, step, guard, on_durable, worker, world_held(auction)->id);
    if (fault) auction_on_durable(auction, fault, 0);
}

static bool offer(void *world, const struct offer *offer, const struct ident *same)
{
    struct worker *worker = world;
    char flat[OFFER_BYTES_MAX];
    struct sink sink = sink_over(flat, sizeof flat);
    if (!offer_write(&sink, offer) || sink.cut) return false;
    int64_t now = clock_now_us(), expires_us = now + (offer->expires_ms - clock_wall_ms()) * 1000;
    return offers_put(worker->hall->offers, worker->number, &offer->ping_id, same, expires_us, now,
                      sink_written(&sink));
}

static struct bytes standing_offer(void *world, const struct ident *same, char *flat)
{
    struct worker *worker = world;
    size_t len = 0;
    bool stands = offers_standing(worker->hall->offers, same, clock_now_us(), flat, OFFER_BYTES_MAX, &len);
    if (!stands) return BYTES_NONE;
    return (struct bytes){flat, jump_follow(worker->hall->offers, clock_now_us(), clock_wall_ms(), flat, len)};
}

/* Told to the trace before the new offer is: a kill in between may lose both, never keep both. */
static void supersede(void *world, const struct offer *offer)
{
    struct worker *worker = world;
    struct offer gone = *offer;
    char flat[OFFER_BYTES_MAX];
    struct sink sink = sink_over(flat, sizeof flat);
    offers_superseded(worker->hall->offers, &offer->ping_id);
    holds_end(worker->hall->holds, worker->hall->standing, &offer->ping_id);
    gone.is_superseded = true;
    gone.candidates_count = gone.planned = 0;
    if (!offer_write(&sink, &gone) ||
        !ledger_trace(worker->line, &gone.ping_id, NULL, BYTES_NONE, sink_written(&sink), gone.expires_ms))
        tally_add(&worker->tally, TALLY_TRACES_DROPPED, 1);
}

/* How a story ended, in figures: once a story, whether anybody hears of it or not, and never for an answer given again.
 */
static void count(struct tally *tally, const struct trace_auction *record)
{
    static const struct {
        const char *status;
        enum tally_name name;
    } ends[] = {{"accepted", TALLY_OFFERS},
                {"rejected", TALLY_REJECTED},
                {"sold", TALLY_SOLD},
                {"pending", TALLY_PENDING},
                {"unsold", TALLY_UNSOLD}};
    if (record->is_test) {
        tally_add(tally, TALLY_TESTS, 1);
        return;
    }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (bytes_is(record->status, ends[i].status)) tally_add(tally, ends[i].name, 1);
    if (trace_is_auction(record->kind)) tally_add(tally, TALLY_AUCTIONS, 1);
    if (record->reason != REASON_NONE) tally_reason(tally, record->reason);
    for (uint32_t i = 0; i < record->sales_count; i++) {
        const struct trace_sale *sale = &record->sales[i];
        if (!sale->in_doubt) tally_sale(tally, sale->price_micros, sale->payout_micros, sale->margin_micros);
    }
}

static void trace(void *world, const struct trace_auction *record, const struct offer *offer)
{
    struct worker *worker = world;
    char flat[OFFER_BYTES_MAX];
    struct sink sink = sink_over(worker->trace_buffer, TRACE_ROOM), terms = sink_over(flat, sizeof flat);
    count(&worker->tally, record);
    bool fits = trace_write(&sink, record) && (!offer || offer_write(&terms, offer));
    if (!fits || !ledger_trace(worker->line, &record->ping_id, &record->lead_id, sink_written(&sink),
                               sink_written(&terms), offer ? offer->expires_ms : 0))
        tally_add(&worker->tally, TALLY_TRACES_DROPPED, 1);
}

/* What a caller waited for an answer that is not a problem. */
static void time_answer(struct tally *tally, enum auction_kind kind, const struct auction_answer *answer)
{
    struct histogram *times = kind == AUCTION_PING   ? &tally->ping_us
                              : kind == AUCTION_POST ? &tally->post_us
                                                     : &tally->lead_us;
    if (answer->status != ANSWER_PROBLEM && !answer->is_test) histogram_add(times, answer->elapsed_us);
}

static void answer(void *world, struct auction *auction, const struct auction_answer *answer)
{
    struct worker *worker = world;
    struct held *held = world_held(auction);
    struct server_request *request = held->request;
    held->request = NULL;
    time_answer(&worker->tally, auction_kind(auction), answer);
    if (!request) return;
    server_set_owner(request, NULL);
    worker->front->on_answer(worker, request, held->context, answer);
}

static void closed(void *world, struct auction *auction)
{
    struct worker *worker = world;
    struct held *held = world_held(auction);
    if (held->request) server_set_owner(held->request, NULL);
    held->request = NULL;
    held->context = NULL;
    if (held->lines) lines_drop(&held->lines);
    slots_give(&worker->held, held->id);
    atomic_store_explicit(&worker->in_flight, worker->held.used, memory_order_relaxed);
}

const struct auction_host world_host = {
    .now_us = now_us,
    .wall_ms = wall_ms,
    .make_id = make_id,
    .seed_of = seed_of,
    .keyed = keyed,
    .durable_us = durable_us,
    .is_writable = is_writable,
    .may_ping = may_ping,
    .standing = standing,
    .wake_at = wake_at,
    .ask = ask,
    .cancel = cancel,
    .claim = claim,
    .unclaim = unclaim,
    .look_up = look_up,
    .recall = recall,
    .forget = forget,
    .reserve = reserve,
    .hold = hold,
    .holds = holds,
    .unhold = unhold,
    .commit = commit,
    .release = release,
    .retake = retake,
    .keep = keep,
    .append = append,
    .offer = offer,
    .standing_offer = standing_offer,
    .supersede = supersede,
    .trace = trace,
    .answer = answer,
    .closed = closed,
};
