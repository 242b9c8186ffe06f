/* Returns: a buyer gives a sale back, an operator judges it, both list them. */
#include <stdlib.h>

#include "exchange/api/visit.h"

#define ARENA_BYTES 8192u
#define ARENA_MAX (1u << 20)
#define LIST_ROOM (4u << 20)
#define LISTED_MAX 500u
#define ANSWER_ROOM 1024u

/* One that waits for the ledger. */
struct giving {
    enum waiter_kind kind; /* first: see visit.h */
    struct worker *worker;
    struct server_request *request; /* NULL once whoever asked has gone */
    struct visit_manners manners;
    struct arena arena;
    struct catalogue *catalogue;
    struct complaints complaints;
    struct return_request asked;
    struct return_decision decision;
    struct matter matter;
};

void giving_back_on_gone(void *waiter)
{
    ((struct giving *)waiter)->request = NULL;
}

static void release(struct giving *giving)
{
    catalogue_drop(&giving->catalogue);
    arena_free(&giving->arena);
    crypto_wipe(giving, sizeof *giving);
    free(giving);
}

static void write_id(struct json *json, const char *key, const struct ident *id)
{
    char text[IDENT_TEXT + 1];
    json_key(json, key);
    json_text(json, bytes_of(ident_text(id, text)));
}

/* --- one is told --- */

static void answer(struct giving *giving)
{
    char body[ANSWER_ROOM];
    const struct matter *matter = &giving->matter;
    struct sink sink = sink_over(body, sizeof body);
    struct json json = json_into(&sink);
    json_open_map(&json);
    write_id(&json, "return_id", &matter->return_id);
    write_id(&json, "sale_id", &matter->sale_id);
    write_id(&json, "post_id", &matter->post_id);
    write_id(&json, "lead_id", &matter->lead_id);
    json_key(&json, "status");
    json_text(&json, bytes_of(return_status_name(matter->status)));
    json_key(&json, "amount");
    json_money(&json, matter->amount_micros);
    json_key(&json, "requested_at");
    json_wall(&json, matter->asked_ms);
    if (matter->status == RETURN_REQUESTED && matter->accept_at_ms) {
        json_key(&json, "accepted_at");
        json_wall(&json, matter->accept_at_ms);
    }
    json_close_map(&json);
    visit_send(giving->worker, giving->request, &giving->manners, 200, "application/json", NULL, sink_written(&sink));
}

static void tell_refusal(struct giving *giving, enum fault fault)
{
    const struct matter *matter = &giving->matter;
    bool is_judgement = matter->kind == MATTER_JUDGEMENT;
    if (fault == FAULT_NOT_FOUND) {
        visit_problem(giving->worker, giving->request, &giving->manners, 404, REASON_NOT_FOUND,
                      is_judgement ? "no such return" : "no such post of yours", NULL, 0);
    } else if (fault == FAULT_INPUT && matter->field) {
        complain(&giving->complaints, bytes_of(matter->field), "range", matter->text);
        visit_problem(giving->worker, giving->request, &giving->manners, 422, REASON_INVALID_FIELD, NULL,
                      &giving->complaints, 0);
    } else if (fault == FAULT_INPUT) {
        visit_problem(giving->worker, giving->request, &giving->manners, 409, REASON_CONFLICT, matter->text, NULL, 0);
    } else {
        visit_problem(giving->worker, giving->request, &giving->manners, 503, REASON_LEDGER_DOWN, NULL, NULL, 1);
    }
}

static void on_written(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct giving *giving = arg;
    (void)token;
    (void)seq;
    if (giving->request) {
        worker_wait(giving->request, NULL);
        if (fault == FAULT_NONE)
            answer(giving);
        else
            tell_refusal(giving, fault);
    }
    release(giving);
}

