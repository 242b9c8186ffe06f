/* The host over the simulated world. It mirrors exchange/worker/world.c function by function; beside that it watches:
 * each count here is one an honest auction cannot get wrong. */
#include <stddef.h>
#include <stdio.h>

#include "exchange/market/deal.h"
#include "exchange/market/seller.h"
#include "exchange/record/disclosure.h"
#include "exchange/standing/standing.h"
#include "protocol/base/check.h"
#include "protocol/base/money.h"
#include "protocol/crypto/mac.h"
#include "tests/sim/inside.h"
#include "tests/sim/sieve.h"

#define KEYED_MARK "keyed"

struct place *place_of(struct auction *auction)
{
    return (struct place *)((char *)auction - offsetof(struct place, auction));
}

static struct world *world_of(void *worker)
{
    return ((struct world_worker *)worker)->world;
}

struct place *place_take(struct world *world, struct world_worker *worker, uint32_t request)
{
    uint64_t id;
    struct place *place = slots_take(&world->places, &id);
    if (!place) return NULL;
    if (!place->is_made) auction_init(place_auction(place), &world_host, worker);
    if (place->is_made && place->worker != worker) { /* the worker is told once, so another takes a fresh auction */
        auction_fini(place_auction(place));
        auction_init(place_auction(place), &world_host, worker);
    }
    place->is_made = true;
    place->world = world;
    place->worker = worker;
    place->id = id;
    place->request = request;
    place->catalogue = NULL;
    place->appending = false;
    place->calls_out = 0;
    place->job = JOB_NONE;
    place->late_slots = 0;
    return place;
}

static int64_t now_us(void *worker)
{
    return world_of(worker)->queue.now_us;
}

static int64_t wall_ms(void *worker)
{
    return world_wall_ms(world_of(worker));
}

static struct ident make_id(void *worker)
{
    return ident_make(&((struct world_worker *)worker)->ids, wall_ms(worker));
}

static uint64_t seed_of(void *worker, const struct ident *ping_id)
{
    struct bytes parts[] = {ident_bytes(ping_id)};
    struct digest digest;
    uint64_t seed;
    mac_of(world_of(worker)->seed_mac, &digest, parts, 1);
    memcpy(&seed, digest.at, sizeof seed);
    return seed;
}

/* Marked, so that a hash which was not keyed is seen. */
static void keyed(void *worker, struct digest *digest)
{
    struct world *world = world_of(worker);
    struct digest plain = *digest;
    struct bytes parts[] = {BYTES("at rest"), {(const char *)plain.at, DIGEST_LEN}};
    mac_of(world->seed_mac, digest, parts, 2);
    memcpy(digest->at, KEYED_MARK, sizeof KEYED_MARK - 1);
}

static int64_t durable_us(void *worker)
{
    return 2 * world_of(worker)->options.commit_us[1] + 1000;
}

static bool is_writable(void *worker)
{
    return world_writes(world_of(worker));
}

static bool may_ping(void *worker, const struct affiliate *affiliate)
{
    struct world *world = world_of(worker);
    return rates_take_affiliate(world->standing, affiliate->cell, affiliate->pings_per_s, world->queue.now_us);
}

static struct standing *standing(void *worker)
{
    struct world *world = world_of(worker);
    holds_sweep(world->holds, world->standing, world->queue.now_us);
    return world->standing;
}

static void on_wake(void *arg, uint64_t serial)
{
    struct place *place = arg;
    if (place->wake_serial == serial) auction_on_time(place_auction(place));
}

static void wake_at(void *worker, struct auction *auction, int64_t at_us)
{
    struct place *place = place_of(auction);
    place->wake_serial++;
    if (at_us != CLOCK_NEVER) queue_at(&world_of(worker)->queue, at_us, on_wake, place, place->wake_serial);
}

