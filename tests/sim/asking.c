/* What comes in from outside: an affiliate's request as exchange/api/affiliate.c takes it, and a story that is taken up
 * again. */
#include <stdio.h>
#include <stdlib.h>

#include "protocol/base/check.h"
#include "tests/sim/inside.h"
#include "tests/sim/sieve.h"

#define LOOK_US 300

static struct world_request *request_new(struct world *world, enum auction_kind kind)
{
    if (world->requests_count == world->requests_room) {
        world->requests_room = world->requests_room ? world->requests_room * 2 : 256;
        world->requests = realloc(world->requests, world->requests_room * sizeof *world->requests);
        check(world->requests != NULL);
    }
    struct world_request *request = &world->requests[world->requests_count++];
    *request = (struct world_request){.kind = kind, .started_us = world->queue.now_us};
    return request;
}

static uint32_t refuse(struct world *world, struct world_request *request, int http, enum reason reason,
                       const struct complaints *complaints)
{
    request->answered = true;
    request->http = http;
    request->status = ANSWER_PROBLEM;
    request->reason = reason;
    if (complaints && complaints->count)
        snprintf(request->field, sizeof request->field, "%.*s", (int)complaints->list[0].field.len,
                 complaints->list[0].field.at);
    return (uint32_t)(request - world->requests);
}

/* The affiliate's patience by the rules: what it was told to expect at most. */
static int64_t budget_us(const struct world *world, const struct auction_request *request)
{
    const struct campaign *campaign = &world->catalogue->campaigns[0];
    int64_t asked_us = request->ping.timeout_us, whole_us = campaign->timeout_us;
    if (request->kind == AUCTION_POST) return campaign->post_timeout_us;
    if (request->kind == AUCTION_ONE_CALL) whole_us += campaign->post_timeout_us;
    return asked_us > 0 && asked_us < whole_us ? asked_us : whole_us;
}

static void open_story(struct world *world, struct place *place, struct auction_request *request)
{
    request->catalogue = world->catalogue;
    place->catalogue = world->catalogue;
    catalogue_take(place->catalogue);
    world->counts.auctions++;
    auction_open(place_auction(place), request);
}

static const struct node *read_body(struct arena *arena, struct bytes body)
{
    struct document_error error;
    struct bytes copy = arena_copy(arena, body);
    check(copy.at != NULL);
    return document_read_json(arena, copy, &DOCUMENT_LIMITS, &error);
}

static void give_up(struct place *place)
{
    place->request = REQUEST_NONE;
    auction_abandon(place_auction(place));
}

static void count_kind(struct world_counts *counts, enum auction_kind kind)
{
    counts->pings += kind == AUCTION_PING;
    counts->posts += kind == AUCTION_POST;
    counts->one_calls += kind == AUCTION_ONE_CALL;
}

uint32_t world_ask(struct world *world, const struct world_ask *ask)
{
    struct world_request *asked = request_new(world, ask->kind);
    struct complaints complaints = {.count = 0};
    struct auction_request request = {.kind = ask->kind,
                                      .affiliate = catalogue_affiliate(world->catalogue, ask->affiliate),
                                      .started_us = world->queue.now_us,
                                      .test_key = ask->test_key,
                                      .bytes = ask->body.len};
    count_kind(&world->counts, ask->kind);
    if (world->draining) return refuse(world, asked, 503, REASON_SHUTTING_DOWN, NULL);
    if (!request.affiliate) return refuse(world, asked, 401, REASON_UNAUTHORIZED, NULL);
    uint32_t number = (uint32_t)(asked - world->requests);
    struct place *place = place_take(world, &world->workers[ask->worker % world->options.workers], number);
    if (!place) return refuse(world, asked, 503, REASON_BUSY, NULL);
    const struct node *document = read_body(auction_arena(place_auction(place)), ask->body);
    bool is_post = ask->kind == AUCTION_POST;
    if (!document) {
        give_up(place);
        return refuse(world, asked, 400, REASON_MALFORMED, NULL);
    }
    if (is_post ? !post_read_request(document, &request.post, &complaints)
                : !ping_read_request(document, &request.ping, &complaints)) {
        refuse(world, asked, 422, REASON_INVALID_FIELD, &complaints);
        give_up(place);
        return number;
    }
    if (ask->key.len && ask->kind != AUCTION_PING) {
        struct bytes parts[] = {request.affiliate->id, {"", 1}, ask->key};
        digest_of(&request.key, parts, 3);
        request.has_key = true;
    }
    snprintf(place->affiliate, sizeof place->affiliate, "%.*s", (int)ask->affiliate.len, ask->affiliate.at);
    asked->is_sieved = world->sieve && !is_post && !node_find(document, "ping_id") && !ask->test_key;
    if (asked->is_sieved)
        asked->sieved = sieve_run(world->sieve, request.affiliate->id, document, ask->kind == AUCTION_ONE_CALL,
                                  world_wall_ms(world));
    asked->place = place->id;
    asked->answer_by_us = asked->started_us + budget_us(world, &request);
    open_story(world, place, &request);
    return number;
}

void world_hang_up(struct world *world, uint32_t number)
{
    struct world_request *request = &world->requests[number];
    struct place *place = slots_find(&world->places, request->place);
    if (request->answered || request->gone || !place || place->request != number) return;
    request->gone = true;
    world->counts.gone++;
    auction_on_affiliate_gone(place_auction(place));
}

/* Read from the book a moment later, as the reader thread would. `at`: the lead's number. */
static void on_read(void *arg, uint64_t at)
{
    struct world *world = arg;
    const struct model_lead *lead = &world->model.leads[at];
    struct place *place = place_take(world, &world->workers[at % world->options.workers], REQUEST_NONE);
    if (!place || !lead->goes_on) {
        world_wrong(world, "a lead could not be taken up again");
        return;
    }
    struct bytes content = arena_copy(auction_arena(place_auction(place)), lead->content);
    check(content.at != NULL);
    struct auction_request request = {.kind = AUCTION_RESUMED,
                                      .affiliate = catalogue_affiliate(world->catalogue, lead->record.affiliate),
                                      .started_us = world->queue.now_us,
                                      .bytes = content.len,
                                      .record = &lead->record,
                                      .content = content};
    world->counts.resumed++;
    open_story(world, place, &request);
}

void asking_resume(struct world *world, const struct ident *lead_id)
{
    const struct model_lead *lead = model_lead(&world->model, lead_id);
    check(lead != NULL);
    queue_at(&world->queue, world->queue.now_us + LOOK_US, on_read, world, (uint64_t)(lead - world->model.leads));
}
