/* The four clocks are one timer: at any moment only one of them runs, each set once when its phase starts and never
 * moved by bytes that trickle in. Setting a timer later costs nothing, so a busy connection pays for none of it.
 *
 * While a request is lent the connection goes on being read, into what is free in the buffer and never moving it: that
 * is how the peer's leaving is noticed, and pipelined bytes wait there. The next pipelined request is looked at from
 * the loop's later list, so that callbacks do not nest and one connection does not keep the others waiting. */
#include "protocol/wire/server_link.h"

#include <stdlib.h>
#include <unistd.h>

#include "protocol/base/check.h"
#include "protocol/wire/server_head.h"

#define PIECE_SLACK 4096u        /* a piece that has no more room than this is full */
#define LINGER_BYTES_MAX 262144u /* how much a refused peer may still send */
#define HEAD_MAX 512u            /* of what we write: status line, date, type, length, connection */

static void on_conn(void *arg, enum conn_event event);
static void on_clock(void *arg);
static void on_later(struct loop_later *later);
static void read_more(struct server_link *link);
static void read_ahead(struct server_link *link);
static void discard(struct server_link *link);
static void advance(struct server_link *link);
static bool show_head(struct server_link *link);
static void read_piece(struct server_link *link);
static void take_piece(struct server_link *link);
static void give_up(struct server_link *link, enum http_error error);
static void lend(struct server_link *link);
static void refuse(struct server_link *link, enum http_error error);
static void respond(struct server_link *link, const struct server_answer *answer);
static void flush(struct server_link *link);
static void finish_answer(struct server_link *link);
static void give_request(struct server_link *link);
static void let_go(struct server_link *link, bool reset);

/* --- life --- */

bool server_link_open(struct server *server, int fd, const char *peer, uint32_t peer_index)
{
    uint64_t slot;
    struct server_link *link = slots_take(&server->links, &slot);
    if (!link) {
        close(fd);
        return false;
    }
    struct loop_timer *timer = link->timer; /* of the slot's life before */
    *link = (struct server_link){
        .server = server, .timer = timer, .slot = slot, .peer_index = peer_index, .first = true};
    link->state = LINK_HANDSHAKE;
    link->over_tls = server->tls != NULL;
    memcpy(link->peer, peer, strnlen(peer, sizeof link->peer - 1));
    struct conn_options options = {.tls = server->tls, .on_event = on_conn, .arg = link};
    enum fault fault = FAULT_NONE;
    if (!link->timer) fault = loop_timer_open(server->loop, on_clock, link, &link->timer);
    if (fault != FAULT_NONE)
        close(fd);
    else
        fault = conn_accept(server->loop, fd, &options, &link->conn);
    if (fault != FAULT_NONE) {
        slots_give(&server->links, slot);
        return false;
    }
    loop_timer_at(link->timer, loop_now_us(server->loop) + server->limits.handshake_us);
    server->open++;
    return true;
}

void server_link_cut(struct server_link *link)
{
    if (link->state == LINK_GONE) return;
    struct server *server = link->server;
    if (link->state == LINK_LENT && server->handler.on_gone)
        server->handler.on_gone(server->handler.arg, link->request);
    if (link->state != LINK_GONE) let_go(link, false);
}

void server_link_drain(struct server_link *link)
{
    if (link->state == LINK_IDLE || link->state == LINK_HANDSHAKE)
        let_go(link, false);
    else if (link->state == LINK_LENT && link->request->in_pieces)
        server_link_cut(link); /* it may take hours, and is all or nothing */
}

static void let_go(struct server_link *link, bool reset)
{
    struct server *server = link->server;
    if (link->state == LINK_LENT) server->lent--;
    link->state = LINK_GONE;
    server->open--;
    give_request(link);
    if (reset)
        conn_reset(&link->conn);
    else
        conn_close(&link->conn);
    loop_timer_off(link->timer);
    server_peers_leave(&server->peers, link->peer_index);
    loop_later(server->loop, &link->later, on_later);
}

