/* A warm call costs one write (in client_send itself) and one read: the read interest stays registered, a reply that
 * came whole is not followed by a read to see that nothing is left, and timers that only move later are not touched.
 *
 * A connection goes back to the pool before its call is told, so that a post sent from the callback travels on the
 * connection that has just answered. Its reply is not part of the connection and stays until the callback returns. */
#include "protocol/wire/client_link.h"

#include <stdlib.h>

#include "protocol/base/check.h"

#define WARM_DIAL_US INT64_C(5000000) /* how long a connection nobody waits for may take to open */
#define INTERIM_MAX 8u                /* 1xx heads before a response */

static void on_resolved(void *arg, const struct resolve_answer *answer);
static void on_conn(void *arg, enum conn_event event);
static void on_time(void *arg);
static void on_later(struct loop_later *later);
static void dial_next(struct client_link *link);
static void opened(struct client_link *link);
static void fail_open(struct client_link *link, enum fault fault);
static void write_request(struct client_link *link);
static void break_off(struct client_link *link, enum fault fault);
static void read_reply(struct client_link *link);
static void read_idle(struct client_link *link);
static void parse(struct client_link *link);
static void on_end(struct client_link *link, enum fault fault);
static void finish(struct client_link *link, bool until_close);
static void rest(struct client_link *link);
static void leave_pool(struct client_link *link);
static void give_reply(struct client *client, struct client_reply *reply);

/* --- opening --- */

bool client_link_open(struct client_origin *origin, struct call *call)
{
    struct client *client = origin->client;
    struct client_link *link = calloc(1, sizeof *link);
    if (!link) return false;
    if (loop_timer_open(client->loop, on_time, link, &link->timer) != FAULT_NONE) {
        free(link);
        return false;
    }
    link->client = client;
    link->origin = origin;
    link->call = call;
    if (call) call->link = link;
    link->next = client->links;
    if (link->next) link->next->prev = link;
    client->links = link;
    origin->links++;
    if (!call) loop_timer_at(link->timer, loop_now_us(client->loop) + WARM_DIAL_US);
    struct resolve_answer answer;
    if (resolve(client->options.resolver, client->loop, origin->host, origin->port, &answer, on_resolved, link,
                &link->query))
        on_resolved(link, &answer);
    return true;
}

static void on_resolved(void *arg, const struct resolve_answer *answer)
{
    struct client_link *link = arg;
    link->query = NULL;
    if (answer->fault != FAULT_NONE) {
        fail_open(link, answer->fault);
        return;
    }
    link->addresses = *answer;
    link->client->counts.dials++;
    dial_next(link);
}

/* One address after the other, all within the one deadline. */
static void dial_next(struct client_link *link)
{
    struct client *client = link->client;
    struct client_origin *origin = link->origin;
    struct conn_options options = {.host = origin->host, .session_key = origin, .on_event = on_conn, .arg = link};
    enum fault fault = FAULT_CONNECT;
    if (origin->is_tls) options.tls = client->options.tls;
    if (origin->is_tls && !options.tls) {
        fail_open(link, FAULT_TLS);
        return;
    }
    while (fault == FAULT_CONNECT && link->address_next < link->addresses.count) {
        unsigned i = link->address_next++;
        const void *address = link->addresses.addresses[i].at;
        fault = conn_dial(client->loop, address, link->addresses.addresses[i].len, &options, &link->conn);
    }
    if (fault == FAULT_NONE)
        link->state = CLIENT_DIALLING;
    else
        fail_open(link, fault);
}

static void fail_open(struct client_link *link, enum fault fault)
{
    struct call *call = link->call;
    link->client->counts.dial_failures++;
    link->call = NULL;
    client_link_drop(link);
    if (call) client_call_end(call, fault);
}

static void opened(struct client_link *link)
{
    if (conn_was_resumed(link->conn)) link->client->counts.tls_resumed++;
    if (link->call) {
        link->state = CLIENT_BUSY;
        link->to_head = link->call->wanted.to_head;
        write_request(link);
    } else {
        rest(link);
    }
}

/* --- events --- */

