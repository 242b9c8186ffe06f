/* TLS from both sides: client and server of this room on one loop, with certificates made while the test runs; and a
 * raw TLS client against a server in a thread, for what only a peer that misbehaves does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netdb.h>
#include <openssl/ssl.h>

#include "certs.h"
#include "protocol/base/clock.h"
#include "protocol/wire/client.h"
#include "protocol/wire/tls_context.h"
#include "protocol/wire/tls_sessions.h"
#include "protocol/wire/tls_stream.h"
#include "protocol/wire/tls_tickets.h"
#include "stage.h"

#define LONG_US INT64_C(60000000)
#define LARGE (3u << 20)

static struct certs certs;

/* Every name under .test is this machine. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
    (void)service;
    (void)hints;
    struct addrinfo *one = calloc(1, sizeof *one + sizeof(struct sockaddr_in));
    struct sockaddr_in *address = (struct sockaddr_in *)(one + 1);
    check(strstr(name, ".test") != NULL);
    *address = raw_loopback(0);
    *one = (struct addrinfo){
        .ai_family = AF_INET, .ai_addr = (struct sockaddr *)address, .ai_addrlen = sizeof *address};
    *list = one;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    free(list);
}

static struct tls_context *server_context(const char *name)
{
    char cert[CERTS_PATH_MAX], key[CERTS_PATH_MAX], file[64];
    struct tls_context *context = NULL;
    struct tls_note note;
    snprintf(file, sizeof file, "%s.crt", name);
    certs_path(&certs, file, cert);
    snprintf(file, sizeof file, "%s.key", name);
    certs_path(&certs, file, key);
    enum fault fault = tls_server_context(cert, key, &context, &note);
    check(fault == FAULT_NONE, "%s", note.text);
    return context;
}

static struct tls_context *client_context(bool trusting)
{
    char path[CERTS_PATH_MAX];
    struct tls_context *context = NULL;
    struct tls_note note;
    enum fault fault = tls_client_context(trusting ? certs_path(&certs, "ca.crt", path) : NULL, &context, &note);
    check(fault == FAULT_NONE, "%s", note.text);
    return context;
}

/* --- a client and a server on one loop --- */

struct world {
    struct loop *loop;
    struct resolver *resolver;
    struct server *server;
    struct client *client;
    struct client_options client_options;
    struct tls_context *server_tls, *client_tls;
    unsigned port;
    unsigned requests, ended;
    enum client_end end;
    enum fault fault;
    int status;
    size_t body_len;
    bool body_right, reused, over_tls;
    char *large;
};

static void on_request(void *arg, struct server_request *request)
{
    struct world *world = arg;
    const struct server_view *view = server_view(request);
    struct server_answer answer = {.status = 200, .body = view->body};
    world->requests++;
    world->over_tls = view->over_tls;
    answer.close = bytes_is(view->head->path, "/close");
    if (bytes_is(view->head->path, "/large")) answer.body = (struct bytes){world->large, LARGE};
    if (bytes_is(view->head->path, "/half") || bytes_is(view->head->path, "/reset"))
        server_raw(request, BYTES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha"), true,
                   bytes_is(view->head->path, "/reset"));
    else
        server_answer(request, &answer);
}

static void on_done(void *arg, uint64_t call, const struct client_result *result)
{
    struct world *world = arg;
    (void)call;
    world->ended++;
    world->end = result->end;
    world->fault = result->fault;
    world->status = 0;
    world->reused = result->reused;
    if (result->end == CLIENT_ANSWERED) {
        world->status = result->head->status;
        world->body_len = result->body.len;
        world->body_right = memcmp(result->body.at, world->large, result->body.len) == 0;
    }
    loop_stop(world->loop);
}

