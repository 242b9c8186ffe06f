/* The request is a table of fields. The webhook body is written by hand, constant pieces and values in turn, in the
 * order of api.md: this runs once for every buyer of every auction, and everything that is the same for all of them
 * stands in the tail. Nothing of a lead passes through the head. */
#include "protocol/message/ping.h"

#include "protocol/base/money.h"
#include "protocol/message/consent.h"
#include "protocol/message/request.h"

#define MIN_PRICE_MICROS_MAX INT64_C(1000000000000) /* a million: above it is a slip, not a price */
#define TIMEOUT_MS_MIN 50
#define TIMEOUT_MS_MAX 60000

static void read_campaign(const struct node *value, void *request, struct complaints *complaints);
static void read_source(const struct node *value, void *request, struct complaints *complaints);
static void read_sub_id(const struct node *value, void *request, struct complaints *complaints);
static void read_exclude_buyers(const struct node *value, void *request, struct complaints *complaints);
static void read_ref(const struct node *value, void *request, struct complaints *complaints);
static void read_click_id(const struct node *value, void *request, struct complaints *complaints);
static void read_channel(const struct node *value, void *request, struct complaints *complaints);
static void read_min_price(const struct node *value, void *request, struct complaints *complaints);
static void read_timeout_ms(const struct node *value, void *request, struct complaints *complaints);
static void read_test(const struct node *value, void *request, struct complaints *complaints);
static void read_ping_id(const struct node *value, void *request, struct complaints *complaints);
static void read_lead(const struct node *value, void *request, struct complaints *complaints);
static void read_consent(const struct node *value, void *request, struct complaints *complaints);
static void read_hashes(const struct node *value, void *request, struct complaints *complaints);
static void read_min_leg_price(const struct node *value, void *request, struct complaints *complaints);
static void read_max_sales(const struct node *value, void *request, struct complaints *complaints);
static void read_sold_elsewhere(const struct node *value, void *request, struct complaints *complaints);
static void read_legs(const struct node *value, void *request, struct complaints *complaints);

static const struct request_row rows[] = {
    {"campaign", read_campaign, true},
    {"lead", read_lead, true},
    {"source", read_source, false},
    {"sub_id", read_sub_id, false},
    {"ref", read_ref, false},
    {"click_id", read_click_id, false},
    {"channel", read_channel, false},
    {"min_price", read_min_price, false},
    {"timeout_ms", read_timeout_ms, false},
    {"test", read_test, false},
    {"consent", read_consent, false},
    {"ping_id", read_ping_id, false},
    {"min_leg_price", read_min_leg_price, false},
    {"max_sales", read_max_sales, false},
    {"sold_elsewhere", read_sold_elsewhere, false},
    {"exclude_buyers", read_exclude_buyers, false},
    {"legs", read_legs, false},
    {"hashes", read_hashes, false},
};

static const char *const channels[] = {"search", "social", "email", "display", "sms", "call_center", "other"};

const char *ping_channel(unsigned number)
{
    return number < sizeof channels / sizeof *channels ? channels[number] : NULL;
}

bool ping_read_request(const struct node *document, struct ping_request *request, struct complaints *complaints)
{
    *request = (struct ping_request){.document = document};
    return request_read(document, rows, sizeof rows / sizeof *rows, request, complaints);
}

/* "hashes":{"phone":"…","email":"…"}, with what is there. */
static void write_hashes(struct sink *sink, const struct ping_message *message)
{
    sink_bytes(sink, BYTES("\"hashes\":{"));
    if (message->phone_hash.len) {
        sink_bytes(sink, BYTES("\"phone\":\""));
        sink_bytes(sink, message->phone_hash);
        sink_bytes(sink, message->email_hash.len ? BYTES("\",") : BYTES("\""));
    }
    if (message->email_hash.len) {
        sink_bytes(sink, BYTES("\"email\":\""));
        sink_bytes(sink, message->email_hash);
        sink_char(sink, '"');
    }
    sink_bytes(sink, BYTES("},"));
}

