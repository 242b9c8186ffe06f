/* Calls to simulated buyers: what exchange/buyers/call.c does over sockets, over the queue of events. Health, classes
 * of failure and the reading of replies are the real ones; the way of the bytes is made up here. */
#include <stdlib.h>

#include "exchange/buyers/disclosure.h"
#include "exchange/buyers/health.h"
#include "protocol/base/check.h"
#include "protocol/message/ping.h"
#include "tests/sim/inside.h"

#define BODY_ROOM 16384u
#define BODY_MAX 65536u /* of a reply, as the client takes it */

static void on_arrived(void *arg, uint64_t id);
static void on_rehearsed(void *arg, uint64_t id);
static const struct endpoint *door_of(const struct auction_ask *ask);
static void on_reply(void *arg, uint64_t id);
static void on_deadline(void *arg, uint64_t id);

static int64_t draw_way_us(struct world *world)
{
    const int64_t *way_us = world->options.way_us;
    return way_us[0] + (int64_t)queue_draw(&world->queue, (uint64_t)(way_us[1] - way_us[0] + 1));
}

static bool fails(struct world *world, enum swarm fault)
{
    return swarm_has(world->options.swarm, fault) && queue_draw(&world->queue, 30) == 0;
}

/* "/north/ping" is asked of north. */
static int buyer_of(struct world *world, const struct endpoint *endpoint)
{
    struct bytes name;
    if (endpoint->target.len < 2) return -1;
    bytes_split(bytes_from(endpoint->target, 1), '/', &name);
    return town_find(world->town, name);
}

static struct bytes spell(const struct ident *ident, char *text)
{
    return (struct bytes){ident_text(ident, text), IDENT_TEXT};
}

static void disclose(const struct catalogue *catalogue, const struct auction_ask *ask, struct disclosure *disclosure,
                     struct ping_message *message)
{
    if (!(ask->contract->discloses & ~DISCLOSES_FLOOR) || !ask->person) return;
    struct mac *mac = mac_open(catalogue->buyers[ask->contract->buyer].hash_secret);
    check(disclosure_make(mac, ask->contract, ask->person, disclosure, message));
    mac_close(&mac);
}

/* A ping tells no more than its contract may know: not even a hash of the person that others could try out. */
static void check_told(struct world *world, const struct auction_ask *ask, struct bytes body)
{
    char hex[2 * DIGEST_LEN];
    bool tells_floor = memmem(body.at, body.len, "\"min_bid\"", 9),
         tells_hash = memmem(body.at, body.len, "\"hashes\"", 8);
    if (tells_floor && !(ask->contract->discloses & DISCLOSES_FLOOR))
        world_wrong(world, "a ping tells the floor unasked");
    if (tells_hash && !(ask->contract->discloses & ~DISCLOSES_FLOOR)) world_wrong(world, "a ping tells hashes unasked");
    for (size_t i = 0; i < 2 && ask->person; i++) {
        const struct digest *plain = i ? &ask->person->email : &ask->person->phone;
        struct sink sink = sink_over(hex, sizeof hex);
        sink_hex(&sink, (struct bytes){(const char *)plain->at, DIGEST_LEN});
        if (memmem(body.at, body.len, hex, sizeof hex)) world_wrong(world, "a ping tells a plain hash");
    }
}

static struct bytes write_request(struct place *place, const struct auction_ask *ask, int64_t deadline_ms)
{
    char ping_id[IDENT_TEXT + 1], lead_id[IDENT_TEXT + 1], post_id[IDENT_TEXT + 1];
    const struct contract *contract = ask->contract;
    size_t room = BODY_ROOM + ask->tail.len + ask->consent.len + ask->lead.len;
    struct sink sink = sink_over(malloc(room), room);
    check(sink.at != NULL);
    struct bytes campaign = place->catalogue->campaigns[contract->campaign].id;
    if (ask->kind == ASK_PING) {
        struct ping_message message = {.call_id = BYTES("c"),
                                       .ping_id = spell(&ask->ping_id, ping_id),
                                       .campaign = campaign,
                                       .contract = contract->id,
                                       .deadline_ms = deadline_ms,
                                       .offer_ttl_ms = ask->offer_ttl_ms,
                                       .channel = ask->channel,
                                       .min_bid_micros = ask->min_bid_micros,
                                       .test = ask->rehearsal != REHEARSAL_NONE};
        struct disclosure disclosure;
        disclose(place->catalogue, ask, &disclosure, &message);
        ping_write_head(&sink, &message);
        sink_bytes(&sink, ask->tail);
    } else {
        struct post_message message = {.call_id = BYTES("c"),
                                       .post_id = spell(&ask->post_id, post_id),
                                       .lead_id = spell(&ask->lead_id, lead_id),
                                       .ping_id = spell(&ask->ping_id, ping_id),
                                       .bid_id = ask->bid_id,
                                       .campaign = campaign,
                                       .contract = contract->id,
                                       .price_micros = ask->price_micros,
                                       .max_sold = ask->max_sold,
                                       .slot = ask->slot,
                                       .test = ask->rehearsal != REHEARSAL_NONE,
                                       .channel = ask->channel,
                                       .consent = ask->consent,
                                       .lead = ask->lead};
        post_write(&sink, &message);
    }
    check(!sink.cut);
    return sink_written(&sink);
}