static enum reason ask(void *worker, struct auction *auction, const struct auction_ask *ask, uint64_t *call)
{
    struct world *world = world_of(worker);
    if (ask->kind == ASK_PING && !world_is_discreet(ask->tail)) world_wrong(world, "a private value stands in a ping");
    if (ask->rehearsal != REHEARSAL_NONE && !auction_is_test(auction))
        world_wrong(world, "a call of a test for a real lead");
    if (ask->rehearsal == REHEARSAL_NONE && auction_is_test(auction)) world_wrong(world, "a real call for a test");
    if (ask->kind == ASK_POST) {
        const struct model_post *post = model_post(&world->model, &ask->post_id);
        if (!post || post->state != POST_OPEN) world_wrong(world, "a post leaves whose intent is not in the book");
    }
    return calls_ask(place_of(auction), ask, call);
}

static void cancel(void *worker, uint64_t call)
{
    calls_cancel(world_of(worker), call);
}

static void claim(void *worker, struct auction *auction, const struct auction_claim *claim)
{
    (void)worker;
    claim_begin(place_of(auction), claim);
}

static void unclaim(void *worker, const struct auction_claim *claim, bool answered)
{
    claim_end(world_of(worker), claim, answered);
}

static void on_reserved_later(void *arg, uint64_t id)
{
    struct place *place = arg;
    if (place->id != id || place->late_slots == 0) return;
    uint32_t slot = (uint32_t)__builtin_ctz(place->late_slots);
    place->late_slots &= place->late_slots - 1;
    auction_on_reserved(place_auction(place), slot, place->late_reasons[slot]);
}

static void reserve(void *worker, struct auction *auction, uint32_t slot, const struct cap_deal *deal,
                    struct reservation *reservation)
{
    struct world *world = world_of(worker);
    struct place *place = place_of(auction);
    if (auction_is_test(auction)) world_wrong(world, "a reservation for a test");
    int64_t now = world->queue.now_us;
    holds_sweep(world->holds, world->standing, now);
    /* What an offer held was taken under the limit of its own instant; a reload may have lowered it. */
    bool was_held = holds_has(world->holds, &deal->offer, deal->contract->cell);
    enum reason reason = deal_reserve(deal, world->holds, world->standing, now, reservation);
    for (unsigned i = 0; reason == REASON_NONE && i < reservation->keys_count; i++) {
        const struct cap_key *key = &reservation->keys[i];
        if (!was_held && caps_used(world->standing, key->cell, key->window) > key->limit)
            world_wrong(world, "a cap is over");
    }
    const struct purse *purse = &deal->catalogue->buyers[deal->contract->buyer].purse;
    int64_t funds_micros = funds_left(world->standing, deal->catalogue->buyers[deal->contract->buyer].cell);
    if (reason == REASON_NONE && !was_held && purse->is_limited && purse_left(purse, funds_micros) < 0)
        world_wrong(world, "a buyer's limit is over");
    world->counts.reserved += reason == REASON_NONE;
    if (world->options.rough && queue_draw(&world->queue, 4) == 0) {
        place->late_slots |= 1u << slot;
        place->late_reasons[slot] = reason;
        queue_at(&world->queue, world->queue.now_us + (int64_t)queue_draw(&world->queue, 900), on_reserved_later, place,
                 place->id);
        return;
    }
    auction_on_reserved(auction, slot, reason);
}

static enum reason hold(void *worker, const struct cap_deal *deal, int64_t expires_ms)
{
    struct world *world = world_of(worker);
    int64_t now = world->queue.now_us, expires_us = now + (expires_ms - world_wall_ms(world)) * 1000;
    holds_sweep(world->holds, world->standing, now);
    return deal_hold(deal, world->holds, world->standing, now, expires_us);
}

static bool holds(void *worker, const struct ident *ping_id, const struct contract *contract)
{
    return holds_has(world_of(worker)->holds, ping_id, contract->cell);
}

static void unhold(void *worker, const struct ident *ping_id)
{
    struct world *world = world_of(worker);
    holds_end(world->holds, world->standing, ping_id);
}

/* commit and release do not say whose; one auction runs at a time, so the counts must agree when all is over. */
static void commit(void *worker, const struct reservation *reservation)
{
    struct world *world = world_of(worker);
    reservation_commit(world->standing, reservation);
    world->counts.committed++;
}

