/* An answer that need not wait never gets a place here: that is the path of a benchmark, and it costs one
 * server_answer. The others have a place with a timer of its own that is kept between uses. */
#include "buyers-sim/answers.h"

#include <stdlib.h>

#include "protocol/base/check.h"

#define RAW_MAX (BUYER_ANSWER_MAX + 512)

struct waiting {
    struct answers *answers;
    struct loop_timer *timer;
    struct server_request *request;
    struct buyer *buyer;
    uint64_t slot;
    uint64_t order; /* of arrival, for releases */
    bool held;
    struct outcome outcome;
    size_t len, sent; /* of the body; with a drip of raw, and what is out already */
    char text[RAW_MAX];
};

struct answers {
    struct loop *loop;
    struct slots waiting;
    uint64_t arrivals;
};

static void deliver(struct server_request *request, const struct outcome *outcome, struct bytes body);
static void on_time(void *arg);
static void finish(struct waiting *waiting);

enum fault answers_open(struct loop *loop, struct answers **answers)
{
    struct answers *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    made->loop = loop;
    enum fault fault = slots_open(&made->waiting, sizeof(struct waiting), ANSWERS_MAX);
    if (fault) {
        free(made);
        return fault;
    }
    *answers = made;
    return FAULT_NONE;
}

void answers_close(struct answers **answers)
{
    struct answers *gone = *answers;
    if (!gone) return;
    struct waiting *waiting;
    for (uint32_t i = 0; i < ANSWERS_MAX && (waiting = slots_at(&gone->waiting, i)); i++)
        if (waiting->timer) loop_timer_close(&waiting->timer);
    slots_close(&gone->waiting);
    free(gone);
    *answers = NULL;
}

static bool is_immediate(const struct outcome *outcome)
{
    return !outcome->think_us && outcome->delivery != DELIVERY_HELD && outcome->delivery != DELIVERY_DRIP;
}

static struct waiting *wait_for(struct answers *answers, struct server_request *request, struct buyer *buyer)
{
    uint64_t slot;
    struct waiting *waiting = slots_take(&answers->waiting, &slot);
    if (!waiting) return NULL;
    if (!waiting->timer && loop_timer_open(answers->loop, on_time, waiting, &waiting->timer)) {
        slots_give(&answers->waiting, slot);
        return NULL;
    }
    waiting->answers = answers;
    waiting->request = request;
    waiting->buyer = buyer;
    waiting->slot = slot;
    waiting->order = answers->arrivals++;
    waiting->held = false;
    waiting->sent = 0;
    server_set_owner(request, waiting);
    return waiting;
}

/* The answer as bytes, for those that are not sent whole. */
static size_t write_raw(char *at, size_t cap, const struct outcome *outcome, struct bytes body)
{
    struct sink sink = sink_over(at, cap);
    sink_format(&sink, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", outcome->status,
                http_status_text(outcome->status), outcome->content_type ? outcome->content_type : "text/plain",
                body.len, outcome->fields);
    sink_bytes(&sink, body);
    check(!sink.cut, "answer of %zu bytes", body.len);
    return sink.len;
}

void answers_give(struct answers *answers, struct server_request *request, struct buyer *buyer,
                  const struct outcome *outcome, struct bytes body)
{
    if (is_immediate(outcome)) {
        deliver(request, outcome, body);
        return;
    }
    struct waiting *waiting = wait_for(answers, request, buyer);
    if (!waiting) {
        server_answer(request, &(struct server_answer){.status = 503});
        return;
    }
    waiting->outcome = *outcome;
    waiting->len = body.len;
    if (outcome->delivery == DELIVERY_DRIP && !outcome->huge.at)
        waiting->len = write_raw(waiting->text, sizeof waiting->text, outcome, body);
    else
        memcpy(waiting->text, body.at, body.len);
    waiting->held = outcome->delivery == DELIVERY_HELD;
    buyer->counts.held += waiting->held;
    if (!waiting->held) loop_timer_at(waiting->timer, loop_now_us(answers->loop) + outcome->think_us);
}

