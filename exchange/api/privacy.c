/* What operators do about private data: erase a person, change the keys, ask who was shown a lead.
 *
 *   erase:  request -> keyed hashes -> the ledger thread (entry, destruction) -> memory: not sold any more -> answer */
#include <stdlib.h>

#include "exchange/api/audit.h"
#include "exchange/api/whom.h"
#include "exchange/ledger/privacy.h"

#define ARENA_BYTES 16384u
#define ARENA_MAX (4u << 20)
#define ANSWER_ROOM (PRIVACY_LEADS_TOLD_MAX * (IDENT_TEXT + 4u) + 256u)

struct errand {
    enum waiter_kind kind; /* first: see waiter.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the operator has gone */
    struct visit_manners manners;
};

/* NULL: that nothing can be begun has been answered. */
static struct errand *begin(struct visit *visit)
{
    struct errand *errand = calloc(1, sizeof *errand);
    if (!errand) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return NULL;
    }
    *errand = (struct errand){WAITER_ERRAND, visit->worker, visit->request, visit->manners};
    worker_wait(visit->request, errand);
    return errand;
}

void privacy_on_gone(void *waiter)
{
    ((struct errand *)waiter)->request = NULL;
}

/* Nothing is left to do; status 200: `body` is the answer. */
static void end(struct errand *errand, int status, enum reason reason, const char *detail, struct bytes body)
{
    struct server_request *request = errand->request;
    if (request) worker_wait(request, NULL);
    if (request && status == 200)
        visit_send(errand->worker, request, &errand->manners, 200, "application/json", NULL, body);
    else if (request)
        visit_problem(errand->worker, request, &errand->manners, status, reason, detail, NULL, status == 503 ? 1 : 0);
    free(errand);
}

static void fail(struct errand *errand, int status, enum reason reason, const char *detail)
{
    end(errand, status, reason, detail, BYTES_NONE);
}

/* --- erasing --- */

static struct bytes write_erased(struct sink *sink, const struct privacy_erasure *erasure)
{
    struct json json = json_into(sink);
    char text[IDENT_TEXT + 1];
    json_open_map(&json);
    json_key(&json, "status");
    json_text(&json, BYTES("erased"));
    json_key(&json, "erased");
    json_u64(&json, erasure->erased);
    json_key(&json, "waiting");
    json_u64(&json, erasure->waiting);
    json_key(&json, "leads");
    json_open_list(&json);
    for (uint32_t i = 0; i < erasure->told; i++) json_text(&json, bytes_of(ident_text(&erasure->leads[i], text)));
    json_close_list(&json);
    json_close_map(&json);
    return sink_written(sink);
}

static void on_erased(void *arg, const struct privacy_erasure *erasure)
{
    struct errand *errand = arg;
    char body[ANSWER_ROOM];
    struct sink sink = sink_over(body, sizeof body);
    struct standing *standing = worker_hall(errand->worker)->standing;
    enum fault fault = erasure->fault;
    if (fault == FAULT_NOT_FOUND) {
        fail(errand, 404, REASON_NOT_FOUND, "no such lead");
        return;
    }
    for (uint32_t i = 0; i < erasure->keys.count && !fault; i++)
        fault = revoked_add(standing_revoked(standing), &erasure->keys.list[i]); /* else the next start knows */
    if (fault)
        fail(errand, 503, REASON_LEDGER_DOWN, NULL);
    else
        end(errand, 200, REASON_NONE, NULL, write_erased(&sink, erasure));
}

/* False: the problem has been answered. */
static bool read_whom(struct visit *visit, struct privacy_erasure *asked)
{
    struct complaints complaints = {.count = 0};
    struct arena arena;
    struct person person;
    arena_init(&arena, ARENA_BYTES, ARENA_MAX + visit->view->body.len * 100);
    const struct node *document = visit_document(visit, &arena, false);
    bool good = document && whom_read(document, &arena, &person, &asked->lead_id, &complaints);
    if (good) whom_key(visit->worker, &person, &asked->keys);
    if (document && !good)
        visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints, 0);
    crypto_wipe(&person, sizeof person);
    arena_free(&arena);
    return good;
}

void operator_erase(struct visit *visit)
{
    struct privacy_erasure asked = {.told = 0};
    struct errand *errand = read_whom(visit, &asked) ? begin(visit) : NULL;
    if (!errand) return;
    if (privacy_erase(worker_line(visit->worker), &asked, clock_wall_ms(), on_erased, errand))
        fail(errand, 503, REASON_LEDGER_DOWN, NULL);
}

/* --- the keys --- */

static struct bytes write_rotation(struct sink *sink, const struct ledger *ledger)
{
    struct json json = json_into(sink);
    struct privacy_rotation rotation;
    privacy_rotation(ledger, &rotation);
    json_open_map(&json);
    json_key(&json, "rotating");
    json_bool(&json, rotation.is_running);
    json_key(&json, "wrapped");
    json_u64(&json, rotation.wrapped);
    json_key(&json, "unreadable");
    json_u64(&json, rotation.unreadable);
    json_key(&json, "failed");
    json_bool(&json, rotation.has_failed);
    json_close_map(&json);
    return sink_written(sink);
}

static void on_begun(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    struct errand *errand = arg;
    char body[256];
    struct sink sink = sink_over(body, sizeof body);
    (void)token;
    (void)seq;
    if (fault == FAULT_IN_USE)
        fail(errand, 409, REASON_CONFLICT, "the last rotation is not over");
    else if (fault == FAULT_FULL)
        fail(errand, 409, REASON_CONFLICT, "too many rotations since the start: restart first");
    else if (fault == FAULT_SYSTEM)
        fail(errand, 409, REASON_CONFLICT, "the key file cannot be written; the log says why");
    else if (fault)
        fail(errand, 503, REASON_LEDGER_DOWN, NULL);
    else
        end(errand, 200, REASON_NONE, NULL, write_rotation(&sink, worker_hall(errand->worker)->ledger));
}

void operator_rotate_key(struct visit *visit)
{
    struct errand *errand = begin(visit);
    if (errand && privacy_rotate(worker_line(visit->worker), clock_wall_ms(), on_begun, errand, 0))
        fail(errand, 503, REASON_LEDGER_DOWN, NULL);
}

void operator_rotation(struct visit *visit)
{
    char body[256];
    struct sink sink = sink_over(body, sizeof body);
    visit_send_json(visit, 200, write_rotation(&sink, worker_hall(visit->worker)->ledger));
}

/* --- who was shown a lead --- */

static void look_audit(struct inquiry *inquiry, struct reader *reader)
{
    enum fault fault = audit_write(reader, &inquiry->id, &inquiry->arena, &inquiry->out);
    if (!fault) return;
    inquiry->status = fault == FAULT_NOT_FOUND ? 404 : 503;
    inquiry->reason = fault == FAULT_NOT_FOUND ? REASON_NOT_FOUND : REASON_LEDGER_DOWN;
}

void operator_audit(struct visit *visit)
{
    struct ident id;
    if (ident_read(visit->path_id, &id))
        visit_inquire(visit, &id, look_audit, false, AUDIT_ROOM);
    else
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND, "no such lead", NULL, 0);
}
