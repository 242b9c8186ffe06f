/* What operators ask: why, what is open, and a few switches. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/api/caps.h"
#include "exchange/api/explain.h"
#include "exchange/api/spending.h"
#include "exchange/api/visit.h"

#define EXPLAIN_ROOM (4u << 20)
#define LIST_ROOM (4u << 20)
#define CONTRACT_ROOM 16384u
#define DOUBTS_LISTED_MAX 1000u

/* Explain ------------------------------------------------------------------------------------------------------------
 */

static void look_story(struct inquiry *inquiry, struct reader *reader)
{
    enum fault fault = explain_write(reader, &inquiry->id, &inquiry->arena, &inquiry->out);
    if (!fault) return;
    inquiry->status = fault == FAULT_NOT_FOUND ? 404 : 503;
    inquiry->reason = fault == FAULT_NOT_FOUND ? REASON_NOT_FOUND : REASON_LEDGER_DOWN;
}

void operator_explain(struct visit *visit)
{
    struct ident id;
    if (ident_read(visit->path_id, &id))
        visit_inquire(visit, &id, look_story, true, EXPLAIN_ROOM);
    else
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND, "no such id", NULL, 0);
}

/* Contracts: every gate, and why it is not pinged now
 * ------------------------------------------------------------------ */

static const char *circuit_word(uint64_t word)
{
    static const char *const words[] = {
        [CIRCUIT_CLOSED] = "closed", [CIRCUIT_OPEN] = "open", [CIRCUIT_PROBING] = "probing"};
    return words[circuit_state_of(word)];
}

/* Of the two origins pings and posts go to, the one that is not closed. */
static struct bytes origin_word(struct standing *standing, const struct contract *contract)
{
    const uint32_t cells[] = {contract->ping_origin_cell, contract->post_origin_cell};
    for (size_t i = 0; i < 2; i++) {
        uint64_t word = cells[i] == STANDING_NONE ? 0 : circuits_word(standing, true, cells[i]);
        if (circuit_state_of(word) != CIRCUIT_CLOSED) return bytes_of(circuit_word(word));
    }
    return BYTES("closed");
}

static void write_last_error(struct json *json, struct standing *standing, const struct contract *contract)
{
    uint8_t code;
    int64_t wall_ms;
    if (!rates_last_failure(standing, contract->cell, &code, &wall_ms)) {
        json_null(json);
        return;
    }
    json_open_map(json);
    json_key(json, "code");
    json_text(json, bytes_of(reason_code(code)));
    json_key(json, "at");
    json_wall(json, wall_ms);
    json_close_map(json);
}

static void write_contract(struct json *json, struct hall *hall, const struct catalogue *catalogue,
                           const struct contract *contract, int64_t now_us, int64_t wall_ms)
{
    const struct buyer *buyer = &catalogue->buyers[contract->buyer];
    struct standing *standing = hall_standing(hall);
    struct availability_view view;
    availability_read(contract, buyer, NULL, standing, now_us, wall_ms, &view);
    enum reason reason = availability_reason(contract, buyer, &view, wall_ms);
    json_open_map(json);
    json_key(json, "contract");
    json_text(json, contract->id);
    json_key(json, "buyer");
    json_text(json, buyer->id);
    json_key(json, "campaign");
    json_text(json, catalogue->campaigns[contract->campaign].id);
    json_key(json, "pinged_now");
    json_bool(json, reason == REASON_NONE);
    json_key(json, "reason");
    if (reason == REASON_NONE) {
        json_null(json);
    } else {
        json_open_map(json);
        json_key(json, "code");
        json_text(json, bytes_of(reason_code(reason)));
        json_key(json, "text");
        json_text(json, bytes_of(reason_text(reason)));
        json_close_map(json);
    }
    json_key(json, "paused");
    json_bool(json, contract->paused || view.operator_paused);
    json_key(json, "paused_by");
    json_text(json, contract->paused ? BYTES("catalogue") : view.operator_paused ? BYTES("operator") : BYTES(""));
    json_key(json, "open");
    json_bool(json, !contract->schedule || schedule_is_open(contract->schedule, wall_ms));
    struct caps_scene scene = {catalogue, standing, wall_ms, false};
    caps_write(json, &scene, contract);
    json_key(json, "open_offers");
    json_u64(json, holds_open_offers(standing, contract->cell));
    spending_write(json, buyer, &view);
    json_key(json, "seats_free");
    if (view.seats_free == INT64_MAX)
        json_null(json);
    else
        json_i64(json, view.seats_free);
    json_key(json, "signal");
    json_text(json, !view.signal_fresh      ? BYTES("none")
                    : view.signal_available ? BYTES("available")
                                            : BYTES("unavailable"));
    json_key(json, "circuit");
    json_text(json, bytes_of(circuit_word(circuits_word(standing, false, contract->cell))));
    json_key(json, "origin_circuit");
    json_text(json, origin_word(standing, contract));
    json_key(json, "in_flight");
    json_u64(json, view.in_flight);
    json_key(json, "response_ms");
    json_i64(json, rates_response_us(standing, contract->cell) / 1000);
    json_key(json, "last_error");
    write_last_error(json, standing, contract);
    json_close_map(json);
}

