/* One writer per content, found by table; what is wrong is wrong in one way each, so that a test that sees it refused
 * knows why. */
#include "buyers-sim/words.h"

#include <stdio.h>

#include "protocol/codec/json.h"

struct speech {
    const struct buyer *buyer;
    const struct act *act;
    const struct buyer_post *post; /* NULL: a ping */
    struct sink *body;
};

static void write_bid(const struct speech *speech);
static void write_no_bid(const struct speech *speech);
static void write_accept(const struct speech *speech);
static void write_reject(const struct speech *speech);
static void write_garbage(const struct speech *speech);
static void write_wrong_type(const struct speech *speech);
static void write_wrong_status(const struct speech *speech);
static void write_html(const struct speech *speech);

#define JSON_TYPE "application/json"
#define HTML_TYPE "text/html; charset=utf-8"

static const struct {
    int status;
    const char *content_type;
    const char *fields;
    void (*write)(const struct speech *speech);
} contents[] = {
    [CONTENT_BID] = {200, JSON_TYPE, "", write_bid},
    [CONTENT_NO_BID] = {200, JSON_TYPE, "", write_no_bid},
    [CONTENT_UNAVAILABLE] = {200, JSON_TYPE, "", write_bid},
    [CONTENT_NO_CONTENT] = {204, NULL, "", NULL},
    [CONTENT_ACCEPT] = {200, JSON_TYPE, "", write_accept},
    [CONTENT_REJECT] = {200, JSON_TYPE, "", write_reject},
    [CONTENT_GARBAGE] = {200, JSON_TYPE, "", write_garbage},
    [CONTENT_WRONG_TYPE] = {200, JSON_TYPE, "", write_wrong_type},
    [CONTENT_WRONG_STATUS] = {200, JSON_TYPE, "", write_wrong_status},
    [CONTENT_HTML] = {200, HTML_TYPE, "", write_html},
    [CONTENT_HUGE] = {200, JSON_TYPE, "", NULL},
    [CONTENT_REDIRECT] = {302, NULL, "Location: /elsewhere\r\n", NULL},
    [CONTENT_STATUS] = {0, NULL, "", NULL},
};

static void speak(const struct speech *speech, struct outcome *outcome)
{
    const enum act_content content = speech->act->content;
    *outcome = (struct outcome){
        .delivery = speech->act->delivery,
        .status = content == CONTENT_STATUS ? speech->act->status : contents[content].status,
        .content_type = contents[content].content_type,
        .fields = contents[content].fields,
    };
    if (content == CONTENT_HUGE) outcome->huge = speech->buyer->scenario->huge;
    if (contents[content].write) contents[content].write(speech);
}

void words_write_ping(const struct buyer *buyer, const struct act *act, struct sink *body, struct outcome *outcome)
{
    speak(&(struct speech){buyer, act, NULL, body}, outcome);
}

void words_write_post(const struct buyer *buyer, const struct buyer_post *post, struct sink *body,
                      struct outcome *outcome)
{
    speak(&(struct speech){buyer, &post->act, post, body}, outcome);
}

static void write_bid_id(struct json *json, const struct buyer *buyer)
{
    const struct plan *plan = &buyer->spec->plan;
    if (!plan->bid_id_counted && !plan->bid_id.len) return;
    char text[32];
    int len = snprintf(text, sizeof text, "b-%llu", (unsigned long long)buyer->counts.bids);
    json_key(json, "bid_id");
    json_text(json, plan->bid_id.len ? plan->bid_id : (struct bytes){text, (size_t)len});
}

static void write_number(struct json *json, const char *key, int64_t value)
{
    if (value < 0) return;
    json_key(json, key);
    json_i64(json, value);
}

