/*   part 0: the line's head, shared        POST /ping HTTP/1.1 … webhook-id:
 *   part 1: this call's fields             01J… webhook-timestamp: … webhook-signature: … Content-Length: …
 *   part 2: this call's part of the body   {"type":"ping","call_id":…,
 *   part 3: the auction's tail, shared     "consent":…,"lead":{…}}
 * One writev; nothing is formatted twice, and a warm call allocates nothing (its arena's first chunk stays with its
 * slot). */
#include "exchange/buyers/call.h"

#include <stdlib.h>

#include "exchange/buyers/disclosure.h"
#include "exchange/buyers/health.h"
#include "protocol/base/check.h"
#include "protocol/base/slots.h"
#include "protocol/message/ping.h"
#include "protocol/message/post.h"

#define CALL_CHUNK 1536u
#define CALL_ARENA_MAX (4u << 20)
#define PING_HEAD_ROOM 1024u
#define POST_ROOM 2048u /* of a post's body, beside lead and consent */
#define SCRATCH_CHUNK 16384u
#define SCRATCH_MAX (8u << 20)

struct call {
    struct desk *desk;
    uint64_t id, client_call, owner;
    uint32_t place;
    enum call_kind kind;
    struct lines *lines;
    const struct contract *contract;
    int64_t sent_us, deadline_us;
    struct arena arena;
    bool is_made; /* the arena is; stays over lives */
    bool is_test;
    struct loop_timer *timer;   /* of a built-in test buyer's answer; made when first needed, stays over lives */
    struct rehearsal_line said; /* that answer */
};

struct desk {
    struct loop *loop;
    struct client *client;
    struct standing *standing;
    struct slots calls;
    struct ident_maker ids;
    struct arena scratch; /* for reading replies */
    void (*on_reply)(void *arg, const struct call_reply *reply);
    void *arg;
};

static bool write_ping(struct call *call, const struct line *line, const struct call_order *order,
                       struct client_call *out);
static bool write_post(struct call *call, const struct line *line, const struct call_order *order,
                       struct client_call *out);
static void on_done(void *arg, uint64_t client_call, const struct client_result *result);
static void end(struct call *call, enum health health);
static enum reason rehearse(struct call *call, const struct call_order *order);
static void note_failure(struct call *call, enum reason reason);

enum fault desk_open(const struct desk_options *options, struct desk **opened)
{
    struct desk *desk = calloc(1, sizeof *desk);
    if (!desk) return FAULT_MEMORY;
    *desk = (struct desk){.loop = options->loop,
                          .client = options->client,
                          .standing = options->standing,
                          .on_reply = options->on_reply,
                          .arg = options->arg};
    enum fault fault = slots_open(&desk->calls, sizeof(struct call), CALL_IN_FLIGHT_MAX);
    if (fault) {
        free(desk);
        return fault;
    }
    ident_maker_init(&desk->ids, options->number, options->seed);
    arena_init(&desk->scratch, SCRATCH_CHUNK, SCRATCH_MAX);
    *opened = desk;
    return FAULT_NONE;
}

void desk_close(struct desk **closed)
{
    struct desk *desk = *closed;
    *closed = NULL;
    for (uint32_t i = 0; i < desk->calls.made; i++) {
        struct call *call = slots_at(&desk->calls, i);
        if (slots_live(&desk->calls, i)) {
            if (call->client_call) client_cancel(desk->client, call->client_call);
            end(call, HEALTH_NONE);
        }
        if (call->timer) loop_timer_close(&call->timer);
        if (call->is_made) arena_free(&call->arena);
    }
    slots_close(&desk->calls);
    arena_free(&desk->scratch);
    free(desk);
}

unsigned desk_in_flight(const struct desk *desk)
{
    return desk->calls.used;
}

