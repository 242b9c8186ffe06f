/* What is pushed is always the state of the moment it is written, so pushes that come too fast melt into one and the
 * last word is right whatever was lost before. */
#include "buyers-sim/push.h"

#include <stdio.h>
#include <stdlib.h>

#include "protocol/codec/json.h"

#define PUSH_TIMEOUT_US INT64_C(2000000)
#define RETRY_US INT64_C(250000)
#define REQUEST_MAX 2048

struct push {
    struct pusher *pusher;
    struct buyer *buyer;
    struct loop_timer *timer; /* NULL: the buyer has no key */
    bool flying, changed;
    char request[REQUEST_MAX];
};

struct pusher {
    struct loop *loop;
    struct scenario *scenario;
    struct resolver *resolver;
    struct client *client;
    struct client_origin *origin;
    struct bytes host;
    unsigned port;
    struct push *pushes; /* one per buyer */
    uint32_t count;
};

static void on_time(void *arg);
static void on_pushed(void *arg, uint64_t call, const struct client_result *result);

static enum fault open_client(struct pusher *pusher, struct bytes scheme, struct tls_note *note)
{
    enum fault fault = resolver_start(true, &pusher->resolver);
    if (fault) return fault;
    struct client_options options = client_options_default;
    options.resolver = pusher->resolver;
    options.calls_max = pusher->count;
    struct tls_context *tls = NULL;
    if (bytes_is(scheme, "https")) {
        struct bytes ca = pusher->scenario->exchange_ca;
        const char *path = ca.len ? scenario_path(pusher->scenario, ca) : NULL;
        fault = tls_client_context(path, &tls, note);
        if (fault) return fault;
    }
    options.tls = tls;
    fault = client_open(pusher->loop, &options, &pusher->client);
    if (tls) tls_context_drop(&tls);
    return fault;
}

static enum fault open_origin(struct pusher *pusher, struct tls_note *note)
{
    struct bytes scheme, target;
    char text[2][256];
    if (!client_split_url(pusher->scenario->exchange_url, &scheme, &pusher->host, &pusher->port, &target) ||
        scheme.len >= sizeof text[0] || pusher->host.len >= sizeof text[1]) {
        snprintf(note->text, sizeof note->text, "exchange.url is no url");
        return FAULT_INPUT;
    }
    enum fault fault = open_client(pusher, scheme, note);
    if (fault) return fault;
    snprintf(text[0], sizeof text[0], "%.*s", (int)scheme.len, scheme.at);
    snprintf(text[1], sizeof text[1], "%.*s", (int)pusher->host.len, pusher->host.at);
    pusher->origin = client_origin(pusher->client, text[0], text[1], pusher->port);
    return pusher->origin ? FAULT_NONE : FAULT_MEMORY;
}

enum fault push_open(struct loop *loop, struct scenario *scenario, struct buyer *buyers, struct pusher **pusher,
                     struct tls_note *note)
{
    struct pusher *made = calloc(1, sizeof *made);
    enum fault fault = FAULT_MEMORY;
    if (!made) return fault;
    *made = (struct pusher){.loop = loop, .scenario = scenario, .count = scenario->count};
    made->pushes = calloc(made->count, sizeof *made->pushes);
    if (!made->pushes) goto fail;
    fault = open_origin(made, note);
    if (fault) goto fail;
    for (uint32_t i = 0; i < made->count; i++) {
        struct push *push = &made->pushes[i];
        *push = (struct push){.pusher = made, .buyer = &buyers[i]};
        if (!buyers[i].spec->key.len) continue;
        fault = loop_timer_open(loop, on_time, push, &push->timer);
        if (fault) goto fail;
        loop_timer_at(push->timer, loop_now_us(loop));
    }
    *pusher = made;
    return FAULT_NONE;
fail:
    push_close(&made);
    return fault;
}