static void write_bid(const struct speech *speech)
{
    const struct plan *plan = &speech->buyer->spec->plan;
    struct json json = json_into(speech->body);
    json_open_map(&json);
    json_key(&json, "status");
    json_text(&json, BYTES("bid"));
    if (plan->priced && speech->act->price_micros >= 0) {
        json_key(&json, "price");
        json_money(&json, speech->act->price_micros);
    }
    write_bid_id(&json, speech->buyer);
    if (plan->available >= 0 || plan->seats >= 0 || speech->act->content == CONTENT_UNAVAILABLE) {
        json_key(&json, "available");
        json_bool(&json, speech->act->content != CONTENT_UNAVAILABLE);
    }
    if (plan->available_in_us >= 0) write_number(&json, "available_in_ms", plan->available_in_us / 1000);
    if (plan->valid_us >= 0) write_number(&json, "valid_ms", plan->valid_us / 1000);
    write_number(&json, "pause_s", plan->pause_s);
    if (plan->legs.len) {
        json_key(&json, "legs");
        json_raw(&json, plan->legs);
    }
    json_close_map(&json);
}

static void write_refusal(const struct speech *speech, const char *status, struct bytes code, struct bytes reason)
{
    struct json json = json_into(speech->body);
    json_open_map(&json);
    json_key(&json, "status");
    json_text(&json, bytes_of(status));
    json_key(&json, "code");
    json_text(&json, code);
    if (reason.len) {
        json_key(&json, "reason");
        json_text(&json, reason);
    }
    if (!speech->post) write_number(&json, "pause_s", speech->buyer->spec->plan.pause_s);
    json_close_map(&json);
}

static void write_no_bid(const struct speech *speech)
{
    const struct plan *plan = &speech->buyer->spec->plan;
    struct bytes code = speech->act->code.len ? speech->act->code : plan->no_bid_code;
    write_refusal(speech, "no_bid", code, plan->no_bid_reason);
}

static void write_reject(const struct speech *speech)
{
    write_refusal(speech, "rejected", speech->act->code, speech->buyer->spec->plan.post.reason);
}

static void write_accept(const struct speech *speech)
{
    const struct post_plan *plan = &speech->buyer->spec->plan.post;
    int64_t price_micros = speech->act->price_micros >= 0 ? speech->act->price_micros : plan->price_micros;
    char lead[32];
    int len = snprintf(lead, sizeof lead, "%llu", (unsigned long long)speech->post->lead);
    struct json json = json_into(speech->body);
    json_open_map(&json);
    json_key(&json, "status");
    json_text(&json, BYTES("accepted"));
    json_key(&json, "buyer_lead_id");
    json_text(&json, (struct bytes){lead, (size_t)len});
    if (price_micros >= 0) {
        json_key(&json, "price");
        json_money(&json, price_micros);
    }
    if (plan->redirect_url.len) {
        json_key(&json, "redirect_url");
        json_text(&json, plan->redirect_url);
    }
    json_close_map(&json);
}

static void write_garbage(const struct speech *speech)
{
    sink_bytes(speech->body, BYTES("{\"status\":\"bid\",\"price\":\xff\xfe\x01 12.50,,"));
}

static void write_wrong_type(const struct speech *speech)
{
    sink_text(speech->body,
              speech->post ? "{\"status\":[\"accepted\"]}" : "{\"status\":\"bid\",\"price\":{\"amount\":\"12.50\"}}");
}

static void write_wrong_status(const struct speech *speech)
{
    sink_text(speech->body, "{\"status\":\"perhaps\"}");
}

static void write_html(const struct speech *speech)
{
    sink_text(speech->body, "<!doctype html><title>Welcome</title><p>It works!</p>\n");
}

struct bytes words_make_huge(struct arena *arena, int64_t len)
{
    static const char head[] = "{\"status\":\"bid\",\"price\":\"1.00\",\"pad\":\"", tail[] = "\"}";
    size_t frame = sizeof head + sizeof tail - 2, size = (size_t)len < frame ? frame : (size_t)len;
    char *text = arena_take(arena, size);
    if (!text) return BYTES_NONE;
    memset(text, 'x', size);
    memcpy(text, head, sizeof head - 1);
    memcpy(text + size - (sizeof tail - 1), tail, sizeof tail - 1);
    return (struct bytes){text, size};
}