static void open_world(struct world *world, const char *cert)
{
    struct tls_note note;
    *world = (struct world){.server_tls = server_context(cert), .client_tls = client_context(true)};
    world->large = malloc(LARGE);
    for (size_t i = 0; i < LARGE; i++) world->large[i] = (char)('a' + i % 23);
    check(loop_open(&world->loop) == FAULT_NONE && resolver_start(true, &world->resolver) == FAULT_NONE);
    struct server_options options = {
        .address = "127.0.0.1:0",
        .tls = world->server_tls,
        .limits = server_limits_default,
        .handler = {.on_request = on_request, .arg = world},
    };
    options.limits.body_max = LARGE;
    check(server_open(world->loop, &options, &world->server, &note) == FAULT_NONE, "%s", note.text);
    world->port = raw_port_of(server_address(world->server));
    world->client_options = client_options_default;
    world->client_options.resolver = world->resolver;
    world->client_options.tls = world->client_tls;
    world->client_options.body_max = LARGE;
    check(client_open(world->loop, &world->client_options, &world->client) == FAULT_NONE);
}

static void close_world(struct world *world)
{
    client_close(&world->client);
    server_close(&world->server);
    loop_close(&world->loop);
    resolver_stop(&world->resolver);
    tls_context_drop(&world->server_tls);
    tls_context_drop(&world->client_tls);
    free(world->large);
}

static void call_host(struct world *world, const char *scheme, const char *host, const char *path, size_t body_len,
                      bool post)
{
    char head[256];
    enum fault fault;
    struct client_call call = {.parts_count = 2, .on_done = on_done, .arg = world, .fresh_or_live = post};
    int len = snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %zu\r\n\r\n", path, host,
                       body_len);
    call.origin = client_origin(world->client, scheme, host, world->port);
    call.parts[0] = (struct iovec){head, (size_t)len};
    call.parts[1] = (struct iovec){world->large, body_len};
    call.deadline_us = loop_now_us(world->loop) + LONG_US;
    world->ended = 0;
    check(client_send(world->client, &call, &fault) != 0);
    loop_run(world->loop);
    assert_int_equal(world->ended, 1);
}

static void call_path(struct world *world, const char *path, size_t body_len, bool post)
{
    call_host(world, "https", "buyer.test", path, body_len, post);
}

static struct client_counts counts_of(struct world *world)
{
    struct client_counts counts;
    client_counts(world->client, &counts);
    return counts;
}

static void set_version(struct world *world, int version)
{
    SSL_CTX_set_max_proto_version(world->client_tls->library, version);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void both_versions_kept_alive_and_large(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 2; v++) {
        struct world world;
        open_world(&world, "buyer");
        set_version(&world, versions[v]);
        static const size_t lens[] = {0, 1, 500, 16384, 16385, 70000, LARGE};
        for (unsigned i = 0; i < sizeof lens / sizeof lens[0]; i++) {
            call_path(&world, "/echo", lens[i], false);
            assert_int_equal(world.end, CLIENT_ANSWERED);
            assert_int_equal(world.body_len, lens[i]);
            assert_true(world.body_right);
            assert_true(world.over_tls);
        }
        call_path(&world, "/large", 5, true); /* a post right after a ping: tickets that wait unread are no noise */
        assert_int_equal(world.end, CLIENT_ANSWERED);
        assert_int_equal(world.body_len, LARGE);
        assert_true(world.body_right);
        assert_true(world.reused);
        assert_int_equal(counts_of(&world).dials, 1);
        close_world(&world);
    }
}

static void post_right_after_the_handshake(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "buyer");
    for (unsigned i = 0; i < 5; i++) {
        call_path(&world, "/echo", 10, true);
        assert_int_equal(world.end, CLIENT_ANSWERED);
        assert_int_equal(world.reused, i > 0);
    }
    close_world(&world);
}

static void sessions_are_resumed(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 2; v++) {
        struct world world;
        open_world(&world, "buyer");
        set_version(&world, versions[v]);
        for (unsigned i = 0; i < 6; i++) {
            call_path(&world, "/close", 10, false);
            assert_int_equal(world.end, CLIENT_ANSWERED);
            assert_false(world.reused);
        }
        assert_int_equal(counts_of(&world).dials, 6);
        assert_int_equal(counts_of(&world).tls_resumed, 5);
        call_host(&world, "https", "127.0.0.1", "/close", 10, false); /* another origin: nothing to resume */
        assert_int_equal(world.end, CLIENT_ANSWERED);
        assert_int_equal(counts_of(&world).tls_resumed, 5);
        close_world(&world);
    }
}

