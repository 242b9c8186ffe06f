/* A person takes back what it agreed to: from now on nobody is asked about it, whoever sends it. The person is named by
 * phone, e-mail, or a lead of the same affiliate's; of it only keyed hashes go into the book.
 *
 *   request -> (the lead's content, on the reader's thread) -> an entry of the book -> memory, answer */
#include <stdlib.h>

#include "exchange/api/whom.h"

#define ARENA_BYTES 16384u
#define ARENA_MAX (4u << 20)

struct withdrawal {
    enum waiter_kind kind; /* first: see waiter.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the affiliate has gone */
    struct visit_manners manners;
    struct arena arena;
    struct bytes affiliate; /* in the arena */
    struct catalogue *catalogue;
    struct ident lead_id;
    struct person person;
    struct person_keys keys;
    enum fault fault;
    bool is_erased; /* the lead no longer tells whose it is */
};

/* Nothing is left to do; status 200: it is done. */
static void end(struct withdrawal *withdrawal, int status, enum reason reason, const char *detail)
{
    struct server_request *request = withdrawal->request;
    if (request) worker_wait(request, NULL);
    if (request && status == 200)
        visit_send(withdrawal->worker, request, &withdrawal->manners, 200, "application/json", NULL,
                   BYTES("{\"status\":\"revoked\"}"));
    else if (request)
        visit_problem(withdrawal->worker, request, &withdrawal->manners, status, reason, detail, NULL,
                      status == 503 ? 1 : 0);
    catalogue_drop(&withdrawal->catalogue);
    arena_free(&withdrawal->arena);
    crypto_wipe(withdrawal, sizeof *withdrawal);
    free(withdrawal);
}

void revocation_on_gone(void *waiter)
{
    ((struct withdrawal *)waiter)->request = NULL;
}

static void on_durable(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct withdrawal *withdrawal = arg;
    struct standing *standing = worker_hall(withdrawal->worker)->standing;
    (void)token;
    (void)seq;
    for (uint32_t i = 0; i < withdrawal->keys.count && !fault; i++)
        fault = revoked_add(standing_revoked(standing), &withdrawal->keys.list[i]); /* else the next start knows */
    if (fault)
        end(withdrawal, 503, REASON_LEDGER_DOWN, NULL);
    else
        end(withdrawal, 200, REASON_NONE, NULL);
}

static void write_entry(struct withdrawal *withdrawal)
{
    struct revocation revocation = {.affiliate = withdrawal->affiliate};
    whom_key(withdrawal->worker, &withdrawal->person, &withdrawal->keys);
    revocation.keys = withdrawal->keys;
    if (ledger_revoke(worker_line(withdrawal->worker), &revocation, clock_wall_ms(), on_durable, withdrawal, 0) !=
        FAULT_NONE)
        end(withdrawal, 503, REASON_LEDGER_DOWN, NULL);
}

/* --- the lead's person --- */

static void add_all(struct person *person, const struct person *more)
{
    for (uint32_t i = 0; i < more->count && person->count < PERSON_KEYS_MAX; i++)
        if (!person_has(person, &more->list[i].plain)) person->list[person->count++] = more->list[i];
}

/* Someone else's lead is not found, never forbidden. */
static void look(void *context, struct reader *reader)
{
    struct withdrawal *withdrawal = context;
    struct lead_record record;
    struct bytes content;
    struct person person;
    struct document_error error;
    withdrawal->fault = reader_lead(reader, &withdrawal->lead_id, &withdrawal->arena, &record);
    if (!withdrawal->fault && !bytes_same(record.affiliate, withdrawal->affiliate)) withdrawal->fault = FAULT_NOT_FOUND;
    withdrawal->is_erased = !withdrawal->fault && record.erasure == LEAD_ERASED;
    if (!withdrawal->fault && !withdrawal->is_erased)
        withdrawal->fault = reader_content(reader, &withdrawal->lead_id, &withdrawal->arena, &content);
    if (withdrawal->fault || withdrawal->is_erased) return;
    const struct campaign *campaign = catalogue_campaign(withdrawal->catalogue, record.campaign);
    const struct node *document = document_read_json(&withdrawal->arena, content, &DOCUMENT_LIMITS, &error);
    const struct node *lead = document ? node_find(document, "lead") : NULL;
    if (campaign && lead && person_read(campaign, lead, NULL, &withdrawal->arena, &person))
        add_all(&withdrawal->person, &person);
}

static void on_looked(void *context)
{
    struct withdrawal *withdrawal = context;
    if (withdrawal->fault == FAULT_NOT_FOUND)
        end(withdrawal, 404, REASON_NOT_FOUND, "no such lead");
    else if (withdrawal->fault)
        end(withdrawal, 503, REASON_LEDGER_DOWN, NULL);
    else if (withdrawal->is_erased && withdrawal->person.count == 0)
        end(withdrawal, 409, REASON_CONFLICT, "the lead was erased: name the phone or the e-mail");
    else if (withdrawal->person.count == 0)
        end(withdrawal, 422, REASON_INVALID_FIELD, "the lead names nobody");
    else
        write_entry(withdrawal);
}

/* --- the request --- */

static void start(struct visit *visit, struct withdrawal *withdrawal)
{
    withdrawal->request = visit->request;
    worker_wait(visit->request, withdrawal);
    if (ident_is_none(&withdrawal->lead_id))
        write_entry(withdrawal);
    else if (ledger_ask(worker_line(visit->worker), look, on_looked, withdrawal, 0, false) != FAULT_NONE)
        end(withdrawal, 503, REASON_BUSY, NULL);
}

void affiliate_revoke(struct visit *visit)
{
    struct complaints complaints = {.count = 0};
    struct withdrawal *withdrawal = calloc(1, sizeof *withdrawal);
    if (!withdrawal) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return;
    }
    withdrawal->kind = WAITER_REVOCATION;
    withdrawal->worker = visit->worker;
    withdrawal->manners = visit->manners;
    withdrawal->catalogue = worker_catalogue(visit->worker);
    catalogue_take(withdrawal->catalogue);
    arena_init(&withdrawal->arena, ARENA_BYTES, ARENA_MAX + visit->view->body.len * 100);
    withdrawal->affiliate = arena_copy(&withdrawal->arena, visit->affiliate->id);
    const struct node *document = withdrawal->affiliate.at ? visit_document(visit, &withdrawal->arena, true) : NULL;
    if (document && whom_read(document, &withdrawal->arena, &withdrawal->person, &withdrawal->lead_id, &complaints)) {
        start(visit, withdrawal);
        return;
    }
    if (document)
        visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints, 0);
    else if (!withdrawal->affiliate.at)
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
    end(withdrawal, 0, REASON_NONE, NULL);
}