void operator_contracts(struct visit *visit)
{
    struct hall *hall = worker_hall(visit->worker);
    const struct catalogue *catalogue = worker_catalogue(visit->worker);
    int64_t now_us = worker_now_us(visit->worker), wall_ms = clock_wall_ms();
    char *text = malloc(LIST_ROOM);
    struct sink sink = sink_over(text, text ? LIST_ROOM : 0);
    struct json json = json_into(&sink);
    uint32_t listed = 0;
    json_open_map(&json);
    json_key(&json, "catalogue_version");
    char version[2 * DIGEST_LEN];
    struct sink hex = sink_over(version, sizeof version);
    sink_hex(&hex, (struct bytes){(const char *)catalogue->version.at, DIGEST_LEN});
    json_text(&json, sink_written(&hex));
    json_key(&json, "contracts");
    json_open_list(&json);
    for (; listed < catalogue->contracts_count && sink.cap - sink.len > CONTRACT_ROOM; listed++)
        write_contract(&json, hall, catalogue, &catalogue->contracts[listed], now_us, wall_ms);
    json_close_list(&json);
    json_key(&json, "not_listed");
    json_u64(&json, catalogue->contracts_count - listed);
    json_close_map(&json);
    if (text)
        visit_send_json(visit, 200, sink_written(&sink));
    else
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
    free(text);
}

static const struct contract *contract_of(struct visit *visit)
{
    const struct contract *contract = catalogue_contract(worker_catalogue(visit->worker), visit->path_id);
    if (!contract)
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND, "no such contract", NULL,
                      0);
    return contract;
}

void operator_contract(struct visit *visit)
{
    char body[CONTRACT_ROOM];
    struct sink sink = sink_over(body, sizeof body);
    struct json json = json_into(&sink);
    const struct contract *contract = contract_of(visit);
    if (!contract) return;
    write_contract(&json, worker_hall(visit->worker), worker_catalogue(visit->worker), contract,
                   worker_now_us(visit->worker), clock_wall_ms());
    visit_send_json(visit, 200, sink_written(&sink));
}

/* Operations: what waits for the ledger, or for main
 * --------------------------------------------------------------------- */

struct operation {
    enum waiter_kind kind; /* first: see waiter.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the operator has gone */
    struct visit_manners manners;
    uint32_t contract_cell; /* pause, resume */
    bool paused;
    struct ident post_id; /* resolve */
    bool accepted;
    struct ledger_resolution resolution;
};

static struct operation *begin(struct visit *visit)
{
    struct operation *operation = calloc(1, sizeof *operation);
    if (!operation) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return NULL;
    }
    operation->kind = WAITER_OPERATION;
    operation->worker = visit->worker;
    operation->request = visit->request;
    operation->manners = visit->manners;
    worker_wait(visit->request, operation);
    return operation;
}

/* Lets go of the request for answering; NULL when nobody is there. */
static struct server_request *let_go(struct operation *operation)
{
    struct server_request *request = operation->request;
    if (request) worker_wait(request, NULL);
    operation->request = NULL;
    return request;
}

static void fail(struct operation *operation, int status, enum reason reason, const char *detail)
{
    struct server_request *request = let_go(operation);
    if (request)
        visit_problem(operation->worker, request, &operation->manners, status, reason, detail, NULL,
                      status == 503 ? 1 : 0);
    free(operation);
}

void operator_on_gone(void *waiter)
{
    if (*(enum waiter_kind *)waiter == WAITER_OPERATION)
        ((struct operation *)waiter)->request = NULL;
    else if (*(enum waiter_kind *)waiter == WAITER_REVOCATION)
        revocation_on_gone(waiter);
    else if (*(enum waiter_kind *)waiter == WAITER_ERRAND)
        privacy_on_gone(waiter);
    else if (*(enum waiter_kind *)waiter == WAITER_LIST)
        list_on_gone(waiter);
    else if (*(enum waiter_kind *)waiter == WAITER_DISPOSITIONS)
        disposition_on_gone(waiter);
    else if (*(enum waiter_kind *)waiter == WAITER_VOUCHER)
        accounts_on_gone(waiter);
    else if (*(enum waiter_kind *)waiter == WAITER_VERDICTS)
        verdicts_on_gone(waiter);
    else if (*(enum waiter_kind *)waiter == WAITER_KEY)
        keys_on_gone(waiter);
    else if (*(enum waiter_kind *)waiter == WAITER_GIVING)
        giving_back_on_gone(waiter);
    else
        visit_inquiry_gone(waiter);
}