static void cut_in_the_middle(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "buyer");
    call_path(&world, "/half", 3, false);
    assert_int_equal(world.end, CLIENT_UNKNOWN);
    assert_int_equal(world.fault, FAULT_CLOSED);
    call_path(&world, "/reset", 3, false);
    assert_int_equal(world.end, CLIENT_UNKNOWN);
    assert_int_equal(world.fault, FAULT_RESET);
    /* That the connection broke speaks against it, not against its session. */
    uint64_t before = counts_of(&world).tls_resumed;
    call_path(&world, "/close", 3, false);
    assert_int_equal(world.end, CLIENT_ANSWERED);
    assert_int_equal(counts_of(&world).tls_resumed, before + 1);
    close_world(&world);
}

/* --- peers that are not who they should be: not a byte of the request reaches them --- */

static void expect_refused(struct world *world, const char *host)
{
    call_host(world, "https", host, "/secret", 100, false);
    assert_int_equal(world->end, CLIENT_NOT_SENT);
    assert_int_equal(world->fault, FAULT_TLS);
    assert_int_equal(world->requests, 0);
}

static void wrong_name(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 2; v++) {
        struct world world;
        open_world(&world, "nameonly");
        set_version(&world, versions[v]);
        expect_refused(&world, "127.0.0.1");  /* the certificate carries a name and no address */
        expect_refused(&world, "other.test"); /* here the server refuses the name first */
        struct server_counts counts;
        server_counts(world.server, &counts);
        assert_int_equal(counts.handshakes_failed, 2);
        /* A server that does not look at names is found out by the client. */
        SSL_CTX_set_tlsext_servername_callback(world.server_tls->library, NULL);
        expect_refused(&world, "other.test");
        expect_refused(&world, "sub.buyer.test");
        call_path(&world, "/echo", 10, false);
        assert_int_equal(world.end, CLIENT_ANSWERED);
        close_world(&world);
    }
}

static void unknown_authority(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 2; v++) {
        struct world world;
        open_world(&world, "buyer");
        tls_context_drop(&world.client_tls);
        world.client_tls = client_context(false);
        client_swap_tls(world.client, world.client_tls);
        set_version(&world, versions[v]);
        expect_refused(&world, "buyer.test");
        close_world(&world);
    }
}

/* No server of ours would load it, so it is put in behind the loader's back. */
static void expired_certificate(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 2; v++) {
        struct world world;
        open_world(&world, "buyer");
        set_version(&world, versions[v]);
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *cert = certs_make(&certs, key, "DNS:buyer.test", -7200, -3600, certs.ca, certs.ca_key);
        assert_int_equal(SSL_CTX_use_certificate(world.server_tls->library, cert), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(world.server_tls->library, key), 1);
        expect_refused(&world, "buyer.test");
        X509_free(cert);
        EVP_PKEY_free(key);
        close_world(&world);
    }
}

static void old_versions_and_other_protocols(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "buyer");
    assert_int_equal(SSL_CTX_set_alpn_protos(world.client_tls->library, (const unsigned char *)"\x02h2", 3), 0);
    expect_refused(&world, "buyer.test");
    close_world(&world);
    open_world(&world, "buyer");
    SSL_CTX_set_min_proto_version(world.client_tls->library, TLS1_VERSION);
    SSL_CTX_set_cipher_list(world.client_tls->library, "ALL:@SECLEVEL=0");
    set_version(&world, TLS1_1_VERSION);
    expect_refused(&world, "buyer.test");
    close_world(&world);
    open_world(&world, "buyer"); /* a cipher that does not authenticate by itself */
    SSL_CTX_set_cipher_list(world.client_tls->library, "ECDHE-ECDSA-AES128-SHA256");
    set_version(&world, TLS1_2_VERSION);
    expect_refused(&world, "buyer.test");
    close_world(&world);
}

