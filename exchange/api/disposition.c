/* What became of the leads a buyer bought: a list, each item judged and written by itself, all of them answered
 * together. An item that is refused refuses no other; one told before gets its first answer. */
#include <stdlib.h>

#include "exchange/api/visit.h"

#define ARENA_BYTES 16384u
#define ITEM_ROOM 2048u      /* of an item's answer, with an event id whose every byte is escaped */
#define COMPLAINT_ROOM 1024u /* of each complaint, with a name whose every byte is escaped */

struct item {
    struct telling *telling;
    struct disposition_request request;
    struct complaints complaints;
    struct matter matter;
    enum fault fault;
};

struct telling {
    enum waiter_kind kind; /* first: see waiter.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the buyer has gone */
    struct visit_manners manners;
    struct arena arena;
    struct catalogue *catalogue;
    uint32_t buyer_cell;
    struct item *items;
    unsigned count, out; /* out: not answered yet, and one for whoever is still asking */
};

void disposition_on_gone(void *waiter)
{
    ((struct telling *)waiter)->request = NULL;
}

static void release(struct telling *telling)
{
    catalogue_drop(&telling->catalogue);
    arena_free(&telling->arena);
    free(telling);
}

/* --- the answer --- */

static void write_id(struct json *json, const char *key, const struct ident *id)
{
    char text[IDENT_TEXT + 1];
    json_key(json, key);
    json_text(json, bytes_of(ident_text(id, text)));
}

static void write_recorded(struct json *json, const struct matter *matter)
{
    write_id(json, "post_id", &matter->post_id);
    write_id(json, "lead_id", &matter->lead_id);
    json_key(json, "stage");
    json_text(json, bytes_of(stage_name(matter->stage)));
    if (matter->earned.price_micros == 0) return;
    json_key(json, "billed");
    json_money(json, matter->earned.price_micros);
}

static void write_error(struct json *json, struct bytes field, const char *code, const char *text)
{
    json_open_map(json);
    json_key(json, "field");
    json_text(json, field);
    json_key(json, "code");
    json_text(json, bytes_of(code));
    json_key(json, "text");
    json_text(json, bytes_of(text));
    json_close_map(json);
}

static void write_refused(struct json *json, const struct item *item)
{
    const struct matter *matter = &item->matter;
    bool is_wrong = item->complaints.count > 0 || (item->fault == FAULT_INPUT && matter->field);
    enum reason reason = is_wrong                         ? REASON_INVALID_FIELD
                         : item->fault == FAULT_NOT_FOUND ? REASON_NOT_FOUND
                                                          : REASON_CONFLICT;
    json_key(json, "code");
    json_text(json, bytes_of(reason_code(reason)));
    json_key(json, "text");
    json_text(json, bytes_of(reason == REASON_NOT_FOUND  ? "no such lead of yours"
                             : reason == REASON_CONFLICT ? matter->text
                                                         : reason_text(reason)));
    if (!is_wrong) return;
    json_key(json, "errors");
    json_open_list(json);
    for (unsigned i = 0; i < item->complaints.count && i < COMPLAINTS_MAX; i++)
        write_error(json, item->complaints.list[i].field, item->complaints.list[i].code, item->complaints.list[i].text);
    if (item->complaints.count == 0) write_error(json, bytes_of(matter->field), "range", matter->text);
    json_close_list(json);
}

static void write_item(struct json *json, const struct item *item)
{
    bool is_recorded = item->complaints.count == 0 && item->fault == FAULT_NONE;
    json_open_map(json);
    json_key(json, "event_id");
    json_text(json, item->request.event_id);
    json_key(json, "status");
    json_text(json, is_recorded ? BYTES("recorded") : BYTES("refused"));
    if (is_recorded)
        write_recorded(json, &item->matter);
    else
        write_refused(json, item);
    json_close_map(json);
}

/* Something the buyer can do nothing about: it may send all of them again, since none is recorded twice. */
static bool has_failed(const struct telling *telling)
{
    for (unsigned i = 0; i < telling->count; i++) {
        enum fault fault = telling->items[i].fault;
        if (fault != FAULT_NONE && fault != FAULT_INPUT && fault != FAULT_NOT_FOUND) return true;
    }
    return false;
}

