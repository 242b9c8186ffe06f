/* The client against a scripted peer: a thread with a blocking socket that does exactly what its script says, so every
 * point at which a buyer can hang up is reached on purpose. Nothing depends on who is faster: where it matters, one
 * side waits for the other's word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>

#include "protocol/wire/client.h"
#include "raw.h"

#define LONG_US INT64_C(60000000) /* never reached in a sound test */
#define SHORT_US INT64_C(60000)   /* always reached: the peer does not answer before */

struct world;

struct peer {
    int listener;
    unsigned port;
    pthread_t thread;
    void (*script)(struct peer *peer);
    const char *reply;
    sem_t go;      /* the test lets the script go on */
    sem_t reached; /* the script has come to a point */
    unsigned requests;
};

struct ended {
    unsigned count;
    uint64_t call;
    enum client_end end;
    enum fault fault;
    int status;
    char body[256];
    size_t body_len;
    int64_t sent_us, done_us;
    bool reused;
};

struct world {
    struct loop *loop;
    struct resolver *resolver;
    struct client *client;
    struct client_options options;
    struct client_origin *origin;
    struct peer peer;
    struct ended ended;
    struct client_counts counts;
    struct loop_timer *tick;
    bool (*until)(struct world *world);
    bool sends_again;
    uint64_t cancel_in_callback;
};

/* --- names: the C library's resolver is replaced in this program --- */

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    (void)service;
    (void)hints;
    static const char *const two[] = {"127.0.0.2", "127.0.0.1"}; /* nobody listens on the first */
    *list = NULL;
    if (strcmp(name, "two.test") != 0) return EAI_NONAME;
    for (unsigned i = 2; i-- > 0;) {
        struct addrinfo *one = calloc(1, sizeof *one + sizeof(struct sockaddr_in));
        struct sockaddr_in *address = (struct sockaddr_in *)(one + 1);
        address->sin_family = AF_INET;
        check(inet_pton(AF_INET, two[i], &address->sin_addr) == 1);
        *one = (struct addrinfo){
            .ai_family = AF_INET, .ai_addr = (struct sockaddr *)address, .ai_addrlen = sizeof *address};
        one->ai_next = *list;
        *list = one;
    }
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    for (struct addrinfo *next; list; list = next) {
        next = list->ai_next;
        free(list);
    }
}

/* --- the world --- */

static const char HEAD[] = "POST /bid HTTP/1.1\r\nHost: buyer\r\nContent-Length: 4\r\n\r\n";

static void on_tick(void *arg)
{
    struct world *world = arg;
    client_counts(world->client, &world->counts);
    if (world->until(world))
        loop_stop(world->loop);
    else
        loop_timer_at(world->tick, loop_now_us(world->loop) + 1000);
}

static void run_until(struct world *world, bool (*until)(struct world *world))
{
    world->until = until;
    loop_timer_at(world->tick, 0);
    loop_run(world->loop);
    client_counts(world->client, &world->counts);
}

static bool has_ended(struct world *world)
{
    return world->ended.count > 0;
}
static bool nothing_busy(struct world *world)
{
    return world->counts.busy == 0;
}
static bool nothing_idle(struct world *world)
{
    return world->counts.idle == 0;
}
static bool three_idle(struct world *world)
{
    return world->counts.idle == 3;
}
static bool one_saved(struct world *world)
{
    return world->counts.parked_saved == 1;
}
static bool all_three_ended(struct world *world)
{
    return world->ended.count == 3;
}

static uint64_t start(struct world *world, const struct client_call *like, int64_t after_us);

static void on_done(void *arg, uint64_t call, const struct client_result *result)
{
    struct world *world = arg;
    struct ended *ended = &world->ended;
    ended->count++;
    ended->call = call;
    ended->end = result->end;
    ended->fault = result->fault;
    ended->sent_us = result->sent_us;
    ended->done_us = result->done_us;
    ended->reused = result->reused;
    if (result->end == CLIENT_ANSWERED) {
        ended->status = result->head->status;
        ended->body_len = result->body.len;
        if (result->body.len < sizeof ended->body) memcpy(ended->body, result->body.at, result->body.len);
    }
    if (world->sends_again) {
        world->sends_again = false;
        ended->count = 0;
        start(world, &(struct client_call){.fresh_or_live = true}, LONG_US);
    }
    if (world->cancel_in_callback) client_cancel(world->client, world->cancel_in_callback);
}

static uint64_t start(struct world *world, const struct client_call *like, int64_t after_us)
{
    struct client_call call = *like;
    enum fault fault = FAULT_NONE;
    if (!call.origin) call.origin = world->origin;
    if (call.parts_count == 0) {
        call.parts[0] = (struct iovec){(void *)(uintptr_t)HEAD, sizeof HEAD - 1};
        call.parts[1] = (struct iovec){(void *)(uintptr_t) "pi", 2};
        call.parts[2] = (struct iovec){(void *)(uintptr_t) "ng", 2};
        call.parts_count = 3;
    }
    call.deadline_us = loop_now_us(world->loop) + after_us;
    call.on_done = on_done;
    call.arg = world;
    unsigned before = world->ended.count;
    uint64_t id = client_send(world->client, &call, &fault);
    check(id != 0, "%s", fault_text(fault));
    check(world->ended.count == before, "on_done inside client_send");
    return id;
}

