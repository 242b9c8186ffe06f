#include "protocol/message/return.h"

#include "protocol/message/request.h"

typedef void read_member(const struct node *value, void *into, struct complaints *complaints);
static read_member read_post, read_code, read_amount, read_evidence, read_verb, read_note;

static const struct request_row rows[] = {
    {"post_id", read_post, true},
    {"reason_code", read_code, true},
    {"amount", read_amount, false},
    {"evidence", read_evidence, false},
};
static const struct request_row decision_rows[] = {{"decision", read_verb, true}, {"note", read_note, false}};

bool return_read(const struct node *document, struct return_request *request, struct complaints *complaints)
{
    *request = (struct return_request){.has_amount = false};
    return request_read(document, rows, sizeof rows / sizeof *rows, request, complaints);
}

bool return_read_decision(const struct node *document, struct return_decision *decision, struct complaints *complaints)
{
    *decision = (struct return_decision){.approves = false};
    return request_read(document, decision_rows, sizeof decision_rows / sizeof *decision_rows, decision, complaints);
}

static void read_post(const struct node *value, void *into, struct complaints *complaints)
{
    struct return_request *request = into;
    request_ident(value, &request->post_id, complaints);
}

static void read_code(const struct node *value, void *into, struct complaints *complaints)
{
    struct return_request *request = into;
    request_text(value, value->key, RETURN_CODE_MAX, &request->reason_code, complaints);
}

static void read_amount(const struct node *value, void *into, struct complaints *complaints)
{
    struct return_request *request = into;
    if (value->kind == NODE_NULL) return;
    request->has_amount = node_money(value, &request->amount_micros);
    if (!request->has_amount)
        complain(complaints, value->key, "type", "must be an amount such as \"12.50\"");
    else if (request->amount_micros <= 0)
        complain(complaints, value->key, "range", "must be above 0");
}

static void read_evidence(const struct node *value, void *into, struct complaints *complaints)
{
    struct return_request *request = into;
    if (value->kind != NODE_NULL) request_text(value, value->key, RETURN_EVIDENCE_MAX, &request->evidence, complaints);
}

static void read_verb(const struct node *value, void *into, struct complaints *complaints)
{
    struct return_decision *decision = into;
    decision->approves = value->kind == NODE_TEXT && bytes_is(value->text, "approve");
    bool denies = value->kind == NODE_TEXT && bytes_is(value->text, "deny");
    if (!decision->approves && !denies) complain(complaints, value->key, "choice", "must be approve or deny");
}

static void read_note(const struct node *value, void *into, struct complaints *complaints)
{
    struct return_decision *decision = into;
    if (value->kind != NODE_NULL) request_text(value, value->key, RETURN_NOTE_MAX, &decision->note, complaints);
}
