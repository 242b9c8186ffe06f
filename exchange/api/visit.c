#include "exchange/api/visit.h"

#include <stdio.h>
#include <stdlib.h>

#include "protocol/message/wording.h"

#define PACK_ROOM_EXTRA 256u
#define TOLD_NAME_MAX 128u                                               /* bytes of a field's name that are told */
#define PROBLEM_ROOM (COMPLAINTS_MAX * (TOLD_NAME_MAX * 6 + 256) + 2048) /* every byte of a name may take six */
#define INQUIRY_ARENA 65536u
#define INQUIRY_ARENA_MAX (512u << 20)

void visit_send(struct worker *worker, struct server_request *request, const struct visit_manners *manners, int status,
                const char *type, const char *fields, struct bytes body)
{
    char head[512];
    struct sink sink = sink_over(head, sizeof head);
    sink_text(&sink, "Cache-Control: no-store\r\nX-Request-Id: ");
    if (manners->request_id_len) {
        sink_bytes(&sink, (struct bytes){manners->request_id, manners->request_id_len});
    } else {
        struct ident id = worker_make_id(worker);
        ident_write(&sink, &id);
    }
    sink_text(&sink, "\r\n");
    if (fields) sink_text(&sink, fields);
    struct server_answer answer = {.status = status, .content_type = type, .fields = sink_written(&sink), .body = body};
    if (manners->pack && bytes_starts(bytes_of(type), BYTES("application/")) && body.len) {
        struct arena arena;
        struct document_error error;
        arena_init(&arena, 4096, body.len * 100 + 65536);
        const struct node *document = document_read_json(&arena, body, &(struct document_limits){16, 1u << 20, 256},
                                                         &error);
        struct sink packed = sink_over(arena_take(&arena, body.len * 2 + PACK_ROOM_EXTRA),
                                       body.len * 2 + PACK_ROOM_EXTRA);
        if (document && packed.at && pack_write(&packed, document)) {
            answer.body = sink_written(&packed);
            answer.content_type = "application/msgpack";
        }
        server_answer(request, &answer);
        arena_free(&arena);
        return;
    }
    server_answer(request, &answer);
}

static void write_complaints(struct json *json, const struct complaints *complaints)
{
    json_key(json, "errors");
    json_open_list(json);
    for (unsigned i = 0; i < complaints->count && i < COMPLAINTS_MAX; i++) {
        json_open_map(json);
        json_key(json, "field");
        json_text(json, wording_cut(complaints->list[i].field, TOLD_NAME_MAX));
        json_key(json, "code");
        json_text(json, bytes_of(complaints->list[i].code));
        json_key(json, "text");
        json_text(json, bytes_of(complaints->list[i].text));
        json_close_map(json);
    }
    json_close_list(json);
}

void visit_problem(struct worker *worker, struct server_request *request, const struct visit_manners *manners,
                   int status, enum reason reason, const char *detail, const struct complaints *complaints,
                   unsigned retry_after_s)
{
    char body[PROBLEM_ROOM], fields[96] = "";
    struct sink sink = sink_over(body, sizeof body);
    struct json json = json_into(&sink);
    json_open_map(&json);
    json_key(&json, "type");
    json_text(&json, BYTES("about:blank"));
    json_key(&json, "title");
    json_text(&json, bytes_of(http_status_text(status)));
    json_key(&json, "status");
    json_i64(&json, status);
    json_key(&json, "code");
    json_text(&json, bytes_of(reason_code(reason)));
    json_key(&json, "detail");
    json_text(&json, bytes_of(detail ? detail : reason_text(reason)));
    if (complaints && complaints->count) write_complaints(&json, complaints);
    json_close_map(&json);
    if (retry_after_s) snprintf(fields, sizeof fields, "Retry-After: %u\r\n", retry_after_s);
    if (status == 401) /* RFC 9110 section 11.6.1 */
        snprintf(fields, sizeof fields, "WWW-Authenticate: %s\r\n",
                 manners->asks_password ? "Basic realm=\"the password is your key\"" : "Bearer");
    tally_add(worker_own_tally(worker), TALLY_REFUSED, 1);
    tally_reason(worker_own_tally(worker), reason);
    visit_send(worker, request, manners, status, "application/problem+json", fields, sink_written(&sink));
}