void ping_write_head(struct sink *sink, const struct ping_message *message)
{
    sink_bytes(sink, BYTES("{\"type\":\"ping\",\"call_id\":\""));
    sink_bytes(sink, message->call_id);
    sink_bytes(sink, BYTES("\",\"ping_id\":\""));
    sink_bytes(sink, message->ping_id);
    sink_bytes(sink, BYTES("\",\"campaign\":"));
    json_write_text(sink, message->campaign);
    sink_bytes(sink, BYTES(",\"contract\":"));
    json_write_text(sink, message->contract);
    sink_bytes(sink, BYTES(",\"deadline_ms\":"));
    sink_i64(sink, message->deadline_ms);
    sink_bytes(sink, BYTES(",\"offer_ttl_ms\":"));
    sink_i64(sink, message->offer_ttl_ms);
    sink_bytes(sink, message->test ? BYTES(",\"test\":true,") : BYTES(",\"test\":false,"));
    if (message->source_ref.len) {
        sink_bytes(sink, BYTES("\"source_ref\":"));
        json_write_text(sink, message->source_ref);
        sink_char(sink, ',');
    }
    if (message->channel.len) {
        sink_bytes(sink, BYTES("\"channel\":"));
        json_write_text(sink, message->channel);
        sink_char(sink, ',');
    }
    if (message->min_bid_micros > 0) {
        sink_bytes(sink, BYTES("\"min_bid\":\""));
        money_write(sink, message->min_bid_micros);
        sink_bytes(sink, BYTES("\","));
    }
    if (message->phone_hash.len || message->email_hash.len) write_hashes(sink, message);
}

void ping_write_tail(struct sink *sink, const struct node *consent, int64_t wall_ms, struct bytes public_lead)
{
    if (consent) {
        struct json json = json_into(sink);
        sink_bytes(sink, BYTES("\"consent\":"));
        consent_write_facts(&json, consent, wall_ms);
        sink_char(sink, ',');
    }
    sink_bytes(sink, BYTES("\"lead\":"));
    sink_bytes(sink, public_lead);
    sink_char(sink, '}');
}

/* The fields ---------------------------------------------------------------------------------------------------- */

static void read_campaign(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    if (!request_text(value, value->key, REQUEST_TEXT_MAX, &request->campaign, complaints)) return;
    if (!request->campaign.len) complain(complaints, value->key, "required", "required");
}

static void read_source(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    request_text(value, value->key, REQUEST_TEXT_MAX, &request->source, complaints);
}

/* One text, or a list of them. Returns how many. */
static unsigned read_texts(const struct node *value, struct bytes *texts, unsigned max, const char *too_many,
                           struct complaints *complaints)
{
    unsigned count = 0;
    if (value->kind != NODE_LIST) return request_text(value, value->key, REQUEST_TEXT_MAX, &texts[0], complaints);
    if (value->count > max) {
        complain(complaints, value->key, "too_long", too_many);
        return 0;
    }
    NODE_EACH(one, value)
    if (!request_text(one, value->key, REQUEST_TEXT_MAX, &texts[count++], complaints)) return 0;
    return count;
}

static void read_sub_id(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    request->sub_ids_count = read_texts(value, request->sub_ids, SUB_IDS_MAX, "at most five texts", complaints);
}

/* A name that no buyer has is nobody's, and keeps nobody out. */
static void read_exclude_buyers(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    request->excluded_count = read_texts(value, request->excluded, PING_EXCLUDED_MAX, "at most 32 texts", complaints);
}

static void read_ref(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    request_text(value, value->key, REQUEST_TEXT_MAX, &request->ref, complaints);
}

static void read_click_id(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    request_text(value, value->key, REQUEST_TEXT_MAX, &request->click_id, complaints);
}

static void read_channel(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    if (value->kind != NODE_TEXT) {
        complain(complaints, value->key, "type", "must be text");
        return;
    }
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        if (bytes_is(value->text, channels[i])) request->channel = value->text;
    if (!request->channel.len)
        complain(complaints, value->key, "choice",
                 "must be one of search, social, email, display, sms, call_center, other");
}

