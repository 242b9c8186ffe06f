/* The server over real sockets on loopback: the server's loop in one thread, the test as a blocking client in another.
 * Clock tests wait for the cut; they never say how soon it has to come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include "stage.h"

#define LONG_US INT64_C(100000000) /* never reached in a sound test */

static char got[65536];

static int open_stage(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    stage->options.limits = server_limits_default;
    *state = stage;
    return stage_open(stage) == FAULT_NONE ? 0 : -1;
}

static int close_stage(void **state)
{
    stage_close(*state);
    free(*state);
    return 0;
}

/* Sends, and reads one answer that ends with `end`. */
static const char *talk(int fd, const char *request, const char *end)
{
    raw_send(fd, request);
    assert_true(raw_read_until(fd, end, got, sizeof got));
    return got;
}

#define HOST "Host: h\r\n"

static void kept_alive(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    for (unsigned i = 0; i < 3; i++) {
        talk(fd, "POST /a?b=c HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", "POST /a?b=c body");
        assert_memory_equal(got, "HTTP/1.1 200 OK\r\nDate: ", 23);
        assert_non_null(strstr(got, " GMT\r\n"));
        assert_non_null(strstr(got, "\r\nContent-Type: text/plain\r\n"));
        assert_non_null(strstr(got, "\r\nContent-Length: 16\r\n\r\n"));
        assert_null(strstr(got, "Connection:"));
    }
    assert_string_equal(stage->peer, "127.0.0.1");
    assert_false(stage->over_tls);
    assert_true(stage->first_byte_us > 0 && stage->first_byte_us <= clock_now_us());
    stage_do(stage, stage_look);
    assert_int_equal(stage->connections, 1);
    assert_int_equal(stage->lent, 0);
    assert_int_equal(stage->counts.requests, 3);
    close(fd);
}

static void own_fields_and_an_empty_answer(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    talk(fd, "GET /fields HTTP/1.1\r\n" HOST "\r\n", "GET /fields ");
    assert_non_null(strstr(got, "\r\nX-One: 1\r\nX-Two: 2\r\n\r\n"));
    talk(fd, "GET /empty HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\n");
    assert_memory_equal(got, "HTTP/1.1 204 No Content\r\n", 25);
    assert_null(strstr(got, "Content-Length"));
    close(fd);
}

static void byte_by_byte_and_chunked(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    static const char request[] = "POST /slow HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                                  "3;x=y\r\nabc\r\n5\r\ndefgh\r\n0\r\nT: t\r\n\r\n";
    for (size_t i = 0; i + 1 < sizeof request; i++) raw_send_bytes(fd, request + i, 1);
    talk(fd, "", "POST /slow abcdefgh");
    talk(fd, "GET /after HTTP/1.1\r\n" HOST "\r\n", "GET /after ");
    close(fd);
}

/* Larger than the first buffer, so it moves under the head while the body arrives, in chunks and with a length. */
static void bodies_that_make_the_buffer_move(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    raw_send(fd, "POST /length HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 60; i++) {
        raw_send(fd, "3e8\r\n");
        raw_send_bytes(fd, stage->big, 1000);
        raw_send(fd, "\r\n");
    }
    talk(fd, "0\r\n\r\n", "\r\n\r\n60000");
    raw_send(fd, "POST /moved HTTP/1.1\r\n" HOST "Content-Length: 65536\r\n\r\n");
    raw_send_bytes(fd, stage->big, 65536);
    talk(fd, "", "POST /moved ab");
    close(fd);
}

static void pipelined_in_order(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    char all[8192];
    struct sink sink = sink_over(all, sizeof all);
    for (unsigned i = 0; i < 50; i++)
        sink_format(&sink, "POST /%u HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n%02u", i, i);
    assert_false(sink.cut);
    raw_send_bytes(fd, all, sink.len);
    for (unsigned i = 0; i < 50; i++) {
        char end[32];
        snprintf(end, sizeof end, "POST /%u %02u", i, i);
        talk(fd, "", end);
    }
    close(fd);
}