/* A place goes back before its request is answered, because the answer may bring the next request at once. */
static void finish(struct waiting *waiting)
{
    struct server_request *request = waiting->request;
    struct outcome outcome = waiting->outcome;
    char text[RAW_MAX];
    size_t len = waiting->len;
    memcpy(text, waiting->text, len);
    server_set_owner(request, NULL);
    slots_give(&waiting->answers->waiting, waiting->slot);
    deliver(request, &outcome, (struct bytes){text, len});
}

static void drip(struct waiting *waiting)
{
    const struct plan *plan = &waiting->buyer->spec->plan;
    size_t left = waiting->len - waiting->sent;
    size_t now = (size_t)plan->drip_bytes < left ? (size_t)plan->drip_bytes : left;
    struct bytes part = {waiting->text + waiting->sent, now};
    waiting->sent += now;
    if (waiting->sent < waiting->len) {
        loop_timer_at(waiting->timer, loop_now_us(waiting->answers->loop) + plan->drip_us);
        server_raw(waiting->request, part, false, false); /* may end in answers_gone */
        return;
    }
    struct server_request *request = waiting->request;
    server_set_owner(request, NULL);
    slots_give(&waiting->answers->waiting, waiting->slot);
    server_raw(request, part, true, false);
}

static void on_time(void *arg)
{
    struct waiting *waiting = arg;
    if (waiting->outcome.delivery == DELIVERY_DRIP && !waiting->outcome.huge.at)
        drip(waiting);
    else
        finish(waiting);
}

static void deliver(struct server_request *request, const struct outcome *outcome, struct bytes body)
{
    char raw[RAW_MAX];
    struct bytes content = outcome->huge.at ? outcome->huge : body;
    struct server_answer answer = {
        .status = outcome->status,
        .content_type = outcome->content_type,
        .fields = bytes_of(outcome->fields),
        .body = outcome->content_type ? content : BYTES_NONE,
    };
    switch (outcome->delivery) {
    case DELIVERY_WHOLE:
    case DELIVERY_HELD:
    case DELIVERY_DRIP:
        server_answer(request, &answer);
        break;
    case DELIVERY_SILENT:
        break;
    case DELIVERY_HANG_UP_BEFORE:
        server_raw(request, BYTES_NONE, true, true);
        break;
    case DELIVERY_HANG_UP_AFTER:
        server_raw(request, BYTES_NONE, true, false);
        break;
    case DELIVERY_HANG_UP_MIDDLE: {
        size_t len = write_raw(raw, sizeof raw, outcome, body);
        server_raw(request, (struct bytes){raw, len - (body.len ? (body.len + 1) / 2 : 2)}, true, false);
        break;
    }
    case DELIVERY_NOT_HTTP:
        server_raw(request, BYTES("SSH-2.0-OpenSSH_9.2\r\n\x80\x00\xff"), true, false);
        break;
    }
}

void answers_gone(struct server_request *request)
{
    struct waiting *waiting = server_owner(request);
    if (!waiting) return;
    loop_timer_off(waiting->timer);
    waiting->buyer->counts.held -= waiting->held;
    waiting->buyer->counts.gone++;
    slots_give(&waiting->answers->waiting, waiting->slot);
}

/* Few answers are held at a time, and only in plays: looking through the places is good enough. */
static struct waiting *oldest_held(struct answers *answers, const struct buyer *buyer)
{
    struct waiting *oldest = NULL;
    for (uint32_t i = 0; i < answers->waiting.made; i++) {
        if (!slots_live(&answers->waiting, i)) continue;
        struct waiting *waiting = slots_at(&answers->waiting, i);
        if (waiting->held && waiting->buyer == buyer && (!oldest || waiting->order < oldest->order)) oldest = waiting;
    }
    return oldest;
}

unsigned answers_release(struct answers *answers, struct buyer *buyer, unsigned count)
{
    unsigned released = 0;
    uint64_t arrivals = answers->arrivals; /* what comes in answer to these is not meant */
    struct waiting *waiting;
    while ((!count || released < count) && (waiting = oldest_held(answers, buyer)) && waiting->order < arrivals) {
        waiting->held = false;
        buyer->counts.held--;
        released++;
        finish(waiting);
    }
    return released;
}