static void release(void *worker, const struct reservation *reservation)
{
    struct world *world = world_of(worker);
    world->counts.released++;
    if (world->sabotage == SABOTAGE_KEEPS && queue_draw(&world->queue, 20) == 0) return;
    reservation_release(world->standing, reservation);
}

static void retake(void *worker, const struct contract *contract, const struct buyer *buyer,
                   struct reservation *reservation)
{
    struct world *world = world_of(worker);
    world->counts.reserved++;
    reservation_retake(world->standing, contract->cell, buyer->cell, world->queue.now_us, reservation);
}

static void keep(void *worker, const struct ident *post_id, const struct reservation *reservation)
{
    struct world *world = world_of(worker);
    const struct model_post *post = model_post(&world->model, post_id);
    if (!post) world_wrong(world, "a reservation is kept for a post the book does not know");
    world->counts.kept++;
    seats_row_put(world, post_id, &reservation->seat);
}

static void look_up(void *worker, const struct catalogue *catalogue, const struct campaign *campaign,
                    const struct person *person, const struct person_keys *keys, uint64_t *on_lists)
{
    suppress_look_up(world_of(worker)->shelf, catalogue, campaign, person, keys, on_lists);
}

static void recall(void *worker, struct auction *auction, const struct auction_recall *recall)
{
    (void)worker;
    recall_begin(place_of(auction), recall);
}

static void forget(void *worker, const struct auction_recall *recall)
{
    recall_end(world_of(worker), recall, recall->claims_count);
}

static bool is_keyed(const void *at)
{
    return memcmp(at, KEYED_MARK, sizeof KEYED_MARK - 1) == 0;
}

/* What stands beside a lead's content: nothing of it, but by whom it is found and what its fields are called. */
static void check_opening(struct world *world, const struct book_opening *opening)
{
    bool names_fit = opening->field_names.len && opening->fields == disclosure_names_id(opening->field_names);
    if (!is_keyed(opening->document.at)) world_wrong(world, "a plain hash of a lead stands in the book");
    for (uint32_t i = 0; i < opening->person.count; i++)
        if (!is_keyed(opening->person.list[i].at)) world_wrong(world, "a plain hash of a person stands in the book");
    if (!names_fit || !world_is_discreet(opening->field_names))
        world_wrong(world, "the names of a lead's fields are not that");
    if (opening->content.len && opening->person.count == 0) world_wrong(world, "nobody is found by a lead's person");
}

static void append(void *worker, struct auction *auction, const struct book_step *step,
                   const struct duplicates_guard *guard)
{
    if (step->opening) check_opening(world_of(worker), step->opening);
    const struct model_witness *witness = &world_of(worker)->model.witness;
    if (step->opening && witness->on_names) witness->on_names(witness->arg, step->opening->field_names);
    enum fault fault = lane_append(place_of(auction), step, guard);
    if (fault) auction_on_durable(auction, fault, 0);
}

static bool offer(void *worker, const struct offer *offer, const struct ident *same)
{
    struct world *world = world_of(worker);
    char flat[OFFER_BYTES_MAX];
    struct sink sink = sink_over(flat, sizeof flat);
    if (!offer_write(&sink, offer) || sink.cut) return false;
    if (!world_is_discreet(sink_written(&sink))) world_wrong(world, "a private value stands in an offer");
    int64_t now = world->queue.now_us, expires_us = now + (offer->expires_ms - world_wall_ms(world)) * 1000;
    return offers_put(world->offers, ((struct world_worker *)worker)->number, &offer->ping_id, same, expires_us, now,
                      sink_written(&sink));
}

static struct bytes standing_offer(void *worker, const struct ident *same, char *flat)
{
    struct world *world = world_of(worker);
    size_t len = 0;
    bool stands = offers_standing(world->offers, same, world->queue.now_us, flat, OFFER_BYTES_MAX, &len);
    world->counts.told_again += stands;
    return stands ? (struct bytes){flat, len} : BYTES_NONE;
}