static void plain_against_tls(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "buyer");
    call_host(&world, "http", "buyer.test", "/x", 10, false);
    assert_int_equal(world.end, CLIENT_UNKNOWN); /* to a plain client its request is out */
    assert_int_equal(world.requests, 0);
    struct server_counts counts;
    server_counts(world.server, &counts);
    assert_int_equal(counts.handshakes_failed, 1);

    /* And TLS to a plain server. */
    struct tls_note note;
    server_close(&world.server);
    struct server_options options = {.address = "127.0.0.1:0",
                                     .limits = server_limits_default,
                                     .handler = {.on_request = on_request, .arg = &world}};
    assert_int_equal(server_open(world.loop, &options, &world.server, &note), FAULT_NONE);
    world.port = raw_port_of(server_address(world.server));
    expect_refused(&world, "buyer.test");
    close_world(&world);
}

static void a_reload_changes_new_connections_only(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "buyer");
    call_path(&world, "/echo", 10, false);
    struct tls_context *second = server_context("nameonly");
    server_swap_tls(world.server, second);
    tls_context_drop(&second);
    tls_context_drop(&world.server_tls);
    call_path(&world, "/echo", 10, false); /* on the connection that was opened with the old one */
    assert_int_equal(world.end, CLIENT_ANSWERED);
    assert_true(world.reused);
    world.requests = 0;
    expect_refused(&world, "127.0.0.1"); /* the first certificate carried this address */
    close_world(&world);
}

/* --- what a context is made of --- */

static void contexts_from_bad_files(void **state)
{
    (void)state;
    char crt[CERTS_PATH_MAX], key[CERTS_PATH_MAX], other[CERTS_PATH_MAX], old[CERTS_PATH_MAX], old_key[CERTS_PATH_MAX],
        locked[CERTS_PATH_MAX], missing[CERTS_PATH_MAX];
    certs_path(&certs, "buyer.crt", crt);
    certs_path(&certs, "buyer.key", key);
    certs_path(&certs, "nameonly.key", other);
    certs_path(&certs, "expired.crt", old);
    certs_path(&certs, "expired.key", old_key);
    certs_path(&certs, "locked.key", locked);
    certs_path(&certs, "missing", missing);
    const struct {
        const char *crt, *key, *word, *file;
    } bad[] = {
        {missing, key, "No such file", missing},   {crt, missing, "No such file", missing},
        {crt, other, "does not belong", other},    {old, old_key, "expired at 20", old},
        {key, key, "cannot use certificate", key}, {crt, crt, "cannot use key", crt},
        {crt, locked, "cannot use key", locked},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tls_context *context = NULL;
        struct tls_note note;
        assert_int_equal(tls_server_context(bad[i].crt, bad[i].key, &context, &note), FAULT_INPUT);
        assert_null(context);
        if (!strstr(note.text, bad[i].word) || !strstr(note.text, bad[i].file)) fail_msg("%s", note.text);
    }
    struct tls_context *context = NULL;
    struct tls_note note;
    assert_int_equal(tls_client_context(missing, &context, &note), FAULT_INPUT);
    assert_non_null(strstr(note.text, missing));
    assert_int_equal(tls_client_context(key, &context, &note), FAULT_INPUT);
    context = server_context("buyer");
    int64_t left_ms = tls_context_expires_ms(context) - clock_wall_ms();
    assert_in_range(left_ms, 86400000 - 600000, 86400000); /* made for a day, at the start of this program */
    tls_context_take(context);
    struct tls_context *again = context;
    tls_context_drop(&again);
    assert_null(again);
    tls_context_drop(&context);
}

static void ticket_keys_move_on(void **state)
{
    (void)state;
    struct tls_tickets *tickets;
    struct tls_ticket_key first, second;
    bool old;
    int64_t now_us = 1000;
    assert_int_equal(tls_tickets_open(&tickets), FAULT_NONE);
    first = *tls_tickets_seal(tickets, now_us);
    assert_memory_equal(tls_tickets_seal(tickets, now_us + TLS_TICKET_KEY_US - 1), &first, sizeof first);
    assert_non_null(tls_tickets_find(tickets, first.name, now_us + TLS_TICKET_KEY_US - 1, &old));
    assert_false(old);
    second = *tls_tickets_seal(tickets, now_us + TLS_TICKET_KEY_US);
    assert_memory_not_equal(&first, &second, sizeof first);
    assert_memory_equal(tls_tickets_find(tickets, first.name, now_us + TLS_TICKET_KEY_US, &old), &first, sizeof first);
    assert_true(old);
    assert_memory_equal(tls_tickets_find(tickets, second.name, now_us + TLS_TICKET_KEY_US, &old), &second,
                        sizeof second);
    assert_false(old);
    assert_null(tls_tickets_find(tickets, first.name, now_us + 2 * TLS_TICKET_KEY_US, &old));
    tls_tickets_seal(tickets, now_us + 2 * TLS_TICKET_KEY_US);
    assert_null(
        tls_tickets_find(tickets, first.name, now_us + TLS_TICKET_KEY_US, &old)); /* gone, whatever the clock says */
    tls_tickets_close(&tickets);
}