static void on_later(struct loop_later *later)
{
    struct server_link *link = (struct server_link *)((char *)later - offsetof(struct server_link, later));
    if (link->state == LINK_GONE)
        slots_give(&link->server->links, link->slot);
    else if (link->state == LINK_READING)
        advance(link);
    else if (link->state == LINK_LENT && link->request->wants)
        take_piece(link);
}

static void clock_at(struct server_link *link, int64_t from_us, int64_t span_us)
{
    loop_timer_at(link->timer, from_us + span_us);
}

static void on_clock(void *arg)
{
    struct server_link *link = arg;
    if (link->state != LINK_IDLE && link->state != LINK_LINGER) link->server->counts.cut++;
    if (link->state == LINK_READING || link->state == LINK_LENT)
        give_up(link, HTTP_ERROR_LATE); /* lent: a piece is late; else no clock runs */
    else
        let_go(link, false);
}

static void on_conn(void *arg, enum conn_event event)
{
    struct server_link *link = arg;
    struct server *server = link->server;
    switch (event) {
    case CONN_OPEN:
        link->state = LINK_IDLE;
        clock_at(link, loop_now_us(server->loop), server->limits.head_us);
        if (server->draining) let_go(link, false);
        return;
    case CONN_READABLE:
        if (link->state == LINK_IDLE || link->state == LINK_READING)
            read_more(link);
        else if (link->state == LINK_LENT && link->request->wants)
            read_piece(link);
        else if (link->state == LINK_LENT)
            read_ahead(link);
        else if (link->state == LINK_LINGER)
            discard(link);
        return;
    case CONN_WRITABLE:
        flush(link);
        return;
    case CONN_FAILED:
        server->counts.handshakes_failed++;
        let_go(link, false);
    }
}

/* --- a request arrives --- */

static bool take_request(struct server_link *link)
{
    if (link->request) return true;
    uint64_t slot;
    struct server_request *request = slots_take(&link->server->requests, &slot);
    if (!request) return false;
    request->link = link;
    request->slot = slot;
    request->owner = NULL;
    request->close_after = request->is_whole = request->in_pieces = request->wants = request->continued = false;
    link->request = request;
    return true;
}

static void give_request(struct server_link *link)
{
    struct server_request *request = link->request;
    if (!request) return;
    link->request = NULL;
    free(request->out);
    request->out = NULL;
    request->out_at = request->out_len = 0;
    incoming_clear(&request->incoming);
    slots_give(&link->server->requests, request->slot);
}

static void read_more(struct server_link *link)
{
    struct server *server = link->server;
    size_t room;
    char *at = NULL;
    if (take_request(link))
        at = incoming_room(&link->request->incoming, incoming_max(&server->limits.http, server->limits.body_max),
                           &room);
    if (!at) {
        let_go(link, false); /* out of memory */
        return;
    }
    long got = conn_read(link->conn, at, room);
    if (got < 0) {
        let_go(link, false);
        return;
    }
    struct server_request *request = link->request;
    if (link->state == LINK_IDLE) {
        if (got == 0) {
            give_request(link);
            return;
        }
        link->state = LINK_READING;
        request->view.first_byte_us = loop_now_us(server->loop);
    }
    incoming_got(&request->incoming, (size_t)got);
    if (got > 0) advance(link);
}

/* The first request's head clock has run since the connection opened. */
static void await_head(struct server_link *link)
{
    if (!link->first) clock_at(link, link->request->view.first_byte_us, link->server->limits.head_us);
}

/* To a peer that waits for it. False: it could not be told. */
static bool say_continue(struct server_link *link)
{
    struct server_request *request = link->request;
    struct bytes line = BYTES("HTTP/1.1 100 Continue\r\n\r\n");
    struct iovec part = {(char *)(uintptr_t)line.at, line.len};
    if (request->continued) return true;
    request->continued = true;
    if (!request->incoming.head.expects_continue || incoming_content(&request->incoming).len) return true;
    return conn_write(link->conn, &part, 1) == (long)line.len;
}