/* Lost on the way, or there twice, where there is such a way. */
static void send(struct call *call)
{
    struct world *world = call->world;
    bool is_lost = fails(world, SWARM_LOST), is_twice = fails(world, SWARM_TWICE);
    if (world->sabotage == SABOTAGE_LEAK && !call->is_ping && queue_draw(&world->queue, 20) == 0) call->buyer = 0;
    if (!is_lost) queue_at(&world->queue, world->queue.now_us + draw_way_us(world), on_arrived, world, call->id);
    if (is_twice)
        queue_at(&world->queue, world->queue.now_us + (int64_t)queue_draw(&world->queue, 3000), on_arrived, world,
                 call->id);
    world->counts.lost += is_lost;
    world->counts.twice += is_twice;
}

enum reason calls_ask(struct place *place, const struct auction_ask *ask, uint64_t *id)
{
    struct world *world = place->world;
    bool is_ping = ask->kind == ASK_PING;
    int64_t now_us = world->queue.now_us;
    bool is_test = ask->rehearsal != REHEARSAL_NONE, built_in = rehearsal_is_built_in(place->catalogue, ask->contract);
    if (built_in && !is_test) world_wrong(world, "a test buyer is asked about a real lead");
    bool inside = rehearsal_is_inside(place->catalogue, ask->contract, ask->rehearsal);
    if (is_test && !inside && !contract_takes_tests(ask->contract))
        world_wrong(world, "a test reaches a buyer's real endpoints");
    enum reason reason = is_test ? REASON_NONE
                                 : health_admit(world->standing, place->catalogue, ask->contract, is_ping, now_us);
    if (reason != REASON_NONE) return reason;
    struct call *call = slots_take(&world->calls, id);
    check(call != NULL);
    *call = (struct call){.world = world,
                          .id = *id,
                          .place = place->id,
                          .number = ask->place,
                          .is_ping = is_ping,
                          .contract = ask->contract,
                          .catalogue = place->catalogue,
                          .is_test = is_test,
                          .post_id = ask->post_id,
                          .buyer = inside ? -1 : buyer_of(world, door_of(ask)),
                          .sent_us = now_us,
                          .deadline_us = ask->deadline_us};
    catalogue_take(call->catalogue);
    call->request = write_request(place, ask, (ask->deadline_us - now_us) / 1000);
    if (is_ping) check_told(world, ask, call->request);
    if (!is_test && memmem(call->request.at, call->request.len, WORLD_TEST_NOTE, sizeof WORLD_TEST_NOTE - 1))
        world_wrong(world, "a buyer hears of a test lead");
    place->calls_out++;
    world->counts.calls++;
    if (inside) {
        call->has_said = true;
        if (is_ping)
            rehearsal_bid(ask->rehearsal, ask->price_micros, &call->said);
        else
            rehearsal_verdict(ask->rehearsal, ask->attempt, &call->said);
        if (!call->said.silent) queue_at(&world->queue, now_us, on_rehearsed, world, call->id);
    } else {
        send(call);
    }
    queue_at(&world->queue, ask->deadline_us, on_deadline, world, call->id);
    return REASON_NONE;
}

static void end(struct call *call, enum health health)
{
    struct world *world = call->world;
    struct place *place = slots_find(&world->places, call->place);
    if (!call->is_test)
        health_end(world->standing, call->catalogue, call->contract, call->is_ping, health, world->queue.now_us);
    world->counts.calls_ended++;
    if (place)
        place->calls_out--;
    else
        world_wrong(world, "a call outlived its auction");
    free((void *)(uintptr_t)call->request.at);
    free((void *)(uintptr_t)call->body.at);
    catalogue_drop(&call->catalogue);
    slots_give(&world->calls, call->id);
}

void calls_cancel(struct world *world, uint64_t id)
{
    struct call *call = slots_find(&world->calls, id);
    if (!call) {
        world_wrong(world, "a call was cancelled that had ended");
        return;
    }
    end(call, world->queue.now_us >= call->deadline_us ? HEALTH_CONTRACT_BAD : HEALTH_NONE);
}