/* The part before ';', without white space. */
static struct bytes media_type(struct bytes value)
{
    struct bytes type;
    bytes_split(value, ';', &type);
    while (type.len && type.at[type.len - 1] == ' ') type.len--;
    return type;
}

#define KIND(kind) (1u << (kind))

static const struct node *read_body(struct visit *visit, struct arena *arena, bool form, unsigned kinds)
{
    struct document_error error = {0};
    const struct http_head *head = visit->view->head;
    struct bytes type = media_type(http_field_find(head, "content-type"));
    struct bytes body = arena_copy(arena, visit->view->body); /* the story may outlive the request */
    const struct node *document = NULL;
    enum reason reason = REASON_MALFORMED;
    int status = 400;
    if (http_field_find(head, "content-encoding").at) {
        visit_problem(visit->worker, visit->request, &visit->manners, 415, REASON_UNSUPPORTED_TYPE,
                      "no content encoding is taken", NULL, 0);
        return NULL;
    }
    if (!body.at) {
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
        return NULL;
    }
    if (bytes_same_folded(type, BYTES("application/json")))
        document = document_read_json(arena, body, &DOCUMENT_LIMITS, &error);
    else if (bytes_same_folded(type, BYTES("application/msgpack")))
        document = document_read_pack(arena, body, &DOCUMENT_LIMITS, &error);
    else if (form && bytes_same_folded(type, BYTES("application/x-www-form-urlencoded")))
        document = document_read_form(arena, body, &DOCUMENT_LIMITS, &error);
    else {
        reason = REASON_UNSUPPORTED_TYPE;
        status = 415;
        error.text = "send application/json or application/msgpack";
    }
    if (error.too_large) {
        reason = REASON_TOO_LARGE;
        status = 413;
    }
    if (document && (kinds & KIND(document->kind))) return document;
    char detail[200];
    const char *wanted = kinds == KIND(NODE_LIST)  ? "the body must be a list"
                         : kinds == KIND(NODE_MAP) ? "the body must be a map"
                                                   : "the body must be a map, or a list of maps";
    snprintf(detail, sizeof detail, "%s", document ? wanted : error.text);
    if (!document && status == 400) snprintf(detail, sizeof detail, "%s (byte %zu)", error.text, error.at);
    visit_problem(visit->worker, visit->request, &visit->manners, status, reason, detail, NULL, 0);
    return NULL;
}

const struct node *visit_document(struct visit *visit, struct arena *arena, bool form)
{
    return read_body(visit, arena, form, KIND(NODE_MAP));
}

const struct node *visit_list(struct visit *visit, struct arena *arena)
{
    return read_body(visit, arena, false, KIND(NODE_LIST));
}

const struct node *visit_either(struct visit *visit, struct arena *arena)
{
    return read_body(visit, arena, false, KIND(NODE_LIST) | KIND(NODE_MAP));
}

struct bytes visit_query(const struct visit *visit, const char *name)
{
    struct bytes left = visit->view->head->query, pair, key;
    while (left.len) {
        left = bytes_split(left, '&', &pair);
        struct bytes value = bytes_split(pair, '=', &key);
        if (bytes_is(key, name)) return value;
    }
    return BYTES_NONE;
}

bool visit_page(struct visit *visit, const char *text, unsigned usual, unsigned max, struct ident *after,
                unsigned *limit)
{
    struct complaints complaints = {.count = 0};
    struct bytes from = visit_query(visit, "after"), most = visit_query(visit, "limit");
    uint64_t count = usual;
    *after = IDENT_NONE;
    if (from.len && !ident_read(from, after)) complain(&complaints, BYTES("after"), "format", text);
    if (most.len && (!bytes_u64(most, &count) || count == 0 || count > max))
        complain(&complaints, BYTES("limit"), "range", "must be a whole number from 1 to 1000");
    *limit = (unsigned)count;
    if (complaints.count == 0) return true;
    visit_problem(visit->worker, visit->request, &visit->manners, 422, REASON_INVALID_FIELD, NULL, &complaints, 0);
    return false;
}

bool visit_wants_page(const struct visit *visit)
{
    return http_field_has(visit->view->head, "accept", "text/html");
}