static void await_body(struct server_link *link)
{
    if (link->in_body) return;
    link->in_body = true;
    clock_at(link, loop_now_us(link->server->loop), link->server->limits.body_us);
    if (!say_continue(link)) let_go(link, false);
}

static void advance(struct server_link *link)
{
    const struct server_limits *limits = &link->server->limits;
    struct incoming *incoming = &link->request->incoming;
    enum http_error error = HTTP_FINE;
    bool had_head = incoming->has_head;
    enum http_progress progress = incoming_head(incoming, &limits->http, limits->body_max, &error);
    if (progress == HTTP_DONE && !had_head && !show_head(link)) return;
    if (progress == HTTP_DONE) progress = incoming_request(incoming, &limits->http, limits->body_max, &error);
    switch (progress) {
    case HTTP_MORE:
        if (incoming->has_head)
            await_body(link);
        else
            await_head(link);
        return;
    case HTTP_DONE:
        lend(link);
        return;
    case HTTP_BAD:
        refuse(link, error);
    }
}

static void fill_view(struct server_link *link)
{
    struct server_request *request = link->request;
    request->view.head = &request->incoming.head;
    request->view.body = BYTES_NONE;
    request->view.over_tls = link->over_tls;
    memcpy(request->view.peer, link->peer, sizeof link->peer);
}

/* True: the body is to be read whole. Else the handler has answered, or takes it in pieces. */
static bool show_head(struct server_link *link)
{
    struct server *server = link->server;
    struct server_request *request = link->request;
    if (!server->handler.on_head) return true;
    fill_view(link);
    link->state = LINK_LENT;
    server->lent++;
    server->handler.on_head(server->handler.arg, request);
    if (link->state == LINK_LENT && !request->in_pieces) {
        link->state = LINK_READING;
        server->lent--;
        return true;
    }
    link->first = false;
    server->counts.requests++;
    return false;
}

static void lend(struct server_link *link)
{
    struct server *server = link->server;
    struct server_request *request = link->request;
    link->state = LINK_LENT;
    link->first = false;
    link->in_body = false;
    loop_timer_off(link->timer);
    fill_view(link);
    request->view.body = incoming_content(&request->incoming);
    request->is_whole = true;
    server->lent++;
    server->counts.requests++;
    server->handler.on_request(server->handler.arg, request);
}

/* --- a body in pieces --- */

static void read_piece(struct server_link *link)
{
    struct incoming *incoming = &link->request->incoming;
    size_t room;
    char *at = incoming_room(incoming, incoming->head.head_len + SERVER_PIECE_MAX, &room);
    long got = at ? conn_read(link->conn, at, room) : -1;
    if (got < 0) {
        server_link_cut(link);
        return;
    }
    incoming_got(incoming, (size_t)got);
    incoming_settle(incoming, &link->server->limits.http); /* the handler may look at the head at any time */
    if (got > 0) take_piece(link);
}

static void take_piece(struct server_link *link)
{
    struct server *server = link->server;
    struct server_request *request = link->request;
    struct incoming *incoming = &request->incoming;
    enum http_error error = HTTP_FINE;
    enum http_progress progress = incoming_request(incoming, &server->limits.http, server->limits.body_max, &error);
    struct bytes piece = incoming_content(incoming);
    if (progress == HTTP_BAD) {
        give_up(link, error);
        return;
    }
    if (progress == HTTP_MORE && piece.len + PIECE_SLACK <= SERVER_PIECE_MAX) {
        if (!say_continue(link)) server_link_cut(link);
        return;
    }
    request->wants = false;
    request->is_whole = progress == HTTP_DONE;
    loop_timer_off(link->timer);
    conn_pause(link->conn, !request->is_whole); /* whole: only the peer's leaving is to be noticed */
    server->handler.on_piece(server->handler.arg, request, piece, request->is_whole);
    if (link->state == LINK_LENT) incoming_drop(incoming);
}

/* What has not arrived well is refused; whoever it was lent to hears that it is gone. */
static void give_up(struct server_link *link, enum http_error error)
{
    struct server *server = link->server;
    if (link->state == LINK_LENT && server->handler.on_gone)
        server->handler.on_gone(server->handler.arg, link->request);
    refuse(link, error);
}