void push_close(struct pusher **pusher)
{
    struct pusher *gone = *pusher;
    if (!gone) return;
    for (uint32_t i = 0; gone->pushes && i < gone->count; i++)
        if (gone->pushes[i].timer) loop_timer_close(&gone->pushes[i].timer);
    if (gone->client) client_close(&gone->client);
    if (gone->resolver) resolver_stop(&gone->resolver);
    free(gone->pushes);
    free(gone);
    *pusher = NULL;
}

void push_changed(struct pusher *pusher, uint32_t index)
{
    if (!pusher || !pusher->pushes[index].timer) return;
    struct push *push = &pusher->pushes[index];
    push->changed = push->flying;
    if (!push->flying) loop_timer_at(push->timer, loop_now_us(pusher->loop));
}

static void write_state(struct push *push, struct sink *body)
{
    int64_t next_us, seats = buyer_seats_free(push->buyer, loop_now_us(push->pusher->loop), &next_us);
    struct json json = json_into(body);
    json_open_map(&json);
    json_key(&json, "contract");
    if (push->buyer->spec->contract.len)
        json_text(&json, push->buyer->spec->contract);
    else
        json_null(&json);
    json_key(&json, "available");
    json_bool(&json, push->buyer->spec->plan.available != 0);
    if (seats >= 0) {
        json_key(&json, "seats");
        json_i64(&json, seats);
    }
    json_key(&json, "ttl_s");
    json_i64(&json, push->pusher->scenario->availability_ttl_s);
    json_close_map(&json);
}

static size_t write_request(struct push *push)
{
    char text[REQUEST_MAX / 2];
    struct sink body = sink_over(text, sizeof text), sink = sink_over(push->request, sizeof push->request);
    write_state(push, &body);
    sink_text(&sink, "PUT /v1/buyer/availability HTTP/1.1\r\nHost: ");
    sink_bytes(&sink, push->pusher->host);
    sink_format(&sink, ":%u\r\nAuthorization: Bearer ", push->pusher->port);
    sink_bytes(&sink, push->buyer->spec->key);
    sink_format(&sink, "\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", body.len);
    sink_bytes(&sink, sink_written(&body));
    return body.cut || sink.cut ? 0 : sink.len;
}

/* When to push next if nothing happens: before the last word expires, or as soon as a seat comes free. */
static int64_t next_push_us(struct push *push)
{
    int64_t now_us = loop_now_us(push->pusher->loop), seat_us;
    int64_t refresh_us = now_us + push->pusher->scenario->availability_ttl_s * 500000;
    buyer_seats_free(push->buyer, now_us, &seat_us);
    return seat_us < refresh_us ? seat_us : refresh_us;
}

static void on_time(void *arg)
{
    struct push *push = arg;
    if (push->flying) return;
    struct client_call call = {
        .origin = push->pusher->origin,
        .parts = {{push->request, write_request(push)}},
        .parts_count = 1,
        .deadline_us = loop_now_us(push->pusher->loop) + PUSH_TIMEOUT_US,
        .retry_stale = true,
        .on_done = on_pushed,
        .arg = push,
    };
    enum fault fault;
    if (call.parts[0].iov_len && client_send(push->pusher->client, &call, &fault)) {
        push->flying = true;
        push->changed = false;
        return;
    }
    push->buyer->counts.push_failures++;
    loop_timer_at(push->timer, loop_now_us(push->pusher->loop) + RETRY_US);
}

static void on_pushed(void *arg, uint64_t call, const struct client_result *result)
{
    (void)call;
    struct push *push = arg;
    int64_t now_us = loop_now_us(push->pusher->loop);
    bool good = result->end == CLIENT_ANSWERED && result->head->status / 100 == 2;
    push->flying = false;
    push->buyer->counts.pushes += good;
    push->buyer->counts.push_failures += !good;
    loop_timer_at(push->timer, !good ? now_us + RETRY_US : push->changed ? now_us : next_push_us(push));
}