static size_t room_of(const struct telling *telling)
{
    size_t room = 256;
    for (unsigned i = 0; i < telling->count; i++) {
        unsigned told = telling->items[i].complaints.count;
        room += ITEM_ROOM + (told < COMPLAINTS_MAX ? told : COMPLAINTS_MAX) * COMPLAINT_ROOM;
    }
    return room;
}

static void answer(struct telling *telling)
{
    size_t room = room_of(telling);
    char *text = arena_take(&telling->arena, room);
    struct sink sink = sink_over(text, text ? room : 0);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "results");
    json_open_list(&json);
    for (unsigned i = 0; i < telling->count; i++) write_item(&json, &telling->items[i]);
    json_close_list(&json);
    json_close_map(&json);
    bool failed = has_failed(telling);
    if (failed || !text || sink.cut)
        visit_problem(telling->worker, telling->request, &telling->manners, 503,
                      failed ? REASON_LEDGER_DOWN : REASON_BUSY, NULL, NULL, 1);
    else
        visit_send(telling->worker, telling->request, &telling->manners, 200, "application/json", NULL,
                   sink_written(&sink));
}

static void come_back(struct telling *telling)
{
    if (--telling->out > 0) return;
    if (telling->request) {
        worker_wait(telling->request, NULL);
        answer(telling);
    }
    release(telling);
}

/* --- the items --- */

/* By the contract as the present catalogue has it; of one that has gone nobody counts seats. */
static void free_seat(const struct telling *telling, const struct matter *matter)
{
    struct bytes id = {matter->contract, matter->contract_len};
    const struct contract *contract = catalogue_contract(telling->catalogue, id);
    if (contract && contract->cell != STANDING_NONE)
        seats_vacate(hall_standing(worker_hall(telling->worker)), contract->cell, telling->buyer_cell,
                     worker_now_us(telling->worker));
}

static void on_written(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct item *item = arg;
    (void)token;
    (void)seq;
    item->fault = fault;
    if (fault == FAULT_NONE && item->matter.is_first) free_seat(item->telling, &item->matter);
    come_back(item->telling);
}

static void ask(struct telling *telling, struct item *item, struct bytes buyer)
{
    item->matter = (struct matter){
        .kind = MATTER_DISPOSITION, .catalogue = telling->catalogue, .buyer = buyer, .disposition = &item->request};
    telling->out++;
    item->fault = ledger_matter(worker_line(telling->worker), &item->matter, clock_wall_ms(), on_written, item, 0);
    if (item->fault != FAULT_NONE) telling->out--;
}

static struct telling *begin(struct visit *visit)
{
    struct telling *telling = calloc(1, sizeof *telling);
    if (!telling) return NULL;
    *telling = (struct telling){.kind = WAITER_DISPOSITIONS,
                                .worker = visit->worker,
                                .manners = visit->manners,
                                .catalogue = worker_catalogue(visit->worker),
                                .buyer_cell = visit->buyer->cell,
                                .out = 1};
    catalogue_take(telling->catalogue);
    size_t items = DISPOSITIONS_MAX * (sizeof(struct item) + ITEM_ROOM + COMPLAINTS_MAX * COMPLAINT_ROOM);
    arena_init(&telling->arena, ARENA_BYTES, visit->view->body.len * 100 + items + ARENA_BYTES);
    return telling;
}

void disposition_tell(struct visit *visit)
{
    struct telling *telling = begin(visit);
    if (!telling) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return;
    }
    const struct node *list = visit_list(visit, &telling->arena);
    if (list && (list->count == 0 || list->count > DISPOSITIONS_MAX)) {
        visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD,
                      "a list of 1 to 100 dispositions", NULL, 0);
        list = NULL;
    }
    struct item *items = list ? arena_zero(&telling->arena, list->count, sizeof *items) : NULL;
    if (list && !items) visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
    if (!items) {
        release(telling);
        return;
    }
    telling->items = items;
    telling->request = visit->request;
    worker_wait(visit->request, telling);
    NODE_EACH(node, list)
    {
        struct item *item = &items[telling->count++];
        item->telling = telling;
        if (disposition_read(node, &item->request, &item->complaints)) ask(telling, item, visit->buyer->id);
    }
    come_back(telling);
}
