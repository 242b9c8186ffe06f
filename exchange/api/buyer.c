/* What buyers tell and ask: who can take a lead now. */
#include "exchange/api/caps.h"
#include "exchange/api/spending.h"
#include "exchange/api/visit.h"

#include <stdio.h>

#define TTL_S_MAX 86400
#define SEATS_MAX 1000000
#define STATE_ROOM 65536u
#define ARENA_CHUNK 4096u

struct push {
    const struct contract *contract; /* NULL: all of the buyer's, one pool */
    bool available;
    int64_t seats; /* -1: not named */
    int64_t ttl_s;
};

static bool field_known(struct bytes name)
{
    static const char *const names[] = {"contract", "available", "seats", "ttl_s"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_is(name, names[i])) return true;
    return false;
}

static bool read_push(const struct visit *visit, const struct node *document, struct push *push,
                      struct complaints *complaints)
{
    const struct catalogue *catalogue = worker_catalogue(visit->worker);
    const struct node *contract = node_find(document, "contract"), *available = node_find(document, "available");
    const struct node *seats = node_find(document, "seats"), *ttl = node_find(document, "ttl_s");
    *push = (struct push){.seats = -1};
    NODE_EACH(member, document)
    if (!field_known(member->key)) complain(complaints, member->key, "unknown", "unknown field");
    if (contract && contract->kind == NODE_TEXT) {
        push->contract = catalogue_contract(catalogue, contract->text);
        if (!push->contract || push->contract->buyer != visit->buyer->index)
            complain(complaints, BYTES("contract"), "choice", "not one of your contracts");
    } else if (contract && contract->kind != NODE_NULL) {
        complain(complaints, BYTES("contract"), "type", "must be a contract's id, or null for all of yours");
    }
    if (!available || available->kind != NODE_BOOL)
        complain(complaints, BYTES("available"), available ? "type" : "required", "must be true or false");
    else
        push->available = available->truth;
    if (seats && seats->kind != NODE_NULL &&
        (!node_i64(seats, &push->seats) || push->seats < 0 || push->seats > SEATS_MAX))
        complain(complaints, BYTES("seats"), "range", "must be a whole number from 0 to 1000000");
    if (!ttl || !node_i64(ttl, &push->ttl_s) || push->ttl_s < 1 || push->ttl_s > TTL_S_MAX)
        complain(complaints, BYTES("ttl_s"), ttl ? "range" : "required",
                 "must be a whole number of seconds from 1 to 86400");
    return complaints->count == 0;
}

static void write_contract(struct json *json, const struct visit *visit, const struct contract *contract, bool whole)
{
    struct standing *standing = hall_standing(worker_hall(visit->worker));
    int64_t now_us = worker_now_us(visit->worker), wall_ms = clock_wall_ms();
    struct availability_view view;
    struct seat_signal signal;
    availability_read(contract, visit->buyer, NULL, standing, now_us, wall_ms, &view);
    seats_read(standing, contract->cell, visit->buyer->cell, now_us, &signal);
    enum reason reason = availability_reason(contract, visit->buyer, &view, wall_ms);
    json_open_map(json);
    json_key(json, "contract");
    json_text(json, contract->id);
    json_key(json, "pushed");
    json_bool(json, signal.pushed);
    if (signal.pushed) {
        json_key(json, "available");
        json_bool(json, signal.available);
        if (signal.has_seats) {
            json_key(json, "seats");
            json_i64(json, signal.seats_free);
        }
        json_key(json, "expires_in_s");
        json_i64(json, (signal.expires_us - now_us + 999999) / 1000000);
    }
    json_key(json, "pinged_now");
    json_bool(json, reason == REASON_NONE);
    if (reason != REASON_NONE) {
        json_key(json, "reason");
        json_open_map(json);
        json_key(json, "code");
        json_text(json, bytes_of(reason_code(reason)));
        json_key(json, "text");
        json_text(json, bytes_of(reason_text(reason)));
        json_close_map(json);
    }
    if (whole) {
        struct caps_scene scene = {worker_catalogue(visit->worker), standing, wall_ms, true};
        caps_write(json, &scene, contract);
        spending_write(json, visit->buyer, &view);
        json_key(json, "open_offers");
        json_u64(json, holds_open_offers(standing, contract->cell));
    }
    json_close_map(json);
}

/* The state as the exchange now sees it: of one contract, or of all; `whole`: with their caps. */
static void answer_state(struct visit *visit, const struct contract *only, bool whole)
{
    static _Thread_local char body[STATE_ROOM];
    struct sink sink = sink_over(body, sizeof body);
    struct json json = json_into(&sink);
    const struct catalogue *catalogue = worker_catalogue(visit->worker);
    json_open_map(&json);
    json_key(&json, "buyer");
    json_text(&json, visit->buyer->id);
    json_key(&json, "contracts");
    json_open_list(&json);
    for (uint32_t i = 0; i < visit->buyer->contracts_count && !sink.cut; i++) {
        const struct contract *contract = &catalogue->contracts[visit->buyer->contracts[i]];
        if (!only || only == contract) write_contract(&json, visit, contract, whole);
    }
    json_close_list(&json);
    json_close_map(&json);
    if (sink.cut)
        visit_problem(visit->worker, visit->request, &visit->manners, 413, REASON_TOO_LARGE,
                      "too many contracts: ask with ?contract=", NULL, 0);
    else
        visit_send_json(visit, 200, sink_written(&sink));
}

void buyer_put_availability(struct visit *visit)
{
    struct arena arena;
    struct push push;
    struct complaints complaints = {.count = 0};
    struct standing *standing = hall_standing(worker_hall(visit->worker));
    arena_init(&arena, ARENA_CHUNK, visit->view->body.len * 100 + ARENA_CHUNK);
    const struct node *document = visit_document(visit, &arena, false);
    if (document && read_push(visit, document, &push, &complaints)) {
        int64_t expires_us = worker_now_us(visit->worker) + push.ttl_s * 1000000;
        if (push.contract)
            seats_push_contract(standing, push.contract->cell, push.available, push.seats, expires_us);
        else
            seats_push_buyer(standing, visit->buyer->cell, push.available, push.seats, expires_us);
        answer_state(visit, push.contract, false);
    } else if (document) {
        visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints, 0);
    }
    arena_free(&arena);
}

static void get_state(struct visit *visit, bool whole)
{
    struct bytes id = visit_query(visit, "contract");
    const struct contract *contract = id.len ? catalogue_contract(worker_catalogue(visit->worker), id) : NULL;
    if (id.len && (!contract || contract->buyer != visit->buyer->index))
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND,
                      "not one of your contracts", NULL, 0);
    else
        answer_state(visit, contract, whole);
}

void buyer_get_availability(struct visit *visit)
{
    get_state(visit, false);
}

void buyer_contracts(struct visit *visit)
{
    get_state(visit, true);
}