static void on_conn(void *arg, enum conn_event event)
{
    struct client_link *link = arg;
    switch (event) {
    case CONN_OPEN:
        opened(link);
        return;
    case CONN_READABLE:
        if (link->state == CLIENT_BUSY)
            read_reply(link);
        else
            read_idle(link);
        return;
    case CONN_WRITABLE:
        if (link->call) write_request(link);
        return;
    case CONN_FAILED:
        break;
    }
    enum fault fault = conn_fault(link->conn);
    conn_close(&link->conn);
    if (fault == FAULT_CONNECT)
        dial_next(link);
    else
        fail_open(link, fault);
}

/* Idle too long, parked too long, or a warm dial that took too long. */
static void on_time(void *arg)
{
    client_link_drop(arg);
}

/* --- the request --- */

void client_link_carry(struct client_link *link, struct call *call)
{
    leave_pool(link);
    loop_timer_off(link->timer);
    link->state = CLIENT_BUSY;
    link->call = call;
    link->to_head = call->wanted.to_head;
    call->link = link;
    call->reused = true;
    link->client->counts.reused++;
    write_request(link);
}

static void write_request(struct client_link *link)
{
    struct call *call = link->call;
    struct iovec parts[CLIENT_PARTS_MAX];
    size_t skip = call->sent;
    int count = 0;
    for (int i = 0; i < call->wanted.parts_count; i++) {
        struct iovec part = call->wanted.parts[i];
        size_t over = skip < part.iov_len ? skip : part.iov_len;
        skip -= over;
        if (part.iov_len > over) parts[count++] = (struct iovec){(char *)part.iov_base + over, part.iov_len - over};
    }
    long taken = conn_write(link->conn, parts, count);
    if (taken < 0) {
        break_off(link, conn_fault(link->conn));
        return;
    }
    call->sent += (size_t)taken;
    if (call->sent == call->total) call->sent_us = loop_now_us(link->client->loop);
}

/* The connection is of no more use to its call. */
static void break_off(struct client_link *link, enum fault fault)
{
    struct call *call = link->call;
    bool silent_peer = link->interim == 0 && (!link->reply || link->reply->incoming.len == 0);
    bool stale = silent_peer && (fault == FAULT_CLOSED || fault == FAULT_RESET);
    link->call = NULL;
    client_link_drop(link);
    if (!call) return;
    if (stale && call->reused && call->sent == 0)
        client_call_move(call);
    else if (!stale || !client_call_retry(call))
        client_call_end(call, fault);
}

/* --- the reply --- */

static bool take_reply(struct client_link *link)
{
    struct client *client = link->client;
    if (link->reply) return true;
    struct client_reply *reply = client->spare;
    if (reply)
        client->spare = reply->next;
    else
        reply = calloc(1, sizeof *reply);
    link->reply = reply;
    return reply != NULL;
}

static void give_reply(struct client *client, struct client_reply *reply)
{
    if (!reply) return;
    incoming_clear(&reply->incoming);
    reply->next = client->spare;
    client->spare = reply;
}

static void read_reply(struct client_link *link)
{
    const struct client_options *options = &link->client->options;
    size_t room;
    char *at = NULL;
    if (take_reply(link))
        at = incoming_room(&link->reply->incoming, incoming_max(&options->http, options->body_max), &room);
    if (!at) {
        break_off(link, FAULT_MEMORY);
        return;
    }
    long got = conn_read(link->conn, at, room);
    if (got < 0) {
        on_end(link, conn_fault(link->conn));
    } else if (got > 0) {
        incoming_got(&link->reply->incoming, (size_t)got);
        parse(link);
    }
}

/* 0 bytes: session tickets passed. Anything else is the peer's leaving, or a reply to nothing. */
static void read_idle(struct client_link *link)
{
    char one;
    if (conn_read(link->conn, &one, 1) != 0) client_link_drop(link);
}