static void on_switched(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct operation *operation = arg;
    (void)token;
    (void)seq;
    if (fault) {
        fail(operation, 503, REASON_LEDGER_DOWN, NULL);
        return;
    }
    switches_set(worker_hall(operation->worker)->standing, operation->contract_cell, operation->paused);
    struct server_request *request = let_go(operation);
    struct bytes body = operation->paused ? BYTES("{\"paused\":true}") : BYTES("{\"paused\":false}");
    if (request) visit_send(operation->worker, request, &operation->manners, 200, "application/json", NULL, body);
    free(operation);
}

static void turn_switch(struct visit *visit, bool paused)
{
    const struct contract *contract = contract_of(visit);
    struct operation *operation = contract ? begin(visit) : NULL;
    if (!operation) return;
    operation->contract_cell = contract->cell;
    operation->paused = paused;
    if (ledger_switch(worker_line(visit->worker), contract->id, paused, clock_wall_ms(), on_switched, operation, 0))
        fail(operation, 503, REASON_LEDGER_DOWN, NULL);
}

void operator_pause(struct visit *visit)
{
    turn_switch(visit, true);
}
void operator_resume(struct visit *visit)
{
    turn_switch(visit, false);
}

void operator_reload(struct visit *visit)
{
    struct hall *hall = worker_hall(visit->worker);
    struct operation *operation = begin(visit);
    if (!operation) return;
    if (!hall->ask_reload || !hall->ask_reload(hall->ask_reload_arg, worker_number(visit->worker), operation))
        fail(operation, 409, REASON_CONFLICT, "a reload is running already");
}

void operator_on_reloaded(void *waiter, bool good, const char *text)
{
    if (*(enum waiter_kind *)waiter == WAITER_LIST) {
        list_on_answered(waiter, good, text);
        return;
    }
    struct operation *operation = waiter;
    struct server_request *request = let_go(operation);
    if (!text) text = "";
    if (request) {
        size_t room = strlen(text) * 6 + 256;
        char *body = malloc(room);
        struct sink sink = sink_over(body, body ? room : 0);
        struct json json = json_into(&sink);
        json_open_map(&json);
        json_key(&json, "reloaded");
        json_bool(&json, good);
        json_key(&json, "findings");
        json_open_list(&json);
        for (struct bytes left = bytes_of(text), line; left.len;) {
            left = bytes_split(left, '\n', &line);
            if (line.len) json_text(&json, line);
        }
        json_close_list(&json);
        json_close_map(&json);
        visit_send(operation->worker, request, &operation->manners, good ? 200 : 422, "application/json", NULL,
                   sink_written(&sink));
        free(body);
    }
    free(operation);
}

/* Posts in doubt
 * --------------------------------------------------------------------------------------------------------- */

static void write_doubt(struct json *json, const struct post_record *post)
{
    char text[IDENT_TEXT + 1];
    json_open_map(json);
    json_key(json, "post_id");
    json_text(json, bytes_of(ident_text(&post->post_id, text)));
    json_key(json, "lead_id");
    json_text(json, bytes_of(ident_text(&post->lead_id, text)));
    json_key(json, "contract");
    json_text(json, post->intent.contract);
    json_key(json, "buyer");
    json_text(json, post->intent.buyer);
    json_key(json, "affiliate");
    json_text(json, post->affiliate);
    json_key(json, "price");
    json_money(json, post->intent.price_micros);
    json_key(json, "payout");
    json_money(json, post->intent.payout_micros);
    json_key(json, "test");
    json_bool(json, post->is_test);
    json_key(json, "posted_at");
    json_wall(json, post->opened_ms);
    json_key(json, "in_doubt_since");
    json_wall(json, post->settled_ms);
    json_key(json, "resolves_by");
    if (post->resolves_ms)
        json_wall(json, post->resolves_ms);
    else
        json_null(json);
    json_key(json, "then");
    json_text(json, post->intent.doubt.then == DOUBT_SELLS ? BYTES("sold") : BYTES("void"));
    json_close_map(json);
}