static struct call *take(struct desk *desk, struct lines *lines, const struct call_order *order)
{
    uint64_t id;
    struct call *call = slots_take(&desk->calls, &id);
    if (!call) return NULL;
    if (!call->is_made) arena_init(&call->arena, CALL_CHUNK, CALL_ARENA_MAX);
    call->is_made = true;
    call->desk = desk;
    call->id = id;
    call->owner = order->owner;
    call->place = order->place;
    call->kind = order->kind;
    call->client_call = 0;
    call->is_test = order->rehearsal != REHEARSAL_NONE;
    call->lines = lines;
    call->contract = order->contract;
    call->sent_us = clock_now_us();
    call->deadline_us = order->deadline_us;
    lines_take(lines);
    return call;
}

enum reason call_send(struct desk *desk, struct lines *lines, const struct call_order *order, uint64_t *id)
{
    bool is_test = order->rehearsal != REHEARSAL_NONE;
    enum reason reason = is_test ? REASON_NONE
                                 : health_admit(desk->standing, lines_catalogue(lines), order->contract,
                                                order->kind == CALL_PING, clock_now_us());
    if (reason != REASON_NONE) return reason;
    struct call *call = take(desk, lines, order);
    if (!call) {
        if (!is_test) rates_leave(desk->standing, lines_catalogue(lines)->buyers[order->contract->buyer].cell);
        return REASON_THROTTLED;
    }
    *id = call->id;
    if (rehearsal_is_inside(lines_catalogue(lines), order->contract, order->rehearsal)) return rehearse(call, order);
    const struct line *line = is_test                    ? lines_test(lines, order->contract, order->kind == CALL_POST)
                              : order->kind == CALL_PING ? lines_ping(lines, order->contract)
                                                         : lines_post(lines, order->contract);
    struct client_call out = {.deadline_us = order->deadline_us,
                              .retry_stale = order->kind == CALL_PING,
                              .fresh_or_live = order->kind == CALL_POST,
                              .on_done = on_done,
                              .arg = call};
    bool written = line && (order->kind == CALL_PING ? write_ping(call, line, order, &out)
                                                     : write_post(call, line, order, &out));
    enum fault fault = FAULT_MEMORY;
    if (written) call->client_call = client_send(desk->client, &out, &fault);
    if (!written || call->client_call == 0) {
        end(call, HEALTH_NONE);
        return fault == FAULT_FULL ? REASON_THROTTLED : REASON_BUSY;
    }
    return REASON_NONE;
}

void call_cancel(struct desk *desk, uint64_t id)
{
    struct call *call = slots_find(&desk->calls, id);
    if (!call) return;
    if (call->client_call) client_cancel(desk->client, call->client_call);
    bool is_timeout = clock_now_us() >= call->deadline_us;
    if (is_timeout) note_failure(call, REASON_TIMEOUT);
    end(call, is_timeout ? HEALTH_CONTRACT_BAD : HEALTH_NONE);
}

static void note_failure(struct call *call, enum reason reason)
{
    if (call->is_test) return;
    rates_failed(call->desk->standing, call->contract->cell, (uint8_t)reason, clock_wall_ms());
}

static void end(struct call *call, enum health health)
{
    struct desk *desk = call->desk;
    if (!call->is_test)
        health_end(desk->standing, lines_catalogue(call->lines), call->contract, call->kind == CALL_PING, health,
                   clock_now_us());
    if (call->timer) loop_timer_off(call->timer);
    arena_reset(&call->arena);
    lines_drop(&call->lines);
    slots_give(&desk->calls, call->id);
}

/* Writing -------------------------------------------------------------------------------------------------------- */

static struct iovec part(struct bytes bytes)
{
    return (struct iovec){(void *)(uintptr_t)bytes.at, bytes.len};
}

struct texts {
    char call_id[IDENT_TEXT], ping_id[IDENT_TEXT], lead_id[IDENT_TEXT], post_id[IDENT_TEXT],
        reference[LINE_REFERENCE_LEN];
};

static struct bytes spell(const struct ident *ident, char *text)
{
    struct sink sink = sink_over(text, IDENT_TEXT);
    ident_write(&sink, ident);
    return sink_written(&sink);
}