static void refuse(struct server_link *link, enum http_error error)
{
    struct server *server = link->server;
    struct server_answer answer = {.status = http_error_status(error)};
    server->counts.refused_messages++;
    if (server->handler.on_refused) server->handler.on_refused(server->handler.arg, error, &answer);
    answer.close = true;
    link->lingers = true;
    respond(link, &answer);
}

/* While a request is lent: what follows it is kept as far as there is room. */
static void read_ahead(struct server_link *link)
{
    struct incoming *incoming = &link->request->incoming;
    size_t room;
    char *at = incoming_spare(incoming, &room);
    if (!at) {
        conn_pause(link->conn, true);
        return;
    }
    long got = conn_read(link->conn, at, room);
    if (got < 0)
        server_link_cut(link);
    else
        incoming_got(incoming, (size_t)got);
}

static void discard(struct server_link *link)
{
    char scratch[4096];
    long got = conn_read(link->conn, scratch, sizeof scratch);
    if (got > 0) link->drained += (size_t)got;
    if (got < 0 || link->drained > LINGER_BYTES_MAX) let_go(link, false);
}

/* --- the answer --- */

/* Keeps what the socket did not take. False: out of memory. */
static bool keep_rest(struct server_request *request, const struct iovec *parts, int count, size_t taken)
{
    size_t total = 0, left = request->out_len - request->out_at;
    for (int i = 0; i < count; i++) total += parts[i].iov_len;
    char *out = malloc(left + total - taken);
    if (!out) return false;
    size_t len = left;
    if (left) memcpy(out, request->out + request->out_at, left);
    for (int i = 0; i < count; i++) {
        size_t skip = taken < parts[i].iov_len ? taken : parts[i].iov_len;
        size_t part = parts[i].iov_len - skip;
        if (part) memcpy(out + len, (const char *)parts[i].iov_base + skip, part);
        len += part;
        taken -= skip;
    }
    free(request->out);
    request->out = out;
    request->out_at = 0;
    request->out_len = len;
    return true;
}

/* False: the connection failed. Sets *all when everything went out at once. */
static bool send_parts(struct server_link *link, const struct iovec *parts, int count, bool *all)
{
    struct server_request *request = link->request;
    size_t total = 0;
    long taken = 0;
    for (int i = 0; i < count; i++) total += parts[i].iov_len;
    if (!request->out) taken = conn_write(link->conn, parts, count);
    if (taken < 0) return false;
    *all = (size_t)taken == total && !request->out;
    return *all || keep_rest(request, parts, count, (size_t)taken);
}

static void respond(struct server_link *link, const struct server_answer *answer)
{
    struct server_request *request = link->request;
    const struct http_head *head = &request->incoming.head;
    bool is_read = request->is_whole || head->framing == HTTP_NO_BODY;
    bool to_head = link->state == LINK_LENT && bytes_is(head->method, "HEAD");
    request->close_after = answer->close || link->server->draining || !is_read || !head->keep_alive;
    link->lingers |= !is_read;
    char text[HEAD_MAX];
    struct sink sink = sink_over(text, sizeof text);
    server_head_write(&sink, link->server, answer, request->close_after, head->minor);
    check(!sink.cut, "content type of an answer too long");
    bool no_body = to_head || answer->status < 200 || answer->status == 204 || answer->status == 304;
    struct iovec parts[] = {
        {text, sink.len},
        {(char *)(uintptr_t)answer->fields.at, answer->fields.len},
        {(char[]){'\r', '\n'}, 2},
        {(char *)(uintptr_t)answer->body.at, no_body ? 0 : answer->body.len},
    };
    if (link->state == LINK_LENT) link->server->lent--;
    link->state = LINK_ANSWERING;
    bool all = false;
    if (!send_parts(link, parts, 4, &all)) {
        let_go(link, false);
    } else if (all) {
        finish_answer(link);
    } else {
        conn_pause(link->conn, true);
        clock_at(link, loop_now_us(link->server->loop), link->server->limits.idle_us);
    }
}