static void supersede(void *worker, const struct offer *offer)
{
    struct world *world = world_of(worker);
    world->counts.refined++;
    if (world->sabotage == SABOTAGE_PLACE && queue_draw(&world->queue, 4) == 0) {
        offers_return(world->offers, &offer->ping_id);
        return;
    }
    offers_superseded(world->offers, &offer->ping_id);
    holds_end(world->holds, world->standing, &offer->ping_id);
    lane_supersede(world, offer);
}

/* The trace is told before the answer: of whom the filters let through, the reference has the last word. */
static void check_filters(struct world *world, const struct world_request *request)
{
    static struct trace_auction record;
    char note[SIEVE_NOTE_MAX];
    bool is_own = ident_same(&world->traced, &request->ping_id); /* not one that is told again */
    world->traced = IDENT_NONE;
    if (!world->sieve || !request->is_sieved || !is_own) return;
    const struct world_trace *trace = world_trace_of(world, &request->ping_id);
    struct arena arena;
    arena_init(&arena, 65536, 4u << 20);
    bool is_read = trace && trace_read(trace->record, &arena, &record) && record.contracts_count > 0;
    bool is_auction = is_read && (record.kind == TRACE_PING || record.kind == TRACE_ONE_CALL);
    if (is_auction && !sieve_agrees(world->sieve, request->sieved, &record, note)) world_wrong(world, "%s", note);
    arena_free(&arena);
}

static void trace(void *worker, const struct trace_auction *record, const struct offer *offer)
{
    world_of(worker)->traced = record->ping_id;
    lane_trace(world_of(worker), record, offer);
}

static void note_sellers(struct world_request *request, const struct auction_answer *answer)
{
    const struct offer *offer = answer->offer;
    struct sink sink = sink_over(request->sellers, sizeof request->sellers - 1);
    uint32_t count = !offer ? 0 : answer->all_legs ? offer->candidates_count : offer->planned;
    for (uint32_t i = 0; i < count; i++) {
        const struct contract *contract = catalogue_contract(answer->catalogue, offer->candidates[i].contract);
        if (!contract || !contract->seller) continue;
        sink_format(&sink, "%s%u:", sink.len ? "," : "", offer->candidates[i].leg);
        sink_bytes(&sink, contract->seller->name);
    }
    request->sellers[sink.len] = '\0';
}

static void note_bids(struct world_request *request, const struct auction_answer *answer)
{
    struct sink sink = sink_over(request->bids, sizeof request->bids - 1);
    for (uint32_t i = 0; i < answer->bids_count; i++) {
        if (i) sink_char(&sink, ',');
        sink_bytes(&sink, answer->bids[i].buyer);
        sink_char(&sink, ':');
        money_write(&sink, answer->bids[i].price_micros);
    }
    request->bids[sink.len] = '\0';
}

/* "north", "north+south": whom it was sold to, slot by slot; "+?" where a verdict is out. */
void world_buyers(struct sink *sink, const struct auction_answer *answer)
{
    for (uint32_t i = 0; i < answer->sales_count; i++) {
        if (i) sink_char(sink, '+');
        sink_bytes(sink, answer->sales[i].is_open ? BYTES("?") : answer->sales[i].buyer);
    }
}

static void note_answer(struct world *world, struct world_request *request, const struct auction_answer *answer)
{
    request->http = answer->http;
    request->status = answer->status;
    request->reason = answer->reason;
    snprintf(request->text, sizeof request->text, "%s", answer->text ? answer->text : "");
    if (answer->complaints && answer->complaints->count)
        snprintf(request->field, sizeof request->field, "%.*s", (int)answer->complaints->list[0].field.len,
                 answer->complaints->list[0].field.at);
    struct sink buyers = sink_over(request->buyer, sizeof request->buyer - 1);
    world_buyers(&buyers, answer);
    request->buyer[buyers.len] = '\0';
    snprintf(request->ref, sizeof request->ref, "%.*s", (int)answer->ref.len, answer->ref.at);
    snprintf(request->redirect, sizeof request->redirect, "%.*s", (int)answer->redirect_url.len,
             answer->redirect_url.at);
    note_bids(request, answer);
    note_sellers(request, answer);
    request->ping_id = answer->ping_id;
    request->lead_id = answer->lead_id;
    request->is_reauction = !ident_is_none(&answer->reauction_id);
    world->counts.reauctions += request->is_reauction;
    request->price_micros = answer->price_micros;
    request->elapsed_us = answer->elapsed_us;
    request->is_test = answer->is_test;
    if (answer->offer) request->expires_ms = answer->offer->expires_ms;
    if (answer->status >= ANSWER_SOLD && !ident_is_none(&answer->lead_id))
        forward_told(world, &answer->lead_id, answer->status, answer->price_micros);
}