static void look_doubts(struct inquiry *inquiry, struct reader *reader)
{
    char after[IDENT_TEXT + 1];
    uint32_t count = 0;
    struct post_record *posts = arena_take(&inquiry->arena, (DOUBTS_LISTED_MAX + 1) * sizeof *posts);
    enum fault fault = posts
                           ? reader_doubts(reader, &inquiry->id, &inquiry->arena, posts, DOUBTS_LISTED_MAX + 1, &count)
                           : FAULT_MEMORY;
    if (fault) {
        inquiry->status = 503;
        inquiry->reason = REASON_LEDGER_DOWN;
        return;
    }
    struct json json = json_into(&inquiry->out);
    json_open_map(&json);
    json_key(&json, "posts");
    json_open_list(&json);
    bool is_cut = count > DOUBTS_LISTED_MAX; /* one more was asked for, to know */
    if (is_cut) count = DOUBTS_LISTED_MAX;
    for (uint32_t i = 0; i < count; i++) write_doubt(&json, &posts[i]);
    json_close_list(&json);
    json_key(&json, "after");
    if (is_cut)
        json_text(&json, bytes_of(ident_text(&posts[count - 1].post_id, after)));
    else
        json_null(&json);
    json_close_map(&json);
}

void operator_posts(struct visit *visit)
{
    struct complaints complaints = {.count = 0};
    struct bytes text = visit_query(visit, "after");
    struct ident after = IDENT_NONE;
    if (!bytes_is(visit_query(visit, "state"), "in_doubt"))
        complain(&complaints, BYTES("state"), "choice", "must be in_doubt");
    if (text.len && !ident_read(text, &after))
        complain(&complaints, BYTES("after"), "format", "must be a post_id, as the list before gave it");
    if (complaints.count == 0) {
        visit_inquire(visit, &after, look_doubts, false, LIST_ROOM);
        return;
    }
    visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints, 0);
}

static void answer_resolved(struct operation *operation)
{
    char body[256], text[IDENT_TEXT + 1];
    struct sink sink = sink_over(body, sizeof body);
    struct json json = json_into(&sink);
    struct server_request *request = let_go(operation);
    json_open_map(&json);
    json_key(&json, "post_id");
    json_text(&json, bytes_of(ident_text(&operation->post_id, text)));
    json_key(&json, "lead_id");
    json_text(&json, bytes_of(ident_text(&operation->resolution.lead_id, text)));
    json_key(&json, "status");
    json_text(&json, operation->accepted ? BYTES("accepted") : BYTES("rejected"));
    json_key(&json, "fallback");
    json_bool(&json, operation->resolution.resumes);
    json_close_map(&json);
    if (request)
        visit_send(operation->worker, request, &operation->manners, 200, "application/json", NULL, sink_written(&sink));
}

static void on_resolved(void *arg, const struct ledger_resolution *resolution)
{
    struct operation *operation = arg;
    if (resolution->fault == FAULT_NOT_FOUND) {
        fail(operation, 404, REASON_NOT_FOUND, "no such post");
        return;
    }
    if (resolution->fault == FAULT_INPUT) {
        fail(operation, 409, REASON_CONFLICT, "this post is not in doubt");
        return;
    }
    if (resolution->fault) {
        fail(operation, 503, REASON_LEDGER_DOWN, NULL);
        return;
    }
    operation->resolution = *resolution;
    if (resolution->resumes) worker_resume(operation->worker, &resolution->lead_id);
    answer_resolved(operation);
    free(operation);
}

/* False: the problem has been answered. */
static bool read_status(struct visit *visit, bool *accepted)
{
    struct arena arena;
    struct complaints complaints = {.count = 0};
    arena_init(&arena, 4096, visit->view->body.len * 100 + 4096);
    const struct node *document = visit_document(visit, &arena, false), *status = node_find(document, "status");
    bool good = document != NULL;
    if (document) {
        *accepted = status && status->kind == NODE_TEXT && bytes_is(status->text, "accepted");
        bool rejected = status && status->kind == NODE_TEXT && bytes_is(status->text, "rejected");
        if (!*accepted && !rejected) complain(&complaints, BYTES("status"), "choice", "must be accepted or rejected");
        NODE_EACH(member, document)
        if (!bytes_is(member->key, "status")) complain(&complaints, member->key, "unknown", "unknown field");
        good = complaints.count == 0;
        if (!good)
            visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints,
                          0);
    }
    arena_free(&arena);
    return good;
}

void operator_resolve(struct visit *visit)
{
    struct ident post_id;
    bool accepted;
    if (!ident_read(visit->path_id, &post_id)) {
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND, "no such post", NULL, 0);
        return;
    }
    if (!read_status(visit, &accepted)) return;
    struct operation *operation = begin(visit);
    if (!operation) return;
    operation->post_id = post_id;
    operation->accepted = accepted;
    struct ledger_verdict verdict = {
        .post_id = post_id, .accepted = accepted, .by = VERDICT_BY_OPERATOR, .wall_ms = clock_wall_ms()};
    if (ledger_resolve(worker_line(visit->worker), &verdict, on_resolved, operation))
        fail(operation, 503, REASON_LEDGER_DOWN, NULL);
}