static void flush(struct server_link *link)
{
    struct server_request *request = link->request;
    if (!request || !request->out) return;
    struct iovec part = {request->out + request->out_at, request->out_len - request->out_at};
    long taken = conn_write(link->conn, &part, 1);
    if (taken < 0) {
        server_link_cut(link);
        return;
    }
    request->out_at += (size_t)taken;
    if (request->out_at < request->out_len) return;
    free(request->out);
    request->out = NULL;
    request->out_at = request->out_len = 0;
    if (link->state == LINK_ANSWERING) finish_answer(link);
}

/* The peer may be sending what nobody will read; closing at once would answer that with a reset, which can overtake the
 * answer (RFC 9112 section 9.6). */
static void linger(struct server_link *link)
{
    link->state = LINK_LINGER;
    give_request(link);
    conn_end(link->conn);
    conn_pause(link->conn, false);
    clock_at(link, loop_now_us(link->server->loop), link->server->limits.linger_us);
}

static void finish_answer(struct server_link *link)
{
    struct server *server = link->server;
    struct server_request *request = link->request;
    if (request->close_after) {
        if (link->lingers || incoming_rest(&request->incoming))
            linger(link);
        else
            let_go(link, false);
        return;
    }
    conn_pause(link->conn, false);
    int64_t now_us = loop_now_us(server->loop);
    if (incoming_rest(&request->incoming)) {
        incoming_next(&request->incoming);
        request->owner = NULL;
        request->view.first_byte_us = now_us;
        link->state = LINK_READING;
        clock_at(link, now_us, server->limits.head_us);
        loop_later(server->loop, &link->later, on_later);
    } else {
        give_request(link);
        link->state = LINK_IDLE;
        clock_at(link, now_us, server->limits.idle_us);
    }
}

/* --- what the handler calls --- */

const struct server_view *server_view(const struct server_request *request)
{
    return &request->view;
}
void server_set_owner(struct server_request *request, void *owner)
{
    request->owner = owner;
}
void *server_owner(const struct server_request *request)
{
    return request->owner;
}

void server_in_pieces(struct server_request *request, uint64_t body_max)
{
    struct server_link *link = request->link;
    check(link->request == request && link->state == LINK_LENT && !request->is_whole && !request->in_pieces);
    request->in_pieces = true;
    loop_timer_off(link->timer);
    conn_pause(link->conn, true);
    incoming_allow(&request->incoming, body_max);
}

void server_more(struct server_request *request)
{
    struct server_link *link = request->link;
    struct server *server = link->server;
    check(link->request == request && link->state == LINK_LENT && request->in_pieces);
    check(!request->wants && !request->is_whole, "the last piece was taken");
    request->wants = true;
    conn_pause(link->conn, false);
    clock_at(link, loop_now_us(server->loop), server->limits.body_us);
    loop_later(server->loop, &link->later, on_later); /* a piece may be here already */
}

void server_answer(struct server_request *request, const struct server_answer *answer)
{
    struct server_link *link = request->link;
    check(link->request == request && link->state == LINK_LENT, "answered twice, or after on_gone");
    check(answer->status >= 200 && answer->status <= 999, "status %d", answer->status);
    respond(link, answer);
}

void server_raw(struct server_request *request, struct bytes raw, bool close, bool reset)
{
    struct server_link *link = request->link;
    check(link->request == request && link->state == LINK_LENT, "answered twice, or after on_gone");
    struct iovec part = {(char *)(uintptr_t)raw.at, raw.len};
    bool all = true;
    bool sound = raw.len == 0 || send_parts(link, &part, 1, &all);
    if (!close) return; /* a failed write shows as the peer's leaving */
    if (!sound || reset || !request->out) {
        let_go(link, reset);
        return;
    }
    link->server->lent--;
    link->state = LINK_ANSWERING;
    request->close_after = true;
    conn_pause(link->conn, true);
    clock_at(link, loop_now_us(link->server->loop), link->server->limits.idle_us);
}
