/* The listener, the bounds at the door and the life of the whole; one connection's story is in server_link.c. */
#include "protocol/wire/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/base/check.h"
#include "protocol/wire/server_link.h"

#define ACCEPTS_PER_TURN_MAX 16u /* then the open connections get their turn */
#define ACCEPT_REST_US                                                                                                 \
    INT64_C(100000) /* out of descriptors: the listener stays readable, so asking again at once would spin */

const struct server_limits server_limits_default = {
    .connections_max = 20000,
    .per_address_max = 200,
    .body_max = 65536,
    .handshake_us = 5000000,
    .head_us = 5000000,
    .body_us = 10000000,
    .idle_us = 60000000,
    .linger_us = 1000000,
    .http = {.head_max = 16384, .target_max = 2048, .fields_max = HTTP_FIELDS_MAX},
};

static void on_listen(void *arg, bool readable, bool writable);
static void on_rested(void *arg);
static void on_freed(struct loop_later *later);
static void free_server(struct server *server);
static bool accept_one(struct server *server);

static enum fault open_handshakes(struct server *server)
{
    server->handshakes = calloc(1, sizeof *server->handshakes);
    if (!server->handshakes) return FAULT_MEMORY;
    server->handshakes->all_max = server->limits.handshakes_max;
    server->handshakes->address_max = server->limits.handshakes_per_address_max;
    return FAULT_NONE;
}

enum fault server_open(struct loop *loop, const struct server_options *options, struct server **server,
                       struct tls_note *note)
{
    *note = (struct tls_note){0};
    struct server *made = calloc(1, sizeof *made);
    if (!made) return FAULT_MEMORY;
    *made = (struct server){.loop = loop, .limits = options->limits, .handler = options->handler, .date_s = -1};
    made->listen.fd = -1;
    made->tls = options->tls;
    if (made->tls) tls_context_take(made->tls);
    enum fault fault = made->tls ? open_handshakes(made) : FAULT_NONE;
    if (fault != FAULT_NONE) goto fail;
    fault = slots_open(&made->links, sizeof(struct server_link), options->limits.connections_max);
    if (fault != FAULT_NONE) goto fail;
    fault = slots_open(&made->requests, sizeof(struct server_request), options->limits.connections_max);
    if (fault != FAULT_NONE) goto fail;
    fault = server_peers_open(&made->peers, options->limits.connections_max);
    if (fault != FAULT_NONE) goto fail;
    fault = server_listen_open(options->address, options->reuse_port, &made->listen, note);
    if (fault != FAULT_NONE) goto fail;
    fault = loop_timer_open(loop, on_rested, made, &made->rest_timer);
    if (fault != FAULT_NONE) goto fail;
    fault = loop_watch_open(loop, made->listen.fd, on_listen, made, &made->watch);
    if (fault != FAULT_NONE) goto fail;
    loop_watch_want(made->watch, true, false);
    *server = made;
    return FAULT_NONE;
fail:
    free_server(made);
    return fault;
}

enum fault server_probe(const char *address, struct tls_note *note)
{
    struct server_listen listen;
    enum fault fault = server_listen_open(address, false, &listen, note);
    if (fault == FAULT_NONE) server_listen_close(&listen);
    return fault;
}

const char *server_address(const struct server *server)
{
    return server->listen.text;
}

void server_swap_tls(struct server *server, struct tls_context *tls)
{
    check((tls != NULL) == (server->tls != NULL)); /* plain stays plain */
    if (tls) tls_context_take(tls);
    tls_context_drop(&server->tls);
    server->tls = tls;
}

static void stop_listening(struct server *server)
{
    loop_watch_close(&server->watch);
    loop_timer_close(&server->rest_timer);
    server_listen_close(&server->listen);
}

/* Runs over all links there are; for ends, not for hot paths. */
static void each_link(struct server *server, void (*act)(struct server_link *link))
{
    for (uint32_t i = 0; i < server->links.made; i++)
        if (slots_live(&server->links, i)) act(slots_at(&server->links, i));
}

void server_drain(struct server *server)
{
    server->draining = true;
    stop_listening(server);
    each_link(server, server_link_drain);
}

void server_close(struct server **server)
{
    struct server *gone = *server;
    *server = NULL;
    if (!gone) return;
    gone->draining = true;
    stop_listening(gone);
    each_link(gone, server_link_cut);
    loop_later(gone->loop, &gone->later, on_freed); /* behind its links, which wait in the same list */
}

static void on_freed(struct loop_later *later)
{
    free_server((struct server *)((char *)later - offsetof(struct server, later)));
}

static void free_server(struct server *server)
{
    struct server_link *link;
    struct server_request *request;
    loop_watch_close(&server->watch);
    loop_timer_close(&server->rest_timer);
    server_listen_close(&server->listen);
    for (uint32_t i = 0; (link = slots_at(&server->links, i)) != NULL; i++) loop_timer_close(&link->timer);
    for (uint32_t i = 0; (request = slots_at(&server->requests, i)) != NULL; i++) incoming_free(&request->incoming);
    server_peers_close(&server->peers);
    slots_close(&server->links);
    slots_close(&server->requests);
    tls_context_drop(&server->tls);
    free(server->handshakes);
    free(server);
}

unsigned server_connections(const struct server *server)
{
    return server->open;
}
unsigned server_requests(const struct server *server)
{
    return server->lent;
}
void server_counts(const struct server *server, struct server_counts *counts)
{
    *counts = server->counts;
}

/* --- the door --- */

static void on_listen(void *arg, bool readable, bool writable)
{
    (void)readable;
    (void)writable;
    struct server *server = arg;
    for (unsigned i = 0; i < ACCEPTS_PER_TURN_MAX; i++)
        if (!accept_one(server)) return;
}

/* True: the next one. */
static bool turn_away(struct server *server, int fd)
{
    close(fd);
    if (server->handler.on_turned_away) server->handler.on_turned_away(server->handler.arg);
    return true;
}

/* False: nobody else is waiting, or nobody else can be let in now. */
static bool accept_one(struct server *server)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    int fd = accept4(server->listen.fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
        server->counts.accept_pauses++;
        loop_watch_want(server->watch, false, false);
        loop_timer_at(server->rest_timer, loop_now_us(server->loop) + ACCEPT_REST_US);
        return false;
    }
    if (fd < 0) return errno != EAGAIN; /* else one that left while it waited */
    char peer[48];
    uint32_t peer_index = SERVER_NO_PEER;
    if (server->links.used >= server->limits.connections_max) {
        server->counts.refused_full++;
        return turn_away(server, fd);
    }
    if (server->handshakes &&
        !server_handshakes_enter(server->handshakes, server_peers_key(&address), loop_now_us(server->loop))) {
        server->counts.refused_handshakes++;
        return turn_away(server, fd);
    }
    if (!server_peers_enter(&server->peers, &address, server->limits.per_address_max, &peer_index)) {
        server->counts.refused_address++;
        return turn_away(server, fd);
    }
    server_listen_peer_text(&address, peer, sizeof peer);
    if (server_link_open(server, fd, peer, peer_index))
        server->counts.accepted++;
    else
        server_peers_leave(&server->peers, peer_index);
    return true;
}

static void on_rested(void *arg)
{
    struct server *server = arg;
    loop_watch_want(server->watch, true, false);
}