static struct giving *begin(struct visit *visit)
{
    struct giving *giving = calloc(1, sizeof *giving);
    if (!giving) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return NULL;
    }
    giving->kind = WAITER_GIVING;
    giving->worker = visit->worker;
    giving->manners = visit->manners;
    giving->catalogue = worker_catalogue(visit->worker);
    catalogue_take(giving->catalogue);
    arena_init(&giving->arena, ARENA_BYTES, ARENA_MAX + visit->view->body.len * 100);
    giving->matter.catalogue = giving->catalogue;
    return giving;
}

static void send(struct visit *visit, struct giving *giving)
{
    giving->request = visit->request;
    worker_wait(visit->request, giving);
    enum fault fault = ledger_matter(worker_line(visit->worker), &giving->matter, clock_wall_ms(), on_written, giving,
                                     0);
    if (fault != FAULT_NONE) on_written(giving, 0, fault, 0);
}

static void complain_back(struct visit *visit, struct giving *giving)
{
    visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &giving->complaints,
                  0);
    release(giving);
}

/* The evidence is private: only its seal leaves this thread. */
void giving_back_ask(struct visit *visit)
{
    struct giving *giving = begin(visit);
    const struct node *document = giving ? visit_document(visit, &giving->arena, false) : NULL;
    if (!document) {
        if (giving) release(giving);
        return;
    }
    if (!return_read(document, &giving->asked, &giving->complaints)) {
        complain_back(visit, giving);
        return;
    }
    struct matter *matter = &giving->matter;
    matter->kind = MATTER_RETURN;
    matter->buyer = visit->buyer->id;
    matter->asked = &giving->asked;
    matter->return_id = worker_make_id(visit->worker);
    enum fault fault = FAULT_NONE;
    if (giving->asked.evidence.len)
        fault = ledger_seal(worker_line(visit->worker), &matter->return_id, giving->asked.evidence, &giving->arena,
                            &matter->sealed);
    if (fault == FAULT_NONE) {
        send(visit, giving);
        return;
    }
    visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
    release(giving);
}

void giving_back_judge(struct visit *visit)
{
    struct ident id;
    if (!ident_read(visit->path_id, &id)) {
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND, "no such return", NULL, 0);
        return;
    }
    struct giving *giving = begin(visit);
    const struct node *document = giving ? visit_document(visit, &giving->arena, false) : NULL;
    if (!document) {
        if (giving) release(giving);
        return;
    }
    if (!return_read_decision(document, &giving->decision, &giving->complaints)) {
        complain_back(visit, giving);
        return;
    }
    giving->matter.kind = MATTER_JUDGEMENT;
    giving->matter.return_id = id;
    giving->matter.decision = &giving->decision;
    send(visit, giving);
}

/* --- lists --- */

static void write_texts(struct json *json, const struct book_return *asked, bool for_operator)
{
    const struct {
        const char *key;
        struct bytes text;
    } texts[] = {{"contract", asked->contract},
                 {"reason_code", asked->reason_code},
                 {"note", asked->note},
                 {"decided_by", bytes_of(return_judge_name(asked->judge))},
                 {"buyer", for_operator ? asked->buyer : BYTES_NONE},
                 {"affiliate", for_operator ? asked->affiliate : BYTES_NONE}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (!texts[i].text.len) continue;
        json_key(json, texts[i].key);
        json_text(json, texts[i].text);
    }
}

static void write_stamp(struct json *json, const char *key, int64_t wall_ms)
{
    if (!wall_ms) return;
    json_key(json, key);
    json_wall(json, wall_ms);
}

