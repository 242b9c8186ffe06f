/* One table of paths for all listeners: a request is one look-up away from its buyer. That a buyer with an address of
 * its own is asked at another one is a mistake of the catalogue under test, so it is answered 404, not served. */
#include "buyers-sim/front.h"

#include <stdio.h>
#include <stdlib.h>

#include "buyers-sim/control.h"
#include "buyers-sim/stats.h"
#include "protocol/base/check.h"
#include "protocol/base/clock.h"

#define PATH_MAX_LEN 512
#define CONNECTIONS_MAX 65536
#define BODY_MAX (1u << 20)
#define LONG_US INT64_C(3600000000)

enum part { PART_PING, PART_POST, PART_STATUS, PART_NOTICE, PARTS };

static void on_request(void *arg, struct server_request *request);
static void on_gone(void *arg, struct server_request *request);

static const char *const part_names[PARTS] = {"ping", "post", "status", "notice"};

/* A listener's handler knows its town by this. */
struct gate {
    struct town *town;
    struct listener *listener;
};

static enum fault open_one(struct town *town, struct listener *listener, struct bytes address, enum door door,
                           struct tls_note *note)
{
    struct gate *gate = arena_take(&town->scenario->arena, sizeof *gate);
    if (!gate) return FAULT_MEMORY;
    *gate = (struct gate){town, listener};
    struct server_options options = {
        .address = address.at,
        .tls = town->tls,
        .limits = server_limits_default,
        .handler = {.on_request = on_request, .on_gone = on_gone, .arg = gate},
    };
    options.limits.connections_max = options.limits.per_address_max = CONNECTIONS_MAX;
    options.limits.body_max = BODY_MAX;
    options.limits.idle_us = options.limits.body_us = options.limits.head_us = LONG_US;
    enum fault fault = listener_open(listener, town->loop, &options, door, note);
    if (fault) listener->loop = NULL; /* nothing to close */
    return fault;
}

static enum fault add_routes(struct town *town, uint32_t index, struct tls_note *note)
{
    const struct buyer_spec *spec = &town->scenario->buyers[index];
    for (unsigned part = 0; part < PARTS; part++) {
        char text[PATH_MAX_LEN];
        struct sink sink = sink_over(text, sizeof text);
        if (!spec->path.len) sink_char(&sink, '/');
        sink_bytes(&sink, spec->path.len ? spec->path : spec->name);
        sink_char(&sink, '/');
        sink_text(&sink, part_names[part]);
        struct bytes path = arena_copy(&town->scenario->arena, sink_written(&sink));
        if (sink.cut || !path.at || table_find(&town->routes, path) != TABLE_NONE) {
            snprintf(note->text, sizeof note->text, "buyer \"%s\": its path is too long or taken", spec->name.at);
            return FAULT_INPUT;
        }
        enum fault fault = table_put(&town->routes, path, index * PARTS + part);
        if (fault) return fault;
    }
    return FAULT_NONE;
}

static enum fault open_own(struct town *town, uint32_t index, struct tls_note *note)
{
    const struct buyer_spec *spec = &town->scenario->buyers[index];
    const struct bytes addresses[] = {spec->listen, spec->post_listen};
    const enum door doors[] = {spec->door, spec->post_door};
    for (unsigned i = 0; i < 2; i++) {
        struct listener *listener = &town->own[2 * index + i];
        if (!addresses[i].len) continue;
        enum fault fault = open_one(town, listener, addresses[i], doors[i], note);
        if (fault) return fault;
    }
    return add_routes(town, index, note);
}

/* Only once all is open: who reads these lines may start at once. */
static void print_addresses(const struct town *town)
{
    if (town->shared.loop) printf("listening %s\n", town->shared.address);
    for (uint32_t i = 0; i < town->scenario->count; i++) {
        const struct listener *own = &town->own[2 * i];
        const char *name = town->scenario->buyers[i].name.at;
        if (own[0].loop) printf("listening %s %s\n", own[0].address, name);
        if (own[1].loop) printf("listening %s %s post\n", own[1].address, name);
    }
    printf("ready %u buyers\n", town->scenario->count);
    fflush(stdout);
}

