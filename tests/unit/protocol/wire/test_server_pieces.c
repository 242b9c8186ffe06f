/* Bodies in pieces, over real sockets on loopback: the server's loop in one thread, the test as a blocking client in
 * another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stage.h"

#define HOST "Host: h\r\n"

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
static void talk(int fd, const char *request, const char *end)
{
    raw_send(fd, request);
    assert_true(raw_read_until(fd, end, got, sizeof got));
}

static void drain(struct stage *stage)
{
    server_drain(stage->server);
}

/* The body of every test here: 1,300,007 bytes of the stage's. */
#define LONG_BODY 1300007u

static void send_long(struct stage *stage, int fd, const char *path, bool chunked)
{
    char head[256];
    snprintf(head, sizeof head,
             chunked ? "PUT %s HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                     : "PUT %s HTTP/1.1\r\n" HOST "Content-Length: %u\r\n\r\n",
             path, LONG_BODY);
    raw_send(fd, head);
    if (!chunked) raw_send_bytes(fd, stage->big, LONG_BODY);
    for (size_t at = 0, len; chunked && at < LONG_BODY; at += len) {
        len = at % 3 == 0 ? 100003 : 7; /* chunks across and within pieces */
        if (len > LONG_BODY - at) len = LONG_BODY - at;
        snprintf(head, sizeof head, "%zx;a=b\r\n", len);
        raw_send(fd, head);
        raw_send_bytes(fd, stage->big + at, len);
        raw_send(fd, "\r\n");
    }
    if (chunked) raw_send(fd, "0\r\nT: t\r\n\r\n");
}

static void longer_than_a_piece(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    for (unsigned turn = 0; turn < 4; turn++) {
        send_long(stage, fd, "/pieces", turn % 2);
        talk(fd, "", "\r\n\r\n1300007");
        assert_memory_equal(got, "HTTP/1.1 200 ", 13);
        assert_int_equal(stage->taken_len, LONG_BODY);
        assert_memory_equal(stage->taken, stage->big, LONG_BODY);
        assert_true(stage->pieces >= 5 && stage->piece_max <= SERVER_PIECE_MAX);
        talk(fd, "GET /after HTTP/1.1\r\n" HOST "\r\n", "GET /after "); /* the connection is kept */
    }
    stage_do(stage, stage_look);
    assert_int_equal(stage->lent, 0);
    assert_int_equal(stage->counts.requests, 8);
    close(fd);
}

/* Cut anywhere, all of it and what follows is read; an empty body has one piece. */
static void short_ones_in_pieces(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    static const char *const requests[] = {
        "PUT /pieces HTTP/1.1\r\n" HOST "Content-Length: 8\r\n\r\nabcdefgh",
        "PUT /pieces HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n",
        "PUT /pieces HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n",
        "PUT /pieces HTTP/1.1\r\n" HOST "\r\n",
    };
    static const char *const ends[] = {"\r\n\r\n8", "\r\n\r\n8", "\r\n\r\n0", "\r\n\r\n0"};
    for (unsigned i = 0; i < 4; i++) {
        for (const char *at = requests[i]; *at; at++) raw_send_bytes(fd, at, 1);
        talk(fd, "", ends[i]);
        assert_memory_equal(stage->taken, "abcdefgh", stage->taken_len);
        raw_send(fd, requests[i]);
        raw_send(fd, "GET /next HTTP/1.1\r\n" HOST "\r\n");
        talk(fd, "", ends[i]);
        talk(fd, "", "GET /next ");
    }
    close(fd);
}

/* Nothing is read that is not wanted: what the peer sends stands in the sockets, and it has to wait. */
static void read_only_when_wanted(void **state)
{
    struct stage *stage = *state;
    int fd = raw_dial(stage->port);
    raw_send(fd, "PUT /step HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n");
    stage_await(&stage->held_count, 1);
    assert_int_equal(recv(fd, got, 1, MSG_DONTWAIT), -1); /* not told to go on before a piece is wanted */
    stage_do(stage, stage_more);
    talk(fd, "", "\r\n\r\n");
    assert_string_equal(got, "HTTP/1.1 100 Continue\r\n\r\n");
    raw_send_bytes(fd, stage->big, 300000);
    stage_await(&stage->pieces, 1);
    raw_send_bytes(fd, stage->big + 300000, 100000);
    stage_do(stage, stage_look);
    assert_int_equal(stage->pieces, 1);
    assert_int_equal(stage->lent, 1);
    size_t sent = 400000;
    for (unsigned more = 2; more < 8; more++, sent += SERVER_PIECE_MAX) { /* always enough for one more */
        stage_do(stage, stage_more);
        raw_send_bytes(fd, stage->big + sent, SERVER_PIECE_MAX);
        stage_await(&stage->pieces, more);
    }
    raw_send_bytes(fd, stage->big + sent, 2000000 - sent);
    stage_do(stage, stage_more);
    talk(fd, "", "\r\n\r\n2000000");
    assert_memory_equal(stage->taken, stage->big, 2000000);
    close(fd);
}