static void parse(struct client_link *link)
{
    const struct client_options *options = &link->client->options;
    struct incoming *incoming = &link->reply->incoming;
    enum http_error error = HTTP_FINE;
    for (;;) {
        switch (incoming_response(incoming, link->to_head, &options->http, options->body_max, &error)) {
        case HTTP_MORE:
            return;
        case HTTP_BAD:
            break_off(link, error == HTTP_ERROR_BODY_LONG || error == HTTP_ERROR_HEAD_LONG ? FAULT_TOO_LARGE
                                                                                           : FAULT_PROTOCOL);
            return;
        case HTTP_DONE:
            break;
        }
        if (incoming->head.status >= 200) {
            finish(link, false);
            return;
        }
        /* RFC 9110 section 15.2: interim responses are skipped; a change of protocol was not asked for. */
        if (incoming->head.status == 101 || ++link->interim > INTERIM_MAX) {
            break_off(link, FAULT_PROTOCOL);
            return;
        }
        incoming_next(incoming);
    }
}

static void on_end(struct client_link *link, enum fault fault)
{
    bool whole = fault == FAULT_CLOSED &&
                 incoming_closed(&link->reply->incoming, &link->client->options.http, link->to_head);
    if (whole)
        finish(link, true);
    else
        break_off(link, fault);
}

/* A whole response is there. */
static void finish(struct client_link *link, bool until_close)
{
    struct client *client = link->client;
    struct client_reply *reply = link->reply;
    struct call *call = link->call;
    bool all_sent = !call || call->sent == call->total;
    bool keep = !until_close && all_sent && reply->incoming.head.keep_alive && incoming_rest(&reply->incoming) == 0;
    link->reply = NULL;
    link->call = NULL;
    if (keep)
        rest(link);
    else
        client_link_drop(link);
    if (call) client_call_answered(call, reply);
    give_reply(client, reply);
}

/* --- between calls --- */

/* Into the pool, last used first; over the bound the one unused longest goes. */
static void rest(struct client_link *link)
{
    struct client *client = link->client;
    struct client_origin *origin = link->origin;
    if (link->parked) {
        link->parked = false;
        client->parked--;
        client->counts.parked_saved++;
    }
    link->interim = 0;
    link->state = CLIENT_IDLE;
    link->idle_since_us = loop_now_us(client->loop);
    link->idle_next = origin->idle_first;
    if (link->idle_next)
        link->idle_next->idle_prev = link;
    else
        origin->idle_last = link;
    origin->idle_first = link;
    origin->idle++;
    client->counts.idle++;
    loop_timer_at(link->timer, link->idle_since_us + client->options.idle_us);
    if (origin->idle > client->options.idle_max) client_link_drop(origin->idle_last);
}

static void leave_pool(struct client_link *link)
{
    struct client_origin *origin = link->origin;
    *(link->idle_prev ? &link->idle_prev->idle_next : &origin->idle_first) = link->idle_next;
    *(link->idle_next ? &link->idle_next->idle_prev : &origin->idle_last) = link->idle_prev;
    link->idle_next = link->idle_prev = NULL;
    origin->idle--;
    link->client->counts.idle--;
}

void client_link_park(struct client_link *link)
{
    struct client *client = link->client;
    struct call *call = link->call;
    link->call = NULL;
    if (link->state == CLIENT_BUSY && call->sent < call->total) {
        client_link_drop(link); /* half a request is out, and its bytes are no longer ours to send */
        return;
    }
    link->parked = true;
    client->parked++;
    client->counts.parked++;
    loop_timer_at(link->timer, loop_now_us(client->loop) + client->options.park_us);
}

void client_link_drop(struct client_link *link)
{
    struct client *client = link->client;
    struct client_origin *origin = link->origin;
    if (link->state == CLIENT_GONE) return;
    if (link->state == CLIENT_IDLE) leave_pool(link);
    if (link->parked) client->parked--;
    if (link->next) link->next->prev = link->prev;
    *(link->prev ? &link->prev->next : &client->links) = link->next;
    origin->links--;
    link->state = CLIENT_GONE;
    if (link->query) resolve_cancel(&link->query);
    conn_close(&link->conn);
    loop_timer_close(&link->timer);
    give_reply(client, link->reply);
    link->reply = NULL;
    loop_later(client->loop, &link->later, on_later);
}

static void on_later(struct loop_later *later)
{
    free((char *)later - offsetof(struct client_link, later));
}
