/* From a request to its handler: path, method, key, in that order; each miss is a problem with its reason. */
#include "exchange/api/visit.h"

#include <stdio.h>
#include <stdlib.h>

#include "protocol/crypto/apikey.h"
#include "protocol/crypto/digest.h"

#define PASSWORD_MAX 256u /* bytes of user and key */

struct route {
    const char *method;
    const char *path; /* {id} stands for one segment */
    enum visit_audience audience;
    bool is_admin; /* on the admin listener; else on the public one */
    void (*handle)(struct visit *visit);
};

static const struct route routes[] = {
    {"POST", "/v1/pings", VISIT_AFFILIATE, false, affiliate_ping},
    {"POST", "/v1/posts", VISIT_AFFILIATE, false, affiliate_post},
    {"POST", "/v1/leads", VISIT_AFFILIATE, false, affiliate_lead},
    {"GET", "/v1/leads/{id}", VISIT_AFFILIATE, false, affiliate_get_lead},
    {"GET", "/v1/pings/{id}", VISIT_AFFILIATE, false, affiliate_get_ping},
    {"GET", "/v1/spec/{id}", VISIT_AFFILIATE, false, spec_answer},
    {"POST", "/v1/revocations", VISIT_AFFILIATE, false, affiliate_revoke},
    {"GET", "/v1/affiliate/statement", VISIT_AFFILIATE, false, affiliate_statement},
    {"GET", "/v1/affiliate/events", VISIT_AFFILIATE, false, affiliate_events},
    {"GET", "/v1/buyer/events", VISIT_BUYER, false, buyer_events},
    {"GET", "/v1/buyer/leads", VISIT_BUYER, false, buyer_leads},
    {"PUT", "/v1/buyer/availability", VISIT_BUYER, false, buyer_put_availability},
    {"PUT", "/v1/buyer/lists/{id}", VISIT_BUYER, false, buyer_put_list},
    {"GET", "/v1/buyer/availability", VISIT_BUYER, false, buyer_get_availability},
    {"GET", "/v1/buyer/contracts", VISIT_BUYER, false, buyer_contracts},
    {"POST", "/v1/buyer/dispositions", VISIT_BUYER, false, disposition_tell},
    {"GET", "/v1/buyer/statement", VISIT_BUYER, false, buyer_statement},
    {"POST", "/v1/buyer/returns", VISIT_BUYER, false, giving_back_ask},
    {"GET", "/v1/buyer/returns", VISIT_BUYER, false, giving_back_own},
    {"POST", "/v1/buyer/verdicts", VISIT_BUYER, false, verdicts_say},
    {"GET", "/healthz", VISIT_OPEN, true, stats_health},
    {"GET", "/readyz", VISIT_OPEN, true, stats_ready},
    {"GET", "/metrics", VISIT_OPEN, true, stats_metrics},
    {"GET", "/v1/admin/stats", VISIT_OPERATOR, true, stats_stats},
    {"GET", "/v1/admin/explain/{id}", VISIT_OPERATOR, true, operator_explain},
    {"GET", "/v1/admin/contracts", VISIT_OPERATOR, true, operator_contracts},
    {"GET", "/v1/admin/contracts/{id}", VISIT_OPERATOR, true, operator_contract},
    {"POST", "/v1/admin/contracts/{id}/pause", VISIT_OPERATOR, true, operator_pause},
    {"POST", "/v1/admin/contracts/{id}/resume", VISIT_OPERATOR, true, operator_resume},
    {"GET", "/v1/admin/posts", VISIT_OPERATOR, true, operator_posts},
    {"POST", "/v1/admin/posts/{id}/resolve", VISIT_OPERATOR, true, operator_resolve},
    {"GET", "/v1/admin/accounts", VISIT_OPERATOR, true, operator_accounts},
    {"POST", "/v1/admin/accounts/{id}/entries", VISIT_OPERATOR, true, operator_book},
    {"GET", "/v1/admin/accounts/{id}/statement", VISIT_OPERATOR, true, operator_statement},
    {"POST", "/v1/admin/periods/{id}/close", VISIT_OPERATOR, true, operator_close},
    {"GET", "/v1/admin/returns", VISIT_OPERATOR, true, giving_back_all},
    {"POST", "/v1/admin/returns/{id}", VISIT_OPERATOR, true, giving_back_judge},
    {"POST", "/v1/admin/reload", VISIT_OPERATOR, true, operator_reload},
    {"GET", "/v1/admin/keys", VISIT_OPERATOR, true, operator_keys},
    {"POST", "/v1/admin/keys/{id}/revoke", VISIT_OPERATOR, true, operator_revoke_key},
    {"POST", "/v1/admin/erase", VISIT_OPERATOR, true, operator_erase},
    {"POST", "/v1/admin/rotate-key", VISIT_OPERATOR, true, operator_rotate_key},
    {"GET", "/v1/admin/rotation", VISIT_OPERATOR, true, operator_rotation},
    {"GET", "/v1/admin/audit/{id}", VISIT_OPERATOR, true, operator_audit},
};
#define ROUTES (sizeof routes / sizeof *routes)

