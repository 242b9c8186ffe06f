/* stage: a server on a loop in a thread of its own, so that a test can be the blocking client. The handler answers by
 * path. */
#pragma once

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "protocol/wire/server.h"
#include "raw.h"

#define STAGE_HELD_MAX 8
#define STAGE_BIG (8u << 20)

struct stage {
    struct loop *loop;
    struct server *server;
    struct server_options options;
    struct tls_note note;
    pthread_t thread;
    unsigned port;
    sem_t done;
    void (*act)(struct stage *stage);
    struct server_request *held[STAGE_HELD_MAX];
    _Atomic unsigned held_count;
    _Atomic unsigned requests, gone, refused;
    _Atomic int error; /* of the last refused message */
    struct server_counts counts;
    unsigned connections, lent;
    char *big;
    char peer[48];
    int64_t first_byte_us;
    bool over_tls;
    struct server_request *piecewise; /* a request whose next piece is not asked for by itself */
    char *taken;                      /* all pieces of the last request in a row */
    size_t taken_len, piece_max;
    _Atomic unsigned pieces;
};

#define STAGE_PIECES_MAX (2u << 20) /* bytes of a body that comes in pieces */

/* By path: /pieces is asked for in pieces as they are taken, /step each time the test says so, /early is answered after
 * its first piece, /refused at its head. */
RAW_UNUSED static void stage_on_head(void *arg, struct server_request *request)
{
    struct stage *stage = arg;
    struct bytes path = server_view(request)->head->path;
    check(server_view(request)->body.len == 0);
    if (bytes_is(path, "/refused")) {
        server_answer(request, &(struct server_answer){.status = 404});
        return;
    }
    if (!bytes_is(path, "/pieces") && !bytes_is(path, "/step") && !bytes_is(path, "/early")) return;
    stage->taken_len = stage->piece_max = 0;
    stage->pieces = 0;
    server_set_owner(request, stage);
    server_in_pieces(request, STAGE_PIECES_MAX);
    stage->piecewise = request;
    if (!bytes_is(path, "/step")) server_more(request);
    atomic_fetch_add(&stage->held_count, 1);
}

RAW_UNUSED static void stage_more(struct stage *stage)
{
    server_more(stage->piecewise);
}

RAW_UNUSED static void stage_on_piece(void *arg, struct server_request *request, struct bytes piece, bool is_last)
{
    struct stage *stage = arg;
    char text[32];
    struct sink sink = sink_over(text, sizeof text);
    struct bytes path = server_view(request)->head->path;
    check(piece.len <= SERVER_PIECE_MAX && stage->taken_len + piece.len <= STAGE_PIECES_MAX);
    if (piece.len) memcpy(stage->taken + stage->taken_len, piece.at, piece.len);
    stage->taken_len += piece.len;
    atomic_fetch_add(&stage->pieces, 1);
    if (piece.len > stage->piece_max) stage->piece_max = piece.len;
    sink_u64(&sink, stage->taken_len);
    struct server_answer answer = {.status = 200, .content_type = "text/plain", .body = sink_written(&sink)};
    if (bytes_is(path, "/early")) answer.status = 422;
    if (is_last || answer.status == 422)
        server_answer(request, &answer);
    else if (bytes_is(path, "/pieces"))
        server_more(request);
}

RAW_UNUSED static void stage_on_request(void *arg, struct server_request *request)
{
    struct stage *stage = arg;
    const struct server_view *view = server_view(request);
    const struct http_head *head = view->head;
    char text[4096];
    struct sink sink = sink_over(text, sizeof text);
    struct server_answer answer = {.status = 200, .content_type = "text/plain"};
    memcpy(stage->peer, view->peer, sizeof stage->peer);
    stage->first_byte_us = view->first_byte_us;
    stage->over_tls = view->over_tls;
    atomic_fetch_add(&stage->requests, 1);
    if (bytes_is(head->path, "/hold")) {
        check(stage->held_count < STAGE_HELD_MAX);
        server_set_owner(request, stage);
        stage->held[stage->held_count] = request;
        atomic_fetch_add(&stage->held_count, 1);
        return;
    }
    if (bytes_is(head->path, "/half") || bytes_is(head->path, "/reset")) {
        server_raw(request, BYTES("HTTP/1.1 200 OK\r\nContent-Le"), true, bytes_is(head->path, "/reset"));
        return;
    }
    sink_bytes(&sink, head->method);
    sink_char(&sink, ' ');
    sink_bytes(&sink, head->target);
    sink_char(&sink, ' ');
    sink_bytes(&sink, bytes_first(view->body, 2048));
    answer.body = sink_written(&sink);
    answer.close = bytes_is(head->path, "/close");
    answer.fields = bytes_is(head->path, "/fields") ? BYTES("X-One: 1\r\nX-Two: 2\r\n") : BYTES_NONE;
    if (bytes_is(head->path, "/empty")) answer = (struct server_answer){.status = 204};
    if (bytes_is(head->path, "/big")) answer.body = (struct bytes){stage->big, STAGE_BIG};
    if (bytes_is(head->path, "/length")) {
        sink.len = 0;
        sink_u64(&sink, view->body.len);
        answer.body = sink_written(&sink);
    }
    server_answer(request, &answer);
}

