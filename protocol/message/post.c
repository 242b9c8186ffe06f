/* Written like the ping: constant pieces and values in turn, in the order of api.md. The lead is given as a whole JSON
 * object, made once, so that a fallback sends the same bytes to the next buyer. */
#include "protocol/message/post.h"

#include "protocol/base/money.h"
#include "protocol/message/consent.h"
#include "protocol/message/request.h"

static void read_ping_id(const struct node *value, void *request, struct complaints *complaints);
static void read_lead(const struct node *value, void *request, struct complaints *complaints);
static void read_consent(const struct node *value, void *request, struct complaints *complaints);
static void read_test(const struct node *value, void *request, struct complaints *complaints);
static void read_if_expired(const struct node *value, void *request, struct complaints *complaints);
static void read_legs(const struct node *value, void *request, struct complaints *complaints);

static const struct request_row rows[] = {
    {"ping_id", read_ping_id, true}, {"lead", read_lead, true},  {"consent", read_consent, false},
    {"legs", read_legs, false},      {"test", read_test, false}, {"if_expired", read_if_expired, false},
};

bool post_read_request(const struct node *document, struct post_request *request, struct complaints *complaints)
{
    *request = (struct post_request){0};
    return request_read(document, rows, sizeof rows / sizeof *rows, request, complaints);
}

static void write_optional(struct sink *sink, struct bytes name, struct bytes text)
{
    if (!text.len) return;
    sink_bytes(sink, name);
    json_write_text(sink, text);
}

void post_write(struct sink *sink, const struct post_message *message)
{
    sink_bytes(sink, BYTES("{\"type\":\"post\",\"call_id\":\""));
    sink_bytes(sink, message->call_id);
    sink_bytes(sink, BYTES("\",\"post_id\":\""));
    sink_bytes(sink, message->post_id);
    sink_bytes(sink, BYTES("\",\"lead_id\":\""));
    sink_bytes(sink, message->lead_id);
    sink_bytes(sink, BYTES("\",\"ping_id\":\""));
    sink_bytes(sink, message->ping_id);
    sink_char(sink, '"');
    write_optional(sink, BYTES(",\"bid_id\":"), message->bid_id);
    sink_bytes(sink, BYTES(",\"campaign\":"));
    json_write_text(sink, message->campaign);
    sink_bytes(sink, BYTES(",\"contract\":"));
    json_write_text(sink, message->contract);
    sink_bytes(sink, BYTES(",\"price\":\""));
    money_write(sink, message->price_micros);
    sink_bytes(sink, BYTES("\",\"max_sold\":"));
    sink_u64(sink, message->max_sold);
    sink_bytes(sink, BYTES(",\"slot\":"));
    sink_u64(sink, message->slot);
    sink_bytes(sink, message->test ? BYTES(",\"test\":true") : BYTES(",\"test\":false"));
    write_optional(sink, BYTES(",\"source_ref\":"), message->source_ref);
    write_optional(sink, BYTES(",\"channel\":"), message->channel);
    if (message->consent.len) {
        sink_bytes(sink, BYTES(",\"consent\":"));
        sink_bytes(sink, message->consent);
    }
    sink_bytes(sink, BYTES(",\"lead\":"));
    sink_bytes(sink, message->lead);
    sink_char(sink, '}');
}

static void read_ping_id(const struct node *value, void *into, struct complaints *complaints)
{
    struct post_request *request = into;
    request_ident(value, &request->ping_id, complaints);
}

static void read_lead(const struct node *value, void *into, struct complaints *complaints)
{
    struct post_request *request = into;
    request_map(value, &request->lead, complaints);
}

static void read_consent(const struct node *value, void *into, struct complaints *complaints)
{
    struct post_request *request = into;
    if (request_map(value, &request->consent, complaints)) consent_check(value, complaints);
}

static void read_test(const struct node *value, void *into, struct complaints *complaints)
{
    struct post_request *request = into;
    request->has_test = request_truth(value, &request->test);
    if (!request->has_test) complain(complaints, value->key, "type", "must be true or false");
}

static void read_if_expired(const struct node *value, void *into, struct complaints *complaints)
{
    struct post_request *request = into;
    request->reauction_if_expired = value->kind == NODE_TEXT && bytes_is(value->text, "reauction");
    if (!request->reauction_if_expired) complain(complaints, value->key, "choice", "must be reauction");
}

/* [{"leg_id":"1"}, …] */
static void read_legs(const struct node *value, void *into, struct complaints *complaints)
{
    struct post_request *request = into;
    if (value->kind != NODE_LIST || value->count == 0 || value->count > PING_SALES_MAX) {
        complain(complaints, value->key, "type", "must be a list of one to eight legs");
        return;
    }
    NODE_EACH(node, value)
    {
        const struct node *id = node_find(node, "leg_id");
        uint64_t number = 0;
        bool good = node->kind == NODE_MAP && id && id->kind == NODE_TEXT && bytes_u64(id->text, &number) &&
                    number > 0 && number <= UINT8_MAX;
        if (!good) {
            complain(complaints, value->key, "format", "each leg is {\"leg_id\": \"1\"}");
            return;
        }
        request->legs[request->legs_count++] = (uint8_t)number;
    }
}