static unsigned dropped;
static void on_drop(void *session)
{
    (void)session;
    dropped++;
}

static void two_sessions_a_key_each_once(void **state)
{
    (void)state;
    struct tls_sessions *sessions;
    int keys[2], kept[4];
    assert_int_equal(tls_sessions_open(on_drop, &sessions), FAULT_NONE);
    assert_null(tls_sessions_take(sessions, &keys[0]));
    for (unsigned i = 0; i < 3; i++) tls_sessions_put(sessions, &keys[0], &kept[i]);
    assert_int_equal(dropped, 1);
    assert_null(tls_sessions_take(sessions, &keys[1]));
    assert_ptr_equal(tls_sessions_take(sessions, &keys[0]), &kept[2]);
    assert_ptr_equal(tls_sessions_take(sessions, &keys[0]), &kept[1]);
    assert_null(tls_sessions_take(sessions, &keys[0]));
    tls_sessions_put(sessions, &keys[1], &kept[3]);
    tls_sessions_close(&sessions);
    assert_int_equal(dropped, 2);
}

/* --- a raw TLS client --- */

static struct tls_stream *shake_hands(int fd, struct tls_context *context)
{
    struct tls_stream *stream = NULL;
    check(tls_stream_open(context, fd, "buyer.test", NULL, &stream) == FAULT_NONE);
    check(tls_stream_handshake(stream) == TLS_DONE);
    return stream;
}

/* Many records in few segments: OpenSSL takes more off the socket than it gives out at once, and a level-triggered loop
 * hears nothing more about it. */
static void many_records_at_once(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    struct tls_context *context = client_context(true), *server = server_context("buyer");
    stage.options.tls = server;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    int fd = raw_dial(stage.port);
    struct tls_stream *stream = shake_hands(fd, context);
    char got[65536];
    size_t len = 0, part;
    unsigned found = 0;
    for (unsigned i = 0; i < 40; i++) {
        static const char half[] = "GET /many HTTP/1.1\r\nHost: ", rest[] = "h\r\n\r\n";
        assert_int_equal(tls_stream_write(stream, half, sizeof half - 1, &part), TLS_DONE);
        assert_int_equal(tls_stream_write(stream, rest, sizeof rest - 1, &part), TLS_DONE);
    }
    while (found < 40) {
        assert_int_equal(tls_stream_read(stream, got + len, sizeof got - 1 - len, &part), TLS_DONE);
        len += part;
        got[len] = '\0';
        found = 0;
        for (const char *at = got; (at = strstr(at, "GET /many ")) != NULL; at++) found++;
    }
    assert_true(stage.over_tls);
    tls_stream_close(&stream, true);
    close(fd);
    stage_close(&stage);
    tls_context_drop(&context);
    tls_context_drop(&server);
}

/* Writing to a peer that is gone is a fault, not a signal. */
static void writing_after_the_peer_has_closed(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    struct tls_context *context = client_context(true), *server = server_context("buyer");
    static const char request[] = "GET /close HTTP/1.1\r\nHost: h\r\n\r\n";
    char got[1024];
    size_t part;
    stage.options.tls = server;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    int fd = raw_dial(stage.port);
    struct tls_stream *stream = shake_hands(fd, context);
    assert_int_equal(tls_stream_write(stream, request, sizeof request - 1, &part), TLS_DONE);
    assert_int_equal(tls_stream_read(stream, got, sizeof got, &part), TLS_DONE);
    assert_int_equal(tls_stream_read(stream, got, sizeof got, &part), TLS_ENDED);
    enum tls_step step = TLS_DONE;
    for (unsigned i = 0; i < 30000 && step == TLS_DONE; i++) {
        step = tls_stream_write(stream, request, sizeof request - 1, &part);
        usleep(1000);
    }
    assert_int_equal(step, TLS_RESET);
    tls_stream_close(&stream, true);
    close(fd);
    stage_close(&stage);
    tls_context_drop(&context);
    tls_context_drop(&server);
}