enum fault front_open(struct town *town, struct tls_note *note)
{
    enum fault fault = FAULT_MEMORY;
    table_init(&town->routes);
    town->own = calloc(2 * town->scenario->count, sizeof *town->own);
    if (!town->own) return fault;
    if (town->scenario->listen.len) {
        fault = open_one(town, &town->shared, town->scenario->listen, DOOR_OPEN, note);
        if (fault) return fault;
    }
    for (uint32_t i = 0; i < town->scenario->count; i++) {
        fault = open_own(town, i, note);
        if (fault) return fault;
    }
    print_addresses(town);
    return FAULT_NONE;
}

void front_close(struct town *town)
{
    if (town->shared.loop) listener_close(&town->shared);
    for (uint32_t i = 0; town->own && i < 2 * town->scenario->count; i++)
        if (town->own[i].loop) listener_close(&town->own[i]);
    free(town->own);
    town->own = NULL;
    table_free(&town->routes);
}

static void refuse(struct server_request *request, int status)
{
    const char *fields = status == 405 ? "Allow: GET, POST\r\n" : "";
    server_answer(request, &(struct server_answer){.status = status, .fields = bytes_of(fields)});
}

static bool is_heard(struct buyer *buyer, const struct server_view *view)
{
    if (!buyer->signer) return true;
    return buyer_hears(buyer, http_field_find(view->head, "webhook-id"),
                       http_field_find(view->head, "webhook-timestamp"),
                       http_field_find(view->head, "webhook-signature"), view->body, clock_wall_ms());
}

static void keep_last(struct bytes *last, struct bytes body)
{
    char *copy = body.len <= BUYER_RECORD_MAX ? realloc((void *)last->at, body.len + 1) : NULL;
    if (!copy) return;
    memcpy(copy, body.at, body.len);
    *last = (struct bytes){copy, body.len};
}

static const struct node *read_body(struct arena *arena, struct buyer *buyer, struct bytes body)
{
    struct document_limits limits = DOCUMENT_LIMITS;
    struct document_error error;
    const struct node *document = document_read_json(arena, body, &limits, &error);
    if (!document) buyer->counts.bad_requests++;
    return document;
}

static void answer_ping(struct town *town, uint32_t index, struct server_request *request)
{
    struct buyer *buyer = &town->buyers[index];
    const struct server_view *view = server_view(request);
    const struct node *ping = NULL;
    buyer->counts.ping_bytes = view->head->head_len + view->body.len;
    if (town->scenario->record) keep_last(&buyer->last_ping, view->body);
    if (buyer_wants_ping(buyer)) {
        arena_reset(&town->reading);
        ping = read_body(&town->reading, buyer, view->body);
        if (!ping) {
            refuse(request, 400);
            return;
        }
    }
    char text[BUYER_ANSWER_MAX];
    struct sink body = sink_over(text, sizeof text);
    struct outcome outcome;
    buyer_ping(buyer, ping, loop_now_us(town->loop), &body, &outcome);
    check(!body.cut, "the answer of %s is too long", buyer->spec->name.at);
    answers_give(town->answers, request, buyer, &outcome, sink_written(&body));
}