static void pipelined_behind_a_held_one(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    raw_send(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\nGET /next HTTP/1.1\r\n" HOST "\r\n");
    stage_await(&stage->held_count, 1);
    raw_send(fd, "GET /last HTTP/1.1\r\n" HOST "\r\n");
    stage_do(stage, stage_look);
    assert_int_equal(stage->lent, 1);
    assert_int_equal(stage->requests, 1);
    stage_do(stage, stage_answer_held);
    talk(fd, "", "\r\n\r\nheld");
    talk(fd, "", "GET /next ");
    talk(fd, "", "GET /last ");
    close(fd);
}

/* More than the buffer holds waits in the socket, and all of it is answered. */
static void a_flood_behind_a_held_one(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    raw_send(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    stage_await(&stage->held_count, 1);
    for (unsigned i = 0; i < 500; i++) raw_send(fd, "GET /x HTTP/1.1\r\n" HOST "\r\n");
    stage_do(stage, stage_look);
    assert_int_equal(stage->requests, 1);
    stage_do(stage, stage_answer_held);
    talk(fd, "", "\r\n\r\nheld");
    for (unsigned i = 0; i < 500; i++) talk(fd, "", "GET /x ");
    close(fd);
}

static void head_has_no_body(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    talk(fd, "HEAD /h HTTP/1.1\r\n" HOST "\r\nGET /g HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\n");
    assert_non_null(strstr(got, "Content-Length: 8\r\n"));
    talk(fd, "", "GET /g ");
    assert_memory_equal(got, "HTTP/1.1 200", 12);
    close(fd);
}

static void closes_when_asked(void **state)
{
    struct stage *stage = *state;
    static const char *const requests[] = {
        "GET /a HTTP/1.0\r\n\r\n",
        "GET /a HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
        "GET /close HTTP/1.1\r\n" HOST "\r\n",
    };
    for (unsigned i = 0; i < 3; i++) {
        size_t len;
        int fd = raw_dial(stage->port);
        raw_send(fd, requests[i]);
        assert_true(raw_read_all(fd, got, sizeof got, &len));
        assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
        close(fd);
    }
    int fd = raw_dial(stage->port);
    talk(fd, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /a ");
    assert_non_null(strstr(got, "\r\nConnection: keep-alive\r\n"));
    talk(fd, "GET /b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "GET /b ");
    close(fd);
}

/* --- refusals --- */

struct refusal {
    const char *request;
    const char *status;
    enum http_error error;
};

static void malformed_and_too_large(void **state)
{
    struct stage *stage = *state;
    static const struct refusal refusals[] = {
        {"GET / HTTP/1.1\r\n\r\n", "400", HTTP_ERROR_HOST},
        {"\r\nGET / HTTP/1.1\r\n\r\n", "400", HTTP_ERROR_START_LINE},
        {"GET / HTTP/1.1\nHost: h\n\n", "400", HTTP_ERROR_LINE_END},
        {"GET / HTTP/1.1\r\nHost: h\r\nName : x\r\n\r\n", "400", HTTP_ERROR_FIELD_NAME},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\nabc", "400", HTTP_ERROR_CONTENT_LENGTH},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400",
         HTTP_ERROR_BOTH_FRAMINGS},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", "501", HTTP_ERROR_CODING},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "400", HTTP_ERROR_CHUNK_SIZE},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n", "413", HTTP_ERROR_BODY_LONG},
        {"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n", "413",
         HTTP_ERROR_BODY_LONG},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", "413", HTTP_ERROR_BODY_LONG},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        size_t len;
        int fd = raw_dial(stage->port);
        raw_send(fd, refusals[i].request);
        assert_true(raw_read_all(fd, got, sizeof got, &len));
        assert_memory_equal(got + 9, refusals[i].status, 3);
        assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
        assert_string_equal(strstr(got, "\r\n\r\n") + 4, http_error_text(refusals[i].error));
        assert_int_equal(stage->error, refusals[i].error);
        close(fd);
    }
    assert_int_equal(stage->requests, 0);
}

static void long_target_long_head_many_fields(void **state)
{
    struct stage *stage = *state;
    static const int statuses[] = {414, 431, 431};
    for (unsigned kind = 0; kind < 3; kind++) {
        size_t len;
        int fd = raw_dial(stage->port);
        raw_send(fd, "GET /");
        if (kind == 0) raw_send_bytes(fd, stage->big, 2048);
        raw_send(fd, " HTTP/1.1\r\n" HOST);
        for (unsigned i = 0; kind == 2 && i < 64; i++) raw_send(fd, "a: b\r\n");
        if (kind == 1) {
            raw_send(fd, "Long: ");
            raw_send_bytes(fd, stage->big, 17000);
        }
        raw_send(fd, "\r\n\r\n");
        assert_true(raw_read_all(fd, got, sizeof got, &len));
        assert_int_equal(atoi(got + 9), statuses[kind]);
        close(fd);
    }
}

/* The peer has read why, and goes on sending what it was told not to: it is not answered with a reset. */
static void a_refused_peer_can_read_why(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    stage.options.limits.linger_us = LONG_US;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    size_t len;
    int fd = raw_dial(stage.port);
    talk(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 200000\r\n\r\n", "body too long");
    assert_memory_equal(got, "HTTP/1.1 413 ", 13);
    for (unsigned i = 0; i < 4; i++) {
        raw_send_bytes(fd, stage.big, 50000); /* would fail once a reset has come back */
        usleep(10000);
    }
    shutdown(fd, SHUT_WR);
    assert_true(raw_read_all(fd, got, sizeof got, &len));
    assert_int_equal(len, 0);
    close(fd);
    stage_close(&stage);
}

/* But not for ever: by time, and by bytes. */
static void a_refused_peer_is_cut_in_the_end(void **state)
{
    (void)state;
    for (unsigned sends = 0; sends < 2; sends++) {
        struct stage stage = {.options.limits = server_limits_default};
        stage.options.limits.linger_us = sends ? LONG_US : 30000;
        stage.options.limits.head_us = stage.options.limits.body_us = stage.options.limits.idle_us = LONG_US;
        assert_int_equal(stage_open(&stage), FAULT_NONE);
        int fd = raw_dial(stage.port);
        talk(fd, "POST / HTTP/1.1\r\n" HOST "Content-Length: 200000\r\n\r\n", "body too long");
        while (sends && send(fd, stage.big, 65536, MSG_NOSIGNAL) > 0) continue;
        do stage_do(&stage, stage_look);
        while (stage.connections > 0);
        close(fd);
        stage_close(&stage);
    }
}

static void expect_continue(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    talk(fd, "POST /e HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n", "\r\n\r\n");
    assert_string_equal(got, "HTTP/1.1 100 Continue\r\n\r\n");
    talk(fd, "body", "POST /e body");
    /* Whoever sends the body at once has not waited and is not told to go on. */
    raw_send(fd, "POST /e HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbo");
    usleep(20000); /* so that the server most likely sees it in two pieces; it answers the same in either case */
    talk(fd, "dy", "POST /e body");
    assert_memory_equal(got, "HTTP/1.1 200", 12);
    close(fd);
}

/* --- clocks --- */

enum clock { CLOCK_HANDSHAKE, CLOCK_HEAD, CLOCK_BODY, CLOCK_IDLE };

static bool was_refused(int fd)
{
    ssize_t len = recv(fd, got, sizeof got, MSG_PEEK | MSG_DONTWAIT);
    return len > 0 && memmem(got, (size_t)len, "HTTP/1.1 408 ", 13);
}

/* Only the one clock is set so that it can run out; a drip of bytes comes far more often than that and must not move
 * it. */
static void cut_by(enum clock clock, const char *sent, const char *dripped)
{
    struct stage stage = {.options.limits = server_limits_default};
    struct server_limits *limits = &stage.options.limits;
    limits->handshake_us = limits->head_us = limits->body_us = limits->idle_us = LONG_US;
    int64_t *spans_us[] = {&limits->handshake_us, &limits->head_us, &limits->body_us, &limits->idle_us};
    *spans_us[clock] = 300000;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    int fd = raw_dial(stage.port);
    size_t len;
    raw_send(fd, sent);
    while (dripped && !was_refused(fd) && send(fd, dripped, 1, MSG_NOSIGNAL) > 0) usleep(1000);
    raw_read_all(fd, got, sizeof got, &len);
    close(fd);
    do stage_do(&stage, stage_look);
    while (stage.connections > 0);
    assert_int_equal(stage.counts.cut, clock != CLOCK_IDLE);
    assert_int_equal(stage.refused, clock == CLOCK_HEAD || clock == CLOCK_BODY);
    if (stage.refused) {
        assert_int_equal(stage.error, HTTP_ERROR_LATE);
        assert_non_null(strstr(got, "HTTP/1.1 408 Request Timeout\r\n"));
        assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
    }
    stage_close(&stage);
}

static void head_clock_from_the_connect(void **state)
{
    (void)state;
    cut_by(CLOCK_HEAD, "GET / HTTP/1.1\r\nHo", NULL);
    cut_by(CLOCK_HEAD, "GET / HTTP/1.1\r\nA: ", "x");
}

/* A connection that never says anything has the head's clock, too. */
static void head_clock_of_a_silent_peer(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    stage.options.limits.head_us = 50000;
    size_t len;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    int fd = raw_dial(stage.port);
    assert_true(raw_read_all(fd, got, sizeof got, &len));
    assert_int_equal(len, 0);
    close(fd);
    stage_close(&stage);
}

static void head_clock_of_a_second_request(void **state)
{
    (void)state;
    cut_by(CLOCK_HEAD, "GET / HTTP/1.1\r\n" HOST "\r\nGET / HTT", NULL);
    assert_memory_equal(got, "HTTP/1.1 200", 12);
    cut_by(CLOCK_HEAD, "GET / HTTP/1.1\r\n" HOST "\r\nGET / HTTP/1.1\r\nA: ", "x");
}

static void body_clock(void **state)
{
    (void)state;
    cut_by(CLOCK_BODY, "POST / HTTP/1.1\r\n" HOST "Content-Length: 40000\r\n\r\n", NULL);
    cut_by(CLOCK_BODY, "POST / HTTP/1.1\r\n" HOST "Content-Length: 40000\r\n\r\n", "x");
}

static void idle_clock(void **state)
{
    (void)state;
    cut_by(CLOCK_IDLE, "GET / HTTP/1.1\r\n" HOST "\r\n", NULL);
    assert_memory_equal(got, "HTTP/1.1 200", 12); /* answered first */
}

static void a_peer_that_does_not_read_its_answer(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    stage.options.limits.idle_us = 50000;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    int fd = raw_dial(stage.port);
    raw_send(fd, "GET /big HTTP/1.1\r\n" HOST "\r\n");
    do stage_do(&stage, stage_look);
    while (stage.counts.cut == 0);
    assert_int_equal(stage.connections, 0);
    close(fd);
    stage_close(&stage);
}

/* --- ends --- */

static void peer_leaves_before_its_answer(void **state)
{
    struct stage *stage = *state;
    int closed = raw_dial(stage->port), reset = raw_dial(stage->port);
    raw_send(closed, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    raw_send(reset, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    stage_await(&stage->held_count, 2);
    close(closed);
    stage_await(&stage->gone, 1);
    raw_reset(reset);
    stage_await(&stage->gone, 2);
    stage_do(stage, stage_look);
    assert_int_equal(stage->lent, 0);
    assert_int_equal(stage->connections, 0);
}

static void half_a_request_is_not_told(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    raw_send(fd, "POST /x HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nhalf");
    close(fd);
    do stage_do(stage, stage_look);
    while (stage->counts.accepted == 0 || stage->connections > 0);
    assert_int_equal(stage->requests, 0);
    assert_int_equal(stage->gone, 0);
}

static void large_answer_to_a_slow_reader(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    char *all = malloc(STAGE_BIG);
    raw_send(fd, "GET /big HTTP/1.1\r\n" HOST "\r\nGET /next HTTP/1.1\r\n" HOST "\r\n");
    assert_true(raw_read_until(fd, "\r\n\r\n", got, sizeof got));
    for (size_t len = 0; len < STAGE_BIG;) {
        ssize_t part = recv(fd, all + len, STAGE_BIG - len, 0);
        assert_true(part > 0);
        len += (size_t)part;
    }
    assert_memory_equal(all, stage->big, STAGE_BIG);
    talk(fd, "", "GET /next ");
    free(all);
    close(fd);
}

static void raw_bytes_then_close_or_reset(void **state)
{
    struct stage *stage = *state;
    size_t len;
    int fd = raw_dial(stage->port);
    raw_send(fd, "GET /half HTTP/1.1\r\n" HOST "\r\n");
    assert_true(raw_read_all(fd, got, sizeof got, &len));
    assert_string_equal(got, "HTTP/1.1 200 OK\r\nContent-Le");
    close(fd);
    fd = raw_dial(stage->port);
    raw_send(fd, "GET /reset HTTP/1.1\r\n" HOST "\r\n");
    assert_false(raw_read_all(fd, got, sizeof got, &len));
    close(fd);
    stage_do(stage, stage_look);
    assert_int_equal(stage->gone, 0);
    assert_int_equal(stage->lent, 0);
}

static void drain(struct stage *stage)
{
    server_drain(stage->server);
}

static void a_drain_finishes_what_is_open(void **state)
{
    struct stage *stage = *state;
    size_t len;
    int idle = raw_dial(stage->port), busy = raw_dial(stage->port);
    talk(idle, "GET /a HTTP/1.1\r\n" HOST "\r\n", "GET /a ");
    raw_send(busy, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    stage_await(&stage->held_count, 1);
    stage_do(stage, drain);
    assert_true(raw_read_all(idle, got, sizeof got, &len));
    assert_int_equal(len, 0);
    struct sockaddr_in address = raw_loopback(stage->port);
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(late, (struct sockaddr *)&address, sizeof address), -1);
    assert_int_equal(errno, ECONNREFUSED);
    stage_do(stage, stage_answer_held);
    assert_true(raw_read_all(busy, got, sizeof got, &len));
    assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(got, "\r\n\r\nheld"));
    stage_do(stage, stage_look);
    assert_int_equal(stage->connections, 0);
    close(idle);
    close(busy);
    close(late);
}

static void close_tells_who_waits(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    int fd = raw_dial(stage.port);
    raw_send(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
    stage_await(&stage.held_count, 1);
    stage_close(&stage);
    assert_int_equal(stage.gone, 1);
    close(fd);
}

/* --- the door --- */

/* True if the server closed it at once. */
static bool is_turned_away(int fd)
{
    size_t len;
    raw_read_all(fd, got, sizeof got, &len);
    return len == 0;
}

static void bounds_on_connections(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        struct stage stage = {.options.limits = server_limits_default};
        unsigned *bound = kind ? &stage.options.limits.per_address_max : &stage.options.limits.connections_max;
        *bound = 2;
        assert_int_equal(stage_open(&stage), FAULT_NONE);
        int one = raw_dial(stage.port), two = raw_dial(stage.port);
        talk(one, "GET /a HTTP/1.1\r\n" HOST "\r\n", "GET /a ");
        talk(two, "GET /a HTTP/1.1\r\n" HOST "\r\n", "GET /a ");
        int three = raw_dial(stage.port);
        assert_true(is_turned_away(three));
        stage_do(&stage, stage_look);
        assert_int_equal(kind ? stage.counts.refused_address : stage.counts.refused_full, 1);
        close(one);
        do stage_do(&stage, stage_look);
        while (stage.connections == 2);
        int four = raw_dial(stage.port);
        talk(four, "GET /b HTTP/1.1\r\n" HOST "\r\n", "GET /b ");
        close(two);
        close(three);
        close(four);
        stage_close(&stage);
    }
}

/* Out of descriptors: the listener rests, the loop does not spin, and those who waited are served afterwards. */
static void out_of_descriptors(void **state)
{
    struct stage *stage = *state;
    struct rlimit before, tight;
    int fds[4];
    struct sockaddr_in address = raw_loopback(stage->port);
    for (unsigned i = 0; i < 4; i++) {
        fds[i] = raw_patience(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assert_true(fds[i] >= 0);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)fds[3] + 1; /* the lowest free descriptor is beyond it */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    for (unsigned i = 0; i < 4; i++) assert_int_equal(connect(fds[i], (struct sockaddr *)&address, sizeof address), 0);
    do stage_do(stage, stage_look);
    while (stage->counts.accept_pauses < 2);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (unsigned i = 0; i < 4; i++) {
        talk(fds[i], "GET /a HTTP/1.1\r\n" HOST "\r\n", "GET /a ");
        close(fds[i]);
    }
}

static void addresses_that_cannot_be_used(void **state)
{
    struct stage *stage = *state;
    static const char *const bad[] = {
        "",       "8443",  "localhost:80",   "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:8x",
        "::1:80", "[::1]", "[127.0.0.1]:80", "unix:",      "203.0.113.77:0",  "unix:/nowhere/at/all/socket"};
    struct server *server = NULL;
    struct server_options options = {.limits = server_limits_default, .handler = {.on_request = stage_on_request}};
    struct tls_note note;
    struct loop *loop;
    assert_int_equal(loop_open(&loop), FAULT_NONE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.address = bad[i];
        assert_int_equal(server_open(loop, &options, &server, &note), FAULT_INPUT);
        assert_non_null(strstr(note.text, "cannot listen on"));
    }
    options.address = server_address(stage->server);
    assert_int_equal(server_open(loop, &options, &server, &note), FAULT_IN_USE);
    assert_non_null(strstr(note.text, options.address));
    assert_int_equal(server_probe(options.address, &note), FAULT_IN_USE);
    assert_int_equal(server_probe("127.0.0.1:0", &note), FAULT_NONE);
    loop_close(&loop);
}

static void two_share_a_port_when_they_say_so(void **state)
{
    (void)state;
    struct server *one = NULL, *two = NULL;
    struct server_options options = {.address = "127.0.0.1:0", .reuse_port = true, .limits = server_limits_default};
    struct tls_note note;
    struct loop *loop;
    char address[128];
    assert_int_equal(loop_open(&loop), FAULT_NONE);
    assert_int_equal(server_open(loop, &options, &one, &note), FAULT_NONE);
    snprintf(address, sizeof address, "%s", server_address(one));
    options.address = address;
    assert_int_equal(server_open(loop, &options, &two, &note), FAULT_NONE);
    assert_string_equal(server_address(two), address);
    assert_int_equal(server_probe(address, &note), FAULT_IN_USE);
    server_close(&one);
    server_close(&two);
    loop_close(&loop);
}

static int dial_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return raw_patience(fd);
    close(fd);
    return -1;
}

static void unix_sockets(void **state)
{
    (void)state;
    char folder[] = "/tmp/outcry-wire-XXXXXX", address[128], *path = address + 5;
    assert_non_null(mkdtemp(folder));
    snprintf(address, sizeof address, "unix:%s/admin", folder);

    struct stage stage = {.options = {.address = address, .limits = server_limits_default}};
    stage.options.limits.per_address_max = 0; /* does not apply here */
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    int fd = dial_unix(path);
    talk(fd, "GET /u HTTP/1.1\r\n" HOST "\r\n", "GET /u ");
    assert_string_equal(stage.peer, "unix");
    struct tls_note note;
    assert_int_equal(server_probe(address, &note), FAULT_IN_USE);
    close(fd);
    stage_close(&stage);
    assert_int_equal(stat(path, &found), -1); /* removed */

    /* What a killed process leaves behind is replaced; what is no socket is left alone. */
    struct sockaddr_un stale = {.sun_family = AF_UNIX};
    memcpy(stale.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&stale, sizeof stale), 0);
    close(fd);
    assert_int_equal(server_probe(address, &note), FAULT_NONE);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(server_probe(address, &note), FAULT_INPUT);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
    const struct CMUnitTest tests[] = {
        SERVER_TEST(kept_alive),
        SERVER_TEST(own_fields_and_an_empty_answer),
        SERVER_TEST(byte_by_byte_and_chunked),
        SERVER_TEST(bodies_that_make_the_buffer_move),
        SERVER_TEST(pipelined_in_order),
        SERVER_TEST(pipelined_behind_a_held_one),
        SERVER_TEST(a_flood_behind_a_held_one),
        SERVER_TEST(head_has_no_body),
        SERVER_TEST(closes_when_asked),
        SERVER_TEST(malformed_and_too_large),
        SERVER_TEST(long_target_long_head_many_fields),
        cmocka_unit_test(a_refused_peer_can_read_why),
        cmocka_unit_test(a_refused_peer_is_cut_in_the_end),
        SERVER_TEST(expect_continue),
        cmocka_unit_test(head_clock_from_the_connect),
        cmocka_unit_test(head_clock_of_a_silent_peer),
        cmocka_unit_test(head_clock_of_a_second_request),
        cmocka_unit_test(body_clock),
        cmocka_unit_test(idle_clock),
        cmocka_unit_test(a_peer_that_does_not_read_its_answer),
        SERVER_TEST(peer_leaves_before_its_answer),
        SERVER_TEST(half_a_request_is_not_told),
        SERVER_TEST(large_answer_to_a_slow_reader),
        SERVER_TEST(raw_bytes_then_close_or_reset),
        SERVER_TEST(a_drain_finishes_what_is_open),
        cmocka_unit_test(close_tells_who_waits),
        cmocka_unit_test(bounds_on_connections),
        SERVER_TEST(out_of_descriptors),
        SERVER_TEST(addresses_that_cannot_be_used),
        cmocka_unit_test(two_share_a_port_when_they_say_so),
        cmocka_unit_test(unix_sockets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
