/* The book keeps ids and amounts; what the lead's own row says (the affiliate's references, the campaign) is read when
 * it is told, so that it stands in one place. */
#include "exchange/courier/letter.h"

#include "protocol/base/money.h"

#include "protocol/codec/json.h"

struct letter {
    struct reader *reader;
    const struct catalogue *catalogue;
    const struct hearer *hearer;
    const struct event *event;
    struct arena *arena;
    struct json *json;
    struct lead_record lead;
    bool has_lead;
};

static void write_id(struct json *json, const char *name, const struct ident *id)
{
    char text[IDENT_TEXT + 1];
    if (ident_is_none(id)) return;
    json_key(json, name);
    json_text(json, (struct bytes){ident_text(id, text), IDENT_TEXT});
}

static void write_text(struct json *json, const char *name, struct bytes text)
{
    if (!text.len) return;
    json_key(json, name);
    json_text(json, text);
}

static void write_reason(struct json *json, enum reason reason)
{
    if (!reason) return;
    json_key(json, "reason");
    json_open_map(json);
    write_text(json, "code", bytes_of(reason_code(reason)));
    write_text(json, "text", bytes_of(reason_text(reason)));
    json_close_map(json);
}

/* What its lead is now: said where an event is about that. */
static void write_status(struct letter *letter)
{
    const struct event *event = letter->event;
    bool is_told = event->notice == NOTICE_LEAD_SOLD || event->notice == NOTICE_LEAD_RESOLVED ||
                   event->notice == NOTICE_LEAD_VOIDED || event->notice == NOTICE_LEAD_RETURNED;
    if (!is_told) return;
    write_text(letter->json, "status", bytes_of(lead_state_name(event->state)));
    json_key(letter->json, "final");
    json_bool(letter->json, event->is_final);
    if (event->state != LEAD_SOLD && event->amount_micros == 0) return;
    json_key(letter->json, "price");
    json_money(letter->json, event->amount_micros);
}

static void tell_affiliate(struct letter *letter)
{
    struct json *json = letter->json;
    const struct lead_record *lead = &letter->lead;
    write_id(json, "lead_id", &letter->event->lead_id);
    if (letter->has_lead) write_id(json, "ping_id", offer_known_as(&lead->offer));
    if (letter->has_lead) write_text(json, "campaign", lead->campaign);
    write_status(letter);
    write_id(json, "sale_id", &letter->event->post_id);
    write_id(json, "return_id", &letter->event->about);
    if (!letter->has_lead) return;
    write_text(json, "ref", lead->ref);
    write_text(json, "click_id", lead->click_id);
    if (!lead->sub_ids.len) return;
    json_key(json, "sub_id");
    json_raw(json, lead->sub_ids);
}

static void write_amount(struct letter *letter, const char *name)
{
    json_key(letter->json, name);
    json_money(letter->json, letter->event->amount_micros);
}

static void tell_buyer(struct letter *letter)
{
    struct json *json = letter->json;
    const struct event *event = letter->event;
    write_id(json, "lead_id", &event->lead_id);
    write_id(json, "post_id", &event->post_id);
    write_text(json, "contract", event->contract);
    if (letter->has_lead) write_text(json, "campaign", letter->lead.campaign);
    if (event->notice == NOTICE_BALANCE_LOW) {
        write_amount(letter, "balance");
        write_text(json, "currency", letter->catalogue->house.currency);
    } else if (event->notice == NOTICE_LEAD_RETURNED) {
        write_id(json, "return_id", &event->about);
        write_amount(letter, "amount");
    } else if (event->amount_micros) {
        write_amount(letter, "price");
    }
}

/* One sentence, for hooks that show nothing else. */
static void write_sentence(struct letter *letter, struct bytes buyer)
{
    char text[400], id[IDENT_TEXT + 1];
    struct sink sink = sink_over(text, sizeof text);
    sink_text(&sink, notice_type(letter->event->notice));
    sink_text(&sink, ": ");
    sink_text(&sink, ident_text(&letter->event->lead_id, id));
    if (letter->has_lead) sink_text(&sink, " of ");
    if (letter->has_lead) sink_bytes(&sink, letter->lead.campaign);
    sink_text(&sink, ", ");
    sink_bytes(&sink, buyer);
    sink_text(&sink, "/");
    sink_bytes(&sink, letter->event->contract);
    sink_text(&sink, ", ");
    money_write(&sink, letter->event->amount_micros);
    sink_char(&sink, ' ');
    sink_bytes(&sink, letter->catalogue->house.currency);
    write_text(letter->json, "text", sink_written(&sink));
}

static void tell_address(struct letter *letter)
{
    const struct contract *contract = catalogue_contract(letter->catalogue, letter->event->contract);
    struct bytes buyer = contract ? letter->catalogue->buyers[contract->buyer].id : BYTES_NONE;
    tell_buyer(letter);
    write_text(letter->json, "buyer", buyer);
    write_sentence(letter, buyer);
}

static enum fault tell_copy(struct letter *letter)
{
    struct bytes content;
    enum fault fault = reader_content(letter->reader, &letter->event->lead_id, letter->arena, &content);
    if (fault != FAULT_NONE) return fault;
    struct document_error error;
    const struct node *document = document_read_json(letter->arena, content, &DOCUMENT_LIMITS, &error);
    if (!document || document->kind != NODE_MAP) return FAULT_CORRUPT;
    tell_buyer(letter);
    NODE_EACH(member, document)
    {
        json_key_bytes(letter->json, member->key);
        json_node(letter->json, member);
    }
    return FAULT_NONE;
}

static enum fault find_lead(struct letter *letter)
{
    if (ident_is_none(&letter->event->lead_id)) return FAULT_NONE;
    enum fault fault = reader_lead(letter->reader, &letter->event->lead_id, letter->arena, &letter->lead);
    letter->has_lead = fault == FAULT_NONE;
    return fault == FAULT_NOT_FOUND ? FAULT_NONE : fault;
}

enum fault letter_write(struct reader *reader, const struct catalogue *catalogue, const struct hearer *hearer,
                        const struct event_row *row, struct arena *arena, struct json *json)
{
    struct letter letter = {
        .reader = reader, .catalogue = catalogue, .hearer = hearer, .event = &row->event, .arena = arena, .json = json};
    struct ident id;
    enum fault fault = find_lead(&letter);
    if (fault != FAULT_NONE) return fault;
    event_id(hearer, row->number, row->event.at_ms, &id);
    json_open_map(json);
    write_text(json, "type", bytes_of(notice_type(row->event.notice)));
    write_id(json, "id", &id);
    json_key(json, "at");
    json_wall(json, row->event.at_ms);
    json_key(json, "data");
    json_open_map(json);
    if (hearer->kind == NOTICE_TO_AFFILIATE) tell_affiliate(&letter);
    if (hearer->kind == NOTICE_TO_BUYER) tell_buyer(&letter);
    if (hearer->kind == NOTICE_TO_ADDRESS) tell_address(&letter);
    if (hearer->kind == NOTICE_TO_COPY) fault = tell_copy(&letter);
    write_reason(json, row->event.reason);
    json_key(json, "test");
    json_bool(json, row->event.is_test);
    json_close_map(json);
    json_close_map(json);
    if (fault != FAULT_NONE) return fault;
    return json->sink->cut ? FAULT_TOO_LARGE : FAULT_NONE;
}