static bool finish(struct call *call, const struct line *line, struct bytes call_id, const struct bytes *body,
                   size_t count, struct client_call *out)
{
    struct sink fields = sink_over(arena_take(&call->arena, LINE_FIELDS_ROOM), LINE_FIELDS_ROOM);
    if (!fields.at) return false;
    line_write_fields(&fields, line->signer, call_id, body, count);
    if (fields.cut) return false;
    out->origin = line->origin;
    out->parts[out->parts_count++] = part(line->head);
    out->parts[out->parts_count++] = part(sink_written(&fields));
    for (size_t i = 0; i < count; i++) out->parts[out->parts_count++] = part(body[i]);
    return true;
}

static bool write_ping(struct call *call, const struct line *line, const struct call_order *order,
                       struct client_call *out)
{
    struct texts texts;
    struct ident id = ident_make(&call->desk->ids, clock_wall_ms());
    const struct catalogue *catalogue = lines_catalogue(call->lines);
    const struct buyer *buyer = &catalogue->buyers[order->contract->buyer];
    struct ping_message message = {
        .call_id = spell(&id, texts.call_id),
        .ping_id = spell(&order->ping_id, texts.ping_id),
        .campaign = catalogue->campaigns[order->contract->campaign].id,
        .contract = order->contract->id,
        .deadline_ms = (order->deadline_us - call->sent_us) / 1000,
        .offer_ttl_ms = order->offer_ttl_ms,
        .source_ref = lines_reference(call->lines, buyer, order->affiliate, order->source, texts.reference),
        .channel = order->channel,
        .min_bid_micros = order->min_bid_micros,
        .test = call->is_test,
    };
    struct disclosure disclosure;
    if (order->contract->discloses & ~DISCLOSES_FLOOR && order->person &&
        !disclosure_make(lines_hash_mac(call->lines, buyer), order->contract, order->person, &disclosure, &message))
        return false;
    struct sink sink = sink_over(arena_take(&call->arena, PING_HEAD_ROOM), PING_HEAD_ROOM);
    if (!sink.at) return false;
    ping_write_head(&sink, &message);
    struct bytes body[] = {sink_written(&sink), order->tail};
    return !sink.cut && finish(call, line, message.call_id, body, 2, out);
}

static bool write_post(struct call *call, const struct line *line, const struct call_order *order,
                       struct client_call *out)
{
    struct texts texts;
    struct ident id = ident_make(&call->desk->ids, clock_wall_ms());
    const struct catalogue *catalogue = lines_catalogue(call->lines);
    const struct buyer *buyer = &catalogue->buyers[order->contract->buyer];
    struct post_message message = {
        .call_id = spell(&id, texts.call_id),
        .post_id = spell(&order->post_id, texts.post_id),
        .lead_id = spell(&order->lead_id, texts.lead_id),
        .ping_id = spell(&order->ping_id, texts.ping_id),
        .bid_id = order->bid_id,
        .campaign = catalogue->campaigns[order->contract->campaign].id,
        .contract = order->contract->id,
        .price_micros = order->price_micros,
        .max_sold = order->max_sold,
        .slot = order->slot,
        .test = call->is_test,
        .source_ref = lines_reference(call->lines, buyer, order->affiliate, order->source, texts.reference),
        .channel = order->channel,
        .consent = order->consent,
        .lead = order->lead,
    };
    size_t room = POST_ROOM + order->consent.len + order->lead.len;
    struct sink sink = sink_over(arena_take(&call->arena, room), room);
    if (!sink.at) return false;
    post_write(&sink, &message);
    struct bytes body[] = {sink_written(&sink)};
    return !sink.cut && finish(call, line, message.call_id, body, 1, out);
}

/* Reading -------------------------------------------------------------------------------------------------------- */

static bool is_pack(const struct client_result *result)
{
    return bytes_starts(http_field_find(result->head, "content-type"), BYTES("application/msgpack"));
}