static void read_amount(const struct node *value, int64_t *into_micros, struct complaints *complaints)
{
    int64_t micros;
    if (value->kind != NODE_TEXT && value->kind != NODE_NUMBER)
        complain(complaints, value->key, "type", "must be a decimal string or a number");
    else if (!node_money(value, &micros))
        complain(complaints, value->key, "format", "must be an amount with at most six decimals");
    else if (micros < 0 || micros > MIN_PRICE_MICROS_MAX)
        complain(complaints, value->key, "range", "must be between 0 and 1000000");
    else
        *into_micros = micros;
}

static void read_min_price(const struct node *value, void *into, struct complaints *complaints)
{
    read_amount(value, &((struct ping_request *)into)->min_price_micros, complaints);
}

static void read_min_leg_price(const struct node *value, void *into, struct complaints *complaints)
{
    read_amount(value, &((struct ping_request *)into)->min_leg_price_micros, complaints);
}

static void read_max_sales(const struct node *value, void *into, struct complaints *complaints)
{
    int64_t number;
    if (!request_whole(value, &number))
        complain(complaints, value->key, "type", "must be a whole number");
    else if (number < 1 || number > PING_SALES_MAX)
        complain(complaints, value->key, "range", "must be between 1 and 8");
    else
        ((struct ping_request *)into)->max_sales = (unsigned)number;
}

static void read_sold_elsewhere(const struct node *value, void *into, struct complaints *complaints)
{
    int64_t number;
    if (!request_whole(value, &number))
        complain(complaints, value->key, "type", "must be a whole number");
    else if (number < 0 || number > PING_ELSEWHERE_MAX)
        complain(complaints, value->key, "range", "must be between 0 and 100");
    else
        ((struct ping_request *)into)->sold_elsewhere = (unsigned)number;
}

static void read_legs(const struct node *value, void *into, struct complaints *complaints)
{
    bool all = value->kind == NODE_TEXT && bytes_is(value->text, "all");
    if (!all && (value->kind != NODE_TEXT || !bytes_is(value->text, "best")))
        complain(complaints, value->key, "choice", "must be best or all");
    ((struct ping_request *)into)->all_legs = all;
}

static void read_timeout_ms(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    int64_t ms;
    if (!request_whole(value, &ms))
        complain(complaints, value->key, "type", "must be a whole number of milliseconds");
    else if (ms < TIMEOUT_MS_MIN || ms > TIMEOUT_MS_MAX)
        complain(complaints, value->key, "range", "must be between 50 and 60000");
    else
        request->timeout_us = ms * 1000;
}

/* The ping that this one names more of. */
static void read_ping_id(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    request_ident(value, &request->refines, complaints);
}

static bool read_hash(const struct node *value, struct bytes name, struct digest *digest, struct complaints *complaints)
{
    bool good = value->kind == NODE_TEXT && value->text.len == 2 * DIGEST_LEN &&
                bytes_unhex(value->text, digest->at, DIGEST_LEN);
    if (!good) complain(complaints, name, "format", "must be a SHA-256 as 64 hexadecimal digits");
    return good;
}

static void read_hashes(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    struct ping_hashes *hashes = &request->hashes;
    const struct node *map;
    if (!request_map(value, &map, complaints)) return;
    NODE_EACH(member, map)
    {
        if (bytes_is(member->key, "phone"))
            hashes->has_phone = read_hash(member, BYTES("hashes.phone"), &hashes->phone, complaints);
        else if (bytes_is(member->key, "email"))
            hashes->has_email = read_hash(member, BYTES("hashes.email"), &hashes->email, complaints);
        else
            complain(complaints, value->key, "unknown", "may hold phone and email");
    }
}

static void read_test(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    request->has_test = request_truth(value, &request->test);
    if (!request->has_test) complain(complaints, value->key, "type", "must be true or false");
}

static void read_lead(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    request_map(value, &request->lead, complaints);
}

static void read_consent(const struct node *value, void *into, struct complaints *complaints)
{
    struct ping_request *request = into;
    if (request_map(value, &request->consent, complaints)) consent_check(value, complaints);
}
