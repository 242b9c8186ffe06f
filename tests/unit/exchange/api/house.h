/* house: a whole exchange in one process over loopback sockets, and a buyer's server on a loop of its own; for the
 * tests of this room. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exchange/api/api.h"
#include "exchange/base/zonefile.h"
#include "protocol/codec/document.h"
#include "protocol/crypto/apikey.h"

/* A buyer --------------------------------------------------------------------------------------------------------- */

struct buyer_house {
    struct loop *loop;
    struct server *server;
    pthread_t thread;
    _Atomic unsigned pings, posts;
    _Atomic int post_status; /* of the answers to posts; 0: 200 */
    pthread_mutex_t lock;    /* of `told` */
    char told[4096];         /* the last ping to north-1 */
};

static inline void on_buyer_request(void *arg, struct server_request *request)
{
    struct buyer_house *house = arg;
    bool is_post = bytes_is(server_view(request)->head->path, "/post");
    struct bytes body = is_post ? BYTES("{\"status\":\"accepted\",\"buyer_lead_id\":\"77\"}")
                                : BYTES("{\"status\":\"bid\",\"price\":\"12.50\"}");
    struct bytes asked = server_view(request)->body;
    if (memmem(asked.at, asked.len, "\"north-1\"", 9) && !is_post) {
        pthread_mutex_lock(&house->lock);
        snprintf(house->told, sizeof house->told, "%.*s", (int)asked.len, asked.at);
        pthread_mutex_unlock(&house->lock);
    }
    atomic_fetch_add(is_post ? &house->posts : &house->pings, 1);
    int status = is_post ? atomic_load(&house->post_status) : 0;
    struct server_answer answer = {.status = status ? status : 200, .content_type = "application/json", .body = body};
    server_answer(request, &answer);
}

static inline void on_nothing_gone(void *arg, struct server_request *request)
{
    (void)arg;
    (void)request;
}

static inline void on_nothing_refused(void *arg, enum http_error error, struct server_answer *answer)
{
    (void)arg;
    (void)answer;
    fprintf(stderr, "buyer refused: %s\n", http_error_text(error));
}

static inline void *live_buyer(void *arg)
{
    loop_run(((struct buyer_house *)arg)->loop);
    return NULL;
}

static inline void open_buyer(struct buyer_house *house)
{
    struct tls_note note;
    struct server_options options = {.address = "127.0.0.1:0",
                                     .limits = server_limits_default,
                                     .handler = {.on_request = on_buyer_request,
                                                 .on_gone = on_nothing_gone,
                                                 .on_refused = on_nothing_refused,
                                                 .arg = house}};
    house->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    assert_int_equal(loop_open(&house->loop), FAULT_NONE);
    assert_int_equal(server_open(house->loop, &options, &house->server, &note), FAULT_NONE);
    pthread_create(&house->thread, NULL, live_buyer, house);
}

static inline void stop_loop(void *arg)
{
    loop_stop(arg);
}

static inline void close_buyer(struct buyer_house *house)
{
    loop_set_wake(house->loop, stop_loop, house->loop);
    loop_wake(house->loop);
    pthread_join(house->thread, NULL);
    server_close(&house->server);
    loop_close(&house->loop);
}

/* The exchange ---------------------------------------------------------------------------------------------------- */

struct house {
    struct buyer_house buyer;
    struct hall hall;
    struct worker *workers[2];
    unsigned workers_count, day_cap;
    struct worker_front front;
    struct resolver *resolver;
    struct arena zones;
    char folder[64], keys[96], key[APIKEY_TEXT_MAX + 1];
    char other_key[APIKEY_TEXT_MAX + 1]; /* of the affiliate "other" */
    const char *idempotency_key;         /* of the requests to come; NULL: none */
    int socket;
};

static inline bool read_zone(void *arena, struct bytes name, struct bytes *file)
{
    return zonefile_read(name, arena, file) == FAULT_NONE;
}

static inline void on_finding(void *arg, const struct node *where, bool is_error, const char *text)
{
    (void)arg;
    (void)where;
    if (is_error) fprintf(stderr, "catalogue: %s\n", text);
}

#define HOUSE_SELLER                                                                                                   \
    "\"seller\":{\"name\":\"The \\\"North\\\"\",\"url\":\"https://n.example/\",\"consent_text\":\"a\"},"