static void write_return(struct json *json, const struct book_return *asked, bool for_operator, struct bytes evidence)
{
    json_open_map(json);
    write_id(json, "return_id", &asked->return_id);
    write_id(json, "sale_id", &asked->sale_id);
    write_id(json, "post_id", &asked->post_id);
    write_id(json, "lead_id", &asked->lead_id);
    json_key(json, "status");
    json_text(json, bytes_of(return_status_name(asked->status)));
    json_key(json, "amount");
    json_money(json, asked->amount_micros);
    write_texts(json, asked, for_operator);
    write_stamp(json, "requested_at", asked->asked_ms);
    write_stamp(json, "decided_at", asked->judged_ms);
    if (asked->status == RETURN_REQUESTED) write_stamp(json, "accepted_at", asked->accept_at_ms);
    if (for_operator) {
        json_key(json, "bears");
        json_text(json, asked->by_house ? BYTES("house") : BYTES("affiliate"));
    }
    if (evidence.len) {
        json_key(json, "evidence");
        json_text(json, evidence);
    }
    json_close_map(json);
}

/* What cannot be opened any more (its key is gone) is left out. */
static struct bytes open_evidence(struct inquiry *inquiry, struct reader *reader, const struct book_return *asked)
{
    struct bytes text = BYTES_NONE;
    if (!asked->has_evidence) return BYTES_NONE;
    return reader_content(reader, &asked->return_id, &inquiry->arena, &text) == FAULT_NONE ? text : BYTES_NONE;
}

static void look(struct inquiry *inquiry, struct reader *reader, enum return_status status)
{
    char after[IDENT_TEXT + 1];
    uint32_t count = 0;
    struct book_return *list = arena_take(&inquiry->arena, (LISTED_MAX + 1) * sizeof *list);
    enum fault fault = FAULT_MEMORY;
    if (list)
        fault = reader_returns(reader, inquiry->owner, status, &inquiry->id, &inquiry->arena, list, LISTED_MAX + 1,
                               &count);
    if (fault) {
        inquiry->status = 503;
        inquiry->reason = REASON_LEDGER_DOWN;
        return;
    }
    bool for_operator = inquiry->owner.len == 0, is_cut = count > LISTED_MAX;
    struct json json = json_into(&inquiry->out);
    if (is_cut) count = LISTED_MAX;
    json_open_map(&json);
    json_key(&json, "returns");
    json_open_list(&json);
    for (uint32_t i = 0; i < count; i++)
        write_return(&json, &list[i], for_operator, open_evidence(inquiry, reader, &list[i]));
    json_close_list(&json);
    json_key(&json, "after");
    if (is_cut)
        json_text(&json, bytes_of(ident_text(&list[count - 1].return_id, after)));
    else
        json_null(&json);
    json_close_map(&json);
}

static void look_requested(struct inquiry *inquiry, struct reader *reader)
{
    look(inquiry, reader, RETURN_REQUESTED);
}
static void look_approved(struct inquiry *inquiry, struct reader *reader)
{
    look(inquiry, reader, RETURN_APPROVED);
}
static void look_denied(struct inquiry *inquiry, struct reader *reader)
{
    look(inquiry, reader, RETURN_DENIED);
}

static void list(struct visit *visit, struct bytes status)
{
    static void (*const jobs[RETURN_STATUS_COUNT])(struct inquiry *, struct reader *) = {look_requested, look_approved,
                                                                                         look_denied};
    struct complaints complaints = {.count = 0};
    struct bytes text = visit_query(visit, "after");
    struct ident after = IDENT_NONE;
    unsigned which = 0;
    while (which < RETURN_STATUS_COUNT && !bytes_is(status, return_status_name((enum return_status)which))) which++;
    if (text.len && !ident_read(text, &after))
        complain(&complaints, BYTES("after"), "format", "must be a return_id, as the list before gave it");
    if (which == RETURN_STATUS_COUNT)
        complain(&complaints, BYTES("status"), "choice", "must be requested, approved or denied");
    if (complaints.count)
        visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints, 0);
    else
        visit_inquire(visit, &after, jobs[which], false, LIST_ROOM);
}

/* All of a buyer's own, whatever became of them. */
void giving_back_own(struct visit *visit)
{
    list(visit, BYTES("requested"));
}

void giving_back_all(struct visit *visit)
{
    list(visit, visit_query(visit, "status"));
}
