/* A buyer replaces its own list of people. It may be hundreds of megabytes, so it is taken in pieces: each goes to the
 * main thread, which may read it at leisure, and the next is asked for when that one is read; so that the sender is as
 * fast as the reader, and a worker holds one piece of it. Who may not put it hears so at the head.
 *
 * Once the list is refused the rest of its text is heard out before the answer: senders that do not listen until they
 * are done would never learn why. */
#include <stdio.h>
#include <stdlib.h>

#include "exchange/api/visit.h"

#define DETAIL_MAX 128u

struct replacing {
    enum waiter_kind kind; /* first: see waiter.h */
    struct worker *worker;
    struct server_request *request; /* NULL once the buyer has gone */
    struct visit_manners manners;
    struct upload *upload; /* NULL once it is over */
    bool is_with_main;
    bool was_last;            /* all of the text has come */
    char refused[DETAIL_MAX]; /* why, once it is; else empty */
};

static void send_to_main(struct replacing *replacing)
{
    struct hall *hall = worker_hall(replacing->worker);
    replacing->is_with_main = true;
    hall->send_upload(hall->ask_reload_arg, replacing->upload);
}

/* Nobody waits any more. An upload that is not over is main's to give back. */
static void forget(struct replacing *replacing)
{
    if (replacing->upload) {
        replacing->upload->is_gone = true;
        replacing->upload->waiter = NULL;
        send_to_main(replacing);
    }
    free(replacing);
}

static void refuse(struct replacing *replacing)
{
    static const struct {
        const char *begins;
        int status;
        enum reason reason;
    } kinds[] = {
        {"line ", 422, REASON_INVALID_FIELD},
        {"not one", 404, REASON_NOT_FOUND},
        {"has too many", 413, REASON_TOO_LARGE},
        {"", 503, REASON_BUSY},
    };
    struct server_request *request = replacing->request;
    unsigned at = 0;
    while (!bytes_starts(bytes_of(replacing->refused), bytes_of(kinds[at].begins))) at++;
    worker_wait(request, NULL);
    visit_problem(replacing->worker, request, &replacing->manners, kinds[at].status, kinds[at].reason,
                  replacing->refused, NULL, kinds[at].status == 503 ? 1 : 0);
    forget(replacing);
}

void list_on_gone(void *waiter)
{
    struct replacing *replacing = waiter;
    replacing->request = NULL;
    if (!replacing->is_with_main) forget(replacing); /* else main's answer is waited for */
}

void list_on_piece(void *waiter, struct bytes piece, bool is_last)
{
    struct replacing *replacing = waiter;
    struct upload *upload = replacing->upload;
    replacing->was_last = is_last;
    if (upload) {
        if (piece.len) memcpy(upload->piece, piece.at, piece.len);
        upload->piece_len = piece.len;
        upload->is_last = is_last;
        send_to_main(replacing);
    } else if (is_last) {
        refuse(replacing);
    } else {
        server_more(replacing->request);
    }
}

void list_on_answered(void *waiter, bool good, const char *text)
{
    struct replacing *replacing = waiter;
    struct server_request *request = replacing->request;
    bool wants_more = good && !text;
    replacing->is_with_main = false;
    if (!wants_more) uploads_give(&worker_hall(replacing->worker)->uploads, &replacing->upload);
    if (!request) {
        forget(replacing);
    } else if (wants_more) {
        server_more(request);
    } else if (good) {
        worker_wait(request, NULL);
        visit_send(replacing->worker, request, &replacing->manners, 200, "application/json", NULL, bytes_of(text));
        forget(replacing);
    } else {
        snprintf(replacing->refused, sizeof replacing->refused, "%s", text ? text : "out of memory");
        if (replacing->was_last)
            refuse(replacing);
        else
            server_more(request);
    }
}

static const struct people_list *own_list(const struct visit *visit)
{
    const struct catalogue *catalogue = worker_catalogue(visit->worker);
    uint32_t at = table_find(&catalogue->list_names, visit->path_id);
    if (at == TABLE_NONE || !catalogue->lists[at].is_named || catalogue->lists[at].owner != visit->buyer->index)
        return NULL;
    return &catalogue->lists[at];
}

void buyer_put_list(struct visit *visit)
{
    struct hall *hall = worker_hall(visit->worker);
    const struct people_list *list = own_list(visit);
    if (!list) {
        visit_problem(visit->worker, visit->request, &visit->manners, 404, REASON_NOT_FOUND, "not one of your lists",
                      NULL, 0);
        return;
    }
    if (http_field_find(visit->view->head, "content-encoding").at) {
        visit_problem(visit->worker, visit->request, &visit->manners, 415, REASON_UNSUPPORTED_TYPE,
                      "no content encoding is taken", NULL, 0);
        return;
    }
    struct replacing *replacing = calloc(1, sizeof *replacing);
    struct upload *upload = replacing ? uploads_take(&hall->uploads, list->name, visit->buyer->id) : NULL;
    if (!upload) {
        free(replacing);
        visit_problem(visit->worker, visit->request, &visit->manners, 503, REASON_BUSY,
                      "too many lists are being put now", NULL, 1);
        return;
    }
    upload->worker = worker_number(visit->worker);
    upload->waiter = replacing;
    *replacing = (struct replacing){.kind = WAITER_LIST,
                                    .worker = visit->worker,
                                    .request = visit->request,
                                    .manners = visit->manners,
                                    .upload = upload};
    worker_wait(visit->request, replacing);
    server_in_pieces(visit->request, hall->list_max);
    server_more(visit->request);
}
