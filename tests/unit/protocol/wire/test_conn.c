/* One plain connection over a socket pair: events, partial writes, pausing, the ways it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocol/wire/conn.h"
#include "raw.h"

#define LARGE (4u << 20)

struct end {
    struct loop *loop;
    struct conn *conn;
    int far; /* the test's own end of the pair */
    unsigned opened, readable, writable, failed;
    enum conn_event stop_at;
    bool closes; /* in its callback */
};

static void on_event(void *arg, enum conn_event event)
{
    struct end *end = arg;
    end->opened += event == CONN_OPEN;
    end->readable += event == CONN_READABLE;
    end->writable += event == CONN_WRITABLE;
    end->failed += event == CONN_FAILED;
    if (event != end->stop_at) return;
    if (end->closes) conn_close(&end->conn);
    loop_stop(end->loop);
}

static void run_to(struct end *end, enum conn_event event)
{
    end->stop_at = event;
    loop_run(end->loop);
}

static int open_end(void **state)
{
    struct end *end = calloc(1, sizeof *end);
    int pair[2];
    struct conn_options options = {.on_event = on_event, .arg = end};
    check(loop_open(&end->loop) == FAULT_NONE);
    check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    end->far = pair[1];
    check(conn_accept(end->loop, pair[0], &options, &end->conn) == FAULT_NONE);
    check(end->opened == 0 && conn_fd(end->conn) == pair[0]);
    run_to(end, CONN_OPEN);
    *state = end;
    return 0;
}

static int close_end(void **state)
{
    struct end *end = *state;
    conn_close(&end->conn);
    loop_close(&end->loop);
    close(end->far);
    free(end);
    return 0;
}

static void reads_and_tells_the_end(void **state)
{
    struct end *end = *state;
    char got[8];
    assert_int_equal(end->opened, 1);
    assert_true(conn_is_quiet(end->conn));
    assert_int_equal(conn_read(end->conn, got, sizeof got), 0);
    raw_send(end->far, "abc");
    assert_false(conn_is_quiet(end->conn));
    run_to(end, CONN_READABLE);
    assert_int_equal(conn_read(end->conn, got, 2), 2);
    run_to(end, CONN_READABLE); /* what was left is told again */
    assert_int_equal(conn_read(end->conn, got + 2, sizeof got - 2), 1);
    assert_memory_equal(got, "abc", 3);
    assert_int_equal(conn_fault(end->conn), FAULT_NONE);
    shutdown(end->far, SHUT_WR);
    run_to(end, CONN_READABLE);
    assert_false(conn_is_quiet(end->conn));
    assert_int_equal(conn_read(end->conn, got, sizeof got), -1);
    assert_int_equal(conn_fault(end->conn), FAULT_CLOSED);
    assert_int_equal(conn_read(end->conn, got, sizeof got), -1);
    /* The other direction still stands. */
    struct iovec part = {(void *)(uintptr_t) "late", 4};
    assert_int_equal(conn_write(end->conn, &part, 1), 4);
    assert_int_equal(recv(end->far, got, sizeof got, 0), 4);
}

static void writes_in_pieces(void **state)
{
    struct end *end = *state;
    char *large = malloc(LARGE), *got = malloc(LARGE);
    size_t sent = 0, len = 0;
    for (size_t i = 0; i < LARGE; i++) large[i] = (char)('a' + i % 19);
    while (sent < LARGE) {
        struct iovec parts[2] = {{large + sent, (LARGE - sent) / 2}, {large + sent + (LARGE - sent) / 2, 0}};
        parts[1].iov_len = LARGE - sent - parts[0].iov_len;
        long taken = conn_write(end->conn, parts, 2);
        assert_true(taken >= 0);
        sent += (size_t)taken;
        for (ssize_t part; (part = recv(end->far, got + len, LARGE - len, 0)) > 0;) len += (size_t)part;
        if (sent < LARGE) run_to(end, CONN_WRITABLE);
    }
    assert_int_equal(len, LARGE);
    assert_memory_equal(got, large, LARGE);
    assert_true(end->writable > 0);
    free(large);
    free(got);
}

static void on_stop(void *arg)
{
    loop_stop(arg);
}

/* Runs the loop's turns until its timers have had theirs. */
static void run_a_while(struct end *end)
{
    struct loop_timer *timer;
    assert_int_equal(loop_timer_open(end->loop, on_stop, end->loop, &timer), FAULT_NONE);
    loop_timer_at(timer, loop_now_us(end->loop) + 5000);
    end->stop_at = CONN_FAILED;
    loop_run(end->loop);
    loop_timer_close(&timer);
}

static void paused_it_says_nothing(void **state)
{
    struct end *end = *state;
    char got[8];
    conn_pause(end->conn, true);
    raw_send(end->far, "abc");
    run_a_while(end);
    assert_int_equal(end->readable, 0);
    conn_pause(end->conn, false);
    run_to(end, CONN_READABLE);
    assert_int_equal(conn_read(end->conn, got, sizeof got), 3);
}

/* The signal for writing to nobody would end this program. */
static void writing_to_a_peer_that_left_is_a_fault(void **state)
{
    struct end *end = *state;
    struct iovec part = {(void *)(uintptr_t) "x", 1};
    close(end->far);
    assert_int_equal(conn_write(end->conn, &part, 1), -1);
    assert_int_equal(conn_fault(end->conn), FAULT_RESET);
    end->far = dup(0);
}

static void an_end_is_told_to_the_peer(void **state)
{
    struct end *end = *state;
    char got[8];
    conn_end(end->conn);
    assert_int_equal(recv(end->far, got, sizeof got, 0), 0);
    raw_send(end->far, "still");
    run_to(end, CONN_READABLE);
    assert_int_equal(conn_read(end->conn, got, sizeof got), 5);
}

static void closed_in_its_own_callback(void **state)
{
    struct end *end = *state;
    end->closes = true;
    raw_send(end->far, "abc");
    run_to(end, CONN_READABLE);
    assert_null(end->conn);
    assert_int_equal(end->readable, 1);
}

static void a_dial_that_is_refused(void **state)
{
    struct end *end = *state;
    unsigned port;
    close(raw_listen(&port));
    struct sockaddr_in address = raw_loopback(port);
    struct conn_options options = {.on_event = on_event, .arg = end};
    struct conn *dialled = NULL;
    enum fault fault = conn_dial(end->loop, (struct sockaddr *)&address, sizeof address, &options, &dialled);
    if (fault == FAULT_NONE) {
        run_to(end, CONN_FAILED);
        fault = conn_fault(dialled);
        conn_close(&dialled);
    }
    assert_int_equal(fault, FAULT_CONNECT);
}

int main(void)
{
#define CONN_TEST(name) cmocka_unit_test_setup_teardown(name, open_end, close_end)
    const struct CMUnitTest tests[] = {
        CONN_TEST(reads_and_tells_the_end),    CONN_TEST(writes_in_pieces),
        CONN_TEST(paused_it_says_nothing),     CONN_TEST(writing_to_a_peer_that_left_is_a_fault),
        CONN_TEST(an_end_is_told_to_the_peer), CONN_TEST(closed_in_its_own_callback),
        CONN_TEST(a_dial_that_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
