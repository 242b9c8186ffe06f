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

#define LINGER_BYTES_MAX 262144u /* how much a refused peer may still send */
#define HEAD_MAX 512u            /* of what we write: status line, date, type, length, connection */

static void on_conn(void *arg, enum conn_event event);
static void on_clock(void *arg);
static void on_later(struct loop_later *later);
static void read_more(struct server_link *link);
static void read_ahead(struct server_link *link);
static void discard(struct server_link *link);
static void advance(struct server_link *link);
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
    if (link->state == LINK_IDLE || link->state == LINK_HANDSHAKE) let_go(link, false);
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
}

static void clock_at(struct server_link *link, int64_t from_us, int64_t span_us)
{
    loop_timer_at(link->timer, from_us + span_us);
}

static void on_clock(void *arg)
{
    struct server_link *link = arg;
    if (link->state != LINK_IDLE && link->state != LINK_LINGER) link->server->counts.cut++;
    let_go(link, false); /* never runs while a request is lent */
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
    request->close_after = false;
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

static void await_body(struct server_link *link)
{
    struct incoming *incoming = &link->request->incoming;
    if (link->in_body) return;
    link->in_body = true;
    clock_at(link, loop_now_us(link->server->loop), link->server->limits.body_us);
    if (!incoming->head.expects_continue || incoming_content(incoming).len) return;
    struct bytes line = BYTES("HTTP/1.1 100 Continue\r\n\r\n");
    struct iovec part = {(char *)(uintptr_t)line.at, line.len};
    if (conn_write(link->conn, &part, 1) != (long)line.len) let_go(link, false);
}

static void advance(struct server_link *link)
{
    const struct server_limits *limits = &link->server->limits;
    struct incoming *incoming = &link->request->incoming;
    enum http_error error = HTTP_FINE;
    switch (incoming_request(incoming, &limits->http, limits->body_max, &error)) {
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

static void lend(struct server_link *link)
{
    struct server *server = link->server;
    struct server_request *request = link->request;
    link->state = LINK_LENT;
    link->first = false;
    link->in_body = false;
    loop_timer_off(link->timer);
    request->view.head = &request->incoming.head;
    request->view.body = incoming_content(&request->incoming);
    request->view.over_tls = link->over_tls;
    memcpy(request->view.peer, link->peer, sizeof link->peer);
    server->lent++;
    server->counts.requests++;
    server->handler.on_request(server->handler.arg, request);
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

/* Date: RFC 9110 section 6.6.1 asks an origin server with a clock for it. */
static void write_date(struct server *server)
{
    static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t now_s = clock_wall_ms() / 1000;
    if (now_s == server->date_s) return;
    server->date_s = now_s;
    int64_t year, day_number = now_s / 86400, in_day = now_s % 86400;
    unsigned month, day;
    clock_date_from_days(day_number, &year, &month, &day);
    struct sink line = sink_over(server->date, sizeof server->date);
    sink_text(&line, "Date: ");
    sink_bytes(&line, (struct bytes){days + 3 * (day_number % 7), 3});
    sink_text(&line, ", ");
    sink_digits(&line, day, 2);
    sink_char(&line, ' ');
    sink_bytes(&line, (struct bytes){months + 3 * (month - 1), 3});
    sink_char(&line, ' ');
    sink_digits(&line, (uint64_t)year, 4);
    sink_char(&line, ' ');
    sink_digits(&line, (uint64_t)in_day / 3600, 2);
    sink_char(&line, ':');
    sink_digits(&line, (uint64_t)in_day / 60 % 60, 2);
    sink_char(&line, ':');
    sink_digits(&line, (uint64_t)in_day % 60, 2);
    sink_text(&line, " GMT\r\n");
    check(!line.cut);
    server->date_len = (unsigned)line.len;
}

static void write_head(struct sink *head, struct server_link *link, const struct server_answer *answer)
{
    const struct incoming *incoming = &link->request->incoming;
    bool has_body = answer->status >= 200 && answer->status != 204 && answer->status != 304;
    sink_text(head, "HTTP/1.1 ");
    sink_u64(head, (uint64_t)answer->status);
    sink_char(head, ' ');
    sink_text(head, http_status_text(answer->status));
    sink_text(head, "\r\n");
    write_date(link->server);
    sink_bytes(head, (struct bytes){link->server->date, link->server->date_len});
    if (answer->content_type) {
        sink_text(head, "Content-Type: ");
        sink_text(head, answer->content_type);
        sink_text(head, "\r\n");
    }
    if (has_body) {
        sink_text(head, "Content-Length: ");
        sink_u64(head, answer->body.len);
        sink_text(head, "\r\n");
    }
    if (link->request->close_after)
        sink_text(head, "Connection: close\r\n");
    else if (incoming->head.minor == 0)
        sink_text(head, "Connection: keep-alive\r\n");
}

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
    bool to_head = link->state == LINK_LENT && bytes_is(head->method, "HEAD");
    request->close_after = answer->close || link->server->draining || !head->keep_alive;
    char text[HEAD_MAX];
    struct sink sink = sink_over(text, sizeof text);
    write_head(&sink, link, answer);
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