RAW_UNUSED static void stage_on_gone(void *arg, struct server_request *request)
{
    struct stage *stage = arg;
    check(server_owner(request) == stage);
    atomic_fetch_add(&stage->gone, 1);
}

RAW_UNUSED static void stage_on_refused(void *arg, enum http_error error, struct server_answer *answer)
{
    struct stage *stage = arg;
    stage->error = (int)error;
    answer->content_type = "text/plain";
    answer->body = bytes_of(http_error_text(error));
    atomic_fetch_add(&stage->refused, 1);
}

RAW_UNUSED static void stage_on_wake(void *arg)
{
    struct stage *stage = arg;
    if (!stage->act) return; /* the wake of a stop */
    void (*act)(struct stage *) = stage->act;
    stage->act = NULL;
    act(stage);
    sem_post(&stage->done);
}

/* Runs `act` on the loop's thread and waits for it. */
RAW_UNUSED static void stage_do(struct stage *stage, void (*act)(struct stage *stage))
{
    stage->act = act;
    loop_wake(stage->loop);
    sem_wait(&stage->done);
}

RAW_UNUSED static void *stage_run(void *arg)
{
    struct stage *stage = arg;
    loop_run(stage->loop);
    return NULL;
}

/* Set stage->options before; address and handler are filled in where they are missing. */
RAW_UNUSED static enum fault stage_open(struct stage *stage)
{
    stage->big = malloc(STAGE_BIG);
    stage->taken = malloc(STAGE_PIECES_MAX);
    check(stage->big != NULL && stage->taken != NULL);
    for (size_t i = 0; i < STAGE_BIG; i++) stage->big[i] = (char)('a' + i % 26);
    sem_init(&stage->done, 0, 0);
    if (!stage->options.address) stage->options.address = "127.0.0.1:0";
    stage->options.handler = (struct server_handler){.on_head = stage_on_head,
                                                     .on_piece = stage_on_piece,
                                                     .on_request = stage_on_request,
                                                     .on_gone = stage_on_gone,
                                                     .on_refused = stage_on_refused,
                                                     .arg = stage};
    check(loop_open(&stage->loop) == FAULT_NONE);
    loop_set_wake(stage->loop, stage_on_wake, stage);
    enum fault fault = server_open(stage->loop, &stage->options, &stage->server, &stage->note);
    if (fault != FAULT_NONE) return fault;
    stage->port = raw_port_of(server_address(stage->server));
    check(pthread_create(&stage->thread, NULL, stage_run, stage) == 0);
    return FAULT_NONE;
}

RAW_UNUSED static void stage_close(struct stage *stage)
{
    if (stage->server) {
        loop_stop(stage->loop);
        pthread_join(stage->thread, NULL);
        server_close(&stage->server);
    }
    loop_close(&stage->loop);
    sem_destroy(&stage->done);
    free(stage->big);
    free(stage->taken);
    stage->big = stage->taken = NULL;
}

RAW_UNUSED static void stage_look(struct stage *stage)
{
    server_counts(stage->server, &stage->counts);
    stage->connections = server_connections(stage->server);
    stage->lent = server_requests(stage->server);
}

/* Waits until `count` has come to `wanted`. */
RAW_UNUSED static void stage_await(_Atomic unsigned *count, unsigned wanted)
{
    for (unsigned i = 0; atomic_load(count) < wanted; i++) {
        check(i < 30000, "waited 30 s for %u, have %u", wanted, atomic_load(count));
        usleep(1000);
    }
}

RAW_UNUSED static void stage_answer_held(struct stage *stage)
{
    struct server_answer answer = {.status = 200, .content_type = "text/plain", .body = BYTES("held")};
    struct server_request *request = stage->held[0];
    unsigned left = --stage->held_count;
    memmove(stage->held, stage->held + 1, left * sizeof stage->held[0]);
    server_answer(request, &answer);
}