void calls_forget(struct world *world)
{
    for (uint32_t i = 0; i < world->calls.made; i++) {
        struct call *call = slots_at(&world->calls, i);
        if (!slots_live(&world->calls, i)) continue;
        free((void *)(uintptr_t)call->request.at);
        free((void *)(uintptr_t)call->body.at);
        catalogue_drop(&call->catalogue);
        slots_give(&world->calls, call->id);
    }
}

static const struct endpoint *door_of(const struct auction_ask *ask)
{
    static const struct endpoint none = {.is_https = false};
    const struct contract *contract = ask->contract;
    if (!ask->rehearsal) return ask->kind == ASK_PING ? &contract->ping : &contract->post;
    if (!contract_takes_tests(contract)) return &none;
    return ask->kind == ASK_PING ? &contract->asides->test_ping : &contract->asides->test_post;
}

static void on_rehearsed(void *arg, uint64_t id)
{
    struct world *world = arg;
    struct call *call = slots_find(&world->calls, id);
    if (!call) return;
    struct rehearsal_line said = call->said;
    struct place *place = slots_find(&world->places, call->place);
    uint32_t number = call->number;
    bool is_ping = call->is_ping;
    end(call, HEALTH_NONE);
    if (!place) return;
    if (!is_ping)
        auction_on_verdict(place_auction(place), number, &said.verdict);
    else if (said.reason == REASON_NONE)
        auction_on_bid(place_auction(place), number, &said.bid);
    else
        auction_on_call_failed(place_auction(place), number, said.reason, &said.bid);
}

/* The way there and back ------------------------------------------------------------------------------------------- */

/* What is private reaches only a buyer whose post of that lead is in the book. */
static void check_reached(struct world *world, const struct call *call)
{
    if (!world->options.rough || world_is_discreet(call->request)) return; /* in a play one may answer for another */
    const struct model_post *post = call->is_ping ? NULL : model_post(&world->model, &call->post_id);
    if (!post || town_find(world->town, post->intent.buyer) != call->buyer) {
        world_wrong(world, "a buyer sees a private field without a post of its own");
        return;
    }
    struct bytes content = world->model.leads[post->lead].content, own = call->request;
    const char *name = memmem(own.at, own.len, "\"first_name\":\"", 14);
    size_t len = name ? bytes_find(bytes_from(own, (size_t)(name - own.at) + 14), '"') + 14 : 0;
    if (name && !memmem(content.at, content.len, name, len))
        world_wrong(world, "a buyer sees a private field of another lead");
}

/* At a deadline, and a millisecond and a microsecond around it. */
static int64_t draw_edge_us(struct world *world, const struct call *call, int64_t reply_us)
{
    static const int64_t edges_us[] = {-1000, -1, 0, 1, 1000};
    if (!swarm_has(world->options.swarm, SWARM_EDGES) || queue_draw(&world->queue, 3)) return reply_us;
    int64_t edge_us = call->deadline_us + edges_us[queue_draw(&world->queue, 5)];
    world->counts.edges++;
    return edge_us > world->queue.now_us ? edge_us : reply_us;
}

static void answer_call(struct world *world, uint64_t id, int64_t at_us)
{
    if (fails(world, SWARM_LOST)) {
        world->counts.lost++;
        return;
    }
    queue_at(&world->queue, at_us, on_reply, world, id);
    if (!fails(world, SWARM_TWICE)) return;
    queue_at(&world->queue, at_us + (int64_t)queue_draw(&world->queue, 2), on_reply, world, id);
    world->counts.twice++;
}

/* One that answered 404 and forgot may take what comes once more: then its two words contradict each other. */
static bool is_remembered(struct world *world, const struct call *call)
{
    char text[IDENT_TEXT + 1];
    return town_knows(world->town, call->buyer, spell(&call->post_id, text))[0] != 'n';
}

static void on_arrived(void *arg, uint64_t id)
{
    struct world *world = arg;
    struct call *call = slots_find(&world->calls, id);
    struct town_reply reply;
    if (!call) return;
    if (call->arrived && !call->is_ping && !is_remembered(world, call)) return;
    if (call->buyer >= 0) check_reached(world, call);
    if (call->buyer < 0)
        reply = (struct town_reply){.end = TOWN_ANSWERED, .status = 404};
    else
        town_ask(world->town, call->buyer, !call->is_ping, call->request, world->queue.now_us, &reply);
    if (call->arrived) return; /* once more: nobody waits for a second answer */
    call->arrived = true;
    call->end = reply.end;
    call->status = reply.status;
    call->body.len = reply.body.len;
    call->body.at = malloc(reply.body.len + 1);
    check(call->body.at != NULL);
    if (reply.body.len) memcpy((char *)(uintptr_t)call->body.at, reply.body.at, reply.body.len);
    call->held = reply.end == TOWN_HELD;
    if (reply.end == TOWN_SILENT || reply.end == TOWN_HELD) return;
    answer_call(world, id, draw_edge_us(world, call, world->queue.now_us + reply.after_us + draw_way_us(world)));
}