static const struct ended *call_with(struct world *world, const struct client_call *like, int64_t after_us)
{
    world->ended = (struct ended){0};
    uint64_t id = start(world, like, after_us);
    run_until(world, has_ended);
    assert_int_equal(world->ended.count, 1);
    assert_true(world->sends_again || world->ended.call == id || world->counts.calls > 1);
    return &world->ended;
}

static const struct ended *call(struct world *world)
{
    return call_with(world, &(struct client_call){0}, LONG_US);
}

static void *run_script(void *arg)
{
    struct peer *peer = arg;
    peer->script(peer);
    return NULL;
}

static struct world *open_world(void (*script)(struct peer *peer), const char *reply)
{
    struct world *world = calloc(1, sizeof *world);
    check(world != NULL);
    check(loop_open(&world->loop) == FAULT_NONE && resolver_start(true, &world->resolver) == FAULT_NONE);
    world->options = client_options_default;
    world->options.resolver = world->resolver;
    world->options.live_us = world->options.park_us = LONG_US;
    check(client_open(world->loop, &world->options, &world->client) == FAULT_NONE);
    check(loop_timer_open(world->loop, on_tick, world, &world->tick) == FAULT_NONE);
    struct peer *peer = &world->peer;
    peer->listener = raw_listen(&peer->port);
    peer->script = script;
    peer->reply = reply;
    sem_init(&peer->go, 0, 0);
    sem_init(&peer->reached, 0, 0);
    world->origin = client_origin(world->client, "http", "127.0.0.1", peer->port);
    check(world->origin != NULL);
    if (script) check(pthread_create(&peer->thread, NULL, run_script, peer) == 0);
    return world;
}

static void reopen_client(struct world *world)
{
    client_close(&world->client);
    check(client_open(world->loop, &world->options, &world->client) == FAULT_NONE);
    world->origin = client_origin(world->client, "http", "127.0.0.1", world->peer.port);
}

static void close_world(struct world *world)
{
    client_close(&world->client);
    loop_timer_close(&world->tick);
    loop_close(&world->loop);
    resolver_stop(&world->resolver);
    if (world->peer.script) pthread_join(world->peer.thread, NULL);
    close(world->peer.listener);
    sem_destroy(&world->peer.go);
    sem_destroy(&world->peer.reached);
    free(world);
}

/* --- what scripts are made of --- */

static bool hear(struct peer *peer, int fd)
{
    char request[1024];
    if (!raw_read_until(fd, "\r\n\r\nping", request, sizeof request)) return false;
    peer->requests++;
    return true;
}

#define OK(body, len) "HTTP/1.1 200 OK\r\nContent-Length: " #len "\r\n\r\n" body

/* Serves one connection after the other until the test closes its client: reads requests, answers with `reply`. */
static void answer_all(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    while (hear(peer, fd)) raw_send(fd, peer->reply);
    close(fd);
}

/* --- answers --- */

static void kept_alive_and_reused(void **state)
{
    (void)state;
    struct world *world = open_world(answer_all, OK("bid", 3));
    int64_t before_us = loop_now_us(world->loop);
    for (unsigned i = 0; i < 3; i++) {
        const struct ended *ended = call(world);
        assert_int_equal(ended->end, CLIENT_ANSWERED);
        assert_int_equal(ended->fault, FAULT_NONE);
        assert_int_equal(ended->status, 200);
        assert_int_equal(ended->body_len, 3);
        assert_memory_equal(ended->body, "bid", 3);
        assert_int_equal(ended->reused, i > 0);
        assert_true(ended->sent_us >= before_us && ended->done_us >= ended->sent_us);
    }
    assert_int_equal(world->counts.calls, 3);
    assert_int_equal(world->counts.dials, 1);
    assert_int_equal(world->counts.reused, 2);
    assert_int_equal(world->counts.idle, 1);
    assert_int_equal(world->counts.busy, 0);
    close_world(world);
}

struct shape {
    const char *reply;
    int status;
    const char *body;
    bool closes; /* the peer, after it */
    bool kept;   /* the connection, by us */
};

static void send_and_maybe_close(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, peer->reply + 1);
    char rest[64];
    if (peer->reply[0] == 'K') check(!raw_read_until(fd, "x", rest, sizeof rest)); /* until the client closes */
    close(fd);
}