static void answer_post(struct town *town, uint32_t index, struct server_request *request)
{
    struct buyer *buyer = &town->buyers[index];
    const struct server_view *view = server_view(request);
    buyer->counts.post_bytes = view->head->head_len + view->body.len;
    if (town->scenario->record) keep_last(&buyer->last_post, view->body);
    arena_reset(&town->reading);
    const struct node *post = read_body(&town->reading, buyer, view->body);
    if (!post) {
        refuse(request, 400);
        return;
    }
    char text[BUYER_ANSWER_MAX];
    struct sink body = sink_over(text, sizeof text);
    struct outcome outcome;
    uint64_t accepted = buyer->counts.accepted;
    buyer_post(buyer, post, loop_now_us(town->loop), &body, &outcome);
    check(!body.cut, "the answer of %s is too long", buyer->spec->name.at);
    answers_give(town->answers, request, buyer, &outcome, sink_written(&body));
    if (buyer->counts.accepted != accepted && buyer->spec->plan.seats >= 0) push_changed(town->pusher, index);
}

/* GET …/status?post_id=X; ids need no escapes. */
static void answer_status(struct town *town, uint32_t index, struct server_request *request)
{
    struct bytes rest = server_view(request)->head->query, pair, name, value = BYTES_NONE;
    while (rest.len) {
        rest = bytes_split(rest, '&', &pair);
        struct bytes given = bytes_split(pair, '=', &name);
        if (bytes_is(name, "post_id")) value = given;
    }
    char text[64];
    int len = snprintf(text, sizeof text, "{\"status\":\"%s\"}", buyer_status(&town->buyers[index], value));
    server_answer(request, &(struct server_answer){
                               .status = 200, .content_type = "application/json", .body = {text, (size_t)len}});
}

/* POST …/notice: notices, hooks and copies end here; a copy is counted by itself. */
static void answer_notice(struct town *town, uint32_t index, struct server_request *request)
{
    struct buyer *buyer = &town->buyers[index];
    const struct server_view *view = server_view(request);
    if (town->scenario->record) keep_last(&buyer->last_notice, view->body);
    arena_reset(&town->reading);
    const struct node *notice = read_body(&town->reading, buyer, view->body);
    const struct node *type = notice ? node_find(notice, "type") : NULL;
    if (!type || type->kind != NODE_TEXT) {
        refuse(request, 400);
        return;
    }
    if (bytes_is(type->text, "lead.copy"))
        buyer->counts.copies++;
    else
        buyer->counts.notices++;
    server_answer(request, &(struct server_answer){.status = 204});
}

static const struct {
    const char *path;
    const char *method;
    void (*answer)(struct town *town, struct server_request *request);
} pages[] = {
    {"/stats", "GET", stats_answer},
    {"/last", "GET", stats_answer_last},
    {"/control", "POST", control_answer},
};

static void answer_page(struct town *town, struct server_request *request)
{
    const struct http_head *head = server_view(request)->head;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        if (!bytes_is(head->path, pages[i].path)) continue;
        if (bytes_is(head->method, pages[i].method))
            pages[i].answer(town, request);
        else
            refuse(request, 405);
        return;
    }
    refuse(request, 404);
}

static void on_request(void *arg, struct server_request *request)
{
    static void (*const answers[PARTS])(struct town *, uint32_t,
                                        struct server_request *) = {[PART_PING] = answer_ping,
                                                                    [PART_POST] = answer_post,
                                                                    [PART_STATUS] = answer_status,
                                                                    [PART_NOTICE] = answer_notice};
    const struct gate *gate = arg;
    struct town *town = gate->town;
    const struct server_view *view = server_view(request);
    server_set_owner(request, NULL);
    uint32_t route = table_find(&town->routes, view->head->path);
    if (route == TABLE_NONE) {
        answer_page(town, request);
        return;
    }
    uint32_t index = route / PARTS, part = route % PARTS;
    if (gate->listener != town_listener(town, index, part == PART_POST)) {
        refuse(request, 404);
    } else if (!bytes_is(view->head->method, part == PART_STATUS ? "GET" : "POST")) {
        refuse(request, 405);
    } else if (!is_heard(&town->buyers[index], view)) {
        refuse(request, 401);
    } else {
        answers[part](town, index, request);
    }
}

static void on_gone(void *arg, struct server_request *request)
{
    (void)arg;
    answers_gone(request);
}