static inline struct catalogue *build_catalogue(struct house *house)
{
    static char text[8192];
    struct arena arena;
    struct document_error error;
    struct digest digest;
    char hex[65] = "", other_hex[65] = "";
    struct sink sink = sink_over(hex, 64), other = sink_over(other_hex, 64);
    apikey_digest(bytes_of(house->key), &digest);
    sink_hex(&sink, (struct bytes){(const char *)digest.at, DIGEST_LEN});
    apikey_digest(bytes_of(house->other_key), &digest);
    sink_hex(&other, (struct bytes){(const char *)digest.at, DIGEST_LEN});
    const char *port = strrchr(server_address(house->buyer.server), ':') + 1;
    int len = snprintf(
        text, sizeof text,
        "{\"campaigns\":[{\"id\":\"auto\",\"timeout\":\"2s\",\"post_timeout\":\"3s\",\"fields\":{"
        "\"state\":{\"type\":\"us_state\",\"required\":\"ping\",\"private\":\"false\"},"
        "\"phone\":{\"type\":\"us_phone\",\"required\":\"post\"}}},"
        "{\"id\":\"plain\",\"timeout\":\"1s\",\"fields\":{\"state\":{\"type\":\"us_state\",\"private\":\"false\"}}}],"
        "\"affiliates\":[{\"id\":\"best\",\"keys\":[\"sha256:%s\"],\"campaigns\":[\"auto\",\"plain\"]},"
        "{\"id\":\"other\",\"keys\":[\"sha256:%s\"],\"campaigns\":[\"auto\"]}],"
        "\"buyers\":[{\"id\":\"north\",\"time_zone\":\"America/"
        "New_York\",\"signing_secret\":\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\",\"hash_secret\":\"the key of "
        "hashes\",\"contracts\":["
        "{\"id\":\"north-1\"," HOUSE_SELLER
        "\"disclose_floor\":\"true\",\"ping_hashes\":[\"phone\"],\"campaign\":\"auto\",\"price\":"
        "\"live\",\"ping_url\":\"http://127.0.0.1:%s/ping\","
        "\"post_url\":\"http://127.0.0.1:%s/"
        "post\",\"max_price\":\"80\",\"caps\":[{\"window\":\"day\",\"leads\":\"%u\"}]},"
        "{\"id\":\"north-2\"," HOUSE_SELLER
        "\"campaign\":\"auto\",\"price\":\"live\",\"ping_url\":\"http://127.0.0.1:%s/ping\","
        "\"post_url\":\"http://127.0.0.1:%s/post\",\"max_price\":\"80\","
        "\"caps\":[{\"window\":\"day\",\"leads\":\"%u\"}]},{\"id\":\"north-nv\",\"campaign\":\"auto\",\"price\":\"9\","
        "\"post_url\":\"http://127.0.0.1:1/post\",\"filter\":{\"field\":\"state\",\"in\":[\"NV\"]}}]}]}",
        hex, other_hex, port, port, house->day_cap, port, port, house->day_cap);
    arena_init(&arena, 65536, 1 << 24);
    const struct node *document = document_read_json(&arena, (struct bytes){text, (size_t)len}, &DOCUMENT_LIMITS,
                                                     &error);
    assert_non_null(document);
    struct catalogue_source source = {
        .document = document,
        .standing = house->hall.standing,
        .read_zone = read_zone,
        .read_zone_arg = &house->zones,
        .on_finding = on_finding,
        .house = {
            .margin = {.is_set = true, .ppm = 200000},
            .payout_step_micros = 10000,
            .max_posts = 4,
            .currency = BYTES("USD"),
            .circuit = {.failures = 5, .share_ppm = 500000, .of = 20, .pause_us = 1000000, .pause_max_us = 4000000},
            .allow_private = true}};
    struct catalogue *catalogue = catalogue_build(&source);
    assert_non_null(catalogue);
    arena_free(&arena);
    return catalogue;
}