static void answered_before_its_body(void **state)
{
    struct stage *stage = *state;
    size_t len;
    for (unsigned kind = 0; kind < 2; kind++) {
        int fd = raw_dial(stage->port);
        raw_send(fd, kind ? "PUT /early HTTP/1.1\r\n" HOST "Content-Length: 900000\r\n\r\n"
                          : "PUT /refused HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n");
        if (kind) raw_send_bytes(fd, stage->big, 300000);
        assert_true(raw_read_all(fd, got, sizeof got, &len));
        assert_memory_equal(got, kind ? "HTTP/1.1 422 " : "HTTP/1.1 404 ", 13);
        assert_non_null(strstr(got, "\r\nConnection: close\r\n"));
        close(fd);
    }
    int fd = raw_dial(stage->port); /* nothing was to come: no need to close */
    talk(fd, "GET /refused HTTP/1.1\r\n" HOST "\r\nGET /next HTTP/1.1\r\n" HOST "\r\n", "\r\n\r\n");
    assert_null(strstr(got, "Connection: close"));
    talk(fd, "", "GET /next ");
    assert_int_equal(stage->gone, 0);
    close(fd);
}

static void wrong_ones_in_pieces(void **state)
{
    struct stage *stage = *state;
    size_t len;
    static const char *const requests[] = {
        "PUT /pieces HTTP/1.1\r\n" HOST "Content-Length: 2097153\r\n\r\n",
        "PUT /pieces HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2097153\r\n\r\n",
        "PUT /pieces HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1fffff\r\n",
        "PUT /pieces HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
    };
    for (unsigned i = 0; i < 4; i++) {
        int fd = raw_dial(stage->port);
        raw_send(fd, requests[i]);
        assert_true(raw_read_all(fd, got, sizeof got, &len));
        assert_memory_equal(got, i < 3 ? "HTTP/1.1 413 " : "HTTP/1.1 400 ", 13);
        assert_int_equal(stage->gone, i + 1);
        assert_int_equal(stage->refused, i + 1);
        close(fd);
    }
    int fd = raw_dial(stage->port); /* and one who leaves in the middle */
    raw_send(fd, "PUT /pieces HTTP/1.1\r\n" HOST "Content-Length: 500000\r\n\r\n");
    raw_send_bytes(fd, stage->big, 300000);
    close(fd);
    stage_await(&stage->gone, 5);
    stage_do(stage, stage_look);
    assert_int_equal(stage->lent, 0);
}

/* Each piece has its time, and no more than that; what the handler takes is not counted. */
static void a_piece_that_is_late(void **state)
{
    (void)state;
    struct stage stage = {.options.limits = server_limits_default};
    size_t len;
    stage.options.limits.body_us = 1000000;
    assert_int_equal(stage_open(&stage), FAULT_NONE);
    int fd = raw_dial(stage.port);
    raw_send(fd, "PUT /step HTTP/1.1\r\n" HOST "Content-Length: 500000\r\n\r\n");
    stage_await(&stage.held_count, 1);
    usleep(1200000);
    stage_do(&stage, stage_more);
    raw_send_bytes(fd, stage.big, 300000);
    stage_await(&stage.pieces, 1);
    usleep(1200000);
    assert_int_equal(stage.gone, 0);
    stage_do(&stage, stage_more);
    while (send(fd, "x", 1, MSG_NOSIGNAL) > 0 && stage.gone == 0) usleep(1000);
    raw_read_all(fd, got, sizeof got, &len);
    assert_memory_equal(got, "HTTP/1.1 408 ", 13);
    assert_int_equal(stage.error, HTTP_ERROR_LATE);
    stage_do(&stage, stage_look);
    assert_int_equal(stage.counts.cut, 1);
    assert_int_equal(stage.gone, 1);
    close(fd);
    stage_close(&stage);
}

/* At a drain it is all or nothing, too, and nobody waits for it. */
static void drained_in_the_middle(void **state)
{
    struct stage *stage = *state;
    size_t len;
    int fd = raw_dial(stage->port);
    raw_send(fd, "PUT /step HTTP/1.1\r\n" HOST "Content-Length: 500000\r\n\r\n");
    stage_await(&stage->held_count, 1);
    stage_do(stage, drain);
    raw_read_all(fd, got, sizeof got, &len);
    assert_int_equal(len, 0);
    assert_int_equal(stage->gone, 1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_stage, close_stage)
        TEST(longer_than_a_piece),      TEST(short_ones_in_pieces), TEST(read_only_when_wanted),
        TEST(answered_before_its_body), TEST(wrong_ones_in_pieces), cmocka_unit_test(a_piece_that_is_late),
        TEST(drained_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