unsigned world_release(struct world *world, struct bytes buyer)
{
    unsigned released = 0;
    int number = town_find(world->town, buyer);
    for (uint32_t i = 0; i < world->calls.made; i++) {
        struct call *call = slots_at(&world->calls, i);
        if (!slots_live(&world->calls, i) || !call->held || call->buyer != number) continue;
        call->held = false;
        call->end = TOWN_ANSWERED;
        queue_at(&world->queue, world->queue.now_us + draw_way_us(world), on_reply, world, call->id);
        released++;
    }
    return released;
}

static enum fault fault_of(const struct call *call)
{
    static const enum fault faults[] = {
        [TOWN_REFUSED] = FAULT_CONNECT, [TOWN_BROKEN] = FAULT_CLOSED, [TOWN_NOT_HTTP] = FAULT_PROTOCOL};
    if (call->end != TOWN_ANSWERED) return faults[call->end];
    return call->body.len > BODY_MAX ? FAULT_TOO_LARGE : FAULT_NONE;
}

static void tell_bid(struct world *world, struct call *call, struct place *place, enum fault fault)
{
    struct bid bid = {0};
    enum reason reason = health_reason(fault);
    enum health health = HEALTH_GOOD;
    if (fault) {
        health = health_of_failure(call->end == TOWN_REFUSED, fault);
    } else {
        reason = bid_read(&world->scratch, call->status, call->body, false, &bid);
        if (reason == REASON_BAD_RESPONSE) health = HEALTH_CONTRACT_BAD;
    }
    if (health == HEALTH_GOOD && !call->is_test) {
        rates_answered(world->standing, call->contract->cell, world->queue.now_us - call->sent_us);
        if (bid.pause_us > 0) seats_pause(world->standing, call->contract->cell, world->queue.now_us + bid.pause_us);
    }
    uint32_t number = call->number;
    struct bytes body = call->body;
    call->body = BYTES_NONE; /* the bid's texts stand there while it is told */
    end(call, health);
    if (reason == REASON_NONE)
        auction_on_bid(place_auction(place), number, &bid);
    else
        auction_on_call_failed(place_auction(place), number, reason, fault ? NULL : &bid);
    free((void *)(uintptr_t)body.at);
}

static void tell_verdict(struct world *world, struct call *call, struct place *place, enum fault fault)
{
    struct verdict verdict = {
        .class = VERDICT_UNKNOWN, .doubt = health_doubt(fault), .price_micros = -1, .unhealthy = true};
    bool not_sent = call->end == TOWN_REFUSED && fault;
    if (!fault) verdict_read(&world->scratch, call->status, call->body, false, &verdict);
    enum health health = not_sent            ? health_of_failure(true, fault)
                         : verdict.unhealthy ? HEALTH_CONTRACT_BAD
                                             : HEALTH_GOOD;
    uint32_t number = call->number;
    struct bytes body = call->body;
    call->body = BYTES_NONE;
    end(call, health);
    if (not_sent)
        auction_on_post_failed(place_auction(place), number, health_reason(fault));
    else
        auction_on_verdict(place_auction(place), number, &verdict);
    free((void *)(uintptr_t)body.at);
}

static void tell(struct world *world, struct call *call, enum fault fault)
{
    struct place *place = slots_find(&world->places, call->place);
    if (!place) {
        world_wrong(world, "a reply to an auction that has closed");
        return;
    }
    if (call->is_ping)
        tell_bid(world, call, place, fault);
    else
        tell_verdict(world, call, place, fault);
    arena_reset(&world->scratch);
}

static void on_reply(void *arg, uint64_t id)
{
    struct world *world = arg;
    struct call *call = slots_find(&world->calls, id);
    if (call) tell(world, call, fault_of(call));
    if (!call) world->counts.late++;
}

static void on_deadline(void *arg, uint64_t id)
{
    struct world *world = arg;
    struct call *call = slots_find(&world->calls, id);
    if (!call) return;
    call->end = TOWN_SILENT;
    tell(world, call, FAULT_TIMEOUT);
}