static inline int dial(const char *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    to.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void on_stored(void *arg, uint64_t token, enum fault fault, uint64_t seq)
{
    (void)token;
    (void)seq;
    assert_int_equal(fault, FAULT_NONE);
    loop_stop(arg);
}

/* As serve does before anything is decided by it: explain reads it from there. */
static inline void store_catalogue(const struct hall *hall)
{
    struct loop *loop;
    struct ledger_line *line;
    const struct catalogue *catalogue = hall->catalogue;
    assert_int_equal(loop_open(&loop), FAULT_NONE);
    assert_int_equal(ledger_line_open(hall->ledger, loop, &line), FAULT_NONE);
    assert_int_equal(ledger_catalogue(line, &catalogue->version, catalogue->packed, on_stored, loop, 0), FAULT_NONE);
    loop_run(loop);
    ledger_line_close(&line);
    loop_close(&loop);
}

typedef void house_on_request(struct worker *worker, struct server_request *request, bool is_admin);

static inline int open_house(void **state, unsigned workers, unsigned day_cap, house_on_request *on_request)
{
    struct house *house = calloc(1, sizeof *house);
    house->day_cap = day_cap;
    struct ledger_note ledger_note;
    struct tls_note note;
    uint32_t doubts;
    assert_int_equal(crypto_start(), FAULT_NONE);
    snprintf(house->folder, sizeof house->folder, "/tmp/outcry-test-XXXXXX");
    assert_non_null(mkdtemp(house->folder));
    snprintf(house->keys, sizeof house->keys, "%s/keys", house->folder);
    apikey_make(APIKEY_AFFILIATE, house->key);
    apikey_make(APIKEY_AFFILIATE, house->other_key);
    arena_init(&house->zones, 65536, 1 << 24);
    open_buyer(&house->buyer);
    struct hall *hall = &house->hall;
    hall->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    hall->limits = server_limits_default;
    hall->admin_is_open = true;
    assert_int_equal(standing_open(&hall->standing), FAULT_NONE);
    assert_int_equal(offers_open(10000, workers, &hall->offers), FAULT_NONE);
    assert_int_equal(claims_open(1000, &hall->claims), FAULT_NONE);
    assert_int_equal(holds_open(&hall->holds), FAULT_NONE);
    assert_int_equal(resolver_start(true, &hall->resolver), FAULT_NONE);
    hall->catalogue = build_catalogue(house);
    struct ledger_options ledger = {.path = house->folder,
                                    .map_bytes = 256u << 20,
                                    .keys_path = house->keys,
                                    .trace_keep_ms = 86400000,
                                    .trace_max_bytes = 256u << 20,
                                    .lines_max = workers + 1};
    assert_int_equal(ledger_open(&ledger, &hall->ledger, &ledger_note), FAULT_NONE);
    assert_int_equal(
        ledger_restore(hall->ledger, hall->standing, hall->offers, clock_now_us(), clock_wall_ms(), &doubts),
        FAULT_NONE);
    assert_int_equal(ledger_start(hall->ledger), FAULT_NONE);
    store_catalogue(hall);
    house->front = api_front;
    house->front.on_request = on_request;
    for (unsigned i = 0; i < workers; i++) {
        const char *address = i == 0 ? "127.0.0.1:0" : worker_address(house->workers[0], 0);
        struct worker_options options = {.hall = hall,
                                         .front = &house->front,
                                         .number = i,
                                         .listen = {address},
                                         .listen_count = 1,
                                         .admin = i == 0 ? "127.0.0.1:0" : NULL};
        if (worker_open(&options, &house->workers[i], &note)) fail_msg("%s", note.text);
        hall->workers[hall->workers_count++] = house->workers[i];
        house->workers_count++;
    }
    for (unsigned i = 0; i < workers; i++) assert_int_equal(worker_start(house->workers[i]), FAULT_NONE);
    house->socket = dial(worker_address(house->workers[0], 0));
    *state = house;
    return 0;
}

static inline int close_house(void **state)
{
    struct house *house = *state;
    struct hall *hall = &house->hall;
    char command[128];
    close(house->socket);
    for (unsigned i = 0; i < house->workers_count; i++) worker_drain(house->workers[i], 1000000);
    for (unsigned i = 0; i < house->workers_count; i++) worker_join(house->workers[i]);
    ledger_stop(hall->ledger);
    for (unsigned i = 0; i < house->workers_count; i++) worker_close(&house->workers[i]);
    ledger_close(&hall->ledger);
    resolver_stop(&hall->resolver);
    offers_close(&hall->offers);
    claims_close(&hall->claims);
    holds_close(&hall->holds);
    catalogue_drop(&hall->catalogue);
    standing_close(&hall->standing);
    close_buyer(&house->buyer);
    arena_free(&house->zones);
    crypto_stop();
    snprintf(command, sizeof command, "rm -rf %s", house->folder);
    free(house);
    return system(command);
}

/* One request and its whole answer, in `answer`; the status. */
static inline int talk(const struct house *house, int fd, const char *method, const char *path, const char *body,
                       char *answer, size_t room)
{
    char request[4096];
    const char *key = house->idempotency_key;
    int len = snprintf(request, sizeof request,
                       "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: "
                       "application/json\r\nContent-Length: %zu\r\n%s%s%s\r\n%s",
                       method, path, house->key, strlen(body), key ? "Idempotency-Key: " : "", key ? key : "",
                       key ? "\r\n" : "", body);
    assert_int_equal(write(fd, request, (size_t)len), len);
    size_t have = 0;
    for (;;) {
        ssize_t got = read(fd, answer + have, room - 1 - have);
        assert_true(got > 0);
        have += (size_t)got;
        answer[have] = '\0';
        const char *end = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "content-length: ");
        if (end && length && have >= (size_t)(end + 4 - answer) + (size_t)atoi(length + 16)) return atoi(answer + 9);
    }
}

static inline int ask_on(const struct house *house, int fd, const char *path, const char *body, char *answer,
                         size_t room)
{
    return talk(house, fd, "POST", path, body, answer, room);
}

static inline int ask(struct house *house, const char *path, const char *body, char *answer, size_t room)
{
    return ask_on(house, house->socket, path, body, answer, room);
}