static void silent_and_senseless_handshakes(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    struct tls_context *server = server_context("buyer");
    char got[4096];
    size_t len;
    stage.options.tls = server;
    stage.options.limits.handshake_us = 50000;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    int silent = raw_dial(stage.port);
    raw_read_all(silent, got, sizeof got, &len);
    assert_int_equal(len, 0);
    int senseless = raw_dial(stage.port);
    raw_send(senseless, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    raw_read_all(senseless, got, sizeof got, &len);
    int gone = raw_dial(stage.port);
    close(gone);
    do stage_do(&stage, stage_look);
    while (stage.counts.handshakes_failed < 2 || stage.connections > 0);
    assert_int_equal(stage.counts.cut, 1);
    assert_int_equal(stage.requests, 0);
    close(silent);
    close(senseless);
    stage_close(&stage);
    tls_context_drop(&server);
}

/* The peer leaves with and without close_notify, while its request is lent and while it is idle. */
static void peers_leave(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    struct tls_context *context = client_context(true), *server = server_context("buyer");
    stage.options.tls = server;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    for (unsigned orderly = 0; orderly < 2; orderly++) {
        size_t part;
        static const char hold[] = "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n";
        int fd = raw_dial(stage.port);
        struct tls_stream *stream = shake_hands(fd, context);
        assert_int_equal(tls_stream_write(stream, hold, sizeof hold - 1, &part), TLS_DONE);
        stage_await(&stage.held_count, orderly + 1);
        tls_stream_close(&stream, orderly);
        if (orderly)
            close(fd);
        else
            raw_reset(fd);
        stage_await(&stage.gone, orderly + 1);
    }
    int idle = raw_dial(stage.port);
    struct tls_stream *stream = shake_hands(idle, context);
    tls_stream_close(&stream, true);
    do stage_do(&stage, stage_look);
    while (stage.counts.accepted < 3 || stage.connections > 0);
    close(idle);
    stage_close(&stage);
    tls_context_drop(&context);
    tls_context_drop(&server);
}

static int make_certs(void **state)
{
    (void)state;
    certs_open(&certs);
    certs_leaf(&certs, "buyer", "DNS:buyer.test,IP:127.0.0.1", -3600, 86400);
    certs_leaf(&certs, "nameonly", "DNS:buyer.test", -3600, 86400);
    certs_leaf(&certs, "expired", "DNS:buyer.test", -7200, -3600);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    certs_write_key(&certs, "locked.key", key, "secret");
    EVP_PKEY_free(key);
    return 0;
}

static int drop_certs(void **state)
{
    (void)state;
    certs_close(&certs);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_versions_kept_alive_and_large),
        cmocka_unit_test(post_right_after_the_handshake),
        cmocka_unit_test(sessions_are_resumed),
        cmocka_unit_test(cut_in_the_middle),
        cmocka_unit_test(wrong_name),
        cmocka_unit_test(unknown_authority),
        cmocka_unit_test(expired_certificate),
        cmocka_unit_test(old_versions_and_other_protocols),
        cmocka_unit_test(plain_against_tls),
        cmocka_unit_test(a_reload_changes_new_connections_only),
        cmocka_unit_test(contexts_from_bad_files),
        cmocka_unit_test(ticket_keys_move_on),
        cmocka_unit_test(two_sessions_a_key_each_once),
        cmocka_unit_test(many_records_at_once),
        cmocka_unit_test(writing_after_the_peer_has_closed),
        cmocka_unit_test(silent_and_senseless_handshakes),
        cmocka_unit_test(peers_leave),
    };
    return cmocka_run_group_tests(tests, make_certs, drop_certs);
}