static bool path_fits(const char *pattern, struct bytes path, struct bytes *id)
{
    struct bytes left = bytes_of(pattern);
    size_t hole = bytes_find(left, '{');
    if (hole == left.len) return bytes_same(left, path);
    struct bytes before = bytes_first(left, hole), after = bytes_from(left, hole + 4); /* "{id}" */
    if (!bytes_starts(path, before)) return false;
    struct bytes rest = bytes_from(path, before.len), tail;
    size_t slash = bytes_find(rest, '/');
    *id = bytes_first(rest, slash);
    tail = bytes_from(rest, slash);
    return id->len > 0 && bytes_same(tail, after);
}

static void learn_manners(struct visit *visit)
{
    struct bytes id = http_field_find(visit->view->head, "x-request-id");
    struct bytes accept = http_field_find(visit->view->head, "accept");
    struct bytes type = http_field_find(visit->view->head, "content-type");
    bool asks = bytes_starts(accept, BYTES("application/msgpack")), any = accept.len == 0 || bytes_is(accept, "*/*");
    visit->manners.pack = asks || (any && bytes_starts(type, BYTES("application/msgpack")));
    for (size_t i = 0; i < id.len && i < VISIT_REQUEST_ID_MAX; i++)
        if (id.at[i] > ' ' && id.at[i] <= '~') visit->manners.request_id[visit->manners.request_id_len++] = id.at[i];
}

/* A browser has no bearer token: on the one page there is it asks for a password, and that is the key. Nowhere else: it
 * would send the key along with whatever another page makes it post. */
static bool read_password(const struct visit *visit, struct bytes value, char *room, size_t cap, struct bytes *key)
{
    struct bytes user;
    size_t len;
    if (!bytes_starts(visit->view->head->path, BYTES("/v1/spec/")) || !visit_wants_page(visit)) return false;
    if (value.len < 7 || !bytes_same_folded(bytes_first(value, 6), BYTES("basic "))) return false;
    if (!crypto_unbase64(bytes_from(value, 6), (uint8_t *)room, cap, &len)) return false;
    *key = bytes_split((struct bytes){room, len}, ':', &user);
    return true;
}

/* The key's whole text is hashed; form and checksum are looked at first, so that a mistyped key costs little. */
static bool read_key(const struct visit *visit, enum apikey_kind *kind, struct digest *digest)
{
    struct bytes value = http_field_find(visit->view->head, "authorization");
    char room[PASSWORD_MAX];
    struct bytes key = BYTES_NONE;
    if (value.len >= 8 && bytes_same_folded(bytes_first(value, 7), BYTES("bearer ")))
        key = bytes_from(value, 7);
    else if (!read_password(visit, value, room, sizeof room, &key))
        return false;
    bool is_key = apikey_read(key, kind);
    if (is_key) apikey_digest(key, digest);
    crypto_wipe(room, sizeof room);
    return is_key;
}

static bool is_operator(const struct hall *hall, const struct digest *digest)
{
    bool found = false;
    for (unsigned i = 0; i < hall->admin_keys_count; i++)
        found |= crypto_same(hall->admin_keys[i].at, digest->at, DIGEST_LEN);
    return found;
}

/* 0, or the status to refuse with: 401 without a known key, 403 when the key is someone else's kind. */
static int authorize(struct visit *visit, enum visit_audience audience)
{
    const struct hall *hall = worker_hall(visit->worker);
    enum apikey_kind kind;
    struct digest digest;
    if (audience == VISIT_OPEN || (audience == VISIT_OPERATOR && hall->admin_is_open)) return 0;
    if (!read_key(visit, &kind, &digest)) return 401;
    if (standing_is_key_revoked(hall->standing, &digest)) return 401;
    const struct catalogue *catalogue = worker_catalogue(visit->worker);
    const struct principal *principal = catalogue_principal(catalogue, &digest);
    bool operates = is_operator(hall, &digest);
    if (!operates && !principal) return 401;
    if (audience == VISIT_OPERATOR) return operates ? 0 : 403;
    if (!principal) return 403;
    visit->test_key = kind == APIKEY_AFFILIATE_TEST;
    if (principal->kind == PRINCIPAL_AFFILIATE && audience == VISIT_AFFILIATE)
        visit->affiliate = &catalogue->affiliates[principal->index];
    if (principal->kind == PRINCIPAL_BUYER && audience == VISIT_BUYER)
        visit->buyer = &catalogue->buyers[principal->index];
    return visit->affiliate || visit->buyer ? 0 : 403;
}

