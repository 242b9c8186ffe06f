/* What is on its way to somebody's address, and what was given up: for operators who ask why somebody was not told. A
 * few of each hearer, so that one with much does not hide the others. */
#include "exchange/api/visit.h"
#include "exchange/ledger/notices.h"

#define EACH 20u /* of one hearer */
#define ROWS_MAX 1000u
#define ROWS_ROOM (ROWS_MAX * 1024u)

static void write_id(struct json *json, const char *name, const struct ident *id)
{
    char text[IDENT_TEXT + 1];
    if (ident_is_none(id)) return;
    json_key(json, name);
    json_text(json, bytes_of(ident_text(id, text)));
}

static const char *hearer_name(enum notice_hearer kind)
{
    if (kind == NOTICE_TO_AFFILIATE) return "affiliate";
    return kind == NOTICE_TO_BUYER ? "buyer" : "contract";
}

static void write_row(struct json *json, const struct delivery *delivery, const struct event *event)
{
    const struct hearer *hearer = &delivery->hearer;
    struct ident id;
    event_id(hearer, delivery->number, event->at_ms, &id);
    json_open_map(json);
    json_key(json, hearer_name(hearer->kind));
    json_text(json, hearer->id);
    if (hearer->kind == NOTICE_TO_ADDRESS || hearer->kind == NOTICE_TO_COPY) {
        json_key(json, "address");
        json_u64(json, hearer->address + 1u);
    }
    json_key(json, "type");
    json_text(json, bytes_of(notice_type(event->notice)));
    write_id(json, "id", &id);
    write_id(json, "lead_id", &delivery->lead_id);
    json_key(json, "at");
    json_wall(json, event->at_ms);
    json_key(json, "state");
    json_text(json, bytes_of(delivery_state_name(delivery->state)));
    json_key(json, "tries");
    json_u64(json, delivery->tries);
    if (delivery->state == DELIVERY_WAITING) {
        json_key(json, "due_at");
        json_wall(json, delivery->due_ms);
    }
    if (delivery->reason) {
        json_key(json, "reason");
        json_text(json, bytes_of(reason_code(delivery->reason)));
    }
    if (delivery->status) {
        json_key(json, "http");
        json_u64(json, delivery->status);
    }
    json_close_map(json);
}

/* `limit` says which: 1: given up, else waiting. */
static void look_notices(struct inquiry *inquiry, struct reader *reader)
{
    struct notices_walk walk = {.len = 0};
    struct delivery *rows = arena_zero(&inquiry->arena, ROWS_MAX, sizeof *rows);
    struct json json = json_into(&inquiry->out);
    uint32_t count = 0;
    enum fault fault = !rows ? FAULT_MEMORY
                       : inquiry->limit == 1
                           ? notices_given_up(reader, EACH, &walk, &inquiry->arena, rows, ROWS_MAX, &count)
                           : notices_due(reader, INT64_MAX - 1, EACH, &walk, &inquiry->arena, rows, ROWS_MAX, &count);
    json_open_map(&json);
    json_key(&json, "notices");
    json_open_list(&json);
    for (uint32_t i = 0; i < count && fault == FAULT_NONE; i++) {
        struct event event;
        fault = notices_one(reader, &rows[i].hearer, rows[i].number, &inquiry->arena, &event);
        if (fault == FAULT_NONE) write_row(&json, &rows[i], &event);
        if (fault == FAULT_NOT_FOUND) fault = FAULT_NONE; /* forgotten since */
    }
    json_close_list(&json);
    json_close_map(&json);
    if (fault == FAULT_NONE) return;
    inquiry->status = 503;
    inquiry->reason = REASON_LEDGER_DOWN;
}

void operator_notices(struct visit *visit)
{
    struct complaints complaints = {.count = 0};
    struct bytes state = visit_query(visit, "state");
    bool is_given_up = bytes_is(state, "given_up");
    if (!is_given_up && !bytes_is(state, "waiting"))
        complain(&complaints, BYTES("state"), "choice", "must be waiting or given_up");
    if (complaints.count)
        visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints, 0);
    else
        visit_inquire_page(visit, &IDENT_NONE, is_given_up, look_notices, false, ROWS_ROOM);
}
