/* A buyer replaces its own list of people. Its text goes to the main thread, which may read it at leisure; the answer
 * comes back as a reload's does. */
#include <stdlib.h>

#include "exchange/api/visit.h"

struct replacing {
    enum waiter_kind kind; /* first: see visit.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the buyer has gone */
    struct visit_manners manners;
};

void list_on_gone(void *waiter)
{
    ((struct replacing *)waiter)->request = NULL;
}

void list_on_replaced(void *waiter, bool good, const char *text)
{
    struct replacing *replacing = waiter;
    struct server_request *request = replacing->request;
    bool is_text_wrong = text && bytes_starts(bytes_of(text), BYTES("line "));
    if (request) worker_wait(request, NULL);
    if (request && good)
        visit_send(replacing->worker, request, &replacing->manners, 200, "application/json", NULL, bytes_of(text));
    else if (request && is_text_wrong)
        visit_problem(replacing->worker, request, &replacing->manners, 422, REASON_INVALID_FIELD, text, NULL, 0);
    else if (request)
        visit_problem(replacing->worker, request, &replacing->manners, 503, REASON_BUSY, text, NULL, 1);
    free(replacing);
}

static const struct people_list *own_list(const struct visit *visit)
{
    const struct catalogue *catalogue = worker_catalogue(visit->worker);
    uint32_t at = table_find(&catalogue->list_names, visit->path_id);
    if (at == TABLE_NONE || !catalogue->lists[at].is_named || catalogue->lists[at].owner != visit->buyer->index)
        return NULL;
    return &catalogue->lists[at];
}

static bool ask(struct visit *visit, struct replacing *replacing, struct bytes name)
{
    struct hall *hall = worker_hall(visit->worker);
    struct bytes body = visit->view->body;
    char *text = malloc(name.len + body.len + 1);
    if (!text || !hall->ask_list) {
        free(text);
        return false;
    }
    memcpy(text, name.at, name.len);
    if (body.len) memcpy(text + name.len, body.at, body.len);
    struct hall_list list = {.text = text, .name_len = name.len, .body_len = body.len};
    if (hall->ask_list(hall->ask_reload_arg, worker_number(visit->worker), replacing, &list)) return true;
    crypto_wipe(text, name.len + body.len);
    free(text);
    return false;
}

void buyer_put_list(struct visit *visit)
{
    const struct people_list *list = own_list(visit);
    if (!list) {
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND, "not one of your lists",
                      NULL, 0);
        return;
    }
    struct replacing *replacing = calloc(1, sizeof *replacing);
    if (replacing) {
        *replacing = (struct replacing){WAITER_LIST, visit->worker, visit->request, visit->manners};
        worker_wait(visit->request, replacing);
        if (ask(visit, replacing, list->name)) return;
        worker_wait(visit->request, NULL);
        free(replacing);
    }
    visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY, NULL, NULL, 1);
}