/* The first letter: C, the peer closes after its reply; K, it keeps the connection open. */
static void shapes_of_replies(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        {"KHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nT: t\r\n\r\n", 200,
         "abcde", false, true},
        {"KHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
         "1\r\n\r\nx",
         200, "x", false, true},
        {"KHTTP/1.1 204 No Content\r\n\r\n", 204, "", false, true},
        {"KHTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 503, "", false, true},
        {"KHTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 302, "", false, true},
        {"CHTTP/1.1 200 OK\r\n\r\nuntil the end", 200, "until the end", true, false},
        {"CHTTP/1.0 200 OK\r\n\r\nold", 200, "old", true, false},
        {"KHTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold", 200, "old", false, false},
        {"KHTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold", 200, "old", false, true},
        {"KHTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, "x", false, false},
        {"KHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "x", false,
         false},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct world *world = open_world(send_and_maybe_close, shapes[i].reply);
        const struct ended *ended = call(world);
        assert_int_equal(ended->end, CLIENT_ANSWERED);
        assert_int_equal(ended->status, shapes[i].status);
        assert_int_equal(ended->body_len, strlen(shapes[i].body));
        assert_memory_equal(ended->body, shapes[i].body, ended->body_len);
        assert_int_equal(world->counts.idle, shapes[i].kept);
        close_world(world);
    }
}

/* The bound on interim responses is one per reply, not one per connection. */
static void interim_responses_on_a_kept_connection(void **state)
{
    (void)state;
#define WAIT "HTTP/1.1 102 Processing\r\n\r\n"
    struct world *world = open_world(answer_all, WAIT WAIT WAIT WAIT WAIT OK("bid", 3));
    for (unsigned i = 0; i < 4; i++) assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    assert_int_equal(world->counts.dials, 1);
    close_world(world);
}

static void drip(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    while (hear(peer, fd))
        for (const char *at = peer->reply; *at; at++) raw_send_bytes(fd, at, 1);
    close(fd);
}

static void byte_by_byte(void **state)
{
    (void)state;
    struct world *world = open_world(drip,
                                     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbids\r\n0\r\n\r\n");
    for (unsigned i = 0; i < 2; i++) {
        const struct ended *ended = call(world);
        assert_int_equal(ended->end, CLIENT_ANSWERED);
        assert_memory_equal(ended->body, "bids", 4);
    }
    assert_int_equal(world->counts.dials, 1);
    close_world(world);
}

static void answer_head(struct peer *peer)
{
    char request[1024];
    int fd = raw_accept(peer->listener);
    while (raw_read_until(fd, "\r\n\r\n", request, sizeof request)) raw_send(fd, peer->reply);
    close(fd);
}

static void reply_to_head_has_no_body(void **state)
{
    (void)state;
    struct world *world = open_world(answer_head, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    struct client_call head = {.to_head = true, .parts_count = 1};
    head.parts[0] = (struct iovec){(void *)(uintptr_t) "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", 28};
    for (unsigned i = 0; i < 2; i++) {
        const struct ended *ended = call_with(world, &head, LONG_US);
        assert_int_equal(ended->end, CLIENT_ANSWERED);
        assert_int_equal(ended->body_len, 0);
    }
    assert_int_equal(world->counts.dials, 1);
    close_world(world);
}

/* A post sent from the callback of its ping goes on the connection that has just answered. */
static void a_callback_may_send_on_the_same_connection(void **state)
{
    (void)state;
    struct world *world = open_world(answer_all, OK("ok", 2));
    world->sends_again = true;
    const struct ended *ended = call(world);
    assert_int_equal(ended->end, CLIENT_ANSWERED);
    assert_true(ended->reused);
    assert_int_equal(world->counts.calls, 2);
    assert_int_equal(world->counts.dials, 1);
    close_world(world);
}

static void answer_early(struct peer *peer)
{
    char some[64];
    int fd = raw_accept(peer->listener);
    check(raw_read_until(fd, "\r\n\r\n", some, sizeof some));
    raw_send(fd, peer->reply);
    sem_wait(&peer->go);
    close(fd);
}

/* The answer comes while most of the request is still here: it counts, the connection does not. */
static void an_answer_before_the_request_is_out(void **state)
{
    (void)state;
    struct world *world = open_world(answer_early, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    size_t len = 16u << 20;
    char *large = calloc(1, len);
    struct client_call post = {.parts_count = 2};
    post.parts[0] = (struct iovec){(void *)(uintptr_t) "POST / HTTP/1.1\r\nContent-Length: 16777216\r\n\r\n", 45};
    post.parts[1] = (struct iovec){large, len};
    const struct ended *ended = call_with(world, &post, LONG_US);
    assert_int_equal(ended->end, CLIENT_ANSWERED);
    assert_int_equal(ended->status, 413);
    assert_int_equal(ended->sent_us, 0);
    assert_int_equal(world->counts.idle, 0);
    sem_post(&world->peer.go);
    close_world(world);
    free(large);
}

static void read_late(struct peer *peer)
{
    char *all = malloc(17u << 20);
    size_t len = 0;
    int fd = raw_accept(peer->listener);
    sem_wait(&peer->go);
    while (len < (16u << 20) + 45) {
        ssize_t got = recv(fd, all + len, (17u << 20) - len, 0);
        check(got > 0);
        len += (size_t)got;
    }
    for (size_t i = 45; i < len; i++) check(all[i] == (char)('a' + (i - 45) % 26), "byte %zu", i);
    raw_send(fd, peer->reply);
    free(all);
    close(fd);
}

static void a_large_request_goes_out_in_pieces(void **state)
{
    (void)state;
    struct world *world = open_world(read_late, OK("", 0));
    size_t len = 16u << 20;
    char *large = malloc(len);
    for (size_t i = 0; i < len; i++) large[i] = (char)('a' + i % 26);
    struct client_call post = {.parts_count = 3};
    post.parts[0] = (struct iovec){(void *)(uintptr_t) "POST / HTTP/1.1\r\nContent-Length: 16777216\r\n\r\n", 45};
    post.parts[1] = (struct iovec){large, 1000};
    post.parts[2] = (struct iovec){large + 1000, len - 1000};
    world->ended = (struct ended){0};
    start(world, &post, LONG_US);
    sem_post(&world->peer.go);
    run_until(world, has_ended);
    assert_int_equal(world->ended.end, CLIENT_ANSWERED);
    assert_true(world->ended.sent_us > 0);
    close_world(world);
    free(large);
}

/* --- hang-ups --- */

static void reset_after(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, peer->reply);
    /* A reset drops what the other side has not read yet, so the part must have arrived: the test tells. */
    if (peer->reply[0]) sem_wait(&peer->go);
    raw_reset(fd);
}

static void close_after(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, peer->reply);
    close(fd);
}

static void close_unread(struct peer *peer)
{
    raw_reset(raw_accept(peer->listener));
}

static void expect_unknown(void (*script)(struct peer *), const char *reply, enum fault fault)
{
    struct world *world = open_world(script, reply);
    if (script == reset_after && reply[0]) sem_post(&world->peer.go);
    const struct ended *ended = call(world);
    assert_int_equal(ended->end, CLIENT_UNKNOWN);
    assert_int_equal(ended->fault, fault);
    assert_true(ended->sent_us > 0);
    assert_int_equal(world->counts.idle, 0);
    assert_int_equal(world->counts.busy, 0);
    assert_int_equal(world->counts.retries, 0);
    close_world(world);
}

static void hang_ups_after_sending_are_unknown(void **state)
{
    (void)state;
    expect_unknown(close_after, "", FAULT_CLOSED);
    expect_unknown(close_after, "HTTP/1.1 20", FAULT_CLOSED);
    expect_unknown(close_after, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", FAULT_CLOSED);
    expect_unknown(close_after, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", FAULT_CLOSED);
    expect_unknown(close_after, "HTTP/1.1 100 Continue\r\n\r\n", FAULT_CLOSED);
    expect_unknown(reset_after, "", FAULT_RESET);
    expect_unknown(reset_after, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", FAULT_RESET);
    expect_unknown(reset_after, "HTTP/1.1 200 OK\r\n\r\nuntil a reset, which ends nothing properly", FAULT_RESET);
}

/* How far the client was when the reset came is a race between two kernels' queues; each is told truly. */
static void a_hang_up_before_reading(void **state)
{
    (void)state;
    struct world *world = open_world(close_unread, "");
    const struct ended *ended = call(world);
    assert_true(ended->fault == FAULT_RESET || (ended->fault == FAULT_CONNECT && !ended->sent_us));
    assert_int_equal(ended->end, ended->sent_us ? CLIENT_UNKNOWN : CLIENT_NOT_SENT);
    close_world(world);
}

static void garbage_and_excess_are_unknown(void **state)
{
    (void)state;
    static char many_fields[2048], long_head[20000];
    strcpy(many_fields, "HTTP/1.1 200 OK\r\n");
    for (unsigned i = 0; i < 65; i++) strcat(many_fields, "a: b\r\n");
    strcat(many_fields, "\r\n");
    strcpy(long_head, "HTTP/1.1 200 OK\r\nLong: ");
    memset(long_head + strlen(long_head), 'x', 17000);
    expect_unknown(close_after, "<html>hello</html>\r\n\r\n", FAULT_PROTOCOL);
    expect_unknown(close_after, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", FAULT_PROTOCOL);
    expect_unknown(close_after, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", FAULT_PROTOCOL);
    expect_unknown(close_after, "HTTP/1.1 101 Switching Protocols\r\n\r\n", FAULT_PROTOCOL);
    expect_unknown(close_after, "HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n", FAULT_TOO_LARGE);
    expect_unknown(close_after, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", FAULT_TOO_LARGE);
    expect_unknown(close_after, many_fields, FAULT_TOO_LARGE);
    expect_unknown(close_after, long_head, FAULT_TOO_LARGE);
}

/* Goes on until the client has had enough. */
static void send_for_ever(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, "HTTP/1.1 200 OK\r\n\r\n");
    while (send(fd, "0123456789abcdef", 16, MSG_NOSIGNAL) > 0) continue;
    close(fd);
}

static void interim_for_ever(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    while (send(fd, "HTTP/1.1 102 Processing\r\n\r\n", 27, MSG_NOSIGNAL) > 0) continue;
    close(fd);
}

static void endless_replies_are_cut(void **state)
{
    (void)state;
    expect_unknown(send_for_ever, "", FAULT_TOO_LARGE);
    expect_unknown(interim_for_ever, "", FAULT_PROTOCOL);
}

/* --- not sent --- */

static void expect_not_sent(struct world *world, struct client_origin *origin, int64_t after_us, enum fault fault)
{
    const struct ended *ended = call_with(world, &(struct client_call){.origin = origin, .retry_stale = true},
                                          after_us);
    assert_int_equal(ended->end, CLIENT_NOT_SENT);
    assert_int_equal(ended->fault, fault);
    assert_int_equal(ended->sent_us, 0);
}

static void refused_unresolved_not_allowed_too_late(void **state)
{
    (void)state;
    struct world *world = open_world(NULL, NULL);
    unsigned closed_port;
    close(raw_listen(&closed_port));
    expect_not_sent(world, client_origin(world->client, "http", "127.0.0.1", closed_port), LONG_US, FAULT_CONNECT);
    expect_not_sent(world, client_origin(world->client, "http", "nowhere.test", 80), LONG_US, FAULT_NAME);
    expect_not_sent(world, client_origin(world->client, "http", "two.test", closed_port), LONG_US, FAULT_CONNECT);
    expect_not_sent(world, client_origin(world->client, "https", "127.0.0.1", closed_port), LONG_US,
                    FAULT_TLS); /* no context */
    expect_not_sent(world, world->origin, 0, FAULT_TIMEOUT);
    expect_not_sent(world, world->origin, -5, FAULT_TIMEOUT);
    assert_int_equal(world->counts.busy, 0);
    close_world(world);

    world = open_world(NULL, NULL);
    client_close(&world->client);
    struct resolver *strict;
    assert_int_equal(resolver_start(false, &strict), FAULT_NONE);
    world->options.resolver = strict;
    reopen_client(world);
    expect_not_sent(world, world->origin, LONG_US, FAULT_ADDRESS);
    expect_not_sent(world, client_origin(world->client, "http", "two.test", 80), LONG_US, FAULT_ADDRESS);
    close_world(world);
    resolver_stop(&strict);
}

static void the_next_address_is_tried(void **state)
{
    (void)state;
    struct world *world = open_world(answer_all, OK("ok", 2));
    struct client_call to_two = {.origin = client_origin(world->client, "http", "TWO.test", world->peer.port)};
    assert_int_equal(call_with(world, &to_two, LONG_US)->end, CLIENT_ANSWERED);
    assert_int_equal(world->counts.dials, 1);
    close_world(world);
}

/* A listener whose queue is full drops connection attempts, as a host that is gone does. */
static void a_dial_that_hangs_times_out_unsent(void **state)
{
    (void)state;
    struct world *world = open_world(NULL, NULL);
    int fillers[8];
    struct sockaddr_in address = raw_loopback(world->peer.port);
    world->options.park_us = SHORT_US;
    reopen_client(world);
    assert_int_equal(listen(world->peer.listener, 0), 0);
    for (unsigned i = 0; i < 8; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    expect_not_sent(world, world->origin, SHORT_US, FAULT_TIMEOUT);
    assert_int_equal(world->counts.parked, 1); /* it may still open, and serve the next call */
    run_until(world, nothing_busy);            /* it does not */
    assert_int_equal(world->counts.parked_saved, 0);
    for (unsigned i = 0; i < 8; i++) close(fillers[i]);
    close_world(world);
}

static void out_of_descriptors(void **state)
{
    (void)state;
    struct world *world = open_world(NULL, NULL);
    struct rlimit before, tight;
    int lowest = dup(0);
    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)lowest;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    expect_not_sent(world, world->origin, LONG_US, FAULT_DESCRIPTORS);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close_world(world);
}

/* --- kept connections that went stale --- */

/* Answers one request, closes when told, then serves a fresh connection. */
static void close_after_first(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, peer->reply);
    sem_wait(&peer->go);
    close(fd);
    sem_post(&peer->reached);
    answer_all(peer);
}

/* The loop does not run between the peer's close and the next call, so the client cannot know unless it looks. */
static struct world *with_stale_connection(void)
{
    struct world *world = open_world(close_after_first, OK("ok", 2));
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    sem_post(&world->peer.go);
    sem_wait(&world->peer.reached);
    return world;
}

static void let_script_end(struct world *world)
{
    /* The script waits for a connection it may not have got. */
    if (world->counts.dials < 2) {
        int fd = raw_dial(world->peer.port);
        close(fd);
    }
    close_world(world);
}

static void a_stale_connection_is_retried_for_pings(void **state)
{
    (void)state;
    struct world *world = with_stale_connection();
    const struct ended *ended = call_with(world, &(struct client_call){.retry_stale = true}, LONG_US);
    assert_int_equal(ended->end, CLIENT_ANSWERED);
    assert_false(ended->reused);
    assert_int_equal(world->counts.retries, 1);
    assert_int_equal(world->counts.dials, 2);
    let_script_end(world);
}

static void a_stale_connection_is_unknown_without_retry(void **state)
{
    (void)state;
    struct world *world = with_stale_connection();
    const struct ended *ended = call(world);
    assert_int_equal(ended->end, CLIENT_UNKNOWN);
    assert_true(ended->fault == FAULT_CLOSED || ended->fault == FAULT_RESET);
    assert_true(ended->reused);
    assert_int_equal(world->counts.dials, 1);
    let_script_end(world);
}

/* Answers one request, resets when told, then serves a fresh connection. */
static void reset_after_first(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, peer->reply);
    sem_wait(&peer->go);
    raw_reset(fd);
    sem_post(&peer->reached);
    answer_all(peer);
}

/* The write fails with nothing taken, so even a call that may not be sent twice goes to a fresh connection. */
static void a_connection_that_was_reset_is_left(void **state)
{
    (void)state;
    struct world *world = open_world(reset_after_first, OK("ok", 2));
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    sem_post(&world->peer.go);
    sem_wait(&world->peer.reached);
    const struct ended *ended = call(world);
    assert_int_equal(ended->end, CLIENT_ANSWERED);
    assert_false(ended->reused);
    assert_int_equal(world->counts.retries, 0);
    assert_int_equal(world->peer.requests, 2);
    close_world(world);
}

static void a_post_sees_that_it_is_stale(void **state)
{
    (void)state;
    struct world *world = with_stale_connection();
    const struct ended *ended = call_with(world, &(struct client_call){.fresh_or_live = true}, LONG_US);
    assert_int_equal(ended->end, CLIENT_ANSWERED);
    assert_false(ended->reused);
    assert_int_equal(world->counts.retries, 0);
    assert_int_equal(world->counts.dials, 2);
    let_script_end(world);
}

static void answer_two_connections(struct peer *peer)
{
    int first = raw_accept(peer->listener);
    check(hear(peer, first));
    raw_send(first, peer->reply);
    answer_all(peer);
    close(first);
}

static void a_post_trusts_no_connection_idle_for_long(void **state)
{
    (void)state;
    struct world *world = open_world(answer_two_connections, OK("ok", 2));
    world->options.live_us = 1000;
    reopen_client(world);
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    usleep(2000);
    const struct ended *ended = call_with(world, &(struct client_call){.fresh_or_live = true}, LONG_US);
    assert_int_equal(ended->end, CLIENT_ANSWERED);
    assert_false(ended->reused);
    assert_int_equal(world->counts.idle, 2); /* the first stays, for pings */
    close_world(world);
}

/* Answers one request on the first connection; reads every later request and hangs up on it. */
static void hang_up_on_all_later(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, peer->reply);
    check(hear(peer, fd));
    close(fd);
    fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    close(fd);
}

static void there_is_one_retry(void **state)
{
    (void)state;
    struct world *world = open_world(hang_up_on_all_later, OK("ok", 2));
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    const struct ended *ended = call_with(world, &(struct client_call){.retry_stale = true}, LONG_US);
    assert_int_equal(ended->end, CLIENT_UNKNOWN);
    assert_int_equal(ended->fault, FAULT_CLOSED);
    assert_int_equal(world->counts.retries, 1);
    close_world(world);
}

static void begin_reply_and_hang_up(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, peer->reply);
    check(hear(peer, fd));
    raw_send(fd, "H");
    close(fd);
}

static void no_retry_after_a_byte_of_the_reply(void **state)
{
    (void)state;
    struct world *world = open_world(begin_reply_and_hang_up, OK("ok", 2));
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    const struct ended *ended = call_with(world, &(struct client_call){.retry_stale = true}, LONG_US);
    assert_int_equal(ended->end, CLIENT_UNKNOWN);
    assert_int_equal(world->counts.retries, 0);
    close_world(world);
}

/* --- deadlines, cancels, parking --- */

/* Answers only when told. */
static void answer_when_told(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    while (hear(peer, fd)) {
        sem_post(&peer->reached);
        sem_wait(&peer->go);
        raw_send(fd, peer->reply);
    }
    close(fd);
}

/* With a connection that is open already, so that the next request is out before client_send returns. */
static struct world *with_warm_connection(int64_t park_us)
{
    struct world *world = open_world(answer_when_told, OK("late", 4));
    world->options.park_us = park_us;
    reopen_client(world);
    sem_post(&world->peer.go);
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    sem_wait(&world->peer.reached);
    return world;
}

static void a_late_reply_gives_the_connection_back(void **state)
{
    (void)state;
    struct world *world = with_warm_connection(LONG_US);
    const struct ended *ended = call_with(world, &(struct client_call){0}, SHORT_US);
    assert_int_equal(ended->end, CLIENT_UNKNOWN);
    assert_int_equal(ended->fault, FAULT_TIMEOUT);
    assert_true(ended->sent_us > 0 && ended->done_us >= ended->sent_us);
    assert_int_equal(world->counts.busy, 1); /* parked counts as in flight */
    assert_int_equal(world->counts.idle, 0);
    sem_post(&world->peer.go);
    run_until(world, one_saved);
    assert_int_equal(world->ended.count, 1); /* told once, and not of the late reply */
    assert_int_equal(world->counts.busy, 0);
    assert_int_equal(world->counts.idle, 1);
    sem_post(&world->peer.go);
    ended = call(world);
    assert_int_equal(ended->end, CLIENT_ANSWERED);
    assert_true(ended->reused);
    assert_int_equal(world->counts.dials, 1);
    close_world(world);
}

static void a_cancelled_call_is_silent_and_parks(void **state)
{
    (void)state;
    struct world *world = with_warm_connection(LONG_US);
    world->ended = (struct ended){0};
    uint64_t id = start(world, &(struct client_call){0}, LONG_US);
    client_cancel(world->client, id);
    client_cancel(world->client, id);
    client_counts(world->client, &world->counts);
    assert_int_equal(world->counts.busy, 1);
    sem_post(&world->peer.go);
    run_until(world, one_saved);
    assert_int_equal(world->ended.count, 0);
    assert_int_equal(world->counts.idle, 1);
    close_world(world);
}

/* Cancelled before the dial was done, the request never goes out; the connection opens and is kept. */
static void a_dial_whose_call_was_cancelled_is_kept(void **state)
{
    (void)state;
    struct world *world = open_world(answer_all, OK("ok", 2));
    client_cancel(world->client, start(world, &(struct client_call){0}, LONG_US));
    run_until(world, one_saved);
    assert_int_equal(world->ended.count, 0);
    assert_true(call(world)->reused);
    assert_int_equal(world->counts.dials, 1);
    close_world(world);
}

static void a_parked_connection_that_stays_silent_is_closed(void **state)
{
    (void)state;
    struct world *world = with_warm_connection(SHORT_US);
    assert_int_equal(call_with(world, &(struct client_call){0}, SHORT_US)->end, CLIENT_UNKNOWN);
    run_until(world, nothing_busy);
    assert_int_equal(world->counts.idle, 0);
    assert_int_equal(world->counts.parked, 1);
    assert_int_equal(world->counts.parked_saved, 0);
    sem_post(&world->peer.go);
    close_world(world);
}

static void read_nothing(struct peer *peer)
{
    int fd = raw_accept(peer->listener);
    sem_wait(&peer->go);
    close(fd);
}

static void half_a_request_is_unknown_and_not_parked(void **state)
{
    (void)state;
    struct world *world = open_world(read_nothing, "");
    size_t len = 16u << 20;
    char *large = calloc(1, len);
    struct client_call post = {.parts_count = 1};
    post.parts[0] = (struct iovec){large, len};
    const struct ended *ended = call_with(world, &post, SHORT_US);
    assert_int_equal(ended->end, CLIENT_UNKNOWN);
    assert_int_equal(ended->fault, FAULT_TIMEOUT);
    assert_int_equal(ended->sent_us, 0);
    assert_int_equal(world->counts.busy, 0);
    assert_int_equal(world->counts.parked, 0);
    sem_post(&world->peer.go);
    close_world(world);
    free(large);
}

static void an_end_owed_by_client_send_can_be_cancelled(void **state)
{
    (void)state;
    struct world *world = open_world(NULL, NULL);
    uint64_t first = start(world, &(struct client_call){0}, 0);
    client_cancel(world->client, first);
    /* The first's slot is free again only after its owed end has passed. */
    uint64_t second = start(world, &(struct client_call){0}, 0);
    assert_int_not_equal(first, second);
    run_until(world, has_ended);
    assert_int_equal(world->ended.count, 1);
    assert_int_equal(world->ended.call, second);
    assert_int_equal(world->counts.busy, 0);
    close_world(world);
}

static void closing_is_silent(void **state)
{
    (void)state;
    struct world *world = with_warm_connection(LONG_US);
    start(world, &(struct client_call){0}, LONG_US);
    start(world, &(struct client_call){0}, 0);
    sem_post(&world->peer.go);
    close_world(world); /* the leak checker and check() watch */
}

/* --- bounds --- */

static void answer_three_connections(struct peer *peer)
{
    int fds[3];
    char byte[2];
    for (unsigned i = 0; i < 3; i++) fds[i] = raw_accept(peer->listener);
    for (unsigned i = 0; peer->reply && i < 3; i++) check(hear(peer, fds[i]));
    for (unsigned i = 0; peer->reply && i < 3; i++) raw_send(fds[i], peer->reply);
    for (unsigned i = 0; i < 3; i++) {
        raw_read_until(fds[i], "x", byte, sizeof byte);
        close(fds[i]);
    }
}

static void calls_max_and_idle_max(void **state)
{
    (void)state;
    struct world *world = open_world(answer_three_connections, OK("ok", 2));
    world->options.calls_max = 3;
    world->options.idle_max = 2;
    reopen_client(world);
    for (unsigned i = 0; i < 3; i++) start(world, &(struct client_call){0}, LONG_US);
    struct client_call fourth = {.origin = world->origin, .parts_count = 1, .on_done = on_done};
    enum fault fault;
    assert_int_equal(client_send(world->client, &fourth, &fault), 0);
    assert_int_equal(fault, FAULT_FULL);
    run_until(world, all_three_ended);
    assert_int_equal(world->ended.end, CLIENT_ANSWERED);
    assert_int_equal(world->counts.idle, 2);
    close_world(world);
}

static void a_warm_floor(void **state)
{
    (void)state;
    struct world *world = open_world(answer_three_connections, NULL);
    client_warm(world->client, world->origin, 2);
    client_warm(world->client, world->origin, 3);
    run_until(world, three_idle);
    client_warm(world->client, world->origin, 3);
    client_counts(world->client, &world->counts);
    assert_int_equal(world->counts.dials, 3);
    assert_int_equal(world->counts.calls, 0);
    close_world(world);
}

static void idle_connections_end_by_time_and_by_the_peer(void **state)
{
    (void)state;
    struct world *world = open_world(answer_all, OK("ok", 2));
    world->options.idle_us = 30000;
    reopen_client(world);
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    run_until(world, nothing_idle);
    close_world(world);

    world = open_world(close_after, OK("ok", 2));
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    run_until(world, nothing_idle);
    close_world(world);
}

static void say_more_when_told(struct peer *peer)
{
    char byte[2];
    int fd = raw_accept(peer->listener);
    check(hear(peer, fd));
    raw_send(fd, peer->reply);
    sem_wait(&peer->go);
    raw_send(fd, peer->reply); /* a reply to nothing */
    raw_read_until(fd, "x", byte, sizeof byte);
    close(fd);
}

static void a_connection_that_speaks_unasked_is_closed(void **state)
{
    (void)state;
    struct world *world = open_world(say_more_when_told, OK("ok", 2));
    assert_int_equal(call(world)->end, CLIENT_ANSWERED);
    sem_post(&world->peer.go);
    run_until(world, nothing_idle);
    close_world(world);
}

static void origins_are_the_same_for_the_same(void **state)
{
    (void)state;
    struct world *world = open_world(NULL, NULL);
    struct client *client = world->client;
    assert_ptr_equal(client_origin(client, "http", "a.test", 80), client_origin(client, "HTTP", "A.TEST", 0));
    assert_ptr_equal(client_origin(client, "https", "[::1]", 443), client_origin(client, "https", "::1", 0));
    assert_ptr_not_equal(client_origin(client, "http", "a.test", 443), client_origin(client, "https", "a.test", 443));
    assert_ptr_not_equal(client_origin(client, "http", "a.test", 80), client_origin(client, "http", "a.test", 81));
    assert_ptr_not_equal(client_origin(client, "http", "a.test", 80), client_origin(client, "http", "b.test", 80));
    close_world(world);
}

/* --- URLs --- */

struct url {
    const char *text;
    const char *scheme, *host, *target; /* scheme NULL: refused */
    unsigned port;
};

static void urls(void **state)
{
    (void)state;
    static const struct url all[] = {
        {"https://buyer.example/ping", "https", "buyer.example", "/ping", 443},
        {"http://buyer.example", "http", "buyer.example", "/", 80},
        {"HTTPS://Buyer.Example:8443/a/b?c=d&e", "https", "Buyer.Example", "/a/b?c=d&e", 8443},
        {"http://127.0.0.1:8080/x", "http", "127.0.0.1", "/x", 8080},
        {"http://[::1]:80/x", "http", "::1", "/x", 80},
        {"https://[2001:db8::1]/", "https", "2001:db8::1", "/", 443},
        {"", NULL, NULL, NULL, 0},
        {"buyer.example/ping", NULL, NULL, NULL, 0},
        {"ftp://buyer.example/", NULL, NULL, NULL, 0},
        {"https:buyer.example", NULL, NULL, NULL, 0},
        {"https:///path", NULL, NULL, NULL, 0},
        {"https://user@buyer.example/", NULL, NULL, NULL, 0},
        {"https://user:pass@buyer.example/", NULL, NULL, NULL, 0},
        {"https://buyer.example/a#b", NULL, NULL, NULL, 0},
        {"https://buyer.example#b", NULL, NULL, NULL, 0},
        {"https://buyer.example?x=1", NULL, NULL, NULL, 0},
        {"https://buyer.example:0/", NULL, NULL, NULL, 0},
        {"https://buyer.example:65536/", NULL, NULL, NULL, 0},
        {"https://buyer.example:/", NULL, NULL, NULL, 0},
        {"https://buyer.example:44x/", NULL, NULL, NULL, 0},
        {"https://buyer example/", NULL, NULL, NULL, 0},
        {"https://buyer.example/a b", NULL, NULL, NULL, 0},
        {"https://buyer.example/a\r\nX: y", NULL, NULL, NULL, 0},
        {"https://[::1/", NULL, NULL, NULL, 0},
        {"https://[::1]x/", NULL, NULL, NULL, 0},
        {"https://[buyer]/", NULL, NULL, NULL, 0},
        {"https://::1/", NULL, NULL, NULL, 0},
        {"https://b\xc3\xbcyer.example/", NULL, NULL, NULL, 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct bytes scheme, host, target;
        unsigned port = 0;
        bool split = client_split_url(bytes_of(all[i].text), &scheme, &host, &port, &target);
        if (split != (all[i].scheme != NULL)) fail_msg("%s", all[i].text);
        if (!split) continue;
        assert_true(bytes_is(scheme, all[i].scheme));
        assert_true(bytes_is(host, all[i].host));
        assert_true(bytes_is(target, all[i].target));
        assert_int_equal(port, all[i].port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_alive_and_reused),
        cmocka_unit_test(shapes_of_replies),
        cmocka_unit_test(interim_responses_on_a_kept_connection),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(reply_to_head_has_no_body),
        cmocka_unit_test(a_callback_may_send_on_the_same_connection),
        cmocka_unit_test(an_answer_before_the_request_is_out),
        cmocka_unit_test(a_large_request_goes_out_in_pieces),
        cmocka_unit_test(hang_ups_after_sending_are_unknown),
        cmocka_unit_test(a_hang_up_before_reading),
        cmocka_unit_test(garbage_and_excess_are_unknown),
        cmocka_unit_test(endless_replies_are_cut),
        cmocka_unit_test(refused_unresolved_not_allowed_too_late),
        cmocka_unit_test(the_next_address_is_tried),
        cmocka_unit_test(a_dial_that_hangs_times_out_unsent),
        cmocka_unit_test(out_of_descriptors),
        cmocka_unit_test(a_stale_connection_is_retried_for_pings),
        cmocka_unit_test(a_stale_connection_is_unknown_without_retry),
        cmocka_unit_test(a_connection_that_was_reset_is_left),
        cmocka_unit_test(a_post_sees_that_it_is_stale),
        cmocka_unit_test(a_post_trusts_no_connection_idle_for_long),
        cmocka_unit_test(there_is_one_retry),
        cmocka_unit_test(no_retry_after_a_byte_of_the_reply),
        cmocka_unit_test(a_late_reply_gives_the_connection_back),
        cmocka_unit_test(a_cancelled_call_is_silent_and_parks),
        cmocka_unit_test(a_dial_whose_call_was_cancelled_is_kept),
        cmocka_unit_test(a_parked_connection_that_stays_silent_is_closed),
        cmocka_unit_test(half_a_request_is_unknown_and_not_parked),
        cmocka_unit_test(an_end_owed_by_client_send_can_be_cancelled),
        cmocka_unit_test(closing_is_silent),
        cmocka_unit_test(calls_max_and_idle_max),
        cmocka_unit_test(a_warm_floor),
        cmocka_unit_test(idle_connections_end_by_time_and_by_the_peer),
        cmocka_unit_test(a_connection_that_speaks_unasked_is_closed),
        cmocka_unit_test(origins_are_the_same_for_the_same),
        cmocka_unit_test(urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