static enum health read_bid(struct call *call, const struct client_result *result, struct bid *bid,
                            struct call_reply *reply)
{
    struct desk *desk = call->desk;
    if (result->end != CLIENT_ANSWERED) {
        reply->reason = health_reason(result->fault);
        return health_of_failure(result->end == CLIENT_NOT_SENT, result->fault);
    }
    reply->reason = bid_read(&desk->scratch, result->head->status, result->body, is_pack(result), bid);
    if (reply->reason == REASON_BAD_RESPONSE) return HEALTH_CONTRACT_BAD;
    reply->bid = bid;
    if (call->is_test) return HEALTH_GOOD;
    rates_answered(desk->standing, call->contract->cell, reply->took_us);
    if (bid->pause_us > 0) seats_pause(desk->standing, call->contract->cell, result->done_us + bid->pause_us);
    return HEALTH_GOOD;
}

static enum health read_verdict(struct call *call, const struct client_result *result, struct verdict *verdict,
                                struct call_reply *reply)
{
    if (result->end == CLIENT_NOT_SENT) {
        reply->reason = health_reason(result->fault);
        return health_of_failure(result->end == CLIENT_NOT_SENT, result->fault);
    }
    reply->verdict = verdict;
    if (result->end == CLIENT_UNKNOWN)
        *verdict = (struct verdict){
            .class = VERDICT_UNKNOWN, .doubt = health_doubt(result->fault), .price_micros = -1, .unhealthy = true};
    else
        verdict_read(&call->desk->scratch, result->head->status, result->body, is_pack(result), verdict);
    return verdict->unhealthy ? HEALTH_CONTRACT_BAD : HEALTH_GOOD;
}

/* The contract outlives the call while the reply is told. */
static void tell(struct call *call, enum health health, const struct call_reply *reply)
{
    struct desk *desk = call->desk;
    struct lines *lines = call->lines;
    lines_take(lines);
    end(call, health);
    desk->on_reply(desk->arg, reply);
    arena_reset(&desk->scratch);
    lines_drop(&lines);
}

static void on_done(void *arg, uint64_t client_call, const struct client_result *result)
{
    struct call *call = arg;
    struct bid bid = {0};
    struct verdict verdict = {0};
    check(client_call == call->client_call || call->client_call == 0);
    struct call_reply reply = {.kind = call->kind,
                               .owner = call->owner,
                               .place = call->place,
                               .contract = call->contract,
                               .took_us = result->done_us - call->sent_us};
    enum health health = call->kind == CALL_PING ? read_bid(call, result, &bid, &reply)
                                                 : read_verdict(call, result, &verdict, &reply);
    if (health == HEALTH_CONTRACT_BAD || health == HEALTH_ORIGIN_BAD)
        note_failure(call, reply.reason != REASON_NONE ? reply.reason : REASON_UNKNOWN);
    tell(call, health, &reply);
}

/* A test's answer from inside ------------------------------------------------------------------------------------ */

/* Silence ends at the deadline, as that of a real buyer does. */
static void on_rehearsed(void *arg)
{
    struct call *call = arg;
    struct rehearsal_line said = call->said;
    struct call_reply reply = {.kind = call->kind,
                               .owner = call->owner,
                               .place = call->place,
                               .contract = call->contract,
                               .took_us = clock_now_us() - call->sent_us};
    if (call->kind == CALL_PING) {
        reply.reason = said.silent ? REASON_TIMEOUT : said.reason;
        reply.bid = said.silent ? NULL : &said.bid;
    } else {
        if (said.silent)
            said.verdict = (struct verdict){.class = VERDICT_UNKNOWN, .doubt = DOUBT_TIMEOUT, .price_micros = -1};
        reply.verdict = &said.verdict;
    }
    tell(call, HEALTH_NONE, &reply);
}

static enum reason rehearse(struct call *call, const struct call_order *order)
{
    if (!call->timer && loop_timer_open(call->desk->loop, on_rehearsed, call, &call->timer)) {
        end(call, HEALTH_NONE);
        return REASON_BUSY;
    }
    if (order->kind == CALL_PING)
        rehearsal_bid(order->rehearsal, order->price_micros, &call->said);
    else
        rehearsal_verdict(order->rehearsal, order->attempt, &call->said);
    loop_timer_at(call->timer, call->said.silent ? order->deadline_us : call->sent_us);
    return REASON_NONE;
}