/* Inquiries ----------------------------------------------------------------------------------------------------------
 */

struct waiting_inquiry {
    enum waiter_kind kind; /* first: see waiter.h */
    struct inquiry inquiry;
};

static void run_job(void *context, struct reader *reader)
{
    struct waiting_inquiry *waiting = context;
    waiting->inquiry.job(&waiting->inquiry, reader);
}

static void on_job_done(void *context)
{
    struct waiting_inquiry *waiting = context;
    struct inquiry *inquiry = &waiting->inquiry;
    if (inquiry->request) {
        worker_wait(inquiry->request, NULL);
        if (inquiry->out.cut) {
            inquiry->status = 500;
            inquiry->reason = REASON_TOO_LARGE;
        }
        if (inquiry->status == 200)
            visit_send(inquiry->worker, inquiry->request, &inquiry->manners, 200, inquiry->type, NULL,
                       sink_written(&inquiry->out));
        else
            visit_problem(inquiry->worker, inquiry->request, &inquiry->manners, inquiry->status, inquiry->reason, NULL,
                          NULL, inquiry->status == 503 ? 1 : 0);
    }
    catalogue_drop(&inquiry->catalogue);
    arena_free(&inquiry->arena);
    if (inquiry->is_private) crypto_wipe(inquiry->text, inquiry->out.cap);
    free(inquiry->text);
    free(waiting);
}

void visit_inquiry_gone(void *waiter)
{
    ((struct waiting_inquiry *)waiter)->inquiry.request = NULL;
}

static void inquire(struct visit *visit, const struct ident *id, unsigned limit, const struct inquiry_about *about,
                    void (*job)(struct inquiry *inquiry, struct reader *reader), bool fresh_trace, size_t room)
{
    struct waiting_inquiry *waiting = calloc(1, sizeof *waiting);
    char *text = malloc(room);
    if (waiting && text) {
        struct inquiry *inquiry = &waiting->inquiry;
        waiting->kind = WAITER_INQUIRY;
        arena_init(&inquiry->arena, INQUIRY_ARENA, INQUIRY_ARENA_MAX);
        inquiry->id = *id;
        inquiry->limit = limit;
        inquiry->about = *about;
        inquiry->about.who = arena_copy(&inquiry->arena, about->who);
        inquiry->affiliate = visit->affiliate;
        inquiry->buyer = visit->buyer;
        inquiry->catalogue = worker_catalogue(visit->worker);
        catalogue_take(inquiry->catalogue);
        inquiry->text = text;
        inquiry->out = sink_over(text, room);
        inquiry->status = 200;
        inquiry->type = "application/json";
        inquiry->takes_csv = http_field_has(visit->view->head, "accept", "text/csv");
        inquiry->worker = visit->worker;
        inquiry->request = visit->request;
        inquiry->manners = visit->manners;
        inquiry->job = job;
        if (visit->affiliate) inquiry->owner = visit->affiliate->id;
        if (visit->buyer) inquiry->owner = visit->buyer->id;
        worker_wait(visit->request, waiting);
        if (ledger_ask(worker_line(visit->worker), run_job, on_job_done, waiting, 0, fresh_trace) == FAULT_NONE) return;
        worker_wait(visit->request, NULL);
        catalogue_drop(&inquiry->catalogue);
        arena_free(&inquiry->arena);
    }
    free(text);
    free(waiting);
    visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
}

void visit_inquire(struct visit *visit, const struct ident *id,
                   void (*job)(struct inquiry *inquiry, struct reader *reader), bool fresh_trace, size_t room)
{
    visit_inquire_page(visit, id, 0, job, fresh_trace, room);
}

void visit_inquire_page(struct visit *visit, const struct ident *id, unsigned limit,
                        void (*job)(struct inquiry *inquiry, struct reader *reader), bool fresh_trace, size_t room)
{
    inquire(visit, id, limit, &(struct inquiry_about){.who = BYTES_NONE}, job, fresh_trace, room);
}

void visit_inquire_about(struct visit *visit, const struct inquiry_about *about,
                         void (*job)(struct inquiry *inquiry, struct reader *reader), size_t room)
{
    inquire(visit, &IDENT_NONE, 0, about, job, false, room);
}
