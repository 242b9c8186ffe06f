#include "protocol/message/disposition.h"

#include "protocol/base/clock.h"
#include "protocol/message/request.h"
#include "protocol/message/verdict.h"

typedef void read_member(const struct node *value, void *into, struct complaints *complaints);
static read_member read_event, read_lead, read_post, read_buyer_lead, read_stage, read_label, read_agent, read_at,
    read_value;

static const struct request_row rows[] = {
    {"event_id", read_event, true}, {"lead_id", read_lead, false},
    {"post_id", read_post, false},  {"buyer_lead_id", read_buyer_lead, false},
    {"stage", read_stage, true},    {"label", read_label, false},
    {"agent", read_agent, false},   {"at", read_at, false},
    {"value", read_value, false},
};

bool disposition_read(const struct node *node, struct disposition_request *request, struct complaints *complaints)
{
    *request = (struct disposition_request){.value_micros = -1};
    if (!request_read(node, rows, sizeof rows / sizeof *rows, request, complaints)) return false;
    if (request->named != 1)
        complain(complaints, BYTES("post_id"), request->named ? "conflict" : "required",
                 "one of lead_id, post_id and buyer_lead_id says which lead it is");
    return complaints->count == 0;
}

static void read_event(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    if (request_text(value, value->key, DISPOSITION_ID_MAX, &request->event_id, complaints) && !request->event_id.len)
        complain(complaints, value->key, "required", "must not be empty");
}

static void name(struct disposition_request *request, enum disposition_by by)
{
    request->by = by;
    request->named++;
}

static void read_lead(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    request_ident(value, &request->id, complaints);
    name(request, DISPOSITION_BY_LEAD);
}

static void read_post(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    request_ident(value, &request->id, complaints);
    name(request, DISPOSITION_BY_POST);
}

static void read_buyer_lead(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    request_text(value, value->key, VERDICT_LEAD_ID_MAX, &request->buyer_lead_id, complaints);
    name(request, DISPOSITION_BY_BUYER_LEAD);
}

static void read_stage(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    request->stage = value->kind == NODE_TEXT ? stage_find(value->text) : STAGE_NONE;
    if (request->stage == STAGE_NONE)
        complain(complaints, value->key, "choice",
                 "must be one of attempted, contacted, qualified, appointment, quoted, sold, lost, bad");
}

static void read_label(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    if (value->kind != NODE_NULL) request_text(value, value->key, DISPOSITION_WORD_MAX, &request->label, complaints);
}

static void read_agent(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    if (value->kind != NODE_NULL) request_text(value, value->key, DISPOSITION_WORD_MAX, &request->agent, complaints);
}

static void read_at(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    if (value->kind == NODE_NULL) return;
    if (value->kind != NODE_TEXT || !clock_read_wall(value->text, &request->at_ms) || request->at_ms <= 0)
        complain(complaints, value->key, "format", "must be a time such as 2026-11-22T15:04:05Z");
}

static void read_value(const struct node *value, void *into, struct complaints *complaints)
{
    struct disposition_request *request = into;
    if (value->kind == NODE_NULL) return;
    if (!node_money(value, &request->value_micros))
        complain(complaints, value->key, "type", "must be an amount such as \"12.50\"");
    else if (request->value_micros < 0 || request->value_micros > DISPOSITION_VALUE_MAX)
        complain(complaints, value->key, "range", "must not be below 0, nor above 1,000,000,000");
}