/* Nobody is sent, or sees, what its catalogue entry does not say. */
static void check_seen(struct world *world, const struct auction_answer *answer)
{
    struct bytes exit_url = answer->catalogue->campaigns[0].exit_url, url = answer->redirect_url;
    uint32_t bids_max = answer->affiliate->reveal_bids == REVEAL_ALL_BIDS   ? ANSWER_BIDS_MAX
                        : answer->affiliate->reveal_bids == REVEAL_BEST_BID ? 1
                                                                            : 0;
    if (answer->status == ANSWER_UNSOLD && !bytes_same(url, exit_url))
        world_wrong(world, "an unsold lead goes elsewhere than to the exit");
    if (world->options.rough && answer->status == ANSWER_SOLD && url.len &&
        !bytes_starts(url, BYTES("https://go.example/")))
        world_wrong(world, "a sold lead goes to a host that is not listed");
    if (answer->bids_count > bids_max) world_wrong(world, "an affiliate sees %u bids", answer->bids_count);
    for (uint32_t i = 1; i < answer->bids_count; i++)
        if (answer->bids[i - 1].price_micros < answer->bids[i].price_micros)
            world_wrong(world, "the bids an affiliate sees are not in order");
}

static void answer(void *worker, struct auction *auction, const struct auction_answer *answer)
{
    struct world *world = world_of(worker);
    struct place *place = place_of(auction);
    if (place->request == REQUEST_NONE) {
        world_wrong(world, "an answer nobody waits for");
        return;
    }
    struct world_request *request = &world->requests[place->request];
    if (request->answered) world_wrong(world, "a second answer");
    if (request->gone) world_wrong(world, "an answer to an affiliate that had gone");
    int64_t late_us = request->answer_by_us ? world->queue.now_us - request->answer_by_us : 0;
    /* What waited for a stalled commit is written by the next, and what came of it after that. */
    bool is_stalled = world->queue.now_us <= world->stalled_us + 2 * durable_us(worker);
    if (late_us > 0 && !is_stalled) world_wrong(world, "an answer %lld us late", (long long)late_us);
    request->answered = true;
    note_answer(world, request, answer);
    check_filters(world, request);
    check_seen(world, answer);
    if (answer->status != ANSWER_SOLD) return;
    const struct model_lead *lead = model_lead(&world->model, &answer->lead_id);
    if (!lead || lead->record.state != LEAD_SOLD) world_wrong(world, "told sold before the book has it");
    int64_t paid_micros = 0;
    for (unsigned i = 0; lead && i < lead->record.slots_count; i++)
        if (lead->record.slots[i].state == POST_ACCEPTED) paid_micros += lead->record.slots[i].sale.payout_micros;
    if (lead && paid_micros != answer->price_micros) world_wrong(world, "told another price than the book's");
}

static void closed(void *worker, struct auction *auction)
{
    struct world *world = world_of(worker);
    struct place *place = place_of(auction);
    if (auction_arena(auction)->used) world_wrong(world, "an auction closed with memory in its arena");
    if (place->calls_out) world_wrong(world, "an auction closed with %u calls out", place->calls_out);
    if (place->appending || place->late_slots || place->job != JOB_NONE)
        world_wrong(world, "an auction closed before its facts came");
    if (place->request != REQUEST_NONE) {
        struct world_request *request = &world->requests[place->request];
        if (!request->answered && !request->gone) world_wrong(world, "an auction closed without an answer");
        request->place = 0;
    }
    place->wake_serial++;
    if (place->catalogue) catalogue_drop(&place->catalogue);
    slots_give(&world->places, place->id);
    if (world->draining && world->places.used == 0) world->drained = true;
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