static void refuse_method(struct visit *visit, bool is_admin)
{
    char fields[128];
    struct sink sink = sink_over(fields, sizeof fields - 1);
    const char *before = "Allow: ";
    struct bytes id;
    for (size_t i = 0; i < ROUTES; i++) {
        if (routes[i].is_admin != is_admin || !path_fits(routes[i].path, visit->view->head->path, &id)) continue;
        sink_text(&sink, before);
        sink_text(&sink, routes[i].method);
        before = ", ";
    }
    sink_text(&sink, "\r\n");
    fields[sink.len] = '\0';
    char body[256];
    struct sink out = sink_over(body, sizeof body);
    sink_text(
        &out,
        "{\"type\":\"about:blank\",\"title\":\"Method Not Allowed\",\"status\":405,\"code\":\"method_not_allowed\","
        "\"detail\":\"method not allowed\"}");
    tally_reason(worker_own_tally(visit->worker), REASON_METHOD_NOT_ALLOWED);
    tally_add(worker_own_tally(visit->worker), TALLY_REFUSED, 1);
    visit_send(visit->worker, visit->request, &visit->manners, 405, "application/problem+json", fields,
               sink_written(&out));
}

static void on_request(struct worker *worker, struct server_request *request, bool is_admin)
{
    struct visit visit = {.worker = worker, .request = request, .view = server_view(request)};
    const struct http_head *head = visit.view->head;
    bool path_known = false;
    learn_manners(&visit);
    for (size_t i = 0; i < ROUTES; i++) {
        const struct route *route = &routes[i];
        if (route->is_admin != is_admin || !path_fits(route->path, head->path, &visit.path_id)) continue;
        path_known = true;
        if (!bytes_is(head->method, route->method) &&
            !(bytes_is(head->method, "HEAD") && bytes_is(bytes_of(route->method), "GET")))
            continue;
        int status = authorize(&visit, route->audience);
        visit.manners.asks_password = bytes_starts(head->path, BYTES("/v1/spec/")) && visit_wants_page(&visit);
        if (status == 0)
            route->handle(&visit);
        else
            visit_problem(worker, request, &visit.manners, status, REASON_UNAUTHORIZED,
                          status == 401 ? "no valid key: send Authorization: Bearer <key>" : "this key may not do this",
                          NULL, 0);
        return;
    }
    if (path_known)
        refuse_method(&visit, is_admin);
    else
        visit_problem(worker, request, &visit.manners, 404, REASON_NOT_FOUND, "no such path", NULL, 0);
}

/* The one whose body comes in pieces is handled now. Few have its method, so that the others lose no time here. */
static void on_head(struct worker *worker, struct server_request *request)
{
    const struct http_head *head = server_view(request)->head;
    struct bytes id;
    for (size_t i = 0; i < ROUTES && bytes_is(head->method, "PUT"); i++) {
        if (routes[i].handle != buyer_put_list || !path_fits(routes[i].path, head->path, &id)) continue;
        on_request(worker, request, false);
        return;
    }
}

static void on_piece(struct worker *worker, struct server_request *request, struct bytes piece, bool is_last)
{
    (void)worker;
    list_on_piece(server_owner(request), piece, is_last); /* nothing else comes in pieces */
}

static void on_gone(struct worker *worker, void *waiter)
{
    (void)worker;
    operator_on_gone(waiter);
}

static void on_reloaded(struct worker *worker, void *waiter, bool good, const char *text)
{
    (void)worker;
    operator_on_reloaded(waiter, good, text);
}

/* A message that is not HTTP: the server closes the connection after this. */
static void on_refused(struct worker *worker, enum http_error error, struct server_answer *answer)
{
    static _Thread_local char body[256], fields[128]; /* copied by the server as soon as the call returns to it */
    struct sink head = sink_over(fields, sizeof fields);
    struct ident id = worker_make_id(worker);
    sink_text(&head, "Cache-Control: no-store\r\nX-Request-Id: ");
    ident_write(&head, &id);
    sink_text(&head, "\r\n");
    struct sink sink = sink_over(body, sizeof body);
    struct json json = json_into(&sink);
    int status = http_error_status(error);
    enum reason reason = status == 413 || status == 414 || status == 431 ? REASON_TOO_LARGE : REASON_MALFORMED;
    if (status == 408) reason = REASON_TIMEOUT;
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
    json_text(&json, bytes_of(http_error_text(error)));
    json_close_map(&json);
    *answer = (struct server_answer){.status = status,
                                     .content_type = "application/problem+json",
                                     .fields = sink_written(&head),
                                     .body = sink_written(&sink),
                                     .close = true};
}

const struct worker_front api_front = {
    .on_head = on_head,
    .on_piece = on_piece,
    .on_request = on_request,
    .on_answer = answer_on_auction,
    .on_gone = on_gone,
    .on_refused = on_refused,
    .on_reloaded = on_reloaded,
};
